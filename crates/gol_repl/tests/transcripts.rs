//! Sessions as transcripts: `tests/repl/*.txt`. A line that begins with `> ` is an entry, lines that begin with `. ` go on with it; what
//! stands between entries is what the session says, and what the program prints. `GOL_BLESS=1` rewrites what is said.

use gol_driver::{InputError, Library};
use gol_repl::{Console, Session, Settings};
use gol_vm::{Options, Stream};
use std::path::Path;
use std::sync::{Arc, Mutex};

/// What the program prints, in one text.
#[derive(Default)]
struct Page(Mutex<String>);

impl Console for Page {
    fn write(&self, _: Stream, bytes: &[u8]) {
        self.0.lock().unwrap().push_str(&String::from_utf8_lossy(bytes));
    }

    fn read(&self, _: usize) -> Vec<u8> {
        Vec::new()
    }
}

fn options() -> Options {
    Options { workers: 2, args: vec!["gol".into()], ..Options::default() }
}

/// The transcript as it is now.
fn replay(text: &str) -> String {
    let library = Library::Embedded;
    let page = Arc::new(Page::default());
    let settings = Settings { options: options(), dir: std::env::temp_dir(), colors: false, crashes_end: false };
    let run = || {
        let mut session = Session::new(&library, settings, page.clone()).map_err(InputError)?;
        let mut out = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let Some(first) = line.strip_prefix('>') else { continue };
            let mut entry = first.strip_prefix(' ').unwrap_or(first).to_string();
            while let Some(more) = lines.next_if(|l| l.starts_with(". ")) {
                entry.push('\n');
                entry.push_str(&more[2..]);
            }
            out.push_str(&format!("> {}\n", entry.replace('\n', "\n. ")));
            assert!(Session::is_complete(&entry), "an entry that goes on: {entry}");
            let outcome = session.eval(&entry);
            out.push_str(&std::mem::take(&mut *page.0.lock().unwrap()));
            out.push_str(&outcome.text);
            out.push_str(&unnumbered(&outcome.error));
            if let Some(status) = outcome.exit {
                out.push_str(&format!("exit {status}\n"));
            }
        }
        Ok(out)
    };
    gol_driver::on_a_large_stack(run).unwrap()
}

/// Goroutines have other numbers each time.
fn unnumbered(text: &str) -> String {
    let mut parts = text.split("goroutine ");
    let mut out = parts.next().unwrap_or_default().to_string();
    for part in parts {
        out.push_str("goroutine N");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

#[test]
fn sessions_say_what_their_transcripts_say() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/repl");
    let mut files: Vec<_> = std::fs::read_dir(&root).unwrap().map(|e| e.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        // The first line says what it shows.
        let (title, rest) = text.split_once('\n').unwrap();
        let now = format!("{title}\n{}", replay(rest));
        if std::env::var_os("GOL_BLESS").is_some() {
            std::fs::write(&file, now).unwrap();
            continue;
        }
        assert_eq!(now, text, "{}", file.display());
    }
}
