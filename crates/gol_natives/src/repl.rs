//! `internal/repl`: values laid out for people.
//!
//! A value becomes a tree of texts ([`Item`]) of bounded size, which is then written on one line or, if that would be too
//! long, over several. Lists are cut after some elements, strings after some bytes, and what leads back to itself says so.

use gol_bytecode::{Kind, TypeRef};
use gol_vm::dynamic::Value;
use gol_vm::float::{general32, general64};
use gol_vm::{Flow, Native, NativeFn, NativeResult};
use std::fmt::Write as _;

pub(crate) const TABLE: &[(&str, NativeFn)] = &[("show", show)];

/// Elements that are shown of a list at the top, and of one inside of another value.
const ELEMENTS: [usize; 2] = [100, 20];
/// Bytes that are shown of a string at the top, and of one inside.
const BYTES: [usize; 2] = [2_000, 200];
/// Values that are shown in all.
const VALUES: usize = 2_000;
/// How deep values are shown.
const DEPTH: usize = 12;
/// Floats have an exponent from this power of ten on, as `fmt` prints them.
const EXPONENT: i32 = 21;
/// Columns of an indentation.
const INDENT: usize = 2;

fn show(n: &mut Native<'_>) -> NativeResult {
    let (static_type, more, text, has, v) = (n.text(), n.bool(), n.text(), n.bool(), n.iface());
    let v = n.opened(v);
    let Some(host) = n.vm().host().cloned() else { return Ok(Flow::Done) };
    if v.ty == TypeRef::NONE {
        host.value(&static_type, more, "nil");
        return Ok(Flow::Done);
    }
    let dynamic = n.ty(v.ty).name.clone();
    // What an interface holds is named beside it. The program does not know which types are the session's earlier ones.
    let shown = if dynamic == static_type.replace(" (earlier)", "") {
        static_type
    } else {
        format!("{static_type}({dynamic})")
    };
    let nil =
        matches!(n.ty(v.ty).kind, Kind::Pointer | Kind::Map | Kind::Slice | Kind::Func | Kind::Chan) && is_nil(n, v);
    let laid_out = if has && !nil {
        text
    } else {
        let mut tree = Tree { left: VALUES, pointers: Vec::new() };
        let item = tree.item(n, v, 0);
        let mut out = String::new();
        let width = host.width().saturating_sub(shown.chars().count() + 3).max(20);
        item.write(&mut out, 0, width, host.width());
        out
    };
    host.value(&shown, more, &laid_out);
    Ok(Flow::Done)
}

fn is_nil(n: &Native<'_>, v: Value) -> bool {
    n.pointer_of(v).is_ok_and(|p| p == 0)
}

/// A value as texts.
enum Item {
    Text(String),
    /// Elements between brackets, each with its name or key.
    List {
        open: String,
        close: char,
        items: Vec<(Option<Item>, Item)>,
        more: u64,
    },
}

struct Tree {
    /// Values that may still be shown.
    left: usize,
    /// The pointers, maps and slices that lead here.
    pointers: Vec<(TypeRef, u64)>,
}

impl Tree {
    /// A value whose type is known from around it.
    fn item(&mut self, n: &mut Native<'_>, v: Value, depth: usize) -> Item {
        if v.ty == TypeRef::NONE {
            return Item::Text("nil".into());
        }
        if self.left == 0 || depth > DEPTH {
            return Item::Text("\u{2026}".into());
        }
        self.left -= 1;
        let kind = n.ty(v.ty).kind;
        let word = n.word_of(v).unwrap_or(0);
        let nested = usize::from(depth > 0);
        match kind {
            Kind::Bool => Item::Text((word != 0).to_string()),
            Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 => Item::Text((word as i64).to_string()),
            Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64 => Item::Text(word.to_string()),
            Kind::Uintptr | Kind::UnsafePointer => Item::Text(format!("{word:#x}")),
            Kind::Float32 => Item::Text(general32(f32::from_bits(word as u32), EXPONENT)),
            Kind::Float64 => Item::Text(general64(f64::from_bits(word), EXPONENT)),
            Kind::Complex64 | Kind::Complex128 => {
                let (re, im) = n.complex_of(v).unwrap_or((0.0, 0.0));
                let part = |x: f64| match kind {
                    Kind::Complex64 => general32(x as f32, EXPONENT),
                    _ => general64(x, EXPONENT),
                };
                let (re, im) = (part(re), part(im));
                let sign = if im.starts_with(['+', '-']) { "" } else { "+" };
                Item::Text(format!("({re}{sign}{im}i)"))
            }
            Kind::String => Item::Text(quoted(&n.string_bytes(v), BYTES[nested])),
            Kind::Func if word == 0 => Item::Text("nil".into()),
            Kind::Func => Item::Text(n.function_name(v).unwrap_or_else(|| "func".into())),
            Kind::Chan if word == 0 => Item::Text("nil".into()),
            Kind::Chan => {
                let (len, cap) = (n.len_of(v).unwrap_or(0), n.cap_of(v).unwrap_or(0));
                Item::Text(format!("{word:#x} (len {len}, cap {cap})"))
            }
            Kind::Pointer => self.pointer(n, v, depth),
            Kind::Struct => self.structure(n, v, depth),
            Kind::Array | Kind::Slice => self.elements(n, v, depth),
            Kind::Map => self.map(n, v, depth),
            Kind::Interface => match n.elem_of(v) {
                Ok(inner) => self.held(n, inner, depth),
                Err(_) => Item::Text("nil".into()),
            },
            Kind::Invalid => Item::Text("nil".into()),
        }
    }

