//! `net/http`: heads of requests and responses, from bytes that are there already, and the lines of a head to send.
//!
//! `httparse` knows the usual form of a head. What it refuses may be wrong or only unusual (a continued line, a long head): that
//! is for the gol side, which reads it line by line and has Go's words for what is wrong.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};
use httparse::{Header, Request, Response, Status};

pub(crate) const TABLE: Table =
    &[("requestHead", request_head), ("responseHead", response_head), ("fieldLines", field_lines), ("sniff", sniff)];

/// More fields than this are unusual.
const FIELDS: usize = 96;

/// `used` for a head that is not plain.
const NOT_PLAIN: i64 = -1;

/// `requestHead(data []byte) (used, minor, plain int, method, target string, fields []string)`
fn request_head(n: &mut Native<'_>) -> NativeResult {
    // A copy, since others may be writing to the slice.
    let data = n.bytes().to_vec();
    let mut headers = [httparse::EMPTY_HEADER; FIELDS];
    let mut request = Request::new(&mut headers);
    let used = if starts(&data) { progress(request.parse(&data)) } else { NOT_PLAIN };
    n.give_int(used);
    if used <= 0 {
        n.give_int(0);
        n.give_int(0);
        n.give_str("")?;
        n.give_str("")?;
        n.give_nil_slice();
        return Ok(Flow::Done);
    }
    let target = request.path.unwrap_or_default();
    n.give_int(request.version.unwrap_or_default().into());
    n.give_int(plain_path(target.as_bytes()));
    n.give_str(request.method.unwrap_or_default())?;
    n.give_str(target)?;
    give_fields(n, request.headers)
}

/// The length of a path that means what it says, behind which there is a query or nothing; -1 for what has to be parsed.
fn plain_path(target: &[u8]) -> i64 {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || b"/-._~".contains(c);
    let path = target.iter().take_while(|c| plain(c)).count();
    let query = match target.get(path) {
        None => true,
        Some(b'?') => path + 1 < target.len(),
        Some(_) => false,
    };
    if target.first() == Some(&b'/') && query { path as i64 } else { -1 }
}

/// `responseHead(data []byte) (used, minor, code int, reason string, fields []string)`
fn response_head(n: &mut Native<'_>) -> NativeResult {
    let data = n.bytes().to_vec();
    let mut headers = [httparse::EMPTY_HEADER; FIELDS];
    let mut response = Response::new(&mut headers);
    let mut used = if starts(&data) { progress(response.parse(&data)) } else { NOT_PLAIN };
    // Without a reason there is nothing that says whether a space stood behind the number.
    if used > 0 && response.reason.is_none_or(str::is_empty) {
        used = NOT_PLAIN;
    }
    n.give_int(used);
    if used <= 0 {
        n.give_int(0);
        n.give_int(0);
        n.give_str("")?;
        n.give_nil_slice();
        return Ok(Flow::Done);
    }
    n.give_int(response.version.unwrap_or_default().into());
    n.give_int(response.code.unwrap_or_default().into());
    n.give_str(response.reason.unwrap_or_default())?;
    give_fields(n, response.headers)
}

/// Whether a head may start so: not with an empty line, which the parser would skip.
fn starts(data: &[u8]) -> bool {
    !matches!(data.first(), Some(b'\r' | b'\n'))
}

fn progress(parsed: httparse::Result<usize>) -> i64 {
    match parsed {
        Ok(Status::Complete(used)) => used as i64,
        Ok(Status::Partial) => 0,
        Err(_) => NOT_PLAIN,
    }
}

/// Gives keys in canonical form and values, in turn.
fn give_fields(n: &mut Native<'_>, headers: &[Header<'_>]) -> NativeResult {
    let mut keys = Vec::with_capacity(headers.iter().map(|h| h.name.len()).sum());
    for header in headers {
        let mut capital = true;
        for c in header.name.bytes() {
            keys.push(if capital { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
            capital = c == b'-';
        }
    }
    let mut fields: Vec<&[u8]> = Vec::with_capacity(2 * headers.len());
    let mut rest = &keys[..];
    for header in headers {
        let (key, after) = rest.split_at(header.name.len());
        rest = after;
        fields.push(key);
        fields.push(trim(header.value, b" \t"));
    }
    n.give_strings(&fields)?;
    Ok(Flow::Done)
}

fn trim<'a>(mut s: &'a [u8], cut: &[u8]) -> &'a [u8] {
    while let [first, rest @ ..] = s
        && cut.contains(first)
    {
        s = rest;
    }
    while let [rest @ .., last] = s
        && cut.contains(last)
    {
        s = rest;
    }
    s
}

/// Whether this is a key: a token of HTTP.
fn is_key(s: &[u8]) -> bool {
    !s.is_empty() && s.iter().all(|c| c.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(c))
}

