//! Schemas of parameters, inputs and outputs.
//!
//! Two forms: JSON Schema, and the flat form `{name: {type, required, default, secret, …}}`, which
//! is translated to it. Nothing is ever fetched, nothing coerced, and no message shows a value.

mod fill;
mod flat;
mod keyword;
mod node;

use std::sync::Arc;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{PatternOptions, ValidationError, Validator};

use crate::diagnostics::code;
use crate::spec::context::{Context, View, push_segment};
use crate::spec::foreign;
use crate::spec::suggest::{did_you_mean, nearest};
use crate::value::{Map, Value};

use node::Values;

/// How many mismatches of one value are listed.
const MAX_MISMATCHES: usize = 100;
/// How many references are followed from one schema to the next: more is a circle.
const MAX_REFERENCES: usize = 16;
/// Steps of a pattern with look-around before it gives up: a pattern must not stall a run.
const MAX_BACKTRACKS: usize = 100_000;

/// A JSON Schema, compiled.
#[derive(Clone, Debug)]
pub struct Schema {
    json: Value,
    validator: Arc<Validator<Values>>,
    has_secrets: bool,
    has_defaults: bool,
}

/// One way in which a value does not fit a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer into the value.
    pub pointer: String,
    /// What is wrong, to be read behind the name of the place.
    pub message: String,
    /// What sort of mismatch it is.
    pub kind: MismatchKind,
    /// What to write instead, if we know.
    pub fix: Option<String>,
}

/// What sort of mismatch it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MismatchKind {
    /// Something required is not there.
    Missing,
    /// Something is there that the schema does not know.
    Unknown,
    /// A value is not what it must be.
    Value,
}

impl Mismatch {
    fn value(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            message: message.into(),
            kind: MismatchKind::Value,
            fix: None,
        }
    }
}

impl Schema {
    /// Compiles a schema in either form.
    ///
    /// # Errors
    /// Every problem of the schema, with pointers into it.
    pub fn from_value(value: &Value) -> Result<Self, Vec<Mismatch>> {
        if !flat::is_flat(value) {
            return Self::from_json(value);
        }
        let (json, mut problems) = flat::translate(value);
        match Self::from_json(&json) {
            Ok(schema) if problems.is_empty() => return Ok(schema),
            Ok(_) => {}
            Err(more) => problems.extend(more.into_iter().map(|problem| Mismatch {
                pointer: flat::pointer(&problem.pointer),
                ..problem
            })),
        }
        Err(problems)
    }

