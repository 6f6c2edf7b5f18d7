//! Which addresses a request may go to: public ones, and those of ranges that the operator allows.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses, `10.0.0.0/8` or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    address: IpAddr,
    prefix: u8,
}

/// Text that is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a range of addresses, as `10.1.0.0/16`")]
pub struct RangeError(String);

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        let error = || RangeError(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| error())?,
            None => most,
        };
        if prefix > most {
            return Err(error());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

impl Range {
    const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Self {
        Self {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            prefix,
        }
    }

    const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Self {
        Self {
            address: IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)),
            prefix,
        }
    }

    /// Tells whether `address` is in the range.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let (own, other) = (u32::from(own), u32::from(other));
                let different = (own ^ other).checked_shr(32 - u32::from(self.prefix));
                different.unwrap_or(0) == 0
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let (own, other) = (u128::from(own), u128::from(other));
                let different = (own ^ other).checked_shr(128 - u32::from(self.prefix));
                different.unwrap_or(0) == 0
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// What IPv4 ranges that are not public are for.
const V4: &[(Range, &str)] = &[
    (Range::v4(0, 0, 0, 0, 8), "unspecified"),
    (Range::v4(10, 0, 0, 0, 8), "private"),
    (Range::v4(100, 64, 0, 0, 10), "shared by a carrier"),
    (Range::v4(127, 0, 0, 0, 8), "loopback"),
    (Range::v4(168, 63, 129, 16, 32), "a cloud's metadata"),
    (Range::v4(169, 254, 0, 0, 16), "link-local or metadata"),
    (Range::v4(172, 16, 0, 0, 12), "private"),
    (Range::v4(192, 0, 0, 0, 24), "reserved"),
    (Range::v4(192, 0, 2, 0, 24), "for documentation"),
    (Range::v4(192, 88, 99, 0, 24), "a relay of IPv6 over IPv4"),
    (Range::v4(192, 168, 0, 0, 16), "private"),
    (Range::v4(198, 18, 0, 0, 15), "for measurements"),
    (Range::v4(198, 51, 100, 0, 24), "for documentation"),
    (Range::v4(203, 0, 113, 0, 24), "for documentation"),
    (Range::v4(224, 0, 0, 0, 4), "multicast"),
    (Range::v4(240, 0, 0, 0, 4), "reserved or broadcast"),
];

/// The one IPv6 range that is public, but for those below.
const V6_PUBLIC: Range = Range::v6(0x2000, 0, 0, 3);

/// Ranges in the public one that are not. Those that carry an IPv4 address are refused whole:
/// what they reach is decided elsewhere.
const V6: &[(Range, &str)] = &[
    (Range::v6(0x2001, 0, 0, 23), "a tunnel or reserved"),
    (Range::v6(0x2001, 0xdb8, 0, 32), "for documentation"),
    (Range::v6(0x2002, 0, 0, 16), "IPv4 in IPv6"),
    (Range::v6(0x3fff, 0, 0, 20), "for documentation"),
];

/// What IPv6 ranges outside of the public one are for, for messages.
const V6_OTHER: &[(Range, &str)] = &[
    (Range::v6(0x64, 0xff9b, 0, 32), "IPv4 in IPv6 (NAT64)"),
    (Range::v6(0xfc00, 0, 0, 7), "private"),
    (Range::v6(0xfe80, 0, 0, 10), "link-local"),
    (Range::v6(0xff00, 0, 0, 8), "multicast"),
];

/// The ranges that the operator allows beside public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<Range>);

impl Networks {
    /// Tells whether the operator allows `address` by a range of its own.
    pub fn names(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(address))
    }

    /// Checks an address; the error says what it is.
    ///
    /// # Errors
    /// If it is not public and in none of the ranges.
    pub fn check(&self, address: IpAddr) -> Result<(), &'static str> {
        if self.names(address) {
            return Ok(());
        }
        not_public(address).map_or(Ok(()), Err)
    }
}

/// Says what an address is, if it is not public.
fn not_public(address: IpAddr) -> Option<&'static str> {
    let among = |ranges: &[(Range, &'static str)]| {
        let found = ranges.iter().find(|(range, _)| range.contains(address));
        found.map(|(_, what)| *what)
    };
    match address {
        IpAddr::V4(_) => among(V4),
        IpAddr::V6(_) if V6_PUBLIC.contains(address) => among(V6),
        IpAddr::V6(inner) if inner.is_loopback() => Some("loopback"),
        IpAddr::V6(inner) if inner.is_unspecified() => Some("unspecified"),
        IpAddr::V6(inner) if inner.to_ipv4().is_some() => Some("IPv4 in IPv6"),
        IpAddr::V6(_) => Some(among(V6_OTHER).unwrap_or("reserved")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_pass() {
        for (address, expected) in [
            ("1.1.1.1", None),
            ("172.32.0.1", None),
            ("100.128.0.1", None),
            ("2606:4700::1", None),
            ("127.0.0.1", Some("loopback")),
            ("127.255.0.9", Some("loopback")),
            ("0.0.0.0", Some("unspecified")),
            ("10.0.0.1", Some("private")),
            ("172.31.255.255", Some("private")),
            ("192.168.1.1", Some("private")),
            ("169.254.169.254", Some("link-local or metadata")),
            ("168.63.129.16", Some("a cloud's metadata")),
            ("100.100.100.200", Some("shared by a carrier")),
            ("224.0.0.1", Some("multicast")),
            ("255.255.255.255", Some("reserved or broadcast")),
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("::ffff:127.0.0.1", Some("IPv4 in IPv6")),
            ("::ffff:1.1.1.1", Some("IPv4 in IPv6")),
            ("::7f00:1", Some("IPv4 in IPv6")),
            ("64:ff9b::7f00:1", Some("IPv4 in IPv6 (NAT64)")),
            ("64:ff9b:1::a00:1", Some("IPv4 in IPv6 (NAT64)")),
            ("2002:7f00:1::", Some("IPv4 in IPv6")),
            ("2001:0:7f00:1::", Some("a tunnel or reserved")),
            ("fd00:ec2::254", Some("private")),
            ("fe80::1", Some("link-local")),
            ("fec0::1", Some("reserved")),
            ("ff02::1", Some("multicast")),
            ("2001:db8::1", Some("for documentation")),
        ] {
            let found = Networks::default().check(address.parse().unwrap()).err();
            assert_eq!(found, expected, "{address}");
        }
    }

    #[test]
    fn operator_may_allow_ranges() {
        let networks = Networks(vec![
            "10.1.0.0/16".parse().unwrap(),
            "127.0.0.1".parse().unwrap(),
            "fd00::/8".parse().unwrap(),
        ]);
        for (address, allowed) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("fd12::1", true),
            ("fc00::1", false),
        ] {
            let found = networks.check(address.parse().unwrap()).is_ok();
            assert_eq!(found, allowed, "{address}");
        }
        let all: Range = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.0/33",
            "10/8",
            "::/129",
            "example.com",
            "1.1.1.1/x",
        ] {
            assert!(text.parse::<Range>().is_err(), "{text}");
        }
    }
}
