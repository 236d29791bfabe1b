//! `net/http`: heads of requests and responses, from bytes that are there already, and the lines of a head to send.
//!
//! `httparse` knows the usual form of a head. What it refuses may be wrong or only unusual (a continued line, a long head): that
//! is for the gol side, which reads it line by line and has Go's words for what is wrong.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};
use httparse::{Header, Request, Response, Status};

pub(crate) const TABLE: Table =
    &[("requestHead", request_head), ("responseHead", response_head), ("fieldLines", field_lines)];

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
