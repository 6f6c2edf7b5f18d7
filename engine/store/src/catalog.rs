//! The store's side of the port for packs, actions, workflows, tokens, kv and secrets.
//!
//! Writes go through the writer, with whatever else waits, and are durable when they return.

mod action;
pub(crate) mod kv;
mod pack;
pub(crate) mod revision;
mod secret;
mod token;
mod workflow;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use attune_core::{Digest, Value};
use attune_driver::port::{
    ActionRecord, Catalog, CatalogError, KvEntry, KvWrite, PackRecord, Put, StoreError,
    TokenRecord, WorkflowRecord,
};
use bytes::Bytes;

use crate::store::Store;
use crate::{blob, clock};

#[async_trait]
impl Catalog for Store {
    async fn put_workflow(
        &self,
        record: WorkflowRecord,
        source: Bytes,
        only_new: bool,
        if_match: Option<Digest>,
    ) -> Result<Put<WorkflowRecord>, CatalogError> {
        let condition = workflow::Condition { only_new, if_match };
        self.shared
            .change(move |tx| workflow::put(tx, record.clone(), &source, condition))
            .await
    }

    async fn workflow(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError> {
        Ok(workflow::get(&self.shared.read()?, reference, revision)?)
    }

    async fn workflows(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<WorkflowRecord>, StoreError> {
        let after = after.map(str::to_owned);
        self.shared
            .scan(move |_, tx| revision::list(tx, after.as_deref(), limit))
            .await
    }

    async fn workflow_versions(&self, reference: &str) -> Result<Vec<WorkflowRecord>, StoreError> {
        let reference = reference.to_owned();
        self.shared
            .scan(move |_, tx| revision::versions(tx, &reference))
            .await
    }

    async fn remove_workflow(&self, reference: &str) -> Result<(), CatalogError> {
        let reference = reference.to_owned();
        self.shared
            .change(move |tx| revision::remove::<WorkflowRecord>(tx, &reference))
            .await
    }

    async fn enable_workflow(
        &self,
        reference: &str,
        enabled: bool,
    ) -> Result<WorkflowRecord, CatalogError> {
        let reference = reference.to_owned();
        self.shared
            .change(move |tx| workflow::enable(tx, &reference, enabled))
            .await
    }

    async fn put_action(
        &self,
        record: ActionRecord,
        component: Bytes,
    ) -> Result<Put<ActionRecord>, CatalogError> {
        self.shared
            .change(move |tx| action::put(tx, record.clone(), &component))
            .await
    }

    async fn action(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Result<Option<ActionRecord>, StoreError> {
        Ok(action::get(&self.shared.read()?, reference, revision)?)
    }

    async fn actions(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ActionRecord>, StoreError> {
        let after = after.map(str::to_owned);
        self.shared
            .scan(move |_, tx| revision::list(tx, after.as_deref(), limit))
            .await
    }

    async fn action_versions(&self, reference: &str) -> Result<Vec<ActionRecord>, StoreError> {
        let reference = reference.to_owned();
        self.shared
            .scan(move |_, tx| revision::versions(tx, &reference))
            .await
    }

    async fn approve_action(
        &self,
        reference: &str,
        revision: u32,
    ) -> Result<ActionRecord, CatalogError> {
        let reference = reference.to_owned();
        self.shared
            .change(move |tx| action::approve(tx, &reference, revision))
            .await
    }

    async fn remove_action(&self, reference: &str, force: bool) -> Result<(), CatalogError> {
        let reference = reference.to_owned();
        self.shared
            .change(move |tx| action::remove(tx, &reference, force))
            .await
    }

    async fn content(&self, digest: Digest) -> Result<Option<Bytes>, StoreError> {
        self.shared.scan(move |_, tx| blob::get(tx, digest)).await
    }

    async fn put_content(&self, content: Bytes) -> Result<Digest, StoreError> {
        let now = clock::now();
        self.shared
            .write(move |tx| blob::put_loose(tx, &content, now))
            .await
    }

    async fn packs(&self) -> Result<Vec<PackRecord>, StoreError> {
        self.shared.scan(|_, tx| pack::list(tx)).await
    }

    async fn pack(&self, name: &str) -> Result<Option<PackRecord>, StoreError> {
        Ok(pack::get(&self.shared.read()?, name)?)
    }

    async fn put_config(&self, pack: &str, config: Value) -> Result<PackRecord, CatalogError> {
        let (pack, now) = (pack.to_owned(), clock::now());
        self.shared
            .change(move |tx| pack::configure(tx, &pack, config.clone(), now))
            .await
    }

    async fn remove_pack(&self, name: &str, force: bool) -> Result<(), CatalogError> {
        let name = name.to_owned();
        self.shared
            .change(move |tx| pack::remove(tx, &name, force))
            .await
    }

    fn generation(&self) -> Option<u64> {
        Some(self.shared.generation.load(Ordering::Acquire))
    }

    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError> {
        self.shared.change(move |tx| token::put(tx, &token)).await
    }

    async fn token(&self, hash: Digest) -> Result<Option<TokenRecord>, StoreError> {
        Ok(token::get(&self.shared.read()?, hash)?)
    }

    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError> {
        self.shared.scan(|_, tx| token::list(tx)).await
    }

    async fn remove_token(&self, name: &str) -> Result<bool, StoreError> {
        let name = name.to_owned();
        self.shared.change(move |tx| token::remove(tx, &name)).await
    }

    async fn kv_keys(
        &self,
        pack: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<str>>, StoreError> {
        let (pack, after) = (pack.to_owned(), after.map(str::to_owned));
        self.shared
            .scan(move |_, tx| kv::keys(tx, &pack, after.as_deref(), limit))
            .await
    }

    async fn kv(&self, pack: &str, key: &str) -> Result<Option<KvEntry>, StoreError> {
        let shared = &self.shared;
        let place = kv::Place { pack, key };
        Ok(kv::get(&shared.read()?, &shared.sealer, place)?)
    }

    async fn put_kv(
        &self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<KvEntry, CatalogError> {
        kv::check_size(&value)?;
        let shared = Arc::clone(&self.shared);
        let (pack, key) = (pack.to_owned(), key.to_owned());
        self.shared
            .write(move |tx| {
                let place = kv::Place {
                    pack: &pack,
                    key: &key,
                };
                kv::put(tx, &shared.sealer, place, &value, write)
            })
            .await
    }

    async fn remove_kv(&self, pack: &str, key: &str) -> Result<bool, StoreError> {
        let shared = Arc::clone(&self.shared);
        let (pack, key) = (pack.to_owned(), key.to_owned());
        self.shared
            .write(move |tx| {
                let place = kv::Place {
                    pack: &pack,
                    key: &key,
                };
                kv::remove(tx, &shared.sealer, place)
            })
            .await
    }

    async fn put_secret(&self, pack: &str, name: &str, value: Value) -> Result<bool, CatalogError> {
        let sealed = secret::seal(&self.shared.sealer, pack, name, &value)?;
        let (pack, name) = (pack.to_owned(), name.to_owned());
        self.shared
            .write(move |tx| secret::put(tx, &pack, &name, &sealed))
            .await
    }

    async fn secrets(&self, pack: &str) -> Result<Vec<Arc<str>>, StoreError> {
        Ok(secret::names(&self.shared.read()?, pack)?)
    }

    async fn remove_secret(&self, pack: &str, name: &str) -> Result<bool, StoreError> {
        let (pack, name) = (pack.to_owned(), name.to_owned());
        self.shared
            .write(move |tx| secret::remove(tx, &pack, &name))
            .await
    }

    async fn secret(&self, pack: &str, name: &str) -> Result<Option<Value>, StoreError> {
        let shared = &self.shared;
        Ok(secret::get(&shared.read()?, &shared.sealer, pack, name)?)
    }
}
