//! The pack's secrets. Each needs the grant `secrets: {name: {hosts: […]}}`.

use crate::engine;
use crate::error::CallError;

/// Returns a token that stands for the secret, for this attempt only. The engine puts the secret
/// in its place in the headers of outgoing HTTP requests, and only towards the granted hosts, so
/// that the action never holds it.
///
/// # Errors
/// If the grant is missing, or nobody has set the secret.
pub fn placeholder(name: &str) -> Result<String, CallError> {
    engine::secret_placeholder(name)
}

/// Returns the secret itself. Needs `reveal: true` in the secret's grant.
///
/// # Errors
/// If the grant is missing, or nobody has set the secret.
pub fn reveal(name: &str) -> Result<String, CallError> {
    engine::secret_reveal(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn a_placeholder_does_not_show_the_secret() {
        testing::set_secret("key", "hunter2");
        assert_eq!(reveal("key"), Ok("hunter2".into()));
        assert!(!placeholder("key").unwrap().contains("hunter2"));
        assert!(matches!(placeholder("other"), Err(CallError::NotFound(_))));
    }
}
