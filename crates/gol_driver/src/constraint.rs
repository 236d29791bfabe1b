//! Which files of a folder belong to its package here: `//go:build` lines, `// +build` lines, and names that end in a
//! system or an architecture.
//!
//! True are the tags of the host, `unix` where it is one, `go1.1` up to the release whose language gol runs, and `gol`.
//! A file that the command line names is never asked.

/// The newest release of Go whose tag is true.
const RELEASE: u32 = 27;

/// The operating systems that names and tags can mean.
const SYSTEMS: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "wasip1",
    "windows",
    "zos",
];

/// Those of them for which `unix` is true.
const UNIX: &[&str] = &[
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "linux",
    "netbsd",
    "openbsd",
    "solaris",
];

/// The architectures that names and tags can mean.
const ARCHITECTURES: &[&str] = &[
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "ppc64",
    "ppc64le",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// The host's system, by Go's name.
fn system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        os => os,
    }
}

/// The host's architecture, by Go's name.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "loongarch64" => "loong64",
        "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
        "powerpc64" => "ppc64",
        "mips64" if cfg!(target_endian = "little") => "mips64le",
        arch => arch,
    }
}

/// Whether a tag is true.
fn is_true(tag: &str) -> bool {
    let os = system();
    let implied = matches!((os, tag), ("android", "linux") | ("illumos", "solaris") | ("ios", "darwin"));
    let release = tag.strip_prefix("go1.").and_then(|n| n.parse::<u32>().ok());
    tag == os
        || implied
        || tag == architecture()
        || tag == "gol"
        || (tag == "unix" && UNIX.contains(&os))
        || release.is_some_and(|n| (1..=RELEASE).contains(&n) && tag == format!("go1.{n}"))
}

/// Whether a file with this name is for this host: `x_linux.go`, `x_amd64.go`, `x_linux_amd64_test.go`.
pub(crate) fn name_fits(file: &str) -> bool {
    let stem = file.split('.').next().unwrap_or_default();
    let Some((_, rest)) = stem.split_once('_') else { return true };
    let mut parts: Vec<&str> = rest.split('_').collect();
    if parts.last() == Some(&"test") {
        parts.pop();
    }
    match parts[..] {
        [.., os, arch] if SYSTEMS.contains(&os) && ARCHITECTURES.contains(&arch) => is_true(os) && is_true(arch),
        [.., last] if SYSTEMS.contains(&last) || ARCHITECTURES.contains(&last) => is_true(last),
        _ => true,
    }
}

/// Whether the lines at a file's head let it be part of its package here. The error is in Go's words.
pub(crate) fn text_fits(text: &str) -> Result<bool, String> {
    let head = Head::read(text)?;
    match head.build {
        Some(line) => parse(line).map_err(|e| format!("parsing //go:build line: {e}")),
        None => Ok(head.plus_build.into_iter().all(plus_build)),
    }
}

/// The constraints that stand before the package clause.
struct Head<'a> {
    /// The expression after `//go:build`.
    build: Option<&'a str>,
    /// What follows `// +build`, line by line: those in the comments that a blank line ends.
    plus_build: Vec<&'a str>,
}

