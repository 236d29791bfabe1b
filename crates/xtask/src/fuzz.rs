//! `cargo xtask fuzz`: random programs, each run by real Go and by gol, which must agree on output and exit status.
//!
//! A program is well typed and ends: functions call only functions before them, loops count to a small constant, and each function
//! is called from `main` under a recover that prints the panic. Expressions are full of calls with side effects on package
//! variables and on variables that closures share, as the order of evaluation is where two implementations differ first.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode, Output};

pub const USAGE: &str = "  fuzz [FROM [TO]]
                 runs random programs under Go ($GO, or go) and gol, and shows the first that differs; FROM and TO are seeds
";

pub fn run(root: &Path, args: &[&str]) -> ExitCode {
    let number = |i: usize, default: u64| args.get(i).and_then(|a| a.parse().ok()).unwrap_or(default);
    let from = number(0, 1);
    let to = number(1, from + 20);
    let dir = root.join("target/fuzz");
    let go = std::env::var("GO").unwrap_or_else(|_| "go".into());
    if let Err(e) =
        std::fs::create_dir_all(&dir).and_then(|()| std::fs::write(dir.join("go.mod"), "module fuzz\n\ngo 1.27\n"))
    {
        eprintln!("cannot write to {}: {e}", dir.display());
        return ExitCode::FAILURE;
    }
    let mut status = ExitCode::SUCCESS;
    for seed in from..to {
        let (file, program) = (dir.join(format!("p{seed}.go")), dir.join("program"));
        let text = Generator::new(seed).program();
        let built = std::fs::write(&file, text).and_then(|()| {
            Command::new(&go).current_dir(&dir).arg("build").arg("-o").arg(&program).arg(&file).output()
        });
        match built {
            Ok(out) if out.status.success() => {}
            Ok(out) => {
                eprintln!("seed {seed}: Go refuses {}:\n{}", file.display(), String::from_utf8_lossy(&out.stderr));
                return ExitCode::FAILURE;
            }
            Err(e) => {
                eprintln!("cannot run {go}: {e}");
                return ExitCode::FAILURE;
            }
        }
        let ours = Command::new(root.join("target/debug/gol")).arg("run").arg(&file).output();
        match (Command::new(&program).output(), ours) {
            (Ok(theirs), Ok(ours)) if theirs.stdout == ours.stdout && theirs.status.code() == ours.status.code() => {}
            (Ok(theirs), Ok(ours)) => {
                show(seed, &file, &theirs, &ours);
                status = ExitCode::FAILURE;
            }
            (Err(e), _) | (_, Err(e)) => {
                eprintln!("seed {seed}: {e}");
                return ExitCode::FAILURE;
            }
        }
    }
    status
}

/// The first line that differs.
fn show(seed: u64, file: &Path, theirs: &Output, ours: &Output) {
    let (a, b) = (String::from_utf8_lossy(&theirs.stdout), String::from_utf8_lossy(&ours.stdout));
    println!("seed {seed}: {}: status {:?}, gol {:?}", file.display(), theirs.status.code(), ours.status.code());
    let mut pairs =
        a.lines().map(Some).chain(std::iter::repeat(None)).zip(b.lines().map(Some).chain(std::iter::repeat(None)));
    if let Some((x, y)) = pairs.find(|(x, y)| x != y || x.is_none()) {
        println!("  Go:  {}\n  gol: {}", x.unwrap_or("(end)"), y.unwrap_or("(end)"));
    }
    let errors = String::from_utf8_lossy(&ours.stderr);
    errors.lines().take(6).for_each(|l| println!("  | {l}"));
}

/// The types of generated values: name, zero-cost literals, package variables' prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Ty {
    Int,
    Int8,
    Uint16,
    Uint64,
    Float,
    Str,
    Bool,
    Any,
    Ints,
    Arr,
    Struct,
}

const TYPES: [Ty; 11] =
    [Ty::Int, Ty::Int8, Ty::Uint16, Ty::Uint64, Ty::Float, Ty::Str, Ty::Bool, Ty::Any, Ty::Ints, Ty::Arr, Ty::Struct];
const NUMBERS: [Ty; 5] = [Ty::Int, Ty::Int8, Ty::Uint16, Ty::Uint64, Ty::Float];

