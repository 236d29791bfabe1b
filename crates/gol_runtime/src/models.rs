//! Loom's searches of channels, selects, semaphores, timers, parked workers and the stopped world, on the code itself.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --package gol_runtime --lib --target-dir target/loom` builds this crate with loom's atomics and locks
//! ([`crate::sync`]) and tries the orders in which the threads of each model can take their steps, with the values that the orderings of
//! their accesses allow. The idle set and the lock of a channel have their models with them.
//!
//! A model has a runtime that never starts: its threads are workers that the model moves, with nobody to wake. A goroutine is a few
//! registers. What loom cannot see are plain fields; a cell in each goroutine stands for them ([`crate::G::owned`]), so that two owners
//! at once, or an owner that need not have seen what the one before it wrote, are found (R2).
//!
//! What is not searched: the deque and the injector (crossbeam's own tests do that); blocking calls, the poller and signals, which
//! come in through `ready_external`.

use crate::chan::{Hchan, RecvResult, SendResult, chanrecv, chansend, closechan, makechan};
use crate::g::{G, GStatus, Resume};
use crate::gc::World;
use crate::park::{HELP, Parker, WOKEN};
use crate::runtime::{Config, Machine, Runtime};
use crate::select::{CaseKind, Scase, SelectResult, select_resume, selectgo};
use crate::sema::{Acquired, semacquire, semrelease};
use crate::sync::{Arc, AtomicBool, AtomicU32, Ordering::*, thread};
use crate::time::{Due, TimerAction, timer_start, timer_stop};
use crate::wait::WaitReason;
use crate::worker::Worker;
use gol_heap::{Heap, HeapConfig, LayoutId, RootVisitor};

/// Executes nothing.
struct Still;

impl Machine for Still {
    fn run(&self, _: &mut Worker, _: *mut G) {}
    fn visit_roots(&self, _: &mut dyn RootVisitor) {}
    fn start_func(&self, _: &mut G, _: u64) {}
}

/// A worker that a thread of the model moves, and what it left in its queues.
struct Mover(Box<Worker>);

// SAFETY: one thread of the model has it at a time.
unsafe impl Send for Mover {}

/// A pointer to a goroutine, a channel or a semaphore, for another thread of the model.
struct To<T>(*mut T);

impl<T> Clone for To<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for To<T> {}
// SAFETY: what the models are about is whether this is so.
unsafe impl<T> Send for To<T> {}

impl<T> To<T> {
    /// The pointer. (A method, so that closures take the whole.)
    fn it(self) -> *mut T {
        self.0
    }
}

fn runtime() -> Runtime {
    let heap = Heap::new(HeapConfig { reserve: 1 << 20, gc_percent: -1, ..HeapConfig::default() });
    let mut config = Config::new(heap.expect("a little memory"), Arc::new(Still));
    // One in service, so that none is idle and none is woken.
    config.workers = 1;
    Runtime::new(config)
}

impl Mover {
    fn new(rt: &Runtime, id: u16) -> Mover {
        Mover(Box::new(Worker::new(rt.shared.clone(), id, crossbeam_deque::Worker::new_fifo())))
    }

    fn g(&mut self) -> To<G> {
        To(self.0.new_g(0, 0, 8).expect("a small stack"))
    }

    fn chan(&mut self, size: i64) -> To<Hchan> {
        To(makechan(&mut self.0, 1, LayoutId::NOSCAN, size).expect("a little memory"))
    }

    /// Those that this worker readied, in the order in which they would run.
    fn readied(&mut self) -> Vec<*mut G> {
        let first = self.0.runnext.take().map(|g| g.as_ptr());
        let mut all: Vec<_> = first.into_iter().collect();
        while let Some(g) = self.0.deque.pop() {
            all.push(g.0.as_ptr());
        }
        all
    }

    fn send(&mut self, g: To<G>, c: To<Hchan>, value: u64, block: bool) -> SendResult {
        // SAFETY: R9: the model's goroutines and channels; the register is in the stack.
        unsafe {
            *(*g.it()).stack.ptr() = value;
            chansend(&mut self.0, g.it(), c.it(), 0, block)
        }
    }

