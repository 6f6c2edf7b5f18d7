//! Compares contents with their digests, and looks for those that revisions name.

use attune_core::Digest;
use attune_driver::port::{ActionRecord, WorkflowRecord};
use redb::{ReadTransaction, ReadableTable};

use super::Report;
use crate::catalog::revision::{self, Revision};
use crate::fault::Outcome;
use crate::table;

pub(super) fn check(tx: &ReadTransaction, report: &mut Report) -> Outcome<()> {
    let contents = tx.open_table(table::BLOB)?;
    for row in contents.iter()? {
        let (digest, content) = row?;
        let digest = Digest(*digest.value());
        report.contents += 1;
        if Digest::of(content.value()) != digest {
            report.tell(None, format!("content {digest:?} is damaged"));
        }
    }
    named::<WorkflowRecord>(tx, report)?;
    named::<ActionRecord>(tx, report)
}

fn named<R: Revision>(tx: &ReadTransaction, report: &mut Report) -> Outcome<()> {
    let contents = tx.open_table(table::BLOB_INFO)?;
    let records = tx.open_table(R::RECORDS)?;
    for row in records.iter()? {
        let (key, stored) = row?;
        let (reference, number) = key.value();
        let place = format!("{} `{reference}@{number}`", R::NAME);
        match revision::decode::<R>(key.value(), stored.value()) {
            Err(fault) => report.tell(None, format!("{place}: {}", fault.0)),
            Ok(record) => {
                if ReadableTable::get(&contents, &record.digest().0)?.is_none() {
                    report.tell(None, format!("{place}: its content is missing"));
                }
            }
        }
    }
    Ok(())
}
