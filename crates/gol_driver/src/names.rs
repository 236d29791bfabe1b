//! What a session knows about names, for completion, hints and documentation.

use crate::doc;
use crate::session::Front;
use crate::stdlib;
use gol_source::Span;
use gol_types::types::{Type, TypeId};
use gol_types::{Mode, ObjId, ObjKind, PkgId};

/// Go's keywords.
const KEYWORDS: &[&str] = &[
    "break",
    "case",
    "chan",
    "const",
    "continue",
    "default",
    "defer",
    "else",
    "fallthrough",
    "for",
    "func",
    "go",
    "goto",
    "if",
    "import",
    "interface",
    "map",
    "package",
    "range",
    "return",
    "select",
    "struct",
    "switch",
    "type",
    "var",
];

/// How deep embedded fields are followed.
const DEPTH: usize = 4;

impl Front<'_> {
    /// All names that may begin an operand or a statement.
    pub fn names(&self) -> Vec<String> {
        let text = |o: &ObjId| self.loader.ast.text(self.types.objects[*o].name).to_string();
        let mut all: Vec<String> =
            self.types.session_objects().iter().chain(&self.types.predeclared()).map(text).collect();
        all.extend(KEYWORDS.iter().map(|k| k.to_string()));
        let last = |p: &str| p.rsplit('/').next().unwrap_or(p).to_string();
        let internal = |p: &&str| p.split('/').any(|e| e == "internal" || e == "v2");
        all.extend(stdlib::paths().into_iter().filter(|p| !internal(p)).map(last));
        all
    }

    /// The package that a name stands for, if it does; it is imported.
    fn package_of(&mut self, name: &str) -> Option<PkgId> {
        self.import_named(name);
        let name = self.loader.ast.names.lookup(name)?;
        let pkg = self.types.session_package()?;
        let obj = self.types.lookup(pkg, name)?;
        match self.types.objects[obj].kind {
            ObjKind::PkgName(pkg) => Some(pkg),
            _ => None,
        }
    }

    /// What may follow an operand and a dot: the exported names of a package, the fields and methods of a value.
    pub fn members(&mut self, operand: &str) -> Vec<String> {
        if let Some(pkg) = self.package_of(operand) {
            let scope = self.types.scope(self.types.package(pkg).scope);
            let names = scope.objects().iter().map(|o| self.loader.ast.text(self.types.objects[*o].name));
            return names.filter(|n| n.starts_with(char::is_uppercase)).map(str::to_string).collect();
        }
        let mut all = Vec::new();
        if let Some((_, ty)) = self.operand_type(operand) {
            self.members_of(ty, DEPTH, &mut all);
        }
        all
    }

    fn members_of(&mut self, ty: TypeId, depth: usize, all: &mut Vec<String>) {
        let own = self.types.session_package();
        let base = match *self.types.types.under(ty) {
            Type::Pointer(e) => e,
            _ => ty,
        };
        if let Type::Named(id) = *self.types.types.get(base.canonical()) {
            let named = self.types.types.named(id);
            let (pkg, id) = (named.pkg, named.origin.unwrap_or(id));
            for &m in &self.types.types.named(id).methods {
                let name = self.loader.ast.text(self.types.objects[m].name);
                if Some(pkg) == own || name.starts_with(char::is_uppercase) {
                    all.push(name.to_string());
                }
            }
        }
        match self.types.types.under(base).clone() {
            Type::Struct(fields) => {
                for f in fields {
                    let name = self.loader.ast.text(f.name);
                    if Some(f.pkg) == own || name.starts_with(char::is_uppercase) {
                        all.push(name.to_string());
                    }
                    if f.embedded && depth > 0 {
                        self.members_of(f.ty, depth - 1, all);
                    }
                }
            }
            Type::Interface(i) => all.extend(i.methods.iter().map(|m| self.loader.ast.text(m.name).to_string())),
            _ => {}
        }
    }

    /// The type of an operand, which is not evaluated.
    fn operand_type(&mut self, operand: &str) -> Option<(Mode, TypeId)> {
        if operand.is_empty() {
            return None;
        }
        self.import_by_use(operand);
        let id = self.loader.map.add("operand", operand.to_string())?;
        let (x, found) = gol_syntax::parse_expr(&self.loader.map, id, &self.loader.ast);
        if !found.is_empty() {
            return None;
        }
        self.types.session_type(&self.loader.ast, &self.loader.map, x)
    }

    /// The type of a function, as a signature.
    pub fn signature(&mut self, callee: &str) -> Option<String> {
        let (mode, ty) = self.operand_type(callee)?;
        if mode == Mode::TypeExpr || !matches!(self.types.types.under(ty), Type::Func(_)) {
            return None;
        }
        let here = self.types.session_package()?;
        Some(self.types.type_in_message(&self.loader.ast.names, here, ty))
    }

    /// The declaration and comment of what a name stands for: one of the session, or what [`doc::doc`] knows. The error says
    /// that there is no such thing.
    pub fn doc(&mut self, name: &str) -> Result<String, String> {
        let (first, method) = match name.split_once('.') {
            Some((first, method)) => (first, Some(method)),
            None => (name, None),
        };
        let own = self.types.session_package().zip(self.loader.ast.names.lookup(first));
        let own = own.and_then(|(pkg, name)| self.types.lookup(pkg, name));
        let own = own.and_then(|obj| self.object_doc(obj, method));
        own.map_or_else(|| doc::doc(self.loader.library, name), Ok)
    }

    fn object_doc(&mut self, obj: ObjId, method: Option<&str>) -> Option<String> {
        let _ = self.types.check_object(&self.loader.ast, &self.loader.map, obj);
        let Some(method) = method else { return self.declared_at(self.types.objects[obj].span) };
        let ty = self.types.objects[obj].ty;
        let base = match *self.types.types.under(ty) {
            Type::Pointer(e) => e,
            _ => ty,
        };
        let Type::Named(id) = *self.types.types.get(base.canonical()) else { return None };
        let methods = self.types.types.named(id).methods.clone();
        let found = methods.into_iter().find(|m| self.loader.ast.text(self.types.objects[*m].name) == method)?;
        self.declared_at(self.types.objects[found].span)
    }

    /// The declaration around a name, without bodies of functions, and the comment above it.
    fn declared_at(&self, name: Span) -> Option<String> {
        let place = self.loader.map.position(name.lo)?;
        let text = &self.loader.map.file(place.file).text;
        let lines: Vec<&str> = text.lines().collect();
        let at = place.line as usize - 1;
        let first = lines.get(at)?;
        let mut shown = String::new();
        if first.trim_start().starts_with("func") {
            shown = first.trim().trim_end_matches('{').trim_end().to_string();
        } else {
            let mut depth = 0i32;
            for l in lines.iter().skip(at).take(60) {
                shown.push_str(l);
                shown.push('\n');
                let opens = l.matches(['{', '(']).count() as i32;
                depth += opens - l.matches(['}', ')']).count() as i32;
                if depth <= 0 {
                    break;
                }
            }
        }
        let comment: String = comment_above(text, at).lines().map(|l| format!("    {l}\n")).collect();
        Some(format!("{}\n{comment}", shown.trim_end()))
    }
}

/// The comment that ends right above line `at`, without its slashes.
fn comment_above(text: &str, at: usize) -> String {
    let lines: Vec<&str> = text.lines().take(at).collect();
    let is_comment = |l: &&&str| l.trim_start().starts_with("//");
    let n = lines.iter().rev().take_while(is_comment).count();
    let strip = |l: &&str| {
        let l = l.trim_start().trim_start_matches("//");
        format!("{}\n", l.strip_prefix(' ').unwrap_or(l))
    };
    lines[at - n..].iter().map(strip).collect()
}
