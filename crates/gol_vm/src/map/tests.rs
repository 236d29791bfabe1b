//! Maps against models of `std`, with random operations and collections in between.

use super::iter::Entry;
use super::*;
use crate::types::Types;
use gol_bytecode::{FieldDesc, Leaf, LeafKind};
use gol_heap::{Heap, HeapConfig, NoHelpers, RootVisitor, Roots};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

/// A map type under test, with the heap and the types around it.
struct Bench {
    heap: Arc<Heap>,
    local: LocalHeap,
    types: Types,
    map: MapType,
    random: u64,
}

const INT: TypeRef = TypeRef(1);
const STRING: TypeRef = TypeRef(2);
const INT32: TypeRef = TypeRef(3);
const UINT8: TypeRef = TypeRef(4);
const FLOAT64: TypeRef = TypeRef(5);
const ANY: TypeRef = TypeRef(6);
const SLICE: TypeRef = TypeRef(7);
const PAIR: TypeRef = TypeRef(8);
const GAPPED: TypeRef = TypeRef(9);
const EMPTY: TypeRef = TypeRef(10);
const ARRAY: TypeRef = TypeRef(11);
const POINTER: TypeRef = TypeRef(12);
const BIG: TypeRef = TypeRef(13);
const MAP: TypeRef = TypeRef(14);

fn desc(kind: Kind, name: &str, size: u64, align: u8, leaves: &[LeafKind], ptr_words: &[u64]) -> TypeDesc {
    let mut offset = 0;
    let leaves: Vec<Leaf> = leaves
        .iter()
        .map(|&kind| {
            offset = u32::next_multiple_of(offset, kind.size() as u32);
            let leaf = Leaf { offset, kind };
            offset += kind.size() as u32;
            leaf
        })
        .collect();
    TypeDesc {
        name: name.into(),
        size,
        align,
        go_size: size,
        regs: leaves.iter().map(|l| l.kind.regs() as u16).sum(),
        leaves,
        ptr_words: ptr_words.to_vec(),
        comparable: true,
        ..TypeDesc::of_kind(kind)
    }
}

fn field(name: &str, ty: TypeRef, offset: u32) -> FieldDesc {
    FieldDesc {
        name: name.into(),
        pkg: String::new(),
        ty,
        offset,
        go_offset: offset.into(),
        embedded: false,
        tag: String::new(),
    }
}

fn types(key: TypeRef, elem: TypeRef) -> Vec<TypeDesc> {
    use LeafKind::*;
    let fields = |d: TypeDesc, fields: Vec<FieldDesc>| TypeDesc { fields, ..d };
    let array = |d: TypeDesc, elem, len| TypeDesc { elem, len, is_mem: true, regs: 1, leaves: vec![], ..d };
    vec![
        desc(Kind::Invalid, "", 0, 1, &[], &[]),
        desc(Kind::Int, "int", 8, 8, &[W64], &[]),
        desc(Kind::String, "string", 16, 16, &[Str], &[1]),
        desc(Kind::Int32, "int32", 4, 4, &[I32], &[]),
        desc(Kind::Uint8, "uint8", 1, 1, &[U8], &[]),
        desc(Kind::Float64, "float64", 8, 8, &[F64], &[]),
        desc(Kind::Interface, "interface {}", 16, 16, &[Iface], &[2]),
        TypeDesc { comparable: false, ..desc(Kind::Slice, "[]int", 16, 16, &[Slice], &[1]) },
        fields(desc(Kind::Struct, "pair", 16, 8, &[W64, W64], &[]), vec![field("a", INT, 0), field("b", INT, 8)]),
        fields(
            desc(Kind::Struct, "gapped", 32, 16, &[U8, Str], &[4]),
            vec![field("a", UINT8, 0), field("_", EMPTY, 1), field("s", STRING, 16)],
        ),
        desc(Kind::Struct, "struct {}", 0, 1, &[], &[]),
        array(desc(Kind::Array, "[3]int32", 12, 4, &[], &[]), INT32, 3),
        desc(Kind::Pointer, "*int", 8, 8, &[Ptr], &[1]),
        array(desc(Kind::Array, "[100]string", 1600, 16, &[], &[1]), STRING, 100),
        TypeDesc { key, elem, ..desc(Kind::Map, "map", 8, 8, &[Ptr], &[1]) },
    ]
}

