//! Declarations, types and what follows from them: small programs with the messages that Go gives for them.

mod support;

use gol_types::Options;
use support::World;

/// Checks a file that starts with `package main` on its first line.
fn findings(body: &str) -> String {
    let mut world = World::new();
    let text = format!("package main\n{body}\n");
    let (_, found) = world.check("main", &[("x.go", &text)], Options::default());
    world.show(&found, false)
}

macro_rules! cases {
    ($($name:ident: $body:literal => $expected:literal;)*) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(findings($body), $expected);
            }
        )*
    };
}

cases! {
    unused_imports: r#"import f "fmt"
import "os"
import _ "errors"
import . "strings"
func main() {}"# => r#"2:8: "fmt" imported as f and not used
3:8: "os" imported and not used
5:8: "strings" imported and not used
"#;
    package_name_as_value: r#"import "fmt"
var x = fmt
func main() {}"# => r#"2:8: "fmt" imported and not used
3:9: use of package fmt not in selector
"#;
    redeclared: r#"var a int
var a string
type a int
func main() {}
func g(x, x int) (y, y int) { return }"# => r#"3:5: a redeclared in this block
	x.go:2:5: other declaration of a
4:6: a redeclared in this block
	x.go:2:5: other declaration of a
6:11: x redeclared in this block
	x.go:6:8: other declaration of x
6:22: y redeclared in this block
	x.go:6:19: other declaration of y
6:31: result parameter y not in scope at return
	x.go:6:19: inner declaration of var y int
"#;
    import_and_package_name: r#"import "fmt"
func fmt() {}
func main() {}"# => r#"2:8: "fmt" imported and not used
3:6: fmt already declared through import of package fmt ("fmt")
	x.go:2:8: other declaration of fmt
"#;
    main_and_init: r#"func main() int { return 1 }
func init(x int) {}
var init = 1
type main int"# => r#"2:6: func main must have no arguments and no return values
3:6: func init must have no arguments and no return values
4:5: cannot declare init - must be func
5:6: cannot declare main - must be func
"#;
    missing_body: r#"func f()
func (T) m()
type T int
func main() {}"# => r#"2:6: missing function body
3:6: missing function body
"#;
    recursive_types: r#"type A struct{ a A }
type B [2]C
type C struct{ b B }
type D D
type E = *E
type F struct{ f *F }
type G []G
type H func(H) H
type I interface{ m(I) }
func main() {}"# => r#"2:6: invalid recursive type: A refers to itself
3:6: invalid recursive type B
	x.go:3:6: B refers to C
	x.go:4:6: C refers to B
5:6: invalid recursive type: D refers to itself
6:6: invalid recursive type: E refers to itself
"#;
    recursive_interfaces: r#"type A interface{ B }
type B interface{ A }
type C interface{ m() D }
type D interface{ C }
var c C = D(nil)
func main() {}"# => r#"2:6: invalid recursive type A
	x.go:2:6: A refers to B
	x.go:3:6: B refers to A
"#;
    anonymous_interface_cycle: r#"type T interface{ m(interface{ T }) }
func main() {}"# => r#"2:8: invalid recursive type: anonymous interface refers to itself (see https://go.dev/issue/56103)
"#;
    alias_chains: r#"type A = B
type B = C
type C struct{ a *A }
var x A = 1
var y []B = 2
func main() {}"# => r#"5:11: cannot use 1 (untyped int constant) as A value in variable declaration
6:13: cannot use 2 (untyped int constant) as []B value in variable declaration
"#;
    const_cycles: r#"const a = b
const b = c + 1
const c = a
const d = d
func main() {}"# => r#"2:7: initialization cycle for a
	x.go:2:7: a refers to b
	x.go:3:7: b refers to c
	x.go:4:7: c refers to a
5:7: initialization cycle: d refers to itself
"#;
    var_cycles: r#"var a = b
var b = f()
func f() int { return g() }
func g() int { return a }
var h = h
func main() {}"# => r#"2:5: initialization cycle for a
	x.go:2:5: a refers to b
	x.go:3:5: b refers to f
	x.go:4:6: f refers to g
	x.go:5:6: g refers to a
6:5: initialization cycle: h refers to itself
"#;
    init_through_methods: r#"type T int
func (T) m() int { return x }
var x = T.m(0)
func main() {}"# => r#"4:5: initialization cycle for x
	x.go:4:5: x refers to m
	x.go:3:10: m refers to x
"#;
    iota: r#"const (
	a, b = iota, iota * 2
	c, d
	_, _
	e, f
)
var x [e]int = [3]int{}
var y [f]int = [3]int{}
var z = iota
func main() {}"# => r#"9:16: cannot use [3]int{} (value of type [3]int) as [6]int value in variable declaration
10:9: cannot use iota outside constant declaration
"#;
    const_arity: r#"const (
	a, b = 1, 2
	c
	d, e, f
)
const g
const h, i = 1
func main() {}"# => r#"4:2: extra init expr at x.go:3:12
5:8: missing init expr for f
7:7: missing init expr for g
8:10: missing init expr for i
"#;
    var_arity: r#"func f() (int, int) { return 1, 2 }
