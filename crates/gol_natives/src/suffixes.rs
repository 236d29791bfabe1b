//! `index/suffixarray`: the order of all suffixes of a text.

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};

pub(crate) const TABLE: Table = &[("sorted", sorted)];

/// `sorted(data []byte) []int`: where the suffixes begin, in their order.
fn sorted(n: &mut Native<'_>) -> NativeResult {
    let data = n.bytes().to_vec();
    let order: Vec<u64> = order(&data).into_iter().map(|i| i as u64).collect();
    if order.is_empty() {
        n.give_nil_slice();
    } else {
        n.give_words(&order)?;
    }
    Ok(Flow::Done)
}

/// Suffixes are sorted by their first 1, 2, 4, ... bytes (Manber and Myers): two suffixes that are the same so far differ by those
/// that begin behind what they have in common, whose order is known.
fn order(data: &[u8]) -> Vec<usize> {
    let len = data.len();
    let mut rank: Vec<usize> = data.iter().map(|b| usize::from(*b) + 1).collect();
    let mut by_rank = counted(&rank, 0..len, 257);
    let mut width = 1;
    loop {
        // By the second half: those that have none come first.
        let second = (len.saturating_sub(width)..len).chain(by_rank.iter().filter(|i| **i >= width).map(|i| i - width));
        let second: Vec<usize> = second.collect();
        let top = rank.iter().max().map_or(0, |r| r + 1).max(len + 1);
        by_rank = counted(&rank, second.into_iter(), top);
        let half = |i: usize| rank.get(i + width).copied().unwrap_or(0);
        let mut next = vec![0; len];
        let mut ranks = 0;
        for (at, &i) in by_rank.iter().enumerate() {
            let same = at > 0 && {
                let before = by_rank[at - 1];
                rank[before] == rank[i] && half(before) == half(i)
            };
            if !same {
                ranks += 1;
            }
            next[i] = ranks;
        }
        rank = next;
        width *= 2;
        if ranks >= len || width >= len {
            return by_rank;
        }
    }
}

/// The items in the order of their ranks, those of the same rank as they come.
fn counted(rank: &[usize], items: impl Iterator<Item = usize>, top: usize) -> Vec<usize> {
    let mut starts = vec![0; top + 1];
    rank.iter().for_each(|r| starts[r + 1] += 1);
    for r in 0..top {
        starts[r + 1] += starts[r];
    }
    let mut sorted = vec![0; rank.len()];
    for i in items {
        sorted[starts[rank[i]]] = i;
        starts[rank[i]] += 1;
    }
    sorted
}
