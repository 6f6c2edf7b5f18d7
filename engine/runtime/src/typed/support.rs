//! Which WIT types have a form in JSON.

use wasmtime::component::Type;

/// How deep types may be nested: as deep as JSON may.
const MAX_DEPTH: usize = attune_core::value::MAX_JSON_DEPTH;

/// How many types may be in one, each counted as often as it is used: its schema has as many.
const MAX_NODES: usize = 10_000;

/// Names the first type in `ty` that JSON has no form for, if there is one.
pub(crate) fn unsupported(ty: &Type) -> Option<&'static str> {
    let mut left = MAX_NODES;
    at_depth(ty, 1, &mut left)
}

fn at_depth(ty: &Type, depth: usize, left: &mut usize) -> Option<&'static str> {
    if depth > MAX_DEPTH {
        return Some("a type nested too deep");
    }
    if *left == 0 {
        return Some("a type with too many others in it");
    }
    *left -= 1;
    let mut deeper = |ty: Type| at_depth(&ty, depth + 1, left);
    match ty {
        Type::Bool
        | Type::S8
        | Type::U8
        | Type::S16
        | Type::U16
        | Type::S32
        | Type::U32
        | Type::S64
        | Type::U64
        | Type::Float32
        | Type::Float64
        | Type::Char
        | Type::String
        | Type::Enum(_)
        | Type::Flags(_) => None,
        Type::List(list) => deeper(list.ty()),
        Type::Option(option) => deeper(option.ty()),
        Type::Record(record) => record.fields().find_map(|field| deeper(field.ty)),
        Type::Tuple(tuple) => tuple.types().find_map(deeper),
        Type::Variant(variant) => variant.cases().filter_map(|case| case.ty).find_map(deeper),
        Type::Result(result) => {
            let sides = [result.ok(), result.err()];
            sides.into_iter().flatten().find_map(deeper)
        }
        Type::Own(_) | Type::Borrow(_) => Some("a resource"),
        Type::Future(_) => Some("a future"),
        Type::Stream(_) => Some("a stream"),
        Type::ErrorContext => Some("an error-context"),
        Type::Map(_) => Some("a map"),
        Type::FixedLengthList(_) => Some("a list of fixed length"),
    }
}
