//! The words after `gol test`, as the go command understands them: its own flags before or after the packages, all others
//! and what follows `-args` for the tests.

use gol_driver::testing::CoverMode;
use std::path::{Path, PathBuf};

/// What the words ask for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// Packages, patterns or files.
    pub(super) packages: Vec<String>,
    /// The test programs' arguments.
    pub(super) args: Vec<String>,
    /// `-v`, or `-list`: what passing tests print is shown.
    pub(super) show_pass: bool,
    /// There are benchmarks to run.
    pub(super) bench: bool,
    /// Start no package's tests after another's failed.
    pub(super) fail_fast: bool,
    /// Count what runs, in this mode.
    pub(super) cover: Option<CoverMode>,
    /// The file for the counts.
    pub(super) cover_profile: Option<PathBuf>,
    /// Tell all as events.
    pub(super) json: bool,
    /// Show what can be said, and nothing else.
    pub(super) help: bool,
}

impl Request {
    /// Where a file of results is written: in the folder of `-outputdir`.
    pub(super) fn output(&self, path: &Path) -> PathBuf {
        let dir = self.args.iter().rev().find_map(|a| a.strip_prefix("-test.outputdir="));
        dir.map_or(PathBuf::new(), PathBuf::from).join(path)
    }
}

/// Flags that go to `testing` and need no value.
const SWITCHES: &[&str] = &["benchmem", "failfast", "fullpath", "short", "v"];

/// Flags that go to `testing` with a value.
const VALUES: &[&str] =
    &["bench", "benchtime", "count", "cpu", "list", "outputdir", "parallel", "run", "shuffle", "skip", "timeout"];

/// Flags of Go's that ask for what gol has not.
const ABSENT: &[&str] = &[
    "asan",
    "artifacts",
    "blockprofile",
    "blockprofilerate",
    "c",
    "coverpkg",
    "cpuprofile",
    "exec",
    "fuzz",
    "fuzzminimizetime",
    "fuzztime",
    "memprofile",
    "memprofilerate",
    "msan",
    "mutexprofile",
    "mutexprofilefraction",
    "o",
    "race",
    "tags",
    "trace",
];

/// Flags of Go's about building: there is nothing that they would change. The second list has those with a value.
const BUILD_SWITCHES: &[&str] = &["a", "n", "trimpath", "work", "x"];
const BUILD_VALUES: &[&str] = &["gcflags", "ldflags", "mod", "p", "vet"];

/// Reads the words; the error is for people.
pub(super) fn parse(words: Vec<String>) -> Result<Request, String> {
    let mut request = Request::default();
    let mut timeout = false;
    let mut ended = false;
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let name = word.strip_prefix("--").or(word.strip_prefix('-')).filter(|n| !n.is_empty());
        let Some(name) = name else {
            // The packages stand together; a word after them and a flag is the tests' own.
            match ended {
                true => request.args.push(word),
                false => request.packages.push(word),
            }
            continue;
        };
        ended |= !request.packages.is_empty();
        let (name, mut value) = match name.split_once('=') {
            Some((name, value)) => (name, Some(value.to_string())),
            None => (name, None),
        };
        let name = name.strip_prefix("test.").unwrap_or(name);
        if name == "args" {
            request.args.extend(words);
            break;
        }
        let on = value.as_deref().is_none_or(truth);
        match name {
            "h" | "help" => request.help = true,
            "json" => request.json = on,
            "cover" => request.cover = on.then_some(request.cover.unwrap_or(CoverMode::Set)),
            "covermode" | "coverprofile" => {
                let Some(value) = value.or_else(|| words.next()) else {
                    return Err(format!("flag needs an argument: -{name}"));
                };
                if name == "covermode" {
                    request.cover = Some(CoverMode::parse(&value).ok_or_else(|| {
                        let modes = "valid modes are \"set\", \"count\", or \"atomic\"";
                        format!("invalid value {value:?} for flag -covermode: {modes}")
                    })?);
                } else if !value.is_empty() {
                    request.cover_profile = Some(value.into());
                }
            }
            _ if ABSENT.contains(&name) => return Err(format!("flag -{name} is not available in gol")),
            _ if BUILD_SWITCHES.contains(&name) => {}
            _ if SWITCHES.contains(&name) => {
                if let Some(value) = value.as_deref().filter(|v| !truth(v) && !FALSE.contains(v) && *v != "test2json") {
                    let why = if name == "v" { format!("invalid flag -test.v={value}") } else { "parse error".into() };
                    return Err(format!("invalid boolean value \"{value}\" for -{name}: {why}"));
                }
                request.show_pass |= name == "v" && on;
                request.fail_fast |= name == "failfast" && on;
                request.args.push(format!("-test.{name}={}", value.unwrap_or_else(|| "true".into())));
            }
            _ if VALUES.contains(&name) || BUILD_VALUES.contains(&name) => {
                if value.is_none() {
                    value = words.next();
                }
                let Some(value) = value else { return Err(format!("flag needs an argument: -{name}")) };
                if BUILD_VALUES.contains(&name) {
                    continue;
                }
                check(name, &value)?;
                timeout |= name == "timeout";
                request.show_pass |= name == "list" && !value.is_empty();
                request.bench |= name == "bench" && !value.is_empty();
                request.args.push(format!("-test.{name}={value}"));
            }
            // What follows a flag of the tests' own may be its value, so it is no package.
            _ => {
                ended = true;
                request.args.push(word);
            }
        }
    }
    if request.cover_profile.is_some() {
        request.cover.get_or_insert(CoverMode::Set);
    }
    // With -v the output has no marks, as with Go.
    if request.json && !request.args.iter().any(|a| a.starts_with("-test.v=")) {
        request.show_pass = true;
        request.args.insert(0, "-test.v=test2json".into());
    }
    request.args.insert(0, "-test.paniconexit0".into());
    if !timeout {
        request.args.insert(0, "-test.timeout=10m0s".into());
    }
    Ok(request)
}