    /// The value goes to register 0, `ok` to register 1.
    fn recv(&mut self, g: To<G>, c: To<Hchan>, block: bool) -> RecvResult {
        // SAFETY: as above.
        unsafe { chanrecv(&mut self.0, g.it(), c.it(), 0, Some(1), block) }
    }
}

/// A register of a goroutine that is ours again.
fn register(g: To<G>, at: usize) -> u64 {
    // SAFETY: nobody else runs; `owned` has loom look.
    unsafe {
        (*g.it()).owned();
        *(*g.it()).stack.ptr().add(at)
    }
}

fn waits(g: To<G>) -> bool {
    // SAFETY: as above.
    unsafe { (*g.it()).status == GStatus::Waiting }
}

fn explore(preemptions: usize, f: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.max_branches = 20_000;
    builder.check(f);
}

// ---- channels ----

/// Two send and two receive, with and without a buffer: all four end, the values come in order, and each goroutine that parked is readied once.
fn two_and_two(size: i64, preemptions: usize) {
    explore(preemptions, move || {
        let rt = runtime();
        let (mut a, mut b) = (Mover::new(&rt, 0), Mover::new(&rt, 1));
        let c = a.chan(size);
        let senders = [a.g(), a.g()];
        let receivers = [b.g(), b.g()];
        let other = thread::spawn(move || {
            let done = receivers.map(|g| b.recv(g, c, true));
            (b, done)
        });
        let sent = [a.send(senders[0], c, 1, true), a.send(senders[1], c, 2, true)];
        let (mut b, received) = other.join().unwrap();
        let mut ready = a.readied();
        ready.extend(b.readied());
        for (g, parked) in senders
            .iter()
            .zip(sent.map(|r| r == SendResult::Parked))
            .chain(receivers.iter().zip(received.map(|r| r == RecvResult::Parked)))
        {
            assert_eq!(ready.iter().filter(|&&r| r == g.it()).count(), parked as usize, "readied as often as parked");
            assert!(!waits(*g), "sent, received, and still waiting");
        }
        assert_eq!(receivers.map(|g| (register(g, 0), register(g, 1))), [(1, 1), (2, 1)]);
    });
}

#[test]
fn unbuffered_channels_hand_over() {
    two_and_two(0, 3);
}

#[test]
fn buffered_channels_hand_over() {
    two_and_two(1, 3);
}

/// A close meets a sender and a receiver: the value is received, or the sender is told; nobody waits on.
#[test]
fn close_wakes_all() {
    explore(1, || {
        let rt = runtime();
        let (mut a, mut b, mut d) = (Mover::new(&rt, 0), Mover::new(&rt, 1), Mover::new(&rt, 2));
        let c = a.chan(0);
        let (closer, sender, receiver) = (a.g(), b.g(), d.g());
        let sending = thread::spawn(move || {
            let result = b.send(sender, c, 7, true);
            (b, result)
        });
        let receiving = thread::spawn(move || {
            let result = d.recv(receiver, c, true);
            (d, result)
        });
        // SAFETY: R9.
        assert_eq!(unsafe { closechan(&mut a.0, closer.it(), c.it()) }, Ok(()));
        let (mut b, sent) = sending.join().unwrap();
        let (mut d, received) = receiving.join().unwrap();
        let mut ready = a.readied();
        ready.extend(b.readied());
        ready.extend(d.readied());
        let parked = (sent == SendResult::Parked) as usize + (received == RecvResult::Parked) as usize;
        assert_eq!(ready.len(), parked);
        assert!(!waits(sender) && !waits(receiver));
        // SAFETY: nobody else runs.
        let told = sent == SendResult::Closed || unsafe { (*sender.it()).resume == Resume::SendOnClosed };
        let got = (register(receiver, 0), register(receiver, 1));
        assert_eq!(got, if told { (0, 0) } else { (7, 1) });
    });
}

