//! Profiles: which server the command line talks to when none is named.
//!
//! A server writes the profile `local` when it starts, so that the command line finds it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::cli::Global;
use crate::client::{Client, HttpTransport};
use crate::output::error::{Context, Result};
use crate::paths;

/// The profile that is used when no server is named.
const LOCAL: &str = "local";
/// Where a server listens unless told otherwise.
const DEFAULT_ADDRESS: &str = "http://127.0.0.1:7878";

/// One server.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    /// Its address.
    pub(crate) server: String,
    /// File with the token.
    #[serde(skip_serializing_if = "Option::is_none")]
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

/// Writes the profile `local`.
///
/// # Errors
/// If the file cannot be written.
pub(crate) fn save_local(server: &str, token_file: Option<&Path>) -> Result {
    let mut profiles = load().unwrap_or_default();
    let token_file = token_file.map(std::path::absolute).transpose();
    let token_file = token_file.context(|| "the token file has no path".into())?;
    let profile = Profile {
        server: server.to_owned(),
        token_file,
    };
    profiles.insert(LOCAL.to_owned(), profile);
    let text = toml::to_string(&profiles).context(|| "cannot write the profile".into())?;
    let file = file();
    let failed = || format!("cannot write `{}`", file.display());
    fs::create_dir_all(paths::config_dir()).context(failed)?;
    // A rename is atomic: another command never reads half a file.
    let part = file.with_extension(format!("{}.part", std::process::id()));
    fs::write(&part, text)
        .and_then(|()| fs::rename(&part, &file))
        .context(failed)
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
    Ok(Client::Http(HttpTransport::new(address, token)?))
}
