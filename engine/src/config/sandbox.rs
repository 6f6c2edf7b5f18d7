//! What the operator allows actions: the section `[sandbox]` of the configuration.
//!
//! It only bounds. What an action may do is what its manifest asks for, an admin approved, and
//! this section does not exclude.

use std::path::PathBuf;

use attune_runtime::http::{HttpSettings, Networks, Pattern};
use attune_runtime::{Ceiling, KvGrant, Settings};
use serde::Deserialize;

use crate::output::error::{CliError, Context, Result};

/// The section as it is written. What is absent is not bounded.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Sandbox {
    /// Requests that actions may make at most: patterns as in a manifest. Empty is none.
    http: Option<Vec<String>>,
    /// Ranges of addresses that may be reached although they are not public.
    networks: Vec<String>,
    /// A file of certificates trusted beside the machine's.
    ca_file: Option<PathBuf>,
    /// The most of kv: `none`, `read` or `write`.
    kv: Option<Kv>,
    /// Whether actions may read their pack's configuration.
    config: Option<bool>,
    /// Whether actions may use secrets.
    secrets: Option<bool>,
    /// Whether actions may have scratch files.
    files: Option<bool>,
    /// The sum of what running attempts may use, mebibytes.
    memory_mib: Option<u64>,
    /// Attempts at once.
    attempts: Option<usize>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kv {
    None,
    Read,
    Write,
}

impl Sandbox {
    /// Puts the section into the settings of the runtime.
    ///
    /// # Errors
    /// If a pattern, a range or the file of certificates cannot be understood.
    pub(crate) fn apply(&self, settings: Settings) -> Result<Settings> {
        let unbounded = Ceiling::default();
        Ok(Settings {
            grants: Ceiling {
                http: unbounded.http,
                kv: self.kv.map_or(unbounded.kv, Into::into),
                config: self.config.unwrap_or(unbounded.config),
                secrets: self.secrets.unwrap_or(unbounded.secrets),
                files: self.files.unwrap_or(unbounded.files),
            },
            http: self.http_settings()?,
            memory_bytes: self.memory_mib.map(|mib| mib << 20),
            attempts: self.attempts.unwrap_or(settings.attempts),
            ..settings
        })
    }

    fn http_settings(&self) -> Result<HttpSettings> {
        let mut settings = HttpSettings::default();
        if let Some(patterns) = &self.http {
            let parse = |text: &String| Pattern::parse(text).map_err(|error| wrong("http", &error));
            settings.ceiling = Some(patterns.iter().map(parse).collect::<Result<_>>()?);
        }
        let parse = |text: &String| text.parse().map_err(|error| wrong("networks", &error));
        settings.networks = Networks(self.networks.iter().map(parse).collect::<Result<_>>()?);
        if let Some(path) = &self.ca_file {
            let pem = std::fs::read(path)
                .context(|| format!("cannot read the certificates `{}`", path.display()))?;
            let trusted = settings.trust(&pem);
            trusted.map_err(|error| wrong("ca_file", &error))?;
        }
        Ok(settings)
    }

    /// Returns key and value of what is set, for `attune config`.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let kv = self.kv.map(|kv| format!("{kv:?}").to_lowercase());
        let networks = Some(self.networks.join(",")).filter(|text| !text.is_empty());
        let ca_file = self.ca_file.as_ref();
        let all = [
            ("sandbox.http", self.http.as_ref().map(|all| all.join(","))),
            ("sandbox.networks", networks),
            (
                "sandbox.ca_file",
                ca_file.map(|path| path.display().to_string()),
            ),
            ("sandbox.kv", kv),
            ("sandbox.config", self.config.map(|flag| flag.to_string())),
            ("sandbox.secrets", self.secrets.map(|flag| flag.to_string())),
            ("sandbox.files", self.files.map(|flag| flag.to_string())),
            (
                "sandbox.memory_mib",
                self.memory_mib.map(|mib| mib.to_string()),
            ),
            (
                "sandbox.attempts",
                self.attempts.map(|count| count.to_string()),
            ),
        ];
        let set = |(key, value): (&'static str, Option<String>)| Some((key, value?));
        all.into_iter().filter_map(set).collect()
    }
}

impl From<Kv> for KvGrant {
    fn from(kv: Kv) -> Self {
        match kv {
            Kv::None => Self::None,
            Kv::Read => Self::Read,
            Kv::Write => Self::Write,
        }
    }
}

fn wrong(key: &str, error: &(dyn std::error::Error + 'static)) -> CliError {
    CliError::usage(format!("`sandbox.{key}` is wrong: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn apply(text: &str) -> Result<Settings> {
        let sandbox: Sandbox = toml::from_str(text).unwrap();
        sandbox.apply(Settings::default())
    }

    #[test]
    fn section_bounds_what_actions_may_do() {
        let settings = apply(
            "http = [\"GET https://*.example.com/*\"]\nnetworks = [\"10.1.0.0/16\"]\n\
             kv = \"read\"\nsecrets = false\nmemory_mib = 512\n",
        )
        .unwrap();
        assert_eq!(settings.grants.kv, KvGrant::Read);
        assert!(!settings.grants.secrets && settings.grants.config);
        assert_eq!(settings.memory_bytes, Some(512 << 20));
        assert_eq!(settings.http.ceiling.map(|all| all.len()), Some(1));
        assert!(
            settings
                .http
                .networks
                .check("10.1.2.3".parse().unwrap())
                .is_ok()
        );
        let silent = apply("").unwrap();
        assert!(silent.http.ceiling.is_none() && silent.grants == Ceiling::default());
    }

    #[test]
    fn wrong_values_are_named() {
        for (text, key) in [
            ("http = [\"everything\"]", "sandbox.http"),
            ("networks = [\"10/8\"]", "sandbox.networks"),
            ("ca_file = \"/nowhere/ca.pem\"", "/nowhere/ca.pem"),
        ] {
            let error = format!("{:?}", apply(text).unwrap_err());
            assert!(error.contains(key), "{text}: {error}");
        }
        assert!(toml::from_str::<Sandbox>("htp = []").is_err());
    }
}
