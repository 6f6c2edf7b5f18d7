//! What operators and authors put in: packs, actions, workflows, tokens, kv.

use std::sync::Arc;

use async_trait::async_trait;
use attune_core::pin::{AttemptLimits, Invocation};
use attune_core::{Digest, Timestamp, Value};
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::store::StoreError;

/// One revision of a workflow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkflowRecord {
    /// `pack.name`.
    pub reference: Arc<str>,
    /// Numbered by the store, from 1.
    pub revision: u32,
    /// Of the source; the source is a blob.
    pub digest: Digest,
    /// The author's version label.
    pub version: Option<Arc<str>>,
    /// For lists.
    pub label: Option<Arc<str>>,
    /// For lists.
    pub description: Option<Arc<str>>,
    /// For filters.
    pub tags: Vec<Arc<str>>,
    /// Whether it may start runs.
    pub enabled: bool,
    /// Refs that its tasks name, as written: who uses what.
    pub uses: Vec<Arc<str>>,
    /// When the ref was first created.
    pub created: Timestamp,
    /// When this revision was.
    pub updated: Timestamp,
}

/// One revision of an action.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActionRecord {
    /// `pack.name`.
    pub reference: Arc<str>,
    /// Numbered by the store, from 1.
    pub revision: u32,
    /// Of the component; the component is a blob.
    pub digest: Digest,
    /// Of component and manifest together: same means nothing new.
    pub content: Digest,
    /// How it is called.
    pub invocation: Invocation,
    /// Decided by what is linked.
    pub pure: bool,
    /// Pure, and does not import `context`.
    pub cacheable: bool,
    /// Within the operator's ceiling.
    pub limits: AttemptLimits,
    /// JSON Schema of the input.
    pub parameters: Value,
    /// JSON Schema of the result.
    pub output: Value,
    /// One line.
    pub summary: Option<Arc<str>>,
    /// More.
    pub description: Option<Arc<str>>,
    /// Exports and imports of the component, as names.
    pub exports: Vec<Arc<str>>,
    /// Exports and imports of the component, as names.
    pub imports: Vec<Arc<str>>,
    /// The manifest as sent, JSON; null without one.
    pub manifest: Value,
    /// The grants wanted, JSON.
    pub grants: Value,
    /// Whether it may be used.
    pub approved: bool,
    /// Size of the component.
    pub size_bytes: u64,
    /// Comes with the binary.
    pub builtin: bool,
    /// When the ref was first created.
    pub created: Timestamp,
    /// When this revision was.
    pub updated: Timestamp,
}

/// A pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PackRecord {
    /// Its name.
    pub name: Arc<str>,
    /// Its configuration.
    pub config: Value,
    /// When it was created.
    pub created: Timestamp,
    /// When it last changed.
    pub updated: Timestamp,
}

/// What a token may do; each includes the ones below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look.
    Read,
    /// Start and steer runs, answer inquiries.
    Run,
    /// Packs, actions, workflows, rules.
    Deploy,
    /// Everything.
    Admin,
}

/// A token, without the secret itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TokenRecord {
    /// SHA-256 of the token's text.
    pub hash: Digest,
    /// Its name.
    pub name: Arc<str>,
    /// Its role.
    pub role: Role,
    /// Packs it is limited to; empty is all.
    pub packs: Vec<Arc<str>>,
    /// When it ends.
    pub expires: Option<Timestamp>,
    /// When it was made.
    pub created: Timestamp,
}

/// One kv entry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KvEntry {
    /// The value.
    pub value: Value,
    /// Rises with each write, for compare-and-set; also over a removal.
    pub version: u64,
    /// When it goes.
    pub expires: Option<Timestamp>,
}

/// Conditions and life of a kv write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KvWrite {
    /// Only if the entry's version is this; 0: only if there is none.
    pub expected: Option<u64>,
    /// When the entry goes by itself.
    pub expires: Option<Timestamp>,
}

/// What a put did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put<T> {
    /// The ref is new.
    Created(T),
    /// A new revision of a known ref.
    Updated(T),
    /// The same content as the newest revision.
    Unchanged(T),
}

