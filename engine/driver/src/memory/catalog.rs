//! The catalog's side of the memory store: packs, actions, workflows, tokens, kv, secrets.

mod records;

use std::sync::Arc;

use async_trait::async_trait;
use attune_core::{Digest, Value};
use bytes::Bytes;

pub(super) use self::records::Contents;
use super::MemoryStore;
use crate::port::{
    ActionRecord, Catalog, CatalogError, KvEntry, KvWrite, PackRecord, Put, StoreError,
    TokenRecord, WorkflowRecord,
};

/// Keys of a pair of names within `pack`, after `after`, at most `limit`.
fn keys_of<'a>(
    keys: impl Iterator<Item = &'a (Arc<str>, Arc<str>)>,
    pack: &str,
    after: Option<&str>,
    limit: usize,
) -> Vec<Arc<str>> {
    keys.filter(|(of, key)| &**of == pack && after.is_none_or(|after| &**key > after))
        .map(|(_, key)| key.clone())
        .take(limit)
        .collect()
}

#[async_trait]
impl Catalog for MemoryStore {
    async fn put_workflow(
        &self,
        record: WorkflowRecord,
        source: Bytes,
        only_new: bool,
        if_match: Option<Digest>,
    ) -> Result<Put<WorkflowRecord>, CatalogError> {
        let contents = &mut self.state().contents;
        contents.put_workflow(record, source, only_new, if_match)
    }

    async fn workflow(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        Ok(self.state().contents.workflow(reference, revision))
    }

    async fn workflows(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<WorkflowRecord>, StoreError> {
        let state = self.state();
        let all = state.contents.workflows.iter();
        Ok(all
            .filter(|(reference, _)| after.is_none_or(|after| &***reference > after))
            .filter_map(|(_, revisions)| revisions.last().cloned())
            .take(limit)
            .collect())
    }

    async fn workflow_versions(&self, reference: &str) -> Result<Vec<WorkflowRecord>, StoreError> {
        let state = self.state();
        let revisions = state.contents.workflows.get(reference).into_iter();
        Ok(revisions.flatten().rev().cloned().collect())
    }

    async fn remove_workflow(&self, reference: &str) -> Result<(), CatalogError> {
        let removed = self.state().contents.workflows.remove(reference);
        removed
            .map(drop)
            .ok_or_else(|| CatalogError::NotFound(reference.into()))
    }

    async fn enable_workflow(
        &self,
        reference: &str,
        enabled: bool,
    ) -> Result<WorkflowRecord, CatalogError> {
        let mut state = self.state();
        let revisions = state.contents.workflows.get_mut(reference);
        let newest = revisions.and_then(|revisions| revisions.last_mut());
        let record = newest.ok_or_else(|| CatalogError::NotFound(reference.into()))?;
        record.enabled = enabled;
        Ok(record.clone())
    }

    async fn put_action(
        &self,
        record: ActionRecord,
        component: Bytes,
    ) -> Result<Put<ActionRecord>, CatalogError> {
        Ok(self.state().contents.put_action(record, component))
    }

    async fn action(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Result<Option<ActionRecord>, StoreError> {
        Ok(self.state().contents.action(reference, revision))
    }

    async fn actions(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ActionRecord>, StoreError> {
        let state = self.state();
        let all = state.contents.actions.iter();
        Ok(all
            .filter(|(reference, _)| after.is_none_or(|after| &***reference > after))
            .filter_map(|(_, revisions)| revisions.last().cloned())
            .take(limit)
            .collect())
    }

    async fn action_versions(&self, reference: &str) -> Result<Vec<ActionRecord>, StoreError> {
        let state = self.state();
        let revisions = state.contents.actions.get(reference).into_iter();
        Ok(revisions.flatten().rev().cloned().collect())
    }

    async fn approve_action(
        &self,
        reference: &str,
        revision: u32,
    ) -> Result<ActionRecord, CatalogError> {
        let mut state = self.state();
        let revisions = state.contents.actions.get_mut(reference).into_iter();
        let mut wanted = revisions.flatten().filter(|r| r.revision == revision);
        let record = wanted
            .next()
            .ok_or_else(|| CatalogError::NotFound(reference.into()))?;
        record.approved = true;
        Ok(record.clone())
    }

    async fn remove_action(&self, reference: &str, force: bool) -> Result<(), CatalogError> {
        self.state().contents.remove_action(reference, force)
    }

    async fn content(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        Ok(self.state().contents.blob(digest))
    }

    async fn put_content(&self, content: Bytes) -> Result<Digest, StoreError> {
        Ok(self.state().contents.put_blob(content))
    }

    async fn packs(&self) -> Result<Vec<PackRecord>, StoreError> {
        Ok(self.state().contents.packs.values().cloned().collect())
    }

    async fn pack(&self, name: &str) -> Result<Option<PackRecord>, StoreError> {
        Ok(self.state().contents.packs.get(name).cloned())
    }

    async fn put_config(&self, pack: &str, config: Value) -> Result<PackRecord, CatalogError> {
        let mut state = self.state();
        let record = state.contents.pack_mut(pack);
        record.config = config;
        Ok(record.clone())
    }

    async fn remove_pack(&self, name: &str, force: bool) -> Result<(), CatalogError> {
        self.state().contents.remove_pack(name, force)
    }

    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        let tokens = &mut self.state().contents.tokens;
        tokens.retain(|kept| kept.name != token.name);
        tokens.push(token);
        tokens.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(())
    }

    async fn token(&self, hash: Digest) -> Result<Option<TokenRecord>, StoreError> {
        let state = self.state();
        let found = state.contents.tokens.iter().find(|kept| kept.hash == hash);
        Ok(found.cloned())
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        Ok(self.state().contents.tokens.clone())
    }

    async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        let tokens = &mut self.state().contents.tokens;
        let before = tokens.len();
        tokens.retain(|kept| &*kept.name != name);
        Ok(tokens.len() < before)
    }

    async fn kv_keys(
        &self,
        pack: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<str>>, StoreError> {
        let state = self.state();
        let keys = state.contents.current_kv().map(|(place, _)| place);
        Ok(keys_of(keys, pack, after, limit))
    }

    async fn kv(&self, pack: &str, key: &str) -> Result<Option<KvEntry>, StoreError> {
        let state = self.state();
        Ok(state.contents.kv(pack, key).cloned())
    }

    async fn put_kv(
        &self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<KvEntry, CatalogError> {
        let mut state = self.state();
        state.contents.put_kv(pack, key, value, write)
    }

    async fn remove_kv(&self, pack: &str, key: &str) -> Result<bool, StoreError> {
        Ok(self.state().contents.remove_kv(pack, key))
    }

    async fn put_secret(&self, pack: &str, name: &str, value: Value) -> Result<bool, CatalogError> {
        let secrets = &mut self.state().contents.secrets;
        Ok(secrets.insert((pack.into(), name.into()), value).is_none())
    }

    async fn secrets(&self, pack: &str) -> Result<Vec<Arc<str>>, StoreError> {
        let state = self.state();
        let names = state.contents.secrets.keys();
        Ok(keys_of(names, pack, None, usize::MAX))
    }

    async fn remove_secret(&self, pack: &str, name: &str) -> Result<bool, StoreError> {
        let secrets = &mut self.state().contents.secrets;
        Ok(secrets.remove(&(pack.into(), name.into())).is_some())
    }

    async fn secret(&self, pack: &str, name: &str) -> Result<Option<Value>, StoreError> {
        let state = self.state();
        let secret = state.contents.secrets.get(&(pack.into(), name.into()));
        Ok(secret.cloned())
    }
}