var a, b = f()
var c, d, e = f()
var g, h = 1
var i, j = 1, 2, 3
var k = f()
func main() {}"# => r#"4:15: assignment mismatch: 3 variables but f returns 2 values
5:12: assignment mismatch: 2 variables but 1 value
6:18: extra init expr 3
7:9: multiple-value f() (value of type (int, int)) in single-value context
"#;
    const_types: r#"type T struct{}
const a T = 1
const b []int = nil
const c int8 = 300
const d uint = -1
const e int = 1.5
const f string = 1
var v = 1
const g = v
func main() {}"# => r#"3:9: invalid constant type T
4:9: invalid constant type []int
5:16: cannot use 300 (untyped int constant) as int8 value in constant declaration (overflows)
6:16: cannot use -1 (untyped int constant) as uint value in constant declaration (overflows)
7:15: cannot use 1.5 (untyped float constant) as int value in constant declaration (truncated)
8:18: cannot use 1 (untyped int constant) as string value in constant declaration
10:11: v (variable of type int) is not constant
"#;
    inherited_const_errors: r#"const (
	a int8 = 100 << iota
	b
	c
)
func main() {}"# => r#"4:2: cannot use 100 << iota (untyped int constant 200) as int8 value in constant declaration (overflows)
5:2: cannot use 100 << iota (untyped int constant 400) as int8 value in constant declaration (overflows)
"#;
    array_lengths: r#"const n = 2
var v = 1
var a [n]int
var b [v]int
var c [-1]int
var d [1.5]int
var e [2.0]int
var f [u]int
var g ["a"]int
var h [len("abc")]int
var i [...]int
func main() {}"# => r#"5:8: invalid array length v
6:8: invalid array length -1 (untyped int constant)
7:8: array length 1.5 (untyped float constant) must be integer
9:8: undefined array length u or missing type constraint
10:8: array length "a" (untyped string constant) must be integer
12:7: invalid use of [...] array (outside a composite literal)
"#;
    map_keys: r#"type F func()
type S struct{ f F }
var a map[[]int]int
var b map[F]int
var c map[S]int
var d map[any]int
var e map[[2]S]int
func main() {}"# => r#"4:11: invalid map key type []int
5:11: invalid map key type F
6:11: invalid map key type S
8:11: invalid map key type [2]S
"#;
    struct_fields: r#"type S struct {
	a int
	a string
	_ int
	_ int
	T
	T int
}
type T struct{}
func main() {}"# => r#"4:2: a redeclared
	x.go:3:2: other declaration of a
8:2: T redeclared
	x.go:7:2: other declaration of T
"#;
    embedded_fields: r#"import "unsafe"