const FALSE: &[&str] = &["0", "f", "F", "false", "FALSE", "False"];

fn truth(value: &str) -> bool {
    matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True")
}

/// Refuses numbers that are none before any test runs.
fn check(name: &str, value: &str) -> Result<(), String> {
    let wrong = match name {
        "count" => value.parse::<u64>().is_err(),
        "parallel" => value.parse::<i64>().is_err(),
        "shuffle" if !matches!(value, "on" | "off") && value.parse::<i64>().is_err() => {
            let why = format!("strconv.ParseInt: parsing {}: invalid syntax", format_args!("\"{value}\""));
            let text = format!("-shuffle argument must be \"on\", \"off\", or an int64: {why}");
            return Err(format!("invalid value \"{value}\" for flag -shuffle: {text}"));
        }
        "timeout" => value != "0" && crate::quantity::duration(value).is_err(),
        _ => false,
    };
    match wrong {
        true => Err(format!("invalid value \"{value}\" for flag -{name}: parse error")),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Request {
        parse(line.split_whitespace().map(str::to_string).collect()).unwrap()
    }

    #[test]
    fn flags_stand_before_and_after_the_packages() {
        for line in ["-v -run X/y ./...", "./... --v -run=X/y", "-test.v ./... -test.run X/y"] {
            let r = parsed(line);
            assert_eq!(r.packages, ["./..."], "{line}");
            assert_eq!(
                r.args,
                ["-test.timeout=10m0s", "-test.paniconexit0", "-test.v=true", "-test.run=X/y"],
                "{line}"
            );
            assert!(r.show_pass && !r.bench, "{line}");
        }
    }

    #[test]
    fn the_tests_own_words() {
        assert_eq!(parsed(". -mine=3 word").args, ["-test.timeout=10m0s", "-test.paniconexit0", "-mine=3", "word"]);
        let r = parsed("-timeout 5s -args -v a");
        assert_eq!(
            (r.args.join(" "), r.packages.len(), r.show_pass),
            ("-test.paniconexit0 -test.timeout=5s -v a".into(), 0, false)
        );
    }

    #[test]
    fn what_is_refused() {
        let words = |line: &str| parse(line.split_whitespace().map(str::to_string).collect()).unwrap_err();
        assert_eq!(words("-run"), "flag needs an argument: -run");
        assert_eq!(words("-count=x"), "invalid value \"x\" for flag -count: parse error");
        assert_eq!(words("-race ."), "flag -race is not available in gol");
    }
}