impl<'a> Head<'a> {
    fn read(text: &'a str) -> Result<Head<'a>, String> {
        let mut head = Head { build: None, plus_build: Vec::new() };
        // Old lines count once a blank line follows, and not after other comments.
        let (mut waiting, mut old_may_follow) = (Vec::new(), true);
        let mut after_comment = false;
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        while !rest.is_empty() {
            let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
            let line = line.trim();
            let whole = !std::mem::take(&mut after_comment);
            if let Some(expr) = line.strip_prefix("//go:build")
                && whole
                && (expr.is_empty() || expr.starts_with([' ', '\t']))
            {
                if head.build.replace(expr.trim()).is_some() {
                    return Err("multiple //go:build comments".into());
                }
            } else if line.is_empty() && whole {
                head.plus_build.append(&mut waiting);
            } else if let Some(comment) = line.strip_prefix("//") {
                let old = comment.trim_start().strip_prefix("+build");
                if let Some(tags) = old.filter(|t| old_may_follow && (t.is_empty() || t.starts_with([' ', '\t']))) {
                    waiting.push(tags.trim());
                }
            } else if line.starts_with("/*") {
                old_may_follow = false;
                after_comment = true;
                // The line may go on after the comment.
                let from = rest.find("/*").expect("the line starts so") + 2;
                let Some(end) = rest[from..].find("*/") else { break };
                rest = &rest[from + end + 2..];
                continue;
            } else if !(line.is_empty() || line.starts_with("#!") && rest.len() == text.len()) {
                break;
            }
            rest = after;
        }
        Ok(head)
    }
}

/// The words of a `// +build` line: one of them must hold; of those joined by commas all.
fn plus_build(line: &str) -> bool {
    let holds = |term: &str| match term.strip_prefix('!') {
        Some(tag) => !tag.is_empty() && !tag.starts_with('!') && !is_true(tag),
        None => is_true(term),
    };
    line.split_whitespace().any(|word| word.split(',').all(holds))
}

/// The value of a `//go:build` expression.
fn parse(text: &str) -> Result<bool, String> {
    let mut p = Parser { text, at: 0, token: "", depth: 0 };
    p.next()?;
    let value = p.or()?;
    match p.token {
        "" => Ok(value),
        token => Err(format!("unexpected token {token}")),
    }
}

/// How deeply expressions may nest, so that none ends the stack.
const MAX_DEPTH: u32 = 1000;

/// `or = and {"||" and}`, `and = not {"&&" not}`, `not = "!" not | tag | "(" or ")"`. Evaluates as it goes.
struct Parser<'a> {
    text: &'a str,
    at: usize,
    /// The current token; empty at the end.
    token: &'a str,
    depth: u32,
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<(), String> {
        let rest = self.text[self.at..].trim_start_matches([' ', '\t']);
        self.at = self.text.len() - rest.len();
        let in_tag = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        let len = match rest.chars().next() {
            None => 0,
            Some('(' | ')' | '!') => 1,
            Some('&' | '|') if rest.starts_with("&&") || rest.starts_with("||") => 2,
            Some(c) if in_tag(c) => rest.find(|c| !in_tag(c)).unwrap_or(rest.len()),
            Some(c) => return Err(format!("invalid syntax at {c}")),
        };
        self.token = &rest[..len];
        self.at += len;
        Ok(())
    }

    fn or(&mut self) -> Result<bool, String> {
        let mut value = self.and()?;
        while self.token == "||" {
            self.next()?;
            value |= self.and()?;
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, String> {
        let mut value = self.not()?;
        while self.token == "&&" {
            self.next()?;
            value &= self.not()?;
        }
        Ok(value)
    }

    fn not(&mut self) -> Result<bool, String> {
        if self.token == "!" {
            self.next()?;
            if self.token == "!" {
                return Err("double negation not allowed".into());
            }
            return Ok(!self.atom()?);
        }
        self.atom()
    }

    fn atom(&mut self) -> Result<bool, String> {
        match self.token {
            "" => Err("unexpected end of expression".into()),
            "(" => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err("expression nested too deeply".into());
                }
                self.next()?;
                let value = self.or()?;
                if self.token != ")" {
                    return Err("missing close paren".into());
                }
                self.depth -= 1;
                self.next()?;
                Ok(value)
            }
            "&&" | "||" | ")" | "!" => Err(format!("unexpected token {}", self.token)),
            tag => {
                self.next()?;
                Ok(is_true(tag))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for (text, value) in [
            ("gol", true),
            ("!gol", false),
            ("ignore || gol && go1.21", true),
            ("(ignore || gol) && !(race || cgo)", true),
            ("go1.27 && !go1.28 && !go1.0 && !go1.05", true),
        ] {
            assert_eq!(parse(text), Ok(value), "{text}");
        }
        for (text, error) in [
            ("", "unexpected end of expression"),
            ("(gol", "missing close paren"),
            ("gol)", "unexpected token )"),
            ("!!gol", "double negation not allowed"),
            ("gol & ignore", "invalid syntax at &"),
            ("gol ignore", "unexpected token ignore"),
        ] {
            assert_eq!(parse(text), Err(error.into()), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
    }

    #[test]
    fn heads() {
        for (text, fits) in [
            ("package p", true),
            ("// x\n\n//go:build ignore\n\npackage p", false),
            ("/* x\n//go:build ignore\n*/ package p", true),
            ("/* x */ //go:build ignore\npackage p", true),
            ("package p\n//go:build ignore\n", true),
            ("// +build ignore\n\npackage p", false),
            ("// +build ignore\npackage p", true),
            ("// +build ignore gol,go1.1\n\npackage p", true),
            ("// +build !gol\n\n//go:build gol\npackage p", true),
        ] {
            assert_eq!(text_fits(text), Ok(fits), "{text}");
        }
        let twice = text_fits("//go:build gol\n//go:build gol\npackage p");
        assert_eq!(twice, Err("multiple //go:build comments".into()));
    }

    #[test]
    fn names() {
        for name in ["a.go", "linux.go", "plan9.gol", "a_b.go", "_plan9x.go"] {
            assert!(name_fits(name), "{name}");
        }
        for name in ["a_plan9.go", "a_plan9_test.go", "a_s390.go", "a_plan9_amd64.go"] {
            assert!(!name_fits(name), "{name}");
        }
        assert!(name_fits(&format!("a_{}_{}.go", system(), architecture())));
    }
}
