//! Speed of the scheduler with the scripted machine, whose own cost is some nanoseconds an instruction. Not part of the suite:
//! `cargo test --release -p gol_runtime --test speed -- --ignored --nocapture --test-threads 1`.

#![allow(missing_docs)]

mod script;
use gol_runtime::*;
use script::{Op::*, *};
use std::time::Instant;

fn time(name: &str, ops: i64, funcs: Vec<Vec<Op>>) {
    for workers in [1, 2] {
        let mut best = f64::MAX;
        for _ in 0..5 {
            let start = Instant::now();
            let out = run(workers, Mode::Parallel, funcs.clone());
            assert_eq!(out.end, RunEnd::MainDone);
            best = best.min(start.elapsed().as_nanos() as f64 / ops as f64);
        }
        println!("{name:10} {workers} workers {best:8.1} ns");
    }
}

#[test]
#[ignore = "measures"]
fn speed() {
    let n = 2_000_000;
    // A message each way a turn.
    time(
        "pingpong",
        2 * n,
        vec![
            vec![
                Make(0, 0),
                Make(1, 0),
                Go(1, vec![0, 1]),
                Set(2, 0),
                Set(3, n),
                Send(0, 2),
                Recv(1, 2),
                Lt(2, 3, 5),
                Main,
            ],
            vec![Recv(0, 2), AddI(2, 1), Send(1, 2), Jmp(0)],
        ],
    );
    let sum = |cap| vec![Make(0, cap), Go(1, vec![0]), Set(1, 0), Set(2, n), Recv(0, 3), AddI(1, 1), Lt(1, 2, 4), Main];
    let sender = vec![Set(1, 0), Set(2, n), Send(0, 1), AddI(1, 1), Lt(1, 2, 2)];
    time("unbuffered", n, vec![sum(0), sender.clone()]);
    time("buffered", n, vec![sum(128), sender.clone()]);
    let m = n / 8;
    let mut fan = vec![Make(0, 0)];
    fan.extend((0..8).map(|_| Go(1, vec![0])));
    let at = fan.len() + 2;
    fan.extend([Set(1, 0), Set(2, m * 8), Recv(0, 3), AddI(1, 1), Lt(1, 2, at), Main]);
    time("fanin", m * 8, vec![fan, vec![Set(1, 0), Set(2, m), Send(0, 1), AddI(1, 1), Lt(1, 2, 2)]]);
    time(
        "spawn",
        n,
        vec![vec![Make(0, 64), Set(1, 0), Set(2, n), Go(1, vec![]), Yield, AddI(1, 1), Lt(1, 2, 3), Main], vec![]],
    );
    time(
        "select",
        n,
        vec![
            vec![
                Make(0, 0),
                Make(1, 0),
                Go(1, vec![0]),
                Go(1, vec![1]),
                Set(2, 0),
                Set(3, n),
                Select(4, vec![(CaseKind::Recv, 0, 5, NO_SLOT), (CaseKind::Recv, 1, 5, NO_SLOT)], false),
                AddI(2, 1),
                Lt(2, 3, 6),
                Main,
            ],
            vec![Send(0, 1), Jmp(0)],
        ],
    );
    time(
        "yield",
        n,
        vec![vec![Go(1, vec![]), Set(0, 0), Set(1, n), Yield, AddI(0, 1), Lt(0, 1, 3), Main], vec![Yield, Jmp(0)]],
    );
    // A million goroutines made, parked and woken by a close.
    let k = 500_000;
    time(
        "parked",
        k,
        vec![
            vec![
                Make(0, 0),
                Make(4, k),
                Set(1, 0),
                Set(2, k),
                Go(1, vec![0, 4]),
                AddI(1, 1),
                Lt(1, 2, 4),
                Close(0),
                Set(1, 0),
                Recv(4, 3),
                AddI(1, 1),
                Lt(1, 2, 9),
                Main,
            ],
            vec![Recv(0, 2), Send(1, 2)],
        ],
    );
}