type P *int
type I interface{ m() }
type S struct {
	P
	*I
	I
	unsafe.Pointer
}
func main() {}"# => r#"6:2: embedded field type cannot be a pointer
7:2: embedded field type cannot be a pointer to an interface
8:2: I redeclared
	x.go:7:3: other declaration of I
9:2: embedded field type cannot be unsafe.Pointer
"#;
    interface_methods: r#"type I interface {
	m()
	m()
	_()
}
type J interface{ m() int }
type K interface {
	I
	J
}
type L interface {
	J
	m() int
}
func main() {}"# => r#"4:2: duplicate method m
	x.go:3:2: other declaration of method m
5:2: methods must have a unique non-blank name
10:2: duplicate method m
	x.go:9:2: other declaration of method m
"#;
    methods: r#"type T struct{ a int }
func (T) a() {}
func (T) b() {}
func (*T) b() {}
func (int) c() {}
func (*int) c() {}
func ([]int) c() {}
func (u) c() {}
type P *T
func (P) c() {}
type I interface{}
func (I) c() {}
type A = T
func (A) d() {}
var _ = T{}.d
func main() {}"# => r#"3:10: field and method with the same name a
	x.go:2:16: other declaration of a
5:11: method T.b already declared at x.go:4:10
6:7: cannot define new methods on non-local type int
7:8: cannot define new methods on non-local type int
8:7: invalid receiver type []int
9:7: undefined: u
11:7: invalid receiver type P (pointer or interface type)
13:7: invalid receiver type I (pointer or interface type)
"#;
    foreign_receiver: r#"import "strings"
func (strings.Builder) x() {}
func (*strings.Builder) y() {}
func main() {}"# => r#"3:7: cannot define new methods on non-local type strings.Builder
4:8: cannot define new methods on non-local type strings.Builder
"#;
    missing_methods: r#"type I interface{ M(int) string }
type A struct{}
func (*A) M(int) string { return "" }
type B struct{}
func (B) M(string) string { return "" }
type C struct{}
func (C) m(int) string { return "" }
type D struct{ M int }
type E struct { *A }
type F struct { A; B }
var _ I = A{}
var _ I = &A{}
var _ I = B{}
var _ I = C{}
var _ I = D{}
var _ I = E{}
var _ I = F{}
var _ I = 1
var _ *I = A{}
var pi *I
var _ I = pi
func main() {}"# => r#"12:11: cannot use A{} (value of struct type A) as I value in variable declaration: A does not implement I (method M has pointer receiver)
14:11: cannot use B{} (value of struct type B) as I value in variable declaration: B does not implement I (wrong type for method M)
		have M(string) string
		want M(int) string
15:11: cannot use C{} (value of struct type C) as I value in variable declaration: C does not implement I (missing method M)
		have m(int) string
		want M(int) string
16:11: cannot use D{} (value of struct type D) as I value in variable declaration: D does not implement I (D.M is a field, not a method)
18:11: cannot use F{} (value of struct type F) as I value in variable declaration: F does not implement I (ambiguous selector F.M)
19:11: cannot use 1 (constant of type int) as I value in variable declaration: int does not implement I (missing method M)
20:12: cannot use A{} (value of struct type A) as *I value in variable declaration: A does not implement *I (type *I is pointer to interface, not interface)
22:11: cannot use pi (variable of type *I) as I value in variable declaration: *I does not implement I (type *I is pointer to interface, not interface)
"#;
    ambiguous_selector: r#"type A struct{ x int }
type B struct{ x int }
type C struct { A; B }
type D struct { C; x int }
var c C
var d D
var _ = c.x
var _ = d.x
var _ = d.A.x
func main() {}"# => r#"8:11: ambiguous selector c.x
"#;
    selectors: r#"type T struct{ Field int }
