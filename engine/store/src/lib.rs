//! The embedded store: the only crate that names redb.
