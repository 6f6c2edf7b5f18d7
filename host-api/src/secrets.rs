//! `attune:action/secrets`: each secret needs a grant of its own.
//!
//! A placeholder is random for each attempt and means nothing outside of it.

use crate::bindings::attune::action::secrets::{Error, Host};
use crate::grants::SecretGrant;
use crate::state::HostState;

impl Host for HostState {
    async fn placeholder(&mut self, name: String) -> Result<String, Error> {
        self.secret_grant(&name)?;
        // Outbound HTTP is not part of this host yet, so there is no header in which the engine
        // could put the secret in the placeholder's place.
        Err(Error::Other(
            "placeholders need outgoing HTTP, which this engine does not provide yet".to_owned(),
        ))
    }

    async fn reveal(&mut self, name: String) -> Result<String, Error> {
        if !self.secret_grant(&name)?.reveal {
            return Err(Error::Denied(format!(
                "reading the secret itself needs `reveal: true` in the grant `secrets.{name}`"
            )));
        }
        let secret = self.backend.secret(&self.subject.pack, &name).await;
        secret
            .map_err(|error| Error::Other(error.to_string()))?
            .ok_or(Error::NotFound)
    }
}

impl HostState {
    fn secret_grant(&self, name: &str) -> Result<&SecretGrant, Error> {
        self.grants.secrets.get(name).ok_or_else(|| {
            Error::Denied(format!(
                "the secret `{name}` needs the grant `secrets: {{{name}: {{hosts: […]}}}}`"
            ))
        })
    }
}
