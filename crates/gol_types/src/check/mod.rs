//! The checker: one value, split over files as in Go's own (`stmt expr call builtins decl resolver initorder lookup
//! conversions assignments labels returns`).
//!
//! A [`Checker`] lives for one call of [`Program::check_package`] or [`Program::check_body`]; what lasts is in the
//! [`Program`]. Rules kept here: every expression is recorded once with its final type; after one error in an
//! expression its users stay silent (operands of mode [`Mode::Invalid`], types [`TypeId::INVALID`]); function bodies
//! wait in a queue until all declarations around them are known.

mod api;
mod assignments;
mod builtins;
mod call;
mod chandir;
mod composite;
mod conversions;
mod cycles;
mod decl;
mod entry;
mod errors;
mod expr;
mod hints;
mod index;
mod infer;
mod initorder;
mod instantiate;
mod labels;
mod library;
mod literals;
mod lookup;
mod operand;
mod operators;
mod range;
mod resolver;
mod returns;
mod scope;
mod selector;
mod signature;
mod sizes;
mod stmt;
mod switch;
mod typeparam;
mod typeset;
mod typexpr;
mod unify;
mod untyped;

pub(crate) use library::Unparsed;
pub use resolver::valid_path;

use rustc_hash::{FxHashMap, FxHashSet};
use std::rc::Rc;

use gol_source::{Diagnostic, SourceMap, Span, Symbol};
use gol_syntax::ast::{Ast, Block, ExprId};

pub(crate) use lookup::Lookup;
pub(crate) use operand::Operand;
use untyped::Untyped;

use crate::constant::Constant;
use crate::info::{Mode, TypeAndValue};
use crate::objects::{DeclInfoId, ObjId, PkgId, ScopeId};
use crate::package::Program;
use crate::types::{NamedId, TypeId, TypeParamId};

/// Work that waits until the declarations around it are known.
pub(crate) type Action = Box<dyn FnOnce(&mut Checker<'_>)>;

/// The surroundings of what is being checked; saved and restored around declarations and function bodies.
#[derive(Clone, Debug)]
pub(crate) struct Env {
    /// The innermost scope.
    pub(crate) scope: ScopeId,
    /// The package-level declaration that is being checked: it collects dependencies.
    pub(crate) decl: Option<DeclInfoId>,
    /// The value of `iota`, in a constant declaration.
    pub(crate) iota: Option<Constant>,
    /// Where errors of an inherited constant initializer are reported: the constant's name.
    pub(crate) err_span: Option<Span>,
    /// The type of the function whose body is being checked.
    pub(crate) sig: Option<TypeId>,
    /// The expression of that type, for the results as they are written.
    pub(crate) sig_expr: Option<ExprId>,
    /// The named results of that function.
    pub(crate) results: Vec<ObjId>,
    /// Calls of the built-in `panic`, for the rule about terminating statements.
    pub(crate) panics: FxHashSet<ExprId>,
    /// The body's variables so far, but for parameters and results: those that stay unused are reported.
    pub(crate) locals: Vec<ObjId>,
    /// The type arguments of the instance whose body is being checked.
    pub(crate) instance: Option<Rc<[TypeId]>>,
    /// The variable or type that is being declared, where types that are too large are reported.
    pub(crate) naming: Option<Span>,
    /// The expression has a call or receive, so that `len` of it is not constant.
    pub(crate) has_call_or_recv: bool,
}

impl Env {
    /// The surroundings of a package-level declaration in the file with this scope.
    pub(crate) fn new(scope: ScopeId) -> Env {
        Env {
            scope,
            decl: None,
            iota: None,
            err_span: None,
            sig: None,
            sig_expr: None,
            results: Vec::new(),
            panics: FxHashSet::default(),
            locals: Vec::new(),
            instance: None,
            naming: None,
            has_call_or_recv: false,
        }
    }
}

/// A function type with the scope in which its parameters are declared: the scope of the body.
#[derive(Clone, Debug)]
pub(crate) struct FuncScope {
    /// A [`crate::types::Type::Func`].
    pub(crate) sig: TypeId,
    /// The expression that it comes from.
    pub(crate) expr: ExprId,
    /// The scope; its parent is the scope around the function.
    pub(crate) scope: ScopeId,
    /// The named results (blank ones included); empty when results are unnamed.
    pub(crate) results: Vec<ObjId>,
}

/// The state of checking one package.
pub(crate) struct Checker<'a> {
    /// The tree.
    pub(crate) ast: &'a Ast,
    /// The text, for positions.
    pub(crate) map: &'a SourceMap,
    /// Everything that lasts.
    pub(crate) prog: &'a mut Program,
    /// The package that is being checked.
    pub(crate) pkg: PkgId,
    /// The surroundings.
    pub(crate) env: Env,
    /// Untyped expressions whose final types are not known yet.
    pub(crate) untyped: FxHashMap<ExprId, Untyped>,
    /// The initializers of channel variables without a written type, to find what made them one-way.
    pub(crate) origins: FxHashMap<ObjId, ExprId>,
    /// A type that the context asks for, for the next expression that is checked.
    pub(crate) target: Option<instantiate::Target>,
    /// The declared type parameters that others stand for: those of receivers, and of methods of instances.
    pub(crate) canon: FxHashMap<TypeParamId, TypeParamId>,
    /// Uses of type parameters in type arguments.
    pub(crate) mono: Vec<typeparam::MonoEdge>,
    /// How deeply the current expression or statement is nested.
    pub(crate) depth: u32,
    /// Queued work with its package; done work leaves a gap until its range is through.
    later: Vec<Option<(PkgId, Action)>>,
    /// The objects that are being resolved, outermost first.
    obj_path: Vec<ObjId>,
    /// Aliases whose right sides are looked at before their turn.
    ahead: Vec<ObjId>,
    /// Declared types whose underlying types are put off.
    pending: Vec<decl::Pending>,
    /// Those of them that are being worked out, each with the `literal_depth` around it.
    resolving: Vec<(NamedId, u32)>,
    /// How many interface literals are around the one that is being looked at, inside of a declared one.
    literal_depth: u32,
    /// Sizes of types that were looked at for being too large.
    sizes: FxHashMap<TypeId, (u64, u64)>,
    diagnostics: Vec<Diagnostic>,
    /// What is only worth telling when all else is right, as in Go, where later phases find it.
    late: Vec<Diagnostic>,
}

