//! Run queues, fairness, semaphores, timers, blocking calls, collections.

#![allow(missing_docs)]

mod script;
use gol_heap::{Heap, HeapConfig};
use gol_runtime::*;
use script::{Op::*, *};
use std::sync::Arc;
use std::time::{Duration, Instant};

#[test]
fn spawning_many_goroutines() {
    let main = vec![
        Set(1, 0),
        Set(2, 5000),
        Go(1, vec![]), // 2
        AddI(1, 1),
        Lt(1, 2, 2),
        Until(0, 5000),
        Main,
    ];
    let f = vec![Set(0, 1), Count(0, 0)];
    everywhere(10, vec![main, f], |out| assert_eq!(out.end, RunEnd::MainDone));
}

#[test]
fn a_pair_that_hands_runnext_back_and_forth_starves_nobody() {
    let main = vec![Make(0, 0), Make(1, 0), Go(3, vec![]), Go(1, vec![0, 1]), Go(2, vec![0, 1]), Until(0, 1), Main];
    let ping = vec![Send(0, 3), Recv(1, 3), Jmp(0)];
    let pong = vec![Recv(0, 3), Send(1, 3), Jmp(0)];
    let third = vec![Yield, Yield, Set(0, 1), Count(0, 0)];
    everywhere(5, vec![main, ping, pong, third], |out| assert_eq!(out.end, RunEnd::MainDone));
}