    /// Compiles a JSON Schema.
    ///
    /// # Errors
    /// Every problem of the schema, with pointers into it.
    pub fn from_json(value: &Value) -> Result<Self, Vec<Mismatch>> {
        let json = serde_json::to_value(value.public()).expect("a value always serializes");
        let meta = jsonschema::meta::validator_for(&json).map_err(|error| vec![invalid(&error)])?;
        let mut problems: Vec<Mismatch> = meta
            .iter_errors(&json)
            .take(MAX_MISMATCHES)
            .map(|error| invalid(&error))
            .collect();
        remote_references(value, "", &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let validator = jsonschema::options_for::<Values>()
            .offline()
            .should_validate_formats(true)
            .with_pattern_options(
                PatternOptions::fancy_regex()
                    .backtrack_limit(MAX_BACKTRACKS)
                    .size_limit(1 << 20),
            )
            .build(&json)
            .map_err(|error| vec![invalid(&error)])?;
        Ok(Self {
            has_secrets: fill::mentions(value, "secret"),
            has_defaults: fill::mentions(value, "default"),
            json: value.clone(),
            validator: Arc::new(validator),
        })
    }

    /// Returns the schema that everything fits.
    pub fn any() -> Self {
        Self::from_json(&Value::Map(Arc::default())).expect("the empty schema is one")
    }

    /// Returns the schema of no parameters at all.
    pub fn none() -> Self {
        let empty = Value::Map(Arc::default());
        let schema = [("type", Value::from("object")), ("properties", empty)];
        Self::from_json(&Value::map(schema)).expect("an object's schema is one")
    }

    /// Returns the schema itself, as JSON Schema.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Returns every way in which `value` does not fit.
    pub fn validate(&self, value: &Value) -> Vec<Mismatch> {
        if self.validator.is_valid(value) {
            return Vec::new();
        }
        let mut found: Vec<Mismatch> = Vec::new();
        for error in self.validator.iter_errors(value).take(MAX_MISMATCHES) {
            let pointer = error.instance_path().as_str().to_owned();
            for mismatch in describe(error.kind(), &pointer, value)
                .unwrap_or_else(|| vec![Mismatch::value(pointer, masked(&error))])
            {
                if !found.contains(&mismatch) {
                    found.push(mismatch);
                }
            }
        }
        found
    }

    /// Returns `value` with the defaults of what is missing.
    pub fn apply_defaults(&self, value: Value) -> Value {
        if self.has_defaults {
            fill::defaults(&self.json, value)
        } else {
            value
        }
    }

    /// Returns the parameters of a run: defaults filled, unknown ones refused, all valid,
    /// secret ones marked. Nothing is coerced.
    ///
    /// # Errors
    /// Every mismatch.
    pub fn prepare(&self, parameters: Value) -> Result<Value, Vec<Mismatch>> {
        let parameters = if parameters.is_null() {
            Value::Map(Arc::default())
        } else {
            parameters
        };
        let filled = self.apply_defaults(parameters);
        let problems = self.mismatches(&filled);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(self.mark_secrets(filled))
    }

    /// Returns every way in which `value` does not fit, unknown members included.
    pub fn mismatches(&self, value: &Value) -> Vec<Mismatch> {
        let mut problems = self.unknown(value);
        for mismatch in self.validate(value) {
            if !problems.iter().any(|p| p.pointer == mismatch.pointer) {
                problems.push(mismatch);
            }
        }
        problems
    }

    /// Marks what the schema calls secret.
    pub fn mark_secrets(&self, value: Value) -> Value {
        if self.has_secrets {
            fill::secrets(&self.json, value)
        } else {
            value
        }
    }

    /// Returns the names of the properties, if the schema names all that there may be.
    pub(crate) fn closed_properties(&self) -> Option<&Map> {
        closed_properties(&self.json)
    }

    fn unknown(&self, parameters: &Value) -> Vec<Mismatch> {
        let (Some(known), Some(given)) = (self.closed_properties(), parameters.as_map()) else {
            return Vec::new();
        };
        given
            .keys()
            .filter(|name| !known.contains_key(*name))
            .map(|name| {
                let mut pointer = String::new();
                push_segment(&mut pointer, name);
                let near = nearest(name, known.keys().map(|key| &**key));
                Mismatch {
                    kind: MismatchKind::Unknown,
                    fix: near.map(|near| format!("did you mean `{near}`?")),
                    ..Mismatch::value(pointer, "is unknown")
                }
            })
            .collect()
    }
}

/// Follows references within the document; what leads outside of it stays as it is.
pub(crate) fn resolve<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
    let mut schema = schema;
    for _ in 0..MAX_REFERENCES {
        let local = schema.get("$ref").and_then(Value::as_str);
        let Some(pointer) = local.and_then(|target| target.strip_prefix('#')) else {
            break;
        };
        let Some(target) = node::at(root, pointer) else {
            break;
        };
        schema = target;
    }
    schema
}

/// Returns the properties of an object's schema that says of no others that they are welcome.
pub(crate) fn closed_properties(schema: &Value) -> Option<&Map> {
    const OPEN: &[&str] = &[
        "patternProperties",
        "unevaluatedProperties",
        "allOf",
        "anyOf",
        "oneOf",
        "$ref",
        "$dynamicRef",
        "if",
        "dependentSchemas",
    ];
    let map = schema.as_map()?;
    let welcome = map
        .get("additionalProperties")
        .is_some_and(|more| more.as_bool() != Some(false));
    if welcome || OPEN.iter().any(|key| map.contains_key(*key)) {
        return None;
    }
    map.get("properties")?.as_map()
}

/// Reads the schema of a file's parameters: of an object, whose defaults fit.
pub(crate) fn read_parameters<'a>(ctx: &Context<'a>, view: View<'a>) -> Option<Schema> {
    let schema = read(ctx, view)?;
    if schema.json.get("type").and_then(Value::as_str) != Some("object") {
        let message = "parameters are an object: `type: object`";
        ctx.report(code::E_SCHEMA, view.at, message);
        return None;
    }
    let is_flat = flat::is_flat(&view.node.to_value());
    let filled = schema.apply_defaults(Value::Map(Arc::default()));
    for mismatch in schema.validate(&filled) {
        let mut segments = mismatch.pointer.splitn(3, '/').skip(1);
        let (Some(name), inner) = (segments.next(), segments.next()) else {
            continue;
        };
        let message = match (mismatch.kind, inner) {
            // A required parameter without a default: the caller's business.
            (MismatchKind::Missing, None) => continue,
            (MismatchKind::Missing, Some(inner)) => {
                format!("the default has no `{inner}`, which is required")
            }
            _ => format!("the default {}", mismatch.message),
        };
        let base = if is_flat { "" } else { "/properties" };
        let place = ctx.follow(view, &format!("{base}/{name}/default"));
        ctx.report(code::E_SCHEMA, place.at, message);
    }
    Some(schema)
}