impl<'a> Checker<'a> {
    /// A checker for package `pkg`.
    pub(crate) fn new(ast: &'a Ast, map: &'a SourceMap, prog: &'a mut Program, pkg: PkgId) -> Checker<'a> {
        let env = Env::new(prog.package(pkg).scope);
        Checker {
            ast,
            map,
            prog,
            pkg,
            env,
            untyped: FxHashMap::default(),
            origins: FxHashMap::default(),
            target: None,
            canon: FxHashMap::default(),
            mono: Vec::new(),
            depth: 0,
            later: Vec::new(),
            obj_path: Vec::new(),
            ahead: Vec::new(),
            pending: Vec::new(),
            resolving: Vec::new(),
            literal_depth: 0,
            sizes: FxHashMap::default(),
            diagnostics: Vec::new(),
            late: Vec::new(),
        }
    }

    /// Queues work until the declarations around it are known.
    pub(crate) fn later(&mut self, action: impl FnOnce(&mut Checker<'_>) + 'static) {
        self.later.push(Some((self.pkg, Box::new(action))));
    }

    /// How much work is queued, for [`Checker::process_later_from`].
    pub(crate) fn later_len(&self) -> usize {
        self.later.len()
    }

    /// Does the work that was queued since [`Checker::later_len`] gave `start`, and what it queues.
    pub(crate) fn process_later_from(&mut self, start: usize) {
        let mut at = start;
        while at < self.later.len() {
            if let Some((pkg, action)) = self.later[at].take() {
                let outer = std::mem::replace(&mut self.pkg, pkg);
                action(self);
                self.pkg = outer;
            }
            at += 1;
        }
        self.later.truncate(start);
    }

    /// Does all queued work.
    pub(crate) fn process_later(&mut self) {
        self.process_later_from(0);
    }

    /// The text of a name.
    pub(crate) fn text(&self, name: Symbol) -> &'a str {
        self.ast.text(name)
    }

    /// The span of an expression.
    pub(crate) fn span(&self, x: ExprId) -> Span {
        self.ast[x].span
    }

    /// Checks a function's body in the scope of its parameters. `decl` is the package-level declaration around it;
    /// `iota` is set for a function literal in a constant declaration.
    pub(crate) fn func_body(
        &mut self,
        decl: Option<DeclInfoId>,
        func: &FuncScope,
        body: &Block,
        iota: Option<Constant>,
    ) {
        let mut env = Env::new(func.scope);
        env.decl = decl;
        env.iota = iota;
        env.sig = Some(func.sig);
        env.sig_expr = Some(func.expr);
        env.results = func.results.clone();
        env.instance = self.env.instance.clone();
        let outer = std::mem::replace(&mut self.env, env);
        self.body_stmts(func, body);
        self.env = outer;
    }

    /// Records a type expression.
    pub(crate) fn record_type(&mut self, x: ExprId, ty: TypeId) {
        self.prog.info.record(x, TypeAndValue { mode: Mode::TypeExpr, ty, value: None });
    }
}
