//! Who asks, and what they may do: bearer tokens, roles and packs.
//!
//! Every handler of the API takes one of [`Reader`], [`Runner`], [`Deployer`] or [`Admin`], so no
//! route is open by omission. Tokens are stored as SHA-256 and never logged.

mod caller;
mod first;
mod throttle;
mod token;

pub(crate) use caller::{Admin, Caller, Deployer, Peer, Reader, Runner, role_name};
pub use first::{FirstToken, FirstTokenError, first_token};
pub(crate) use throttle::Throttle;
pub use token::Token;
