//! Every table: its key, its value, who removes its rows. The first byte of a value is the version
//! of its form ([`attune_driver::codec::FORMAT`]); values of runs that hold secrets, and all
//! secrets, are sealed ([`crate::seal`]), which their first byte tells as well.
//!
//! A table's name, key type and value type never change; a change is a new table and a migration.

use attune_core::run::RunStatus;
use redb::{Key, TableDefinition, Value};

/// SHA-256.
pub(crate) type Hash = [u8; 32];
/// A table with keys `K` and values `V`.
pub(crate) type Table<K, V> = TableDefinition<'static, K, V>;

/// Name → bytes: `format` (u32), `next_run` (u64), `key_check` (sealed). For ever.
pub(crate) const META: Table<&str, &[u8]> = Table::new("meta");

/// Run → `RunSummary`. Until retention removes the run; so do all tables up to [`LOG`].
pub(crate) const RUN: Table<u64, &[u8]> = Table::new("run");
/// (run, number of its first event) → events: all that one commit has for the run, cut at 64 KiB.
pub(crate) const EVENT: Table<(u64, u64), &[u8]> = Table::new("event");
/// Run → number of events seen (u64) and machine. Written on eviction and at the end.
pub(crate) const SNAPSHOT: Table<u64, &[u8]> = Table::new("snapshot");
/// (shard, 0 or 1 if it only waits, run) → priority. While the run has ready, running or waiting
/// work; one row a run.
pub(crate) const LIVE: Table<(u8, u8, u64), i32> = Table::new("live");
/// (shard, due, run, number) → `TimerKind`. Until fired or cancelled.
pub(crate) const TIMER: Table<(u8, u64, u64, u64), &[u8]> = Table::new("timer");
/// (status, run) → nothing. With the run.
pub(crate) const RUN_BY_STATUS: Table<(u8, u64), ()> = Table::new("run_by_status");
/// (hash of the workflow's ref, run) → nothing. With the run.
pub(crate) const RUN_BY_WORKFLOW: Table<(u64, u64), ()> = Table::new("run_by_workflow");
/// (parent, run) → nothing. With the run.
pub(crate) const RUN_BY_PARENT: Table<(u64, u64), ()> = Table::new("run_by_parent");
/// (hash of a label and its value, run) → nothing. With the run.
pub(crate) const RUN_BY_LABEL: Table<(u64, u64), ()> = Table::new("run_by_label");
/// (run, task execution with all bits flipped) → `OpenInquiry`, so that the list, read backwards,
/// has newest runs and oldest tasks first. While it is open.
pub(crate) const INQUIRY: Table<(u64, u64), &[u8]> = Table::new("inquiry");
/// (run, number of its first line, from 1) → log lines. With the run.
pub(crate) const LOG: Table<(u64, u64), &[u8]> = Table::new("log");

/// Idempotency key → (run, hash of the body, expiry). Until the expiry.
pub(crate) const KEY: Table<&Hash, (u64, &Hash, u64)> = Table::new("key");
/// (expiry, idempotency key) → nothing. Until the expiry.
pub(crate) const KEY_EXPIRY: Table<(u64, &Hash), ()> = Table::new("key_expiry");

/// SHA-256 → component, source or other content. Until no revision and no run refers to it.
pub(crate) const BLOB: Table<&Hash, &[u8]> = Table::new("blob");
/// (SHA-256, run / [`RUNS_PER_REFERENCE`]) → nothing: some of these runs are pinned to the
/// content. Until all of them are gone. Coarse, so that a start of a run seldom writes it.
pub(crate) const BLOB_REF: Table<(&Hash, u64), ()> = Table::new("blob_ref");
/// SHA-256 → (size, kept until then (ms) even if nothing refers to it). With the content, whose own
/// table is slow to walk through.
pub(crate) const BLOB_INFO: Table<&Hash, (u64, u64)> = Table::new("blob_info");