struct Words<'w>(&'w [u64]);

impl Roots for Words<'_> {
    fn visit(&self, marker: &mut dyn RootVisitor) {
        for &word in self.0 {
            marker.word(word);
        }
    }
}

impl Bench {
    fn new(key: TypeRef, elem: TypeRef) -> Bench {
        let heap = Heap::new(HeapConfig { reserve: 1 << 30, ..HeapConfig::default() }).expect("addresses");
        let types = Types::from(types(key, elem));
        let map = MapType::new(&types, MAP, heap.layouts());
        Bench { local: heap.local(), heap, types, map, random: 12345 }
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }

    fn make(&mut self, hint: i64) -> *mut u8 {
        let seed = self.random();
        self.map.make(&mut self.local, hint, seed).expect("memory")
    }

    fn set(&mut self, map: *mut u8, key: &[u64], elem: &[u64]) -> Result<(), MapError> {
        let desc = &self.types[self.map.elem];
        // SAFETY: H6: a live map; no collection in between.
        unsafe {
            let at = self.map.set(&self.types, &mut self.local, map, key.as_ptr())?;
            crate::value::store_value(desc, at, elem.as_ptr());
        }
        Ok(())
    }

    fn get(&self, map: *mut u8, key: &[u64]) -> Result<Option<u64>, MapError> {
        // SAFETY: H6: a live map; the values of these tests have a word, or nothing.
        unsafe {
            let at = self.map.get(&self.types, map, key.as_ptr())?;
            Ok((!at.is_null()).then(|| if self.map.elem == EMPTY { 0 } else { mem::load_u64(at) }))
        }
    }

    fn delete(&self, map: *mut u8, key: &[u64]) -> Result<(), MapError> {
        // SAFETY: H6: a live map.
        unsafe { self.map.delete(&self.types, map, key.as_ptr()) }
    }

    fn iterate(&mut self, map: *mut u8) -> *mut u8 {
        let random = self.random();
        // SAFETY: H6: a live map.
        unsafe { self.map.iterate(&mut self.local, map, random).expect("memory") }
    }

    fn next(&self, iterator: *mut u8) -> Option<Entry> {
        // SAFETY: H6: a live iterator.
        unsafe { self.map.next(&self.types, iterator).expect("no race") }
    }

    fn collect(&self, roots: &[u64]) {
        // SAFETY: H5: one thread; what is used later is in `roots`.
        unsafe { self.heap.collect(&Words(roots), &NoHelpers) };
        self.heap.sweep_some(usize::MAX);
    }

    fn string(&mut self, text: &str) -> [u64; 2] {
        let at = self.local.alloc(text.len(), LayoutId::NOSCAN);
        // SAFETY: H6: a new object of that size.
        unsafe { std::ptr::copy_nonoverlapping(text.as_ptr(), at, text.len()) };
        [at as u64, text.len() as u64]
    }
}

fn len(map: *mut u8) -> usize {
    // SAFETY: H6: a live map.
    unsafe { MapType::len(map) as usize }
}

