//! Finds variables, and says what is wrong where one is missing.

use super::evaluator::Evaluator;
use super::fault::Fault;
use super::node::{Origin, Path, Step};
use super::scope::Fields;
use crate::suggest;
use crate::value::Value;

/// How many names are compared with a misspelled one: comparing takes longer than looking up.
const MAX_CANDIDATES: usize = 200;

/// A key of a list or map.
enum Key<'k> {
    Name(&'k str),
    Index(i64),
}

impl Evaluator<'_> {
    /// Reads a variable.
    pub(super) fn path(&mut self, path: &Path) -> Result<Value, Fault> {
        let root = match &path.origin {
            Origin::Parameters => self.scope.parameters(),
            Origin::Vars => self.scope.vars(),
            Origin::Config => self.scope.config(),
            Origin::Pack => Value::map([("config", self.scope.config())]),
            Origin::System => self.scope.system(),
            Origin::Task { name, field: None } => self
                .scope
                .task(name, &Fields::All)
                .ok_or_else(|| self.undefined(|| self.no_task(name)))?,
            Origin::Task {
                name,
                field: Some(field),
            } => self
                .scope
                .task_field(name, field)
                .ok_or_else(|| self.undefined(|| self.no_task(name)))?
                .ok_or_else(|| self.undefined(|| self.no_field(name, field)))?,
            Origin::AnyTask { name, fields } => {
                let name = self.lookup(name)?;
                let name = self.key_text(&name)?;
                self.scope.task(&name, fields).ok_or_else(|| {
                    let fault = Fault::undefined("there is no such task");
                    fault.with_detail(format!("there is no `{name}`"))
                })?
            }
            Origin::Item => self.iterated("item", |iteration| iteration.item)?,
            Origin::Index => self.iterated("index", |i| Value::Int(i.index.into()))?,
            Origin::Batch => self.batch()?,
            Origin::Bare(name) => self
                .bare(name)
                .ok_or_else(|| self.undefined(|| self.no_name(name)))?,
        };
        self.walk(&root, &path.steps, &|| path.label.to_string())
    }

    /// Goes from a value into its members; `label` is how the value is written.
    pub(super) fn walk(
        &mut self,
        root: &Value,
        steps: &[Step],
        label: &dyn Fn() -> String,
    ) -> Result<Value, Fault> {
        let mut current = self.open(root);
        for (taken, step) in steps.iter().enumerate() {
            let computed;
            let key = match step {
                Step::Name(name) => Key::Name(name),
                Step::Index(index) => Key::Index(*index),
                Step::Computed(node) => {
                    let value = self.lookup(node)?;
                    computed = self.opened(value);
                    as_key(&computed).map_err(|fault| fault.at(node.at))?
                }
            };
            if let (Value::Text(text), Key::Index(index)) = (current, &key)
                && let Some(letter) = self.letter(text, *index)?
            {
                return self.walk(&letter, &steps[taken + 1..], label);
            }
            match member(current, &key) {
                Some(next) => current = self.open(next),
                None => {
                    return Err(self.undefined(|| {
                        missing(&written(label(), &steps[..taken]), step, current, &key)
                    }));
                }
            }
        }
        Ok(current.clone())
    }

    /// Returns a value as a key of a map.
    pub(super) fn key_text(&mut self, value: &Value) -> Result<std::sync::Arc<str>, Fault> {
        let value = self.open(value);
        if matches!(value, Value::Null | Value::List(_) | Value::Map(_)) {
            return Err(no_key(value));
        }
        self.text_of(value)
    }

    fn letter(&mut self, text: &str, index: i64) -> Result<Option<Value>, Fault> {
        self.charge_bytes(text.len())?;
        let place = position(index, text.chars().count());
        let letter = place.and_then(|place| text.chars().nth(place));
        Ok(letter.map(|letter| Value::from(letter.to_string())))
    }

    /// Finds a name without a root.
    fn bare(&mut self, name: &str) -> Option<Value> {
        if let Some(completion) = self.scope.completion()
            && let Some(attempt) = completion.attempt
        {
            match name {
                "attempt" => return Some(Value::Int(attempt.into())),
                "result" => return Some(completion.result),
                "error" => return Some(completion.error),
                _ => {}
            }
        }
        if name == "items"
            && let Some(iteration) = self.scope.iteration()
            && iteration.batch.is_some()
        {
            return Some(iteration.item);
        }
        let vars = self.scope.vars();
        if let Some(value) = self.open(&vars).get(name) {
            return Some(value.clone());
        }
        let parameters = self.scope.parameters();
        self.open(&parameters).get(name).cloned()
    }

    fn iterated(
        &mut self,
        name: &str,
        pick: impl Fn(super::scope::Iteration) -> Value,
    ) -> Result<Value, Fault> {
        match self.scope.iteration() {
            Some(iteration) => Ok(pick(iteration)),
            None => self.bare(name).ok_or_else(|| outside(name)),
        }
    }

    fn batch(&mut self) -> Result<Value, Fault> {
        match self.scope.iteration().and_then(|iteration| iteration.batch) {
            Some((index, size, start)) => Ok(Value::map([
                ("index", Value::Int(index.into())),
                ("size", Value::Int(size.into())),
                ("start", Value::Int(start.into())),
            ])),
            None => self
                .bare("batch")
                .ok_or_else(|| Fault::undefined("`batch` exists only in a task with `batch_size`")),
        }
    }

    fn no_task(&self, name: &str) -> Fault {
        let names = self.scope.task_names();
        let fault = Fault::undefined(format!("there is no task `{name}`"));
        hint(fault, nearest(name, names.iter().map(|name| &**name)))
    }

    fn no_field(&self, task: &str, field: &str) -> Fault {
        let fields = self.scope.task(task, &Fields::All).unwrap_or_default();
        let label = format!("task.{task}");
        let step = Step::Name(field.into());
        missing(&label, &step, fields.exposed(), &Key::Name(field))
    }

    fn no_name(&self, name: &str) -> Fault {
        let fault = Fault::undefined(format!("`{name}` is neither a variable nor a parameter"));
        if ["result", "error", "succeeded", "failed", "skipped"].contains(&name) {
            return fault.with_detail(format!("did you mean `{name}()`?"));
        }
        let (vars, parameters) = (self.scope.vars(), self.scope.parameters());
        let known = |value: &Value, root: &str| {
            let names = keys(value).map(|name| name.to_string());
            let near = nearest_owned(name, names)?;
            Some(format!("did you mean `{root}.{near}`?"))
        };
        let found = known(&vars, "vars").or_else(|| known(&parameters, "parameters"));
        let roots = ["parameters", "vars", "task", "system", "pack", "kv", "item"];
        match (found, nearest(name, roots)) {
            (Some(detail), _) => fault.with_detail(detail),
            (None, near) => hint(fault, near),
        }
    }
}

