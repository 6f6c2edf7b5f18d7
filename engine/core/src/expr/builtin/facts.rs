//! Outside state: asked once, recorded with the run, the same in a replay.

use super::super::call::Call;
use super::super::fault::Fault;
use super::{Builtin, FUNCTION};
use crate::event::FactKey;
use crate::value::Value;

pub(super) static TABLE: &[Builtin] = &[
    Builtin {
        names: &["kv.get"],
        usage: "kv.get(key, default=null)",
        text: "The value stored under `key` for this pack. A key that is not there gives `default`, and null without one; `default()` and `is defined` see it as missing.",
        examples: &[
            ("kv.get('flag')", "true"),
            ("kv.get('region', default='eu')", "\"eu\""),
        ],
        null_is_absent: true,
        run: get,
        ..FUNCTION
    },
    Builtin {
        names: &["kv.get_secret"],
        usage: "kv.get_secret(key)",
        text: "The secret stored under `key` for this pack. Whatever reads it becomes secret too.",
        examples: &[("kv.get_secret('token')", "\"[secret]\"")],
        null_is_absent: true,
        run: get_secret,
        ..FUNCTION
    },
];

fn get(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let key = call.need_text("key")?;
    let default = call.take("default").unwrap_or_default();
    let value = fact(call, FactKey::Kv(key))?;
    Ok(if value.is_null() { default } else { value })
}

fn get_secret(call: &mut Call<'_, '_>) -> Result<Value, Fault> {
    let key = call.need_text("key")?;
    fact(call, FactKey::Secret(key)).map(Value::secret)
}

fn fact(call: &mut Call<'_, '_>, key: FactKey) -> Result<Value, Fault> {
    match call.evaluator.scope.facts().get(&key) {
        Some(value) => Ok(value.clone()),
        None => Err(call.evaluator.needs(key)),
    }
}
