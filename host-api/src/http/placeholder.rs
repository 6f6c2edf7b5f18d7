//! Tokens that stand for secrets in the headers of one attempt's requests.
//!
//! The guest never sees the secret; a token means nothing in another attempt.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::HeaderValue;

use super::pattern::HostPattern;
use super::target::Host;

/// What every token begins with: headers without it need no closer look.
const PREFIX: &str = "attune-secret-";

/// Random bytes in a token: nobody guesses another attempt's.
const TOKEN_BYTES: usize = 16;

/// The tokens of one attempt. One for each secret that was asked for, and a manifest names at
/// most 64, so there are few.
#[derive(Default)]
pub struct Placeholders(Mutex<Vec<Placeholder>>);

struct Placeholder {
    name: Arc<str>,
    token: String,
    secret: String,
    hosts: Vec<HostPattern>,
}

/// A header names a secret that may not go where the request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misdirected {
    pub(super) secret: Arc<str>,
}

impl Placeholders {
    /// Returns the token for a secret, the same one each time.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn issue(
        &self,
        name: &str,
        secret: String,
        hosts: &[HostPattern],
    ) -> Result<String, String> {
        let mut known = self.lock();
        if let Some(found) = known.iter().find(|known| &*known.name == name) {
            return Ok(found.token.clone());
        }
        let mut random = [0_u8; TOKEN_BYTES];
        getrandom::fill(&mut random).map_err(|error| error.to_string())?;
        let token = format!("{PREFIX}{:032x}", u128::from_le_bytes(random));
        known.push(Placeholder {
            name: name.into(),
            token: token.clone(),
            secret,
            hosts: hosts.to_vec(),
        });
        Ok(token)
    }

    /// Tells whether a header holds a token, and whether all of them may go to `host`.
    pub(super) fn check(&self, value: &HeaderValue, host: &Host) -> Result<bool, Misdirected> {
        if !contains(value.as_bytes(), PREFIX.as_bytes()) {
            return Ok(false);
        }
        let known = self.lock();
        let here = known
            .iter()
            .filter(|known| contains(value.as_bytes(), known.token.as_bytes()));
        let mut found = false;
        for placeholder in here {
            found = true;
            if !placeholder.hosts.iter().any(|own| own.matches(host)) {
                return Err(Misdirected {
                    secret: Arc::clone(&placeholder.name),
                });
            }
        }
        Ok(found)
    }

    /// Puts the secrets in the place of their tokens. `None`: a secret is not fit for a header.
    pub(super) fn replace(&self, value: &HeaderValue) -> Option<HeaderValue> {
        let mut text = value.to_str().ok()?.to_owned();
        for placeholder in self.lock().iter() {
            text = text.replace(&placeholder.token, &placeholder.secret);
        }
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Placeholder>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

impl fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Placeholders")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_become_secrets_only_towards_their_hosts() {
        let placeholders = Placeholders::default();
        let hosts = [HostPattern::parse("*.pay.example").unwrap()];
        let token = placeholders.issue("pay", "s3cret".into(), &hosts).unwrap();
        assert_eq!(
            placeholders.issue("pay", "s3cret".into(), &hosts),
            Ok(token.clone())
        );
        let header = HeaderValue::from_str(&format!("Bearer {token}")).unwrap();
        let check = |host: &str| placeholders.check(&header, &Host::parse(host).unwrap());
        assert_eq!(check("api.pay.example"), Ok(true));
        assert!(check("pay.example.evil.example").is_err());
        let replaced = placeholders.replace(&header).unwrap();
        assert_eq!(replaced, "Bearer s3cret");
        assert!(replaced.is_sensitive());
        assert!(!format!("{replaced:?}").contains("s3cret"));
    }

    #[test]
    fn secrets_cannot_add_headers() {
        let placeholders = Placeholders::default();
        let secret = "a\r\nHost: evil.example".to_owned();
        let token = placeholders.issue("pay", secret, &[]).unwrap();
        let header = HeaderValue::from_str(&token).unwrap();
        assert_eq!(placeholders.replace(&header), None);
    }

    #[test]
    fn another_attempts_token_is_just_text() {
        let token = Placeholders::default()
            .issue("pay", "s".into(), &[])
            .unwrap();
        let header = HeaderValue::from_str(&token).unwrap();
        let other = Placeholders::default();
        assert_eq!(
            other.check(&header, &Host::Name("a.example".into())),
            Ok(false)
        );
    }
}
