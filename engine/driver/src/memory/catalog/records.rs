//! The records behind the memory store's catalog: revisions numbered from 1, newest last.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use attune_core::{Digest, Timestamp, Value, pack_of};
use bytes::Bytes;

use crate::port::{
    ActionRecord, CatalogError, Clock as _, KvEntry, KvWrite, PackRecord, Put, TokenRecord,
    WorkflowRecord,
};
use crate::system::SystemClock;

#[derive(Debug, Default)]
pub(in crate::memory) struct Contents {
    pub(super) workflows: BTreeMap<Arc<str>, Vec<WorkflowRecord>>,
    pub(super) actions: BTreeMap<Arc<str>, Vec<ActionRecord>>,
    pub(super) packs: BTreeMap<Arc<str>, PackRecord>,
    pub(super) tokens: Vec<TokenRecord>,
    pub(super) kv: BTreeMap<(Arc<str>, Arc<str>), KvEntry>,
    /// By pack, the highest version that a removed entry had: new keys begin behind it.
    kv_versions: BTreeMap<Arc<str>, u64>,
    pub(super) secrets: BTreeMap<(Arc<str>, Arc<str>), Value>,
    blobs: HashMap<Digest, Bytes>,
}

impl Contents {
    pub(in crate::memory) fn blob(&self, digest: Digest) -> Option<Bytes> {
        self.blobs.get(&digest).cloned()
    }

    pub(super) fn put_blob(&mut self, content: Bytes) -> Digest {
        let digest = Digest::of(&content);
        self.blobs.insert(digest, content);
        digest
    }

    pub(super) fn pack_mut(&mut self, name: &str) -> &mut PackRecord {
        let name: Arc<str> = name.into();
        self.packs
            .entry(name.clone())
            .or_insert_with(|| PackRecord {
                name,
                config: Value::Null,
                created: Timestamp::default(),
                updated: Timestamp::default(),
            })
    }

    /// Entries that have not expired, in order.
    pub(super) fn current_kv(&self) -> impl Iterator<Item = (&(Arc<str>, Arc<str>), &KvEntry)> {
        let now = SystemClock::default().now();
        let current = move |entry: &KvEntry| entry.expires.is_none_or(|expires| expires > now);
        self.kv.iter().filter(move |(_, entry)| current(entry))
    }

    pub(super) fn kv(&self, pack: &str, key: &str) -> Option<&KvEntry> {
        let now = SystemClock::default().now();
        let entry = self.kv.get(&(pack.into(), key.into()));
        entry.filter(|entry| entry.expires.is_none_or(|expires| expires > now))
    }

    pub(super) fn put_kv(
        &mut self,
        pack: &str,
        key: &str,
        value: Value,
        write: KvWrite,
    ) -> Result<KvEntry, CatalogError> {
        let version = self.kv(pack, key).map_or(0, |entry| entry.version);
        if write.expected.is_some_and(|expected| expected != version) {
            return Err(CatalogError::Changed(key.into()));
        }
        let place = (pack.into(), key.into());
        let floor = self.kv_versions.get(pack).copied().unwrap_or(0);
        // An expired entry is none for conditions, and still has had its version.
        let before = self.kv.get(&place).map_or(floor, |entry| entry.version);
        let entry = KvEntry {
            value,
            version: before + 1,
            expires: write.expires,
        };
        self.kv.insert(place, entry.clone());
        Ok(entry)
    }

    pub(super) fn remove_kv(&mut self, pack: &str, key: &str) -> bool {
        let removed = self.kv.remove(&(pack.into(), key.into()));
        if let Some(entry) = &removed {
            let highest = self.kv_versions.entry(pack.into()).or_default();
            *highest = entry.version.max(*highest);
        }
        removed.is_some()
    }

