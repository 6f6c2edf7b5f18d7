//! Encryption of what may hold secrets: XChaCha20-Poly1305 with a random nonce per value, bound to
//! the table and key it stands at, so that a sealed value cannot be moved to another place.
//!
//! A sealed value is the byte 0xff, the nonce, the ciphertext with its tag.

use std::borrow::Cow;
use std::fmt;

use attune_driver::port::StoreError;
use chacha20poly1305::aead::{Aead, Generate, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::fault::Outcome;

/// First byte of a sealed value; no version of a plain one reaches it.
const SEALED: u8 = 0xff;
const NONCE_BYTES: usize = 24;

/// The key that seals secrets.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// Draws a new key.
    pub fn generate() -> Self {
        Self(Key::generate().into())
    }

    /// Parses 64 hexadecimal digits, as the key file and the environment have them.
    pub fn parse(text: &str) -> Option<Self> {
        attune_core::Digest::parse(text.trim()).map(|digits| Self(digits.0))
    }

    /// Returns the key as text: for the key file, nothing else.
    pub(crate) fn reveal(&self) -> String {
        attune_core::Digest(self.0).to_string()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

/// Where a value stands: named in errors, and bound to it when it is sealed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place<'a> {
    /// In a table of runs: the run, and a number where it has several rows.
    Run(&'static str, u64, u64),
    /// In a table of packs' things.
    Named(&'static str, &'a str, &'a str),
}

impl Place<'_> {
    /// Returns bytes that no other place has.
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64);
        let mut part = |part: &[u8]| {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        };
        match self {
            Self::Run(table, run, number) => {
                part(table.as_bytes());
                part(&run.to_le_bytes());
                part(&number.to_le_bytes());
            }
            Self::Named(table, pack, name) => {
                part(table.as_bytes());
                part(pack.as_bytes());
                part(name.as_bytes());
            }
        }
        bytes
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Run(table, run, number) => write!(f, "{table}/{run}/{number}"),
            Self::Named(table, pack, name) => write!(f, "{table}/{pack}/{name}"),
        }
    }
}

/// Seals and opens values.
pub(crate) struct Sealer(XChaCha20Poly1305);

impl Sealer {
    pub(crate) fn new(key: &SecretKey) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(key.0)))
    }

    /// Seals a value.
    pub(crate) fn seal(&self, place: Place<'_>, plain: &[u8]) -> Vec<u8> {
        let nonce = XNonce::generate();
        let payload = Payload {
            msg: plain,
            aad: &place.bytes(),
        };
        let sealed = self.0.encrypt(&nonce, payload);
        let sealed = sealed.expect("a record is far below the cipher's limit of 256 GiB");
        let mut value = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        value.push(SEALED);
        value.extend_from_slice(&nonce);
        value.extend_from_slice(&sealed);
        value
    }

    /// Seals a value if it is `secret`.
    pub(crate) fn seal_if(&self, secret: bool, place: Place<'_>, plain: Vec<u8>) -> Vec<u8> {
        if secret {
            self.seal(place, &plain)
        } else {
            plain
        }
    }

    /// Returns a stored value in clear, sealed or not.
    pub(crate) fn open<'a>(&self, place: Place<'_>, stored: &'a [u8]) -> Outcome<Cow<'a, [u8]>> {
        let Some((&SEALED, sealed)) = stored.split_first() else {
            return Ok(Cow::Borrowed(stored));
        };
        self.open_sealed(place, sealed).map(Cow::Owned)
    }

    fn open_sealed(&self, place: Place<'_>, sealed: &[u8]) -> Outcome<Vec<u8>> {
        let damaged = || {
            let text = format!("`{place}` cannot be decrypted: it or the key has changed");
            StoreError::Corrupt(text.into())
        };
        let (nonce, sealed) = sealed
            .split_first_chunk::<NONCE_BYTES>()
            .ok_or_else(damaged)?;
        let payload = Payload {
            msg: sealed,
            aad: &place.bytes(),
        };
        let plain = self.0.decrypt(&XNonce::from(*nonce), payload);
        Ok(plain.map_err(|_| damaged())?)
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sealed_values_open_only_at_their_place_and_with_their_key() {
        let sealer = Sealer::new(&SecretKey::generate());
        let place = Place::Run("event", 7, 0);
        let sealed = sealer.seal(place, b"hush");
        assert_eq!(&*sealer.open(place, &sealed).unwrap(), b"hush");
        assert!(!sealed.windows(4).any(|bytes| bytes == b"hush"));
        for other in [
            Place::Run("event", 7, 1),
            Place::Run("log", 7, 0),
            Place::Named("event", "7", "0"),
        ] {
            sealer.open(other, &sealed).unwrap_err();
        }
        let stranger = Sealer::new(&SecretKey::generate());
        stranger.open(place, &sealed).unwrap_err();
        for cut in 1..sealed.len() {
            sealer.open(place, &sealed[..cut]).unwrap_err();
        }
    }

    #[test]
    fn plain_values_stay_as_they_are() {
        let sealer = Sealer::new(&SecretKey::generate());
        let place = Place::Named("kv", "a", "b");
        for plain in [&b""[..], b"\x01abc"] {
            assert!(matches!(sealer.open(place, plain), Ok(Cow::Borrowed(same)) if same == plain));
        }
    }

    #[test]
    fn keys_are_read_as_they_are_written() {
        let key = SecretKey::generate();
        let text = format!("{}\n", key.reveal());
        assert_eq!(SecretKey::parse(&text), Some(key));
        assert_eq!(SecretKey::parse("abc"), None);
    }
}
