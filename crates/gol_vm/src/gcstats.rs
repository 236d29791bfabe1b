//! What `--gcstats` shows: a line on standard error for each collection, and a summary when the run ends.

use gol_heap::HeapStats;
use gol_runtime::{GcListener, GcReport};
use std::sync::{Arc, Mutex, PoisonError};

/// What the summary tells.
#[derive(Default)]
pub(crate) struct GcStats {
    sums: Mutex<Sums>,
}

#[derive(Default)]
struct Sums {
    collections: u32,
    pause: i64,
    /// The longest pause and its collection's number.
    longest: (i64, u32),
    /// The most bytes that were live at the end of a collection.
    live: u64,
}

impl GcStats {
    /// A listener that shows and counts; lines go to `write`.
    pub(crate) fn listener(self: &Arc<GcStats>, write: impl Fn(&[u8]) + Send + Sync + 'static) -> GcListener {
        let stats = self.clone();
        Box::new(move |report| {
            stats.count(report);
            write(line(report).as_bytes());
        })
    }

    fn count(&self, report: &GcReport) {
        let sums = &mut *self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        sums.collections += 1;
        sums.pause += report.pause();
        sums.longest = sums.longest.max((report.pause(), report.number));
        sums.live = sums.live.max(report.stats.live_bytes);
    }

    /// The summary of a run that ends `now`.
    pub(crate) fn summary(&self, now: i64, heap: &HeapStats) -> String {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        format!(
            "gc: {} collections in {:.3} s, the world stopped for {} ms in all, {} ms at the longest (gc {}); \
             {} MB allocated, {} MB live at most\n",
            sums.collections,
            now as f64 / 1e9,
            ms(sums.pause),
            ms(sums.longest.0),
            sums.longest.1,
            mb(heap.total_alloc),
            mb(sums.live),
        )
    }
}

fn line(r: &GcReport) -> String {
    format!(
        "gc {} @{:.3}s: stop {} + sweep {} + mark {} + finish {} ms, {} threads; {} -> {} MB, {} objects, {} MB of stacks, \
         {} goroutines; goal {} MB, next {} MB, system {} MB\n",
        r.number,
        r.at as f64 / 1e9,
        ms(r.stop),
        ms(r.sweep),
        ms(r.mark),
        ms(r.finish),
        r.threads,
        mb(r.before),
        mb(r.stats.live_bytes),
        r.stats.live_objects,
        mb(r.stats.root_bytes),
        r.goroutines,
        mb(r.goal),
        mb(r.next_goal),
        mb(r.system),
    )
}

fn ms(ns: i64) -> String {
    format!("{:.3}", ns as f64 / 1e6)
}

fn mb(bytes: u64) -> String {
    // A goal that is none at all.
    if bytes == u64::MAX { "-".into() } else { format!("{:.1}", bytes as f64 / (1 << 20) as f64) }
}
