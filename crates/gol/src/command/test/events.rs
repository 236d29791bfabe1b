//! `-json`: what a test program prints, in the form that it has for tools, as a stream of events, a line of JSON each, as
//! `go test -json` writes it.
//!
//! The program marks the lines about tests, the texts of errors, and such bytes as it only happens to print
//! (`stdlib/testing/output.gol`); each whole line becomes an event of the test that it belongs to.

use std::io::Write;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bytes that stand before a line about a test, around the text of an error, and before one of these that is meant.
const FRAMING: u8 = b'V' & 0x1f;
const ERROR_BEGINS: u8 = b'O' & 0x1f;
const ERROR_ENDS: u8 = b'N' & 0x1f;
const ESCAPE: u8 = b'[' & 0x1f;

/// A longer line is cut, so that an event stays small.
const LONGEST_LINE: usize = 4096;
const LONGEST_EVENT: usize = 1024;

/// An event before it is written: the fields that only some have, written already.
struct Event {
    action: String,
    test: String,
    rest: String,
}

/// Turns the output of one package's tests into events.
pub(super) struct Events<W: Write> {
    to: W,
    package: String,
    began: Instant,
    /// The test whose output comes.
    test: String,
    /// Results that are told after the output of their tests: a subtest after its parent.
    results: Vec<Event>,
    /// How all ended.
    result: Option<&'static str>,
    /// The package that could not be built.
    failed_build: Option<String>,
    line: Vec<u8>,
    /// The beginning of the line was told.
    within_line: bool,
    output: Vec<u8>,
    /// Only marked lines are about tests: the last one was marked.
    needs_mark: bool,
    framing: bool,
    within_error: bool,
    escaped: bool,
}

impl<W: Write> Events<W> {
    /// The events of a package, of which the first is written at once.
    pub(super) fn new(to: W, package: &str) -> Self {
        let mut events = Events {
            to,
            package: package.into(),
            began: Instant::now(),
            test: String::new(),
            results: Vec::new(),
            result: None,
            failed_build: None,
            line: Vec::new(),
            within_line: false,
            output: Vec::new(),
            needs_mark: false,
            framing: false,
            within_error: false,
            escaped: false,
        };
        events.event("start", "");
        events
    }

    /// Names the package whose building failed, which is why the tests did.
    pub(super) fn failed_build(&mut self, id: &str) {
        self.failed_build = Some(id.into());
    }

    /// Says that all went well, where the output does not.
    pub(super) fn passed(&mut self) {
        self.result = Some("pass");
    }

