//! Errors of redb on their way out: every one becomes a [`StoreError`], damage told apart from
//! failing input and output.

use attune_driver::port::{CatalogError, StoreError};

/// What inner functions return.
pub(crate) type Outcome<T> = Result<T, Fault>;

/// A [`StoreError`] that `?` makes of redb's errors too.
#[derive(Debug)]
pub(crate) struct Fault(pub(crate) StoreError);

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        fault.0
    }
}

impl From<Fault> for CatalogError {
    fn from(fault: Fault) -> Self {
        Self::Store(fault.0)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl From<redb::Error> for Fault {
    fn from(error: redb::Error) -> Self {
        if let redb::Error::Corrupted(text) = error {
            return Self(StoreError::Corrupt(text.into()));
        }
        if matches!(error, redb::Error::DatabaseClosed) {
            return Self(StoreError::Closed);
        }
        Self(StoreError::Io(error.to_string().into()))
    }
}

macro_rules! from_redb {
    ($($error:ty),*) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                redb::Error::from(error).into()
            }
        }
    )*};
}
from_redb!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::DatabaseError,
    redb::CompactionError
);