    /// What an interface holds, with its type.
    fn held(&mut self, n: &mut Native<'_>, v: Value, depth: usize) -> Item {
        let item = self.item(n, v, depth);
        if v.ty == TypeRef::NONE {
            return item;
        }
        let d = n.ty(v.ty);
        match (item, d.kind) {
            // Literals tell their types.
            (item, Kind::Int | Kind::Float64 | Kind::String | Kind::Bool) if d.pkg.is_empty() => item,
            (Item::Text(text), _) => Item::Text(format!("{}({text})", d.name)),
            (Item::List { open, close, items, more }, _) => {
                Item::List { open: format!("{}{open}", d.name), close, items, more }
            }
        }
    }

    /// Does `f` unless it is being done for the same address further out.
    fn guarded(&mut self, v: Value, at: u64, f: impl FnOnce(&mut Tree) -> Item) -> Item {
        if self.pointers.contains(&(v.ty, at)) {
            return Item::Text("(cycle)".into());
        }
        self.pointers.push((v.ty, at));
        let item = f(self);
        self.pointers.pop();
        item
    }

    fn pointer(&mut self, n: &mut Native<'_>, v: Value, depth: usize) -> Item {
        let at = n.pointer_of(v).unwrap_or(0);
        if at == 0 {
            return Item::Text("nil".into());
        }
        self.guarded(v, at, |tree| {
            let Ok(target) = n.elem_of(v) else { return Item::Text(format!("{at:#x}")) };
            match tree.item(n, target, depth + 1) {
                Item::Text(text) => Item::Text(format!("&{text}")),
                Item::List { open, close, items, more } => Item::List { open: format!("&{open}"), close, items, more },
            }
        })
    }

    fn structure(&mut self, n: &mut Native<'_>, v: Value, depth: usize) -> Item {
        let mut items = Vec::new();
        for (i, f) in n.ty(v.ty).fields.iter().enumerate() {
            let Ok(field) = n.field(v, i) else { continue };
            items.push((Some(Item::Text(f.name.clone())), self.item(n, field, depth + 1)));
        }
        Item::List { open: "{".into(), close: '}', items, more: 0 }
    }

    fn elements(&mut self, n: &mut Native<'_>, v: Value, depth: usize) -> Item {
        let is_slice = n.ty(v.ty).kind == Kind::Slice;
        let at = if is_slice { n.pointer_of(v).unwrap_or(0) } else { 0 };
        let len = n.len_of(v).unwrap_or(0);
        if is_slice && at == 0 {
            return Item::Text("nil".into());
        }
        let mut list = |tree: &mut Tree| {
            let most = ELEMENTS[usize::from(depth > 0)] as u64;
            let shown = if len > most { most } else { len };
            let mut items = Vec::new();
            for i in 0..shown {
                if tree.left == 0 {
                    break;
                }
                let Ok(Some(element)) = n.element(v, i as i64) else { break };
                items.push((None, tree.item(n, element, depth + 1)));
            }
            let more = len - items.len() as u64;
            Item::List { open: "[".into(), close: ']', items, more }
        };
        if is_slice && len > 0 { self.guarded(v, at, list) } else { list(self) }
    }

    fn map(&mut self, n: &mut Native<'_>, v: Value, depth: usize) -> Item {
        let at = n.pointer_of(v).unwrap_or(0);
        if at == 0 {
            return Item::Text("nil".into());
        }
        self.guarded(v, at, |tree| {
            let Ok(it) = n.map_iter(v) else { return Item::Text("{\u{2026}}".into()) };
            let mut entries = Vec::new();
            while let Ok(Some((k, e))) = n.map_next(v, it) {
                entries.push((order(n, k), k, e));
            }
            entries.sort_by(|x, y| x.0.cmp(&y.0));
            let len = entries.len() as u64;
            let mut items = Vec::new();
            for (_, k, e) in entries.into_iter().take(ELEMENTS[usize::from(depth > 0)]) {
                if tree.left == 0 {
                    break;
                }
                let name = tree.item(n, k, depth + 1);
                items.push((Some(name), tree.item(n, e, depth + 1)));
            }
            let more = len - items.len() as u64;
            Item::List { open: "{".into(), close: '}', items, more }
        })
    }
}

