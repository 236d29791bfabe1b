//! The types of a running program: those that the compiler described, and those that reflection makes.
//!
//! A compiled type's number is its place in a vector, so reaching one costs what an index costs. Types made at run time have
//! numbers from [`MADE`] on; they live in chunks of doubling size that never move and are never freed, so a reader takes
//! no lock. **Identical types have one number**: whoever makes a type looks for one of its structure first, among all
//! of both sorts. Only literals are made; a declared type is always compiled.

use crate::image::{TypeMeta, type_meta};
use crate::map::MapType;
use crate::table::Table;
use gol_bytecode::layout::Layout;
use gol_bytecode::{FieldDesc, Kind, LeafKind, TypeDesc, TypeRef};
use gol_heap::Heap;
use std::collections::HashMap;
use std::ops::Index;
use std::sync::{Mutex, OnceLock};

/// The number of the first type made at run time.
const MADE: u32 = 1 << 28;

/// All types of a program.
pub struct Types {
    compiled: Table<TypeDesc>,
    meta: Table<TypeMeta>,
    maps: Table<Option<Box<MapType>>>,
    made: Chunks<MadeType>,
    known: Mutex<Known>,
    compiled_records: Chunks<u32>,
    made_records: Chunks<u32>,
}

/// A type that is no compiled one.
struct MadeType {
    desc: TypeDesc,
    meta: TypeMeta,
    map: Option<Box<MapType>>,
}

/// Types by structure; filled when the first is made.
#[derive(Default)]
struct Known {
    ids: HashMap<Shape, TypeRef>,
    filled: bool,
    made: u32,
    /// Types that a session compiled when there was one made of their structure, each with that one.
    twins: HashMap<TypeRef, TypeRef>,
}

/// The structure of a type literal: what makes it identical to another.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Shape {
    /// `*T`
    Pointer(TypeRef),
    /// `[]T`
    Slice(TypeRef),
    /// `[n]T`
    Array(TypeRef, u64),
    /// `chan T`, with the direction as in [`TypeDesc::len`].
    Chan(TypeRef, u64),
    /// `map[K]V`
    Map(TypeRef, TypeRef),
    /// Parameters, results, and whether the last parameter is `...`.
    Func(Vec<TypeRef>, Vec<TypeRef>, bool),
    /// Fields.
    Struct(Vec<Field>),
}

/// A field as a struct type's identity sees it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    /// The name.
    pub name: String,
    /// The package path of an unexported name; else empty.
    pub pkg: String,
    /// The type.
    pub ty: TypeRef,
    /// Embedded.
    pub embedded: bool,
    /// The tag.
    pub tag: String,
}

impl Types {
    /// No types, with room for so many compiled ones.
    pub(crate) fn with_room(room: usize) -> Types {
        Types {
            compiled: Table::with_room(room),
            meta: Table::with_room(room),
            maps: Table::with_room(room),
            made: Chunks::new(),
            known: Mutex::default(),
            compiled_records: Chunks::new(),
            made_records: Chunks::new(),
        }
    }

    /// Adds compiled types, ready for use. Only one thread at a time may.
    pub(crate) fn extend(&self, mut new: Vec<TypeDesc>, heap: &Heap) {
        let first = self.compiled.len();
        self.find_twins(&mut new);
        self.compiled.extend(new);
        for n in first..self.compiled.len() {
            self.meta.extend([type_meta(self, &self.compiled[n], heap)]);
            let map = || Box::new(MapType::new(self, TypeRef(n as u32), heap.layouts()));
            self.maps.extend([(self.compiled[n].kind == Kind::Map).then(map)]);
        }
    }

