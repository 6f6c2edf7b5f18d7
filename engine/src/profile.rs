//! Profiles: which server the command line talks to when none is named.
//!
//! `profiles.toml` of the user's config folder names address and token file of each.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use crate::cli::Global;
use crate::client::{Client, HttpTransport};
use crate::output::error::{Context, Result};
use crate::paths;

/// The profile that is used when no server is named.
const LOCAL: &str = "local";
/// Where a server listens unless told otherwise.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:7878";

/// One server.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Its address.
    pub(crate) server: String,
    /// File with the token.
    pub(crate) token_file: Option<PathBuf>,
}

type Profiles = BTreeMap<String, Profile>;

fn file() -> PathBuf {
    paths::config_dir().join("profiles.toml")
}

fn load() -> Result<Profiles> {
    let file = file();
    let Ok(text) = fs::read_to_string(&file) else {
        return Ok(Profiles::new());
    };
    toml::from_str(&text).context(|| format!("cannot understand `{}`", file.display()))
}

/// Makes a client of the server that flags, environment or the profile `local` name.
///
/// # Errors
/// If the address is none, or the profile cannot be read.
pub(crate) fn client(global: &Global) -> Result<Client> {
    let profile = load()?.remove(LOCAL).unwrap_or_default();
    let named = global.server.as_deref();
    let is_local = named.is_none_or(|server| server.trim_end_matches('/') == profile.server);
    let from_file = || -> Option<String> {
        let text = fs::read_to_string(profile.token_file.as_ref()?).ok()?;
        Some(text.trim().to_owned())
    };
    let token = global
        .token
        .clone()
        .or_else(|| is_local.then(from_file).flatten());
    let address = named.or(Some(&*profile.server).filter(|server| !server.is_empty()));
    let address = address.unwrap_or(DEFAULT_ADDRESS);
    Ok(Client::new(HttpTransport::new(address, token)?))
}
