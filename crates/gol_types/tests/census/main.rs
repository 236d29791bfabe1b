//! The census: what Go's packages export, against what ours do.
//!
//! `tests/census/go.txt` has a line for each exported name of Go's standard library, written from an installed Go by
//! `cargo xtask census --go PATH`: `package P`, and then the names of P, sorted.
//!
//!     const NAME TYPE = VALUE                    (a real number's value as the bits of its float64)
//!     var NAME TYPE                              func NAME[CONSTRAINTS](PARAMETERS) RESULTS
//!     type NAME[CONSTRAINTS] SHAPE               alias NAME = TYPE
//!     field TYPE.NAME TYPE [embedded]            method [*]TYPE.NAME(PARAMETERS) RESULTS   (`*`: of pointers only)
//!
//! Parameters have no names; a type of another package has its path; `·` is a type that programs cannot name, and a
//! variable of such a type has its methods as its own; `%0` is a type parameter of the function, `$0` of the receiver.
//! Methods include promoted ones.
//!
//! A name that is missing, other than Go's, or not Go's at all has a line in `tests/census/exceptions.txt`:
//! `PACKAGE NAME: reason`, where NAME may end in `*`, and is `*` for a package that is not there on purpose. A line that nothing needs is a mistake, too.
//! `docs/stdlib.md` is written from all this; `cargo xtask census` writes it anew, and takes stale lines out of the exceptions
//! and puts new ones in, with [`NO_REASON`].

mod ours;
mod page;
#[path = "../support/mod.rs"]
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use support::World;

/// The reason of what is only not there yet.
const NO_REASON: &str = "not written yet";

/// A package's names: what is said of each, by `NAME` or `TYPE.NAME`.
type Names = BTreeMap<String, String>;

/// What the census found about a package of Go's.
struct Count {
    path: String,
    /// How many names Go's has.
    names: usize,
    /// Whether we have it at all.
    there: bool,
    /// What differs, by name.
    found: BTreeMap<String, Difference>,
}

/// How a name of ours differs from Go's.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Difference {
    Missing(String),
    Other { go: String, ours: String },
    Extra(String),
}

impl Count {
    fn have(&self) -> usize {
        let counted = |d: &&Difference| !matches!(d, Difference::Extra(_));
        if self.there { self.names - self.found.values().filter(counted).count() } else { 0 }
    }
}

/// A line of the exceptions.
struct Exception {
    package: String,
    name: String,
    reason: String,
    line: String,
}

impl Exception {
    fn of(line: &str) -> Option<Exception> {
        let (head, reason) = line.split_once(": ").filter(|_| !line.starts_with('#'))?;
        let (package, name) = head.split_once(' ')?;
        Some(Exception { package: package.into(), name: name.into(), reason: reason.into(), line: line.into() })
    }

    fn is_about(&self, package: &str, name: &str) -> bool {
        self.package == package
            && match self.name.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => self.name == name,
            }
    }
}

/// The name that a line is about.
fn name_of(line: &str) -> String {
    let rest = line.split_once(' ').map_or("", |(_, rest)| rest).trim_start_matches('*');
    rest.split([' ', '(', '[']).next().unwrap_or_default().to_string()
}

fn by_name<'a>(lines: impl Iterator<Item = &'a str>) -> Names {
    lines.map(|l| (name_of(l), l.to_string())).collect()
}

/// Go's packages by path.
fn go() -> BTreeMap<String, Names> {
    let text = read("tests/census/go.txt");
    let packages = text.split("\npackage ").skip(1).filter_map(|p| p.split_once('\n'));
    packages.map(|(path, lines)| (path.to_string(), by_name(lines.lines()))).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_default()
}

fn count() -> Vec<Count> {
    let mut world = World::new();
    let one = |(path, go): (String, Names)| {
        let lines = ours::lines(&mut world, &path);
        let there = lines.is_some();
        let ours = by_name(lines.iter().flatten().map(String::as_str));
        let mut found = BTreeMap::new();
        for name in go.keys().chain(ours.keys()).collect::<BTreeSet<_>>() {
            let difference = match (go.get(name), ours.get(name)) {
                (Some(go), None) => Difference::Missing(go.clone()),
                (None, Some(ours)) => Difference::Extra(ours.clone()),
                (Some(go), Some(ours)) if go != ours => Difference::Other { go: go.clone(), ours: ours.clone() },
                _ => continue,
            };
            found.insert(name.clone(), difference);
        }
        Count { path, names: go.len(), there, found }
    };
    go().into_iter().map(one).collect()
}

#[test]
fn what_packages_export_is_what_go_s_do() {
    let count = std::thread::Builder::new().stack_size(64 << 20).spawn(count).expect("a thread");
    let counts = count.join().expect("all packages are right");
    let text = read("tests/census/exceptions.txt");
    let exceptions: Vec<Exception> = text.lines().filter_map(Exception::of).collect();
    let known = |path: &str, name: &str| exceptions.iter().any(|e| e.is_about(path, name));
    let there = || counts.iter().filter(|c| c.there);
    let (mut new, mut shown) = (String::new(), String::new());
    for c in there() {
        for (name, d) in c.found.iter().filter(|(name, _)| !known(&c.path, name)) {
            new += &format!("{} {name}: {NO_REASON}\n", c.path);
            shown += &match d {
                Difference::Missing(go) => format!("{}: no {go}\n", c.path),
                Difference::Extra(ours) => format!("{}: Go has no {ours}\n", c.path),
                Difference::Other { go, ours } => format!("{}: {ours}\n    Go has {go}\n", c.path),
            };
        }
    }
    let needed = |e: &Exception| {
        counts.iter().any(|c| match c.there {
            true => c.found.keys().any(|name| e.is_about(&c.path, name)),
            false => c.path == e.package && e.name == "*",
        })
    };
    let stale: Vec<&str> = exceptions.iter().filter(|e| !needed(e)).map(|e| e.line.as_str()).collect();
    if std::env::var_os("GOL_BLESS").is_some() {
        let kept = text.lines().filter(|l| !stale.contains(l)).map(|l| format!("{l}\n"));
        let text = kept.collect::<String>() + &new;
        let exceptions: Vec<Exception> = text.lines().filter_map(Exception::of).collect();
        std::fs::write(root().join("tests/census/exceptions.txt"), &text).expect("the exceptions can be written");
        let page = page::text(&counts, &exceptions);
        std::fs::write(root().join("docs/stdlib.md"), page).expect("the page can be written");
        return;
    }
    assert!(shown.is_empty(), "not as Go has it, and no line in tests/census/exceptions.txt:\n{shown}");
    assert!(stale.is_empty(), "no longer needed in tests/census/exceptions.txt: cargo xtask census\n{stale:#?}");
    let fresh = page::text(&counts, &exceptions) == read("docs/stdlib.md");
    assert!(fresh, "docs/stdlib.md is not as the census has it: cargo xtask census");
}