    /// Looks whether types of the structures of these literals were made already: then those numbers stand for them. Types with
    /// methods are not looked for, nor pointers to declared ones: those that are made have none.
    fn find_twins(&self, new: &mut [TypeDesc]) {
        let mut known = self.known.lock().expect("no panic while types are made");
        if !known.filled {
            return;
        }
        let first = self.compiled.len() as u32;
        // The parts of a literal come after it.
        for n in (0..new.len()).rev() {
            each_part(&mut new[n], |t| *t = known.twins.get(t).copied().unwrap_or(*t));
            let desc = &new[n];
            let elem = desc.elem.0;
            let declared = |t: u32| match t.checked_sub(first).filter(|_| t < MADE) {
                Some(at) => !new[at as usize].bare_name.is_empty(),
                None => !self[TypeRef(t)].bare_name.is_empty(),
            };
            let plain = desc.methods.is_empty() && !(desc.kind == Kind::Pointer && declared(elem));
            let Some(shape) = shape_of(desc).filter(|_| plain) else { continue };
            let t = TypeRef(first + n as u32);
            match known.ids.get(&shape) {
                Some(&twin) if twin.0 >= MADE => drop(known.twins.insert(t, twin)),
                Some(_) => {}
                None => drop(known.ids.insert(shape, t)),
            }
        }
        for desc in new {
            each_part(desc, |t| *t = known.twins.get(t).copied().unwrap_or(*t));
        }
    }

    /// The number that stands for a compiled type.
    pub(crate) fn one_number(&self, t: TypeRef) -> TypeRef {
        let known = self.known.lock().expect("no panic while types are made");
        known.twins.get(&t).copied().unwrap_or(t)
    }

    /// How many compiled types there are.
    pub(crate) fn len(&self) -> usize {
        self.compiled.len()
    }

    /// How many more there is room for.
    pub(crate) fn room_left(&self) -> usize {
        self.compiled.room_left()
    }

    /// A compiled type, to be changed.
    ///
    /// # Safety
    /// The world is stopped.
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn slot(&self, t: TypeRef) -> &mut TypeDesc {
        // SAFETY: the caller's promise.
        unsafe { self.compiled.slot(t.0 as usize) }
    }

    /// What the interpreter knows of a type beside its description.
    #[inline(always)]
    pub(crate) fn meta(&self, t: TypeRef) -> TypeMeta {
        match self.meta.get(t.0 as usize) {
            Some(meta) => *meta,
            None => self.made(t).meta,
        }
    }

    /// A map type, prepared.
    #[inline(always)]
    pub(crate) fn map(&self, t: TypeRef) -> &MapType {
        let map = match self.maps.get(t.0 as usize) {
            Some(map) => map,
            None => &self.made(t).map,
        };
        map.as_deref().expect("the type of a map instruction is a map type")
    }

    #[cold]
    fn made(&self, t: TypeRef) -> &MadeType {
        self.made.get(t.0.wrapping_sub(MADE)).expect("the number is a type's")
    }

    /// Whether a number is that of a type.
    pub fn exists(&self, t: TypeRef) -> bool {
        t != TypeRef::NONE && ((t.0 as usize) < self.compiled.len() || self.made.get(t.0.wrapping_sub(MADE)).is_some())
    }

    /// The address of a word that holds a type's number: always the same one for a type, and never another's.
    pub(crate) fn record(&self, t: TypeRef) -> u64 {
        let (records, at, base) =
            if t.0 < MADE { (&self.compiled_records, t.0, 0) } else { (&self.made_records, t.0 - MADE, MADE) };
        &raw const *records.or_fill(at, |i| i + base) as u64
    }

    /// The type of this structure, made if there is none.
    pub(crate) fn of_shape(&self, shape: &Shape, heap: &Heap) -> TypeRef {
        let mut known = self.known.lock().expect("no panic while types are made");
        if !known.filled {
            known.filled = true;
            for (i, desc) in self.compiled.iter().enumerate() {
                if let Some(shape) = shape_of(desc) {
                    known.ids.entry(shape).or_insert(TypeRef(i as u32));
                }
            }
        }
        if let Some(&t) = known.ids.get(shape) {
            return t;
        }
        let t = TypeRef(MADE + known.made);
        let desc = self.describe(shape);
        let meta = type_meta(self, &desc, heap);
        let map = match desc.kind {
            Kind::Map => Some(Box::new(MapType::of(self, &desc, heap.layouts()))),
            _ => None,
        };
        self.made.push(known.made, MadeType { desc, meta, map });
        known.made += 1;
        known.ids.insert(shape.clone(), t);
        t
    }