impl Ty {
    fn name(self) -> &'static str {
        ["int", "int8", "uint16", "uint64", "float64", "string", "bool", "any", "[]int", "[3]int8", "S"][self as usize]
    }

    /// The prefix of names of this type.
    fn prefix(self) -> &'static str {
        ["i", "j", "h", "u", "f", "s", "b", "e", "l", "a", "t"][self as usize]
    }
}

struct Generator {
    state: u64,
    out: String,
    indent: usize,
    /// Variables of the function being written.
    locals: Vec<(String, Ty)>,
    functions: Vec<(String, Vec<Ty>, Ty)>,
    names: u32,
    /// Nothing else may be called: the callee must be one of the tracing helpers.
    budget: u32,
}

const PRELUDE: &str = r#"package main

import "fmt"

type S struct {
	n int
	s string
	a [2]int8
	p *int
}

func (t S) val(n int) int { return t.n*3 + n }

func (t *S) ptr(n int) int {
	t.n += n
	return t.n
}

type I interface{ val(int) int }

var word = 7

func pick[T any](c bool, x, y T) T {
	if c {
		return x
	}
	return y
}

func same[T any](x T) T { return x }

func try(name string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			fmt.Println(name, "panic:", r)
		}
	}()
	f()
}

func show(name string, v any) {
	if t, ok := v.(S); ok {
		fmt.Println(name, t.n, t.s, t.a, t.p != nil)
		return
	}
	fmt.Println(name, v)
}
"#;

impl Generator {
    fn new(seed: u64) -> Generator {
        let state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Generator {
            state,
            out: String::new(),
            indent: 0,
            locals: Vec::new(),
            functions: Vec::new(),
            names: 0,
            budget: 0,
        }
    }

    fn below(&mut self, n: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) as usize % n
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn line(&mut self, text: &str) {
        let tabs = "\t".repeat(self.indent);
        let _ = writeln!(self.out, "{tabs}{text}");
    }

    fn fresh(&mut self, ty: Ty) -> String {
        self.names += 1;
        format!("{}{}", ty.prefix(), self.names)
    }

    fn program(mut self) -> String {
        self.out.push_str(PRELUDE);
        for ty in TYPES {
            for k in 0..2 {
                let value = self.literal(ty);
                self.line(&format!("var {}g{k} {} = {value}", ty.prefix(), ty.name()));
            }
        }
        // Helpers that change a variable and give a value: what makes the order of evaluation visible.
        for ty in TYPES {
            let name = format!("set{}", ty.prefix());
            let (n, p) = (ty.name(), ty.prefix());
            self.line(&format!(
                "func {name}(x {n}) {n} {{ fmt.Print(\"{p}. \"); {p}g0, {p}g1 = x, {p}g0; return {p}g1 }}"
            ));
            self.functions.push((name, vec![ty], ty));
        }
        for k in 0..6 {
            self.function(k);
        }
        self.line("func main() {");
        self.indent = 1;
        let calls: Vec<_> = self.functions.clone().into_iter().filter(|f| f.0.starts_with("fn")).collect();
        for (name, params, _) in calls {
            let args: Vec<_> = params.iter().map(|t| self.literal(*t)).collect();
            self.line(&format!("try(\"{name}\", func() {{ show(\"{name}\", {name}({})) }})", args.join(", ")));
            for ty in TYPES {
                self.line(&format!("show(\"{0}g\", {0}g0)", ty.prefix()));
            }
        }
        self.indent = 0;
        self.line("}");
        self.out
    }

    fn function(&mut self, k: usize) {
        let params: Vec<Ty> = (0..self.below(3)).map(|_| self.one(&TYPES)).collect();
        let result = self.one(&TYPES);
        self.locals.clear();
        let named: Vec<String> = params
            .iter()
            .map(|t| {
                let name = self.fresh(*t);
                self.locals.push((name.clone(), *t));
                format!("{name} {}", t.name())
            })
            .collect();
        let out = self.fresh(result);
        self.locals.push((out.clone(), result));
        self.line(&format!("func fn{k}({}) ({out} {}) {{", named.join(", "), result.name()));
        self.indent = 1;
        self.budget = 40;
        if self.chance(40) {
            let value = self.expr(result, 2);
            self.line(&format!("defer func() {{ {out} = {value} }}()"));
        }
        self.block(3);
        let value = self.expr(result, 3);
        self.line(&format!("return {value}"));
        self.indent = 0;
        self.line("}");
        self.functions.push((format!("fn{k}"), params, result));
    }

