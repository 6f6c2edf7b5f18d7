//! Does whatever the input says with the pack's `kv`, configuration and secrets.

use attune_sdk::prelude::*;
use std::time::Duration;

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Input {
    Get {
        key: String,
    },
    Set {
        key: String,
        value: Value,
        ttl_ms: Option<u64>,
    },
    Create {
        key: String,
        value: Value,
    },
    Delete {
        key: String,
    },
    List {
        prefix: String,
        after: Option<String>,
        limit: u32,
    },
    Config {
        key: Option<String>,
    },
    Placeholder {
        name: String,
    },
    Reveal {
        name: String,
    },
}

/// Calls one function of the engine.
#[action(grants = {"kv": "write", "config": true})]
fn store(input: Input) -> Result<Value, ActionError> {
    Ok(match input {
        Input::Get { key } => json!(kv::get::<Value>(&key)?),
        Input::Set {
            key,
            value,
            ttl_ms: None,
        } => json!(kv::set(&key, &value).map(|_| true)?),
        Input::Set {
            key,
            value,
            ttl_ms: Some(ms),
        } => {
            json!(kv::set_for(&key, &value, Duration::from_millis(ms)).map(|_| true)?)
        }
        Input::Create { key, value } => json!(kv::create(&key, &value).map(|_| true)?),
        Input::Delete { key } => json!(kv::delete(&key)?),
        Input::List {
            prefix,
            after,
            limit,
        } => json!(kv::list(&prefix, after.as_deref(), limit)?),
        Input::Config { key: Some(key) } => json!(config::get::<Value>(&key)?),
        Input::Config { key: None } => config::all()?,
        Input::Placeholder { name } => json!(secrets::placeholder(&name)?),
        Input::Reveal { name } => json!(secrets::reveal(&name)?),
    })
}