/// Reads a schema of a file; its problems are reported at their places.
pub(crate) fn read<'a>(ctx: &Context<'a>, view: View<'a>) -> Option<Schema> {
    let value = view.node.to_value();
    let (schema, problems) = match Schema::from_value(&value) {
        Ok(schema) => {
            let problems = keyword::all_misspelt(schema.json());
            (Some(schema), problems)
        }
        Err(problems) => (None, problems),
    };
    for problem in problems {
        let translated = schema.is_some() && flat::is_flat(&value);
        let pointer = match translated {
            true => flat::pointer(&problem.pointer),
            false => problem.pointer,
        };
        let place = ctx.follow(view, &pointer);
        ctx.report_with(code::E_SCHEMA, place.at, problem.message, problem.fix);
    }
    schema
}

/// Finds references to other documents: nothing is fetched.
fn remote_references(schema: &Value, pointer: &str, problems: &mut Vec<Mismatch>) {
    let mut inside = |key: &str, value: &Value| {
        let mut pointer = pointer.to_owned();
        push_segment(&mut pointer, key);
        match value.as_str() {
            Some(target) if key == "$ref" && target.contains("://") => {
                problems.push(Mismatch::value(pointer, REMOTE));
            }
            Some(_) => {}
            None => remote_references(value, &pointer, problems),
        }
    };
    for (key, value) in schema.as_map().into_iter().flatten() {
        inside(key, value);
    }
    for (index, value) in schema.as_list().into_iter().flatten().enumerate() {
        inside(&index.to_string(), value);
    }
}

const REMOTE: &str = "the schema refers to something outside of it: nothing is fetched";

fn invalid(error: &ValidationError<'_>) -> Mismatch {
    const TYPES: &[&str] = &[
        "string", "number", "integer", "boolean", "array", "object", "null",
    ];
    let pointer = error.instance_path().as_str();
    let instance = error.instance().as_str();
    match (pointer.rsplit('/').next(), instance) {
        _ if matches!(error.kind(), ValidationErrorKind::Referencing(_)) => {
            Mismatch::value(pointer, REMOTE)
        }
        (Some("type"), Some(word)) => Mismatch {
            fix: foreign::type_name(word).or_else(|| did_you_mean(word, TYPES.iter().copied())),
            ..Mismatch::value(pointer, format!("`{word}` is no type of JSON"))
        },
        _ => Mismatch::value(pointer, format!("not a schema: {error}")),
    }
}

/// Says what is wrong without showing the value, which may be large or secret.
fn masked(error: &ValidationError<'_>) -> String {
    let message = error.masked_with("it").to_string();
    match message.strip_prefix("it ") {
        Some(rest) => rest.to_owned(),
        None => message,
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the library's enum: its own words do for all other kinds"
)]
fn describe(kind: &ValidationErrorKind, pointer: &str, root: &Value) -> Option<Vec<Mismatch>> {
    let at = |name: &str, kind, message| {
        let mut pointer = pointer.to_owned();
        push_segment(&mut pointer, name);
        Mismatch {
            kind,
            ..Mismatch::value(pointer, message)
        }
    };
    match kind {
        ValidationErrorKind::Required { property } => {
            let name = property.as_str()?;
            Some(vec![at(name, MismatchKind::Missing, "is required")])
        }
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            let unknown = |name: &String| at(name, MismatchKind::Unknown, "is unknown");
            Some(unexpected.iter().map(unknown).collect())
        }
        ValidationErrorKind::Type { kind } => {
            let found = node::at(root, pointer)?.type_name();
            let message = format!("must be {}, not {found}", expected(kind));
            Some(vec![Mismatch::value(pointer, message)])
        }
        ValidationErrorKind::UnevaluatedItems { .. } => {
            let message = "has more items than the schema knows";
            Some(vec![Mismatch::value(pointer, message)])
        }
        _ => None,
    }
}

fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => kind.to_string(),
        TypeKind::Multiple(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| kind.to_string()).collect();
            kinds.join(" or ")
        }
    }
}

#[cfg(test)]
mod tests;
