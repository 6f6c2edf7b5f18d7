//! The action `hash.digest`: computes digests.

use attune_sdk::prelude::*;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The algorithm.
    #[serde(default)]
    algorithm: Algorithm,
    /// What is hashed, one of: text, as UTF-8.
    text: Option<String>,
    /// Bytes, as base64 with padding.
    base64: Option<String>,
    /// Any JSON, as compact text, the keys of its objects sorted.
    json: Option<Value>,
    /// A key: makes it a keyed digest (HMAC), such as those that sign webhooks.
    key: Option<String>,
}

#[derive(Clone, Copy, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Algorithm {
    /// SHA-1: for what other systems still use, not for anything new.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

#[derive(Serialize, JsonSchema)]
struct Output {
    /// The algorithm.
    algorithm: Algorithm,
    /// The digest in hexadecimal, lower case.
    hex: String,
    /// The digest as base64 with padding.
    base64: String,
}

/// Computes the digest of text, bytes or JSON.
#[action]
fn digest(input: Input) -> Result<Output, ActionError> {
    let algorithm = input.algorithm;
    let key = input.key.clone();
    let data = data(input)?;
    let digest = match (algorithm, &key) {
        (Algorithm::Sha1, None) => Sha1::digest(&data).to_vec(),
        (Algorithm::Sha256, None) => Sha256::digest(&data).to_vec(),
        (Algorithm::Sha512, None) => Sha512::digest(&data).to_vec(),
        (Algorithm::Sha1, Some(key)) => keyed::<Hmac<Sha1>>(key, &data)?,
        (Algorithm::Sha256, Some(key)) => keyed::<Hmac<Sha256>>(key, &data)?,
        (Algorithm::Sha512, Some(key)) => keyed::<Hmac<Sha512>>(key, &data)?,
    };
    let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Output {
        algorithm,
        hex,
        base64: STANDARD.encode(&digest),
    })
}

/// Returns the bytes to hash.
fn data(input: Input) -> Result<Vec<u8>, ActionError> {
    match (input.text, input.base64, input.json) {
        (Some(text), None, None) => Ok(text.into_bytes()),
        (None, Some(bytes), None) => STANDARD.decode(bytes).map_err(|error| {
            ActionError::invalid_input(format!("`base64` is not base64 with padding: {error}"))
        }),
        (None, None, Some(mut value)) => {
            value.sort_all_objects();
            Ok(value.to_string().into_bytes())
        }
        _ => Err(ActionError::invalid_input(
            "give one of `text`, `base64` and `json`",
        )),
    }
}

fn keyed<M: Mac + KeyInit>(key: &str, data: &[u8]) -> Result<Vec<u8>, ActionError> {
    let mut mac = <M as KeyInit>::new_from_slice(key.as_bytes())?;
    mac.update(data);
    Ok(mac.finalize().into_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use attune_sdk::testing;

    #[test]
    fn examples_come_true() {
        testing::check_examples(&digest, include_str!("../examples.json"));
    }

    #[test]
    fn the_order_of_keys_does_not_matter() {
        let hash = |json: Value| testing::call(&digest, &json!({"json": json})).unwrap();
        assert_eq!(
            hash(json!({"a": 1, "b": {"c": 2, "d": 3}})),
            hash(json!({"b": {"d": 3, "c": 2}, "a": 1}))
        );
    }
}
