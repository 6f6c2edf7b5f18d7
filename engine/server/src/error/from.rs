//! What the ports' errors mean to a client.

use attune_core::diagnostics::{Diagnostic, Severity};
use attune_core::step::Refusal;
use attune_driver::handle::{CommandError, StartError};
use attune_driver::port::{CatalogError, InspectError, StoreError};

use super::{ApiError, Code, Item};

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::DiskFull => Self::new(
                Code::DiskFull,
                "the server's disk is almost full: free some space there",
            )
            .retry_after(60),
            StoreError::Closed => Self::new(Code::Stopping, "the server is stopping"),
            StoreError::Io(_) | StoreError::Corrupt(_) => Self::internal(&error),
        }
    }
}

impl From<StartError> for ApiError {
    fn from(error: StartError) -> Self {
        match error {
            StartError::KeyReused => Self::new(
                Code::KeyReused,
                "the `idempotency-key` came before with another body: use a new key",
            ),
            StartError::Busy => Self::new(Code::Busy, "too much is under way: try again later"),
            StartError::Stopping => Self::new(Code::Stopping, "the server is stopping"),
            StartError::Store(error) => error.into(),
        }
    }
}

impl From<CommandError> for ApiError {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(run) => Self::not_found("run", run),
            CommandError::Refused(refusal) => refusal.into(),
            CommandError::KeyReused => StartError::KeyReused.into(),
            CommandError::Busy => Self::new(Code::Busy, "too much is under way: try again later"),
            CommandError::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let code = match &refusal {
            Refusal::Stale | Refusal::Forbidden(_) => Code::StateForbids,
            Refusal::NotWaiting(_) => Code::NotWaiting,
            Refusal::RerunActive => Code::RerunActive,
            Refusal::RerunNothing => Code::RerunNothing,
            Refusal::RerunNotRun(_) => Code::RerunNotRun,
            Refusal::Illegal(_) => return Self::internal(&refusal),
        };
        Self::new(code, refusal.to_string())
    }
}

impl From<CatalogError> for ApiError {
    fn from(error: CatalogError) -> Self {
        let code = match error {
            CatalogError::Store(error) => return error.into(),
            CatalogError::Exists(_) => Code::AlreadyExists,
            CatalogError::NotFound(_) => Code::NotFound,
            CatalogError::Changed(_) => Code::PreconditionFailed,
            CatalogError::InUse { .. } => Code::InUse,
            CatalogError::Limit(_) => Code::LimitReached,
        };
        Self::new(code, error.to_string())
    }
}

impl From<InspectError> for ApiError {
    fn from(error: InspectError) -> Self {
        let code = match error.code {
            "busy" => Code::Overloaded,
            "too_large" => Code::TooLarge,
            _ => Code::InvalidComponent,
        };
        let item = Item {
            fix: error.hint,
            ..Item::at("", error.message.as_str()).code(error.code)
        };
        Self::new(code, error.message).item(item)
    }
}

impl From<&Diagnostic> for Item {
    fn from(diagnostic: &Diagnostic) -> Self {
        Self {
            pointer: diagnostic.pointer.clone(),
            message: diagnostic.message.clone(),
            code: Some(diagnostic.code.into()),
            line: Some(diagnostic.line),
            column: Some(diagnostic.column),
            fix: diagnostic.fix.clone(),
        }
    }
}

impl ApiError {
    /// Makes the problem of a workflow file with errors.
    pub(crate) fn workflow(diagnostics: &[Diagnostic]) -> Self {
        let items: Vec<Item> = diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .map(Item::from)
            .collect();
        let detail = match items.as_slice() {
            [only] => only.message.clone(),
            [first, rest @ ..] => format!("{} (and {} more)", first.message, rest.len()),
            [] => "the file has no definition".to_owned(),
        };
        Self::new(Code::InvalidWorkflow, detail).items(items)
    }
}
