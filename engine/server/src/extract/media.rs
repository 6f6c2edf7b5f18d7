//! Media types of bodies and of wanted answers.

use axum::http::{HeaderMap, header};

/// Returns the body's media type, lower case, without parameters.
pub(crate) fn content_type(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = text.split(';').next().unwrap_or_default().trim();
    (!essence.is_empty()).then(|| essence.to_ascii_lowercase())
}

/// Tells whether the client names `media` in `Accept` with a quality that is not zero. A wildcard
/// does not count: it takes whatever is the default.
pub(crate) fn accepts(headers: &HeaderMap, media: &str) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|range| names(range, media))
}

fn names(range: &str, media: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let named = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case(media));
    let refused = parts
        .filter_map(|parameter| parameter.strip_prefix("q="))
        .any(|quality| quality.parse() == Ok(0.0_f32));
    named && !refused
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_a_named_type_counts() {
        for (accept, expected) in [
            ("application/yaml", true),
            ("text/html, application/YAML;q=0.5", true),
            ("*/*", false),
            ("application/yaml;q=0", false),
            ("application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(accepts(&headers, "application/yaml"), expected, "{accept}");
        }
    }

    #[test]
    fn parameters_of_the_content_type_are_ignored() {
        let mut headers = HeaderMap::new();
        assert_eq!(content_type(&headers), None);
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("Application/JSON; charset=utf-8"),
        );
        assert_eq!(content_type(&headers).as_deref(), Some("application/json"));
    }
}