#[test]
fn busy_goroutines_are_preempted() {
    let main = vec![Go(1, vec![]), Go(1, vec![]), Go(1, vec![]), Go(2, vec![]), SleepNs(2_000_000), Until(0, 1), Main];
    let busy = vec![Jmp(0)];
    let f = vec![SleepNs(100_000), Set(0, 1), Count(0, 0)];
    let start = Instant::now();
    everywhere(3, vec![main, busy, f], |out| assert_eq!(out.end, RunEnd::MainDone));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn wake_ups_are_not_lost_between_sleeps() {
    let main = vec![
        Make(0, 0),
        Set(1, 0),
        Set(2, 200),
        Go(1, vec![0]), // 3
        SleepNs(20_000),
        Recv(0, 3),
        Recv(0, 3),
        AddI(1, 1),
        Lt(1, 2, 3),
        Main,
    ];
    let f = vec![Go(2, vec![0]), SleepNs(5_000), Send(0, 1)];
    let f2 = vec![SleepNs(7_000), Send(0, 1)];
    everywhere(10, vec![main, f, f2], |out| assert_eq!(out.end, RunEnd::MainDone));
}

#[test]
fn timers_fire_in_order() {
    // Each goroutine sleeps i * 20 ms and then sends i; they must come in order.
    let main = vec![
        Make(0, 0),
        Go(5, vec![0]),
        Go(3, vec![0]),
        Go(1, vec![0]),
        Go(4, vec![0]),
        Go(2, vec![0]),
        Recv(0, 1),
        Recv(0, 2),
        Recv(0, 3),
        Recv(0, 4),
        Recv(0, 5),
        Main,
    ];
    // Far enough apart that a loaded machine does not mix them up between a wake-up and its send.
    let f = |i: i64| vec![SleepNs(i * 20_000_000), Set(1, i), Send(0, 1)];
    everywhere(2, vec![main, f(1), f(2), f(3), f(4), f(5)], |out| assert_eq!(out.regs[1..6], [1, 2, 3, 4, 5]));
}

#[test]
fn sleep_is_not_short() {
    let main = vec![Now(0), SleepNs(5_000_000), Now(1), Main];
    everywhere(3, vec![main], |out| {
        let slept = out.regs[1] - out.regs[0];
        assert!((5_000_000..200_000_000).contains(&slept), "{slept}");
    });
}

#[test]
fn channel_timers() {
    let main = vec![
        Make(0, 1),
        TimerChan(1, 0, 1_000_000, 0),
        Len(2, 0),
        Recv(0, 3),
        // Nothing stale after stop or reset.
        TimerReset(4, 1, 1_000_000),
        SleepNs(3_000_000),
        TimerStop(5, 1),
        Select(6, vec![(CaseKind::Recv, 0, 7, NO_SLOT)], true),
        TimerReset(8, 1, 2_000_000),
        SleepNs(4_000_000),
        TimerReset(9, 1, 3_000_000),
        Now(10),
        Recv(0, 11),
        Now(12),
        TimerStop(13, 1),
        Main,
    ];
    everywhere(3, vec![main], |out| {
        let r = &out.regs;
        assert_eq!(out.end, RunEnd::MainDone);
        assert_eq!((r[2], r[4], r[5], r[6], r[8], r[9], r[13]), (0, 0, 1, -1, 0, 1, 0));
        assert!(r[12] - r[10] >= 2_900_000, "{r:?}");
        assert!(r[11] <= r[12] && r[11] > r[10]);
    });
}

#[test]
fn tickers_tick_and_select_with_timeouts_ends() {
    let main = vec![
        Make(0, 1),
        TimerChan(1, 0, 500_000, 500_000),
        Set(2, 0),
        Set(3, 5),
        Recv(0, 4), // 4
        AddI(2, 1),
        Lt(2, 3, 4),
        TimerStop(5, 1),
        // select on a channel nobody sends on, with time-outs, many times
        Make(6, 0),
        Set(2, 0),
        Set(3, 50),
        Make(7, 1), // 11
        TimerChan(8, 7, 20_000, 0),
        Select(9, vec![(CaseKind::Recv, 6, 4, NO_SLOT), (CaseKind::Recv, 7, 4, NO_SLOT)], false),
        AddI(2, 1),
        Lt(2, 3, 11),
        Main,
    ];
    everywhere(5, vec![main], |out| {
        assert_eq!(out.end, RunEnd::MainDone);
        assert_eq!((out.regs[5], out.regs[9]), (1, 1));
    });
}

#[test]
fn a_timers_function_runs_unless_stopped() {
    let main = vec![
        TimerFunc(0, 1, 500_000),
        TimerFunc(1, 1, 800_000_000_000),
        TimerStop(2, 1),
        TimerStop(3, 1),
        Until(0, 1),
        TimerStop(4, 0),
        TimerReset(5, 0, 100_000),
        SleepNs(1),
        Until(0, 2),
        Main,
    ];
    everywhere(3, vec![main, vec![Set(0, 1), Count(0, 0)]], |out| {
        assert_eq!(out.end, RunEnd::MainDone);
        assert_eq!(out.regs[2..6], [1, 0, 0, 0]);
    });
}

#[test]
fn semaphores_exclude() {
    let main = vec![
        Release(0, false),
        Set(1, 0),
        Set(2, 16),
        Go(1, vec![]), // 3
        AddI(1, 1),
        Lt(1, 2, 3),
        Set(1, 0),
        Acquire(1), // 7
        AddI(1, 1),
        Lt(1, 2, 7),
        Main,
    ];
    let f = |handoff| {
        vec![
            Set(0, 0),
            Set(1, 100),
            Set(2, 1),
            Set(3, -1),
            Acquire(0), // 4
            Count(0, 2),
            Yield,
            Count(0, 3),
            Release(0, handoff),
            AddI(0, 1),
            Lt(0, 1, 4),
            Release(1, false),
        ]
    };
    for handoff in [false, true] {
        everywhere(5, vec![main.clone(), f(handoff)], |out| {
            assert_eq!(out.end, RunEnd::MainDone);
            assert_eq!(out.counters[0], 0);
        });
    }
}

#[test]
fn condition_variables_wake_one_or_all() {
    let main = vec![
        Set(1, 0),
        Set(2, 20),
        Go(1, vec![]), // 2
        AddI(1, 1),
        Lt(1, 2, 2),
        Until(0, 20),
        SleepNs(1_000_000),
        Signal(0),
        Until(1, 1),
        Signal(0),
        Until(1, 2),
        Broadcast(0),
        Until(1, 20),
        Main,
    ];
    let f = vec![Set(0, 1), Count(0, 0), Wait(0), Count(1, 0)];
    everywhere(5, vec![main, f], |out| assert_eq!(out.end, RunEnd::MainDone));
}

#[test]
fn blocking_calls_do_not_stop_others() {
    let main = vec![
        Make(0, 0),
        Go(1, vec![0]),
        Go(1, vec![0]),
        Go(1, vec![0]),
        Go(2, vec![0]),
        Recv(0, 1),
        Recv(0, 2),
        Recv(0, 3),
        Recv(0, 4),
        Main,
    ];
    let call = vec![Block(1, 30, 7), Send(0, 1)];
    let quick = vec![Set(1, 1), Send(0, 1)];
    let start = Instant::now();
    everywhere(3, vec![main, call, quick], |out| assert_eq!(out.regs[1..5], [1, 7, 7, 7]));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn the_end_does_not_wait_for_blocking_calls_or_busy_goroutines() {
    let main = vec![Go(1, vec![]), Go(2, vec![]), Yield, Yield, Main];
    let start = Instant::now();
    for workers in [1, 2, 8] {
        let out = run(workers, Mode::Parallel, vec![main.clone(), vec![Block(0, 3000, 1)], vec![Jmp(0)]]);
        assert_eq!(out.end, RunEnd::MainDone);
    }
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn collections_while_all_that_goes_on() {
    // Goroutines build lists of 100 cells, send them over channels, and the receiver checks their lengths.
    let main = vec![
        Make(0, 2),
        Set(1, 0),
        Set(2, 10),
        Go(1, vec![0]), // 3
        AddI(1, 1),
        Lt(1, 2, 3),
        Set(1, 0),
        Set(2, 300),
        Recv(0, 3), // 8
        Set(4, 0),
        Load(3, 3), // 10
        AddI(4, 1),
        Zero(3, 14),
        Jmp(10),
        Add(5, 4), // 14
        AddI(1, 1),
        Lt(1, 2, 8),
        Gc,
        Main,
    ];
    let maker = vec![
        Set(1, 0),
        Set(2, 30),
        Set(3, 0), // 2
        Set(4, 0),
        Set(5, 100),
        Alloc(3, 3, 20), // 5
        AddI(4, 1),
        Lt(4, 5, 5),
        Send(0, 3),
        AddI(1, 1),
        Lt(1, 2, 2),
    ];
    for workers in [1, 2, 8] {
        for round in 0..6 {
            let heap = Heap::new(HeapConfig { reserve: 1 << 30, gc_percent: 1, ..HeapConfig::default() }).unwrap();
            heap.set_stress((round == 5) as usize);
            let mode = if workers == 2 && round == 4 { Mode::Deterministic { seed: 7 } } else { Mode::Parallel };
            let out = run_on(heap.clone(), workers, mode, vec![main.clone(), maker.clone()]);
            assert_eq!(out.end, RunEnd::MainDone);
            assert_eq!(out.regs[5], 300 * 100);
            assert!(heap.stats().num_gc > 1, "{:?}", heap.stats());
        }
    }
}

#[test]
fn a_lone_goroutine_has_its_heap_marked_by_all_cores() {
    // 200,000 cells of 128 bytes in one list.
    let main = vec![Set(0, 0), Set(1, 200_000), Set(3, 0), Alloc(3, 3, 16), AddI(0, 1), Lt(0, 1, 3), Gc, Main];
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
    for workers in [1, 2, 8] {
        let heap = Heap::new(HeapConfig { reserve: 1 << 30, ..HeapConfig::default() }).unwrap();
        let (sender, reports) = std::sync::mpsc::channel();
        let machine = Arc::new(script(vec![main.clone()]));
        let mut config = Config::new(heap, machine.clone());
        config.workers = workers;
        config.gc_listener = Some(Box::new(move |report| sender.send(*report).unwrap_or_default()));
        let rt = Runtime::new(config);
        let main = rt.new_main(REGS).unwrap();
        // SAFETY: the new goroutine is ours until it runs.
        let end = unsafe {
            machine.start(main, 0);
            rt.run(main)
        };
        assert_eq!(end, RunEnd::MainDone);
        let last = reports.try_iter().last().expect("it collected");
        assert_eq!(last.stats.live_objects, 200_000);
        assert!(last.threads >= workers.min(cores), "{} threads with {workers} workers", last.threads);
        assert!(workers > 1 || last.threads == 1, "GOMAXPROCS=1 is one thread");
    }
}

#[test]
fn unreachable_timers_are_collected() {
    let main = vec![
        Set(0, 0),
        Set(1, 20_000),
        Make(2, 1), // 2
        TimerChan(3, 2, 1 << 50, 0),
        AddI(0, 1),
        Lt(0, 1, 2),
        Gc,
        Main,
    ];
    let heap = Heap::new(HeapConfig { reserve: 1 << 30, ..HeapConfig::default() }).unwrap();
    let out = run_on(heap.clone(), 2, Mode::Parallel, vec![main]);
    assert_eq!(out.end, RunEnd::MainDone);
    assert!(heap.stats().heap_objects < 100, "{:?}", heap.stats());
}

#[test]
fn gomaxprocs_changes_at_run_time() {
    let mut main = vec![Make(0, 0), Set(3, 8)];
    for _ in 0..8 {
        main.push(Go(1, vec![0]));
    }
    for (i, n) in [1, 4, 2, 256, 3, 1, 8].into_iter().enumerate() {
        main.extend([Procs(n), SleepNs(if i % 2 == 0 { 300_000 } else { 1000 }), Recv(0, 1), Recv(0, 1)]);
    }
    main.push(Main);
    let f = vec![Send(0, 1), SleepNs(1000), Jmp(0)];
    for _ in 0..10 {
        for workers in [1, 2, 8] {
            let out = run(workers, Mode::Parallel, vec![main.clone(), f.clone()]);
            assert_eq!(out.end, RunEnd::MainDone);
        }
    }
    // Deadlock is still found afterwards.
    for n in [1, 2, 5] {
        let out = run(3, Mode::Parallel, vec![vec![Go(1, vec![]), Procs(n), Recv(5, 1)], vec![SleepNs(100_000)]]);
        assert_eq!(out.end, RunEnd::Deadlock);
    }
}

#[test]
fn a_panic_of_the_machine_ends_the_run() {
    for workers in [1, 2] {
        let out = run(workers, Mode::Parallel, vec![vec![Go(1, vec![]), Recv(5, 1)], vec![Panic]]);
        assert_eq!(out.end, RunEnd::Crashed("scripted panic".into()));
    }
}

#[test]
fn deterministic_runs_repeat_and_seeds_differ() {
    // The order in which ten goroutines get to send.
    let main = || {
        let mut main = vec![Make(0, 0)];
        for i in 1..10 {
            main.extend([Set(1, i), Go(1, vec![0, 1])]);
        }
        main.push(Set(15, 0));
        for i in 1..10 {
            main.push(Recv(0, i));
        }
        main.push(Main);
        main
    };
    let f = vec![SleepNs(1000), Send(0, 1)];
    let order = |seed| run(1, Mode::Deterministic { seed }, vec![main(), f.clone()]).regs[1..10].to_vec();
    let first = order(1);
    assert_eq!(first, order(1));
    assert!((2..10).any(|seed| order(seed) != first));
}

#[test]
fn an_observer_sees_every_event() {
    #[derive(Default)]
    struct Sink(std::sync::Mutex<Vec<Event>>);
    impl TraceSink for Sink {
        fn event(&self, _: Option<u16>, _: i64, event: &Event) {
            self.0.lock().unwrap().push(*event);
        }
    }
    let sink = std::sync::Arc::new(Sink::default());
    let main = vec![Make(0, 0), Go(1, vec![0]), Recv(0, 1), SleepNs(1000), RecvOk(0, 1, 2), Main];
    let heap = Heap::new(HeapConfig { reserve: 1 << 30, ..HeapConfig::default() }).unwrap();
    let mode = Mode::Deterministic { seed: 3 };
    run_traced(heap, 1, mode, vec![main, vec![Send(0, 1), Close(0)]], Some(sink.clone()));
    let seen = sink.0.lock().unwrap();
    let has = |f: &dyn Fn(&Event) -> bool| seen.iter().any(f);
    assert_eq!(seen[0], Event::Go { g: 1, parent: 0 });
    assert!(seen.contains(&Event::Go { g: 2, parent: 1 }));
    assert!(seen.contains(&Event::Park { g: 1, reason: WaitReason::ChanReceive }), "{seen:?}");
    assert!(has(&|e| matches!(e, Event::Send { g: 2, to: 1, .. })));
    assert!(seen.contains(&Event::Park { g: 1, reason: WaitReason::Sleep }));
    assert!(has(&|e| matches!(e, Event::Timer { .. })));
    assert!(has(&|e| matches!(e, Event::Close { g: 2, .. })));
    assert!(has(&|e| matches!(e, Event::RecvClosed { g: 1, .. })));
    assert!(seen.contains(&Event::Exit { g: 2 }));
}

#[test]
fn limits_end_the_run() {
    let heap = || Heap::new(HeapConfig { reserve: 1 << 30, ..HeapConfig::default() }).unwrap();
    let modes = [(1, Mode::Parallel), (2, Mode::Parallel), (8, Mode::Parallel), (1, Mode::Deterministic { seed: 5 })];
    let forever = vec![Jmp(0)];
    let parked = vec![Make(0, 0), Recv(0, 1)];
    let spawner = vec![Go(1, vec![]), Jmp(0)];
    for (workers, mode) in modes {
        let run = |funcs: Vec<Vec<Op>>, limits| run_with(heap(), workers, mode, funcs, None, limits).end;
        let time = Limits { time: Some(Duration::from_millis(30)), ..Limits::default() };
        assert_eq!(run(vec![forever.clone()], time), RunEnd::Limit(Limit::Time));
        let sleeper = vec![SleepNs(3_600_000_000_000), Main];
        assert_eq!(run(vec![sleeper], time), RunEnd::Limit(Limit::Time));
        let fuel = Limits { fuel: Some(50_000), ..Limits::default() };
        assert_eq!(run(vec![forever.clone()], fuel), RunEnd::Limit(Limit::Fuel));
        assert_eq!(run(vec![vec![Go(1, vec![]), Jmp(1)], forever.clone()], fuel), RunEnd::Limit(Limit::Fuel));
        let some = Limits { goroutines: Some(100), ..Limits::default() };
        assert_eq!(run(vec![spawner.clone(), parked.clone()], some), RunEnd::Limit(Limit::Goroutines));
        let enough =
            Limits { time: Some(Duration::from_secs(60)), fuel: Some(10_000_000), goroutines: Some(11), memory: None };
        let ten = vec![Set(1, 0), Set(2, 10), Go(1, vec![]), AddI(1, 1), Lt(1, 2, 2), Yield, Main];
        assert_eq!(run(vec![ten, parked.clone()], enough), RunEnd::MainDone);
    }
}
