//! How the released binary is linked on Linux: with glibc in it, for addresses that are known then. A start needs no dynamic
//! linker and has nothing to relocate, which is a quarter of its memory. Decision 0010 has the figures.
//!
//! The feature `crt-static` would say the same, but as a flag of all crates it reaches procedural macros too, which cannot be
//! linked so. Therefore each library that std asks for is found first in a folder of ours, where it is a linker script that
//! names its archive. A system without these archives gets an ordinary binary.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What std links with, and where that is when it is not shared.
const LIBRARIES: [(&str, &str); 3] = [("libc.so", "libc.a"), ("libm.so", "libm.a"), ("libgcc_s.so", "libgcc_eh.a")];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let var = |key: &str| env::var(key).unwrap_or_default();
    let target = |key: &str| var(&format!("CARGO_CFG_TARGET_{key}"));
    let usual = target("OS") == "linux" && target("ENV") == "gnu" && target("ARCH") == "x86_64";
    if !usual || var("HOST") != var("TARGET") || var("PROFILE") != "release" || !var("RUSTC_LINKER").is_empty() {
        return;
    }
    let out = PathBuf::from(var("OUT_DIR"));
    if scripts(&out).is_some() {
        println!("cargo::rustc-link-search=native={}", out.display());
        println!("cargo::rustc-link-arg-bins=-static");
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}

/// Writes the linker scripts; `None` if an archive is not there.
fn scripts(out: &Path) -> Option<()> {
    let archives = LIBRARIES.map(|(shared, archive)| Some((shared, find(archive)?)));
    for found in archives {
        let (shared, archive) = found?;
        fs::write(out.join(shared), format!("INPUT({})\n", archive.display())).ok()?;
    }
    Some(())
}

/// Where the C compiler, which is the linker, has a library; it gives a bare name back if it has none.
fn find(library: &str) -> Option<PathBuf> {
    let said = Command::new("cc").arg(format!("-print-file-name={library}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(said.stdout).ok()?.trim());
    path.is_absolute().then_some(path)
}