    fn block(&mut self, depth: u32) {
        let known = self.locals.len();
        for _ in 0..2 + self.below(4) {
            if self.budget == 0 {
                break;
            }
            self.budget -= 1;
            self.statement(depth);
        }
        self.locals.truncate(known);
    }

    fn statement(&mut self, depth: u32) {
        let ty = self.one(&TYPES);
        match self.below(if depth > 0 { 13 } else { 6 }) {
            0 | 1 => {
                let value = self.expr(ty, 3);
                let name = self.fresh(ty);
                self.line(&format!("var {name} {} = {value}", ty.name()));
                self.line(&format!("_ = {name}"));
                self.locals.push((name, ty));
            }
            2 => {
                let (l, r) = (self.target(ty), self.expr(ty, 3));
                self.line(&format!("{l} = {r}"));
            }
            3 => {
                let other = self.one(&TYPES);
                let (l, m, r, s) = (self.target(ty), self.target(other), self.expr(ty, 2), self.expr(other, 2));
                self.line(&format!("{l}, {m} = {r}, {s}"));
            }
            4 => {
                let n = self.one(&NUMBERS);
                let op = self.one(&["+", "-", "*"]);
                let (l, r) = (self.target(n), self.expr(n, 2));
                self.line(&format!("{l} {op}= {r}"));
            }
            5 => {
                let other = self.one(&TYPES);
                let (x, y) = (self.expr(ty, 3), self.expr(other, 3));
                self.line(&format!("fmt.Println({}, {})", shown(ty, &x), shown(other, &y)));
            }
            6 | 7 => {
                let cond = self.expr(Ty::Bool, 3);
                self.line(&format!("if ({cond}) {{"));
                self.nested(depth);
                self.line("} else {");
                self.nested(depth);
                self.line("}");
            }
            8 => {
                let name = self.fresh(Ty::Int);
                let n = 1 + self.below(3);
                let header = match self.below(3) {
                    0 => format!("for {name} := range {n} {{"),
                    1 => format!("for {name} := 0; {name} < {n}; {name}++ {{"),
                    _ => {
                        let l = self.expr(Ty::Ints, 1);
                        format!("for _, {name} := range append({l}[:0:0], 4, 5, 6) {{")
                    }
                };
                self.line(&header);
                self.locals.push((name.clone(), Ty::Int));
                self.indent += 1;
                self.line(&format!("_ = {name}"));
                if self.chance(30) {
                    self.line(&format!("defer func() {{ fmt.Print(\"d\", {name}, \" \") }}()"));
                }
                self.indent -= 1;
                // The loop's variable must not be assigned to, or the loop may not end.
                let at = self.locals.len() - 1;
                self.locals[at].0 = format!("({name} + 0)");
                self.nested(depth);
                self.locals.truncate(at);
                self.line("}");
            }
            9 => {
                let tag = self.expr(Ty::Int, 2);
                self.line(&format!("switch ({tag}) {{"));
                for k in 0..2 {
                    let case = self.expr(Ty::Int, 1);
                    self.line(&format!("case int({case}) + {k}:"));
                    self.nested(depth);
                }
                self.line("default:");
                self.nested(depth);
                self.line("}");
            }
            10 => {
                let value = self.expr(Ty::Any, 2);
                self.line(&format!("switch v := any({value}).(type) {{"));
                for case in ["int", "string", "S", "nil", "[3]int8, bool"] {
                    self.line(&format!("case {case}:"));
                    self.line("\t_ = v");
                    self.nested(depth);
                }
                self.line("}");
            }
            11 => {
                self.line("func() {");
                self.nested(depth);
                self.line("}()");
            }
            _ => {
                let value = self.expr(ty, 2);
                let (l, other) = (self.target(ty), self.expr(ty, 1));
                self.line("{");
                self.indent += 1;
                self.line(&format!("c := make(chan {}, 2)", ty.name()));
                self.line(&format!("c <- {value}"));
                self.line(&format!("select {{\n\tcase {l} = <-c:\n\tcase pick(false, c, nil) <- {other}:\n\t}}"));
                self.indent -= 1;
                self.line("}");
            }
        }
    }

    fn nested(&mut self, depth: u32) {
        self.indent += 1;
        self.block(depth - 1);
        self.indent -= 1;
    }

