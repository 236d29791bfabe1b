//! Channels and select on 1, 2 and 8 workers and in deterministic mode.

#![allow(missing_docs)]

mod script;
use gol_runtime::*;
use script::{Op::*, *};

const SEND: CaseKind = CaseKind::Send;
const RECV: CaseKind = CaseKind::Recv;

#[test]
fn ping_pong_on_unbuffered_channels() {
    let main = vec![
        Make(0, 0),
        Make(1, 0),
        Go(1, vec![0, 1]),
        Set(2, 0),
        Set(3, 2000),
        Send(0, 2), // 5
        Recv(1, 2),
        Lt(2, 3, 5),
        Main,
    ];
    let pong = vec![Recv(0, 2), AddI(2, 1), Send(1, 2), Jmp(0)];
    everywhere(20, vec![main, pong], |out| {
        assert_eq!(out.end, RunEnd::MainDone);
        assert_eq!(out.regs[2], 2000);
    });
}

#[test]
fn many_senders_on_one_channel() {
    for cap in [0, 1, 10] {
        let main = vec![
            Make(0, cap),
            Set(1, 0),
            Set(2, 20),
            Go(1, vec![0]), // 3
            AddI(1, 1),
            Lt(1, 2, 3),
            Set(1, 0),
            Set(2, 20 * 50),
            Recv(0, 3), // 8
            Add(4, 3),
            AddI(1, 1),
            Lt(1, 2, 8),
            Main,
        ];
        let sender = vec![Set(1, 0), Set(2, 50), AddI(1, 1), Send(0, 1), Lt(1, 2, 2)];
        everywhere(10, vec![main, sender], |out| {
            assert_eq!(out.end, RunEnd::MainDone);
            assert_eq!(out.regs[4], 20 * (50 * 51 / 2));
        });
    }
}

#[test]
fn a_chain_of_goroutines_passes_a_value_on() {
    // Each of 300 goroutines receives on its left and sends one more on its right.
    let main = vec![
        Make(0, 0),
        Mov(1, 0),
        Set(2, 0),
        Set(3, 300),
        Make(4, 0), // 4
        Go(1, vec![1, 4]),
        Mov(1, 4),
        AddI(2, 1),
        Lt(2, 3, 4),
        Send(0, 5),
        Recv(1, 5),
        Main,
    ];
    let link = vec![Recv(0, 2), AddI(2, 1), Send(1, 2)];
    everywhere(10, vec![main, link], |out| assert_eq!((out.end.clone(), out.regs[5]), (RunEnd::MainDone, 300)));
}

#[test]
fn close_wakes_all_receivers_and_senders() {
    let main = vec![
        Make(0, 0),
        Make(1, 0),
        Set(2, 0),
        Set(3, 30),
        Go(1, vec![0]), // 4
        Go(2, vec![1]),
        AddI(2, 1),
        Lt(2, 3, 4),
        Until(1, 60),
        SleepNs(200_000),
        Close(0),
        Close(1),
        Until(0, 30),
        Until(CLOSED, 30),
        Main,
    ];
    let receiver =
        vec![Set(2, 1), Count(1, 2), Set(3, 7), Set(4, 7), RecvOk(0, 3, 4), Add(2, 3), Add(2, 4), Count(0, 2)];
    let sender = vec![Set(2, 1), Count(1, 2), Send(0, 2), Count(2, 2)];
    everywhere(10, vec![main, receiver, sender], |out| {
        assert_eq!(out.end, RunEnd::MainDone);
        assert_eq!(out.counters[0], 30, "receivers got zero and not ok");
        assert_eq!(out.counters[2], 0);
    });
}

#[test]
fn a_closed_channel_gives_its_buffer_first() {
    let main = vec![
        Make(0, 3),
        Set(1, 5),
        Send(0, 1),
        Send(0, 1),
        Close(0),
        RecvOk(0, 2, 3),
        RecvOk(0, 4, 5),
        Set(6, 9),
        Set(7, 9),
        RecvOk(0, 6, 7),
        Main,
    ];
    everywhere(2, vec![main], |out| assert_eq!(out.regs[2..8], [5, 1, 5, 1, 0, 0]));
}

#[test]
fn select_takes_each_value_once() {
    // Two producers on two channels, three consumers that select on both, results on a third.
    let main = vec![
        Make(0, 0),
        Make(1, 2),
        Make(2, 0),
        Go(1, vec![0]),
        Go(1, vec![1]),
        Go(2, vec![0, 1, 2]),
        Go(2, vec![0, 1, 2]),
        Go(2, vec![0, 1, 2]),
        Set(3, 0),
        Set(4, 400),
        Recv(2, 5), // 10
        Add(6, 5),
        AddI(3, 1),
        Lt(3, 4, 10),
        Main,
    ];
    let producer = vec![Set(1, 0), Set(2, 200), AddI(1, 1), Send(0, 1), Lt(1, 2, 2)];
    let consumer = vec![Select(3, vec![(RECV, 0, 4, NO_SLOT), (RECV, 1, 4, 5)], false), Send(2, 4), Jmp(0)];
    everywhere(20, vec![main, producer, consumer], |out| {
        assert_eq!(out.end, RunEnd::MainDone);
        assert_eq!(out.regs[6], 2 * (200 * 201 / 2));
    });
}