/// `fieldLines(fields []string) string`
fn field_lines(n: &mut Native<'_>) -> NativeResult {
    let fields = n.strings();
    let mut pairs: Vec<(&[u8], &[u8])> =
        fields.chunks_exact(2).map(|f| (&f[0][..], &f[1][..])).filter(|(key, _)| is_key(key)).collect();
    pairs.sort_by_key(|&(key, _)| key);
    let mut out = Vec::with_capacity(pairs.iter().map(|(key, value)| key.len() + value.len() + 4).sum());
    for (key, value) in pairs {
        out.extend_from_slice(key);
        out.extend_from_slice(b": ");
        let from = out.len();
        out.extend_from_slice(trim(value, b" \t\r\n"));
        for c in &mut out[from..] {
            if matches!(c, b'\r' | b'\n') {
                *c = b' ';
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    n.give_str(out)?;
    Ok(Flow::Done)
}

/// A rule of the MIME Sniffing standard: these bytes, under a mask if it is not empty, at the start.
type Rule = (&'static [u8], &'static [u8], &'static str);

const fn rule(bytes: &'static [u8], kind: &'static str) -> Rule {
    (bytes, b"", kind)
}

/// Tags that begin HTML, if a space or `>` follows.
const TAGS: [&[u8]; 17] = [
    b"<!DOCTYPE HTML",
    b"<HTML",
    b"<HEAD",
    b"<SCRIPT",
    b"<IFRAME",
    b"<H1",
    b"<DIV",
    b"<FONT",
    b"<TABLE",
    b"<A",
    b"<STYLE",
    b"<TITLE",
    b"<B",
    b"<BODY",
    b"<BR",
    b"<P",
    b"<!--",
];

const FOUR_FREE: &[u8] = b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff";

const RULES: [Rule; 32] = [
    rule(b"%PDF-", "application/pdf"),
    rule(b"%!PS-Adobe-", "application/postscript"),
    (b"\xfe\xff\0\0", b"\xff\xff\0\0", "text/plain; charset=utf-16be"),
    (b"\xff\xfe\0\0", b"\xff\xff\0\0", "text/plain; charset=utf-16le"),
    (b"\xef\xbb\xbf\0", b"\xff\xff\xff\0", "text/plain; charset=utf-8"),
    rule(b"\0\0\x01\0", "image/x-icon"),
    rule(b"\0\0\x02\0", "image/x-icon"),
    rule(b"BM", "image/bmp"),
    rule(b"GIF87a", "image/gif"),
    rule(b"GIF89a", "image/gif"),
    (b"RIFF\0\0\0\0WEBPVP", b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff", "image/webp"),
    rule(b"\x89PNG\r\n\x1a\n", "image/png"),
    rule(b"\xff\xd8\xff", "image/jpeg"),
    (b"FORM\0\0\0\0AIFF", FOUR_FREE, "audio/aiff"),
    rule(b"ID3", "audio/mpeg"),
    rule(b"OggS\0", "application/ogg"),
    rule(b"MThd\0\0\0\x06", "audio/midi"),
    (b"RIFF\0\0\0\0AVI ", FOUR_FREE, "video/avi"),
    (b"RIFF\0\0\0\0WAVE", FOUR_FREE, "audio/wave"),
    (b"", b"mp4", "video/mp4"), // stands for the rule about boxes
    rule(b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"LP", b"eot", "application/vnd.ms-fontobject"), // stands for the rule about byte 34
    rule(b"\0\x01\0\0", "font/ttf"),
    rule(b"OTTO", "font/otf"),
    rule(b"ttcf", "font/collection"),
    rule(b"wOFF", "font/woff"),
    rule(b"wOF2", "font/woff2"),
    rule(b"\x1f\x8b\x08", "application/x-gzip"),
    rule(b"PK\x03\x04", "application/zip"),
    rule(b"Rar!\x1a\x07\0", "application/x-rar-compressed"),
    rule(b"Rar!\x1a\x07\x01\0", "application/x-rar-compressed"),
    rule(b"\0asm", "application/wasm"),
];

/// How much of the data counts.
const SNIFFED: usize = 512;

/// `sniff(data []byte) string`
fn sniff(n: &mut Native<'_>) -> NativeResult {
    let data = n.bytes().view();
    let kind = kind_of(&data[..data.len().min(SNIFFED)]);
    n.give_str(kind)?;
    Ok(Flow::Done)
}

fn kind_of(data: &[u8]) -> &'static str {
    let space = |c: &u8| matches!(c, b'\t' | b'\n' | b'\x0c' | b'\r' | b' ');
    let text = &data[data.iter().take_while(|c| space(c)).count()..];
    let tag = |tag: &&[u8]| {
        text.get(..tag.len()).is_some_and(|start| start.eq_ignore_ascii_case(tag))
            && matches!(text.get(tag.len()), Some(b' ' | b'>'))
    };
    if TAGS.iter().any(tag) {
        return "text/html; charset=utf-8";
    }
    if text.starts_with(b"<?xml") {
        return "text/xml; charset=utf-8";
    }
    if let Some((_, _, kind)) = RULES.iter().find(|r| follows(data, r)) {
        return kind;
    }
    let binary = |c: &u8| matches!(c, 0..=8 | 0x0b | 0x0e..=0x1a | 0x1c..=0x1f);
    if text.iter().any(binary) { "application/octet-stream" } else { "text/plain; charset=utf-8" }
}

fn follows(data: &[u8], (bytes, mask, kind): &Rule) -> bool {
    match *kind {
        "video/mp4" => is_mp4(data),
        "application/vnd.ms-fontobject" => data.get(34..36) == Some(bytes),
        _ if mask.is_empty() => data.starts_with(bytes),
        _ => data.len() >= bytes.len() && data.iter().zip(*mask).zip(*bytes).all(|((d, m), b)| d & m == *b),
    }
}

/// Whether the first box is that of the type of an MP4 file.
fn is_mp4(data: &[u8]) -> bool {
    let Some(Ok(length)) = data.get(..4).map(<[u8; 4]>::try_from) else { return false };
    let length = u32::from_be_bytes(length) as usize;
    data.len() >= 12
        && data.len() >= length
        && length.is_multiple_of(4)
        && &data[4..8] == b"ftyp"
        && (8..length).step_by(4).any(|at| at != 12 && data.get(at..at + 3) == Some(b"mp4"))
}
