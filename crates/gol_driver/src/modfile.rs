//! Reading `go.mod` and `go.work`: what they say about where packages lie. Wrong lines are told in Go's words.
//!
//! Versions are read and not compared: nothing is ever downloaded.

use std::path::Path;

/// What a file says.
#[derive(Debug, Default)]
pub(crate) struct ModFile {
    /// The module's path; empty in a `go.work`.
    pub(crate) module: String,
    /// The paths of required modules, each with its version.
    pub(crate) require: Vec<(String, String)>,
    /// Replacements of modules.
    pub(crate) replace: Vec<Replace>,
    /// The folders of a `go.work`.
    pub(crate) uses: Vec<String>,
}

/// `replace old [version] => new [version]`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Replace {
    /// The module that is replaced.
    pub(crate) old: String,
    /// Only this version; `None`: all.
    pub(crate) version: Option<String>,
    /// A folder, or another module's path.
    pub(crate) new: String,
    /// Whether `new` is a folder.
    pub(crate) is_folder: bool,
}

const REPLACE_USAGE: &str = "usage: replace module/path [v1.2.3] => other/module v1.4\n\
                             \t or replace module/path [v1.2.3] => ../local/directory";

/// Reads a `go.mod` (`work`: a `go.work`) that is called `name` in messages.
pub(crate) fn parse(name: &str, text: &str, work: bool) -> Result<ModFile, String> {
    let mut r = Reader { out: ModFile::default(), errors: Vec::new(), seen: Vec::new(), work };
    let mut block: Option<(String, u32, usize)> = None;
    for (n, line) in text.lines().enumerate() {
        let n = n as u32 + 1;
        let words = match words(line) {
            Ok(words) => words,
            Err((column, what)) => return Err(failed(name, &[format!("{name}:{n}:{column}: {what}")])),
        };
        let texts: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        match (&block, &texts[..]) {
            (_, []) => {}
            (Some(_), [")"]) => block = None,
            (Some((verb, ..)), _) => {
                let verb = verb.clone();
                r.directive(n, &verb, &words);
            }
            (None, [verb, "("]) => {
                if !r.verbs().contains(verb) {
                    r.errors.push((n, format!("unknown block type: {verb}")));
                }
                block = Some((verb.to_string(), n, words[0].column));
            }
            (None, [verb, rest @ ..]) => match rest {
                ["(", .., ")"] => r.directive(n, verb, &words[2..words.len() - 1]),
                _ => r.directive(n, verb, &words[1..]),
            },
        }
    }
    if let Some((_, line, column)) = block {
        let last = text.lines().count() + 1;
        let text = format!("{name}:{last}: syntax error (unterminated block started at {name}:{line}:{column})");
        return Err(failed(name, &[text]));
    }
    if !r.errors.is_empty() {
        let all: Vec<String> = r.errors.iter().map(|(n, text)| format!("{name}:{n}: {text}")).collect();
        return Err(failed(name, &all));
    }
    if r.out.module.is_empty() && !work {
        return Err(format!(
            "error reading {name}: missing module declaration. To specify the module path:\n\
             \tgo mod edit -module=example.com/mod"
        ));
    }
    if let Err(why) = module_path(&r.out.module)
        && !work
    {
        return Err(format!("malformed module path \"{}\": {why}", r.out.module));
    }
    Ok(r.out)
}

fn failed(name: &str, errors: &[String]) -> String {
    let file = Path::new(name).file_name().map_or(name.into(), |n| n.to_string_lossy());
    format!("errors parsing {file}:\n{}", errors.join("\n"))
}

struct Word {
    text: String,
    /// It stands in quotes.
    quoted: bool,
    column: usize,
}

