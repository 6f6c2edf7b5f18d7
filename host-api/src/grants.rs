//! What an action may do beside computing: wanted by its manifest, bounded by the operator.

use std::collections::BTreeMap;
use std::sync::Arc;

use attune_core::Value;

use crate::http::{HostPattern, Pattern, PatternError};

/// The most patterns, hosts and secrets that one action may name.
const MAX_ENTRIES: usize = 64;

/// Access to the pack's kv store; each includes the one before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum KvGrant {
    /// None.
    #[default]
    None,
    /// Get and list.
    Read,
    /// All.
    Write,
}

/// Access to one secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretGrant {
    /// Towards which hosts its placeholder is replaced.
    pub hosts: Vec<HostPattern>,
    /// Whether the action may read the secret itself.
    pub reveal: bool,
}

/// The grants of an action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Requests.
    pub http: Vec<Pattern>,
    /// The pack's kv store.
    pub kv: KvGrant,
    /// The pack's configuration.
    pub config: bool,
    /// Secrets, by name.
    pub secrets: BTreeMap<Arc<str>, SecretGrant>,
    /// A scratch directory.
    pub files: bool,
}

/// Why grants are not valid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pointer}`: {problem}")]
pub struct GrantsError {
    /// JSON pointer into the grants.
    pub pointer: String,
    /// What is wrong.
    pub problem: String,
}

/// Makes an error at `pointer`.
fn wrong(pointer: impl Into<String>, problem: impl Into<String>) -> GrantsError {
    GrantsError {
        pointer: pointer.into(),
        problem: problem.into(),
    }
}

impl Grants {
    /// Parses grants as a manifest writes them; null is none.
    ///
    /// # Errors
    /// On unknown keys and wrong types, with the place.
    pub fn parse(json: &Value) -> Result<Self, GrantsError> {
        let mut grants = Self::default();
        if json.is_null() {
            return Ok(grants);
        }
        let map = json
            .as_map()
            .ok_or_else(|| wrong("", "expected an object"))?;
        for (key, value) in map {
            match &**key {
                "http" => grants.http = each("/http", value, Pattern::parse)?,
                "kv" => grants.kv = parse_kv(value)?,
                "config" => grants.config = flag("/config", value)?,
                "secrets" => grants.secrets = parse_secrets(value)?,
                "files" => grants.files = parse_files(value)?,
                _ => {
                    return Err(wrong(
                        format!("/{key}"),
                        "unknown grant, expected `http`, `kv`, `config`, `secrets` or `files`",
                    ));
                }
            }
        }
        Ok(grants)
    }

    /// Tells whether nothing at all is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Tells whether these grants need an admin's approval: all but the pack's own kv and
    /// configuration do.
    pub fn needs_approval(&self) -> bool {
        !self.http.is_empty() || !self.secrets.is_empty() || self.files
    }

    /// Returns the grants as JSON, as a manifest writes them.
    pub fn to_json(&self) -> Value {
        let mut out = attune_core::Map::new();
        if !self.http.is_empty() {
            out.insert("http".into(), list(self.http.iter().map(Pattern::as_text)));
        }
        match self.kv {
            KvGrant::None => {}
            KvGrant::Read => drop(out.insert("kv".into(), "read".into())),
            KvGrant::Write => drop(out.insert("kv".into(), "write".into())),
        }
        if self.config {
            out.insert("config".into(), true.into());
        }
        if !self.secrets.is_empty() {
            let secrets = self.secrets.iter().map(|(name, grant)| {
                let hosts = grant.hosts.iter().map(HostPattern::as_text);
                let mut entry = vec![("hosts", list(hosts))];
                if grant.reveal {
                    entry.push(("reveal", true.into()));
                }
                (name.clone(), Value::map(entry))
            });
            out.insert("secrets".into(), Value::map(secrets));
        }
        if self.files {
            out.insert("files".into(), "scratch".into());
        }
        Value::Map(Arc::new(out))
    }

    /// Returns what both allow: these as wanted, `ceiling` as the operator bounds them. An HTTP
    /// pattern or a secret stays if the ceiling is absent or names it too.
    pub fn within(&self, ceiling: &Ceiling) -> Self {
        Self {
            http: if ceiling.http {
                self.http.clone()
            } else {
                Vec::new()
            },
            kv: self.kv.min(ceiling.kv),
            config: self.config && ceiling.config,
            secrets: if ceiling.secrets {
                self.secrets.clone()
            } else {
                BTreeMap::new()
            },
            files: self.files && ceiling.files,
        }
    }
}

/// What the operator allows at most, whatever manifests want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// Outgoing HTTP.
    pub http: bool,
    /// The pack's kv store.
    pub kv: KvGrant,
    /// The pack's configuration.
    pub config: bool,
    /// Secrets.
    pub secrets: bool,
    /// Scratch directories.
    pub files: bool,
}

impl Default for Ceiling {
    fn default() -> Self {
        Self {
            http: true,
            kv: KvGrant::Write,
            config: true,
            secrets: true,
            files: true,
        }
    }
}