    /// The next bytes of the output.
    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.line.extend_from_slice(bytes);
        while let Some(end) = end_of_line(&self.line) {
            let line: Vec<u8> = self.line.drain(..end).collect();
            match std::mem::take(&mut self.within_line) {
                true => self.print(&line),
                false => self.whole_line(&line),
            }
        }
        // The name of a benchmark is told before its figures are there.
        let name =
            self.line.iter().position(|b| *b == b'\t').filter(|at| is_benchmark(self.line[..*at].trim_ascii_end()));
        let cut = match name {
            Some(at) if !self.within_line => at + 1,
            _ if self.line.len() >= LONGEST_LINE => whole_characters(&self.line),
            _ => return,
        };
        let part: Vec<u8> = self.line.drain(..cut).collect();
        self.within_line = true;
        self.print(&part);
    }

    /// The end of the output: tells how the package's tests ended.
    pub(super) fn close(mut self) {
        let rest = std::mem::take(&mut self.line);
        match self.within_line {
            true => self.print(&rest),
            false => self.whole_line(&rest),
        }
        self.flush();
        let Some(result) = self.result else { return };
        let time = Duration::from_millis((self.began.elapsed().as_secs_f64() * 1000.0).round() as u64);
        let mut rest = format!(",\"Elapsed\":{}", time.as_secs_f64());
        if let Some(id) = self.failed_build.take().filter(|_| result == "fail") {
            rest += &format!(",\"FailedBuild\":{}", quoted(id.as_bytes()));
        }
        self.event(result, &rest);
        let _ = self.to.flush();
    }

    fn whole_line(&mut self, line: &[u8]) {
        let marked = line.first() == Some(&FRAMING);
        if line.is_empty() || self.needs_mark && !marked {
            return self.print(line);
        }
        if marked {
            self.flush();
        }
        let line = &line[usize::from(marked)..];
        let text = String::from_utf8_lossy(line).into_owned();
        let trimmed = text.strip_suffix('\n').map_or(&text[..], |t| t.strip_suffix('\r').unwrap_or(t));
        if matches!(trimmed, "PASS" | "FAIL") || trimmed.starts_with("FAIL\t") {
            self.tell_results(0);
            self.needs_mark = marked;
            self.print_framing(line);
            self.result = Some(if trimmed == "PASS" { "pass" } else { "fail" });
            return;
        }
        if trimmed.starts_with("?   \t") && trimmed.ends_with("\t[no test files]") && self.results.is_empty() {
            self.result = Some("skip");
        }
        const UPDATES: [&str; 9] =
            ["RUN  ", "PAUSE", "CONT ", "NAME ", "PASS ", "FAIL ", "SKIP ", "ATTR ", "ARTIFACTS"];
        if let Some(update) = trimmed.strip_prefix("=== ")
            && UPDATES
                .iter()
                .any(|u| update.strip_prefix(u).is_some_and(|rest| rest.starts_with(' ')) || update == u.trim())
        {
            return self.update(update, line, marked);
        }
        let report = trimmed.trim_start_matches("    ");
        let depth = (trimmed.len() - report.len()) / 4;
        let result = ["PASS: ", "FAIL: ", "SKIP: ", "BENCH: "];
        match report.strip_prefix("--- ").filter(|r| result.iter().any(|w| r.starts_with(w))) {
            Some(report) if depth <= self.results.len() => self.report(report, depth, line, marked),
            Some(_) => self.print(line),
            None => {
                // Output after a result is that of the test whose subtests are indented so.
                if depth > 0 && depth <= self.results.len() {
                    self.test.clone_from(&self.results[depth - 1].test);
                }
                self.print(line);
            }
        }
    }

    /// `RUN   Test` and others that tell what happens to a test now.
    fn update(&mut self, update: &str, line: &[u8], marked: bool) {
        let (action, name) = update.split_once(' ').unwrap_or((update, ""));
        let (action, mut name) = (action.to_lowercase(), name.trim());
        let mut rest = String::new();
        if let "attr" | "artifacts" = &action[..] {
            let (test, more) = name.split_once(' ').unwrap_or((name, ""));
            name = test;
            let fields = match &action[..] {
                "attr" => {
                    let (key, value) = more.split_once(' ').unwrap_or((more, ""));
                    vec![("Key", key), ("Value", value)]
                }
                _ => vec![("Path", more)],
            };
            for (field, value) in fields.iter().filter(|f| !f.1.is_empty()) {
                rest += &format!(",\"{field}\":{}", quoted(value.as_bytes()));
            }
        }
        self.needs_mark = marked;
        self.tell_results(0);
        self.test = name.into();
        match &action[..] {
            "name" => {}
            "pause" => {
                self.print_framing(line);
                self.event(&action, &rest);
            }
            _ => {
                self.event(&action, &rest);
                self.print_framing(line);
            }
        }
    }

    /// `PASS: Test (0.00s)`: the result of a test, told when its output is.
    fn report(&mut self, report: &str, depth: usize, line: &[u8], marked: bool) {
        let (action, name) = report.split_once(": ").unwrap_or((report, ""));
        let (name, time) = name.trim().split_once(" (").unwrap_or((name.trim(), ""));
        let time = time.strip_suffix("s)").and_then(|t| t.parse::<f64>().ok());
        self.needs_mark = marked;
        self.tell_results(depth);
        self.test = name.into();
        let rest = time.map_or(String::new(), |t| format!(",\"Elapsed\":{t}"));
        self.results.push(Event { action: action.to_lowercase(), test: name.into(), rest });
        self.print_framing(line);
    }

    fn tell_results(&mut self, depth: usize) {
        self.test.clear();
        while self.results.len() > depth {
            let e = self.results.pop().expect("there are more");
            self.test = e.test;
            self.event(&e.action, &e.rest);
            self.test.clear();
        }
    }

    fn print_framing(&mut self, line: &[u8]) {
        self.framing = true;
        self.print(line);
        self.framing = false;
    }

    /// Output, told line by line.
    fn print(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|b| *b == b'\n') {
            self.output.extend_from_slice(part);
            while self.output.len() >= LONGEST_EVENT {
                let cut = whole_characters(&self.output[..LONGEST_EVENT]);
                let piece: Vec<u8> = self.output.drain(..cut).collect();
                self.tell_output(piece);
            }
            if part.ends_with(b"\n") {
                self.flush();
            }
        }
        // Part of a line that is told by itself, such as a benchmark's name.
        if self.within_line {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let piece = std::mem::take(&mut self.output);
        self.tell_output(piece);
    }

    /// Tells a piece of output without its marks; texts of errors apart.
    fn tell_output(&mut self, piece: Vec<u8>) {
        let mut kind = match (self.framing, self.within_error) {
            (true, _) => "frame",
            (_, true) => "error-continue",
            _ => "",
        };
        let mut out = Vec::new();
        for (i, &b) in piece.iter().enumerate() {
            if std::mem::take(&mut self.escaped) {
                out.push(b);
                continue;
            }
            match b {
                ESCAPE => self.escaped = true,
                ERROR_BEGINS => {
                    self.output_event(&mut out, kind);
                    self.within_error = true;
                    kind = "error";
                }
                ERROR_ENDS => {
                    self.within_error = false;
                    if piece.get(i + 1) != Some(&b'\n') {
                        self.output_event(&mut out, kind);
                        kind = "";
                    }
                }
                _ => out.push(b),
            }
        }
        self.output_event(&mut out, kind);
    }

    fn output_event(&mut self, out: &mut Vec<u8>, kind: &str) {
        if out.is_empty() {
            return;
        }
        let mut rest = format!(",\"Output\":{}", quoted(out));
        if !kind.is_empty() {
            rest += &format!(",\"OutputType\":\"{kind}\"");
        }
        out.clear();
        self.event("output", &rest);
    }

    fn event(&mut self, action: &str, rest: &str) {
        let test = match self.test.is_empty() {
            true => String::new(),
            false => format!(",\"Test\":{}", quoted(self.test.as_bytes())),
        };
        let (now, package) = (now(), quoted(self.package.as_bytes()));
        let _ = writeln!(self.to, "{{\"Time\":\"{now}\",\"Action\":\"{action}\",\"Package\":{package}{test}{rest}}}");
    }
}

