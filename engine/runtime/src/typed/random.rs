//! Properties of the way from JSON to WIT and back, over random types and values.

use std::fmt::Write as _;
use std::sync::OnceLock;

use attune_core::Value;
use attune_core::spec::schema::Schema;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Type};
use wasmtime::{Config, Engine};

use super::json_to_wit::arguments;
use super::{parameters, parameters_schema, unsupported, wit_to_json};
use crate::pure::{Seed, SeededRandom};

/// A type, as it is written.
#[derive(Clone, Debug)]
enum Shape {
    Plain(&'static str),
    List(Box<Self>),
    Option(Box<Self>),
    Tuple(Vec<Self>),
    Record(Vec<Self>),
    /// Each case has a content or none.
    Variant(Vec<Option<Self>>),
    Enum(usize),
    Flags(usize),
    Result(Option<Box<Self>>, Option<Box<Self>>),
}

const PLAIN: &[&str] = &[
    "bool", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "f32", "f64", "char", "string",
];

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(PLAIN).prop_map(Shape::Plain),
        1 => (1..6_usize).prop_map(Shape::Enum),
        1 => (1..6_usize).prop_map(Shape::Flags),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let boxed = inner.clone().prop_map(Box::new);
        let side = proptest::option::of(boxed.clone());
        let some = proptest::collection::vec(inner.clone(), 1..4);
        let cases = proptest::collection::vec(proptest::option::of(inner), 1..4);
        prop_oneof![
            boxed.clone().prop_map(Shape::List),
            boxed.prop_map(Shape::Option),
            some.clone().prop_map(Shape::Tuple),
            some.prop_map(Shape::Record),
            cases.prop_map(Shape::Variant),
            (side.clone(), side).prop_map(|(ok, err)| Shape::Result(ok, err)),
        ]
    })
}

/// Writes the definitions that a shape needs, and returns the name to use it by.
fn define(shape: &Shape, text: &mut String, count: &mut usize) -> String {
    let (body, is_named) = match shape {
        Shape::Plain(name) => return (*name).to_owned(),
        Shape::List(item) => (format!("(list {})", define(item, text, count)), false),
        Shape::Option(item) => (format!("(option {})", define(item, text, count)), false),
        Shape::Tuple(items) => {
            let items: Vec<_> = items.iter().map(|item| define(item, text, count)).collect();
            (format!("(tuple {})", items.join(" ")), false)
        }
        Shape::Record(fields) => {
            let mut body = String::from("(record");
            for (index, field) in fields.iter().enumerate() {
                let ty = define(field, text, count);
                write!(body, " (field \"f-{}\" {ty})", letter(index)).unwrap();
            }
            (body + ")", true)
        }
        Shape::Variant(cases) => {
            let mut body = String::from("(variant");
            for (index, case) in cases.iter().enumerate() {
                let ty = case.as_ref().map(|case| define(case, text, count));
                write!(
                    body,
                    " (case \"c-{}\" {})",
                    letter(index),
                    ty.unwrap_or_default()
                )
                .unwrap();
            }
            (body + ")", true)
        }
        Shape::Enum(names) | Shape::Flags(names) => {
            let word = if matches!(shape, Shape::Enum(_)) {
                "enum"
            } else {
                "flags"
            };
            let names: Vec<_> = (0..*names)
                .map(|i| format!("\"n-{}\"", letter(i)))
                .collect();
            (format!("({word} {})", names.join(" ")), true)
        }
        Shape::Result(ok, err) => {
            let ok = ok
                .as_ref()
                .map(|ok| define(ok, text, count))
                .unwrap_or_default();
            let err = err.as_ref().map(|err| define(err, text, count));
            let err = err.map(|err| format!("(error {err})")).unwrap_or_default();
            (format!("(result {ok} {err})"), false)
        }
    };
    *count += 1;
    let number = *count;
    writeln!(text, "(type $a{number} {body})").unwrap();
    if is_named {
        writeln!(
            text,
            "(import \"t{number}\" (type $b{number} (eq $a{number})))"
        )
        .unwrap();
        return format!("$b{number}");
    }
    format!("$a{number}")
}

