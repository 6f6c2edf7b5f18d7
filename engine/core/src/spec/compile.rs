//! Compiles the expressions of a file and remembers where each stands, for the later checks.

use std::cell::RefCell;

use indexmap::IndexMap;

use crate::diagnostics::code;
use crate::expr::{Condition, Expression, Problems, References, Template};
use crate::spec::context::{At, Context, View};
use crate::spec::foreign;
use crate::spec::tree::{Data, Node};
use crate::value::Value;

/// When in a task's life an expression is evaluated: this decides which names it may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before the first task, when the variables are set: `run_name`, the run's key.
    Start,
    /// When the initial variables are set, this one being the n-th.
    Variable(usize),
    /// When the task is ready, before its items are known.
    Ready,
    /// For each execution of the task, once for all its attempts.
    Execution,
    /// The same, in a retry policy: where one could think that an attempt has ended.
    Policy,
    /// After each attempt.
    Retry,
    /// When the task has ended.
    Completion,
    /// At the end of the run.
    End,
}

/// Whose expression it is, and when it is evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner {
    /// The task, by its number in the file's order; `None` for the run's own fields.
    pub(crate) task: Option<usize>,
    pub(crate) moment: Moment,
}

/// One expression of the file.
pub(crate) struct Site<'a> {
    pub(crate) owner: Owner,
    /// Whether it is part of a text, not all of it.
    pub(crate) in_text: bool,
    expression: Expression,
    scalar: View<'a>,
    /// Where the compiled text begins within the scalar.
    base: usize,
}

impl<'a> Site<'a> {
    /// Returns what the expression mentions.
    pub(crate) fn references(&self) -> &References {
        self.expression.references()
    }

    /// Returns the place of a part of the expression.
    pub(crate) fn place(&self, ctx: &Context<'a>, offset: usize, length: usize) -> At {
        ctx.inside(self.scalar, self.base + offset, length)
    }

    /// Returns the text from `offset` on.
    pub(crate) fn text_at(&self, offset: usize) -> &'a str {
        self.text().get(self.base + offset..).unwrap_or_default()
    }

    /// Returns the text before `offset`.
    pub(crate) fn text_before(&self, offset: usize) -> &'a str {
        self.text().get(..self.base + offset).unwrap_or_default()
    }

    fn text(&self) -> &'a str {
        self.scalar.text().map_or("", |text| text)
    }
}

/// Compiles expressions.
pub(crate) struct Compiler<'a, 'c> {
    pub(crate) ctx: &'c Context<'a>,
    sites: RefCell<Vec<Site<'a>>>,
    /// Conditions by their text: a file repeats most of them.
    conditions: RefCell<IndexMap<&'a str, Condition>>,
    /// The same for texts with expressions in them.
    texts: RefCell<IndexMap<&'a str, Template>>,
}

impl<'a, 'c> Compiler<'a, 'c> {
    /// Starts without any expression.
    pub(crate) fn new(ctx: &'c Context<'a>) -> Self {
        Self {
            ctx,
            sites: RefCell::default(),
            conditions: RefCell::default(),
            texts: RefCell::default(),
        }
    }

