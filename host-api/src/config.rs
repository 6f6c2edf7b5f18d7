//! `attune:action/config`: the pack's configuration. Needs the grant `config: true`.

use crate::bindings::attune::action::config::{Error, Host};
use crate::state::HostState;

impl Host for HostState {
    fn get(&mut self, key: String) -> Result<String, Error> {
        self.allow_config()?;
        let value = self.subject.config.get(&key).ok_or(Error::NotFound)?;
        Ok(value.to_revealed_json())
    }

    fn all(&mut self) -> Result<String, Error> {
        self.allow_config()?;
        if self.subject.config.is_null() {
            return Ok("{}".to_owned());
        }
        Ok(self.subject.config.to_revealed_json())
    }
}

impl HostState {
    fn allow_config(&self) -> Result<(), Error> {
        if self.grants.config {
            Ok(())
        } else {
            Err(Error::Denied(
                "reading the configuration needs the grant `config: true`".to_owned(),
            ))
        }
    }
}
