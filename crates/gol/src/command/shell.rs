//! What shells, packagers and bug reports ask for: completions, the man page, the version.

use super::{fail, print};
use crate::cli;
use clap_complete::Shell;
use std::process::ExitCode;

/// `gol completions SHELL`.
pub(super) fn completions(shell: Shell) -> ExitCode {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut cli::definition(), "gol", &mut out);
    print(&String::from_utf8_lossy(&out))
}

/// `gol man`.
pub(super) fn man() -> ExitCode {
    let mut out = Vec::new();
    match clap_mangen::Man::new(cli::definition()).render(&mut out) {
        Ok(()) => print(&String::from_utf8_lossy(&out)),
        Err(e) => fail(&format!("man page: {e}")),
    }
}

/// `gol version`: as `go version` has it.
pub(super) fn version() -> ExitCode {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let arch = match arch {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    print(&format!("gol version gol{} {os}/{arch}\n", env!("CARGO_PKG_VERSION")))
}
