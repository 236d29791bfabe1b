//! Text to tokens: logos for the common shapes, callbacks for literals, semicolon insertion, lexical errors.
//!
//! The callbacks find the end of a literal and report what is wrong inside it in Go's words; a literal with a mistake
//! in it is handed on as a literal, so that the parser is not disturbed.

use gol_source::{Code, Diagnostic, LineMark, Span};
use logos::{FilterResult, Lexer, Logos};
use unicode_general_category::{GeneralCategory, get_general_category};

use crate::number;
use crate::token::{Tok, Token};

/// What the callbacks find out on the way.
#[derive(Default)]
pub(crate) struct Notes {
    /// Position in the text and message.
    pub(crate) errors: Vec<(usize, String)>,
    /// The last comment in `/* */` had a newline in it.
    pub(crate) newline_in_comment: bool,
    /// Where a comment or raw string begins that the text does not end.
    pub(crate) unterminated: Option<usize>,
}

/// The tokens of a text and what is wrong with it.
pub(crate) struct Lexed {
    /// All tokens, ending with [`Tok::Eof`]. Offsets are global.
    pub(crate) tokens: Vec<Token>,
    /// Lexical errors.
    pub(crate) errors: Vec<Diagnostic>,
    /// Where in the text a comment or raw string begins that goes on past its end.
    pub(crate) unterminated: Option<usize>,
    /// The text of the `//go:build` line before the package clause.
    pub(crate) build: Option<String>,
    /// The `//line` comments.
    pub(crate) marks: Vec<LineMark>,
    /// The `//go:embed` comments, without the slashes.
    pub(crate) embeds: Vec<Span>,
}

/// Cuts `text`, whose first byte has the global offset `base`, into tokens, beginning with `start`.
pub(crate) fn lex(text: &str, base: u32, start: Tok) -> Lexed {
    let mut tokens: Vec<Token> = Vec::with_capacity(text.len() / 4 + 8);
    let skipped = first_line(text);
    tokens.push((base + skipped as u32, start, base + skipped as u32));
    let mut lexer = Tok::lexer_with_extras(text, Notes::default());
    lexer.bump(skipped);
    let mut build = None;
    let (mut marks, mut embeds) = (Vec::new(), Vec::new());
    let mut ends_line = false;
    let push_newline = |tokens: &mut Vec<Token>, at: usize, len: u32| {
        tokens.push((base + at as u32, Tok::Newline, base + at as u32 + len));
    };
    while let Some(found) = lexer.next() {
        let span = lexer.span();
        let tok = match found {
            Ok(tok) => tok,
            Err(()) => {
                let c = lexer.slice().chars().next().unwrap_or(' ');
                lexer.extras.errors.push((span.start, format!("invalid character {}", code_point(c))));
                continue;
            }
        };
        match tok {
            Tok::Blank => {
                if ends_line {
                    push_newline(&mut tokens, span.start, 1);
                    ends_line = false;
                }
            }
            Tok::LineComment => {
                if build.is_none() && tokens.len() == 1 && start == Tok::StartFile {
                    build = lexer.slice().strip_prefix("//go:build ").map(|b| b.trim().to_string());
                }
                let embed = lexer.slice().strip_prefix("//go:embed").is_some_and(|r| r.starts_with([' ', '\t']));
                if embed {
                    embeds.push(Span::new(base + span.start as u32 + 2, base + span.end as u32));
                }
                let at_line_start = span.start == 0 || text.as_bytes()[span.start - 1] == b'\n';
                if let Some(words) = lexer.slice().strip_prefix("//line ").filter(|_| at_line_start) {
                    // It holds from the next line on.
                    let from = span.end + text[span.end..].find('\n').map_or(0, |n| n + 1);
                    line_mark(words.trim_end_matches('\r'), span.start + 7, from, &mut lexer.extras.errors, &mut marks);
                }
            }
            Tok::FullComment => {
                if let Some(words) = lexer.slice().strip_prefix("/*line ").and_then(|w| w.strip_suffix("*/")) {
                    line_mark(words, span.start + 7, span.end, &mut lexer.extras.errors, &mut marks);
                }
                if std::mem::take(&mut lexer.extras.newline_in_comment) && ends_line {
                    push_newline(&mut tokens, span.start, 1);
                    ends_line = false;
                }
            }
            _ => {
                ends_line = tok.ends_line();
                tokens.push((base + span.start as u32, tok, base + span.end as u32));
            }
        }
    }
    if ends_line {
        push_newline(&mut tokens, text.len(), 0);
    }
    tokens.push((base + text.len() as u32, Tok::Eof, base + text.len() as u32));
    let notes = lexer.extras;
    let mut found = notes.errors;
    forbidden_characters(text, &mut found);
    let errors = found.into_iter().map(|(at, message)| {
        let lo = base + at as u32;
        let len = text[at..].chars().next().map_or(0, |c| c.len_utf8() as u32);
        Diagnostic::error(Code::SyntaxError, Span::new(lo, lo + len), message)
    });
    Lexed { tokens, errors: errors.collect(), unterminated: notes.unterminated, build, marks, embeds }
}