/// The words of a line without its comment; of a mistake column and text.
fn words(line: &str) -> Result<Vec<Word>, (usize, &'static str)> {
    let mut all = Vec::new();
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        let rest = &line[at..];
        let column = at + 1;
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        if rest.starts_with("//") {
            break;
        }
        if rest.starts_with("/*") {
            return Err((column, "mod files must use // comments (not /* */ comments)"));
        }
        let (len, text, quoted) = match c {
            '(' | ')' | ',' | '[' | ']' => (1, c.to_string(), false),
            '"' | '`' => {
                let Some(text) = quoted(&rest[1..], c) else {
                    return Err((line.len() + 1, "unexpected newline in string"));
                };
                (text.0 + 2, text.1, true)
            }
            _ => {
                let ends = |(i, c): (usize, char)| {
                    c.is_whitespace()
                        || "(),[]".contains(c)
                        || rest[i..].starts_with("//")
                        || rest[i..].starts_with("/*")
                };
                let len = rest.char_indices().find(|x| ends(*x)).map_or(rest.len(), |x| x.0);
                (len, rest[..len].to_string(), false)
            }
        };
        all.push(Word { text, quoted, column });
        at += len;
    }
    Ok(all)
}

/// The length of what stands up to the closing quote, and its value.
fn quoted(rest: &str, quote: char) -> Option<(usize, String)> {
    let mut text = String::new();
    let mut chars = rest.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            _ if c == quote => return Some((i, text)),
            '\\' if quote == '"' => text.push(chars.next()?.1),
            _ => text.push(c),
        }
    }
    None
}

struct Reader {
    out: ModFile,
    /// Line and text.
    errors: Vec<(u32, String)>,
    /// Directives that may stand once, and have.
    seen: Vec<String>,
    work: bool,
}

impl Reader {
    fn verbs(&self) -> &'static [&'static str] {
        match self.work {
            true => &["go", "toolchain", "godebug", "use", "replace"],
            false => {
                &["module", "go", "toolchain", "godebug", "require", "exclude", "replace", "retract", "tool", "ignore"]
            }
        }
    }

    fn directive(&mut self, line: u32, verb: &str, words: &[Word]) {
        let problem = self.read(verb, words).err();
        self.errors.extend(problem.map(|text| (line, text)));
    }

    fn once(&mut self, verb: &str) -> Result<(), String> {
        if self.seen.iter().any(|v| v == verb) {
            let what = if verb == "module" { "module statement" } else { &format!("{verb} statement") };
            return Err(format!("repeated {what}"));
        }
        self.seen.push(verb.to_string());
        Ok(())
    }

    fn read(&mut self, verb: &str, words: &[Word]) -> Result<(), String> {
        if !self.verbs().contains(&verb) {
            return Err(format!("unknown directive: {verb}"));
        }
        for w in words.iter().filter(|w| !w.quoted) {
            if w.text.contains(['"', '`', '\'']) {
                return Err("invalid quoted string: unquoted string cannot contain quote".into());
            }
        }
        let texts: Vec<&str> = words.iter().map(|w| w.text.as_str()).collect();
        match (verb, &texts[..]) {
            ("module", words) => {
                self.once("module")?;
                let [path] = words else { return Err("usage: module module/path".into()) };
                self.out.module = path.to_string();
            }
            ("go" | "toolchain", words) => {
                self.once(verb)?;
                let [version] = words else { return Err(format!("{verb} directive expects exactly one argument")) };
                if verb == "go" && !is_go_version(version) {
                    return Err(format!("invalid go version '{version}': must match format 1.23.0"));
                }
            }
            ("require" | "exclude", words) => {
                let [path, version] = words else { return Err(format!("usage: {verb} module/path v1.2.3")) };
                if verb == "require" {
                    self.out.require.push((path.to_string(), version.to_string()));
                }
            }
            ("replace", words) => self.replace(words)?,
            ("use", words) => {
                let [folder] = words else { return Err("usage: use local/dir".into()) };
                self.out.uses.push(folder.to_string());
            }
            _ => {}
        }
        Ok(())
    }

    fn replace(&mut self, words: &[&str]) -> Result<(), String> {
        let (old, version, new, new_version) = match *words {
            [old, "=>", new] => (old, None, new, None),
            [old, version, "=>", new] => (old, Some(version), new, None),
            [old, "=>", new, v] => (old, None, new, Some(v)),
            [old, version, "=>", new, v] => (old, Some(version), new, Some(v)),
            _ => return Err(REPLACE_USAGE.into()),
        };
        let is_folder = matches!(new, "." | "..") || ["./", "../", "/"].iter().any(|p| new.starts_with(p));
        if is_folder && new_version.is_some() {
            return Err(format!("replacement module directory path \"{new}\" cannot have version"));
        }
        if !is_folder && new_version.is_none() {
            let text = "replacement module without version must be directory path (rooted or starting with . or ..)";
            return Err(text.into());
        }
        let (old, version, new) = (old.to_string(), version.map(str::to_string), new.to_string());
        self.out.replace.push(Replace { old, version, new, is_folder });
        Ok(())
    }
}