    /// Returns all expressions found.
    pub(crate) fn into_sites(self) -> Vec<Site<'a>> {
        self.sites.into_inner()
    }

    /// Compiles any JSON with templates in it.
    pub(crate) fn template(&self, view: View<'a>, owner: Owner) -> Template {
        self.check_literals(view);
        let Some(text) = view.text() else {
            return self.template_value(view, &view.node.to_value(), 0, owner);
        };
        let known = self.texts.borrow().get(&**text).cloned();
        if let Some(template) = known {
            self.remember(&template, (view, 0), owner);
            return template;
        }
        let template = self.template_value(view, &Value::Text(text.clone()), 0, owner);
        if !matches!(template, Template::Literal(_)) {
            self.texts.borrow_mut().insert(text, template.clone());
        }
        template
    }

    /// Reports what looks like an expression and would be passed on as it is.
    fn check_literals(&self, view: View<'a>) {
        match &view.node.data {
            Data::Text(text) if foreign::is_yaql(text) => {
                let message = "`<% %>` is no expression here: it would be passed on as text";
                let fix = Some("expressions stand in `{{ }}`".to_owned());
                self.ctx
                    .report_with(code::E_EXPRESSION, view.at, message, fix);
            }
            Data::List(items) if items.iter().any(is_deep) => {
                self.ctx
                    .items(view)
                    .for_each(|item| self.check_literals(item));
            }
            Data::Map(_) => {
                for (key, at, value) in self.ctx.members(view) {
                    self.check_key(
                        key,
                        at,
                        "build the map in one expression: `{{ {vars.key: 1} }}`",
                    );
                    self.check_literals(value);
                }
            }
            Data::Null
            | Data::Bool(_)
            | Data::Int(_)
            | Data::BigInt(_)
            | Data::Float(_)
            | Data::Text(_)
            | Data::List(_) => {}
        }
    }

    /// Reports the name of a variable with an expression in it.
    pub(crate) fn check_variable(&self, name: &str, at: At) {
        self.check_key(name, at, "a variable has one name: set a map instead");
    }

    /// Reports a key with an expression in it.
    fn check_key(&self, key: &str, at: At, fix: &str) {
        if key.contains("{{") {
            let message = "keys are not rendered: an expression stands in a value";
            self.ctx
                .report_with(code::E_EXPRESSION, at, message, Some(fix.to_owned()));
        }
    }

    /// Compiles the rest of a text from `base` on as a template.
    pub(crate) fn template_part(&self, view: View<'a>, base: usize, owner: Owner) -> Template {
        let text = view.text().map_or("", |text| &text[base..]);
        self.template_value(view, &Value::text(text), base, owner)
    }

    fn template_value(&self, view: View<'a>, value: &Value, base: usize, owner: Owner) -> Template {
        match Template::compile(value) {
            Ok(template) => {
                if !matches!(template, Template::Literal(_)) {
                    self.remember(&template, (view, base), owner);
                }
                template
            }
            Err(problems) => {
                self.report(view, base, problems);
                self.remember_sound(view, owner);
                Template::Literal(Value::Null)
            }
        }
    }

    /// Remembers what is sound in a map or list of which a part is not, so that it is checked too.
    fn remember_sound(&self, view: View<'a>, owner: Owner) {
        match &view.node.data {
            Data::Map(_) => {
                for (_, _, value) in self.ctx.members(view) {
                    self.remember_sound(value, owner);
                }
            }
            Data::List(_) => {
                for item in self.ctx.items(view) {
                    self.remember_sound(item, owner);
                }
            }
            Data::Text(text) => {
                if let Ok(template) = Template::compile(&Value::Text(text.clone())) {
                    self.remember(&template, (view, 0), owner);
                }
            }
            Data::Null | Data::Bool(_) | Data::Int(_) | Data::BigInt(_) | Data::Float(_) => {}
        }
    }

    /// Compiles an expression with or without braces; a literal stands for itself.
    pub(crate) fn expression(&self, view: View<'a>, owner: Owner) -> Expression {
        let Some(text) = view.text() else {
            return Expression::constant(view.node.to_value());
        };
        match Expression::compile(text) {
            Ok(expression) => {
                self.site(view, owner, &expression);
                expression
            }
            Err(problems) => {
                self.report(view, 0, problems);
                Expression::constant(Value::Null)
            }
        }
    }

    /// Compiles a condition with or without braces; a literal stands for itself.
    pub(crate) fn condition(&self, view: View<'a>, owner: Owner) -> Condition {
        let Some(text) = view.text() else {
            return Condition::constant(matches!(view.node.data, Data::Bool(true)));
        };
        let known = self.conditions.borrow().get(&**text).cloned();
        match known.map_or_else(|| Condition::compile(text), Ok) {
            Ok(condition) => {
                self.site(view, owner, condition.expression());
                let mut conditions = self.conditions.borrow_mut();
                conditions.entry(text).or_insert_with(|| condition.clone());
                condition
            }
            Err(problems) => {
                self.report(view, 0, problems);
                Condition::constant(false)
            }
        }
    }

    /// Returns the member `key` compiled as a template, if it is given.
    pub(crate) fn template_at(&self, view: View<'a>, key: &str, owner: Owner) -> Option<Template> {
        Some(self.template(self.ctx.get(view, key)?, owner))
    }

    /// Returns the member `key` compiled as an expression, if it is given.
    pub(crate) fn expression_at(
        &self,
        view: View<'a>,
        key: &str,
        owner: Owner,
    ) -> Option<Expression> {
        Some(self.expression(self.ctx.get(view, key)?, owner))
    }

    /// Returns the member `key` compiled as a condition, if it is given.
    pub(crate) fn condition_at(
        &self,
        view: View<'a>,
        key: &str,
        owner: Owner,
    ) -> Option<Condition> {
        Some(self.condition(self.ctx.get(view, key)?, owner))
    }

    fn remember(&self, template: &Template, (view, base): (View<'a>, usize), owner: Owner) {
        for found in template.sites() {
            let scalar = self.ctx.follow(view, &found.pointer);
            self.sites.borrow_mut().push(Site {
                owner,
                in_text: found.in_text,
                expression: found.expression.clone(),
                scalar,
                base,
            });
        }
    }

    fn site(&self, scalar: View<'a>, owner: Owner, expression: &Expression) {
        self.sites.borrow_mut().push(Site {
            owner,
            in_text: false,
            expression: expression.clone(),
            scalar,
            base: 0,
        });
    }

    fn report(&self, view: View<'a>, base: usize, problems: Problems) {
        for problem in problems {
            let scalar = self.ctx.follow(view, &problem.pointer);
            let at = self.ctx.inside(scalar, base + problem.offset, 1);
            let what = problem.what;
            self.ctx
                .report_with(code::E_EXPRESSION, at, what.message, what.fix);
        }
    }
}

/// Tells whether a value may hold a text or a key.
fn is_deep(node: &Node) -> bool {
    matches!(node.data, Data::Text(_) | Data::List(_) | Data::Map(_))
}