/// Sends and receives that do not block see a moment at which they could not go on; what one sends is not lost.
#[test]
fn what_does_not_block_loses_nothing() {
    explore(3, || {
        let rt = runtime();
        let (mut a, mut b) = (Mover::new(&rt, 0), Mover::new(&rt, 1));
        let c = a.chan(1);
        let (sender, receiver, last) = (a.g(), b.g(), a.g());
        let other = thread::spawn(move || {
            let result = b.recv(receiver, c, false);
            (b, result)
        });
        assert_eq!(a.send(sender, c, 5, false), SendResult::Done, "the buffer has room");
        let (_b, result) = other.join().unwrap();
        let again = a.recv(last, c, false);
        match result {
            RecvResult::Done { received } => {
                assert!(received && register(receiver, 0) == 5 && again == RecvResult::WouldBlock)
            }
            _ => assert!(again == RecvResult::Done { received: true } && register(last, 0) == 5),
        }
    });
}

// ---- select ----

fn cases(chans: [To<Hchan>; 2]) -> [Scase; 2] {
    chans.map(|c| Scase { c: c.it(), kind: CaseKind::Recv, off: 0, ok_off: 1 })
}

/// Two senders meet a select of both channels: one case takes place and is seen whole, the other sender waits, and the goroutine is in
/// no queue afterwards.
#[test]
fn one_case_of_a_select_takes_place() {
    explore(1, || {
        let rt = runtime();
        let (mut a, b, d) = (Mover::new(&rt, 0), Mover::new(&rt, 1), Mover::new(&rt, 2));
        let chans = [a.chan(0), a.chan(0)];
        let selecting = a.g();
        let senders = [a.g(), a.g()];
        let threads = [(b, 0), (d, 1)].map(|(mut mover, i): (Mover, usize)| {
            let (g, c) = (senders[i], chans[i]);
            thread::spawn(move || {
                let result = mover.send(g, c, 10 + i as u64, true);
                (mover, result)
            })
        });
        // SAFETY: R9.
        let mut result = unsafe { selectgo(&mut a.0, selecting.it(), &cases(chans), true) };
        let mut sent = Vec::new();
        let mut ready = a.readied();
        for t in threads {
            let (mut mover, result) = t.join().unwrap();
            ready.extend(mover.readied());
            sent.push(result);
        }
        if result == SelectResult::Parked {
            assert_eq!(ready, [selecting.it()], "both senders came");
            // SAFETY: it is ours again.
            result = unsafe {
                assert_eq!((*selecting.it()).resume, Resume::SelectDone);
                select_resume(&mut a.0, selecting.it())
            };
        } else {
            assert!(ready.len() == 1 && ready[0] != selecting.it(), "the sender of the case");
        }
        let SelectResult::Ready { case, received: true } = result else { panic!("{result:?}") };
        assert_eq!((register(selecting, 0), register(selecting, 1)), (10 + case as u64, 1));
        assert!(!waits(senders[case]) && sent[1 - case] == SendResult::Parked && waits(senders[1 - case]));
        // SAFETY: nobody else runs.
        unsafe {
            assert!((*chans[0].it()).recvq.is_empty() && (*chans[1].it()).recvq.is_empty(), "left in a queue");
            assert!((*chans[case].it()).sendq.is_empty() && !(*chans[1 - case].it()).sendq.is_empty());
        }
    });
}

