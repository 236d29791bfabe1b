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