/// (ref, revision) → `WorkflowRecord`. Until removed, or superseded and unused.
pub(crate) const WORKFLOW: Table<(&str, u32), &[u8]> = Table::new("definition");
/// Ref → (last revision, whether it exists). For ever: numbers are never used again.
pub(crate) const WORKFLOW_HEAD: Table<&str, (u32, bool)> = Table::new("definition_head");
/// (ref, revision) → `ActionRecord`. Until removed, or superseded and unused.
pub(crate) const ACTION: Table<(&str, u32), &[u8]> = Table::new("action");
/// Ref → (last revision, whether it exists). For ever: numbers are never used again.
pub(crate) const ACTION_HEAD: Table<&str, (u32, bool)> = Table::new("action_head");
/// Name → `PackRecord`. Until removed.
pub(crate) const PACK: Table<&str, &[u8]> = Table::new("pack");
/// (pack, key) → `KvEntry`. Until removed or expired.
pub(crate) const KV: Table<(&str, &str), &[u8]> = Table::new("kv");
/// (expiry, pack, key) → nothing: entries of [`KV`] that go by themselves. With the entry.
pub(crate) const KV_EXPIRY: Table<(u64, &str, &str), ()> = Table::new("kv_expiry");
/// Pack → (number of kv keys, bytes of keys and values). With the pack's kv.
pub(crate) const KV_USE: Table<&str, (u64, u64)> = Table::new("kv_use");
/// Pack → (highest version any of its kv entries has had, version behind which new keys begin).
/// For ever: a key that is removed and written again, or whose pack was, has a new version.
pub(crate) const KV_VERSION: Table<&str, (u64, u64)> = Table::new("kv_version");
/// (pack, name) → value, always sealed. Until removed.
pub(crate) const SECRET: Table<(&str, &str), &[u8]> = Table::new("secret");
/// SHA-256 of its text → `TokenRecord`. Until removed.
pub(crate) const TOKEN: Table<&Hash, &[u8]> = Table::new("token");

/// How many consecutive runs share a row of [`BLOB_REF`].
pub(crate) const RUNS_PER_REFERENCE: u64 = 4096;

/// Does something with each table.
pub(crate) trait Visitor {
    /// Why it stops.
    type Error;
    /// Does it with one.
    fn visit<K: Key, V: Value>(&mut self, table: Table<K, V>) -> Result<(), Self::Error>;
}

/// Shows every table to `visitor`, always in the same order.
pub(crate) fn each<V: Visitor>(visitor: &mut V) -> Result<(), V::Error> {
    visitor.visit(META)?;
    visitor.visit(RUN)?;
    visitor.visit(EVENT)?;
    visitor.visit(SNAPSHOT)?;
    visitor.visit(LIVE)?;
    visitor.visit(TIMER)?;
    visitor.visit(RUN_BY_STATUS)?;
    visitor.visit(RUN_BY_WORKFLOW)?;
    visitor.visit(RUN_BY_PARENT)?;
    visitor.visit(RUN_BY_LABEL)?;
    visitor.visit(INQUIRY)?;
    visitor.visit(LOG)?;
    visitor.visit(KEY)?;
    visitor.visit(KEY_EXPIRY)?;
    visitor.visit(BLOB)?;
    visitor.visit(BLOB_REF)?;
    visitor.visit(BLOB_INFO)?;
    visitor.visit(WORKFLOW)?;
    visitor.visit(WORKFLOW_HEAD)?;
    visitor.visit(ACTION)?;
    visitor.visit(ACTION_HEAD)?;
    visitor.visit(PACK)?;
    visitor.visit(KV)?;
    visitor.visit(KV_EXPIRY)?;
    visitor.visit(KV_USE)?;
    visitor.visit(KV_VERSION)?;
    visitor.visit(SECRET)?;
    visitor.visit(TOKEN)
}

/// Returns a status as [`RUN_BY_STATUS`] has it.
pub(crate) fn status_key(status: RunStatus) -> u8 {
    match status {
        RunStatus::Requested => 0,
        RunStatus::Scheduling => 1,
        RunStatus::Scheduled => 2,
        RunStatus::Running => 3,
        RunStatus::Pausing => 4,
        RunStatus::Paused => 5,
        RunStatus::Canceling => 6,
        RunStatus::Completed => 7,
        RunStatus::Failed => 8,
        RunStatus::Timeout => 9,
        RunStatus::Cancelled => 10,
    }
}

/// Returns a workflow's ref as [`RUN_BY_WORKFLOW`] has it.
pub(crate) fn workflow_key(reference: &str) -> u64 {
    fnv(FNV_BASIS, reference.as_bytes())
}

/// Returns a label as [`RUN_BY_LABEL`] has it.
pub(crate) fn label_key(name: &str, value: &str) -> u64 {
    let name = fnv(FNV_BASIS, name.as_bytes());
    fnv(fnv(name, &[0xff]), value.as_bytes())
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits: stable for ever. Whoever reads an index compares the summaries too, so equal
/// hashes of different texts cost time, not correctness.
fn fnv(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_keys_never_change() {
        let statuses = RunStatus::ALL.map(status_key);
        assert_eq!(statuses, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!(workflow_key(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(workflow_key("foobar"), 0x8594_4171_f739_67e8);
        assert_ne!(label_key("a", "bc"), label_key("ab", "c"));
    }
}
