//! Rules for daylight saving time in the form of POSIX's variable `TZ`, which time zone files end with.

use gol_vm::{Flow, Native, NativeResult};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// What a rule gives for one instant.
pub(super) struct Found<'a> {
    name: &'a [u8],
    offset: i64,
    start: i64,
    end: i64,
    dst: bool,
}

/// `zoneRule(rule string, last, sec int64) (name string, offset int, start, end int64, isDST, ok bool)`
pub(super) fn zone_rule(n: &mut Native<'_>) -> NativeResult {
    let (rule, last, sec) = (n.str(), n.int(), n.int());
    let found = apply(rule, last, sec);
    let ok = found.is_some();
    let f = found.unwrap_or(Found { name: b"", offset: 0, start: 0, end: 0, dst: false });
    n.give_str(f.name)?;
    n.give_int(f.offset);
    n.give_int(f.start);
    n.give_int(f.end);
    n.give_bool(f.dst);
    n.give_bool(ok);
    Ok(Flow::Done)
}

/// The zone at `sec` after the last change in the file, at `last`. Bounds are exact near a change, and otherwise those of
/// the year, as Go has it.
pub(super) fn apply(rule: &[u8], last: i64, sec: i64) -> Option<Found<'_>> {
    let mut s = rule;
    let std = (name(&mut s)?, -offset(&mut s)?);
    if s.is_empty() || s[0] == b',' {
        return Some(Found { name: std.0, offset: std.1, start: last, end: i64::MAX, dst: false });
    }
    let dst_name = name(&mut s)?;
    let dst_offset = if s.is_empty() || s[0] == b',' { std.1 + HOUR } else { -offset(&mut s)? };
    if s.is_empty() {
        s = b",M3.2.0,M11.1.0";
    }
    if s[0] != b',' && s[0] != b';' {
        return None;
    }
    s = &s[1..];
    let start = Change::read(&mut s)?;
    eat(&mut s, b',').then_some(())?;
    let end = Change::read(&mut s)?;
    if !s.is_empty() {
        return None;
    }

    let (year, day) = year_and_day(sec.div_euclid(DAY));
    let in_year = day * DAY + sec % DAY;
    let year_start = sec - in_year;
    let mut start = start.in_year(year, std.1);
    let mut end = end.in_year(year, dst_offset);
    let (mut outer, mut inner) = ((std.0, std.1, false), (dst_name, dst_offset, true));
    if end < start {
        // In the south daylight saving time spans the new year.
        (start, end) = (end, start);
        (outer, inner) = (inner, outer);
    }
    let (zone, from, to) = if in_year < start {
        (outer, 0, start)
    } else if in_year >= end {
        (outer, end, 365 * DAY)
    } else {
        (inner, start, end)
    };
    Some(Found { name: zone.0, offset: zone.1, start: from + year_start, end: to + year_start, dst: zone.2 })
}

/// When in a year a zone begins.
struct Change {
    day: YearDay,
    /// Seconds after midnight.
    time: i64,
}

enum YearDay {
    /// `J60` is March 1 in every year.
    NoLeapDay(i64),
    /// From 0.
    WithLeapDay(i64),
    /// Month, week (5: the last), day of the week.
    Weekday(i64, i64, i64),
}

impl Change {
    fn read(s: &mut &[u8]) -> Option<Change> {
        let day = if eat(s, b'J') {
            YearDay::NoLeapDay(number(s, 1, 365)?)
        } else if eat(s, b'M') {
            let month = number(s, 1, 12)?;
            eat(s, b'.').then_some(())?;
            let week = number(s, 1, 5)?;
            eat(s, b'.').then_some(())?;
            YearDay::Weekday(month, week, number(s, 0, 6)?)
        } else {
            YearDay::WithLeapDay(number(s, 0, 365)?)
        };
        let time = if eat(s, b'/') { offset(s)? } else { 2 * HOUR };
        Some(Change { day, time })
    }

    /// Seconds after the beginning of `year` in UTC, if the offset before it is `offset`.
    fn in_year(&self, year: i64, offset: i64) -> i64 {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let day = match self.day {
            YearDay::NoLeapDay(day) => day - 1 + i64::from(leap && day >= 60),
            YearDay::WithLeapDay(day) => day,
            YearDay::Weekday(month, week, day) => {
                let first = days_to(year, month);
                let before_month = first - days_to(year, 1);
                let length = if month == 12 { 31 } else { days_to(year, month + 1) - first };
                // 1970 began with a Thursday.
                let mut d = (day - (first + 4)).rem_euclid(7);
                for _ in 1..week {
                    if d + 7 >= length {
                        break;
                    }
                    d += 7;
                }
                before_month + d
            }
        };
        day * DAY + self.time - offset
    }
}

/// Days from 1970 to the first of a month.
fn days_to(year: i64, month: i64) -> i64 {
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let in_cycle = y.rem_euclid(400);
    y.div_euclid(400) * 146_097 + in_cycle * 365 + in_cycle / 4 - in_cycle / 100 + (153 * m + 2) / 5 - 719_468
}

/// The year of a day since 1970, and the day in it from 0.
fn year_and_day(day: i64) -> (i64, i64) {
    let mut year = 1970 + day.div_euclid(366);
    // The guess is early by one year in about four hundred.
    while days_to(year + 1, 1) <= day {
        year += 1 + (day - days_to(year + 1, 1)) / 366;
    }
    (year, day - days_to(year, 1))
}

fn eat(s: &mut &[u8], c: u8) -> bool {
    let found = s.first() == Some(&c);
    if found {
        *s = &s[1..];
    }
    found
}

/// A zone's name: three letters or more, or anything in angle brackets.
fn name<'a>(s: &mut &'a [u8]) -> Option<&'a [u8]> {
    let text: &'a [u8] = s;
    if eat(s, b'<') {
        let n = s.iter().position(|c| *c == b'>')?;
        *s = &text[n + 2..];
        return Some(&text[1..n + 1]);
    }
    let n = text.iter().position(|c| c.is_ascii_digit() || b",-+".contains(c)).unwrap_or(text.len());
    *s = &text[n..];
    (n >= 3).then(|| &text[..n])
}

/// `[+-]hh[:mm[:ss]]` in seconds; up to a week of hours.
fn offset(s: &mut &[u8]) -> Option<i64> {
    let negative = !eat(s, b'+') && eat(s, b'-');
    let mut seconds = number(s, 0, 24 * 7)? * HOUR;
    if eat(s, b':') {
        seconds += number(s, 0, 59)? * 60;
        if eat(s, b':') {
            seconds += number(s, 0, 59)?;
        }
    }
    Some(if negative { -seconds } else { seconds })
}

/// A decimal number in bounds.
fn number(s: &mut &[u8], min: i64, max: i64) -> Option<i64> {
    let n = s.iter().position(|c| !c.is_ascii_digit()).unwrap_or(s.len());
    let mut v = 0;
    for c in &s[..n] {
        v = v * 10 + i64::from(c - b'0');
        if v > max {
            return None;
        }
    }
    *s = &s[n..];
    (n > 0 && v >= min).then_some(v)
}