/// Random operations on a map and on a model. `key` makes the registers of the nth key and what identifies it; `ident` reads the latter back from memory.
fn against_model<I: Hash + Eq + Clone + std::fmt::Debug>(
    key_type: TypeRef,
    keys: u64,
    operations: usize,
    key: impl Fn(&mut Bench, u64) -> (Vec<u64>, I),
    ident: impl Fn(*const u8) -> I,
) {
    let mut bench = Bench::new(key_type, INT);
    let hint = if keys > 100 { 0 } else { 20 };
    let map = bench.make(hint);
    let mut model: HashMap<I, u64> = HashMap::new();
    for step in 0..operations {
        let n = bench.random() % keys;
        let (regs, id) = key(&mut bench, n);
        match bench.random() % 16 {
            // Phases that grow and phases that shrink.
            0..5 => {
                bench.delete(map, &regs).expect("no race");
                model.remove(&id);
            }
            5..8 if step / (keys as usize * 2) % 2 == 1 => {
                bench.delete(map, &regs).expect("no race");
                model.remove(&id);
            }
            5..13 => {
                let value = bench.random();
                bench.set(map, &regs, &[value]).expect("no race");
                model.insert(id, value);
            }
            _ => assert_eq!(bench.get(map, &regs), Ok(model.get(&id).copied()), "{id:?}"),
        }
        assert_eq!(len(map), model.len());
        if step % 1024 == 1023 {
            bench.collect(&[map as u64]);
            let iterator = bench.iterate(map);
            let mut seen = HashMap::new();
            while let Some(entry) = bench.next(iterator) {
                // SAFETY: H6: a live value.
                assert!(seen.insert(ident(entry.key), unsafe { mem::load_u64(entry.elem) }).is_none());
            }
            assert_eq!(seen, model);
        }
        if step % 20_000 == 19_999 {
            // SAFETY: H6: a live map.
            unsafe { bench.map.clear(map).expect("no race") };
            model.clear();
        }
    }
}

#[test]
fn word_keys() {
    for keys in [3, 8, 9, 60, 5000] {
        // SAFETY: H6: a key's address.
        let read = |at: *const u8| unsafe { mem::load_u64(at) };
        against_model(INT, keys, 50_000, |_, n| (vec![n << 33], n << 33), read);
    }
}

#[test]
fn half_keys() {
    // SAFETY: H6: a key's address.
    against_model(
        INT32,
        300,
        30_000,
        |_, n| (vec![(n as i64 - 150) as u64], (n as i64 - 150) as i32),
        |at| unsafe { mem::load_i32(at) },
    );
}

#[test]
fn byte_keys() {
    // SAFETY: H6: a key's address.
    against_model(UINT8, 256, 30_000, |_, n| (vec![n], n as u8), |at| unsafe { mem::load_u8(at) });
}

#[test]
fn string_keys() {
    let text = |n: u64| "some text ".repeat(n as usize % 7) + &n.to_string();
    for keys in [6, 700] {
        against_model(STRING, keys, 30_000, |b, n| (b.string(&text(n)).into(), text(n)), read_string);
    }
}

fn read_string(at: *const u8) -> String {
    // SAFETY: H6: a live string.
    unsafe {
        let (address, len) = mem::load16(at);
        if len == 0 {
            return String::new();
        }
        String::from_utf8_lossy(std::slice::from_raw_parts(address as *const u8, len as usize)).into_owned()
    }
}

#[test]
fn struct_keys_without_gaps() {
    // SAFETY: H6: a key's address.
    let read = |at: *const u8| unsafe { (mem::load_u64(at), mem::load_u64(at.add(8))) };
    against_model(PAIR, 400, 30_000, |_, n| (vec![n % 20, n / 20], (n % 20, n / 20)), read);
}

#[test]
fn struct_keys_with_gaps_and_strings() {
    against_model(
        GAPPED,
        200,
        30_000,
        |b, n| {
            let [address, len] = b.string(&(n / 10).to_string());
            (vec![n % 10, address, len], ((n % 10) as u8, (n / 10).to_string()))
        },
        // SAFETY: H6: a key's address.
        |at| unsafe { (mem::load_u8(at), read_string(at.add(16))) },
    );
}

#[test]
fn array_keys() {
    against_model(
        ARRAY,
        200,
        30_000,
        |b, n| {
            let at = b.local.alloc(12, LayoutId::NOSCAN);
            // SAFETY: H6: a new object of that size.
            unsafe { mem::store_u32(at.add(8), n as u32) };
            (vec![at as u64], n as u32)
        },
        // SAFETY: H6: a key's address.
        |at| unsafe { mem::load_u32(at.add(8)) },
    );
}