/// The order of a map's keys: numbers by size, strings by bytes, all others as they come.
fn order(n: &Native<'_>, key: Value) -> (u8, i64, u64, Vec<u8>) {
    if key.ty == TypeRef::NONE {
        return (0, 0, 0, Vec::new());
    }
    let word = n.word_of(key).unwrap_or(0);
    match n.ty(key.ty).kind {
        Kind::Int | Kind::Int8 | Kind::Int16 | Kind::Int32 | Kind::Int64 | Kind::Bool => {
            (1, word as i64, 0, Vec::new())
        }
        Kind::Uint | Kind::Uint8 | Kind::Uint16 | Kind::Uint32 | Kind::Uint64 => (2, 0, word, Vec::new()),
        Kind::Float32 | Kind::Float64 => {
            let bits = n.float_of(key).unwrap_or(0.0).to_bits() as i64;
            (3, bits ^ (((bits >> 63) as u64) >> 1) as i64, 0, Vec::new())
        }
        Kind::String => (4, 0, 0, n.string_bytes(key)),
        _ => (5, 0, 0, Vec::new()),
    }
}

/// A string as Go's source writes it, cut after `most` bytes.
fn quoted(bytes: &[u8], most: usize) -> String {
    let mut out = String::from("\"");
    let shown = &bytes[..bytes.len().min(most)];
    for chunk in shown.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => out.extend(['\\', c]),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if c.is_control() => {
                    let _ = write!(out, "\\x{:02x}", c as u32);
                }
                c => out.push(c),
            }
        }
        for b in chunk.invalid() {
            let _ = write!(out, "\\x{b:02x}");
        }
    }
    out.push('"');
    if shown.len() < bytes.len() {
        let _ = write!(out, "\u{2026} ({} bytes)", bytes.len());
    }
    out
}

impl Item {
    /// Columns on one line; no more than `most` are counted.
    fn len(&self, most: usize) -> usize {
        match self {
            Item::Text(text) => text.chars().take(most).count(),
            Item::List { open, items, more, .. } => {
                let mut n = open.chars().count() + 1 + if *more > 0 { 20 } else { 0 };
                for (name, item) in items {
                    n += 2 + name.as_ref().map_or(0, |k| k.len(most) + 2) + item.len(most);
                    if n > most {
                        return n;
                    }
                }
                n
            }
        }
    }

    /// Writes it, `room` columns being left on this line and `width` on others.
    fn write(&self, out: &mut String, indent: usize, room: usize, width: usize) {
        let (open, close, items, more) = match self {
            Item::Text(text) => return out.push_str(text),
            Item::List { open, close, items, more } => (open, close, items, *more),
        };
        out.push_str(open);
        let rest = |out: &mut String| {
            let _ = write!(out, "\u{2026} {more} more");
        };
        if room == usize::MAX || self.len(room + 1) <= room {
            for (i, (name, item)) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                if let Some(name) = name {
                    name.write(out, indent, usize::MAX, width);
                    out.push_str(": ");
                }
                item.write(out, indent, usize::MAX, width);
            }
            if more > 0 {
                out.push_str(if items.is_empty() { "" } else { ", " });
                rest(out);
            }
        } else {
            let inner = indent + INDENT;
            let mut column = usize::MAX;
            for (name, item) in items {
                // Short elements without names share lines.
                let len = item.len(width);
                let fits = name.is_none() && column.saturating_add(len + 2) <= width && matches!(item, Item::Text(_));
                if fits {
                    out.push(' ');
                    column += 1;
                } else {
                    out.push('\n');
                    out.extend(std::iter::repeat_n(' ', inner));
                    column = inner;
                }
                if let Some(name) = name {
                    name.write(out, inner, usize::MAX, width);
                    out.push_str(": ");
                    column += name.len(width) + 2;
                }
                item.write(out, inner, width.saturating_sub(column + 1), width);
                out.push(',');
                column = if matches!(item, Item::Text(_)) { column + len + 1 } else { usize::MAX };
            }
            if more > 0 {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', inner));
                rest(out);
            }
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push(*close);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: Vec<(Option<Item>, Item)>, more: u64) -> Item {
        Item::List { open: "[".into(), close: ']', items, more }
    }

    fn text(item: &Item, width: usize) -> String {
        let mut out = String::new();
        item.write(&mut out, 0, width, width);
        out
    }

    #[test]
    fn short_lists_take_a_line_and_long_ones_several() {
        let numbers = |n: usize| (1..=n).map(|i| (None, Item::Text(i.to_string()))).collect();
        assert_eq!(text(&list(numbers(3), 0), 20), "[1, 2, 3]");
        assert_eq!(text(&list(numbers(3), 5), 40), "[1, 2, 3, \u{2026} 5 more]");
        assert_eq!(text(&list(numbers(9), 0), 20), "[\n  1, 2, 3, 4, 5, 6,\n  7, 8, 9,\n]");
    }

    #[test]
    fn strings_are_quoted_and_cut() {
        assert_eq!(quoted(b"a\"\n\xff", 10), r#""a\"\n\xff""#);
        assert_eq!(quoted(b"abcdef", 3), "\"abc\"\u{2026} (6 bytes)");
    }
}
