//! Go texts as far as the suites look into them: code without comments, imports, expected errors, the package's name.

use regex::Regex;

/// A pattern that is compiled once.
macro_rules! pattern {
    ($text:expr) => {{
        static PATTERN: std::sync::LazyLock<regex::Regex> =
            std::sync::LazyLock::new(|| regex::Regex::new($text).expect("the pattern is right"));
        &*PATTERN
    }};
}
pub(super) use pattern;

/// The code without comments, and with `""` and `'0'` for all literals; newlines stay.
pub(super) fn code(text: &str) -> String {
    let token = pattern!(r#"(?s)//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])+'"#);
    let blank = |c: &regex::Captures<'_>| {
        let lines = "\n".repeat(c[0].matches('\n').count());
        match &c[0] {
            s if s.starts_with(['"', '`']) => format!("\"\"{lines}"),
            s if s.starts_with('\'') => "'0'".into(),
            _ if lines.is_empty() => " ".into(),
            _ => lines,
        }
    };
    token.replace_all(text, blank).into_owned()
}

/// The import paths of a file.
pub(super) fn imports(text: &str) -> Vec<String> {
    let head = pattern!(r"(?s)/\*.*?\*/|//[^\n]*").replace_all(text, "");
    let mut found: Vec<String> = Vec::new();
    for c in pattern!(r"(?m)^import\s*(?:\(([^)]*)\)|([^\n]*))").captures_iter(&head) {
        let specs = c.get(1).or(c.get(2)).map_or("", |m| m.as_str());
        found.extend(pattern!("[\"`]([^\"`]+)[\"`]").captures_iter(specs).map(|c| c[1].to_string()));
    }
    found.sort();
    found.dedup();
    found
}

/// The name in the package clause.
pub(super) fn package(text: &str) -> Option<String> {
    pattern!(r"(?m)^package\s+(\w+)").captures(&code(text)).map(|c| c[1].to_string())
}

/// Whether the program needs none of `reflect`, `unsafe`, other processes, the network and the insides of Go's runtime.
pub(super) fn is_plain(text: &str) -> bool {
    const NEEDS: [&str; 5] = ["reflect", "unsafe", "os/exec", "net", "net/http"];
    let insides = pattern!(
        r#"\bruntime\.(?:ReadMemStats|MemStats|SetFinalizer|Callers?\b|CallersFrames|FuncForPC|Stack|KeepAlive|MemProfile\w*|Breakpoint|Version|Frames?|GC\()|"runtime/(?:debug|pprof|trace|metrics)"|//go:(?:linkname|nosplit|notinheap|uintptr\w+|systemstack)"#
    );
    let without_remarks = pattern!(r"(?m)^// ?[^g\n][^\n]*").replace_all(text, "");
    !imports(text).iter().any(|i| NEEDS.contains(&i.as_str())) && !insides.is_match(&without_remarks)
}

/// An error that a test expects.
pub(super) struct Wanted {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) pattern: String,
}

/// The errors that the comments of a file ask of Go's own compiler.
pub(super) fn wanted(file: &str, text: &str) -> Vec<Wanted> {
    let mut all = Vec::new();
    for (n, line) in text.split('\n').enumerate() {
        let n = n as u32 + 1;
        if line.contains("////") {
            continue;
        }
        let Some(c) = pattern!(r"// (?:GC_)?ERROR (.*)").captures(line) else { continue };
        for q in pattern!("\"([^\"]*)\"").captures_iter(&c[1]) {
            let place = |c: &regex::Captures<'_>| {
                let off = c.get(1).map_or(0, |m| m.as_str().parse::<i64>().unwrap_or(0));
                format!("{}:{}", regex::escape(file), i64::from(n) + off)
            };
            let pattern = pattern!(r"LINE([+-]\d+)?").replace_all(&q[1], place).into_owned();
            all.push(Wanted { file: file.to_string(), line: n, pattern });
        }
    }
    all
}

/// Whether a message is what a test of an older Go asks for: later compilers word some messages otherwise.
pub(super) fn matches(pattern: &str, message: &str) -> bool {
    const REWORDED: [(&str, &str); 5] = [
        ("expecting", "expect(?:ing|ed)"),
        ("declared but not used", "declared (?:but|and) not used"),
        ("initialization loop", "initialization (?:loop|cycle)"),
        ("redeclared", "(?:redeclared|already declared)"),
        ("unexpected ", "unexpected (?:keyword |name |literal )?"),
    ];
    let pattern = REWORDED.iter().fold(pattern.to_string(), |p, (old, new)| p.replace(old, new));
    Regex::new(&pattern).is_ok_and(|p| p.is_match(message))
}