    pub(super) fn remove_pack(&mut self, name: &str, force: bool) -> Result<(), CatalogError> {
        let of_pack = |reference: &str| pack_of(reference) == name;
        if !self.packs.contains_key(name) {
            return Err(CatalogError::NotFound(name.into()));
        }
        let newest = self.workflows.values().filter_map(|all| all.last());
        let users: Vec<String> = newest
            .filter(|workflow| !of_pack(&workflow.reference))
            .filter(|workflow| workflow.uses.iter().any(|used| of_pack(used)))
            .map(|workflow| workflow.reference.to_string())
            .collect();
        if !force && !users.is_empty() {
            let reference = name.into();
            return Err(CatalogError::InUse { reference, users });
        }
        self.packs.remove(name);
        self.workflows.retain(|reference, _| !of_pack(reference));
        self.actions.retain(|reference, _| !of_pack(reference));
        let keys: Vec<Arc<str>> = self
            .kv
            .keys()
            .filter(|(pack, _)| &**pack == name)
            .map(|(_, key)| key.clone())
            .collect();
        for key in keys {
            self.remove_kv(name, &key);
        }
        self.secrets.retain(|(pack, _), _| &**pack != name);
        Ok(())
    }

    pub(super) fn put_workflow(
        &mut self,
        mut record: WorkflowRecord,
        source: Bytes,
        only_new: bool,
        if_match: Option<Digest>,
    ) -> Result<Put<WorkflowRecord>, CatalogError> {
        let reference = record.reference.clone();
        let newest = self.workflows.get(&reference).and_then(|all| all.last());
        if only_new && newest.is_some() {
            return Err(CatalogError::Exists(reference));
        }
        if if_match.is_some_and(|digest| newest.is_none_or(|n| n.digest != digest)) {
            return Err(CatalogError::Changed(reference));
        }
        if let Some(same) = newest.filter(|newest| newest.digest == record.digest) {
            return Ok(Put::Unchanged(same.clone()));
        }
        record.revision = newest.map_or(1, |newest| newest.revision + 1);
        record.created = newest.map_or(record.updated, |newest| newest.created);
        let is_new = newest.is_none();
        self.put_blob(source);
        self.pack_mut(pack_of(&reference));
        let revisions = self.workflows.entry(reference).or_default();
        revisions.push(record.clone());
        Ok(if is_new {
            Put::Created(record)
        } else {
            Put::Updated(record)
        })
    }

    pub(super) fn workflow(
        &self,
        reference: &str,
        revision: Option<u32>,
    ) -> Option<WorkflowRecord> {
        let revisions = self.workflows.get(reference)?;
        match revision {
            None => revisions.last().cloned(),
            Some(n) => revisions.iter().find(|r| r.revision == n).cloned(),
        }
    }

    pub(super) fn put_action(
        &mut self,
        mut record: ActionRecord,
        component: Bytes,
    ) -> Put<ActionRecord> {
        let reference = record.reference.clone();
        let newest = self.actions.get(&reference).and_then(|all| all.last());
        if let Some(same) = newest.filter(|newest| newest.content == record.content) {
            return Put::Unchanged(same.clone());
        }
        record.revision = newest.map_or(1, |newest| newest.revision + 1);
        record.created = newest.map_or(record.updated, |newest| newest.created);
        let is_new = newest.is_none();
        self.put_blob(component);
        self.pack_mut(pack_of(&reference));
        let revisions = self.actions.entry(reference).or_default();
        revisions.push(record.clone());
        if is_new {
            Put::Created(record)
        } else {
            Put::Updated(record)
        }
    }

    pub(super) fn action(&self, reference: &str, revision: Option<u32>) -> Option<ActionRecord> {
        let revisions = self.actions.get(reference)?;
        let fits = |record: &&ActionRecord| match revision {
            None => record.approved,
            Some(revision) => record.revision == revision,
        };
        revisions.iter().rev().find(fits).cloned()
    }

    pub(super) fn remove_action(
        &mut self,
        reference: &str,
        force: bool,
    ) -> Result<(), CatalogError> {
        let newest = self.workflows.values().filter_map(|all| all.last());
        let users: Vec<String> = newest
            .filter(|workflow| workflow.uses.iter().any(|used| &**used == reference))
            .map(|workflow| workflow.reference.to_string())
            .collect();
        if !force && !users.is_empty() {
            let reference = reference.into();
            return Err(CatalogError::InUse { reference, users });
        }
        let removed = self.actions.remove(reference);
        removed
            .map(drop)
            .ok_or_else(|| CatalogError::NotFound(reference.into()))
    }
}
