// Writes what the packages of an installed Go export, a line a name: the facts that the census compares gol's library with.
// Run by `cargo xtask census --go PATH`; the form of the lines is described in crates/gol_types/tests/census/main.rs.
package main

import (
	"bufio"
	"fmt"
	"go/constant"
	"go/importer"
	"go/token"
	"go/types"
	"math"
	"os"
	"sort"
	"strings"
)

func main() {
	from := importer.ForCompiler(token.NewFileSet(), "source", nil)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, path := range os.Args[1:] {
		pkg, err := from.Import(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		w := &writer{pkg: pkg, lines: map[string]bool{}}
		for _, name := range pkg.Scope().Names() {
			if obj := pkg.Scope().Lookup(name); obj.Exported() {
				w.object(obj)
			}
		}
		lines := make([]string, 0, len(w.lines))
		for line := range w.lines {
			lines = append(lines, line)
		}
		sort.Strings(lines)
		fmt.Fprintf(out, "package %s\n%s\n", path, strings.Join(lines, "\n"))
	}
}

type writer struct {
	pkg   *types.Package
	lines map[string]bool
	own   *types.TypeParamList // of the signature that is written
}

func (w *writer) line(format string, args ...any) {
	w.lines[fmt.Sprintf(format, args...)] = true
}

func (w *writer) object(obj types.Object) {
	name, t := obj.Name(), obj.Type()
	switch obj := obj.(type) {
	case *types.Const:
		w.line("const %s %s = %s", name, w.typ(t), value(obj.Val()))
	case *types.Var:
		w.line("var %s %s", name, w.typ(t))
		// What has a type without a name for others has its methods as its own.
		if n := named(t); n != nil && w.hidden(n.Obj()) && !types.IsInterface(n) {
			w.methods(name, n)
		}
	case *types.Func:
		w.line("func %s%s", name, w.signature(t.(*types.Signature)))
	case *types.TypeName:
		if obj.IsAlias() {
			w.line("alias %s = %s", name, w.typ(t))
			// An alias for what has no other name that programs can write is the type's declaration to them.
			if n := named(t); n != nil && w.hidden(n.Obj()) {
				w.members(name, n)
			}
			return
		}
		n := t.(*types.Named)
		w.own = nil
		w.line("type %s%s %s", name, w.params(n.TypeParams()), w.shape(n))
		w.members(name, n)
	}
}

func named(t types.Type) *types.Named {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n
}

// hidden tells whether programs have no name for a type.
func (w *writer) hidden(obj types.Object) bool {
	if obj.Pkg() == nil {
		return false
	}
	internal := strings.Contains("/"+obj.Pkg().Path()+"/", "/internal/")
	return internal || !obj.Exported()
}

// shape is the part of a declared type that is no member of it.
func (w *writer) shape(n *types.Named) string {
	switch u := n.Underlying().(type) {
	case *types.Struct:
		return "struct"
	case *types.Interface:
		shape := "interface"
		for m := range u.Methods() {
			if !m.Exported() {
				shape = "interface with more"
			}
		}
		if terms := w.terms(u); terms != "" {
			shape += " " + terms
		}
		if u.IsComparable() && len(w.terms(u)) == 0 {
			shape += " comparable"
		}
		return shape
	default:
		return w.typ(u)
	}
}

func (w *writer) members(name string, n *types.Named) {
	if s, ok := n.Underlying().(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Exported() {
				embedded := ""
				if f.Embedded() {
					embedded = " embedded"
				}
				w.own = nil
				w.line("field %s.%s %s%s", name, f.Name(), w.typ(f.Type()), embedded)
			}
		}
	}
	w.methods(name, n)
}

func (w *writer) methods(name string, n *types.Named) {
	values := types.NewMethodSet(n)
	all := values
	if !types.IsInterface(n) {
		all = types.NewMethodSet(types.NewPointer(n))
	}
	for m := range all.Methods() {
		if m.Obj().Exported() {
			star := "*"
			if values.Lookup(nil, m.Obj().Name()) != nil {
				star = ""
			}
			w.line("method %s%s.%s%s", star, name, m.Obj().Name(), w.signature(m.Type().(*types.Signature)))
		}
	}
}

// signature gives parameters and results without their names; N stands for a function's own type parameter number N,
// $N for one of the receiver's.
func (w *writer) signature(s *types.Signature) string {
	outer := w.own
	if s.TypeParams().Len() > 0 {
		w.own = s.TypeParams()
	}
	defer func() { w.own = outer }()
	params := w.tuple(s.Params(), s.Variadic())
	text := w.params(s.TypeParams()) + "(" + params + ")"
	switch s.Results().Len() {
	case 0:
		return text
	case 1:
		return text + " " + w.tuple(s.Results(), false)
	default:
		return text + " (" + w.tuple(s.Results(), false) + ")"
	}
}

