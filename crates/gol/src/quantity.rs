//! Amounts as people write them: bytes and durations.

use std::time::Duration;

/// A number of bytes with or without a unit: `1000`, `64MiB`, `2GiB`.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let units = [("KiB", 10), ("MiB", 20), ("GiB", 30), ("TiB", 40), ("B", 0)];
    let unit = units.iter().find_map(|(unit, shift)| text.strip_suffix(unit).map(|number| (number, *shift)));
    let (number, shift) = unit.unwrap_or((text, 0));
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    let bytes = number.parse::<u64>().ok().filter(|_| digits).and_then(|n| n.checked_mul(1 << shift));
    bytes.ok_or_else(|| "no number of bytes; units are B, KiB, MiB, GiB and TiB".into())
}

/// A duration as Go writes it: `500ms`, `1.5s`, `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    // The long names first: "m" begins "ms".
    let units = [("ns", 1e-9), ("us", 1e-6), ("\u{b5}s", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let wrong = || "no duration; one is such as 500ms, 1.5s or 1h30m".to_string();
    let (mut rest, mut seconds) = (text, 0.0);
    while !rest.is_empty() || text.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(wrong)?;
        let number: f64 = rest[..end].parse().map_err(|_| wrong())?;
        rest = &rest[end..];
        let (unit, size) = units.iter().find(|u| rest.starts_with(u.0)).ok_or_else(wrong)?;
        seconds += number * size;
        rest = &rest[unit.len()..];
    }
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_units() {
        assert_eq!(bytes("1000"), Ok(1000));
        assert_eq!(bytes("5B"), Ok(5));
        assert_eq!(bytes("3GiB"), Ok(3 << 30));
        for wrong in ["", "MiB", "-1", "+1", "1KB", "1e3", "99999999TiB"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        for wrong in ["", "5", "s", "-1s", "1x", "1s2", "..s", "1e9s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