/// A second select of the same goroutine is not decided by a sender that came for the first.
#[test]
fn a_late_sender_does_not_decide_the_next_select() {
    explore(3, || {
        let rt = runtime();
        let (mut a, mut b) = (Mover::new(&rt, 0), Mover::new(&rt, 1));
        let chans = [a.chan(0), a.chan(0)];
        let (selecting, first, late) = (a.g(), a.g(), b.g());
        let other = thread::spawn(move || {
            let result = b.send(late, chans[1], 11, false);
            (b, result)
        });
        // SAFETY: R9, for all of this; what the goroutine waits for is decided by whoever readied it.
        let (mut rounds, mut parked) = (Vec::new(), false);
        for round in 0..2 {
            let mut result = unsafe { selectgo(&mut a.0, selecting.it(), &cases(chans), true) };
            if result == SelectResult::Parked {
                if round == 1 {
                    parked = true;
                    break;
                }
                // Nobody, or the late one, or else this one decides.
                let mine = a.send(first, chans[0], 10, false);
                if mine != SendResult::Done {
                    break;
                }
                assert_eq!(a.readied(), [selecting.it()]);
                result = unsafe { select_resume(&mut a.0, selecting.it()) };
            }
            rounds.push(result);
        }
        let (mut b, sent) = other.join().unwrap();
        let ready = b.readied();
        if sent == SendResult::Done {
            assert_eq!(ready, [selecting.it()], "the late one readied it once");
            let result = unsafe { select_resume(&mut a.0, selecting.it()) };
            assert_eq!(result, SelectResult::Ready { case: 1, received: true });
            assert_eq!(register(selecting, 0), 11);
        } else {
            assert!(ready.is_empty());
            assert_eq!(rounds, [SelectResult::Ready { case: 0, received: true }]);
            assert!(parked && waits(selecting));
        }
    });
}

// ---- semaphores ----

/// Two acquire, two release: nobody waits on, and nothing is left over.
#[test]
fn a_release_finds_who_waits() {
    explore(3, || {
        let rt = runtime();
        let (mut a, mut b) = (Mover::new(&rt, 0), Mover::new(&rt, 1));
        let word = To(Box::into_raw(Box::new(AtomicU32::new(0))));
        let goroutines = [a.g(), a.g()];
        let other = thread::spawn(move || {
            // SAFETY: R9.
            unsafe {
                semrelease(&mut b.0, word.it(), false);
                semrelease(&mut b.0, word.it(), false);
            }
            b
        });
        // SAFETY: R9.
        let acquired = goroutines.map(
            |g| unsafe { semacquire(&mut a.0, g.it(), word.it(), WaitReason::Semacquire, false) } == Acquired::Done,
        );
        let mut b = other.join().unwrap();
        let ready = b.readied();
        assert_eq!(ready.len(), acquired.iter().filter(|done| !**done).count(), "{acquired:?}");
        goroutines.iter().for_each(|&g| {
            register(g, 0);
            assert!(!waits(g));
        });
        // SAFETY: nobody else has it.
        assert_eq!(unsafe { Box::from_raw(word.it()) }.load(SeqCst), 0);
    });
}

/// A release meets one who waits and one who comes by: one of them has the unit.
#[test]
fn a_unit_is_acquired_once() {
    explore(2, || {
        let rt = runtime();
        let (mut a, mut b, mut d) = (Mover::new(&rt, 0), Mover::new(&rt, 1), Mover::new(&rt, 2));
        let word = To(Box::into_raw(Box::new(AtomicU32::new(0))));
        let goroutines = [a.g(), b.g()];
        // SAFETY: R9.
        let acquire = move |m: &mut Mover, g: To<G>| unsafe {
            semacquire(&mut m.0, g.it(), word.it(), WaitReason::Semacquire, false) == Acquired::Done
        };
        let coming = thread::spawn(move || acquire(&mut b, goroutines[1]));
        let releasing = thread::spawn(move || {
            // SAFETY: R9.
            unsafe { semrelease(&mut d.0, word.it(), false) };
            d
        });
        let first = acquire(&mut a, goroutines[0]);
        let second = coming.join().unwrap();
        let ready = releasing.join().unwrap().readied();
        assert_eq!(first as usize + second as usize + ready.len(), 1);
        // SAFETY: nobody else has it.
        assert_eq!(unsafe { Box::from_raw(word.it()) }.load(SeqCst), 0);
    });
}

// ---- timers ----