func (T) Method() {}
func (*T) Pointer() {}
var t T
var _ = t.field
var _ = t.method
var _ = t.nope
var _ = T.Method
var _ = T.Pointer
var _ = (*T).Pointer
var _ = T{}.Pointer
var p **T
var _ = p.Field
var i *interface{ m() }
var _ = i.m
func main() {}"# => r#"6:11: t.field undefined (type T has no field or method field, but does have field Field)
7:11: t.method undefined (type T has no field or method method, but does have method Method)
8:11: t.nope undefined (type T has no field or method nope)
10:11: invalid method expression T.Pointer (needs pointer receiver (*T).Pointer)
12:13: cannot call pointer method Pointer on T
14:11: p.Field undefined (type **T has no field or method Field)
16:11: i.m undefined (type *interface{m()} is pointer to interface, not interface)
"#;
    assignability: r#"type N int
type S []int
type F func()
var n N = 1
var i int = n
var s S = []int{}
var t []int = s
var f F = func() {}
var c chan<- int = make(chan int)
var d chan int = c
var e error = nil
var g int = nil
var a any = n
var b int = a
var r rune = 1.5
var by []byte = "x"
var st struct{ x int } = struct{ x int; y int }{}
func main() {}"# => r#"6:13: cannot use n (variable of int type N) as int value in variable declaration
11:18: cannot use c (variable of type chan<- int) as chan int value in variable declaration
13:13: cannot use nil as int value in variable declaration
15:13: cannot use a (variable of interface type any) as int value in variable declaration: need type assertion
16:14: cannot use 1.5 (untyped float constant) as rune value in variable declaration (truncated)
17:17: cannot use "x" (untyped string constant) as []byte value in variable declaration
18:26: cannot use struct{x int; y int}{} (value of type struct{x int; y int}) as struct{x int} value in variable declaration
"#;
    conversions: r#"type N int
type T struct { a int `x:"1"` }
type U struct { a int }
var _ = N(1.5)
var _ = int8(300)
var _ = string(65)
var _ = string(1.5)
var _ = []byte("a")
var _ = []int("a")
var _ = T(U{})
var _ = (*T)(&U{})
var _ = [2]int([]int{1, 2})
var _ = (*[2]int)([]int{1, 2})
var _ = [2]string([]int{1, 2})
var _ = float64("a")
var _ = error(1)
func main() {}"# => r#"5:11: cannot convert 1.5 (untyped float constant) to type N
6:14: constant 300 overflows int8
8:16: cannot convert 1.5 (untyped float constant) to type string
10:15: cannot convert "a" (untyped string constant) to type []int
15:19: cannot convert []int{…} (value of type []int) to type [2]string
16:17: cannot convert "a" (untyped string constant) to type float64
17:15: cannot convert 1 (untyped int constant) to type error
"#;
    types_as_values: r#"type T int
var a = T
var b T.x
var v int
var c v
var d [2]v
var e = len
var g T[int]
func main() {}"# => r#"3:9: T (type) is not an expression
4:9: T.x is not a type
6:7: v (package-level variable) is not a type
7:10: v (package-level variable) is not a type
8:9: len (built-in) must be called
9:7: invalid operation: T[int] (T is not a generic type)
"#;
    undefined: r#"import "strings"
var a = b
var c d
var e = strings.nope
var f = strings.Nope
var g = strings.join
var _ = _
func main() {}"# => r#"3:9: undefined: b
4:7: undefined: d
5:17: undefined: strings.nope
6:17: undefined: strings.Nope
7:17: undefined: strings.join (but have Join)
8:9: cannot use _ as value or type
"#;
    local_types: r#"func main() {
	type T struct{ t *T }
	var x T = 1
	type U struct{ u U }
	{
		type T int
		x = T(1)
	}
	type V V
}"# => r#"4:6: declared and not used: x
4:12: cannot use 1 (untyped int constant) as T value in variable declaration
5:7: invalid recursive type: U refers to itself
8:7: cannot use T(1) (constant 1 of int type T) as T value in assignment
10:7: invalid recursive type: V refers to itself
"#;
    local_scopes: r#"func main() {
	x := x
	var y = func() int { return y }
	const c = c
	var f func()
	f = func() { f() }
	f()
	z := 1
	{
		z := z
		_ = z
	}
}"# => r#"3:2: declared and not used: x
3:7: undefined: x
4:6: declared and not used: y
4:30: undefined: y
5:12: undefined: c
"#;
    dot_import: r#"import . "strings"