#[test]
fn selects_that_send_and_receive_meet_each_other() {
    // Eight goroutines each try to send and receive on the same two channels; sums must balance.
    let main = vec![
        Make(0, 0),
        Make(1, 0),
        Set(2, 0),
        Set(3, 8),
        Go(1, vec![0, 1]), // 4
        AddI(2, 1),
        Lt(2, 3, 4),
        SleepNs(3_000_000),
        Close(0),
        Close(1),
        SleepNs(1_000_000),
        Main,
    ];
    let peer = vec![
        Set(2, 1),
        Set(3, 1),
        Select(4, vec![(SEND, 0, 2, NO_SLOT), (RECV, 0, 5, 6), (SEND, 1, 3, NO_SLOT), (RECV, 1, 5, 6)], false),
        // 3: a send adds 1 to counter 0, a good receive 1 to counter 1
        Mov(7, 4),
        Zero(7, 13),
        AddI(7, -2),
        Zero(7, 13),
        Zero(6, 17),
        Count(1, 2),
        Set(6, 0),
        Jmp(2),
        Exit,
        Exit,
        Count(0, 2), // 13
        Jmp(2),
        Exit,
        Exit,
        Exit, // 17: closed
    ];
    everywhere(10, vec![main, peer], |out| {
        assert_eq!(out.end, RunEnd::MainDone);
        assert!((out.counters[0] - out.counters[1]).abs() <= 8, "{:?}", out.counters);
        assert!(out.counters[0] > 0);
    });
}

#[test]
fn select_without_a_ready_case_takes_default() {
    let main = vec![
        Make(0, 0),
        Make(1, 1),
        Select(2, vec![(RECV, 0, 3, NO_SLOT), (RECV, 1, 3, NO_SLOT), (SEND, 0, 3, NO_SLOT), (RECV, 9, 3, 4)], true),
        Select(5, vec![(SEND, 1, 3, NO_SLOT)], true),
        Select(6, vec![(SEND, 1, 3, NO_SLOT)], true),
        Select(7, vec![(RECV, 9, 3, NO_SLOT)], true),
        Main,
    ];
    everywhere(2, vec![main], |out| {
        assert_eq!((out.regs[2], out.regs[5], out.regs[6], out.regs[7]), (-1, 0, -1, -1));
    });
}

#[test]
fn select_is_fair_among_ready_cases() {
    let main = vec![
        Make(0, 1),
        Make(1, 1),
        Set(2, 0),
        Set(3, 1000),
        Send(0, 2), // 4
        Send(1, 2),
        Select(4, vec![(RECV, 0, 5, NO_SLOT), (RECV, 1, 5, NO_SLOT)], false),
        Add(6, 4),
        Select(4, vec![(RECV, 0, 5, NO_SLOT), (RECV, 1, 5, NO_SLOT)], false),
        AddI(2, 1),
        Lt(2, 3, 4),
        Main,
    ];
    everywhere(3, vec![main], |out| assert!((400..600).contains(&out.regs[6]), "{}", out.regs[6]));
}

#[test]
fn send_on_a_closed_channel_in_select() {
    let main = vec![Make(0, 0), Go(1, vec![0]), Close(0), Until(CLOSED, 1), Main];
    let sender = vec![Select(2, vec![(SEND, 0, 1, NO_SLOT), (RECV, 5, 1, NO_SLOT)], false)];
    everywhere(30, vec![main, sender], |out| assert_eq!(out.end, RunEnd::MainDone));
}

#[test]
fn deadlocks_are_found() {
    let forever = vec![Recv(5, 1)];
    let cases: Vec<(Vec<Op>, WaitReason)> = vec![
        (vec![Make(0, 0), Recv(0, 1)], WaitReason::ChanReceive),
        (vec![Make(0, 0), Send(0, 1)], WaitReason::ChanSend),
        (vec![Recv(0, 1)], WaitReason::ChanReceiveNilChan),
        (vec![Send(0, 1)], WaitReason::ChanSendNilChan),
        (vec![Select(0, vec![], false)], WaitReason::SelectNoCases),
        (vec![Make(0, 0), Select(1, vec![(RECV, 0, 2, NO_SLOT)], false)], WaitReason::Select),
        (vec![Select(1, vec![(RECV, 0, 2, NO_SLOT)], false)], WaitReason::Select),
        (vec![Acquire(0)], WaitReason::Semacquire),
        (vec![Wait(0)], WaitReason::SyncCondWait),
        (vec![SleepNs(1_000_000), Block(0, 1, 1), Recv(5, 1)], WaitReason::ChanReceiveNilChan),
        (vec![Make(0, 1), TimerChan(1, 0, 1 << 60, 0), Recv(5, 1)], WaitReason::ChanReceiveNilChan),
    ];
    for (main, reason) in cases {
        let mut main = main;
        main.insert(0, Go(1, vec![]));
        everywhere(5, vec![main.clone(), forever.clone()], |out| {
            assert_eq!(out.end, RunEnd::Deadlock, "{main:?}");
            assert_eq!(out.left, [reason, WaitReason::ChanReceiveNilChan]);
        });
    }
    everywhere(3, vec![vec![Go(1, vec![]), Exit], vec![SleepNs(1000)]], |out| {
        assert_eq!(out.end, RunEnd::NoGoroutines)
    });
    everywhere(3, vec![vec![Go(1, vec![]), Exit], forever.clone()], |out| assert_eq!(out.end, RunEnd::Deadlock));
}
