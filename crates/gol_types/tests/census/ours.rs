//! What our library exports, in the lines of the census.
//!
//! The counterpart of `names.go`: both write the same text for the same declaration.

use super::support::World;
use gol_source::Symbol;
use gol_types::types::{ChanDir, Interface, Signature, Term};
use gol_types::{Basic, Constant, NamedId, ObjId, ObjKind, PkgId, Type, TypeId, constant};
use std::collections::{BTreeMap, BTreeSet};

/// The lines of a package, sorted; `None` if it is not there.
pub fn lines(world: &mut World, path: &str) -> Option<Vec<String>> {
    let pkg = world.load(path)?;
    let scope = world.prog.package(pkg).scope;
    let mut objects: Vec<ObjId> = world.prog.scope(scope).objects().to_vec();
    objects.retain(|&o| exported(world.ast.text(world.prog.objects[o].name)));
    for &obj in &objects {
        resolve(world, obj);
    }
    // Methods have their types when they are asked for; those of embedded types of other packages, too.
    let mut todo: Vec<ObjId> = world.prog.types.all_named().flat_map(|(_, n)| n.methods.clone()).collect();
    todo.retain(|&m| world.prog.objects[m].ty.is_invalid());
    for m in todo {
        resolve(world, m);
    }
    let mut writer = Writer { world, pkg, own: Vec::new(), lines: BTreeSet::new() };
    for obj in objects {
        writer.object(obj);
    }
    Some(writer.lines.into_iter().collect())
}

fn resolve(world: &mut World, obj: ObjId) {
    let found = world.prog.check_object(&world.ast, &world.map, obj);
    assert!(found.is_empty(), "{}", world.show(&found, true));
}

fn exported(name: &str) -> bool {
    name.chars().next().is_some_and(char::is_uppercase)
}

struct Writer<'w> {
    world: &'w World,
    pkg: PkgId,
    /// Type parameters of the signature that is written.
    own: Vec<gol_types::types::TypeParamId>,
    lines: BTreeSet<String>,
}

/// A method as it is found through embedded fields.
#[derive(Clone)]
struct Found {
    /// A value of the type has it, too.
    of_value: bool,
    ty: TypeId,
}

