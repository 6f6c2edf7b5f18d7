//! Puts the standard actions into an engine's catalog. What they say about themselves is known, so
//! that none is compiled before it is used.

use attune_core::{Digest, Timestamp, Value};
use attune_driver::port::{ActionRecord, Catalog, Clock as _, Inspection};
use attune_driver::system::SystemClock;
use attune_runtime::Runtime;
use bytes::Bytes;

use crate::output::error::{Context, Result};
use crate::standard::{STANDARD_ACTIONS, StandardAction};

/// Installs the standard actions that `wanted` names and the catalog does not hold yet.
///
/// # Errors
/// If one cannot be read or stored.
pub(crate) async fn standard(
    catalog: &dyn Catalog,
    runtime: &Runtime,
    wanted: impl Fn(&str) -> bool,
) -> Result {
    let chosen = STANDARD_ACTIONS
        .iter()
        .filter(|action| wanted(action.reference));
    let all = chosen.map(|action| install(catalog, runtime, action));
    futures::future::try_join_all(all).await.map(drop)
}

async fn install(catalog: &dyn Catalog, runtime: &Runtime, action: &StandardAction) -> Result {
    let failed = || format!("cannot install the standard action `{}`", action.reference);
    let content = Digest::of(action.component);
    let before = catalog
        .action(action.reference, None)
        .await
        .context(failed)?;
    if before.is_some_and(|before| before.content == content) {
        return Ok(());
    }
    let about = Value::from_json(action.about.as_bytes()).context(failed)?;
    let component = Bytes::from_static(action.component);
    let found = runtime.foreknown(component, &about).context(failed)?;
    let component = found.component.clone();
    let record = record(action.reference, content, found);
    catalog
        .put_action(record, component)
        .await
        .context(failed)
        .map(drop)
}

/// Makes the record of a standard action. Revision and creation are the store's to set.
fn record(reference: &str, content: Digest, found: Inspection) -> ActionRecord {
    ActionRecord {
        reference: reference.into(),
        revision: 0,
        digest: found.digest,
        content,
        invocation: found.invocation,
        pure: found.pure,
        cacheable: found.cacheable,
        limits: found.limits,
        parameters: found.parameters,
        output: found.output,
        summary: found.summary,
        description: found.description,
        exports: found.exports,
        imports: found.imports,
        manifest: Value::Null,
        grants: found.grants,
        approved: true,
        size_bytes: found.component.len() as u64,
        builtin: true,
        created: Timestamp(0),
        updated: SystemClock::default().now(),
    }
}