/// `1.20`, `1.21.3`, `1.22rc1`
fn is_go_version(text: &str) -> bool {
    let mut parts = text.split('.');
    let number = |p: &str| !p.is_empty() && p.bytes().all(|b| b.is_ascii_digit());
    let last = |p: &str| {
        let digits = p.find(|c: char| !c.is_ascii_digit()).unwrap_or(p.len());
        let (n, rest) = p.split_at(digits);
        let pre = rest.strip_prefix("rc").or(rest.strip_prefix("beta"));
        number(n) && (rest.is_empty() || pre.is_some_and(number))
    };
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(major), Some(minor), None, None) => number(major) && last(minor),
        (Some(major), Some(minor), Some(patch), None) => number(major) && number(minor) && last(patch),
        _ => false,
    }
}

/// Whether a module's path is well formed; if not, why.
fn module_path(path: &str) -> Result<(), String> {
    for element in path.split('/') {
        if element.is_empty() {
            return Err("empty path element".into());
        }
        if element.chars().all(|c| c == '.') {
            return Err(format!("invalid path element \"{element}\""));
        }
        if element.starts_with('.') {
            return Err("leading dot in path element".into());
        }
        if element.ends_with('.') {
            return Err("trailing dot in path element".into());
        }
        if let Some(c) = element.chars().find(|c| !c.is_ascii_alphanumeric() && !"-._~".contains(*c)) {
            return Err(format!("invalid char {c:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let text = "// c\nmodule \"example.com/m\" // d\n\ngo 1.27\nrequire (\n\ta.b/c v1.0.0 // indirect\n\td.e v2.0.0\n)\n\
                    replace a.b/c => ../c\nreplace (\n\td.e v2.0.0 => `/x y`\n\tf.g => h.i v1.0.0\n)\nretract [v1.0.0, v1.1.0]\n";
        let m = parse("go.mod", text, false).unwrap();
        assert_eq!(m.module, "example.com/m");
        assert_eq!(m.require, [("a.b/c".into(), "v1.0.0".into()), ("d.e".into(), "v2.0.0".into())]);
        assert_eq!((m.replace[0].new.as_str(), m.replace[0].is_folder), ("../c", true));
        assert_eq!((m.replace[1].new.as_str(), m.replace[1].version.as_deref()), ("/x y", Some("v2.0.0")));
        assert!(!m.replace[2].is_folder);
        assert_eq!(parse("go.work", "go 1.27\nuse ./a\nuse (\n\t./b\n)\n", true).unwrap().uses, ["./a", "./b"]);
    }

    #[test]
    fn mistakes() {
        for (text, error) in [
            ("module", "errors parsing go.mod:\ngo.mod:1: usage: module module/path"),
            ("modul a", "errors parsing go.mod:\ngo.mod:1: unknown directive: modul"),
            ("module a\ngo x", "errors parsing go.mod:\ngo.mod:2: invalid go version 'x': must match format 1.23.0"),
            ("module a\nmodule b", "errors parsing go.mod:\ngo.mod:2: repeated module statement"),
            ("module a\nrequire b", "errors parsing go.mod:\ngo.mod:2: usage: require module/path v1.2.3"),
            ("module \"a", "errors parsing go.mod:\ngo.mod:1:10: unexpected newline in string"),
            ("module a\nfoo (\n x\n)", "errors parsing go.mod:\ngo.mod:2: unknown block type: foo"),
            ("module a@b", "malformed module path \"a@b\": invalid char '@'"),
            ("module ./x", "malformed module path \"./x\": invalid path element \".\""),
            (
                "module a\nrequire (\n",
                "errors parsing go.mod:\ngo.mod:3: syntax error (unterminated block started at go.mod:2:1)",
            ),
        ] {
            let found = parse("go.mod", text, false).unwrap_err();
            assert_eq!(found.lines().take(2).collect::<Vec<_>>().join("\n"), error);
        }
    }
}