/// A receiver meets the tick of a channel's timer: it has the value, or the timer is in the heap for it.
#[test]
fn a_tick_reaches_its_receiver() {
    explore(3, || {
        let rt = runtime();
        let (mut a, mut b) = (Mover::new(&rt, 0), Mover::new(&rt, 1));
        let c = a.chan(1);
        // Not due by the clock: the other thread says when it is.
        // SAFETY: R9: the channel is new.
        let id = unsafe { timer_start(&mut a.0, i64::MAX - 1, 0, TimerAction::Chan(c.it())) }.expect("memory");
        let receiver = a.g();
        let rt2 = rt.clone();
        let other = thread::spawn(move || {
            let mut due = Vec::new();
            rt2.shared.timers.run(&rt2.shared, i64::MAX - 1, &mut due);
            for what in due {
                // SAFETY: R2: the timer's entry owned it.
                if let Due::Ready(g) = what {
                    unsafe { b.0.goready(g) }
                }
            }
            b
        });
        let result = a.recv(receiver, c, true);
        assert_eq!(result, RecvResult::Parked, "it is not due by the clock");
        let ready = other.join().unwrap().readied();
        match ready[..] {
            [] => assert_eq!(rt.shared.timers.next_when(), i64::MAX - 1, "it waits, and nobody will wake it"),
            [g] => {
                assert!(g == receiver.it() && register(receiver, 1) == 1);
                // SAFETY: R9.
                assert!(!unsafe { timer_stop(&mut a.0, id) }, "it has fired");
            }
            _ => panic!("readied twice"),
        }
    });
}

// ---- workers ----

/// Who is woken twice for two reasons learns of both, and sleeps through none.
#[test]
fn a_parked_worker_learns_of_everything() {
    explore(3, || {
        let parker = Arc::new(Parker::new());
        parker.set_thread();
        let wakers = [WOKEN, HELP].map(|bits| {
            let parker = parker.clone();
            thread::spawn(move || parker.unpark(bits))
        });
        let mut seen = 0;
        while seen != WOKEN | HELP {
            seen |= parker.park(None);
        }
        for t in wakers {
            t.join().unwrap();
        }
    });
}

/// Whoever is in the world when it is stopped has left it before the stopper goes on, and comes back only afterwards.
#[test]
fn a_stopped_world_is_empty() {
    explore(3, || {
        let world = Arc::new(World::new());
        let owner = Arc::new(Owned::default());
        let asked = Arc::new(AtomicBool::new(false));
        let (world2, owner2, asked2) = (world.clone(), owner.clone(), asked.clone());
        world.enter();
        let worker = thread::spawn(move || {
            world2.enter();
            owner2.touch();
            while asked2.swap(false, Relaxed) {
                world2.exit();
                world2.enter();
                owner2.touch();
            }
            world2.exit();
        });
        world.stop(true, || asked.store(true, Relaxed));
        owner.touch();
        world.start(true);
        world.exit();
        worker.join().unwrap();
        assert_eq!(world.running(), 0);
    });
}

/// A helper that comes at any time has left the work when the collector goes on, and a waiting one helps.
#[test]
fn no_helper_keeps_the_work() {
    explore(2, || {
        let world = Arc::new(World::new());
        let helper = world.clone();
        let owner = Arc::new(Owned::default());
        world.stop(false, || {});
        let t = thread::spawn(move || helper.help());
        {
            let started = AtomicU32::new(0);
            let ended = AtomicU32::new(0);
            world.run_with_help(
                &|| {
                    started.fetch_add(1, Relaxed);
                    ended.fetch_add(1, Relaxed);
                },
                || {},
            );
            assert_eq!(started.load(Relaxed), ended.load(Relaxed), "somebody still works");
            assert!(started.load(Relaxed) >= 1);
        }
        owner.touch();
        world.start(false);
        t.join().unwrap();
    });
}

/// Plain memory that loom watches.
#[derive(Default)]
struct Owned(loom::cell::UnsafeCell<u32>);

// SAFETY: loom finds out whether that is so.
unsafe impl Send for Owned {}
// SAFETY: as above.
unsafe impl Sync for Owned {}

impl Owned {
    fn touch(&self) {
        // SAFETY: as above.
        self.0.with_mut(|n| unsafe { *n += 1 });
    }
}