/// The words of a `//line` comment, which begin at `at`: `file:line` or `file:line:column`. Without a line number it is a
/// comment like any other.
fn line_mark(words: &str, at: usize, from: usize, errors: &mut Vec<(usize, String)>, marks: &mut Vec<LineMark>) {
    /// Go's compiler knows no larger line or column.
    const MAX: u32 = 1 << 30;
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let Some((head, last)) = words.rsplit_once(':') else { return };
    let mut wrong = |what: &str, text: &str| {
        let offset = text.as_ptr() as usize - words.as_ptr() as usize;
        errors.push((at + offset, format!("invalid {what} number: {text}")));
    };
    let Some(n) = number(last) else { return wrong("line", last) };
    let (name, line, line_text, column) = match head.rsplit_once(':').map(|(name, line)| (name, line, number(line))) {
        Some((name, text, Some(line))) => {
            if n == 0 || n > MAX {
                return wrong("column", last);
            }
            // Without a name the last one goes on.
            (Some(name).filter(|n| !n.is_empty()), line, text, n)
        }
        _ => (Some(head), n, last, 0),
    };
    if line == 0 || line > MAX {
        return wrong("line", line_text);
    }
    marks.push(LineMark { from: from as u32, name: name.map(str::to_string), line, column });
}

/// How many bytes of a `#!` line stand before the first token.
fn first_line(text: &str) -> usize {
    if text.starts_with("#!") { text.find('\n').unwrap_or(text.len()) } else { 0 }
}

/// NUL and a byte order mark are errors wherever they stand (the mark: but at the very beginning).
fn forbidden_characters(text: &str, errors: &mut Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    if bytes.contains(&0) {
        let nul = bytes.iter().enumerate().filter(|b| *b.1 == 0);
        errors.extend(nul.map(|b| (b.0, "invalid NUL character".to_string())));
    }
    if bytes.contains(&0xEF) {
        let marks = text.match_indices('\u{FEFF}').filter(|m| m.0 > 0);
        errors.extend(marks.map(|m| (m.0, "invalid BOM in the middle of the file".to_string())));
    }
}

/// A code point as Go's `%#U` prints it.
pub(crate) fn code_point(c: char) -> String {
    let printable = !c.is_control() && (c == ' ' || !c.is_whitespace());
    if printable { format!("U+{:04X} '{c}'", c as u32) } else { format!("U+{:04X}", c as u32) }
}

/// A name with characters beyond ASCII: letters and digits of any script, nothing else.
pub(crate) fn wide_name(lexer: &mut Lexer<Tok>) {
    use GeneralCategory::*;
    let start = lexer.span().start;
    for (i, c) in lexer.slice().char_indices().filter(|c| !c.1.is_ascii()) {
        let message = match get_general_category(c) {
            UppercaseLetter | LowercaseLetter | TitlecaseLetter | ModifierLetter | OtherLetter => continue,
            DecimalNumber if i > 0 => continue,
            DecimalNumber => format!("identifier cannot begin with digit {}", code_point(c)),
            _ => format!("invalid character {} in identifier", code_point(c)),
        };
        lexer.extras.errors.push((start + i, message));
    }
}

/// The rest of a `/* */` comment.
pub(crate) fn full_comment(lexer: &mut Lexer<Tok>) {
    let rest = lexer.remainder();
    let len = match rest.find("*/") {
        Some(end) => end + 2,
        None => {
            let start = lexer.span().start;
            lexer.extras.errors.push((start, "comment not terminated".to_string()));
            lexer.extras.unterminated = Some(start);
            rest.len()
        }
    };
    lexer.extras.newline_in_comment = rest.as_bytes()[..len].contains(&b'\n');
    lexer.bump(len);
}