func (w *writer) tuple(t *types.Tuple, variadic bool) string {
	var parts []string
	for i := range t.Len() {
		text := w.typ(t.At(i).Type())
		if variadic && i == t.Len()-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

func (w *writer) params(list *types.TypeParamList) string {
	if list.Len() == 0 {
		return ""
	}
	var parts []string
	for p := range list.TypeParams() {
		parts = append(parts, w.constraint(p.Constraint()))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func (w *writer) constraint(t types.Type) string {
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && !w.hidden(n.Obj()) {
		return w.typ(n)
	}
	if terms := w.terms(t.Underlying().(*types.Interface)); terms != "" && t.Underlying().(*types.Interface).NumMethods() == 0 {
		return terms
	}
	return w.typ(t)
}

// terms are the types that a constraint allows; none for an interface of methods alone.
func (w *writer) terms(i *types.Interface) string {
	var all []string
	for e := range i.EmbeddedTypes() {
		all = append(all, w.embedded(e)...)
	}
	sort.Strings(all)
	return strings.Join(all, "|")
}

func (w *writer) embedded(e types.Type) (all []string) {
	if u, ok := types.Unalias(e).(*types.Union); ok {
		for t := range u.Terms() {
			if t.Tilde() {
				all = append(all, "~"+w.typ(t.Type()))
			} else {
				all = append(all, w.embedded(t.Type())...)
			}
		}
		return all
	}
	if i, ok := e.Underlying().(*types.Interface); ok {
		for e := range i.EmbeddedTypes() {
			all = append(all, w.embedded(e)...)
		}
		return all
	}
	return []string{w.typ(e)}
}

func (w *writer) typ(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return "unsafe.Pointer"
		}
		return types.Typ[t.Kind()].String() // byte is uint8
	case *types.Named:
		return w.named(t)
	case *types.TypeParam:
		if w.own != nil {
			for p := range w.own.TypeParams() {
				if p == t {
					return fmt.Sprint("%", t.Index())
				}
			}
		}
		return fmt.Sprint("$", t.Index())
	case *types.Pointer:
		return "*" + w.typ(t.Elem())
	case *types.Slice:
		return "[]" + w.typ(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), w.typ(t.Elem()))
	case *types.Map:
		return "map[" + w.typ(t.Key()) + "]" + w.typ(t.Elem())
	case *types.Chan:
		word := [...]string{types.SendRecv: "chan (", types.SendOnly: "chan<- (", types.RecvOnly: "<-chan ("}[t.Dir()]
		return word + w.typ(t.Elem()) + ")"
	case *types.Signature:
		return "func" + w.signature(t)
	case *types.Struct:
		var parts []string
		for f := range t.Fields() {
			parts = append(parts, f.Name()+" "+w.typ(f.Type()))
		}
		return "struct{" + strings.Join(parts, "; ") + "}"
	case *types.Interface:
		var parts []string
		for m := range t.Methods() {
			parts = append(parts, m.Name()+w.signature(m.Type().(*types.Signature)))
		}
		sort.Strings(parts)
		if terms := w.terms(t); terms != "" {
			parts = append(parts, terms)
		}
		if t.IsComparable() && len(w.terms(t)) == 0 {
			parts = append(parts, "comparable")
		}
		return "interface{" + strings.Join(parts, "; ") + "}"
	case *types.Union:
		return strings.Join(w.embedded(t), "|")
	}
	panic(fmt.Sprintf("no text for %T", t))
}

func (w *writer) named(t *types.Named) string {
	obj := t.Obj()
	if w.hidden(obj) {
		return "·"
	}
	text := obj.Name()
	if obj.Pkg() != nil && obj.Pkg() != w.pkg {
		text = obj.Pkg().Path() + "." + text
	}
	if args := t.TypeArgs(); args.Len() > 0 {
		var parts []string
		for a := range args.Types() {
			parts = append(parts, w.typ(a))
		}
		text += "[" + strings.Join(parts, ", ") + "]"
	}
	return text
}

func value(v constant.Value) string {
	switch v.Kind() {
	case constant.String:
		var out strings.Builder
		for _, b := range []byte(constant.StringVal(v)) {
			if b < ' ' || b > '~' || b == '\\' {
				fmt.Fprintf(&out, "\\x%02x", b)
			} else {
				out.WriteByte(b)
			}
		}
		return out.String()
	case constant.Float:
		f, _ := constant.Float64Val(v)
		return fmt.Sprintf("bits %016x", math.Float64bits(f))
	default:
		return v.ExactString()
	}
}
