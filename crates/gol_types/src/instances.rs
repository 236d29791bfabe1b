//! Instances of generic functions, and of the methods of generic types.
//!
//! An instance is an object of its own, with a type without type parameters, so that whoever uses it need not know of
//! them. The tables of [`crate::info::Info`] hold one set of facts a node: those about the body of a generic function are
//! valid for one instance at a time, from [`Program::check_instance`] until the next call of it.

use rustc_hash::FxHashMap;

use gol_source::SourceMap;
use gol_syntax::ast::Ast;

use crate::check::Checker;
use crate::objects::{ObjId, ObjKind, Object, Receiver};
use crate::package::Program;
use crate::types::{NamedId, TypeId};

/// What an instance is made of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Instance {
    /// The generic function, or the declared method.
    pub origin: ObjId,
    /// The instance of a generic type whose method it is.
    pub recv: Option<NamedId>,
    /// Type arguments of the function or method itself.
    pub targs: Vec<TypeId>,
}

/// All instances of a program.
#[derive(Default)]
pub(crate) struct Instances {
    objects: FxHashMap<Instance, ObjId>,
    made_of: FxHashMap<ObjId, Instance>,
}

impl Program {
    /// What an object is an instance of; `None`: it is none.
    pub fn instance(&self, obj: ObjId) -> Option<&Instance> {
        self.instances.made_of.get(&obj)
    }

    /// The declared function or method that an object is, or is an instance of.
    pub fn origin(&self, obj: ObjId) -> ObjId {
        self.instance(obj).map_or(obj, |i| i.origin)
    }

    /// The object of an instance whose type is `ty`.
    pub(crate) fn make_instance(&mut self, instance: Instance, ty: TypeId) -> ObjId {
        if let Some(&obj) = self.instances.objects.get(&instance) {
            return obj;
        }
        let origin = self.objects[instance.origin].clone();
        let mut object = Object { ty, ..origin };
        if let (ObjKind::Func { recv: Some(Receiver { base, .. }), .. }, Some(id)) = (&mut object.kind, instance.recv) {
            *base = Some(id);
        }
        let obj = self.objects.add(object);
        self.instances.objects.insert(instance.clone(), obj);
        self.instances.made_of.insert(obj, instance);
        obj
    }

    /// The methods of a declared type in source order; those of an instance of a generic type as instances.
    pub fn methods_of(&mut self, ast: &Ast, map: &SourceMap, id: NamedId) -> Vec<ObjId> {
        let named = self.types.named(id);
        let Some(origin) = named.origin else { return named.methods.clone() };
        let (methods, pkg) = (self.types.named(origin).methods.clone(), named.pkg);
        let mut c = Checker::new(ast, map, self, pkg);
        methods.into_iter().map(|m| c.instance_method(id, m)).collect()
    }

    /// Checks the body of a generic function or method once more, with type arguments for type parameters. What is
    /// wrong with the body was reported before. Until the next call the facts about the body are those of the instance.
    pub fn check_instance(&mut self, ast: &Ast, map: &SourceMap, obj: ObjId) {
        let Some(instance) = self.instance(obj).cloned() else { return };
        let pkg = self.objects[obj].pkg;
        Checker::new(ast, map, self, pkg).instance_body(&instance);
    }
}
