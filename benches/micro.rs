//! What single operations cost: each benchmark is a loop of a small program, run in this process.
//!
//! `cargo bench --package gol_driver` runs them, `-- PATTERN` some of them. A figure is for one turn of the loop, with the loop
//! itself in it: compare with `empty_loop`. Start-up and compiling are not in it.
//!
//! Twelve runs each: the workers of a run are never freed, nor the 256 GB of addresses of its heap, and a process has room for some 500.

use divan::Bencher;
use divan::counter::ItemsCount;
use gol_driver::{Input, Library};
use gol_vm::Options;

const TURNS: u32 = 100_000;

fn main() {
    divan::main();
}

/// Measures `body` in a loop over `i`, after `before`; `declarations` stand outside of `main`.
fn turns(bencher: Bencher, declarations: &str, before: &str, body: &str) {
    let main = format!("func main() {{\n{before}\nfor i := range {TURNS} {{\n_ = i\n{body}\n}}\n}}");
    let text = format!("package main\n{declarations}\n{main}\n");
    let input = Input::Text("micro.gol".into(), text.into_bytes());
    let build = || {
        let built = gol_driver::build(&input, &Library::Embedded).expect("the text is readable");
        built.program.expect("the program is right")
    };
    let run = |program| gol_driver::run(program, Options { workers: 2, ..Options::default() });
    bencher.counter(ItemsCount::new(TURNS)).with_inputs(build).bench_values(|program| assert_eq!(run(program), Ok(0)));
}

/// A row a benchmark: its name, declarations, what comes before the loop, the loop's body.
macro_rules! benchmarks {
    ($($name:ident: $declarations:expr, $before:expr, $body:expr;)*) => {
        $(
            #[divan::bench(sample_count = 12, sample_size = 1)]
            fn $name(bencher: Bencher) {
                turns(bencher, $declarations, $before, $body);
            }
        )*
    };
}

benchmarks! {
    empty_loop: "", "", "";
    add: "", "n := 0; defer func() { _ = n }()", "n += i";
    divide: "", "n := 7", "n = i / (n | 1)";
    float_multiply: "", "x := 1.5", "x *= 1.0000001";
    load_element: "", "a := make([]int, 64); n := 0", "n += a[i&63]";
    store_element: "", "a := make([]byte, 64)", "a[i&63] = byte(i)";
    field: "type point struct{ x, y, z int }", "p := &point{}", "p.y += p.x + i";
    call: "func f(n int) int { if n < 0 { return f(n + 1) }; return n }", "n := 0", "n = f(n)";
    closure_call: "", "n := 0; f := func() { n++ }", "f()";
    interface_call: "type shape interface{ area() int }\ntype square int\nfunc (s square) area() int { return int(s) }",
        "var s shape = square(3); n := 0", "n += s.area()";
    type_switch: "", "var v any = 3; n := 0", "switch x := v.(type) { case string: n += len(x); case int: n += x }";
    defer_call: "func f() {}\nfunc g() { defer f() }", "", "g()";
    allocate: "type pair struct{ next *pair; n int }", "var last *pair; defer func() { _ = last }()", "last = &pair{nil, i}";
    append_int: "", "var a []int", "a = append(a, i)";
    map_load: "", "m := map[int]int{}; for k := range 64 { m[k] = k }; n := 0", "n += m[i&63]";
    map_store: "", "m := map[int]int{}", "m[i&1023] = i";
    concatenate: "", "s := \"\"", "if i&15 == 0 { s = \"\" }; s += \"ab\"";
    send_and_receive_buffered: "", "ch := make(chan int, 1)", "ch <- i; <-ch";
    hand_over: "", "ch := make(chan int); go func() { for { ch <- 1 } }()", "<-ch";
    select_default: "", "ch := make(chan int)", "select { case <-ch: default: }";
    select_two: "", "a, b := make(chan int, 1), make(chan int, 1)", "a <- i; select { case <-a: case <-b: }";
    go_and_wait: "", "done := make(chan bool)", "go func() { done <- true }(); <-done";
    mutex: "import \"sync\"", "var mu sync.Mutex", "mu.Lock(); mu.Unlock()";
}