fn list<'a>(texts: impl Iterator<Item = &'a Arc<str>>) -> Value {
    Value::list(texts.map(|text| Value::Text(Arc::clone(text))).collect())
}

fn flag(pointer: &str, value: &Value) -> Result<bool, GrantsError> {
    value
        .as_bool()
        .ok_or_else(|| wrong(pointer, "expected `true` or `false`"))
}

/// Parses each text of a list.
fn each<T>(
    pointer: &str,
    value: &Value,
    parse: impl Fn(&str) -> Result<T, PatternError>,
) -> Result<Vec<T>, GrantsError> {
    let items = value
        .as_list()
        .ok_or_else(|| wrong(pointer, "expected a list of text"))?;
    if items.len() > MAX_ENTRIES {
        return Err(wrong(pointer, format!("more than {MAX_ENTRIES} entries")));
    }
    let parse = |(index, item): (usize, &Value)| {
        let pointer = format!("{pointer}/{index}");
        let text = item.as_str();
        let text = text.ok_or_else(|| wrong(&*pointer, "expected text"))?;
        parse(text).map_err(|error| wrong(pointer, error.to_string()))
    };
    items.iter().enumerate().map(parse).collect()
}

fn parse_kv(value: &Value) -> Result<KvGrant, GrantsError> {
    match value.as_str() {
        Some("none") => Ok(KvGrant::None),
        Some("read") => Ok(KvGrant::Read),
        Some("write") => Ok(KvGrant::Write),
        _ => Err(wrong("/kv", "expected `none`, `read` or `write`")),
    }
}

fn parse_files(value: &Value) -> Result<bool, GrantsError> {
    match value.as_str() {
        Some("none") => Ok(false),
        Some("scratch") => Ok(true),
        _ => Err(wrong("/files", "expected `none` or `scratch`")),
    }
}

fn parse_secrets(value: &Value) -> Result<BTreeMap<Arc<str>, SecretGrant>, GrantsError> {
    let map = value
        .as_map()
        .ok_or_else(|| wrong("/secrets", "expected an object"))?;
    if map.len() > MAX_ENTRIES {
        return Err(wrong(
            "/secrets",
            format!("more than {MAX_ENTRIES} entries"),
        ));
    }
    let mut secrets = BTreeMap::new();
    for (name, entry) in map {
        let pointer = format!("/secrets/{name}");
        let fields = entry
            .as_map()
            .ok_or_else(|| wrong(&pointer, "expected an object"))?;
        let mut grant = SecretGrant::default();
        for (key, field) in fields {
            match &**key {
                "hosts" => grant.hosts = secret_hosts(&format!("{pointer}/hosts"), field)?,
                "reveal" => grant.reveal = flag(&format!("{pointer}/reveal"), field)?,
                _ => return Err(wrong(format!("{pointer}/{key}"), "unknown key")),
            }
        }
        secrets.insert(name.clone(), grant);
    }
    Ok(secrets)
}

/// A secret may not go just anywhere: that would be to reveal it.
fn secret_hosts(pointer: &str, value: &Value) -> Result<Vec<HostPattern>, GrantsError> {
    let hosts = each(pointer, value, HostPattern::parse)?;
    match hosts.iter().position(|host| &**host.as_text() == "*") {
        None => Ok(hosts),
        Some(index) => Err(wrong(
            format!("{pointer}/{index}"),
            "a secret needs hosts by name; to use it anywhere is `reveal: true`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> Result<Grants, GrantsError> {
        Grants::parse(&Value::from_json(json.as_bytes()).unwrap())
    }

    #[test]
    fn grants_survive_a_round_trip() {
        let text = r#"{"http":["GET https://a.example/*"],"kv":"write","config":true,"secrets":{"k":{"hosts":["a.example"],"reveal":true}},"files":"scratch"}"#;
        let grants = parse(text).unwrap();
        assert_eq!(grants.to_json().to_public_json(), text);
        assert!(grants.needs_approval());
    }

    #[test]
    fn errors_name_the_place() {
        for (json, pointer) in [
            (r#"{"kv":"all"}"#, "/kv"),
            (r#"{"http":"x"}"#, "/http"),
            (r#"{"http":["GET http://x/",1]}"#, "/http/1"),
            (r#"{"nonsense":1}"#, "/nonsense"),
            (r#"{"secrets":{"k":{"reveal":1}}}"#, "/secrets/k/reveal"),
        ] {
            assert_eq!(parse(json).unwrap_err().pointer, pointer, "{json}");
        }
    }

    #[test]
    fn own_kv_needs_no_approval() {
        assert!(
            !parse(r#"{"kv":"write","config":true}"#)
                .unwrap()
                .needs_approval()
        );
    }

    #[test]
    fn ceiling_bounds_what_is_wanted() {
        let wanted = parse(r#"{"kv":"write","config":true,"http":["GET http://x/"]}"#).unwrap();
        let ceiling = Ceiling {
            http: false,
            kv: KvGrant::Read,
            ..Ceiling::default()
        };
        let effective = wanted.within(&ceiling);
        assert_eq!(
            effective.to_json().to_public_json(),
            r#"{"kv":"read","config":true}"#
        );
    }
}
