//! Patterns of requests: `METHOD scheme://host[:port]/path`.
//!
//! A method `*` is any; a host `*` is any, `*.example.com` everything below it; a port `:*` is
//! any, none is the scheme's own; a path that ends in `*` is a prefix.

use std::fmt;
use std::sync::Arc;

use super::target::{Host, Target, check_name, parse_port, split};

/// A pattern of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: Arc<str>,
    method: Option<Box<str>>,
    https: bool,
    host: HostPattern,
    /// `None` is any.
    port: Option<u16>,
    path: Box<str>,
    is_prefix: bool,
}

/// A pattern of hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    text: Arc<str>,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Any,
    /// `.example.com`.
    Below(Box<str>),
    Exactly(Host),
}

/// Why a pattern is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a pattern of requests: {problem}")]
pub struct PatternError {
    text: String,
    problem: String,
}

impl Pattern {
    /// Parses a pattern.
    ///
    /// # Errors
    /// If it is not of the form above.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse(text).map_err(|problem| PatternError {
            text: text.to_owned(),
            problem,
        })
    }

    /// Tells whether a request is one of those meant. `path` is without its query.
    pub fn matches(&self, method: &str, target: &Target, path: &str) -> bool {
        let method_fits = self.method.as_deref().is_none_or(|own| own == method);
        let port_fits = self.port.is_none_or(|port| port == target.port);
        method_fits
            && self.https == target.https
            && port_fits
            && self.host.matches(&target.host)
            && self.path_matches(path)
    }

    /// A prefix says nothing about a path that servers may rewrite to one outside of it.
    fn path_matches(&self, path: &str) -> bool {
        if !self.is_prefix {
            return *path == *self.path;
        }
        path.starts_with(&*self.path) && (&*self.path == "/" || is_plain(path))
    }

    /// Returns the pattern as written.
    pub fn as_text(&self) -> &Arc<str> {
        &self.text
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl HostPattern {
    /// Parses a pattern of hosts: `*`, `*.example.com`, a name or an address.
    ///
    /// # Errors
    /// If it is none of these.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let kind = parse_host(text).map_err(|problem| PatternError {
            text: text.to_owned(),
            problem,
        })?;
        Ok(Self {
            text: text.into(),
            kind,
        })
    }

    /// Tells whether a host is one of those meant.
    pub fn matches(&self, host: &Host) -> bool {
        match (&self.kind, host) {
            (Kind::Any, _) => true,
            (Kind::Below(end), Host::Name(name)) => name.ends_with(&**end),
            (Kind::Below(_), Host::Address(_)) => false,
            (Kind::Exactly(own), host) => own == host,
        }
    }

    /// Returns the pattern as written.
    pub fn as_text(&self) -> &Arc<str> {
        &self.text
    }
}

fn parse(text: &str) -> Result<Pattern, String> {
    let mut words = text.split_whitespace();
    let (Some(method), Some(url), None) = (words.next(), words.next(), words.next()) else {
        return Err("expected a method and a URL, as `GET https://api.example.com/v1/*`".into());
    };
    let (scheme, rest) = url
        .split_once("://")
        .ok_or("the URL has no scheme, expected `https://` or `http://`")?;
    let https = match scheme {
        "https" => true,
        "http" => false,
        _ => return Err(format!("the scheme `{scheme}` is not `https` or `http`")),
    };
    let slash = rest
        .find('/')
        .ok_or("the URL has no path; `/*` is every path")?;
    let (authority, path) = rest.split_at(slash);
    let (host, port) = split(authority).map_err(|error| error.to_string())?;
    let (path, is_prefix) = match path.strip_suffix('*') {
        Some(prefix) => (prefix, true),
        None => (path, false),
    };
    check_path(path)?;
    Ok(Pattern {
        text: text.into(),
        method: parse_method(method)?,
        https,
        host: HostPattern {
            text: host.into(),
            kind: parse_host(host)?,
        },
        port: match port {
            None if https => Some(443),
            None => Some(80),
            Some("*") => None,
            Some(port) => Some(parse_port(port).map_err(|error| error.to_string())?),
        },
        path: path.into(),
        is_prefix,
    })
}

fn parse_method(text: &str) -> Result<Option<Box<str>>, String> {
    match text {
        "*" => Ok(None),
        "CONNECT" | "TRACE" => Err(format!("`{text}` is never allowed")),
        _ if text.bytes().all(|byte| byte.is_ascii_uppercase()) => Ok(Some(text.into())),
        _ => Err(format!(
            "`{text}` is not a method, expected `*` or one in capitals"
        )),
    }
}