import . "sort"
var _ = Repeat("a", 2)
func main() {}"# => r#"3:8: "sort" imported and not used
"#;
    parameter_names_in_messages: r#"var f func(a, b int, c ...string) (x, y int) = 1
var g func(int) (string, error) = 2
var h interface{ m(a int) } = 3
var i map[string]chan<- <-chan int = 4
var j struct { a, b int; c string `t` } = 5
var k [3]*[]any = 6
var l chan (<-chan int) = 7
func main() {}"# => r#"2:48: cannot use 1 (untyped int constant) as func(a int, b int, c ...string) (x int, y int) value in variable declaration
3:35: cannot use 2 (untyped int constant) as func(int) (string, error) value in variable declaration
4:31: cannot use 3 (constant of type int) as interface{m(a int)} value in variable declaration: int does not implement interface{m(a int)} (missing method m)
5:38: cannot use 4 (untyped int constant) as map[string]chan<- <-chan int value in variable declaration
6:43: cannot use 5 (untyped int constant) as struct{a int; b int; c string "t"} value in variable declaration
7:19: cannot use 6 (untyped int constant) as [3]*[]any value in variable declaration
8:27: cannot use 7 (untyped int constant) as chan (<-chan int) value in variable declaration
"#;
    aliases_that_go_round: r#"type B struct{ a A }
type A = *T
type T struct{ a A }

type B2 struct{ a A2 }
type A2 = A3
type A3 = []T2
type T2 struct { a A2; m map[string]A3 }

type F1 func(F2) F3
type F2 = func(F1)
type F3 = map[string]F2
type I1 = interface{ m(I2) I1x }
type I2 interface { I1; n() I1 }
type I1x = I2
func (t *T) m(A) A2 { return nil }
var b B = B{a: &T{}}
var t2 A2 = b.a.m(nil)
var i2 I2
var i1 I1 = i2
func main() {}"# => r#""#;
    sizes_that_go_round: r#"import "unsafe"
type A struct { a [unsafe.Sizeof(A{})]int }
type B [len(B{})]int
type C struct { c [len(cc.c)]int }
var cc C
type E [unsafe.Sizeof(ee)]int
var ee E
type F interface { m() [len(ff)]int }
var ff [3]F
type T struct { f *T; n int }
type T1 [unsafe.Sizeof(new(T1)[0])]int
type T2 [unsafe.Sizeof(f2())]int
func f2() T2 { return T2{} }
const k = len([unsafe.Sizeof(K{})]int{})
type K [k]int
func fu(a [unsafe.Sizeof(fu)]int) {}
type S struct{ s S }
var _ = S{} == S{}
var _ map[S]int
func main() {}"# => r#"3:6: invalid recursive type: A refers to itself
4:6: invalid recursive type: B refers to itself
5:6: invalid recursive type C
	x.go:5:6: C refers to cc
	x.go:6:5: cc refers to C
7:6: invalid recursive type E
	x.go:7:6: E refers to ee
	x.go:8:5: ee refers to E
9:6: invalid recursive type F
	x.go:9:6: F refers to ff
	x.go:10:5: ff refers to F
12:6: invalid recursive type: T1 refers to itself
13:6: invalid recursive type: T2 refers to itself
15:7: invalid cycle in declaration of k
	x.go:15:7: k refers to K
	x.go:16:6: K refers to k
18:6: invalid recursive type: S refers to itself
"#;
    unsafe_pointer: r#"import "unsafe"
var p unsafe.Pointer = 1
var q = (*int)(p)
var r = uintptr(p)
var s unsafe.Pointer = unsafe.Pointer(r)
var t unsafe.Foo
func main() {}"# => r#"3:24: cannot use 1 (untyped int constant) as unsafe.Pointer value in variable declaration
7:14: undefined: unsafe.Foo
"#;
}