fn nearest<'n>(word: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    suggest::nearest(word, names.into_iter().take(MAX_CANDIDATES))
}

fn nearest_owned(word: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let names: Vec<String> = names.take(MAX_CANDIDATES).collect();
    nearest(word, names.iter().map(String::as_str)).map(str::to_owned)
}

/// The names in a map that is not secret.
fn keys(value: &Value) -> impl Iterator<Item = &std::sync::Arc<str>> {
    let map = if let Value::Map(map) = value {
        Some(map)
    } else {
        None
    };
    map.into_iter().flat_map(|map| map.keys())
}

fn hint(fault: Fault, name: Option<&str>) -> Fault {
    match name {
        Some(name) => fault.with_detail(format!("did you mean `{name}`?")),
        None => fault,
    }
}

fn outside(name: &str) -> Fault {
    Fault::undefined(format!("`{name}` exists only in a task with `with_items`"))
}

fn as_key(value: &Value) -> Result<Key<'_>, Fault> {
    if let Value::Text(text) = value {
        Ok(Key::Name(text))
    } else {
        value.as_i64().map(Key::Index).ok_or_else(|| no_key(value))
    }
}

fn no_key(value: &Value) -> Fault {
    let found = with_article(value.type_name());
    Fault::failed(format!("a key must be text or a whole number, not {found}"))
}

/// The member of a list or map. A map takes numbers for the text of its keys.
fn member<'v>(value: &'v Value, key: &Key<'_>) -> Option<&'v Value> {
    match (value, key) {
        (Value::Map(map), Key::Name(name)) => map.get(*name),
        (Value::Map(map), Key::Index(index)) => map.get(index.to_string().as_str()),
        (Value::List(items), Key::Index(index)) => items.get(position(*index, items.len())?),
        _ => None,
    }
}

/// The place of an index that may count from the end.
pub(super) fn position(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    let index = if index < 0 {
        index.checked_add(length)?
    } else {
        index
    };
    usize::try_from(index).ok()
}

/// How a value is written in the expression, after some steps.
fn written(mut label: String, steps: &[Step]) -> String {
    for step in steps {
        match step {
            Step::Name(name) => push_name(&mut label, name),
            Step::Index(index) => label.extend(["[", &index.to_string(), "]"]),
            Step::Computed(_) => label.push_str("[…]"),
        }
    }
    label
}

fn push_name(label: &mut String, name: &str) {
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if plain {
        label.extend([".", name]);
    } else {
        label.extend(["['", name, "']"]);
    }
}

/// Says why a value has no such member. A computed key may come from a value, so that it stands
/// in the detail.
fn missing(label: &str, step: &Step, value: &Value, key: &Key<'_>) -> Fault {
    let whole = written(label.to_owned(), std::slice::from_ref(step));
    let mut text = format!("`{whole}` is not defined");
    if !matches!(value, Value::Map(_)) {
        let found = with_article(value.type_name());
        text.extend([", `", label, "` is ", &found]);
    }
    let fault = Fault::undefined(text);
    match (value, key) {
        (Value::List(items), Key::Index(index)) => {
            fault.with_detail(format!("[{index}] is outside of its {} items", items.len()))
        }
        (Value::Map(map), Key::Name(name)) => {
            let near = nearest(name, map.keys().map(|key| &**key));
            let mut path = label.to_owned();
            push_name(&mut path, near.unwrap_or_default());
            match (near, step) {
                (Some(_), _) => fault.with_detail(format!("did you mean `{path}`?")),
                (None, Step::Computed(_)) => fault.with_detail(format!("it has no `{name}`")),
                (None, Step::Name(_) | Step::Index(_)) => fault,
            }
        }
        _ => fault,
    }
}

/// `integer` as `an integer`.
pub(crate) fn with_article(name: &str) -> String {
    let article = if name.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    if name == "null" {
        name.to_owned()
    } else {
        format!("{article} {name}")
    }
}
