//! The page that shows the census: `docs/stdlib.md`.

use super::{Count, Difference, Exception};
use std::collections::BTreeMap;
use std::fmt::Write;

/// The packages that gol means to have in full.
const MEANT: &str =
    "bufio bytes cmp compress/flate compress/gzip compress/zlib container/heap container/list container/ring
    context crypto/md5 crypto/rand crypto/sha1 crypto/sha256 encoding/base64 encoding/binary encoding/csv encoding/hex
    encoding/json errors flag fmt hash/crc32 hash/fnv io io/fs iter log log/slog maps math math/big math/bits math/cmplx
    math/rand math/rand/v2 net net/http net/http/httptest net/url os os/exec os/signal path path/filepath regexp runtime
    runtime/debug slices sort strconv strings sync sync/atomic testing text/tabwriter text/template time unicode
    unicode/utf16 unicode/utf8";

/// The page.
pub fn text(counts: &[Count], exceptions: &[Exception]) -> String {
    let meant: Vec<&str> = MEANT.split_whitespace().collect();
    let sum = |of: &dyn Fn(&&Count) -> bool| {
        let counted = || counts.iter().filter(of);
        (counted().map(Count::have).sum::<usize>(), counted().map(|c| c.names).sum::<usize>())
    };
    let (have, names) = sum(&|c| meant.contains(&c.path.as_str()));
    let (have_there, names_there) = sum(&|c| c.there);
    let mut out = format!(
        "# The standard library\n\nWritten by `cargo xtask census` from `tests/census/`: the exported names of Go 1.27's packages \
         (functions, types, methods, fields, variables, constants), each with its kind and type, against ours. A name that \
         is there with another type is not counted. A test holds it to that.\n\n\
         - {} packages that gol means to have in full: **{} %** ({have} of {names} names).\n\
         - All {} packages that are there: {} % ({have_there} of {names_there} names).\n\n\
         `gol doc PACKAGE` shows a package. `unsafe` is part of the language; `syscall` has what values of other packages \
         are made of; `golang.org/x` has `net/context`, `sync/errgroup`, `sync/semaphore`, `sync/singleflight`, `time/rate` and the \
         packages of the tour.\n\n| package | names | have | % |\n| --- | ---: | ---: | ---: |\n",
        meant.len(),
        percent(have, names),
        counts.iter().filter(|c| c.there).count(),
        percent(have_there, names_there),
    );
    for c in counts.iter().filter(|c| c.there || meant.contains(&c.path.as_str())) {
        let path = if meant.contains(&c.path.as_str()) { format!("**{}**", c.path) } else { c.path.clone() };
        let _ = writeln!(out, "| {path} | {} | {} | {} |", c.names, c.have(), percent(c.have(), c.names));
    }
    out.push_str("\n## What is missing, and why\n");
    for c in counts.iter().filter(|c| c.there && !c.found.is_empty()) {
        let _ = writeln!(out, "\n### {}\n", c.path);
        let mut reasons: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, d) in &c.found {
            // A type says it for its members.
            let owner = name.split_once('.').map_or("", |(owner, _)| owner);
            if matches!(c.found.get(owner), Some(Difference::Missing(_) | Difference::Extra(_))) {
                continue;
            }
            let exception = exceptions.iter().find(|e| e.is_about(&c.path, name));
            let name = match d {
                Difference::Missing(_) => format!("`{name}`"),
                Difference::Extra(_) => format!("`{name}` (not Go's)"),
                Difference::Other { .. } => format!("`{name}` (other)"),
            };
            reasons.entry(exception.map_or("", |e| &e.reason)).or_default().push(name);
        }
        for (reason, names) in reasons {
            let _ = writeln!(out, "- {}: {reason}", names.join(", "));
        }
    }
    let reason = |c: &&Count| exceptions.iter().find(|e| e.package == c.path && e.name == "*").map(|e| &e.reason);
    out.push_str("\n## Packages that are not there\n\n");
    for c in counts.iter().filter(|c| !c.there) {
        if let Some(reason) = reason(&c) {
            let _ = writeln!(out, "- `{}`: {reason}", c.path);
        }
    }
    let absent = counts.iter().filter(|c| !c.there && reason(c).is_none()).map(|c| format!("`{}`", c.path));
    let _ = writeln!(
        out,
        "\nNot written yet: {}. Left out: those about Go's own tools, machine code and the system: `go/*`, `debug/*`, \
         `embed`, `plugin`, `runtime/cgo`.",
        absent.collect::<Vec<_>>().join(", ")
    );
    out
}

/// With one digit, never rounded up.
fn percent(part: usize, whole: usize) -> String {
    let tenths = (part * 1000).checked_div(whole).unwrap_or(1000);
    format!("{}.{}", tenths / 10, tenths % 10)
}