/// The rest of a number; the kind comes out of its shape.
pub(crate) fn number(lexer: &mut Lexer<Tok>) -> FilterResult<Tok, ()> {
    let start = lexer.span().start;
    let bytes = &lexer.source().as_bytes()[start..];
    let mut errors = Vec::new();
    let (len, kind) = number::scan(bytes, &mut |at, message| errors.push((start + at, message)));
    lexer.extras.errors.append(&mut errors);
    let seen = lexer.span().end - start;
    lexer.bump(len - seen);
    FilterResult::Emit(kind)
}

/// The rest of a rune literal that is not simply one character.
pub(crate) fn rune(lexer: &mut Lexer<Tok>) {
    let start = lexer.span().start;
    let text = &lexer.source()[start..];
    let mut at = 1;
    let mut ok = true;
    let mut count = 0;
    loop {
        let Some(c) = text[at..].chars().next() else {
            if ok {
                report(lexer, start, "rune literal not terminated");
            }
            break;
        };
        match c {
            '\'' => {
                if ok && count == 0 {
                    report(lexer, start + at, "empty rune literal or unescaped '");
                } else if ok && count != 1 {
                    report(lexer, start, "more than one character in rune literal");
                }
                at += 1;
                break;
            }
            '\n' => {
                if ok {
                    report(lexer, start + at, "newline in rune literal");
                }
                break;
            }
            '\\' => ok &= escape(lexer, text, &mut at, start, b'\''),
            _ => at += c.len_utf8(),
        }
        count += 1;
    }
    lexer.bump(at - 1);
}

/// The rest of a string literal with escapes in it, or without an end.
pub(crate) fn string(lexer: &mut Lexer<Tok>) {
    let start = lexer.span().start;
    let text = &lexer.source()[start..];
    let bytes = text.as_bytes();
    let mut at = 1;
    loop {
        match bytes.get(at) {
            None => {
                report(lexer, start, "string not terminated");
                break;
            }
            Some(b'"') => {
                at += 1;
                break;
            }
            Some(b'\n') => {
                report(lexer, start + at, "newline in string");
                break;
            }
            Some(b'\\') => _ = escape(lexer, text, &mut at, start, b'"'),
            Some(_) => at += 1,
        }
    }
    lexer.bump(at - 1);
}

/// A raw string without an end.
pub(crate) fn raw_string(lexer: &mut Lexer<Tok>) {
    let start = lexer.span().start;
    report(lexer, start, "string not terminated");
    lexer.extras.unterminated = Some(start);
    let rest = lexer.remainder().len();
    lexer.bump(rest);
}

fn report(lexer: &mut Lexer<Tok>, at: usize, message: impl Into<String>) {
    lexer.extras.errors.push((at, message.into()));
}

/// Checks the escape whose backslash is at `at`, which moves behind it; false when it is wrong (and reported).
fn escape(lexer: &mut Lexer<Tok>, text: &str, at: &mut usize, start: usize, quote: u8) -> bool {
    let bytes = text.as_bytes();
    *at += 1;
    let (digits, base, name) = match bytes.get(*at) {
        None => return true, // the caller complains about the end of the text
        Some(&b) if b == quote || b"abfnrtv\\".contains(&b) => {
            *at += 1;
            return true;
        }
        Some(b'0'..=b'7') => (3, 8, "octal"),
        Some(b'x') => (2, 16, "hexadecimal"),
        Some(b'u') => (4, 16, "hexadecimal"),
        Some(b'U') => (8, 16, "hexadecimal"),
        Some(_) => {
            report(lexer, start + *at, "unknown escape");
            return false;
        }
    };
    if base == 16 {
        *at += 1;
    }
    let mut value = 0u32;
    for _ in 0..digits {
        let Some(c) = text[*at..].chars().next() else { return true };
        let Some(digit) = c.to_digit(base) else {
            let c = if c == '\n' { "'\\n'".to_string() } else { quoted(c) };
            report(lexer, start + *at, format!("invalid character {c} in {name} escape"));
            return false;
        };
        value = value.wrapping_mul(base).wrapping_add(digit);
        *at += 1;
    }
    if base == 8 && value > 255 {
        report(lexer, start + *at, format!("octal escape value {value} > 255"));
        return false;
    }
    if digits > 3 && char::from_u32(value).is_none() {
        report(lexer, start + *at, format!("escape is invalid Unicode code point U+{value:04X}"));
        return false;
    }
    true
}

/// A character as Go's `%q` prints it.
pub(crate) fn quoted(c: char) -> String {
    match c {
        '\'' => "'\\''".to_string(),
        '\\' => "'\\\\'".to_string(),
        '\n' => "'\\n'".to_string(),
        '\r' => "'\\r'".to_string(),
        '\t' => "'\\t'".to_string(),
        c => format!("'{c}'"),
    }
}