fn letter(index: usize) -> char {
    char::from(b'a' + u8::try_from(index).unwrap())
}

/// Makes the one parameter `p` of a shape's type.
fn typed(shape: &Shape) -> Vec<(String, Type)> {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| Engine::new(&Config::new()).unwrap());
    let mut text = String::from("(component\n");
    let name = define(shape, &mut text, &mut 0);
    write!(text, "(import \"f\" (func (param \"p\" {name}))))").unwrap();
    let binary = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let component = Component::new(engine, binary).unwrap();
    let ty = component.component_type();
    let Some(ComponentItem::ComponentFunc(func)) =
        ty.get_import(engine, "f").map(|import| import.ty)
    else {
        panic!("`f` is a function");
    };
    parameters(&func)
}

/// Draws a value in one of the ways it may be written, and as it comes out again.
fn draw(shape: &Shape, random: &mut SeededRandom) -> (Json, Json) {
    let mut below = |most: u64| random.draw() % most;
    match shape {
        Shape::Plain(name) => plain(name, random),
        Shape::Enum(names) => {
            let name = letter(usize::try_from(below(*names as u64)).unwrap());
            let name = json!(format!("n-{name}"));
            (name.clone(), name)
        }
        Shape::Flags(names) => {
            let set: Vec<_> = (0..*names).filter(|_| below(2) == 0).collect();
            let names: Vec<_> = set.iter().map(|i| format!("n-{}", letter(*i))).collect();
            (json!(names), json!(names))
        }
        Shape::List(item) => {
            let count = below(4);
            let items: Vec<_> = (0..count).map(|_| draw(item, random)).collect();
            let (given, back): (Vec<_>, Vec<_>) = items.into_iter().unzip();
            if !matches!(**item, Shape::Plain("u8")) {
                return (json!(given), json!(back));
            }
            let bytes: Vec<u8> = back
                .iter()
                .map(|byte| u8::try_from(byte.as_u64().unwrap()).unwrap())
                .collect();
            let text = json!(STANDARD.encode(bytes));
            if random.draw().is_multiple_of(2) {
                (json!(given), text)
            } else {
                (text.clone(), text)
            }
        }
        Shape::Option(item) => {
            if below(3) == 0 {
                return (Json::Null, Json::Null);
            }
            let (given, back) = draw(item, random);
            if matches!(**item, Shape::Option(_)) {
                (json!({"some": given}), json!({"some": back}))
            } else {
                (given, back)
            }
        }
        Shape::Tuple(items) => {
            let items = items.iter().map(|item| draw(item, random));
            let (given, back): (Vec<_>, Vec<_>) = items.unzip();
            (json!(given), json!(back))
        }
        Shape::Record(fields) => record(fields, random),
        Shape::Variant(cases) => {
            let index = usize::try_from(below(cases.len() as u64)).unwrap();
            let name = format!("c-{}", letter(index));
            match &cases[index] {
                None => (json!(name), json!(name)),
                Some(content) => {
                    let (given, back) = draw(content, random);
                    (json!({&*name: given}), json!({name: back}))
                }
            }
        }
        Shape::Result(ok, err) => {
            let (name, side) = if below(2) == 0 {
                ("ok", ok)
            } else {
                ("err", err)
            };
            let content = side.as_ref().map(|side| draw(side, random));
            let (given, back) = content.unwrap_or_default();
            (json!({name: given}), json!({name: back}))
        }
    }
}

fn record(fields: &[Shape], random: &mut SeededRandom) -> (Json, Json) {
    let (mut given, mut back) = (serde_json::Map::new(), serde_json::Map::new());
    for (index, field) in fields.iter().enumerate() {
        let (value, out) = draw(field, random);
        let is_absent = matches!(field, Shape::Option(_)) && out.is_null();
        if !(is_absent && random.draw().is_multiple_of(2)) {
            given.insert(format!("f-{}", letter(index)), value);
        }
        back.insert(format!("f-{}", letter(index)), out);
    }
    (given.into(), back.into())
}