    /// What can be assigned to.
    fn target(&mut self, ty: Ty) -> String {
        match (ty, self.below(6)) {
            (Ty::Int, 0) => "tg0.n".into(),
            (Ty::Int, 1) => "*tg1.p".into(),
            (Ty::Int, 2) => {
                let i = self.expr(Ty::Int, 2);
                format!("lg0[({i})&3]")
            }
            (Ty::Int8, 0 | 1) => {
                let i = self.expr(Ty::Uint16, 2);
                format!("ag0[({i})%3]")
            }
            (Ty::Int8, 2) => "tg0.a[1]".into(),
            (Ty::Str, 0) => "tg1.s".into(),
            _ => self.variable(ty, true),
        }
    }

    fn variable(&mut self, ty: Ty, assigned: bool) -> String {
        let usable = |l: &&(String, Ty)| l.1 == ty && !(assigned && l.0.starts_with('('));
        let mut all: Vec<String> = self.locals.iter().filter(usable).map(|l| l.0.clone()).collect();
        all.extend([format!("{}g0", ty.prefix()), format!("{}g1", ty.prefix())]);
        let i = self.below(all.len());
        all.swap_remove(i)
    }

    fn literal(&mut self, ty: Ty) -> String {
        let n = self.below(9);
        match ty {
            Ty::Int => ["0", "1", "-1", "7", "100", "-9223372036854775808", "65", "3", "12345"][n].into(),
            Ty::Int8 => ["0", "1", "-1", "127", "-128", "5", "64", "3", "-7"][n].into(),
            Ty::Uint16 => ["0", "1", "65535", "7", "300", "2", "64", "3", "1000"][n].into(),
            Ty::Uint64 => ["0", "1", "18446744073709551615", "7", "1 << 63", "2", "64", "3", "1000"][n].into(),
            Ty::Float => ["0", "1", "-1.5", "1e300", "0.1", "3.25", "-0.0", "1e-300", "255.9"][n].into(),
            Ty::Str => {
                ["\"\"", "\"a\"", "\"bc\"", "\"\\xff\"", "\"é\"", "`q`", "\"\\n\"", "\"xyz\"", "\"0\""][n].into()
            }
            Ty::Bool => ["true", "false"][n % 2].into(),
            Ty::Any => [
                "any(nil)",
                "any(1)",
                "any(\"x\")",
                "any(2.5)",
                "any(S{n: 1})",
                "any([3]int8{1})",
                "any(true)",
                "any(int8(1))",
                "any([2]int{})",
            ][n]
                .into(),
            Ty::Ints => {
                ["[]int{1, 2, 3, 4}", "make([]int, 4, 6)", "[]int{9, 8, 7, 6, 5}", "append([]int(nil), 1, 2, 3, 4)"]
                    [n % 4]
                    .into()
            }
            Ty::Arr => ["[3]int8{}", "[3]int8{1, 2, 3}", "[...]int8{2: 5}"][n % 3].into(),
            Ty::Struct => {
                ["S{p: &word}", "S{1, \"s\", [2]int8{1, 2}, &word}", "S{s: \"z\", p: new(int)}"][n % 3].into()
            }
        }
    }

