//! WIT values to JSON. A `none` is always written, as null; bytes are base64.

use attune_core::{Map, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use wasmtime::component::{Type, Val};

/// A value that JSON has no form for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the result holds {0}, which JSON has no form for")]
pub(crate) struct NotJson(&'static str);

/// Converts a value of type `ty`.
pub(crate) fn value(val: &Val, ty: &Type) -> Result<Value, NotJson> {
    Ok(match (val, ty) {
        (Val::List(items), Type::List(list)) => self::list(items, &list.ty())?,
        (Val::Tuple(items), Type::Tuple(tuple)) => {
            let each = items.iter().zip(tuple.types());
            Value::list(
                each.map(|(item, ty)| value(item, &ty))
                    .collect::<Result<_, _>>()?,
            )
        }
        (Val::Record(fields), Type::Record(record)) => {
            let members = fields
                .iter()
                .zip(record.fields())
                .map(|((name, val), field)| Ok((name.as_str().into(), value(val, &field.ty)?)));
            Value::Map(members.collect::<Result<Map, _>>()?.into())
        }
        (Val::Variant(name, Some(content)), Type::Variant(variant)) => {
            let case = variant.cases().find(|case| case.name == *name);
            let ty = case
                .and_then(|case| case.ty)
                .ok_or(NotJson("an unknown case"))?;
            Value::map([(name.as_str(), value(content, &ty)?)])
        }
        (Val::Option(Some(content)), Type::Option(option)) => some(content, &option.ty())?,
        (Val::Result(sides), Type::Result(result)) => match sides {
            Ok(content) => Value::map([("ok", payload(content.as_deref(), result.ok())?)]),
            Err(content) => Value::map([("err", payload(content.as_deref(), result.err())?)]),
        },
        (val, _) => scalar(val)?,
    })
}

/// Converts what has nothing in it.
fn scalar(val: &Val) -> Result<Value, NotJson> {
    Ok(match val {
        Val::Bool(value) => Value::Bool(*value),
        Val::S8(value) => Value::Int(i64::from(*value)),
        Val::U8(value) => Value::Int(i64::from(*value)),
        Val::S16(value) => Value::Int(i64::from(*value)),
        Val::U16(value) => Value::Int(i64::from(*value)),
        Val::S32(value) => Value::Int(i64::from(*value)),
        Val::U32(value) => Value::Int(i64::from(*value)),
        Val::S64(value) => Value::Int(*value),
        Val::U64(value) => Value::from(*value),
        Val::Float32(value) => float(f64::from(*value))?,
        Val::Float64(value) => float(*value)?,
        Val::Char(value) => Value::text(value.to_string()),
        Val::String(text) => Value::text(text.as_str()),
        Val::Variant(name, None) | Val::Enum(name) => Value::text(name.as_str()),
        Val::Option(None) => Value::Null,
        Val::Flags(names) => Value::list(names.iter().map(|n| Value::text(n.as_str())).collect()),
        Val::Resource(_) => return Err(NotJson("a resource")),
        Val::Future(_) | Val::Stream(_) => return Err(NotJson("a stream or future")),
        Val::ErrorContext(_) => return Err(NotJson("an error-context")),
        Val::Map(_) | Val::FixedLengthList(_) => return Err(NotJson("a map or fixed list")),
        Val::List(_)
        | Val::Tuple(_)
        | Val::Record(_)
        | Val::Variant(_, Some(_))
        | Val::Option(Some(_))
        | Val::Result(_) => return Err(NotJson("a value of another type than declared")),
    })
}

fn float(value: f64) -> Result<Value, NotJson> {
    if value.is_finite() {
        Ok(Value::Float(value))
    } else {
        Err(NotJson("a number that is not finite"))
    }
}

/// Converts a list; one of bytes becomes base64.
fn list(items: &[Val], ty: &Type) -> Result<Value, NotJson> {
    if !matches!(ty, Type::U8) {
        let items = items.iter().map(|item| value(item, ty));
        return Ok(Value::list(items.collect::<Result<_, _>>()?));
    }
    let byte = |item: &Val| {
        if let Val::U8(byte) = item {
            Ok(*byte)
        } else {
            Err(NotJson("a list of another type than declared"))
        }
    };
    let bytes = items.iter().map(byte).collect::<Result<Vec<u8>, _>>()?;
    Ok(Value::text(STANDARD.encode(bytes)))
}

/// A `some` is its content, unless that is an option itself.
fn some(content: &Val, ty: &Type) -> Result<Value, NotJson> {
    let inner = value(content, ty)?;
    if matches!(ty, Type::Option(_)) {
        Ok(Value::map([("some", inner)]))
    } else {
        Ok(inner)
    }
}

/// Converts one side of a result.
pub(crate) fn payload(content: Option<&Val>, ty: Option<Type>) -> Result<Value, NotJson> {
    match (content, ty) {
        (Some(content), Some(ty)) => value(content, &ty),
        _ => Ok(Value::Null),
    }
}
