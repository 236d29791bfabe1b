//! `Limits.memory` from the VM's side: what a program may allocate, keep and lets go, and how it ends where it may not.

use gol_driver::{Input, Library};
use gol_vm::{Limits, Mode, Options};

const MB: u64 = 1 << 20;

/// The exit status of a program that may use so much memory.
fn status(body: &str, memory: u64, workers: usize, mode: Mode) -> i32 {
    let text = format!("package main\n\nimport \"os\"\n\n{body}\n");
    let built = gol_driver::build(&Input::Text("limits.gol".into(), text.into_bytes()), &Library::Embedded);
    let program = built.expect("the text is readable").program.expect("the program is right");
    let limits = Limits { memory: Some(memory), ..Limits::default() };
    gol_driver::run(program, Options { workers, mode, limits, ..Options::default() }).expect("it runs")
}

/// With 1, 2 and 8 workers and with a seed.
fn everywhere(body: &str, memory: u64, want: i32) {
    for workers in [1, 2, 8] {
        assert_eq!(status(body, memory, workers, Mode::Parallel), want, "{workers} workers: {body}");
    }
    assert_eq!(status(body, memory, 1, Mode::Deterministic { seed: 3 }), want, "a seed: {body}");
}

#[test]
fn what_is_let_go_does_not_count() {
    // Several times the limit in all, little of it at a time: small objects, large ones, and strings.
    everywhere(
        "type node struct { next *node; data [14]int }
         var keep *node
         func main() {
             for i := range 500_000 { if i%1000 == 0 { keep = nil }; keep = &node{next: keep} }
             for range 200 { _ = make([]byte, 1<<20) }
             s := \"\"
             for i := range 50_000 { if i%100 == 0 { s = \"\" }; s += \"0123456789\" }
             os.Exit(7)
         }",
        48 * MB,
        7,
    );
}

#[test]
fn what_is_kept_ends_the_run() {
    for body in [
        // Small objects, large ones, one that is too large, a map, many goroutines, a deep stack.
        "type node struct { next *node; data [14]int }
         func main() { var keep *node; for { keep = &node{next: keep} }; _ = os.Args }",
        "func main() { var keep [][]byte; for { keep = append(keep, make([]byte, 1<<20)) }; _ = os.Args }",
        "func main() { keep := make([]byte, 64<<20); os.Exit(int(keep[5])) }",
        "func main() { m := map[int]int{}; for i := 0; ; i++ { m[i] = i }; _ = os.Args }",
        "func main() { c := make(chan int); for { go func() { var a [200]int; a[<-c]++ }() }; _ = os.Args }",
    ] {
        everywhere(body, 32 * MB, 2);
    }
}

#[test]
fn no_goroutine_outlives_the_limit() {
    // Others compute, wait and defer while one allocates.
    everywhere(
        "func main() {
             defer os.Exit(0)
             c := make(chan int)
             go func() { for { c <- 1 } }()
             go func() { n := 0; for { n++ } }()
             go func() { defer func() { recover() }(); var keep [][]int; for { keep = append(keep, make([]int, 1<<15)) } }()
             for range c { }
         }",
        32 * MB,
        2,
    );
}