fn parse_host(text: &str) -> Result<Kind, String> {
    if text == "*" {
        return Ok(Kind::Any);
    }
    if let Some(name) = text.strip_prefix("*.") {
        let name = name.to_ascii_lowercase();
        check_name(&name).map_err(|error| error.to_string())?;
        return Ok(Kind::Below(format!(".{name}").into()));
    }
    let host = Host::parse(text).map_err(|error| error.to_string())?;
    Ok(Kind::Exactly(host))
}

fn check_path(path: &str) -> Result<(), String> {
    if path.contains('*') {
        return Err("`*` may stand in a path only at its end".into());
    }
    if path.contains(['?', '#']) {
        return Err("a pattern has no query and no fragment".into());
    }
    if !is_plain(path) {
        return Err("the path holds `..`, `.`, a backslash or an encoded slash".into());
    }
    Ok(())
}

/// Tells whether a path means the same to every server: no segment `.` or `..`, however written,
/// and nothing that some take for a slash.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase().replace("%2e", ".");
    let dots = lower.split('/').any(|segment| {
        let segment = segment.split(';').next().unwrap_or_default();
        segment == "." || segment == ".."
    });
    let slashes = ["%2f", "%5c", "\\", "%00", "%25"];
    !dots && !slashes.iter().any(|slash| lower.contains(slash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, method: &str, url: &str) -> bool {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_at(rest.find('/').unwrap());
        let target = Target::parse(scheme == "https", authority).unwrap();
        Pattern::parse(pattern)
            .unwrap()
            .matches(method, &target, path)
    }

    #[test]
    fn each_part_must_fit() {
        const PATTERN: &str = "POST https://api.example.com/v1/*";
        for (method, url, expected) in [
            ("POST", "https://api.example.com/v1/charge", true),
            ("POST", "https://API.example.com:443/v1/", true),
            ("GET", "https://api.example.com/v1/charge", false),
            ("POST", "http://api.example.com/v1/charge", false),
            ("POST", "https://api.example.com:8443/v1/charge", false),
            ("POST", "https://api.example.com.evil.example/v1/", false),
            ("POST", "https://evil.api.example.com/v1/", false),
            ("POST", "https://api.example.com/v2/charge", false),
            ("POST", "https://api.example.com/v1", false),
        ] {
            assert_eq!(matches(PATTERN, method, url), expected, "{method} {url}");
        }
    }

    #[test]
    fn wildcards_mean_what_they_say() {
        for (pattern, url, expected) in [
            ("* https://*/*", "https://a.example/x", true),
            ("* https://*/*", "https://192.0.2.1/x", true),
            ("* https://*.a.example/*", "https://b.a.example/", true),
            ("* https://*.a.example/*", "https://c.b.a.example/", true),
            ("* https://*.a.example/*", "https://a.example/", false),
            ("* https://*.a.example/*", "https://ba.example/", false),
            ("* http://a.example:*/*", "http://a.example:81/", true),
            ("* http://a.example:81/x", "http://a.example:81/x", true),
            ("* http://a.example:81/x", "http://a.example:81/xy", false),
            ("* http://[::1]:81/*", "http://[0:0::1]:81/", true),
        ] {
            assert_eq!(matches(pattern, "GET", url), expected, "{pattern} {url}");
        }
    }

    #[test]
    fn rewritten_paths_do_not_leave_their_prefix() {
        for path in [
            "/v1/../admin",
            "/v1/%2e%2e/admin",
            "/v1/.%2E/admin",
            "/v1/..;x/admin",
            "/v1/..%2fadmin",
            "/v1/%5c..%5cadmin",
            "/v1/%252e%252e/admin",
            "/v1/./x",
        ] {
            let url = format!("https://a.example{path}");
            assert!(
                !matches("GET https://a.example/v1/*", "GET", &url),
                "{path}"
            );
            assert!(matches("GET https://a.example/*", "GET", &url), "{path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (text, problem) in [
            ("https://a.example/", "a method and a URL"),
            ("GET a.example/", "no scheme"),
            ("GET ftp://a.example/", "`ftp`"),
            ("GET https://a.example", "`/*` is every path"),
            ("get https://a.example/", "not a method"),
            ("TRACE https://a.example/", "never allowed"),
            ("GET https://a.*.example/", "not a name"),
            ("GET https://u@a.example/", "user name"),
            ("GET https://127.1/", "is a number"),
            ("GET https://a.example:0/", "port"),
            ("GET https://a.example/*/x", "only at its end"),
            ("GET https://a.example/x?y", "query"),
            ("GET https://a.example/../*", "`..`"),
        ] {
            let error = Pattern::parse(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{text}: {error}");
        }
    }
}