/// The events about a package that could not be built, with what was found line by line.
pub(super) fn build_failed(to: &mut impl Write, id: &str, found: &[u8]) {
    let id = quoted(id.as_bytes());
    for line in found.split_inclusive(|b| *b == b'\n') {
        let line = quoted(line);
        let _ = writeln!(to, "{{\"ImportPath\":{id},\"Action\":\"build-output\",\"Output\":{line}}}");
    }
    let _ = writeln!(to, "{{\"ImportPath\":{id},\"Action\":\"build-fail\"}}");
}

/// Where the first line ends: behind its newline, or before a mark of a line about a test.
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    let mut escaped = false;
    for (i, &b) in bytes.iter().enumerate() {
        match b {
            _ if std::mem::take(&mut escaped) => {}
            ESCAPE => escaped = true,
            b'\n' => return Some(i + 1),
            FRAMING if i > 0 => return Some(i),
            _ => {}
        }
    }
    None
}

/// How many of the bytes are whole characters.
fn whole_characters(bytes: &[u8]) -> usize {
    let begin = bytes.len().saturating_sub(4);
    let last = bytes[begin..].iter().rposition(|b| b & 0xC0 != 0x80).map_or(0, |at| begin + at);
    match std::str::from_utf8(&bytes[last..]) {
        Err(e) if e.error_len().is_none() && last > 0 => last,
        _ => bytes.len(),
    }
}

