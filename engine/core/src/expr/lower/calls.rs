//! Functions, filters and tests.

use minijinja::machinery::{Span, ast};

use super::{Lowering, shared};
use crate::event::FactKey;
use crate::expr::builtin::{Builtin, Form, find, similar};
use crate::expr::foreign;
use crate::expr::node::{Argument, Default, Kind};
use crate::expr::references::Call;
use crate::value::Value;

impl Lowering<'_> {
    /// Compiles `f(x)`.
    pub(super) fn function(&mut self, call: &ast::Spanned<ast::Call<'_>>) -> Option<Kind> {
        let builtin = match &call.expr {
            ast::Expr::Var(var) => self.known(Form::Function, var.id, var.span()),
            ast::Expr::GetAttr(attribute) => match &attribute.expr {
                ast::Expr::Var(var) if var.id == "kv" => {
                    let name = format!("kv.{}", attribute.name);
                    self.known(Form::Function, &name, var.span())
                }
                _ => self.method(attribute),
            },
            _ => self.problem(call.span(), "only functions can be called"),
        };
        let arguments = self.arguments(&call.args);
        let (builtin, arguments) = (builtin?, arguments?);
        if let Some(fact) = fact(builtin, &arguments) {
            self.facts.push(fact);
        }
        Some(Kind::Call { builtin, arguments })
    }

    /// Compiles `x | f`.
    pub(super) fn filter(&mut self, filter: &ast::Spanned<ast::Filter<'_>>) -> Option<Kind> {
        let Some(subject) = &filter.expr else {
            return self.problem(filter.span(), "a filter needs a value before it");
        };
        let builtin = self.known(Form::Filter, filter.name, filter.span());
        if builtin.is_some_and(|builtin| builtin.name() == "default") {
            return self.default(subject, &filter.args);
        }
        let subject = self.node(subject);
        let arguments = self.arguments(&filter.args);
        let (builtin, subject, arguments) = (builtin?, subject?, arguments?);
        let arguments = std::iter::once(Argument::Positional(subject))
            .chain(arguments)
            .collect();
        Some(Kind::Call { builtin, arguments })
    }

    /// Compiles `x is f`.
    pub(super) fn test(&mut self, test: &ast::Spanned<ast::Test<'_>>) -> Option<Kind> {
        let builtin = self.known(Form::Test, test.name, test.span());
        if matches!(test.name, "defined" | "undefined") {
            if !test.args.is_empty() {
                return self.problem(test.span(), "this test takes no argument");
            }
            let subject = Box::new(self.guarded_node(&test.expr)?);
            let wanted = test.name == "defined";
            return Some(Kind::Defined { subject, wanted });
        }
        let subject = self.node(&test.expr);
        let arguments = self.arguments(&test.args);
        let (builtin, subject, arguments) = (builtin?, subject?, arguments?);
        let arguments = std::iter::once(Argument::Positional(subject))
            .chain(arguments)
            .collect();
        Some(Kind::Call { builtin, arguments })
    }

    fn default(&mut self, subject: &ast::Expr<'_>, args: &[ast::CallArg<'_>]) -> Option<Kind> {
        let subject = self.guarded_node(subject);
        let (mut alternative, mut lax) = (None, None);
        for argument in self.arguments(args)? {
            let (name, node) = match argument {
                Argument::Positional(node) if alternative.is_none() => ("other", node),
                Argument::Positional(node) => ("lax", node),
                Argument::Named(name, node) if &*name == "other" => ("other", node),
                Argument::Named(name, node) if matches!(&*name, "lax" | "boolean") => ("lax", node),
                Argument::Named(_, node) | Argument::Spread(node) | Argument::SpreadNamed(node) => {
                    let message = "`default` takes `other` and `lax`".to_owned();
                    self.note(node.at as usize, message, None);
                    return None;
                }
            };
            let place = if name == "other" {
                &mut alternative
            } else {
                &mut lax
            };
            if place.replace(node).is_some() {
                let message = "`default` takes `other` and `lax`, each once".to_owned();
                self.note(self.base, message, None);
                return None;
            }
        }
        Some(Kind::Default(Box::new(Default {
            subject: subject?,
            alternative,
            lax,
        })))
    }

    fn arguments(&mut self, args: &[ast::CallArg<'_>]) -> Option<Vec<Argument>> {
        let arguments: Vec<Option<Argument>> = args
            .iter()
            .map(|arg| {
                Some(match arg {
                    ast::CallArg::Pos(tree) => Argument::Positional(self.node(tree)?),
                    ast::CallArg::Kwarg(name, tree) => {
                        Argument::Named(shared(name), self.node(tree)?)
                    }
                    ast::CallArg::PosSplat(tree) => Argument::Spread(self.node(tree)?),
                    ast::CallArg::KwargSplat(tree) => Argument::SpreadNamed(self.node(tree)?),
                })
            })
            .collect();
        arguments.into_iter().collect()
    }

    /// Finds what is called and notes it.
    fn known(&mut self, form: Form, name: &str, span: Span) -> Option<&'static Builtin> {
        let offset = self.offset(span);
        let name: String = name.split_whitespace().collect();
        self.references.calls.push(Call {
            name: shared(&name),
            offset,
        });
        let found = find(form, &name);
        if found.is_none() {
            let noun = form.noun();
            let other = [Form::Function, Form::Filter, Form::Test]
                .into_iter()
                .find(|other| find(*other, &name).is_some());
            let fix = foreign::call(form, &name).or_else(|| match (similar(form, &name), other) {
                (_, Some(other)) => Some(format!(
                    "`{name}` is a {}: {}",
                    other.noun(),
                    usage(other, &name)
                )),
                (Some(near), None) => Some(format!("did you mean `{near}`?")),
                (None, None) => None,
            });
            self.note(offset, format!("there is no {noun} `{name}`"), fix);
        }
        found
    }

    /// Values have no methods: the remedy is a filter, if there is one.
    fn method<T>(&mut self, attribute: &ast::Spanned<ast::GetAttr<'_>>) -> Option<T> {
        let name = match attribute.name {
            "strip" => "trim",
            "get" => "attr",
            other => other,
        };
        let fix = match (name, find(Form::Filter, name)) {
            ("startswith", _) => Some("write `x is startingwith('…')`".to_owned()),
            ("endswith", _) => Some("write `x is endingwith('…')`".to_owned()),
            ("attr", _) => Some("write `x['key'] | default('…')`".to_owned()),
            (name, Some(_)) => Some(format!("write `x | {name}`")),
            (_, None) => None,
        };
        let message = format!("values have no methods, so no `{}()`", attribute.name);
        let offset = self.begin(&attribute.expr) as usize;
        self.note(offset, message, fix);
        None
    }
}

fn usage(form: Form, name: &str) -> String {
    match form {
        Form::Function => format!("write `{name}(x)`"),
        Form::Filter => format!("write `x | {name}`"),
        Form::Test => format!("write `x is {name}`"),
    }
}

/// The fact that a call with a constant key asks for.
fn fact(builtin: &Builtin, arguments: &[Argument]) -> Option<FactKey> {
    let Some(Argument::Positional(node)) = arguments.first() else {
        return None;
    };
    let Kind::Const(Value::Text(key)) = &node.kind else {
        return None;
    };
    match builtin.name() {
        "kv.get" => Some(FactKey::Kv(key.clone())),
        "kv.get_secret" => Some(FactKey::Secret(key.clone())),
        _ => None,
    }
}
