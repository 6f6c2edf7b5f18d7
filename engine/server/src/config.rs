//! How the server is set up: who may come in, under which names, within which limits.

use crate::limits::Limits;

/// Who may use the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    /// Holders of a token.
    #[default]
    Tokens,
    /// Everybody, as admin. Only on a loopback address.
    None,
}

/// How the server is set up.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// Who may use the API.
    pub auth: AuthMode,
    /// Host names, beside loopback ones, under which the server may be reached.
    pub hosts: Vec<String>,
    /// Bounds.
    pub limits: Limits,
    /// The version that `/info` and the description show.
    pub version: String,
}
