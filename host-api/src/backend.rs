//! What the host functions need of the engine: kv and secrets, behind one small trait, so that
//! this crate knows neither store nor driver.

use async_trait::async_trait;
use attune_core::Value;

/// A kv value and the write it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The value.
    pub value: Value,
    /// Rises with each write of the key.
    pub revision: u64,
}

/// Why the engine could not do what an action asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendError {
    /// Another write came first.
    #[error("the key has another revision than expected")]
    Conflict,
    /// A limit would be exceeded; the text names it.
    #[error("{0}")]
    TooLarge(String),
    /// The engine failed. The cause is in its log, not here.
    #[error("{0}")]
    Failed(String),
}

/// Durable state that actions reach. What a call wrote is on disk when it returns.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Returns what an action's revision may do.
    async fn granted(&self, reference: &str, revision: u32) -> Result<Granted, BackendError>;
    /// Returns a kv entry of a pack.
    async fn kv_get(&self, pack: &str, key: &str) -> Result<Option<Entry>, BackendError>;
    /// Writes a kv entry: with `expected` only at that revision (0: only if absent). Returns the
    /// new revision.
    async fn kv_set(
        &self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<u64, BackendError>;
    /// Removes a kv entry; tells whether there was one.
    async fn kv_delete(&self, pack: &str, key: &str) -> Result<bool, BackendError>;
    /// Lists keys with a prefix, in order, after `after`, at most `limit`.
    async fn kv_list(&self, pack: &str, page: KvPage<'_>) -> Result<Vec<String>, BackendError>;
    /// Returns a secret of a pack, in clear.
    async fn secret(&self, pack: &str, name: &str) -> Result<Option<String>, BackendError>;
}

/// What a revision of an action may do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Granted {
    /// The grants in force, JSON as in a manifest; null is none.
    pub grants: Value,
    /// The manifest that was sent with it, for limits that the pin does not hold.
    pub manifest: Value,
}

/// How a kv entry is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KvWrite {
    /// Only at this revision; 0 is only if absent.
    pub expected: Option<u64>,
    /// Gone after this many milliseconds.
    pub ttl_ms: Option<u64>,
}

/// Which part of a list of keys is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KvPage<'a> {
    /// What the keys begin with.
    pub prefix: &'a str,
    /// Only keys after this one.
    pub after: Option<&'a str>,
    /// At most so many.
    pub limit: usize,
}

/// A backend without anything in it: for running a component locally.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoBackend;

/// What [`NoBackend`] says to a write.
fn local() -> BackendError {
    BackendError::Failed("there is no kv store when a component runs without a server".into())
}

#[async_trait]
impl Backend for NoBackend {
    async fn granted(&self, _: &str, _: u32) -> Result<Granted, BackendError> {
        Ok(Granted::default())
    }

    async fn kv_get(&self, _: &str, _: &str) -> Result<Option<Entry>, BackendError> {
        Ok(None)
    }

    async fn kv_set(&self, _: &str, _: &str, _: Value, _: KvWrite) -> Result<u64, BackendError> {
        Err(local())
    }

    async fn kv_delete(&self, _: &str, _: &str) -> Result<bool, BackendError> {
        Err(local())
    }

    async fn kv_list(&self, _: &str, _: KvPage<'_>) -> Result<Vec<String>, BackendError> {
        Ok(Vec::new())
    }

    async fn secret(&self, _: &str, _: &str) -> Result<Option<String>, BackendError> {
        Ok(None)
    }
}
