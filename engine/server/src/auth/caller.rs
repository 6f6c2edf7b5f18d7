//! The caller of a request, as extractors that demand a role.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Deref;
use std::sync::Arc;

use attune_core::{Digest, Timestamp, pack_of};
use attune_driver::port::{Role, TokenRecord};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use super::token::Token;
use crate::clock;
use crate::config::AuthMode;
use crate::error::{ApiError, Code, Result};
use crate::state::App;

/// The address a request came from; absent in process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// Returns the address of a request.
    pub(crate) fn of(parts: &Parts) -> IpAddr {
        parts
            .extensions
            .get::<Self>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |peer| peer.0)
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    token: Arc<TokenRecord>,
}

impl Caller {
    /// Everybody, where no token is asked for.
    fn anyone() -> Self {
        let token = TokenRecord {
            hash: Digest([0; 32]),
            name: "anonymous".into(),
            role: Role::Admin,
            packs: Vec::new(),
            expires: None,
            created: Timestamp(0),
        };
        Self {
            token: Arc::new(token),
        }
    }

    /// Returns the token's record.
    pub(crate) fn token(&self) -> &TokenRecord {
        &self.token
    }

    /// Returns the name that runs show.
    pub(crate) fn name(&self) -> Arc<str> {
        self.token.name.clone()
    }

    /// Tells whether the token reaches a pack.
    pub(crate) fn sees(&self, pack: &str) -> bool {
        self.token.packs.is_empty() || self.token.packs.iter().any(|own| &**own == pack)
    }

    /// Refuses what is in a pack that the token does not reach.
    pub(crate) fn check_pack(&self, pack: &str) -> Result<()> {
        if self.sees(pack) {
            return Ok(());
        }
        Err(ApiError::new(
            Code::ForbiddenScope,
            format!("the token does not reach pack `{pack}`"),
        ))
    }

    /// Refuses a ref in a pack that the token does not reach.
    pub(crate) fn check_ref(&self, reference: &str) -> Result<()> {
        self.check_pack(pack_of(reference))
    }

    /// Refuses what concerns all packs to a token that is limited to some.
    pub(crate) fn check_everything(&self) -> Result<()> {
        if self.token.packs.is_empty() {
            return Ok(());
        }
        Err(ApiError::new(
            Code::ForbiddenScope,
            "the token is limited to some packs, and this concerns all",
        ))
    }

    /// Refuses a role below `role`.
    pub(crate) fn check_role(&self, role: Role) -> Result<()> {
        if self.token.role >= role {
            return Ok(());
        }
        Err(ApiError::new(
            Code::ForbiddenRole,
            format!(
                "this needs the role `{}`, the token has `{}`",
                role_name(role),
                role_name(self.token.role)
            ),
        ))
    }
}

/// Returns the word for a role.
pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Read => "read",
        Role::Run => "run",
        Role::Deploy => "deploy",
        Role::Admin => "admin",
    }
}

/// Finds out who asks.
async fn authenticate(parts: &Parts, app: &App) -> Result<Caller> {
    if app.config.auth == AuthMode::None {
        return Ok(Caller::anyone());
    }
    let Some(given) = parts.headers.get(header::AUTHORIZATION) else {
        return Err(unauthenticated(
            "send `authorization: Bearer att_…`; the first token is in `admin.token` of the data directory",
        ));
    };
    let token = given
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .and_then(|(_, text)| Token::parse(text.trim()));
    let record = match &token {
        Some(token) => find(token, app).await?,
        None => None,
    };
    match record {
        Some(token) => Ok(Caller { token }),
        None => Err(login_failed(Peer::of(parts), app)),
    }
}

/// Looks a token up, in what is kept of this generation first.
async fn find(token: &Token, app: &App) -> Result<Option<Arc<TokenRecord>>> {
    let hash = token.hash();
    let generation = app.catalog.generation();
    let kept = generation.and_then(|generation| app.tokens.get(generation, &hash));
    let record = match kept {
        Some(record) => Some(record),
        None => app.catalog.token(hash).await?.map(Arc::new),
    };
    let Some(record) = record.filter(|record| token.matches(&record.hash)) else {
        return Ok(None);
    };
    if let Some(generation) = generation {
        app.tokens.put(generation, hash, record.clone(), 1);
    }
    let alive = record.expires.is_none_or(|end| clock::now() < end);
    Ok(alive.then_some(record))
}

fn login_failed(address: IpAddr, app: &App) -> ApiError {
    match app.throttle.failed(address) {
        None => unauthenticated("the token is unknown, mistyped or expired"),
        Some(seconds) => ApiError::new(
            Code::TooManyLogins,
            "too many failed logins from this address: wait a minute",
        )
        .retry_after(seconds),
    }
}

fn unauthenticated(detail: &'static str) -> ApiError {
    ApiError::new(Code::Unauthenticated, detail)
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident = $role:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(Caller);

        impl Deref for $name {
            type Target = Caller;

            fn deref(&self) -> &Caller {
                &self.0
            }
        }

        impl FromRequestParts<App> for $name {
            type Rejection = ApiError;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
                let caller = authenticate(parts, app).await?;
                caller.check_role(Role::$role)?;
                Ok(Self(caller))
            }
        }
    )*};
}
roles! {
    /// A caller who may look.
    Reader = Read;
    /// A caller who may start and steer runs.
    Runner = Run;
    /// A caller who may change packs, actions, workflows.
    Deployer = Deploy;
    /// A caller who may do everything.
    Admin = Admin;
}