    fn describe(&self, shape: &Shape) -> TypeDesc {
        let layout = |t: &TypeRef| Layout::of(&self[*t]);
        let (kind, layout) = match shape {
            Shape::Pointer(_) => (Kind::Pointer, Layout::leaf(LeafKind::Ptr, 8)),
            Shape::Chan(..) => (Kind::Chan, Layout::leaf(LeafKind::Ptr, 8)),
            Shape::Map(..) => (Kind::Map, Layout::leaf(LeafKind::Ptr, 8)),
            Shape::Func(..) => (Kind::Func, Layout::leaf(LeafKind::Ptr, 8)),
            Shape::Slice(_) => (Kind::Slice, Layout::leaf(LeafKind::Slice, 24)),
            Shape::Array(elem, len) => (Kind::Array, Layout::array(&layout(elem), *len)),
            Shape::Struct(fields) => {
                let fields: Vec<Layout> = fields.iter().map(|f| layout(&f.ty)).collect();
                (Kind::Struct, Layout::structure(&fields))
            }
        };
        let mut d = TypeDesc { name: self.text(shape), ..TypeDesc::of_kind(kind) };
        layout.describe(&mut d);
        match shape {
            Shape::Pointer(elem) => (d.elem, d.comparable) = (*elem, true),
            Shape::Slice(elem) => d.elem = *elem,
            Shape::Array(elem, len) => (d.elem, d.len, d.comparable) = (*elem, *len, self[*elem].comparable),
            Shape::Chan(elem, dir) => (d.elem, d.len, d.comparable) = (*elem, *dir, true),
            Shape::Map(key, elem) => (d.key, d.elem) = (*key, *elem),
            Shape::Func(params, results, variadic) => {
                (d.params, d.results, d.variadic) = (params.clone(), results.clone(), *variadic);
            }
            Shape::Struct(fields) => {
                d.comparable = fields.iter().all(|f| self[f.ty].comparable);
                d.fields = fields.iter().zip(&layout.fields).map(|(f, at)| field_desc(f, at)).collect();
            }
        }
        d
    }

    /// The text of a literal, as `%T` prints it.
    fn text(&self, shape: &Shape) -> String {
        let name = |t: &TypeRef| &self[*t].name;
        match shape {
            Shape::Pointer(elem) => format!("*{}", name(elem)),
            Shape::Slice(elem) => format!("[]{}", name(elem)),
            Shape::Array(elem, len) => format!("[{len}]{}", name(elem)),
            Shape::Map(key, elem) => format!("map[{}]{}", name(key), name(elem)),
            Shape::Chan(elem, 1) => format!("<-chan {}", name(elem)),
            Shape::Chan(elem, 2) => format!("chan<- {}", name(elem)),
            Shape::Chan(elem, _) if name(elem).starts_with('<') => format!("chan ({})", name(elem)),
            Shape::Chan(elem, _) => format!("chan {}", name(elem)),
            Shape::Func(params, results, variadic) => {
                let mut list: Vec<String> = params.iter().map(|t| name(t).clone()).collect();
                if let (true, Some(last)) = (*variadic, params.last()) {
                    list.pop();
                    list.push(format!("...{}", name(&self[*last].elem)));
                }
                let results: Vec<&str> = results.iter().map(|t| &name(t)[..]).collect();
                let results = match &results[..] {
                    [] => String::new(),
                    [one] => format!(" {one}"),
                    many => format!(" ({})", many.join(", ")),
                };
                format!("func({}){results}", list.join(", "))
            }
            Shape::Struct(fields) => {
                let field = |f: &Field| {
                    let own = if f.embedded { String::new() } else { format!("{} ", f.name) };
                    let tag =
                        if f.tag.is_empty() { String::new() } else { format!(" {}", gol_bytecode::quoted(&f.tag)) };
                    format!("{own}{}{tag}", name(&f.ty))
                };
                match fields.len() {
                    0 => "struct {}".into(),
                    _ => format!("struct {{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join("; ")),
                }
            }
        }
    }
}

impl From<Vec<TypeDesc>> for Types {
    /// Types of which only the descriptions are of interest.
    fn from(compiled: Vec<TypeDesc>) -> Types {
        let types = Types::with_room(compiled.len());
        types.compiled.extend(compiled);
        types
    }
}

impl Index<TypeRef> for Types {
    type Output = TypeDesc;

