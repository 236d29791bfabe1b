//! The one seam between the runtime and everything that is not determined by the program: clocks, random numbers, choices.
//!
//! In [`Mode::Parallel`] these are the system's clocks and random numbers. In [`Mode::Deterministic`] they come from one seed: the
//! clock moves a fixed step with each reduction and each switch, and jumps to the next timer when all wait; every choice is drawn from
//! the seed; time slices are counted in *reductions* (passes over a call or a loop's back edge), never in time. Nothing else in the
//! right tower reads a clock, a random source or an address in order to decide something.

#![allow(clippy::disallowed_methods)]

use crate::sync::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::hash::{BuildHasher, RandomState};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// How a runtime schedules.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// All workers, the wall clock.
    Parallel,
    /// One worker, a logical clock, and one seed for every choice.
    Deterministic {
        /// What all choices are drawn from.
        seed: u64,
    },
}

/// Where a deterministic run's wall clock starts: 2009-11-10 23:00:00 UTC, as in Go's playground.
const LOGICAL_EPOCH_SECONDS: i64 = 1_257_894_000;

/// A goroutine's slice in a deterministic run is at most this many reductions.
const MAX_REDUCTIONS: u32 = 2000;

/// How far a reduction moves the logical clock, in nanoseconds.
pub(crate) const REDUCTION: i64 = 20;
/// How far a switch moves it.
pub(crate) const SWITCH: i64 = 100;

/// Clock, random numbers and choices of one runtime.
#[derive(Debug)]
pub struct Env {
    mode: Mode,
    start: Instant,
    /// Nanoseconds since the start, in a deterministic run.
    logical: AtomicI64,
    /// State of the generator that seeds all others.
    seeds: AtomicU64,
}

impl Env {
    pub(crate) fn new(mode: Mode) -> Env {
        let seed = match mode {
            // A model must be able to repeat what it did.
            Mode::Parallel if cfg!(loom) => 1,
            Mode::Parallel => RandomState::new().hash_one(0x60_1a_06u32),
            Mode::Deterministic { seed } => seed,
        };
        Env { mode, start: Instant::now(), logical: AtomicI64::new(1), seeds: AtomicU64::new(seed) }
    }

    /// The mode of this run.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether this run is deterministic.
    pub fn deterministic(&self) -> bool {
        self.mode != Mode::Parallel
    }

    /// The monotonic clock: nanoseconds since the runtime was made, at least 1.
    pub fn now(&self) -> i64 {
        match self.mode {
            Mode::Parallel => self.start.elapsed().as_nanos() as i64 + 1,
            Mode::Deterministic { .. } => self.logical.load(Relaxed),
        }
    }

    /// The wall clock: seconds since 1970 (UTC) and nanoseconds.
    pub fn wall(&self) -> (i64, u32) {
        match self.mode {
            Mode::Parallel => match SystemTime::now().duration_since(UNIX_EPOCH) {
                Ok(d) => (d.as_secs() as i64, d.subsec_nanos()),
                Err(before) => {
                    let nanos = -(before.duration().as_nanos() as i128);
                    (nanos.div_euclid(1_000_000_000) as i64, nanos.rem_euclid(1_000_000_000) as u32)
                }
            },
            Mode::Deterministic { .. } => {
                let now = self.logical.load(Relaxed);
                (LOGICAL_EPOCH_SECONDS + now / 1_000_000_000, (now % 1_000_000_000) as u32)
            }
        }
    }

    /// Puts the logical clock forward by `ns`, so that a program that waits in a loop for time to pass comes to an end.
    #[inline]
    pub(crate) fn advance_by(&self, ns: i64) {
        self.logical.fetch_add(ns, Relaxed);
    }

    /// Puts the logical clock forward to `when`.
    pub(crate) fn advance_to(&self, when: i64) {
        self.logical.fetch_max(when, Relaxed);
    }

    /// A fresh 64-bit seed: for a map, for `math/rand`, for a worker's own generator.
    pub fn seed(&self) -> u64 {
        mix(self.seeds.fetch_add(GOLDEN, Relaxed).wrapping_add(GOLDEN))
    }

    /// How many reductions the next slice of a deterministic run has.
    pub(crate) fn reductions(&self, rng: &mut Rng) -> u32 {
        1 + rng.below(MAX_REDUCTIONS)
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// The output function of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A worker's own generator (splitmix64): cheap, not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that starts from `seed`.
    pub fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    /// The next 64 random bits.
    #[inline]
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `n`, which is not 0.
    #[inline]
    pub fn below(&mut self, n: u32) -> u32 {
        (((self.next_u64() >> 32) * n as u64) >> 32) as u32
    }
}
