//! Which WIT types have a form in JSON.

use wasmtime::component::Type;

/// How deep types may be nested: as deep as JSON may.
const MAX_DEPTH: usize = attune_core::value::MAX_JSON_DEPTH;

/// How many types and names may be in those of a function, each counted as often as it is used: its
/// schema has as many.
const MAX_NODES: usize = 10_000;

/// Names the first of a function's types that JSON has no form for, if there is one.
pub(crate) fn unsupported(types: impl IntoIterator<Item = Type>) -> Option<&'static str> {
    let mut left = MAX_NODES;
    let mut types = types.into_iter();
    types.find_map(|ty| at_depth(&ty, 1, &mut left))
}

fn at_depth(ty: &Type, depth: usize, left: &mut usize) -> Option<&'static str> {
    if depth > MAX_DEPTH {
        return Some("a type nested too deep");
    }
    let Some(rest) = left.checked_sub(1 + names(ty)) else {
        return Some("a type with too many others in it");
    };
    *left = rest;
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

/// Counts the names that a type brings itself.
#[expect(clippy::wildcard_enum_match_arm, reason = "other types have no names")]
fn names(ty: &Type) -> usize {
    match ty {
        Type::Record(record) => record.fields().len(),
        Type::Variant(variant) => variant.cases().len(),
        Type::Enum(cases) => cases.names().len(),
        Type::Flags(flags) => flags.names().len(),
        _ => 0,
    }
}

/// Tells whether values of a type may be of any number.
pub(crate) fn has_list(ty: &Type) -> bool {
    let look = |ty: Type| has_list(&ty);
    match ty {
        Type::List(_) => true,
        Type::Option(option) => look(option.ty()),
        Type::Record(record) => record.fields().any(|field| look(field.ty)),
        Type::Tuple(tuple) => tuple.types().any(look),
        Type::Variant(variant) => variant.cases().filter_map(|case| case.ty).any(look),
        Type::Result(result) => [result.ok(), result.err()].into_iter().flatten().any(look),
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
        | Type::Flags(_)
        | Type::Own(_)
        | Type::Borrow(_)
        | Type::Future(_)
        | Type::Stream(_)
        | Type::ErrorContext
        | Type::Map(_)
        | Type::FixedLengthList(_) => false,
    }
}
