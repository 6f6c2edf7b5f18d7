//! Keeps other web pages away, in every mode of authentication: the host must be ours (else a name
//! that a page controls could be pointed here), and what changes state must not come from elsewhere.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, header};

use crate::error::{ApiError, Code, Result};

/// Checks host and origin.
pub(super) fn check(hosts: &[String], request: &Request) -> Result<()> {
    let host = host(request)?;
    if !is_ours(hosts, host.host()) {
        return Err(ApiError::new(
            Code::ForbiddenHost,
            format!(
                "host `{}` is neither loopback nor listed in `hosts`",
                host.host()
            ),
        ));
    }
    if matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    ) {
        return Ok(());
    }
    check_origin(request.headers(), &host)
}

/// Returns the host the client addresses; a target in absolute form must not disagree.
fn host(request: &Request) -> Result<Authority> {
    let wrong = || ApiError::new(Code::ForbiddenHost, "the request has no valid `host`");
    let mut named = request.headers().get_all(header::HOST).iter();
    let header = named
        .next()
        .map(|value| Authority::try_from(value.as_bytes()));
    if named.next().is_some() {
        return Err(wrong());
    }
    match (header, request.uri().authority()) {
        (Some(Ok(header)), None) => Ok(header),
        (None, Some(target)) => Ok(target.clone()),
        (Some(Ok(header)), Some(target)) if header == *target => Ok(header),
        (Some(_) | None, _) => Err(wrong()),
    }
}

fn is_ours(hosts: &[String], host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let loopback = bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    loopback || hosts.iter().any(|own| own.eq_ignore_ascii_case(host))
}

/// Browsers say where a request comes from; other programs say nothing and may pass.
fn check_origin(headers: &HeaderMap, host: &Authority) -> Result<()> {
    let same = match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) => matches!(site.as_bytes(), b"same-origin" | b"none"),
        (None, None) => true,
        (None, Some(origin)) => origin
            .to_str()
            .ok()
            .and_then(|text| text.split_once("://"))
            .is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host.as_str())),
    };
    if same {
        return Ok(());
    }
    Err(ApiError::new(
        Code::ForbiddenOrigin,
        "the request comes from a web page of another origin",
    ))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn check_headers(method: &str, headers: &[(&str, &str)]) -> Option<Code> {
        let mut request = Request::builder().method(method).uri("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::empty()).unwrap();
        check(&["Attune.example".to_owned()], &request)
            .err()
            .map(|error| error.code())
    }

    #[test]
    fn hosts_are_loopback_or_listed() {
        for host in [
            "localhost",
            "LOCALHOST:1",
            "127.9.9.9:80",
            "[::1]:7878",
            "attune.example:1",
        ] {
            assert_eq!(check_headers("GET", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "localhost@evil.example",
            "",
        ] {
            assert_eq!(
                check_headers("GET", &[("host", host)]),
                Some(Code::ForbiddenHost),
                "{host}"
            );
        }
        assert_eq!(check_headers("GET", &[]), Some(Code::ForbiddenHost));
        let two = [("host", "localhost"), ("host", "evil.example")];
        assert_eq!(check_headers("GET", &two), Some(Code::ForbiddenHost));
    }

    #[test]
    fn changes_come_from_our_own_pages_or_from_programs() {
        let host = ("host", "localhost:7878");
        for (header, allowed) in [
            (("sec-fetch-site", "same-origin"), true),
            (("sec-fetch-site", "none"), true),
            (("sec-fetch-site", "same-site"), false),
            (("sec-fetch-site", "cross-site"), false),
            (("origin", "http://localhost:7878"), true),
            (("origin", "http://localhost:9999"), false),
            (("origin", "null"), false),
        ] {
            let expected = (!allowed).then_some(Code::ForbiddenOrigin);
            assert_eq!(
                check_headers("POST", &[host, header]),
                expected,
                "{header:?}"
            );
            assert_eq!(check_headers("GET", &[host, header]), None);
        }
        assert_eq!(check_headers("DELETE", &[host]), None);
    }
}
