//! JSON Schema of WIT types: what an input must look like, and what a result does.

use attune_core::Value;
use serde_json::{Map, Value as Json, json};
use wasmtime::component::Type;

/// Decimal text, which is accepted for 64 bits: JSON readers lose the last digits of numbers.
const DECIMAL: &str = "^-?[0-9]+$";

/// Returns the schema of an object with `parameters` by name.
pub(crate) fn parameters_schema(parameters: &[(String, Type)]) -> Value {
    let fields = parameters
        .iter()
        .map(|(name, ty)| (name.as_str(), ty.clone()));
    Value::from_serde(&object(fields.collect()))
}

/// Returns the schema of what a function returns; of a `result`, that of `ok`.
pub(crate) fn result_schema(result: Option<&Type>) -> Value {
    let json = match result {
        None => json!({"type": "null"}),
        Some(Type::Result(result)) => result
            .ok()
            .map_or(json!({"type": "null"}), |ty| schema(&ty)),
        Some(ty) => schema(ty),
    };
    Value::from_serde(&json)
}

fn object(fields: Vec<(&str, Type)>) -> Json {
    let optional = |ty: &Type| matches!(ty, Type::Option(_));
    let required: Vec<&str> = fields
        .iter()
        .filter(|(_, ty)| !optional(ty))
        .map(|(name, _)| *name)
        .collect();
    let properties: Map<String, Json> = fields
        .iter()
        .map(|(name, ty)| ((*name).to_owned(), schema(ty)))
        .collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn integer(least: i64, most: i64) -> Json {
    json!({"type": "integer", "minimum": least, "maximum": most})
}

fn schema(ty: &Type) -> Json {
    match ty {
        Type::Bool => json!({"type": "boolean"}),
        Type::S8 => integer(i64::from(i8::MIN), i64::from(i8::MAX)),
        Type::U8 => integer(0, i64::from(u8::MAX)),
        Type::S16 => integer(i64::from(i16::MIN), i64::from(i16::MAX)),
        Type::U16 => integer(0, i64::from(u16::MAX)),
        Type::S32 => integer(i64::from(i32::MIN), i64::from(i32::MAX)),
        Type::U32 => integer(0, i64::from(u32::MAX)),
        Type::S64 => json!({"type": ["integer", "string"], "pattern": DECIMAL}),
        Type::U64 => json!({"type": ["integer", "string"], "pattern": "^[0-9]+$", "minimum": 0}),
        Type::Float32 | Type::Float64 => json!({"type": "number"}),
        Type::Char => json!({"type": "string", "minLength": 1, "maxLength": 1}),
        Type::String => json!({"type": "string"}),
        Type::List(list) => self::list(&list.ty()),
        Type::Record(record) => object(
            record
                .fields()
                .map(|field| (field.name, field.ty))
                .collect(),
        ),
        Type::Tuple(tuple) => {
            let items: Vec<Json> = tuple.types().map(|ty| schema(&ty)).collect();
            let count = items.len();
            json!({"type": "array", "prefixItems": items, "minItems": count, "maxItems": count})
        }
        Type::Variant(variant) => {
            let cases = variant.cases().map(|case| match case.ty {
                None => json!({"const": case.name}),
                Some(ty) => one_member(case.name, &schema(&ty)),
            });
            json!({"oneOf": cases.collect::<Vec<_>>()})
        }
        Type::Enum(names) => json!({"enum": names.names().collect::<Vec<_>>()}),
        Type::Option(option) => optional(&option.ty()),
        Type::Result(result) => {
            let side = |ty: Option<Type>| ty.map_or(json!({"type": "null"}), |ty| schema(&ty));
            json!({"oneOf": [
                one_member("ok", &side(result.ok())),
                one_member("err", &side(result.err())),
            ]})
        }
        Type::Flags(flags) => json!({
            "type": "array",
            "items": {"enum": flags.names().collect::<Vec<_>>()},
            "uniqueItems": true,
        }),
        Type::Map(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::FixedLengthList(_) => json!(false),
    }
}

fn one_member(name: &str, content: &Json) -> Json {
    json!({
        "type": "object",
        "properties": {name: content},
        "required": [name],
        "additionalProperties": false,
    })
}

fn list(item: &Type) -> Json {
    if matches!(item, Type::U8) {
        json!({
            "type": ["string", "array"],
            "contentEncoding": "base64",
            "items": integer(0, 255),
        })
    } else {
        json!({"type": "array", "items": schema(item)})
    }
}

fn optional(ty: &Type) -> Json {
    let some = if matches!(ty, Type::Option(_)) {
        one_member("some", &schema(ty))
    } else {
        schema(ty)
    };
    json!({"anyOf": [some, {"type": "null"}]})
}
