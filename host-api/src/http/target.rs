//! Where a request goes, in one spelling only: whatever could be read in two ways is refused.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

/// The longest name that the domain name system has.
const MAX_NAME_BYTES: usize = 253;

/// The longest part between two dots of a name.
const MAX_LABEL_BYTES: usize = 63;

/// A host, by name or by address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in lower case.
    Name(Arc<str>),
    /// An address.
    Address(IpAddr),
}

/// Scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Whether it is `https`; else `http`.
    pub https: bool,
    /// The host.
    pub host: Host,
    /// The port.
    pub port: u16,
}

/// Why an authority is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// There is none.
    #[error("there is no host")]
    Missing,
    /// `user:password@host`.
    #[error("the host has a user name or password before it")]
    UserInfo,
    /// Such as `0x7f000001`, `017700000001` or `127.1`.
    #[error("the host is a number, but not an address of four numbers or in brackets")]
    Number,
    /// Characters or lengths that no name has.
    #[error("the host is not a name or an address")]
    Name,
    /// Not between 1 and 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
}

impl Target {
    /// Parses the authority of a request, `host` or `host:port`.
    ///
    /// # Errors
    /// If it is not written in the one accepted way.
    pub fn parse(https: bool, authority: &str) -> Result<Self, TargetError> {
        let (host, port) = split(authority)?;
        let default = if https { 443 } else { 80 };
        Ok(Self {
            https,
            host: Host::parse(host)?,
            port: port.map_or(Ok(default), parse_port)?,
        })
    }

    /// Returns `host` or, where the port is not the scheme's own, `host:port`.
    pub fn authority(&self) -> String {
        let default = if self.https { 443 } else { 80 };
        if self.port == default {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Returns the scheme.
    pub fn scheme(&self) -> &'static str {
        if self.https { "https" } else { "http" }
    }
}

impl Host {
    /// Parses a host; an IPv6 address stands in brackets.
    ///
    /// # Errors
    /// If it is neither a name nor an address in its usual form.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.is_empty() {
            return Err(TargetError::Missing);
        }
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or(TargetError::Name)?;
            let address: Ipv6Addr = inner.parse().map_err(|_| TargetError::Name)?;
            return Ok(Self::Address(address.into()));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(address.into()));
        }
        let name = text.to_ascii_lowercase();
        check_name(&name)?;
        Ok(Self::Name(name.into()))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Splits host and port.
pub(super) fn split(authority: &str) -> Result<(&str, Option<&str>), TargetError> {
    if authority.contains('@') {
        return Err(TargetError::UserInfo);
    }
    if authority.starts_with('[') {
        let end = authority.find(']').ok_or(TargetError::Name)? + 1;
        let (host, rest) = authority.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if rest.is_empty() => Ok((host, None)),
            None => Err(TargetError::Name),
        };
    }
    Ok(match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    })
}

pub(super) fn parse_port(text: &str) -> Result<u16, TargetError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TargetError::Port);
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(TargetError::Port),
        Ok(port) => Ok(port),
    }
}

/// Checks a name in lower case. One whose last part is a number is an address to many libraries
/// (`127.1`, `0x7f000001`), so it is none here.
pub(super) fn check_name(name: &str) -> Result<(), TargetError> {
    if name.len() > MAX_NAME_BYTES {
        return Err(TargetError::Name);
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let fits = |label: &str| {
        let inner = label.bytes().all(|byte| letter(byte) || byte == b'-');
        let edges = label.starts_with('-') || label.ends_with('-');
        !label.is_empty() && label.len() <= MAX_LABEL_BYTES && inner && !edges
    };
    if !name.split('.').all(fits) {
        return Err(TargetError::Name);
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit())
        || last
            .strip_prefix("0x")
            .is_some_and(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_number {
        return Err(TargetError::Number);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_have_one_spelling() {
        for (text, expected) in [
            ("API.example.com", "api.example.com"),
            ("api.example.com:443", "api.example.com"),
            ("api.example.com:8443", "api.example.com:8443"),
            ("192.0.2.1", "192.0.2.1"),
            ("[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ] {
            let target = Target::parse(true, text).unwrap();
            assert_eq!(target.authority(), expected, "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        use TargetError::{Missing, Name, Number, Port, UserInfo};
        for (text, expected) in [
            ("", Missing),
            (":80", Missing),
            ("user@example.com", UserInfo),
            ("example.com:80@evil.example", UserInfo),
            ("2130706433", Number),
            ("0x7f000001", Number),
            ("0x7f.0.0.1", Number),
            ("0177.0.0.1", Number),
            ("127.1", Number),
            ("127.0.0.01", Number),
            ("example.0x", Number),
            ("example.com.", Name),
            ("exa mple.com", Name),
            ("ex%61mple.com", Name),
            ("bücher.example", Name),
            ("a..b", Name),
            ("-a.example", Name),
            ("[::1", Name),
            ("[::1]x", Name),
            ("[fe80::1%25eth0]", Name),
            ("::1", Missing),
            ("example.com:", Port),
            ("example.com:0", Port),
            ("example.com:65536", Port),
            ("example.com:+80", Port),
            ("example.com:80:80", Port),
        ] {
            assert_eq!(Target::parse(false, text), Err(expected), "{text}");
        }
    }
}