/// Why the catalog refused.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// It exists already.
    #[error("`{0}` exists already")]
    Exists(Arc<str>),
    /// There is no such thing.
    #[error("`{0}` does not exist")]
    NotFound(Arc<str>),
    /// It changed since the caller looked.
    #[error("`{0}` has changed")]
    Changed(Arc<str>),
    /// Workflows use it.
    #[error("`{reference}` is used by {users}", users = .users.join(", "))]
    InUse {
        /// The action or workflow.
        reference: Arc<str>,
        /// Who uses it.
        users: Vec<String>,
    },
    /// A limit is exceeded; the text names it with its value.
    #[error("{0}")]
    Limit(Arc<str>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Packs, actions, workflows, tokens and kv. Every write is durable when it returns.
#[async_trait]
pub trait Catalog: Send + Sync + 'static {
    /// Stores a workflow revision and its source. `record.revision` and `created` are set by the
    /// store. Fails with `Exists` if `only_new` and the ref exists, with `Changed` if `if_match`
    /// is not the newest digest.
    async fn put_workflow(
        &self,
        record: WorkflowRecord,
        source: Bytes,
        only_new: bool,
        if_match: Option<Digest>,
    ) -> Result<Put<WorkflowRecord>, CatalogError>;
    /// Returns a revision of a workflow, the newest by default.
    async fn workflow(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Result<Option<WorkflowRecord>, StoreError>;
    /// Lists the newest revisions, by ref, after the ref `after`.
    async fn workflows(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<WorkflowRecord>, StoreError>;
    /// Lists all revisions of a ref, newest first.
    async fn workflow_versions(&self, reference: &str) -> Result<Vec<WorkflowRecord>, StoreError>;
    /// Removes a workflow; runs keep the revision they are pinned to.
    async fn remove_workflow(&self, reference: &str) -> Result<(), CatalogError>;
    /// Enables or disables a workflow.
    async fn enable_workflow(
        &self,
        reference: &str,
        enabled: bool,
    ) -> Result<WorkflowRecord, CatalogError>;

    /// Stores an action revision and its component.
    async fn put_action(
        &self,
        record: ActionRecord,
        component: Bytes,
    ) -> Result<Put<ActionRecord>, CatalogError>;
    /// Returns a revision of an action: the newest approved one by default.
    async fn action(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Result<Option<ActionRecord>, StoreError>;
    /// Lists the newest revisions, by ref, after the ref `after`.
    async fn actions(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<ActionRecord>, StoreError>;
    /// Lists all revisions of a ref, newest first.
    async fn action_versions(&self, reference: &str) -> Result<Vec<ActionRecord>, StoreError>;
    /// Approves a revision.
    async fn approve_action(
        &self,
        reference: &str,
        revision: u32,
    ) -> Result<ActionRecord, CatalogError>;
    /// Removes an action; refused while a workflow uses it, unless `force`.
    async fn remove_action(&self, reference: &str, force: bool) -> Result<(), CatalogError>;

    /// Returns a component's bytes or a workflow's source.
    async fn content(&self, digest: Digest) -> Result<Option<Bytes>, StoreError>;

    /// Keeps a content that no record names, before a run is pinned to it: the source of a
    /// workflow that is run unsaved, or of the one that wraps a single action. It stays at least
    /// a day, and as long as a run is pinned to it.
    async fn put_content(&self, content: Bytes) -> Result<Digest, StoreError>;

    /// Lists packs by name.
    async fn packs(&self) -> Result<Vec<PackRecord>, StoreError>;
    /// Returns a pack.
    async fn pack(&self, name: &str) -> Result<Option<PackRecord>, StoreError>;
    /// Replaces a pack's configuration; the pack is created if missing.
    async fn put_config(&self, pack: &str, config: Value) -> Result<PackRecord, CatalogError>;
    /// Removes a pack with its actions, workflows, configuration, kv and secrets; refused while a
    /// workflow of another pack uses one of them, unless `force`. Runs keep what they are pinned to.
    async fn remove_pack(&self, name: &str, force: bool) -> Result<(), CatalogError>;

    /// Returns a number that differs after every change of a workflow, an action, a pack's
    /// configuration or a token (never for kv), so that what was read from here may be kept while
    /// it stays the same. `None`: nothing may be kept. A change shows before its write returns.
    fn generation(&self) -> Option<u64> {
        None
    }

    /// Stores a token; another one of the same name is replaced.
    async fn put_token(&self, token: TokenRecord) -> Result<(), StoreError>;
    /// Finds a token by the hash of its text.
    async fn token(&self, hash: Digest) -> Result<Option<TokenRecord>, StoreError>;

    /// Lists tokens by name.
    async fn tokens(&self) -> Result<Vec<TokenRecord>, StoreError>;
    /// Removes a token by its name; tells whether there was one.
    async fn remove_token(&self, name: &str) -> Result<bool, StoreError>;

    /// Lists a pack's kv keys in order, after the key `after`.
    async fn kv_keys(
        &self,
        pack: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<str>>, StoreError>;

    /// Returns a kv entry.
    async fn kv(&self, pack: &str, key: &str) -> Result<Option<KvEntry>, StoreError>;
    /// Writes a kv entry.
    async fn put_kv(
        &self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<KvEntry, CatalogError>;
    /// Removes a kv entry; tells whether there was one.
    async fn remove_kv(&self, pack: &str, key: &str) -> Result<bool, StoreError>;

    /// Stores a secret of a pack; tells whether it is new.
    async fn put_secret(&self, pack: &str, name: &str, value: Value) -> Result<bool, CatalogError>;
    /// Lists the names of a pack's secrets in order.
    async fn secrets(&self, pack: &str) -> Result<Vec<Arc<str>>, StoreError>;
    /// Removes a secret; tells whether there was one.
    async fn remove_secret(&self, pack: &str, name: &str) -> Result<bool, StoreError>;
    /// Returns a secret of a pack.
    async fn secret(&self, pack: &str, name: &str) -> Result<Option<Value>, StoreError>;
}
