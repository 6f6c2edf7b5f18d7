//! The parts of a URL that a request is made of.

use super::HttpError;

/// An absolute URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// Whether the scheme is `https`; else it is `http`.
    pub(crate) is_https: bool,
    /// Host and port as written.
    pub(crate) authority: String,
    /// Path and query, beginning with `/`, with what may not stand there percent-encoded.
    pub(crate) path_with_query: String,
}

impl Url {
    /// Takes a URL apart. Its fragment, which servers never see, is dropped.
    pub(crate) fn parse(text: &str) -> Result<Self, HttpError> {
        let invalid = |why: &str| HttpError::Invalid(format!("`{text}` {why}"));
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| invalid("is no URL: it must begin with `https://` or `http://`"))?;
        let is_https = match &*scheme.to_ascii_lowercase() {
            "https" => true,
            "http" => false,
            _ => return Err(invalid("is neither `https` nor `http`")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(end);
        if authority.contains('@') {
            return Err(HttpError::Invalid(
                "a URL must not carry a user's name or password: send an `Authorization` header"
                    .to_owned(),
            ));
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:[]%".contains(&byte);
        if authority.is_empty() || authority.starts_with(':') {
            return Err(invalid("has no host"));
        }
        if !authority.bytes().all(allowed) {
            return Err(invalid("has a host with characters that no host has"));
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let slash = if rest.starts_with('/') { "" } else { "/" };
        Ok(Self {
            is_https,
            authority: authority.to_owned(),
            path_with_query: format!("{slash}{}", encode(rest, is_plain_in_url)),
        })
    }

    /// Returns where a `Location` or another reference leads from here (RFC 3986, 5).
    pub(crate) fn join(&self, reference: &str) -> String {
        let scheme = if self.is_https { "https" } else { "http" };
        let here = &self.path_with_query;
        let path = here.split('?').next().unwrap_or("/");
        if reference.contains("://") {
            reference.to_owned()
        } else if let Some(rest) = reference.strip_prefix("//") {
            format!("{scheme}://{rest}")
        } else if reference.starts_with('/') {
            format!("{scheme}://{}{reference}", self.authority)
        } else if reference.starts_with('?') {
            format!("{scheme}://{}{path}{reference}", self.authority)
        } else {
            let folder = path.rfind('/').map_or("/", |at| &path[..=at]);
            format!("{scheme}://{}{folder}{reference}", self.authority)
        }
    }
}

/// Returns text fit for a name or a value of a query or a form, spaces as `%20`.
pub(crate) fn encode_component(text: &str) -> String {
    encode(text, |byte| {
        byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
    })
}

fn is_plain_in_url(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)
}

fn encode(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for half in [byte >> 4, byte & 15] {
                let digit = char::from_digit(u32::from(half), 16).expect("it has four bits");
                encoded.push(digit.to_ascii_uppercase());
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_found() {
        for (text, is_https, authority, path) in [
            ("https://a.example", true, "a.example", "/"),
            ("HTTP://a.example:8080/x", false, "a.example:8080", "/x"),
            ("https://a.example?q=1#top", true, "a.example", "/?q=1"),
            (
                "https://[::1]:1/a b/é?x=%20",
                true,
                "[::1]:1",
                "/a%20b/%C3%A9?x=%20",
            ),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(
                (url.is_https, &*url.authority, &*url.path_with_query),
                (is_https, authority, path)
            );
        }
    }

    #[test]
    fn what_is_no_url_is_refused() {
        for (text, why) in [
            ("a.example/x", "must begin"),
            ("ftp://a.example", "neither"),
            ("https:///x", "no host"),
            ("https://:80/", "no host"),
            ("https://a b/", "no host has"),
            ("https://user:pass@a.example/", "Authorization"),
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn references_lead_somewhere() {
        let url = Url::parse("https://a.example/x/y?q").unwrap();
        for (reference, target) in [
            ("http://b.example/", "http://b.example/"),
            ("//b.example/z", "https://b.example/z"),
            ("/z", "https://a.example/z"),
            ("z?r", "https://a.example/x/z?r"),
            ("?r", "https://a.example/x/y?r"),
        ] {
            assert_eq!(url.join(reference), target);
        }
    }
}
