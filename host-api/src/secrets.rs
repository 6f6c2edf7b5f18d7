//! `attune:action/secrets`: each secret needs a grant of its own.
//!
//! A placeholder is random for each attempt and means nothing outside of it.

use crate::bindings::attune::action::secrets::{Error, Host};
use crate::grants::SecretGrant;
use crate::state::HostState;

impl Host for HostState {
    async fn placeholder(&mut self, name: String) -> Result<String, Error> {
        let hosts = self.secret_grant(&name)?.hosts.clone();
        let secret = self.secret(&name).await?;
        let issued = self.placeholders.issue(&name, secret, &hosts);
        issued.map_err(Error::Other)
    }

    async fn reveal(&mut self, name: String) -> Result<String, Error> {
        if !self.secret_grant(&name)?.reveal {
            return Err(Error::Denied(format!(
                "reading the secret itself needs `reveal: true` in the grant `secrets.{name}`"
            )));
        }
        self.secret(&name).await
    }
}

impl HostState {
    /// Reads a secret, and remembers that the guest may see it: itself, or in an answer to a
    /// request that carried it. A manifest names few, so these are few.
    async fn secret(&mut self, name: &str) -> Result<String, Error> {
        let secret = self.backend.secret(&self.subject.pack, name).await;
        let secret = secret
            .map_err(|error| Error::Other(error.to_string()))?
            .ok_or(Error::NotFound)?;
        if !self.secrets_given.iter().any(|(given, _)| given == name) {
            self.secrets_given.push((name.to_owned(), secret.clone()));
        }
        Ok(secret)
    }

    fn secret_grant(&self, name: &str) -> Result<&SecretGrant, Error> {
        self.grants.secrets.get(name).ok_or_else(|| {
            Error::Denied(format!(
                "the secret `{name}` needs the grant `secrets: {{{name}: {{hosts: […]}}}}`"
            ))
        })
    }
}
