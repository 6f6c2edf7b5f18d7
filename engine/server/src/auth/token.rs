//! The text of a token: `att_`, 256 random bits and a checksum that tells a mistyped one without
//! asking the store.

use std::fmt;

use attune_core::Digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

const PREFIX: &str = "att_";
/// 256 bits as base64url.
const SECRET_CHARS: usize = 43;
/// 24 bits as base64url.
const CHECKSUM_CHARS: usize = 4;

/// A token's text. Shown once; what is kept is its [`Token::hash`].
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Draws a new token.
    ///
    /// # Errors
    /// If the machine gives no randomness.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)?;
        let secret = URL_SAFE_NO_PAD.encode(secret);
        let checksum = checksum(&secret);
        Ok(Self(format!("{PREFIX}{secret}{checksum}")))
    }

    /// Parses a token's text; `None` if it is none or mistyped.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix(PREFIX)?;
        if rest.len() != SECRET_CHARS + CHECKSUM_CHARS || !rest.is_ascii() {
            return None;
        }
        let (secret, given) = rest.split_at(SECRET_CHARS);
        (checksum(secret) == given).then(|| Self(text.to_owned()))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns what the store keeps and looks up.
    pub fn hash(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// Compares with a stored hash in constant time.
    pub(crate) fn matches(&self, hash: &Digest) -> bool {
        self.hash().0.ct_eq(&hash.0).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

fn checksum(secret: &str) -> String {
    let digest = Digest::of(secret.as_bytes());
    URL_SAFE_NO_PAD.encode(&digest.0[..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_parse_unless_mistyped() {
        let token = Token::generate().unwrap();
        assert_eq!(Token::parse(token.as_str()), Some(token.clone()));
        assert!(token.matches(&token.hash()));
        let mut typo = token.as_str().to_owned();
        let last = if typo.ends_with('A') { 'B' } else { 'A' };
        typo.pop();
        typo.push(last);
        for wrong in [typo.as_str(), "", "att_", "att_ä", &token.as_str()[4..]] {
            assert_eq!(Token::parse(wrong), None, "{wrong}");
        }
        assert_ne!(Token::generate().unwrap(), token);
    }
}
