//! Tokens and who holds them.

use std::sync::Arc;

use attune_driver::port::{Role, TokenRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::Time;
use crate::auth::role_name;
use crate::extract::Name;

/// A token, without its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenView {
    /// Its name.
    #[schema(example = "ci")]
    name: Arc<str>,
    /// Its role.
    role: &'static str,
    /// Packs it is limited to; none is all.
    packs: Vec<Arc<str>>,
    /// When it ends.
    expires: Option<Time>,
    /// When it was made.
    created: Option<Time>,
}

/// A new token, with its text: shown this once.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = NewToken)]
pub(crate) struct NewTokenView {
    #[serde(flatten)]
    pub(crate) record: TokenView,
    /// The text, for `authorization: Bearer`.
    #[schema(example = "att_…")]
    pub(crate) token: String,
}

/// Makes a token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MakeToken)]
pub(crate) struct MakeTokenBody {
    /// Its name: another token of that name ends.
    #[schema(value_type = String, pattern = "^[a-z][a-z0-9_-]{0,62}$")]
    pub(crate) name: Name,
    /// Its role.
    pub(crate) role: RoleView,
    /// Packs it is limited to; none is all.
    #[serde(default)]
    #[schema(inline, max_items = 100)]
    pub(crate) packs: Vec<Name>,
    /// How long it lives, like `30d`; 90 days unless given.
    #[schema(example = "30d", pattern = "^[1-9][0-9]{0,2}(s|m|h)$|^[1-9][0-9]?d$")]
    pub(crate) expires_in: Option<String>,
}

/// What a token may do; each includes the ones before it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = Role)]
pub(crate) enum RoleView {
    /// Look.
    Read,
    /// Start and steer runs, answer inquiries.
    Run,
    /// Packs, actions, workflows, rules.
    Deploy,
    /// Everything.
    Admin,
}

impl From<RoleView> for Role {
    fn from(role: RoleView) -> Self {
        match role {
            RoleView::Read => Self::Read,
            RoleView::Run => Self::Run,
            RoleView::Deploy => Self::Deploy,
            RoleView::Admin => Self::Admin,
        }
    }
}

impl From<&TokenRecord> for TokenView {
    fn from(record: &TokenRecord) -> Self {
        let created = (record.created.0 > 0).then(|| record.created.into());
        Self {
            name: record.name.clone(),
            role: role_name(record.role),
            packs: record.packs.clone(),
            expires: record.expires.map(Time),
            created,
        }
    }
}