#[test]
fn interface_keys_of_several_types() {
    against_model(
        ANY,
        300,
        30_000,
        |b, n| match n % 3 {
            0 => (vec![INT.0.into(), n / 3], format!("int {}", n / 3)),
            1 => (vec![INT32.0.into(), n / 3], format!("int32 {}", n / 3)),
            _ => {
                let [address, len] = b.string(&n.to_string());
                let layout = b.heap.layouts().add(16, &[1]);
                let unit = b.local.alloc(16, layout);
                // SAFETY: H6: a new object of that size.
                unsafe { mem::store16(unit, address, len) };
                (vec![STRING.0.into(), unit as u64], format!("string {n}"))
            }
        },
        |at| {
            // SAFETY: H6: a key's address.
            let (ty, data) = unsafe { mem::load16(at) };
            match TypeRef(ty as u32) {
                INT => format!("int {data}"),
                INT32 => format!("int32 {data}"),
                _ => format!("string {}", read_string(data as *const u8)),
            }
        },
    );
}

#[test]
fn keys_without_size() {
    let mut bench = Bench::new(EMPTY, INT);
    let map = bench.make(0);
    assert_eq!(bench.get(map, &[]), Ok(None));
    bench.set(map, &[], &[5]).expect("no race");
    bench.set(map, &[], &[6]).expect("no race");
    assert_eq!((bench.get(map, &[]), len(map)), (Ok(Some(6)), 1));
    bench.delete(map, &[]).expect("no race");
    assert_eq!((bench.get(map, &[]), len(map)), (Ok(None), 0));
}

#[test]
fn values_without_size() {
    let mut bench = Bench::new(INT, EMPTY);
    let map = bench.make(1000);
    for i in 0..1000 {
        bench.set(map, &[i], &[]).expect("no race");
    }
    assert_eq!((bench.get(map, &[999]), bench.get(map, &[1000])), (Ok(Some(0)), Ok(None)));
}

#[test]
fn float_keys() {
    let mut bench = Bench::new(FLOAT64, INT);
    let map = bench.make(0);
    let bits = |f: f64| [f.to_bits()];
    bench.set(map, &bits(0.0), &[1]).expect("no race");
    bench.set(map, &bits(-0.0), &[2]).expect("no race");
    assert_eq!((bench.get(map, &bits(0.0)), len(map)), (Ok(Some(2)), 1));
    let iterator = bench.iterate(map);
    let entry = bench.next(iterator).expect("one entry");
    // SAFETY: H6: a key's address.
    assert_eq!(unsafe { mem::load_u64(entry.key) }, (-0.0f64).to_bits(), "the key is the last one stored");
    for i in 0..100 {
        bench.set(map, &bits(f64::NAN), &[i]).expect("no race");
    }
    assert_eq!((bench.get(map, &bits(f64::NAN)), len(map)), (Ok(None), 101));
    bench.delete(map, &bits(f64::NAN)).expect("no race");
    assert_eq!(len(map), 101);
    let iterator = bench.iterate(map);
    for i in 0..50 {
        assert!(bench.next(iterator).is_some(), "{i}");
    }
    // Growing in the middle: NaNs are still seen once each. Clearing: no more.
    for i in 0..1000 {
        bench.set(map, &bits(i as f64 + 1.0), &[i]).expect("no race");
    }
    let mut seen = 50;
    for _ in 0..20 {
        seen += usize::from(bench.next(iterator).is_some());
    }
    assert_eq!(seen, 70);
    // SAFETY: H6: a live map.
    unsafe { bench.map.clear(map).expect("no race") };
    assert_eq!((len(map), bench.next(iterator)), (0, None));
}

#[test]
fn unhashable_keys() {
    let mut bench = Bench::new(ANY, INT);
    let map = bench.make(0);
    let key = [u64::from(SLICE.0), 0];
    let error = MapError::Unhashable(SLICE);
    assert_eq!(bench.get(map, &key), Err(error));
    assert_eq!(bench.get(std::ptr::null_mut(), &key), Err(error));
    assert_eq!(bench.delete(std::ptr::null_mut(), &key), Err(error));
    assert_eq!(bench.set(map, &key, &[1]), Err(error));
    assert_eq!(bench.set(map, &[0, 0], &[1]), Ok(()), "the flag is down again, and nil is a key");
    assert_eq!(bench.delete(map, &key), Err(error));
    assert_eq!(error.text(&bench.types), "hash of unhashable type []int");
    assert_eq!(bench.get(map, &[0, 0]), Ok(Some(1)));
}