fn plain(name: &str, random: &mut SeededRandom) -> (Json, Json) {
    let bits = random.draw();
    // The edges of each type come often.
    let bits = if bits.is_multiple_of(4) {
        [0, u64::MAX, 1 << 63, 1 << 31][(bits >> 8) as usize % 4]
    } else {
        bits
    };
    let signed = bits.cast_signed();
    let value = match name {
        "bool" => json!(bits % 2 == 0),
        "s8" => json!(signed as i8),
        "u8" => json!(bits as u8),
        "s16" => json!(signed as i16),
        "u16" => json!(bits as u16),
        "s32" => json!(signed as i32),
        "u32" => json!(bits as u32),
        "s64" => json!(signed),
        "u64" => json!(bits),
        "f32" => json!(f64::from((signed % 1_000_000) as f32 / 8.0)),
        "f64" => json!((signed % 1_000_000_000) as f64 / 8.0),
        "char" => json!(
            char::from_u32((bits % 0x11_0000) as u32)
                .unwrap_or('é')
                .to_string()
        ),
        _ => json!(format!("t\u{0}\u{1F600}{}", bits % 1000)),
    };
    if matches!(name, "s64" | "u64") && random.draw().is_multiple_of(2) {
        return (json!(value.to_string()), value);
    }
    (value.clone(), value)
}

/// Any JSON at all.
fn anything() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_map(|number| json!(number)),
        ".{0,8}".prop_map(Json::from),
        proptest::sample::select(&["n-a", "c-a", "c-b", "AAH/", ""][..]).prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let key =
            proptest::sample::select(&["f-a", "f_b", "c-a", "c-b", "ok", "err", "some", "~/"][..]);
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            proptest::collection::vec((key, inner), 0..4).prop_map(|members| {
                let members = members
                    .into_iter()
                    .map(|(key, value)| (key.to_owned(), value));
                Json::Object(members.collect())
            }),
        ]
    })
}

fn input(value: &Json) -> Value {
    Value::from_json(json!({"p": value}).to_string().as_bytes()).unwrap()
}

/// Runs JSON to WIT and back.
fn round(types: &[(String, Type)], value: &Json) -> Result<Json, String> {
    let values = arguments(types, &input(value)).map_err(|error| error.to_string())?;
    let back = wit_to_json::value(&values[0], &types[0].1).map_err(|error| error.to_string())?;
    Ok(serde_json::from_str(&back.to_public_json()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn any_value_of_any_type_survives(shape in shape(), seed in any::<u64>()) {
        let types = typed(&shape);
        prop_assert_eq!(unsupported([types[0].1.clone()]), None);
        let schema = Schema::from_json(&parameters_schema(&types)).unwrap();
        let mut random = SeededRandom::new(Seed::Number(seed), 0);
        for _ in 0..4 {
            let (given, back) = draw(&shape, &mut random);
            let mismatches = schema.validate(&input(&given));
            prop_assert!(mismatches.is_empty(), "{} {:?}", given, mismatches);
            let found = round(&types, &given);
            prop_assert_eq!(found.as_ref(), Ok(&back), "{}", given);
            prop_assert_eq!(round(&types, &back), Ok(back));
        }
    }

    #[test]
    fn what_does_not_fit_points_at_the_place(shape in shape(), value in anything()) {
        let types = typed(&shape);
        match round(&types, &value) {
            // What came out fits, and stays as it is.
            Ok(back) => prop_assert_eq!(round(&types, &back), Ok(back)),
            Err(error) => {
                let pointer = error.strip_prefix('`').and_then(|rest| rest.split('`').next());
                let pointer = pointer.unwrap_or("no pointer");
                let whole = json!({"p": value});
                let parent = &pointer[..pointer.rfind('/').unwrap_or(0)];
                prop_assert!(whole.pointer(parent).is_some(), "{}", error);
                prop_assert!(error.contains("expected") && error.contains("found"), "{}", error);
            }
        }
    }
}
