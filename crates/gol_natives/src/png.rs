//! `image/png`: the filters of rows, which look at every byte five times.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};

pub(crate) const TABLE: Table = &[("filterRow", filter_row), ("unfilterRow", unfilter_row)];

/// The filters by their numbers in the format.
const NONE: u8 = 0;
const SUB: u8 = 1;
const UP: u8 = 2;
const AVERAGE: u8 = 3;
const PAETH: u8 = 4;

/// What a filter takes a byte to be from those on the left, above, and above on the left.
fn predict(filter: u8, left: u8, above: u8, corner: u8) -> u8 {
    match filter {
        SUB => left,
        UP => above,
        AVERAGE => ((u16::from(left) + u16::from(above)) / 2) as u8,
        PAETH => {
            let (a, b, c) = (i16::from(left), i16::from(above), i16::from(corner));
            let (pa, pb, pc) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
            if pa <= pb && pa <= pc {
                left
            } else if pb <= pc {
                above
            } else {
                corner
            }
        }
        _ => 0,
    }
}

/// The bytes around index `i` of a row, 0 where there are none.
fn around(row: &[u8], above: &[u8], i: usize, size: usize) -> (u8, u8, u8) {
    let at = |bytes: &[u8], i: usize| bytes.get(i).copied().unwrap_or(0);
    match i.checked_sub(size) {
        Some(before) => (at(row, before), at(above, i), at(above, before)),
        None => (0, at(above, i), 0),
    }
}

fn filtered(filter: u8, row: &[u8], above: &[u8], size: usize) -> Vec<u8> {
    let byte = |(i, b): (usize, &u8)| {
        let (left, up, corner) = around(row, above, i, size);
        b.wrapping_sub(predict(filter, left, up, corner))
    };
    row.iter().enumerate().map(byte).collect()
}

/// `filterRow(row, above []byte, size int) []byte`: the row after the filter that leaves the smallest differences, behind the filter's
/// number. `size` is that of a pixel. Of several filters the first in this order is taken.
fn filter_row(n: &mut Native<'_>) -> NativeResult {
    let (row, above, size) = (n.bytes().to_vec(), n.bytes().to_vec(), n.int().max(1) as usize);
    let cost = |row: &[u8]| row.iter().map(|b| u64::from(b.cast_signed().unsigned_abs())).sum::<u64>();
    let all = [UP, PAETH, NONE, SUB, AVERAGE].map(|filter| (filter, filtered(filter, &row, &above, size)));
    let mut best = &all[0];
    for candidate in &all[1..] {
        if cost(&candidate.1) < cost(&best.1) {
            best = candidate;
        }
    }
    n.give_bytes(&[&[best.0], &best.1[..]].concat())?;
    Ok(Flow::Done)
}

/// `unfilterRow(filter int, row, above []byte, size int)`: takes a filter back, in place.
fn unfilter_row(n: &mut Native<'_>) -> NativeResult {
    let (filter, bytes, above, size) = (n.int() as u8, n.bytes(), n.bytes().to_vec(), n.int().max(1) as usize);
    let mut row = bytes.to_vec();
    for i in 0..row.len() {
        let (left, up, corner) = around(&row, &above, i, size);
        row[i] = row[i].wrapping_add(predict(filter, left, up, corner));
    }
    bytes.write(&row);
    Ok(Flow::Done)
}
