//! Parsed workflows by the digest of their source, a bounded number of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use attune_core::spec::{self, Options};
use attune_core::{Definition, Digest};

use crate::config::DEFINITIONS;
use crate::port::{Artifacts, StoreError};

/// Definitions by digest; the one that was not used for longest goes first.
#[derive(Default)]
pub(crate) struct Definitions {
    cache: Mutex<Cache>,
}

#[derive(Default)]
struct Cache {
    entries: HashMap<Digest, (u64, Arc<Definition>)>,
    clock: u64,
}

impl Definitions {
    /// Keeps a definition that somebody has parsed already.
    pub(crate) fn insert(&self, definition: &Arc<Definition>) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.touch(definition.digest).is_none() {
            cache.insert(definition.clone());
        }
    }

    /// Returns the definition whose source has the digest, parsing it if need be.
    pub(crate) async fn get<A: Artifacts>(
        &self,
        artifacts: &A,
        digest: Digest,
    ) -> Result<Arc<Definition>, StoreError> {
        let lock = || self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().touch(digest) {
            return Ok(known);
        }
        let source = artifacts.blob(digest).await?;
        let source = source.ok_or_else(|| damaged(digest, "is missing"))?;
        let text = std::str::from_utf8(&source).map_err(|_| damaged(digest, "is not text"))?;
        // It was accepted before: a source that was run unsaved may lack its ref.
        let parsed = spec::parse_with(text, &Options::inline());
        let definition = parsed
            .definition
            .ok_or_else(|| damaged(digest, "is no longer accepted"))?;
        let definition = Arc::new(definition);
        lock().insert(definition.clone());
        Ok(definition)
    }
}

impl Cache {
    fn touch(&mut self, digest: Digest) -> Option<Arc<Definition>> {
        self.clock += 1;
        let (used, definition) = self.entries.get_mut(&digest)?;
        *used = self.clock;
        Some(definition.clone())
    }

    fn insert(&mut self, definition: Arc<Definition>) {
        if self.entries.len() >= DEFINITIONS {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(digest) = oldest.map(|(digest, _)| *digest) {
                self.entries.remove(&digest);
            }
        }
        self.entries
            .insert(definition.digest, (self.clock, definition));
    }
}

fn damaged(digest: Digest, what: &str) -> StoreError {
    StoreError::Corrupt(format!("the workflow source {digest:?} {what}").into())
}