    #[inline(always)]
    fn index(&self, t: TypeRef) -> &TypeDesc {
        match self.compiled.get(t.0 as usize) {
            Some(desc) => desc,
            None => &self.made(t).desc,
        }
    }
}

fn field_desc(f: &Field, at: &gol_bytecode::layout::FieldPlace) -> FieldDesc {
    FieldDesc {
        name: f.name.clone(),
        pkg: f.pkg.clone(),
        ty: f.ty,
        offset: at.offset as u32,
        go_offset: at.go_offset,
        embedded: f.embedded,
        tag: f.tag.clone(),
    }
}

/// The structure of a literal; `None` for a declared type and for kinds that are not made.
fn shape_of(desc: &TypeDesc) -> Option<Shape> {
    if !desc.bare_name.is_empty() {
        return None;
    }
    Some(match desc.kind {
        Kind::Pointer => Shape::Pointer(desc.elem),
        Kind::Slice => Shape::Slice(desc.elem),
        Kind::Array => Shape::Array(desc.elem, desc.len),
        Kind::Chan => Shape::Chan(desc.elem, desc.len),
        Kind::Map => Shape::Map(desc.key, desc.elem),
        Kind::Func => Shape::Func(desc.params.clone(), desc.results.clone(), desc.variadic),
        Kind::Struct => {
            let field = |f: &FieldDesc| {
                let (name, pkg, tag) = (f.name.clone(), f.pkg.clone(), f.tag.clone());
                Field { name, pkg, ty: f.ty, embedded: f.embedded, tag }
            };
            Shape::Struct(desc.fields.iter().map(field).collect())
        }
        _ => return None,
    })
}

/// The types that a type is made of.
fn each_part(desc: &mut TypeDesc, mut f: impl FnMut(&mut TypeRef)) {
    [&mut desc.elem, &mut desc.key, &mut desc.ptr_to].into_iter().for_each(&mut f);
    desc.params.iter_mut().chain(&mut desc.results).for_each(&mut f);
    desc.fields.iter_mut().for_each(|field| f(&mut field.ty));
}

const FIRST_CHUNK: u32 = 64;
const CHUNKS: usize = 22;

/// A list that only grows and whose entries never move: chunk k holds `FIRST_CHUNK << k` entries.
struct Chunks<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNKS],
}

impl<T> Chunks<T> {
    fn new() -> Chunks<T> {
        Chunks { chunks: [const { OnceLock::new() }; CHUNKS] }
    }

    fn place(i: u32) -> (usize, usize) {
        let shifted = i as u64 + FIRST_CHUNK as u64;
        let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
        (chunk as usize, (shifted - ((FIRST_CHUNK as u64) << chunk)) as usize)
    }

    fn slot(&self, i: u32) -> &OnceLock<T> {
        let (chunk, at) = Chunks::<T>::place(i);
        assert!(chunk < CHUNKS, "a program makes fewer types than that");
        let slots = self.chunks[chunk].get_or_init(|| (0..FIRST_CHUNK << chunk).map(|_| OnceLock::new()).collect());
        &slots[at]
    }

    fn get(&self, i: u32) -> Option<&T> {
        let (chunk, at) = Chunks::<T>::place(i);
        self.chunks.get(chunk)?.get()?[at].get()
    }

    fn push(&self, i: u32, value: T) {
        assert!(self.slot(i).set(value).is_ok(), "a new type's place is empty");
    }
}

impl Chunks<u32> {
    /// Entry `i`, filled when it is first asked for.
    fn or_fill(&self, i: u32, value: impl Fn(u32) -> u32) -> &u32 {
        self.slot(i).get_or_init(|| value(i))
    }
}
