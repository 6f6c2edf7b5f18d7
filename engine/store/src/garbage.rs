//! Contents and revisions that nothing needs any more.
//!
//! A content stays while a revision names it, while one of the runs that may be pinned to it is
//! kept, or while it is new and without a revision. The newest revision of a ref and the newest
//! approved one stay, and of those no run needs the newest few.

use std::collections::HashSet;

use attune_core::{Digest, Timestamp};
use attune_driver::port::{ActionRecord, StoreError, WorkflowRecord};
use redb::{ReadableTable, Table, WriteTransaction};

use crate::blob;
use crate::catalog::revision::{self, Revision};
use crate::fault::Outcome;
use crate::table::{self, Hash};

/// So many revisions of a ref are kept though no run needs them.
const KEEP_UNUSED: usize = 20;
/// One commit removes at most so much, so that it holds nobody up.
const MAX_REMOVED: usize = 200;

/// Removes revisions and contents that nothing needs, at most [`MAX_REMOVED`] of each; returns how
/// many contents went.
pub(crate) fn collect(tx: &WriteTransaction, now: Timestamp) -> Outcome<Result<usize, StoreError>> {
    let runs = Runs::open(tx)?;
    let mut named = HashSet::new();
    prune::<WorkflowRecord>(tx, &runs, |_| true, &mut named)?;
    prune::<ActionRecord>(tx, &runs, |action| action.approved, &mut named)?;
    let unused = unused(tx, &runs, &named, now)?;
    drop(runs);
    for digest in &unused {
        blob::remove(tx, *digest)?;
    }
    Ok(Ok(unused.len()))
}

/// Tells which contents runs may be pinned to.
struct Runs<'tx> {
    references: Table<'tx, (&'static Hash, u64), ()>,
    runs: Table<'tx, u64, &'static [u8]>,
}

impl<'tx> Runs<'tx> {
    fn open(tx: &'tx WriteTransaction) -> Outcome<Self> {
        Ok(Self {
            references: tx.open_table(table::BLOB_REF)?,
            runs: tx.open_table(table::RUN)?,
        })
    }

    fn need(&self, digest: Digest) -> Outcome<bool> {
        let groups = (&digest.0, 0)..=(&digest.0, u64::MAX);
        for group in self.references.range(groups)? {
            let first = group?.0.value().1 * table::RUNS_PER_REFERENCE;
            let group = first..first + table::RUNS_PER_REFERENCE;
            if self.runs.range(group)?.next().is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Removes revisions of one kind that nothing needs; notes the contents of all others.
fn prune<R: Revision>(
    tx: &WriteTransaction,
    runs: &Runs<'_>,
    usable: impl Fn(&R) -> bool,
    named: &mut HashSet<Digest>,
) -> Outcome<()> {
    let mut records = tx.open_table(R::RECORDS)?;
    let mut unneeded = Vec::new();
    let mut spared = Spared::default();
    // Backwards: of each ref the newest comes first.
    for row in records.iter()?.rev() {
        let (key, stored) = row?;
        let record: R = revision::decode(key.value(), stored.value())?;
        let spare = spared.spares(&record, usable(&record));
        let full = unneeded.len() == MAX_REMOVED;
        if spare || full || runs.need(record.digest())? || spared.another() {
            named.insert(record.digest());
        } else {
            unneeded.push((record.reference().clone(), record.revision()));
        }
    }
    for (reference, number) in &unneeded {
        records.remove((&**reference, *number))?;
    }
    Ok(())
}

/// What is spared of the ref at hand.
#[derive(Default)]
struct Spared {
    reference: Option<std::sync::Arc<str>>,
    usable: bool,
    unused: usize,
}

impl Spared {
    /// Tells whether a revision is the newest one of its ref, or the newest usable one.
    fn spares<R: Revision>(&mut self, record: &R, usable: bool) -> bool {
        let newest = self.reference.as_ref() != Some(record.reference());
        if newest {
            *self = Self {
                reference: Some(record.reference().clone()),
                ..Self::default()
            };
        }
        let first_usable = usable && !self.usable;
        self.usable |= usable;
        newest || first_usable
    }

    /// Spares another revision that no run needs, if there are not too many.
    fn another(&mut self) -> bool {
        self.unused += 1;
        self.unused <= KEEP_UNUSED
    }
}

fn unused(
    tx: &WriteTransaction,
    runs: &Runs<'_>,
    named: &HashSet<Digest>,
    now: Timestamp,
) -> Outcome<Vec<Digest>> {
    let infos = tx.open_table(table::BLOB_INFO)?;
    let mut unused = Vec::new();
    for row in infos.iter()? {
        let (digest, info) = row?;
        let digest = Digest(*digest.value());
        let kept = info.value().1 > now.0 || named.contains(&digest);
        if !kept && !runs.need(digest)? {
            unused.push(digest);
        }
        if unused.len() == MAX_REMOVED {
            break;
        }
    }
    Ok(unused)
}
