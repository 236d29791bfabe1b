//! A program that grows: the entries of a REPL, each compiled against all before it.
//!
//! What was compiled stays; numbers never change. An entry comes to an [`Addition`] whose entry function initializes what
//! it is the first to reach, then runs the entry's own statements. An entry that cannot be compiled leaves nothing that
//! could run.

use std::collections::HashSet;
use std::rc::Rc;

use gol_bytecode::{Addition, FuncId, MethodDesc, Op, TypeRef};
use gol_source::{Diagnostic, Severity, SourceMap, Span};
use gol_syntax::ast::{Ast, ExprId};
use gol_types::types::TypeId;
use gol_types::{Entry, InitStep, Last, ObjId, PkgId};

use crate::call::{Callee, Prepared};
use crate::captures::Analysis;
use crate::func::{FuncGen, Want};
use crate::program::{Kept, Session, Work};

/// The compiler of a session.
pub struct Compiler {
    kept: Option<Kept>,
    sent: Sent,
    /// Steps of initialization that are compiled, by their right sides.
    done: HashSet<ExprId>,
    /// How many packages there were.
    packages: usize,
}

/// How much of each table the VM has.
#[derive(Clone, Copy, Default)]
struct Sent {
    funcs: usize,
    types: usize,
    methods: usize,
    strings: usize,
    natives: usize,
    files: usize,
    /// Live types, called methods, entries for methods: what tables of methods follow from.
    live: (usize, usize, usize),
}

impl Default for Compiler {
    fn default() -> Self {
        Compiler::new()
    }
}

impl Compiler {
    /// Nothing is compiled yet.
    pub fn new() -> Compiler {
        Compiler { kept: Some(Kept::new()), sent: Sent::default(), done: HashSet::new(), packages: 0 }
    }

    /// Compiles an entry. `show` is the function that is called with the type's text, whether more values follow, and the
    /// value, for each value of the expression at the end; `None`: they are kept but not shown.
    pub fn entry(
        &mut self,
        ast: &Ast,
        map: &SourceMap,
        program: &mut gol_types::Program,
        entry: &Entry,
        show: Option<ObjId>,
    ) -> Result<Addition, Vec<Diagnostic>> {
        let kept = self.kept.take().unwrap_or_else(Kept::new);
        let mut s = Session::new(ast, map, program, kept);
        let first = s.out.funcs.len();
        let mut steps = Vec::new();
        let main = self.run(&mut s, entry, show, &mut steps);
        let forwards = entry.replaced.iter().filter_map(|&(old, new)| Some((s.reached(old)?, s.reached(new)?)));
        let forwards = forwards.collect();
        let found = std::mem::take(&mut s.diagnostics);
        if found.iter().any(|d| d.severity == Severity::Error) {
            for (pkg, step) in steps {
                self.done.remove(&step.rhs);
                s.unsettled.insert(pkg);
            }
            for (old, _) in &entry.replaced {
                s.kept.replaced.remove(old);
            }
            s.kept.forget_from(first);
            self.kept = Some(s.kept);
            return Err(found);
        }
        self.packages = s.tp.packages().count();
        let mut addition = self.addition(&mut s);
        addition.entry = Some(main);
        addition.forwards = forwards;
        self.kept = Some(s.kept);
        Ok(addition)
    }

    /// The function with this number, for a listing.
    pub fn function(&self, id: FuncId) -> Option<&gol_bytecode::Function> {
        self.kept.as_ref()?.out.funcs.get(id.0 as usize)
    }

    /// The compiled functions with this name, newest first.
    pub fn functions_named(&self, name: &str) -> Vec<&gol_bytecode::Function> {
        let all = self.kept.iter().flat_map(|k| k.out.funcs.iter().rev());
        all.filter(|f| f.name == name).collect()
    }

    /// The tables, to list a function by.
    pub fn program(&self) -> Option<&gol_bytecode::Program> {
        self.kept.as_ref().map(|k| &k.out)
    }

    /// Compiles everything that the entry is the first to reach; gives the function to run.
    fn run(
        &mut self,
        s: &mut Session<'_>,
        entry: &Entry,
        show: Option<ObjId>,
        steps: &mut Vec<(PkgId, InitStep)>,
    ) -> FuncId {
        if self.packages == 0 {
            s.reach_runtime();
        }
        if entry.methods_changed {
            s.method_sets.clear();
            s.paired = (0, 0);
        }
        for &(old, new) in &entry.replaced {
            s.kept.replaced.insert(old, new);
            if s.reached(old).is_some() {
                s.declared(new);
            }
        }
        let own = s.tp.session_package();
        let packages: Vec<PkgId> = s.tp.packages().map(|(id, _)| id).filter(|p| Some(*p) != own).collect();
        let mut inits: Vec<(PkgId, FuncId)> = Vec::new();
        let known = self.packages;
        for &pkg in packages.iter().filter(|p| p.0 as usize >= known) {
            s.unsettled.insert(pkg);
            for obj in s.tp.package(pkg).inits.clone() {
                inits.push((pkg, s.declared(obj)));
            }
        }
        let mut own_calls = Vec::new();
        for step in &entry.steps {
            let id = s.new_func("main.init".into(), 0, 0, false);
            s.enqueue(id, Work::Init(step.clone()));
            own_calls.push(id);
        }
        for &obj in &entry.inits {
            own_calls.push(s.declared(obj));
        }
        own_calls.push(body(s, entry, show));
        // Steps reach functions, functions reach variables, variables have steps.
        let mut compiled: Vec<(PkgId, ExprId, FuncId)> = Vec::new();
        loop {
            s.drain();
            let open = std::mem::take(&mut s.unsettled);
            if open.is_empty() {
                break;
            }
            for pkg in open.into_iter().filter(|p| Some(*p) != own) {
                for step in s.tp.init_order(pkg) {
                    if !self.done.insert(step.rhs) {
                        continue;
                    }
                    let id = s.new_func(format!("{}.init", s.pkg_path(pkg)), 0, 0, false);
                    s.enqueue(id, Work::Init(step.clone()));
                    compiled.push((pkg, step.rhs, id));
                    steps.push((pkg, step));
                }
            }
        }
        let mut calls = Vec::new();
        for &pkg in &packages {
            if compiled.iter().any(|c| c.0 == pkg) {
                for step in s.tp.init_order(pkg) {
                    calls.extend(compiled.iter().find(|c| c.1 == step.rhs).map(|c| c.2));
                }
            }
            calls.extend(inits.iter().filter(|i| i.0 == pkg).map(|i| i.1));
        }
        calls.extend(own_calls);
        let id = s.new_func("runtime.main".into(), 0, 0, false);
        let mut g = FuncGen::new(s, String::new(), Rc::default(), None, Span::NONE);
        let at = g.window(0);
        for f in calls {
            g.emit_call(Prepared { callee: Callee::Func(f), at, nargs: 0 });
        }
        g.ret(0, 0);
        g.finish(id);
        id
    }

