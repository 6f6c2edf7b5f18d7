//! What is checked of a request before anything is sent, and what is written into it then.

use std::net::IpAddr;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri, Version, header};
use wasmtime_wasi_http::{Error, WasiBody};

use super::session::{Refusal, Shared};
use super::target::Target;

/// The longest path with its query.
const MAX_PATH_BYTES: usize = 16 << 10;

/// The longest part of a path that a denial repeats.
const MAX_SHOWN_BYTES: usize = 200;

/// A request that may be sent.
pub(super) struct Checked {
    target: Target,
    /// The headers that hold placeholders, all of which may go to the target.
    secret: Vec<HeaderName>,
}

impl Checked {
    pub(super) fn target(&self) -> &Target {
        &self.target
    }
}

fn denied(text: String) -> Refusal {
    Refusal::Denied {
        text,
        code: Error::HttpRequestDenied,
    }
}

impl Shared {
    /// Checks a request by its words.
    pub(super) fn check(&self, request: &Request<WasiBody>) -> Result<Checked, Refusal> {
        let target = self.allow(request)?;
        let secret = self.secret_headers(request.headers(), &target)?;
        self.check_length(request.headers())?;
        Ok(Checked { target, secret })
    }

    /// Makes of a checked request one that names its host as it was checked and carries its
    /// secrets, now that the address is known that it goes to.
    pub(super) fn rewrite(
        &self,
        request: &mut Request<WasiBody>,
        checked: &Checked,
        address: IpAddr,
    ) -> Result<(), Refusal> {
        let target = &checked.target;
        let is_private = target.https || self.client.networks.names(address);
        if !checked.secret.is_empty() && !is_private {
            return Err(denied("secrets are sent over `https` only".into()));
        }
        self.reveal(request.headers_mut(), &checked.secret)?;
        set_address(request, target)
    }

    /// Checks a request's words, and returns where it goes.
    fn allow(&self, request: &Request<WasiBody>) -> Result<Target, Refusal> {
        let (method, uri) = (request.method().as_str(), request.uri());
        if matches!(method, "CONNECT" | "TRACE") {
            return Err(Refusal::Denied {
                text: format!("`{method}` is never allowed"),
                code: Error::HttpRequestMethodInvalid,
            });
        }
        let https = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) | None => return Err(Error::HttpRequestUriInvalid.into()),
        };
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let target = Target::parse(https, authority).map_err(|error| Refusal::Denied {
            text: format!("a request was refused: {error}"),
            code: Error::HttpRequestUriInvalid,
        })?;
        let path = uri.path();
        if uri
            .path_and_query()
            .is_some_and(|all| all.as_str().len() > MAX_PATH_BYTES)
        {
            return Err(Error::HttpRequestUriTooLong.into());
        }
        if !self
            .grants
            .http
            .iter()
            .any(|own| own.matches(method, &target, path))
        {
            let wanted = shown(method, &target, path);
            return Err(Refusal::Denied {
                text: format!("a request was denied: it needs the grant `http: [\"{wanted}\"]`"),
                code: Error::HttpRequestDenied,
            });
        }
        let ceiling = self.client.ceiling.as_ref();
        if ceiling.is_some_and(|all| !all.iter().any(|own| own.matches(method, &target, path))) {
            let wanted = shown(method, &target, path);
            return Err(Refusal::Denied {
                text: format!(
                    "a request was denied: it is granted, but the operator's `sandbox.http` \
                     does not allow `{wanted}`"
                ),
                code: Error::HttpRequestDenied,
            });
        }
        Ok(target)
    }

    /// Returns the names of headers that hold placeholders, all of which may go to `target`.
    fn secret_headers(
        &self,
        headers: &HeaderMap,
        target: &Target,
    ) -> Result<Vec<HeaderName>, Refusal> {
        let mut found = Vec::new();
        for (name, value) in headers {
            let held = self.placeholders.check(value, &target.host);
            let held = held.map_err(|misdirected| Refusal::Denied {
                text: format!(
                    "the secret `{0}` may not be sent to `{1}`: it needs the grant \
                     `secrets: {{{0}: {{hosts: [\"{1}\"]}}}}`",
                    misdirected.secret, target.host
                ),
                code: Error::HttpRequestDenied,
            })?;
            if held && !found.contains(name) {
                found.push(name.clone());
            }
        }
        Ok(found)
    }

    /// Puts secrets in the place of their placeholders.
    fn reveal(&self, headers: &mut HeaderMap, names: &[HeaderName]) -> Result<(), Refusal> {
        for name in names {
            if let header::Entry::Occupied(mut values) = headers.entry(name) {
                for value in values.iter_mut() {
                    *value = self
                        .placeholders
                        .replace(value)
                        .ok_or_else(|| Refusal::Denied {
                            text: format!("the secret in the header `{name}` is not fit for one"),
                            code: Error::HttpRequestDenied,
                        })?;
                }
            }
        }
        Ok(())
    }

    /// Refuses a body that says it is too large.
    fn check_length(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let limit = self.limits.request_bytes;
        match length(headers) {
            Some(size) if size > limit => Err(Error::HttpRequestBodySize(Some(limit)).into()),
            Some(_) | None => Ok(()),
        }
    }
}

/// Returns the size that headers tell.
pub(super) fn length(headers: &HeaderMap) -> Option<u64> {
    headers
        .get(header::CONTENT_LENGTH)?
        .to_str()
        .ok()?
        .parse()
        .ok()
}

/// Makes of a checked request one that names its host as it was checked, and nothing else.
fn set_address(request: &mut Request<WasiBody>, target: &Target) -> Result<(), Refusal> {
    let invalid = |_| Refusal::Failed(Error::HttpRequestUriInvalid);
    let path = request
        .uri()
        .path_and_query()
        .map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("/{path}")
    };
    *request.uri_mut() = Uri::builder()
        .path_and_query(path)
        .build()
        .map_err(invalid)?;
    *request.version_mut() = Version::HTTP_11;
    let host = HeaderValue::from_str(&target.authority());
    let host = host.map_err(|_| Error::HttpRequestUriInvalid)?;
    request.headers_mut().insert(header::HOST, host);
    Ok(())
}

/// Returns a request as a pattern would name it.
fn shown(method: &str, target: &Target, path: &str) -> String {
    let path = &path[..path.floor_char_boundary(MAX_SHOWN_BYTES)];
    format!(
        "{method} {}://{}{path}",
        target.scheme(),
        target.authority()
    )
}
