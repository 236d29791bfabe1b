//! Rust bodies of the standard library's body-less functions, one module an import path.
//!
//! A function is found by its full name, `strings.IndexByte`; each module has a table of its own. Bodies get safe
//! views only (`gol_vm::Native`); what cannot be said through them does not belong here.
#![forbid(unsafe_code)]

mod atomic;
mod big;
mod bytes;
mod debug;
mod digest;
mod errno;
mod flate;
mod hash;
mod http;
mod json;
mod keccak;
mod keypair;
mod math;
mod os;
mod png;
mod rand;
mod reflect;
mod reflectlite;
mod regexp;
mod repl;
mod runtime;
mod signal;
mod socket;
mod sort;
mod strconv;
mod strings;
mod suffixes;
mod sync;
mod text;
mod time;
mod tls;
mod utf8;
mod weak;

pub use os::raise_file_limit;

use gol_vm::NativeFn;

/// The native with this full name.
pub fn find(name: &str) -> Option<NativeFn> {
    let (path, function) = name.rsplit_once('.')?;
    let table = TABLES.iter().find(|t| t.0 == path)?.1;
    table.iter().find(|f| f.0 == function).map(|f| f.1)
}

/// The full names of all natives.
pub fn names() -> impl Iterator<Item = String> {
    TABLES.iter().flat_map(|(path, table)| table.iter().map(move |f| format!("{path}.{}", f.0)))
}

/// Natives of one package: name and body.
type Table = &'static [(&'static str, NativeFn)];

/// All packages with natives.
const TABLES: &[(&str, Table)] = &[
    ("bufio", &[("indexByte", bytes::index_byte)]),
    ("bytes", bytes::TABLE),
    ("compress/flate", flate::TABLE),
    ("crypto/internal/blocks", digest::HASH),
    ("crypto/internal/keypair", keypair::TABLE),
    ("crypto/rand", digest::RAND),
    ("crypto/sha3", keccak::TABLE),
    ("crypto/tls", tls::TABLE),
    ("encoding/json", json::TABLE),
    ("hash/crc32", hash::CRC32),
    ("image/png", png::TABLE),
    ("index/suffixarray", suffixes::TABLE),
    ("internal/errno", errno::TABLE),
    ("internal/reflectlite", reflectlite::TABLE),
    ("internal/repl", repl::TABLE),
    ("reflect", reflect::TABLE),
    ("regexp", regexp::TABLE),
    ("internal/stdio", os::STDIO),
    ("math", math::TABLE),
    ("math/big", big::TABLE),
    ("math/bits", math::BITS),
    ("math/rand", rand::TABLE),
    ("math/rand/v2", rand::V2),
    ("net", socket::TABLE),
    ("net/http", http::TABLE),
    ("os", os::TABLE),
    ("os/signal", signal::TABLE),
    ("runtime", runtime::TABLE),
    ("runtime/debug", debug::TABLE),
    ("slices", sort::SLICES),
    ("sort", sort::TABLE),
    ("strconv", strconv::TABLE),
    ("strings", strings::TABLE),
    ("sync", sync::TABLE),
    ("sync/atomic", atomic::TABLE),
    ("syscall", os::SYSCALL),
    ("time", time::TABLE),
    ("unicode/utf8", utf8::TABLE),
    ("weak", weak::TABLE),
];