    /// What the VM does not have yet.
    fn addition(&mut self, s: &mut Session<'_>) -> Addition {
        s.find_reflect_value();
        let described = self.describe(s);
        let pointers = s.link_pointers_from(self.sent.types);
        let sent = &mut self.sent;
        let files = s.file_names().split_off(sent.files);
        let out = &s.kept.out;
        debug_assert_eq!(gol_bytecode::verify::program(out), Ok(()));
        let addition = Addition {
            funcs: out.funcs[sent.funcs..].to_vec(),
            types: out.types[sent.types..].to_vec(),
            methods: out.methods[sent.methods..].to_vec(),
            strings: out.strings[sent.strings..].to_vec(),
            natives: out.natives[sent.natives..].to_vec(),
            files,
            globals_size: out.globals_size,
            globals_ptr_words: out.globals_ptr_words.clone(),
            entry: None,
            well_known: out.well_known.clone(),
            described,
            pointers,
            forwards: Vec::new(),
        };
        sent.funcs = out.funcs.len();
        sent.types = out.types.len();
        sent.methods = out.methods.len();
        sent.strings = out.strings.len();
        sent.natives = out.natives.len();
        sent.files += addition.files.len();
        addition
    }

    /// Brings the tables of methods up to date; gives those of types that the VM has already.
    fn describe(&mut self, s: &mut Session<'_>) -> Vec<(TypeRef, Vec<MethodDesc>)> {
        let now = (s.live.len(), s.called.len(), s.entries.len());
        if now == self.sent.live && !s.method_sets.is_empty() {
            return Vec::new();
        }
        self.sent.live = now;
        let before: Vec<_> = s.out.types[..self.sent.types].iter().map(|t| t.methods.clone()).collect();
        s.describe_methods();
        let all = before.into_iter().enumerate();
        all.filter_map(|(i, old)| {
            let new = &s.out.types[i].methods;
            (*new != old).then(|| (TypeRef(i as u32), new.clone()))
        })
        .collect()
    }
}

/// The function of the statements and of the expression at the end.
fn body(s: &mut Session<'_>, entry: &Entry, show: Option<ObjId>) -> FuncId {
    let id = s.new_func("main.main".into(), 0, 0, false);
    let last = match &entry.last {
        Last::Call(x) => Some(*x),
        Last::Values(step) => Some(step.rhs),
        _ => None,
    };
    let span = entry.body.span;
    let analysis = Rc::new(Analysis::of_entry(s.ast, s.tp, span, &entry.body, last));
    let show = show.map(|f| s.declared(f));
    let mut g = FuncGen::new(s, "main.main".into(), analysis, None, span);
    g.asm.set_pos(span.lo);
    g.stmts(&entry.body.stmts);
    match &entry.last {
        Last::Call(x) => {
            g.asm.set_pos(g.s.ast[*x].span.lo);
            g.effects(*x);
        }
        Last::Values(step) => {
            g.asm.set_pos(g.s.ast[step.rhs].span.lo);
            g.init_targets(step);
            if let Some(show) = show {
                g.show(step, show);
            }
        }
        _ => {}
    }
    g.finish_body(span.hi);
    g.recovery();
    g.finish(id);
    id
}

impl FuncGen<'_, '_> {
    /// Hands the values that a step has set to the session.
    fn show(&mut self, step: &InitStep, show: FuncId) {
        for (i, &obj) in step.lhs.iter().enumerate() {
            let m = self.regs.mark();
            let ty = self.s.tp.objects[obj].ty;
            let text = self.s.tp.type_in_session(&self.s.ast.names, ty);
            let text = self.s.string(text.as_bytes());
            let at = self.window(5);
            let place = self.var_place(obj);
            let value = self.load(place, ty, Want::Any);
            self.value_as(value, ty, TypeId::EMPTY_INTERFACE, Want::Fresh(at + 3));
            self.asm.wide(Op::LoadStr, at, text.0);
            self.load_int(at + 2, (i + 1 < step.lhs.len()) as i64);
            self.emit_call(Prepared { callee: Callee::Func(show), at, nargs: 5 });
            self.regs.free(m);
        }
    }
}