    fn expr(&mut self, ty: Ty, depth: u32) -> String {
        if depth == 0 || self.chance(15) {
            return if self.chance(70) {
                self.variable(ty, false)
            } else {
                format!("same[{}]({})", ty.name(), self.literal(ty))
            };
        }
        let d = depth - 1;
        if self.chance(30) {
            let fits: Vec<_> = self.functions.iter().filter(|f| f.2 == ty).cloned().collect();
            if !fits.is_empty() {
                let at = self.below(fits.len());
                let (name, params, _) = fits[at].clone();
                let args: Vec<_> = params.iter().map(|p| self.expr(*p, d)).collect();
                return format!("{name}({})", args.join(", "));
            }
        }
        if self.chance(10) {
            let (c, x, y) = (self.expr(Ty::Bool, d), self.expr(ty, d), self.expr(ty, d));
            return format!("pick[{}]({c}, {x}, {y})", ty.name());
        }
        if self.chance(8) {
            let x = self.expr(ty, d);
            return format!("func() {} {{ return {x} }}()", ty.name());
        }
        match ty {
            Ty::Int | Ty::Int8 | Ty::Uint16 | Ty::Uint64 | Ty::Float => self.number(ty, d),
            Ty::Str => {
                let (x, y) = (self.expr(Ty::Str, d), self.expr(Ty::Str, d));
                match self.below(4) {
                    0 | 1 => format!("{x} + {y}"),
                    2 => format!("string([]byte({x}))"),
                    _ => format!("fmt.Sprint({x}, len({y}))"),
                }
            }
            Ty::Bool => {
                let t = self.one(&[Ty::Int, Ty::Int8, Ty::Str, Ty::Float, Ty::Uint64, Ty::Arr, Ty::Any]);
                let (x, y) = (self.expr(t, d), self.expr(t, d));
                let ordered = !matches!(t, Ty::Arr | Ty::Any);
                match self.below(5) {
                    0 if ordered => format!("({x} < {y})"),
                    1 if ordered => format!("({x} >= {y})"),
                    2 => format!("({x} != {y})"),
                    3 => {
                        let (a, b) = (self.expr(Ty::Bool, d), self.expr(Ty::Bool, d));
                        let op = self.one(&["&&", "||"]);
                        format!("({a} {op} !{b})")
                    }
                    _ => format!("({x} == {y})"),
                }
            }
            Ty::Any => {
                let t = self.one(&[Ty::Int, Ty::Str, Ty::Bool, Ty::Int8, Ty::Float, Ty::Arr]);
                let x = self.expr(t, d);
                format!("any({x})")
            }
            Ty::Ints => {
                let (x, y, z) = (self.expr(Ty::Ints, d), self.expr(Ty::Int, d), self.expr(Ty::Int, d));
                match self.below(4) {
                    0 => format!("append({x}, {y}, {z})"),
                    1 => format!("append({x}[:2:2], {y}, 3)"),
                    2 => format!("[]int{{{y}, {z}, 1, {y}}}"),
                    _ => format!("append([]int{{{y}}}, {x}...)"),
                }
            }
            Ty::Arr => {
                let (x, y) = (self.expr(Ty::Int8, d), self.expr(Ty::Int8, d));
                format!("[3]int8{{{x}, 1, {y}}}")
            }
            Ty::Struct => {
                let (x, y, z) = (self.expr(Ty::Int, d), self.expr(Ty::Str, d), self.expr(Ty::Int8, d));
                format!("S{{{x}, {y}, [2]int8{{{z}, 2}}, &word}}")
            }
        }
    }

    fn number(&mut self, ty: Ty, d: u32) -> String {
        let (x, y) = (self.expr(ty, d), self.expr(ty, d));
        let whole = ty != Ty::Float;
        match self.below(12) {
            0 | 1 => format!("({x} + {y})"),
            2 => format!("({x} - {y})"),
            3 => format!("({x} * {y})"),
            4 => format!("({x} / {y})"),
            5 if whole => format!("({x} % {y})"),
            6 if whole => {
                let (op, n) = (self.one(&["<<", ">>"]), self.expr(Ty::Uint16, d));
                format!("({x} {op} ({n} & 71))")
            }
            7 if whole => {
                let op = self.one(&["&", "|", "^", "&^"]);
                format!("({x} {op} {y})")
            }
            8 => {
                let other = self.one(&NUMBERS);
                let z = self.expr(other, d);
                format!("{}({z})", ty.name())
            }
            9 => {
                let op = self.one(&["min", "max"]);
                format!("{op}({x}, {y})")
            }
            _ if ty == Ty::Int => {
                let (t, n) = (self.expr(Ty::Struct, d), self.expr(Ty::Int, d));
                let l = self.expr(Ty::Ints, d);
                match self.below(8) {
                    0 => format!("{t}.val({n})"),
                    1 => format!("tg0.ptr({n})"),
                    2 => format!("I({t}).val({n})"),
                    3 => format!("{l}[({n})&3]"),
                    4 => format!("len({l}[({n})&3:])"),
                    5 => format!("*{t}.p"),
                    6 => format!("S.val({t}, {n})"),
                    _ => format!("tg1.val({n})"),
                }
            }
            _ if whole => format!("-({x})"),
            _ => format!("({x} + 1)"),
        }
    }
}

/// An argument that prints without addresses.
fn shown(ty: Ty, x: &str) -> String {
    if ty == Ty::Struct { format!("{x}.val(0)") } else { x.to_string() }
}
