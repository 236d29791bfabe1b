//! The standard library inside the binary.

include!(concat!(env!("OUT_DIR"), "/stdlib_files.rs"));

/// The files of the package with this import path, as (name, text); empty if there is no such package.
pub(crate) fn package(path: &str) -> &'static [(&'static str, &'static str, &'static str)] {
    let lo = FILES.partition_point(|f| f.0 < path);
    let hi = FILES.partition_point(|f| f.0 <= path);
    &FILES[lo..hi]
}

/// The import paths of all packages, sorted.
pub fn paths() -> Vec<&'static str> {
    let mut all: Vec<_> = FILES.iter().map(|f| f.0).collect();
    all.dedup();
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use gol_source::SourceMap;
    use gol_syntax::ast::{Ast, Decl};
    use std::collections::BTreeSet;

    /// The full names of all functions without a body.
    fn bodyless() -> BTreeSet<String> {
        let (mut map, mut ast) = (SourceMap::new(), Ast::new());
        let mut all = BTreeSet::new();
        for (dir, name, text) in FILES {
            let id = map.add(format!("{dir}/{name}"), text.to_string()).expect("the library is small");
            let (file, found) = gol_syntax::parse_file(&map, id, &mut ast);
            assert!(found.is_empty(), "{dir}/{name}: {}", found[0].message);
            for d in file.decls {
                if let Decl::Func(f) = &ast[d].kind
                    && f.body.is_none()
                {
                    assert!(f.recv.is_none(), "{dir}: method {} has no body", ast.text(f.name.name));
                    all.insert(format!("{dir}.{}", ast.text(f.name.name)));
                }
            }
        }
        all
    }

    #[test]
    fn every_function_without_a_body_has_a_native_and_every_native_its_function() {
        let declared = bodyless();
        let bound: BTreeSet<String> = gol_natives::names().collect();
        let missing: Vec<_> = declared.difference(&bound).collect();
        assert!(missing.is_empty(), "no native for {missing:?}");
        let dead: Vec<_> = bound.difference(&declared).collect();
        assert!(dead.is_empty(), "no function for native {dead:?}");
    }
}