fn is_benchmark(name: &[u8]) -> bool {
    name.strip_prefix(b"Benchmark").is_some_and(|rest| {
        let first = String::from_utf8_lossy(rest);
        !first.starts_with(char::is_lowercase)
    })
}

/// A string of JSON as Go's encoder writes it.
fn quoted(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out += "\\n",
                '\r' => out += "\\r",
                '\t' => out += "\\t",
                '\u{8}' => out += "\\b",
                '\u{c}' => out += "\\f",
                '\0'..' ' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => out += &format!("\\u{:04x}", u32::from(c)),
                _ => out.push(c),
            }
        }
        // As many as the bytes that are wrong.
        out.extend(std::iter::repeat_n("\\ufffd", chunk.invalid().len()));
    }
    out + "\""
}

/// The time, in UTC.
fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / 86400, since.as_secs() % 86400);
    // Years that begin in March, so that a leap day ends one.
    let day = days + 719_468;
    let of_era = day % 146_097;
    let year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (y, m) = (day / 146_097 * 400 + year + u64::from(month > 9), if month > 9 { month - 9 } else { month + 3 });
    let d = of_year - (153 * month + 2) / 5 + 1;
    let (h, min, s) = (second / 3600, second / 60 % 60, second % 60);
    format!("{y:04}-{m:02}-{d:02}T{h:02}:{min:02}:{s:02}.{:09}Z", since.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events of some output, without time and package.
    fn events(pieces: &[&str]) -> String {
        let mut out = Vec::new();
        let mut events = Events::new(&mut out, "p");
        for piece in pieces {
            events.write(piece.as_bytes());
        }
        events.close();
        let text = String::from_utf8(out).unwrap();
        let plain = |l: &str| l.split_once("\"Action\":").unwrap().1.replace(",\"Package\":\"p\"", "");
        text.lines().map(|l| plain(l) + "\n").filter(|l| !l.contains("Elapsed")).collect()
    }

    #[test]
    fn lines_come_in_pieces() {
        let whole = "\u{16}=== RUN   A\nx\u{16}--- PASS: A\n\u{f}    e\u{e}\nlong";
        let expected = "\"start\"}\n\"run\",\"Test\":\"A\"}\n\
                        \"output\",\"Test\":\"A\",\"Output\":\"=== RUN   A\\n\",\"OutputType\":\"frame\"}\n\
                        \"output\",\"Test\":\"A\",\"Output\":\"x\"}\n\
                        \"output\",\"Test\":\"A\",\"Output\":\"--- PASS: A\\n\",\"OutputType\":\"frame\"}\n\
                        \"output\",\"Test\":\"A\",\"Output\":\"    e\\n\",\"OutputType\":\"error\"}\n\
                        \"output\",\"Test\":\"A\",\"Output\":\"long\"}\n";
        assert_eq!(events(&[whole]), expected);
        let bytewise: Vec<String> = whole.chars().map(String::from).collect();
        assert_eq!(events(&bytewise.iter().map(String::as_str).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn strings_are_quoted_as_in_go() {
        assert_eq!(
            quoted(b"<a&b>\x01\"\\\xff\xe6\x97.\xe2\x80\xa8"),
            r#""\u003ca\u0026b\u003e\u0001\"\\\ufffd\ufffd\ufffd.\u2028""#
        );
    }

    #[test]
    fn long_lines_are_cut_between_characters() {
        let line = "é".repeat(700) + "\n";
        let text = events(&[&line]);
        let parts: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(parts.len(), 2);
        assert!(parts[0].matches('é').count() == 512 && !text.contains("ufffd"));
    }
}
