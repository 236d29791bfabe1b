//! A tiny machine for tests of the scheduler: goroutines are short programs over a few registers.

#![allow(dead_code, reason = "each test binary uses a part")]
#![allow(
    unsafe_op_in_unsafe_fn,
    clippy::undocumented_unsafe_blocks,
    reason = "a test machine: R2 and R9 hold throughout, since it only names registers of the goroutine it runs"
)]

use gol_heap::{Heap, HeapConfig, LayoutId, RootVisitor};
use gol_runtime::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::*};

pub type R = u32;

/// `R` are registers; a program ends by running off its end.
#[derive(Clone, Debug)]
pub enum Op {
    Set(R, i64),
    Mov(R, R),
    Add(R, R),
    AddI(R, i64),
    /// Jumps if the first register is below the second.
    Lt(R, R, usize),
    /// Jumps if the register is 0.
    Zero(R, usize),
    Jmp(usize),
    /// R = make(chan, capacity).
    Make(R, i64),
    Send(R, R),
    Recv(R, R),
    /// value, ok
    RecvOk(R, R, R),
    Close(R),
    /// Cases (kind, channel, value, ok or NO_SLOT), whether there is a default; the case goes to the first register (-1: default).
    Select(R, Vec<(CaseKind, R, R, u32)>, bool),
    /// go func(args): args are registers, copied to 0.. of the new goroutine.
    Go(usize, Vec<R>),
    Yield,
    SleepNs(i64),
    /// Adds the register to a counter that the test reads.
    Count(usize, R),
    /// Jumps while the counter is not the given value; a spin loop with safepoints.
    Until(usize, i64),
    /// Acquire/release the semaphore with this number.
    Acquire(usize),
    Release(usize, bool),
    /// Condition variable: wait, signal, broadcast.
    Wait(usize),
    Signal(usize),
    Broadcast(usize),
    /// Sleeps so many milliseconds on a thread of the pool, then gives the value to R.
    Block(R, u64, i64),
    /// R = a new object of so many words, whose word 0 is what R2 holds.
    Alloc(R, R, usize),
    /// R = word 0 of the object in R2.
    Load(R, R),
    Gc,
    /// R = new timer on channel, after ns, period
    TimerChan(R, R, i64, i64),
    /// R = new timer that starts func number after ns
    TimerFunc(R, usize, i64),
    /// R = stopped the timer in R2
    TimerStop(R, R),
    /// R = reset the timer in R2 to ns from now
    TimerReset(R, R, i64),
    /// R = len(chan)
    Len(R, R),
    Now(R),
    Procs(usize),
    Panic,
    /// Ends the goroutine.
    Exit,
    /// The main function returns.
    Main,
}

pub struct Script {
    pub funcs: Vec<Vec<Op>>,
    pub counters: Vec<AtomicI64>,
    pub semas: Vec<AtomicU32>,
    pub conds: Vec<NotifyList>,
    /// Values of the first registers of main.
    pub log: std::sync::Mutex<Vec<i64>>,
}

/// Counter that `SendOnClosed` adds to.
pub const CLOSED: usize = 15;

pub fn script(funcs: Vec<Vec<Op>>) -> Script {
    Script {
        funcs,
        counters: (0..16).map(|_| AtomicI64::new(0)).collect(),
        semas: (0..4).map(|_| AtomicU32::new(0)).collect(),
        // SAFETY: all zero is an empty list.
        conds: (0..2).map(|_| unsafe { std::mem::zeroed() }).collect(),
        log: std::sync::Mutex::default(),
    }
}

pub const REGS: u32 = 16;

impl Script {
    pub unsafe fn start(&self, g: *mut G, func: usize) {
        unsafe {
            (*g).machine[3] = func as u64;
            (*g).pc = 0;
            (*g).base = 0;
            (*g).top = REGS;
            for i in 0..REGS {
                *(*g).stack.ptr().add(i as usize) = 0;
            }
        }
    }
}

impl Machine for Script {
    fn visit_roots(&self, _: &mut dyn RootVisitor) {}

    fn start_func(&self, g: &mut G, closure: u64) {
        unsafe { self.start(g, closure as usize) }
    }