#[test]
fn nil_maps() {
    let mut bench = Bench::new(INT, INT);
    let nil = std::ptr::null_mut();
    assert_eq!((bench.get(nil, &[1]), bench.delete(nil, &[1]), len(nil)), (Ok(None), Ok(()), 0));
    assert_eq!(bench.set(nil, &[1], &[1]), Err(MapError::NilMap));
    let iterator = bench.iterate(nil);
    assert_eq!(bench.next(iterator), None);
}

#[test]
fn the_writing_flag_is_noticed() {
    let mut bench = Bench::new(INT, INT);
    let map = bench.make(0);
    bench.set(map, &[1], &[1]).expect("no race");
    let iterator = bench.iterate(map);
    // SAFETY: H6: a live map's header.
    unsafe { mem::store_u64(map.add(STATE), WRITING) };
    assert_eq!(bench.set(map, &[1], &[1]), Err(MapError::ConcurrentWrites));
    assert_eq!(bench.delete(map, &[1]), Err(MapError::ConcurrentWrites));
    assert_eq!(bench.get(map, &[1]), Err(MapError::ConcurrentReadWrite));
    // SAFETY: H6: a live iterator.
    assert_eq!(unsafe { bench.map.next(&bench.types, iterator) }, Err(MapError::ConcurrentIterWrite));
}

#[test]
fn iteration_while_the_map_changes() {
    for round in 0..300u64 {
        let mut bench = Bench::new(INT, INT);
        bench.random = round * 77 + 1;
        let map = bench.make(0);
        let first = round % 40;
        for i in 0..first {
            bench.set(map, &[i], &[i]).expect("no race");
        }
        let iterator = bench.iterate(map);
        let mut always: HashSet<u64> = (0..first).collect();
        let mut present: BTreeMap<u64, u64> = (0..first).map(|i| (i, i)).collect();
        let mut seen = HashSet::new();
        let mut fresh = 1000;
        while let Some(entry) = bench.next(iterator) {
            // SAFETY: H6: addresses of a live entry.
            let (key, value) = unsafe { (mem::load_u64(entry.key), mem::load_u64(entry.elem)) };
            assert_eq!(present.get(&key), Some(&value), "only what is there, with its present value");
            assert!(seen.insert(key), "each key once");
            for _ in 0..bench.random() % 3 {
                let victim = bench.random() % 40;
                match bench.random() % 3 {
                    0 => {
                        bench.delete(map, &[victim]).expect("no race");
                        always.remove(&victim);
                        present.remove(&victim);
                    }
                    1 => {
                        fresh += 1;
                        bench.set(map, &[fresh], &[fresh]).expect("no race");
                        present.insert(fresh, fresh);
                    }
                    _ if present.contains_key(&victim) => {
                        let value = bench.random();
                        bench.set(map, &[victim], &[value]).expect("no race");
                        present.insert(victim, value);
                    }
                    _ => {}
                }
            }
            if bench.random().is_multiple_of(8) {
                bench.collect(&[map as u64, iterator as u64]);
            }
        }
        assert!(always.is_subset(&seen), "what is there all the time is seen");
    }
}

#[test]
fn iteration_starts_anywhere() {
    let mut bench = Bench::new(INT, INT);
    let map = bench.make(0);
    (0..5).for_each(|i| bench.set(map, &[i], &[i]).expect("no race"));
    let firsts: HashSet<u64> = (0..100)
        .map(|_| {
            let iterator = bench.iterate(map);
            let entry = bench.next(iterator).expect("five entries");
            // SAFETY: H6: a key's address.
            unsafe { mem::load_u64(entry.key) }
        })
        .collect();
    assert_eq!(firsts.len(), 5);
}

#[test]
fn values_keep_objects_alive_and_deleted_ones_do_not() {
    let mut bench = Bench::new(INT, POINTER);
    let map = bench.make(0);
    let object = |b: &mut Bench| b.local.alloc(64, LayoutId::NOSCAN) as u64;
    let mut kept = Vec::new();
    for i in 0..500 {
        let value = object(&mut bench);
        bench.set(map, &[i], &[value]).expect("no race");
        kept.push(value);
    }
    (0..250).for_each(|i| bench.delete(map, &[i]).expect("no race"));
    // SAFETY: H5: one thread.
    let stats = unsafe { bench.heap.collect(&Words(&[map as u64]), &NoHelpers) };
    assert!(kept[..250].iter().all(|&v| !bench.heap.is_marked(v as *const u8)));
    assert!(kept[250..].iter().all(|&v| bench.heap.is_marked(v as *const u8)));
    assert_eq!(stats.live_objects, 253, "header, table, entries");
}

