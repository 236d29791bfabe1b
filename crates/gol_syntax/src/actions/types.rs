//! Types: literals, fields, and parameter lists, whose names and types are told apart here.

use gol_source::{Code, Span, Symbol};

use super::{Cx, Param, ParamList, field};
use crate::ast::*;

impl Cx<'_> {
    fn prefix_type(&mut self, lo: u32, elem: ExprId, kind: Expr) -> ExprId {
        let (below, hi) = (self.expr_depth(elem), self.span(elem).hi);
        self.expr(kind, lo, hi, below)
    }

    pub(crate) fn slice_type(&mut self, lo: u32, elem: ExprId) -> ExprId {
        self.prefix_type(lo, elem, Expr::SliceType(elem))
    }

    pub(crate) fn array_type(&mut self, lo: u32, len: Option<ExprId>, elem: ExprId) -> ExprId {
        let hi = self.span(elem).hi;
        let below = self.expr_depth(elem).max(len.map_or(0, |n| self.expr_depth(n)));
        self.expr(Expr::ArrayType { len, elem }, lo, hi, below)
    }

    /// An array type whose length was parsed as a list; `close` is the offset of the bracket.
    pub(crate) fn array_type_of(&mut self, lo: u32, len: Vec<ExprId>, close: u32, elem: ExprId) -> ExprId {
        if len.len() > 1 {
            let comma = self.span(len[0]).hi;
            self.syntax_error(Span::new(comma.min(close), comma + 1), "unexpected comma; expected ]");
        }
        self.array_type(lo, Some(len[0]), elem)
    }

    pub(crate) fn chan_type(&mut self, lo: u32, dir: ChanDir, elem: ExprId) -> ExprId {
        self.prefix_type(lo, elem, Expr::ChanType(dir, elem))
    }

    pub(crate) fn map_type(&mut self, lo: u32, key: ExprId, value: ExprId) -> ExprId {
        let below = self.expr_depth(key).max(self.expr_depth(value));
        let hi = self.span(value).hi;
        self.expr(Expr::MapType(key, value), lo, hi, below)
    }

    pub(crate) fn dots(&mut self, lo: u32, elem: ExprId) -> ExprId {
        self.prefix_type(lo, elem, Expr::DotsType(elem))
    }

    pub(crate) fn struct_type(&mut self, lo: u32, fields: Vec<Field>, hi: u32) -> ExprId {
        let below = self.fields_depth(&fields);
        self.expr(Expr::StructType(fields), lo, hi, below)
    }

    pub(crate) fn interface_type(&mut self, lo: u32, elems: Vec<InterfaceElem>, hi: u32) -> ExprId {
        let below = elems.iter().map(|e| match e {
            InterfaceElem::Method(_, t) | InterfaceElem::Embed(t) => self.expr_depth(*t),
        });
        let below = below.max().unwrap_or(0);
        self.expr(Expr::InterfaceType(elems), lo, hi, below)
    }

    pub(crate) fn func_type(&mut self, lo: u32, params: Vec<Field>, results: Vec<Field>, hi: u32) -> ExprId {
        let below = self.fields_depth(&params).max(self.fields_depth(&results));
        self.expr(Expr::FuncType(Signature { params, results }), lo, hi, below)
    }

    fn fields_depth(&self, fields: &[Field]) -> u32 {
        fields.iter().map(|f| self.expr_depth(f.ty)).max().unwrap_or(0)
    }

    /// An embedded field in parentheses.
    pub(crate) fn parenthesized_field(&mut self, at: u32, ty: ExprId) -> ExprId {
        self.syntax_error(Span::new(at, at + 1), "cannot parenthesize embedded type");
        ty
    }

    /// A field's tag that is a literal, but no string.
    pub(crate) fn tag_not_string(&mut self, lo: u32, hi: u32) -> ExprId {
        let text = self.text(lo, hi);
        self.late_error(
            Code::InvalidSyntaxTree,
            Span::new(lo, hi),
            &format!("invalid syntax tree: incorrect tag syntax: {text:?}"),
        );
        self.bad(lo, hi)
    }

    /// Parameters or results: all entries are types, or all have names (a name without type shares the next one's).
    pub(crate) fn params(&mut self, list: ParamList, dots_allowed: bool) -> Vec<Field> {
        let ParamList { list, close } = list;
        let named = list.iter().filter(|p| p.name.is_some() && p.ty.is_some()).count();
        let mut fields = if named == 0 {
            let types = list.into_iter().map(|p| match (p.name, p.ty) {
                (Some(name), None) => self.name(name),
                (_, ty) => ty.expect("an entry has a name or a type"),
            });
            types.map(|ty| field(Vec::new(), ty, None)).collect()
        } else {
            self.named_params(list, close, named, "missing parameter name", "missing parameter type")
        };
        self.check_dots(&mut fields, dots_allowed);
        fields
    }

    /// Type parameters: all have names.
    pub(crate) fn type_params(&mut self, list: Vec<Param>, close: u32) -> Vec<Field> {
        let named = list.iter().filter(|p| p.name.is_some() && p.ty.is_some()).count();
        let no_name = match list.len() {
            1 => "missing type parameter name or invalid array length",
            _ => "missing type parameter name",
        };
        self.named_params(list, close, named, no_name, "missing type constraint")
    }

    fn named_params(&mut self, list: Vec<Param>, close: u32, named: usize, no_name: &str, no_type: &str) -> Vec<Field> {
        let typed = list.iter().filter(|p| p.ty.is_some()).count();
        let mut wrong = None;
        let mut fields: Vec<Field> = Vec::with_capacity(named);
        for p in list.into_iter().rev() {
            match (p.name, p.ty) {
                (Some(name), Some(ty)) => fields.push(field(vec![name], ty, None)),
                (None, Some(ty)) => {
                    let mut span = self.span(ty);
                    if let Expr::FuncType(_) = self.ast[ty].kind {
                        // For Go, a func type begins at its parenthesis.
                        span.lo += self.text(span.lo, span.hi).find('(').unwrap_or(0) as u32;
                    }
                    wrong = Some(span);
                    fields.push(field(vec![Ident { name: Symbol::BLANK, span }], ty, None));
                }
                (Some(name), None) => match fields.last_mut() {
                    Some(group) => group.names.push(name),
                    None => {
                        wrong = Some(name.span);
                        let ty = self.bad(name.span.lo, name.span.hi);
                        fields.push(field(vec![name], ty, None));
                    }
                },
                (None, None) => unreachable!("an entry has a name or a type"),
            }
        }
        fields.reverse();
        fields.iter_mut().for_each(|f| f.names.reverse());
        if let Some(at) = wrong {
            if named == typed {
                self.syntax_error(Span::new(close, close + 1), no_type);
            } else {
                self.syntax_error(at, no_name);
            }
        }
        fields
    }

    /// `...` stands before the last parameter's type only. Elsewhere it is taken away after the complaint.
    fn check_dots(&mut self, fields: &mut [Field], allowed: bool) {
        let last = fields.len().saturating_sub(1);
        let mut first = true;
        for (i, f) in fields.iter_mut().enumerate() {
            let Expr::DotsType(elem) = self.ast[f.ty].kind else { continue };
            if allowed && i == last && f.names.len() <= 1 {
                continue;
            }
            if std::mem::take(&mut first) {
                let at = self.span(f.ty);
                let message = if allowed { "can only use ... with final parameter" } else { "invalid use of ..." };
                self.error(at, message);
            }
            f.ty = elem;
        }
    }

    /// A method's receiver: exactly one. `next` is where the parentheses end.
    pub(crate) fn receiver(&mut self, list: ParamList, next: u32) -> Option<Field> {
        let fields = self.params(list, false);
        let count: usize = fields.iter().map(|f| f.names.len().max(1)).sum();
        // Go reports both at the token after the parentheses.
        let rest = self.text(next, self.base + self.text.len() as u32);
        let at = next + (rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len()) as u32;
        match count {
            0 => self.error(Span::new(at, at + 1), "method has no receiver"),
            1 => {}
            _ => self.error(Span::new(at, at + 1), "method has multiple receivers"),
        }
        fields.into_iter().next().map(|mut f| {
            f.names.truncate(1);
            f
        })
    }
}