impl<'w> Writer<'w> {
    fn text(&self, name: Symbol) -> &'w str {
        self.world.ast.text(name)
    }

    fn get(&self, ty: TypeId) -> &'w Type {
        self.world.prog.types.get(ty)
    }

    fn object(&mut self, obj: ObjId) {
        let o = &self.world.prog.objects[obj];
        let (name, ty) = (self.text(o.name), o.ty);
        let line = match &o.kind {
            ObjKind::Const(_) => {
                format!("const {name} {} = {}", self.ty(ty), value(&self.world.prog.const_value(obj)))
            }
            ObjKind::Var(_) => {
                if let Some(n) = self.hidden_type(ty)
                    && !self.world.prog.types.is_interface(ty)
                {
                    self.methods(name, n);
                }
                format!("var {name} {}", self.ty(ty))
            }
            ObjKind::Func { .. } => match self.get(ty) {
                Type::Func(s) => format!("func {name}{}", self.signature(s)),
                _ => unreachable!("a function has a function type"),
            },
            ObjKind::TypeName { alias: true } => {
                if let Some(n) = self.hidden_type(ty) {
                    self.members(name, n);
                }
                format!("alias {name} = {}", self.ty(ty))
            }
            ObjKind::TypeName { alias: false } => {
                let Type::Named(n) = *self.get(ty) else { unreachable!("a declared type has a name") };
                self.members(name, n);
                let tparams = self.world.prog.types.named(n).tparams.clone();
                format!("type {name}{} {}", self.tparams(&tparams), self.shape(n))
            }
            _ => return,
        };
        self.lines.insert(line);
    }

    /// The declared type that `ty` is or points to, if programs have no name for it.
    fn hidden_type(&self, ty: TypeId) -> Option<NamedId> {
        let of = match self.get(ty) {
            Type::Pointer(elem) => *elem,
            _ => ty,
        };
        match *self.get(of) {
            Type::Named(n) if self.hidden(n) => Some(n),
            _ => None,
        }
    }

    fn hidden(&self, n: NamedId) -> bool {
        let n = self.world.prog.types.named(n);
        if n.pkg == PkgId::NONE {
            return false;
        }
        let internal = self.world.prog.package(n.pkg).path.split('/').any(|e| e == "internal");
        internal || !exported(self.text(n.name))
    }

    fn shape(&mut self, n: NamedId) -> String {
        let under = self.world.prog.types.named(n).underlying;
        match self.get(under) {
            Type::Struct(_) => "struct".into(),
            Type::Interface(i) => {
                let more = i.methods.iter().any(|m| !exported(self.text(m.name)));
                let mut shape = if more { "interface with more".to_string() } else { "interface".into() };
                match &i.terms {
                    Some(terms) => shape += &format!(" {}", self.terms(terms)),
                    None if i.comparable => shape += " comparable",
                    None => {}
                }
                shape
            }
            _ => self.ty(under),
        }
    }

    fn members(&mut self, name: &str, n: NamedId) {
        let under = self.world.prog.types.named(n).underlying;
        if let Type::Struct(fields) = self.get(under) {
            for f in fields {
                if !exported(self.text(f.name)) {
                    continue;
                }
                let embedded = if f.embedded { " embedded" } else { "" };
                let line = format!("field {name}.{} {}{embedded}", self.text(f.name), self.ty(f.ty));
                self.lines.insert(line);
            }
        }
        self.methods(name, n);
    }

    fn methods(&mut self, name: &str, n: NamedId) {
        for (method, found) in self.method_set(n) {
            let Type::Func(s) = self.get(found.ty) else { unreachable!("a method has a function type") };
            let star = if found.of_value { "" } else { "*" };
            let line = format!("method {star}{name}.{method}{}", self.signature(s));
            self.lines.insert(line);
        }
    }

    /// The exported methods of `*T`: its own, and those promoted from embedded fields, the shallowest of a name.
    fn method_set(&self, n: NamedId) -> BTreeMap<&'w str, Found> {
        let types = &self.world.prog.types;
        let (mut all, mut hiding): (BTreeMap<&str, Found>, BTreeSet<&str>) = Default::default();
        // Types of one depth, and whether what they have is reached through a pointer.
        let (mut level, mut seen) = (vec![(n, false)], BTreeSet::new());
        while !level.is_empty() {
            let (mut here, mut next): (BTreeMap<&str, Vec<Option<Found>>>, _) = (BTreeMap::new(), Vec::new());
            for (n, indirect) in level {
                if !seen.insert(n) {
                    continue;
                }
                let origin = types.named(n).origin.unwrap_or(n);
                for &m in &types.named(origin).methods {
                    let o = &self.world.prog.objects[m];
                    let ObjKind::Func { recv: Some(recv), .. } = o.kind else { continue };
                    let found = Found { of_value: indirect || !recv.pointer, ty: o.ty };
                    here.entry(self.text(o.name)).or_default().push(Some(found));
                }
                match types.get(types.named(n).underlying) {
                    Type::Interface(i) => {
                        for m in &i.methods {
                            let found = Found { of_value: true, ty: m.ty };
                            here.entry(self.text(m.name)).or_default().push(Some(found));
                        }
                    }
                    Type::Struct(fields) => {
                        for f in fields {
                            here.entry(self.text(f.name)).or_default().push(None);
                            let (of, pointer) = match types.get(f.ty) {
                                Type::Pointer(elem) => (*elem, true),
                                _ => (f.ty, false),
                            };
                            if let (true, Type::Named(e)) = (f.embedded, types.get(of)) {
                                next.push((*e, indirect || pointer));
                            }
                        }
                    }
                    _ => {}
                }
            }
            for (name, found) in here {
                if hiding.insert(name)
                    && let [Some(only)] = &found[..]
                    && exported(name)
                {
                    all.insert(name, only.clone());
                }
            }
            level = next;
        }
        all
    }

    fn signature(&mut self, s: &Signature) -> String {
        let outer = self.own.clone();
        if !s.tparams.is_empty() {
            self.own = s.tparams.clone();
        }
        let list = |w: &mut Self, all: &[gol_types::types::Param], variadic: bool| -> String {
            let last = all.len().saturating_sub(1);
            let parts = all.iter().enumerate().map(|(i, p)| match w.ty(p.ty) {
                text if variadic && i == last => format!("...{}", text.strip_prefix("[]").unwrap_or(&text)),
                text => text,
            });
            parts.collect::<Vec<_>>().join(", ")
        };
        let params = list(self, &s.params, s.variadic);
        let text = format!("{}({params})", self.tparams(&s.tparams));
        let results = list(self, &s.results, false);
        self.own = outer;
        match s.results.len() {
            0 => text,
            1 => format!("{text} {results}"),
            _ => format!("{text} ({results})"),
        }
    }

    fn tparams(&mut self, all: &[gol_types::types::TypeParamId]) -> String {
        if all.is_empty() {
            return String::new();
        }
        let bounds = all.iter().map(|&p| self.constraint(self.world.prog.types.type_param(p).bound));
        format!("[{}]", bounds.collect::<Vec<_>>().join(", "))
    }

    fn constraint(&mut self, bound: TypeId) -> String {
        if let Type::Named(n) = self.get(bound)
            && !self.hidden(*n)
        {
            return self.ty(bound);
        }
        match self.world.prog.types.under(bound) {
            Type::Interface(Interface { terms: Some(terms), methods, .. }) if methods.is_empty() => self.terms(terms),
            _ => self.ty(bound),
        }
    }

    fn terms(&mut self, terms: &[Term]) -> String {
        let text = |t: &Term| format!("{}{}", if t.tilde { "~" } else { "" }, self.ty(t.ty));
        let mut all: Vec<String> = terms.iter().map(text).collect();
        all.sort();
        all.join("|")
    }

    fn ty(&mut self, ty: TypeId) -> String {
        match self.get(ty) {
            Type::Basic(Basic::UnsafePointer) => "unsafe.Pointer".into(),
            Type::Basic(b) => b.name().into(),
            Type::Named(n) => self.named(*n),
            Type::TypeParam(p) => {
                let index = self.world.prog.types.type_param(*p).index;
                format!("{}{index}", if self.own.contains(p) { "%" } else { "$" })
            }
            Type::Pointer(e) => format!("*{}", self.ty(*e)),
            Type::Slice(e) => format!("[]{}", self.ty(*e)),
            Type::Array(e, n) => format!("[{n}]{}", self.ty(*e)),
            Type::Map(k, e) => format!("map[{}]{}", self.ty(*k), self.ty(*e)),
            Type::Chan(dir, e) => {
                let word = match dir {
                    ChanDir::Both => "chan",
                    ChanDir::Send => "chan<-",
                    ChanDir::Recv => "<-chan",
                };
                format!("{word} ({})", self.ty(*e))
            }
            Type::Func(s) => format!("func{}", self.signature(s)),
            Type::Struct(fields) => {
                let parts = fields.iter().map(|f| format!("{} {}", self.text(f.name), self.ty(f.ty)));
                format!("struct{{{}}}", parts.collect::<Vec<_>>().join("; "))
            }
            Type::Interface(i) => {
                let method = |m: &gol_types::types::Method| match self.get(m.ty) {
                    Type::Func(s) => format!("{}{}", self.text(m.name), self.signature(s)),
                    _ => unreachable!("a method has a function type"),
                };
                let mut parts: Vec<String> = i.methods.iter().map(method).collect();
                parts.sort();
                match &i.terms {
                    Some(terms) => parts.push(self.terms(terms)),
                    None if i.comparable => parts.push("comparable".into()),
                    None => {}
                }
                format!("interface{{{}}}", parts.join("; "))
            }
            Type::Union(terms) => self.terms(terms),
            Type::Tuple(_) => unreachable!("not the type of a declaration"),
        }
    }

    fn named(&mut self, id: NamedId) -> String {
        if self.hidden(id) {
            return "·".into();
        }
        let n = self.world.prog.types.named(id);
        let mut text = self.text(n.name).to_string();
        if n.pkg != PkgId::NONE && n.pkg != self.pkg {
            text = format!("{}.{text}", self.world.prog.package(n.pkg).path);
        }
        if !n.targs.is_empty() {
            let args = n.targs.iter().map(|&t| self.ty(t));
            text += &format!("[{}]", args.collect::<Vec<_>>().join(", "));
        }
        text
    }
}

fn value(v: &Constant) -> String {
    match v.kind() {
        constant::Kind::Bool => v.as_bool().unwrap_or_default().to_string(),
        constant::Kind::String => {
            let byte = |&b: &u8| match b {
                b'\\' => "\\x5c".into(),
                b' '..=b'~' => char::from(b).to_string(),
                _ => format!("\\x{b:02x}"),
            };
            v.as_bytes().unwrap_or_default().iter().map(byte).collect()
        }
        constant::Kind::Int => v.as_big().map(|n| n.to_string()).unwrap_or_default(),
        constant::Kind::Float => format!("bits {:016x}", v.to_f64().to_bits()),
        _ => "?".into(),
    }
}