#[test]
fn large_values_with_pointers() {
    let mut bench = Bench::new(INT, BIG);
    let map = bench.make(0);
    let layout = bench.heap.layouts().add(16, &[1]);
    for i in 0..100u64 {
        let value = bench.local.alloc(1600, layout);
        for j in 0..100 {
            let [address, len] = bench.string(&format!("{i} {j}"));
            // SAFETY: H6: within the new object.
            unsafe { mem::store16(value.add(j * 16), address, len) };
        }
        bench.set(map, &[i], &[value as u64]).expect("no race");
        bench.collect(&[map as u64]);
    }
    for i in 0..100u64 {
        // SAFETY: H6: a live map.
        let at = unsafe { bench.map.get(&bench.types, map, &i).expect("no race") };
        assert_eq!(read_string(at.wrapping_add(99 * 16)), format!("{i} 99"));
    }
}

#[test]
fn out_of_memory_changes_nothing() {
    let mut bench = Bench::new(INT, INT);
    let map = bench.make(0);
    bench.heap.set_memory_limit(2 << 20);
    assert_eq!(bench.map.make(&mut bench.local, 1 << 20, 1), Err(MapError::OutOfMemory));
    assert_eq!(bench.map.make(&mut bench.local, i64::MAX, 1), Err(MapError::OutOfMemory));
    let mut count = 0;
    while bench.set(map, &[count], &[count]).is_ok() {
        count += 1;
    }
    assert_eq!((bench.set(map, &[count], &[0]), len(map) as u64), (Err(MapError::OutOfMemory), count));
    assert!((0..count).all(|i| bench.get(map, &[i]) == Ok(Some(i))));
    bench.heap.set_memory_limit(usize::MAX);
    assert_eq!(bench.set(map, &[count], &[count]), Ok(()));
}

/// Goroutines that race on one map may get wrong answers and errors, but reach nothing outside of it.
#[test]
fn races_stay_inside_the_map() {
    for key_type in [INT, STRING] {
        let mut bench = Bench::new(key_type, STRING);
        let map = bench.make(0) as u64;
        let texts: Vec<[u64; 2]> = (0..200).map(|i| bench.string(&i.to_string())).collect();
        let (heap, map_type, types, texts) = (&bench.heap, &bench.map, &bench.types, &texts);
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                scope.spawn(move || {
                    let mut local = heap.local();
                    let map = map as *mut u8;
                    let mut errors = 0;
                    for step in 0..30_000u64 {
                        let n = step.wrapping_mul(0x9e37_79b9 + thread * 2) >> 7;
                        let text = texts[n as usize % 200];
                        let key = if key_type == INT { [n % 200, 0] } else { text };
                        // SAFETY: H6: a live map; no collection runs. The race is what is tested.
                        unsafe {
                            let result = match (step + thread) % 8 {
                                0 => map_type.delete(types, map, key.as_ptr()),
                                1 if step % 4096 == 1 => map_type.clear(map),
                                1..4 => map_type
                                    .set(types, &mut local, map, key.as_ptr())
                                    .map(|at| mem::store16(at, text[0], text[1])),
                                4 if step % 64 == 4 => map_type.iterate(&mut local, map, n).and_then(|iterator| {
                                    while let Some(entry) = map_type.next(types, iterator)? {
                                        assert!(read_string(entry.elem).len() <= 3);
                                    }
                                    Ok(())
                                }),
                                _ => map_type.get(types, map, key.as_ptr()).map(|at| {
                                    assert!(at.is_null() || read_string(at).len() <= 3);
                                }),
                            };
                            errors += u64::from(result.is_err());
                        }
                    }
                    errors
                });
            }
        });
    }
}
