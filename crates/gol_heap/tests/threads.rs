//! Many threads allocate, link and check objects, and stop for collections in between.

use gol_heap::{Heap, HeapConfig, LayoutId, MarkHelpers, RootVisitor, Roots, mem};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::*};
use std::sync::{Arc, Condvar, Mutex};

const SLOTS: usize = 64;

/// A stop-the-world for the test: workers come to a safepoint, the last one in collects, and all mark.
struct World {
    heap: Arc<Heap>,
    workers: usize,
    state: Mutex<State>,
    changed: Condvar,
    /// Each worker's roots.
    stacks: Vec<Vec<AtomicU64>>,
    collections: AtomicUsize,
}

#[derive(Default)]
struct State {
    waiting: usize,
    gone: usize,
    epoch: usize,
}

impl Roots for World {
    fn visit(&self, marker: &mut dyn RootVisitor) {
        for stack in &self.stacks {
            // SAFETY: the world is stopped, and the stacks live as long as the world.
            unsafe { marker.range(stack.as_ptr().cast(), stack.len()) };
        }
    }
}

impl World {
    fn collect(&self, helpers: &dyn MarkHelpers) {
        // SAFETY: H5: all other workers wait on `changed` (or are gone), under the lock.
        unsafe { self.heap.collect(self, helpers) };
        self.collections.fetch_add(1, Relaxed);
    }

    fn safepoint(&self) {
        if !self.heap.gc_wanted() {
            return;
        }
        let mut state = self.state.lock().expect("lock");
        state.waiting += 1;
        self.turn(&mut state);
        let epoch = state.epoch;
        while self.heap.gc_wanted() && state.epoch == epoch {
            state = self.changed.wait(state).expect("lock");
        }
        state.waiting -= 1;
    }

    fn turn(&self, state: &mut State) {
        if self.heap.gc_wanted() && state.waiting > 0 && state.waiting + state.gone == self.workers {
            let threads = 1 + self.collections.load(Relaxed) % 3;
            self.collect(&gol_heap::ThreadHelpers(threads));
            state.epoch += 1;
            self.changed.notify_all();
        }
    }

    fn leave(&self, worker: usize) {
        self.stacks[worker].iter().for_each(|s| s.store(0, Relaxed));
        let mut state = self.state.lock().expect("lock");
        state.gone += 1;
        self.turn(&mut state);
    }
}

/// A node: `[next, check, size, payload...]`; check is a function of the address's content.
fn worker(world: &World, me: usize, rounds: usize) {
    let mut local = world.heap.local();
    let node = world.heap.layouts().add(8 * 1024, &[1]);
    let mut random = (me as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    for round in 0..rounds {
        world.safepoint();
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let slot = random as usize % SLOTS;
        // Mostly own slots, sometimes another worker's list is looked at.
        let owner = if random.is_multiple_of(7) { (random >> 20) as usize % world.workers } else { me };
        let head = world.stacks[owner][slot].load(Acquire);
        let mut at = head;
        let mut length = 0;
        while at != 0 {
            // SAFETY: H6: nodes have at least three words; they are never freed while reachable.
            let (next, check, size) = unsafe {
                (
                    mem::load_u64(at as *const u8),
                    mem::load_u64((at + 8) as *const u8),
                    mem::load_u64((at + 16) as *const u8),
                )
            };
            assert_eq!(check, size ^ 0x5555, "round {round}");
            at = next;
            length += 1;
        }
        let size = match random >> 40 & 15 {
            0 => 24 + (random >> 44) as usize % 60_000,
            _ => 24 + (random >> 44) as usize % 300,
        };
        let layout = if random & 1 << 50 == 0 { node } else { LayoutId::CONSERVATIVE };
        let object = local.alloc(size, layout);
        assert!(!object.is_null());
        // SAFETY: H6: the object has `size` >= 24 bytes.
        unsafe {
            for word in (0..size / 8).step_by(11) {
                assert_eq!(mem::load_u64(object.add(word * 8)), 0, "fresh objects are zero");
            }
            mem::store_u64(object, if length < 50 { world.stacks[me][slot].load(Relaxed) } else { 0 });
            mem::store_u64(object.add(8), size as u64 ^ 0x5555);
            mem::store_u64(object.add(16), size as u64);
        }
        world.stacks[me][slot].store(object as u64, Release);
    }
    drop(local);
    world.leave(me);
}

fn run(workers: usize, rounds: usize, stress: bool) -> usize {
    let heap = Heap::new(HeapConfig { reserve: 8 << 30, ..HeapConfig::default() }).expect("addresses");
    heap.set_stress(stress as usize);
    let stacks = (0..workers).map(|_| (0..SLOTS).map(|_| AtomicU64::new(0)).collect()).collect();
    let world = World {
        heap,
        workers,
        state: Mutex::default(),
        changed: Condvar::new(),
        stacks,
        collections: AtomicUsize::new(0),
    };
    std::thread::scope(|scope| {
        for me in 0..workers {
            let world = std::panic::AssertUnwindSafe(&world);
            scope.spawn(move || {
                // A worker that fails would leave the others waiting for ever.
                if std::panic::catch_unwind(|| worker(&world, me, rounds)).is_err() {
                    std::process::abort();
                }
            });
        }
    });
    world.collect(&gol_heap::NoHelpers);
    assert_eq!(world.heap.stats().heap_objects, 0);
    assert_eq!(world.heap.stats().mallocs, world.heap.stats().frees);
    world.collections.load(Relaxed)
}

#[test]
fn threads_allocate_and_stop_for_collections() {
    assert!(run(4, 150_000, false) > 5);
}

#[test]
fn threads_under_stress() {
    assert!(run(3, 300, true) > 200);
}
