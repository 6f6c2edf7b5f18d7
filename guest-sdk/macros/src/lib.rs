//! The #[action] attribute of the Attune SDK.
