//! References as workflow files write them: `pack.name`, `pack.name@3`, `pack.name@sha256:…`.

use attune_core::Digest;

/// Which revision a reference means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    /// The newest that may be used.
    Newest,
    /// That one.
    Revision(u32),
    /// The one of that content.
    Content(Digest),
}

/// Splits a reference; `None` if its version is no version.
pub(crate) fn split(reference: &str) -> Option<(&str, Version)> {
    let Some((name, version)) = reference.split_once('@') else {
        return Some((reference, Version::Newest));
    };
    let version = match version.strip_prefix("sha256:") {
        Some(digits) => Version::Content(Digest::parse(digits)?),
        None => Version::Revision(version.parse().ok()?),
    };
    Some((name, version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers_or_digests() {
        let digest = Digest::of(b"x");
        assert_eq!(split("a.b"), Some(("a.b", Version::Newest)));
        assert_eq!(split("a.b@3"), Some(("a.b", Version::Revision(3))));
        let pinned = format!("a.b@sha256:{digest}");
        assert_eq!(split(&pinned), Some(("a.b", Version::Content(digest))));
        assert_eq!(split("a.b@latest"), None);
        assert_eq!(split("a.b@sha256:12"), None);
    }
}