    fn run(&self, w: &mut Worker, mut g: *mut G) {
        use Op::*;
        unsafe {
            'switch: loop {
                w.set_guard(u64::MAX);
                let mut pc = (*g).pc as usize;
                let code = &self.funcs[(*g).machine[3] as usize];
                let regs = (*g).stack.ptr();
                macro_rules! r {
                    ($r:expr) => {
                        *regs.add(*$r as usize)
                    };
                }
                macro_rules! next {
                    () => {{
                        match w.next() {
                            Some(n) => {
                                g = n.as_ptr();
                                continue 'switch;
                            }
                            None => return,
                        }
                    }};
                }
                match (*g).resume {
                    Resume::None => {}
                    Resume::SelectDone => {
                        let Select(case, ..) = &code[pc - 1] else { panic!("not a select") };
                        match select_resume(w, g) {
                            SelectResult::Ready { case: i, .. } => r!(case) = i as u64,
                            SelectResult::Closed => {
                                self.counters[CLOSED].fetch_add(1, SeqCst);
                                w.goexit(g);
                                next!();
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                    Resume::Interrupted | Resume::Abandoned => {
                        w.goexit(g);
                        next!();
                    }
                    Resume::SendOnClosed => {
                        (*g).resume = Resume::None;
                        self.counters[CLOSED].fetch_add(1, SeqCst);
                        w.goexit(g);
                        next!();
                    }
                    Resume::Native => {
                        (*g).resume = Resume::None;
                        let Block(to, ..) = &code[pc - 1] else { panic!("not a call") };
                        let value = *(*g).native_result.take().unwrap();
                        r!(to) = *value.downcast::<i64>().unwrap() as u64;
                    }
                }
                macro_rules! back_edge {
                    ($to:expr) => {{
                        pc = $to;
                        if w.guard.load(Relaxed) == 0 {
                            (*g).pc = pc as u64;
                            match w.safepoint((*g).id) {
                                Safepoint::Continue => {}
                                Safepoint::Yield => {
                                    w.yield_g(g);
                                    next!();
                                }
                                Safepoint::Stop => return,
                                Safepoint::Interrupted => {
                                    w.goexit(g);
                                    next!();
                                }
                            }
                        }
                    }};
                }
                loop {
                    let Some(op) = code.get(pc) else {
                        w.goexit(g);
                        next!();
                    };
                    pc += 1;
                    match op {
                        Set(a, v) => r!(a) = *v as u64,
                        Mov(a, b) => r!(a) = r!(b),
                        Add(a, b) => r!(a) = r!(a).wrapping_add(r!(b)),
                        AddI(a, v) => r!(a) = r!(a).wrapping_add(*v as u64),
                        Lt(a, b, to) => {
                            if (r!(a) as i64) < r!(b) as i64 {
                                back_edge!(*to)
                            }
                        }
                        Zero(a, to) => {
                            if r!(a) == 0 {
                                back_edge!(*to)
                            }
                        }
                        Jmp(to) => back_edge!(*to),
                        Make(a, cap) => r!(a) = makechan(w, 1, LayoutId::CONSERVATIVE, *cap).unwrap() as u64,
                        Send(c, v) => {
                            (*g).pc = pc as u64;
                            match chansend(w, g, r!(c) as *mut Hchan, *v, true) {
                                SendResult::Done => {}
                                SendResult::Parked => next!(),
                                SendResult::Closed => {
                                    self.counters[CLOSED].fetch_add(1, SeqCst);
                                    w.goexit(g);
                                    next!();
                                }
                                SendResult::WouldBlock => unreachable!(),
                            }
                        }
                        Recv(c, v) => {
                            (*g).pc = pc as u64;
                            if chanrecv(w, g, r!(c) as *mut Hchan, *v, None, true) == RecvResult::Parked {
                                next!()
                            }
                        }
                        RecvOk(c, v, ok) => {
                            (*g).pc = pc as u64;
                            if chanrecv(w, g, r!(c) as *mut Hchan, *v, Some(*ok), true) == RecvResult::Parked {
                                next!()
                            }
                        }
                        Close(c) => closechan(w, g, r!(c) as *mut Hchan).unwrap(),
                        Select(case, cases, default) => {
                            (*g).pc = pc as u64;
                            let cases: Vec<_> = cases
                                .iter()
                                .map(|&(kind, c, off, ok_off)| Scase { c: r!(&c) as *mut Hchan, kind, off, ok_off })
                                .collect();
                            match selectgo(w, g, &cases, !*default) {
                                SelectResult::Ready { case: i, .. } => r!(case) = i as u64,
                                SelectResult::Default => r!(case) = -1i64 as u64,
                                SelectResult::Parked => next!(),
                                SelectResult::Closed => {
                                    self.counters[CLOSED].fetch_add(1, SeqCst);
                                    w.goexit(g);
                                    next!();
                                }
                            }
                        }
                        Go(func, args) => {
                            let n = w.new_g((*g).id, pc as u32, REGS).unwrap();
                            self.start(n, *func);
                            for (i, a) in args.iter().enumerate() {
                                *(*n).stack.ptr().add(i) = r!(a);
                            }
                            w.goready(n);
                        }
                        Yield => {
                            (*g).pc = pc as u64;
                            w.yield_g(g);
                            next!();
                        }
                        SleepNs(ns) => {
                            (*g).pc = pc as u64;
                            if sleep(w, g, *ns) {
                                next!();
                            }
                        }
                        Count(i, a) => {
                            self.counters[*i].fetch_add(r!(a) as i64, SeqCst);
                        }
                        Until(i, v) => {
                            if self.counters[*i].load(SeqCst) != *v {
                                back_edge!(pc - 1)
                            }
                        }
                        Acquire(i) => {
                            (*g).pc = pc as u64;
                            if semacquire(w, g, &self.semas[*i], WaitReason::Semacquire, false) == Acquired::Parked {
                                next!();
                            }
                        }
                        Release(i, handoff) => {
                            if semrelease(w, &self.semas[*i], *handoff) {
                                (*g).pc = pc as u64;
                                w.yield_g(g);
                                next!();
                            }
                        }
                        Wait(i) => {
                            (*g).pc = pc as u64;
                            let ticket = notify_list_add(&self.conds[*i]);
                            if notify_list_wait(w, g, &self.conds[*i], ticket) == Acquired::Parked {
                                next!();
                            }
                        }
                        Signal(i) => notify_list_notify_one(w, &self.conds[*i]),
                        Broadcast(i) => notify_list_notify_all(w, &self.conds[*i]),
                        Block(_, ms, v) => {
                            (*g).pc = pc as u64;
                            let (ms, v) = (*ms, *v);
                            w.block_on(
                                g,
                                Box::new(move || {
                                    std::thread::sleep(std::time::Duration::from_millis(ms));
                                    Box::new(v)
                                }),
                            );
                            next!();
                        }
                        Alloc(a, b, words) => {
                            let p = w.heap.alloc(words * 8, LayoutId::CONSERVATIVE).cast::<u64>();
                            assert!(!p.is_null());
                            *p = r!(b);
                            r!(a) = p as u64;
                        }
                        Load(a, b) => r!(a) = *(r!(b) as *const u64),
                        Gc => {
                            (*g).pc = pc as u64;
                            w.collect();
                        }
                        TimerChan(t, c, ns, period) => {
                            let when = w.env().now() + ns;
                            let id = timer_start(w, when, *period, TimerAction::Chan(r!(c) as *mut Hchan)).unwrap();
                            r!(t) = id.0;
                        }
                        TimerFunc(t, func, ns) => {
                            let when = w.env().now() + ns;
                            r!(t) = timer_start(w, when, 0, TimerAction::Func(*func as u64)).unwrap().0;
                        }
                        TimerStop(a, t) => r!(a) = timer_stop(w, TimerId(r!(t))) as u64,
                        TimerReset(a, t, ns) => {
                            let when = w.env().now() + ns;
                            r!(a) = timer_reset(w, TimerId(r!(t)), when, 0) as u64;
                        }
                        Len(a, c) => r!(a) = chanlen(r!(c) as *const Hchan) as u64,
                        Now(a) => r!(a) = w.env().now() as u64,
                        Procs(n) => {
                            (*g).pc = pc as u64;
                            w.set_procs(*n);
                        }
                        Panic => panic!("scripted panic"),
                        Exit => {
                            w.goexit(g);
                            next!();
                        }
                        Main => {
                            for i in 0..REGS {
                                self.log.lock().unwrap().push(r!(&i) as i64);
                            }
                            w.end_run(RunEnd::MainDone);
                            return;
                        }
                    }
                }
            }
        }
    }
}

pub struct Outcome {
    pub end: RunEnd,
    pub regs: Vec<i64>,
    pub counters: Vec<i64>,
    /// Wait reasons of what was left.
    pub left: Vec<WaitReason>,
}

/// Runs function 0 as main.
pub fn run(workers: usize, mode: Mode, funcs: Vec<Vec<Op>>) -> Outcome {
    run_on(Heap::new(HeapConfig { reserve: 1 << 30, ..HeapConfig::default() }).unwrap(), workers, mode, funcs)
}

pub fn run_on(heap: Arc<Heap>, workers: usize, mode: Mode, funcs: Vec<Vec<Op>>) -> Outcome {
    run_with(heap, workers, mode, funcs, None, Limits::default())
}

pub fn run_traced(
    heap: Arc<Heap>,
    workers: usize,
    mode: Mode,
    funcs: Vec<Vec<Op>>,
    trace: Option<Arc<dyn TraceSink>>,
) -> Outcome {
    run_with(heap, workers, mode, funcs, trace, Limits::default())
}

pub fn run_with(
    heap: Arc<Heap>,
    workers: usize,
    mode: Mode,
    funcs: Vec<Vec<Op>>,
    trace: Option<Arc<dyn TraceSink>>,
    limits: Limits,
) -> Outcome {
    let machine = Arc::new(script(funcs));
    let idle = None;
    let config = Config { workers, heap, machine: machine.clone(), mode, trace, gc_listener: None, limits, idle };
    let rt = Runtime::new(config);
    let main = rt.new_main(REGS).unwrap();
    unsafe { machine.start(main, 0) };
    let end = unsafe { rt.run(main) };
    let left = rt.all_gs().iter().map(|&g| unsafe { (*g).wait_reason }).collect();
    let regs = machine.log.lock().unwrap().clone();
    Outcome { end, regs, counters: machine.counters.iter().map(|c| c.load(SeqCst)).collect(), left }
}

/// Runs it with 1, 2 and 8 workers, `times` times each, and in deterministic mode with as many seeds.
pub fn everywhere(times: u64, funcs: Vec<Vec<Op>>, check: impl Fn(&Outcome)) {
    for workers in [1, 2, 8] {
        for _ in 0..times {
            let out = run(workers, Mode::Parallel, funcs.clone());
            check(&out);
        }
    }
    for seed in 0..times {
        let out = run(1, Mode::Deterministic { seed }, funcs.clone());
        check(&out);
    }
}
