//! What a reference of a workflow file means: an action, else a workflow.

use attune_driver::port::{ActionRecord, Catalog, StoreError, WorkflowRecord};

use super::reference::{Version, split};

/// What a reference turned out to be.
pub(super) enum Found {
    /// An action.
    Action(Box<ActionRecord>),
    /// A workflow.
    Workflow(Box<WorkflowRecord>),
    /// An action that nobody has approved.
    Unapproved(Box<ActionRecord>),
    /// Nothing.
    Nothing,
}

/// Looks a reference up.
pub(super) async fn find(
    catalog: &dyn Catalog,
    reference: &str,
    workflow_only: bool,
) -> Result<Found, StoreError> {
    let Some((name, version)) = split(reference) else {
        return Ok(Found::Nothing);
    };
    let mut unapproved = None;
    if !workflow_only {
        match action(catalog, name, version).await? {
            Some(found) if found.approved => return Ok(Found::Action(Box::new(found))),
            found => unapproved = found,
        }
    }
    if let Some(found) = workflow(catalog, name, version).await? {
        return Ok(Found::Workflow(Box::new(found)));
    }
    Ok(unapproved.map_or(Found::Nothing, |found| Found::Unapproved(Box::new(found))))
}

/// The action that is meant, or an unapproved one of that name.
async fn action(
    catalog: &dyn Catalog,
    name: &str,
    version: Version,
) -> Result<Option<ActionRecord>, StoreError> {
    let found = match version {
        Version::Newest => catalog.action(name, None).await?,
        Version::Revision(revision) => catalog.action(name, Some(revision)).await?,
        Version::Content(_) => None,
    };
    if found.is_some() {
        return Ok(found);
    }
    let versions = catalog.action_versions(name).await?;
    Ok(versions.into_iter().find(|record| match version {
        Version::Newest => true,
        Version::Revision(revision) => record.revision == revision,
        Version::Content(digest) => record.digest == digest,
    }))
}

async fn workflow(
    catalog: &dyn Catalog,
    name: &str,
    version: Version,
) -> Result<Option<WorkflowRecord>, StoreError> {
    match version {
        Version::Newest => catalog.workflow(name, None).await,
        Version::Revision(revision) => catalog.workflow(name, Some(revision)).await,
        Version::Content(digest) => {
            let versions = catalog.workflow_versions(name).await?;
            Ok(versions.into_iter().find(|record| record.digest == digest))
        }
    }
}
