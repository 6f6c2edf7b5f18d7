//! JSON to WIT values. Every error says where, what was expected and what was found.
//!
//! What may be made is bounded: a few bytes of JSON can stand for many values, such as an empty
//! object for a record of options.

use std::cell::Cell;

use attune_core::{Map, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wasmtime::component::types::{Record, Variant};
use wasmtime::component::{Type, Val};

use super::MAX_VALUES;

/// What a named value counts for, beside others: its name is made too.
const NAMED: usize = 3;

/// Names that are looked through at the cost of one value.
const NAMES_PER_VALUE: usize = 16;

/// A value that does not fit its type.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: expected {expected}, found {found}")]
pub(crate) struct Mismatch {
    pub(crate) pointer: String,
    pub(crate) expected: String,
    pub(crate) found: String,
}

/// Where a value is: a list of steps from the inside out, so that success builds no text.
#[derive(Clone, Copy)]
struct At<'a> {
    parent: Option<&'a Self>,
    step: Step<'a>,
    /// Values that may still be made.
    left: &'a Cell<usize>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl At<'_> {
    fn key<'a>(&'a self, key: &'a str) -> At<'a> {
        At {
            parent: Some(self),
            step: Step::Key(key),
            left: self.left,
        }
    }

    fn index(&self, index: usize) -> At<'_> {
        At {
            parent: Some(self),
            step: Step::Index(index),
            left: self.left,
        }
    }

    fn pointer(&self) -> String {
        let before = self.parent.map_or_else(String::new, At::pointer);
        match self.step {
            Step::Root => before,
            Step::Key(key) => format!("{before}/{}", key.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => format!("{before}/{index}"),
        }
    }

    /// Counts values that are about to be made.
    fn count(&self, values: usize) -> Result<(), Mismatch> {
        match self.left.get().checked_sub(values) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => self.wrong_text("fewer values", "more than one call may have"),
        }
    }

    fn wrong<T>(&self, expected: impl Into<String>, found: &Value) -> Result<T, Mismatch> {
        self.wrong_text(expected, describe(found))
    }

    fn wrong_text<T>(
        &self,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Result<T, Mismatch> {
        Err(Mismatch {
            pointer: self.pointer(),
            expected: expected.into(),
            found: found.into(),
        })
    }
}

/// Describes a value: its type, and a scalar itself.
fn describe(value: &Value) -> String {
    const SHOWN_CHARS: usize = 40;
    if value.has_secret() {
        return "a secret".to_owned();
    }
    match value {
        Value::Null => "null".to_owned(),
        Value::List(_) => "an array".to_owned(),
        Value::Map(_) => "an object".to_owned(),
        Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Secret(_) => value.to_public_json().chars().take(SHOWN_CHARS).collect(),
    }
}

/// Converts an input to arguments: from an object by name, or from an array by position.
pub(crate) fn arguments(
    parameters: &[(String, Type)],
    input: &Value,
) -> Result<Vec<Val>, Mismatch> {
    let root = At {
        parent: None,
        step: Step::Root,
        left: &Cell::new(MAX_VALUES),
    };
    if let Some(items) = input.as_list() {
        if items.len() != parameters.len() {
            let expected = format!("{} arguments", parameters.len());
            return root.wrong_text(expected, items.len().to_string());
        }
        let each = items.iter().zip(parameters).enumerate();
        let values = each.map(|(index, (item, (_, ty)))| value(&root.index(index), ty, item));
        return values.collect();
    }
    let empty = Map::new();
    let map = if input.is_null() {
        &empty
    } else if let Some(map) = input.as_map() {
        map
    } else {
        return root.wrong("an object with the parameters by name", input);
    };
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    known(&root, &names, map)?;
    let convert = |(name, ty): &(String, Type)| member(&root, name, ty, map);
    parameters.iter().map(convert).collect()
}

/// Refuses members that no field is for.
fn known(at: &At<'_>, names: &[&str], map: &Map) -> Result<(), Mismatch> {
    let is_known = |key: &str| names.iter().any(|name| is_name(name, key));
    match map.keys().find(|key| !is_known(key)) {
        Some(key) if names.is_empty() => at.key(key).wrong_text("no fields", "a field"),
        Some(key) => {
            let expected = format!("one of the fields `{}`", names.join("`, `"));
            at.key(key).wrong_text(expected, "an unknown field")
        }
        None => Ok(()),
    }
}

/// Names are in kebab-case; `snake_case` is accepted.
fn is_name(name: &str, key: &str) -> bool {
    let same = |(a, b): (u8, u8)| a == b || (a == b'-' && b == b'_');
    name.len() == key.len() && name.bytes().zip(key.bytes()).all(same)
}

/// Converts the member `name`; an option may be absent.
fn member(at: &At<'_>, name: &str, ty: &Type, map: &Map) -> Result<Val, Mismatch> {
    let found = map.get(name).or_else(|| {
        map.iter()
            .find(|(key, _)| is_name(name, key))
            .map(|(_, v)| v)
    });
    match (found, ty) {
        (Some(found), _) => value(&at.key(name), ty, found),
        (None, Type::Option(_)) => Ok(Val::Option(None)),
        (None, _) => at.key(name).wrong_text(type_name(ty), "nothing"),
    }
}

/// Converts any value.
fn value(at: &At<'_>, ty: &Type, json: &Value) -> Result<Val, Mismatch> {
    match ty {
        Type::Bool => match json.as_bool() {
            Some(value) => Ok(Val::Bool(value)),
            None => at.wrong("a boolean", json),
        },
        Type::S8 => integer(at, ty, json).map(Val::S8),
        Type::U8 => integer(at, ty, json).map(Val::U8),
        Type::S16 => integer(at, ty, json).map(Val::S16),
        Type::U16 => integer(at, ty, json).map(Val::U16),
        Type::S32 => integer(at, ty, json).map(Val::S32),
        Type::U32 => integer(at, ty, json).map(Val::U32),
        Type::S64 => integer(at, ty, json).map(Val::S64),
        Type::U64 => integer(at, ty, json).map(Val::U64),
        Type::Float32 => match float(at, json)? as f32 {
            value if value.is_finite() => Ok(Val::Float32(value)),
            _ => at.wrong("a number of 32 bits", json),
        },
        Type::Float64 => float(at, json).map(Val::Float64),
        Type::Char => character(at, json),
        Type::String => match json.as_str() {
            Some(text) => Ok(Val::String(text.to_owned())),
            None => at.wrong("text", json),
        },
        Type::List(list) => self::list(at, &list.ty(), json),
        Type::Record(record) => self::record(at, record, json),
        Type::Tuple(tuple) => self::tuple(at, &tuple.types().collect::<Vec<_>>(), json),
        Type::Variant(variant) => self::variant(at, variant, json),
        Type::Enum(cases) => {
            name(at, &cases.names().collect::<Vec<_>>(), json).map(|name| Val::Enum(name.into()))
        }
        Type::Option(option) => self::option(at, &option.ty(), json),
        Type::Result(result) => self::result(at, (result.ok(), result.err()), json),
        Type::Flags(flags) => self::flags(at, &flags.names().collect::<Vec<_>>(), json),
        Type::Map(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::FixedLengthList(_) => at.wrong("a type that has no form in JSON", json),
    }
}

/// Converts an integer: a number without a fraction, or for 64 bits decimal text.
fn integer<T: TryFrom<i128>>(at: &At<'_>, ty: &Type, json: &Value) -> Result<T, Mismatch> {
    let wide = matches!(ty, Type::S64 | Type::U64);
    let number = match json.exposed() {
        Value::Int(value) => Some(i128::from(*value)),
        Value::BigInt(value) => Some(i128::from(*value)),
        Value::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i128),
        Value::Text(text) if wide => decimal(text),
        Value::Float(_)
        | Value::Text(_)
        | Value::Null
        | Value::Bool(_)
        | Value::List(_)
        | Value::Map(_)
        | Value::Secret(_) => None,
    };
    match number.and_then(|number| T::try_from(number).ok()) {
        Some(number) => Ok(number),
        None => at.wrong(type_name(ty), json),
    }
}

/// Parses decimal text: digits with an optional minus, nothing else.
fn decimal(text: &str) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

fn float(at: &At<'_>, json: &Value) -> Result<f64, Mismatch> {
    match json.as_f64().filter(|value| value.is_finite()) {
        Some(value) => Ok(value),
        None => at.wrong("a number", json),
    }
}

fn character(at: &At<'_>, json: &Value) -> Result<Val, Mismatch> {
    let mut chars = json.as_str().unwrap_or_default().chars();
    match (chars.next(), chars.next()) {
        (Some(value), None) => Ok(Val::Char(value)),
        _ => at.wrong("text of one character", json),
    }
}

/// Converts a list: an array, or, for bytes, base64 text too.
fn list(at: &At<'_>, ty: &Type, json: &Value) -> Result<Val, Mismatch> {
    let bytes = matches!(ty, Type::U8);
    if let (true, Some(text)) = (bytes, json.as_str()) {
        at.count(base64::decoded_len_estimate(text.len()))?;
        return match STANDARD.decode(text) {
            Ok(bytes) => Ok(Val::List(bytes.into_iter().map(Val::U8).collect())),
            Err(_) => at.wrong_text("base64 text", "text that is not base64"),
        };
    }
    let Some(items) = json.as_list() else {
        let expected = if bytes {
            "base64 text or an array"
        } else {
            "an array"
        };
        return at.wrong(expected, json);
    };
    at.count(items.len())?;
    let each = items.iter().enumerate();
    let values = each.map(|(index, item)| value(&at.index(index), ty, item));
    values.collect::<Result<_, _>>().map(Val::List)
}

fn record(at: &At<'_>, record: &Record, json: &Value) -> Result<Val, Mismatch> {
    let Some(map) = json.as_map() else {
        return at.wrong("an object", json);
    };
    let names: Vec<&str> = record.fields().map(|field| field.name).collect();
    at.count(NAMED * names.len())?;
    known(at, &names, map)?;
    let fields = record.fields().map(|field| {
        let value = member(at, field.name, &field.ty, map)?;
        Ok((field.name.to_owned(), value))
    });
    fields.collect::<Result<_, _>>().map(Val::Record)
}

fn tuple(at: &At<'_>, types: &[Type], json: &Value) -> Result<Val, Mismatch> {
    let items = json.as_list().filter(|items| items.len() == types.len());
    let Some(items) = items else {
        return at.wrong(format!("an array of {} items", types.len()), json);
    };
    at.count(items.len())?;
    let each = items.iter().zip(types).enumerate();
    let values = each.map(|(index, (item, ty))| value(&at.index(index), ty, item));
    values.collect::<Result<_, _>>().map(Val::Tuple)
}

/// Finds a name of an enum or of flags.
fn name<'a>(at: &At<'_>, names: &[&'a str], json: &Value) -> Result<&'a str, Mismatch> {
    at.count(NAMED + names.len() / NAMES_PER_VALUE)?;
    let text = json.as_str().unwrap_or_default();
    match names.iter().find(|name| is_name(name, text)) {
        Some(name) => Ok(name),
        None => at.wrong(format!("one of `{}`", names.join("`, `")), json),
    }
}

/// Converts a variant: `"case"` or `{"case": value}`.
fn variant(at: &At<'_>, variant: &Variant, json: &Value) -> Result<Val, Mismatch> {
    let names: Vec<&str> = variant.cases().map(|case| case.name).collect();
    let (key, content) = match json.as_map() {
        Some(map) if map.len() == 1 => {
            let (key, content) = map.first().expect("there is one");
            (Value::Text(key.clone()), Some(content))
        }
        Some(_) => return at.wrong_text("an object with one case", "another number of members"),
        None => (json.clone(), None),
    };
    let name = name(at, &names, &key)?;
    let case = variant.cases().find(|case| case.name == name);
    let ty = case.and_then(|case| case.ty);
    let payload = match (ty, content) {
        (None, None) => None,
        (None, Some(Value::Null)) => None,
        (None, Some(content)) => return at.key(name).wrong("no value", content),
        (Some(ty), Some(content)) => Some(Box::new(value(&at.key(name), &ty, content)?)),
        (Some(Type::Option(_)), None) => Some(Box::new(Val::Option(None))),
        (Some(ty), None) => {
            return at.wrong_text(
                format!("`{{\"{name}\": {}}}`", type_name(&ty)),
                "the case alone",
            );
        }
    };
    Ok(Val::Variant(name.to_owned(), payload))
}

/// Converts an option: null is none; where options are nested, `{"some": …}` is some.
fn option(at: &At<'_>, ty: &Type, json: &Value) -> Result<Val, Mismatch> {
    if json.exposed().is_null() {
        return Ok(Val::Option(None));
    }
    let inner = if matches!(ty, Type::Option(_)) {
        let map = json.as_map().filter(|map| map.len() == 1);
        match map.and_then(|map| map.get("some")) {
            Some(inner) => value(&at.key("some"), ty, inner)?,
            None => return at.wrong("null or `{\"some\": …}`", json),
        }
    } else {
        value(at, ty, json)?
    };
    Ok(Val::Option(Some(Box::new(inner))))
}

/// Converts a result: `{"ok": …}` or `{"err": …}`.
fn result(
    at: &At<'_>,
    (ok, err): (Option<Type>, Option<Type>),
    json: &Value,
) -> Result<Val, Mismatch> {
    let map = json.as_map().filter(|map| map.len() == 1);
    let side = map.and_then(|map| map.first());
    let payload = |key: &str, ty: Option<Type>, content: &Value| match ty {
        Some(ty) => Ok(Some(Box::new(value(&at.key(key), &ty, content)?))),
        None if content.is_null() => Ok(None),
        None => at.key(key).wrong("null", content),
    };
    match side {
        Some((key, content)) if &**key == "ok" => Ok(Val::Result(Ok(payload("ok", ok, content)?))),
        Some((key, content)) if &**key == "err" => {
            Ok(Val::Result(Err(payload("err", err, content)?)))
        }
        _ => at.wrong("`{\"ok\": …}` or `{\"err\": …}`", json),
    }
}

fn flags(at: &At<'_>, names: &[&str], json: &Value) -> Result<Val, Mismatch> {
    let Some(items) = json.as_list() else {
        return at.wrong("an array of names", json);
    };
    let mut set: Vec<String> = Vec::new();
    for (index, item) in items.iter().enumerate() {
        let name = name(&at.index(index), names, item)?;
        if !set.iter().any(|known| known == name) {
            set.push(name.to_owned());
        }
    }
    Ok(Val::Flags(set))
}

/// Names what a type expects.
fn type_name(ty: &Type) -> String {
    let text = match ty {
        Type::Bool => "a boolean",
        Type::S8 => "an integer from -128 to 127",
        Type::U8 => "an integer from 0 to 255",
        Type::S16 => "an integer from -32768 to 32767",
        Type::U16 => "an integer from 0 to 65535",
        Type::S32 => "an integer of 32 bits",
        Type::U32 => "an integer of 32 bits, not negative",
        Type::S64 => "an integer of 64 bits",
        Type::U64 => "an integer of 64 bits, not negative",
        Type::Float32 | Type::Float64 => "a number",
        Type::Char => "text of one character",
        Type::String => "text",
        Type::List(_) | Type::Tuple(_) | Type::Flags(_) => "an array",
        Type::Record(_) => "an object",
        Type::Variant(_) => "a variant",
        Type::Enum(_) => "a name",
        Type::Option(_) => "a value or null",
        Type::Result(_) => "`{\"ok\": …}` or `{\"err\": …}`",
        Type::Map(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::FixedLengthList(_) => "a type that has no form in JSON",
    };
    text.to_owned()
}
