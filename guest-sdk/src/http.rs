//! Outgoing HTTP. Each request needs a grant: `grants = {"http": ["GET https://api.example/*"]}`.
//!
//! A response of any status is a response; [`Response::ok`] makes a failure of those that are
//! none. Redirects are not followed: the target would need a grant of its own, and the action
//! knows best.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::engine;
use crate::error::ActionError;

mod error;
mod url;

pub use error::HttpError;
pub(crate) use url::Url;

/// The largest response, unless the request says otherwise: what an attempt may read in all by
/// default.
pub const RESPONSE_MAX_BYTES: usize = 4 << 20;

/// How much of a response's text a failure repeats.
const SHOWN_CHARS: usize = 2_000;

/// The statuses that may be others soon.
const TRANSIENT: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

/// A request, to be sent once.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a request does nothing until it is sent"]
pub struct Request {
    /// The method, in upper case.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers in order.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// How long each step may take; nothing for as long as the attempt may.
    pub timeout: Option<Duration>,
    /// How large the response may be.
    pub response_max_bytes: usize,
}

impl Request {
    /// Makes a request of any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            response_max_bytes: RESPONSE_MAX_BYTES,
        }
    }

    /// Makes a GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Makes a POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Adds a name and value to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        let fragment = self.url.find('#').unwrap_or(self.url.len());
        self.url.truncate(fragment);
        self.url
            .push(if self.url.contains('?') { '&' } else { '?' });
        self.url.push_str(&pair(name, value));
        self
    }

    /// Adds a header, beside others of the same name. A secret's placeholder may stand in its
    /// value: see [`crate::secrets`].
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body. Without a `content-type` among the headers none is sent.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Sets the body to JSON, and its type.
    ///
    /// # Errors
    /// If the value has no JSON form.
    pub fn json(self, value: &(impl Serialize + ?Sized)) -> Result<Self, HttpError> {
        let text = serde_json::to_vec(value)
            .map_err(|error| HttpError::Invalid(format!("the body has no JSON form: {error}")))?;
        Ok(self.typed("application/json").body(text))
    }

    /// Sets the body to the fields of a form, and its type.
    pub fn form<'a>(self, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let pairs = fields.into_iter().map(|(name, value)| pair(name, value));
        let text = pairs.collect::<Vec<_>>().join("&");
        self.typed("application/x-www-form-urlencoded").body(text)
    }

    /// Sets how long the server may take to connect, to begin its answer, and between two parts
    /// of it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets how large the body of the response may be. More is [`HttpError::TooLarge`].
    pub fn response_max_bytes(mut self, bytes: usize) -> Self {
        self.response_max_bytes = bytes;
        self
    }

    /// Sends it and waits for the whole response.
    ///
    /// # Errors
    /// If there is no response; its status is no error.
    pub fn send(self) -> Result<Response, HttpError> {
        let url = Url::parse(&self.url)?;
        engine::http_send(&self, &url)
    }

    fn typed(self, content_type: &str) -> Self {
        let is_typed = |(name, _): &(String, String)| name.eq_ignore_ascii_case("content-type");
        if self.headers.iter().any(is_typed) {
            return self;
        }
        self.header("content-type", content_type)
    }
}

fn pair(name: &str, value: &str) -> String {
    let encode = url::encode_component;
    format!("{}={}", encode(name), encode(value))
}

/// A response, read whole.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The status, such as 200.
    pub status: u16,
    /// The headers in order, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// Returns the first header of a name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let (_, value) = headers.find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        Some(value)
    }

    /// Tells whether the body says that it is JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("application/json") || kind.to_lowercase().ends_with("+json")
    }

    /// Reads the body as JSON.
    ///
    /// # Errors
    /// If it is none, or of another type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, HttpError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            HttpError::Other(format!(
                "the response is not the JSON that was expected: {error}"
            ))
        })
    }

    /// Reads the body as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self) -> Result<&str, HttpError> {
        std::str::from_utf8(&self.body)
            .map_err(|error| HttpError::Other(format!("the response is not UTF-8: {error}")))
    }

    /// Returns where a redirect leads, if this is one, from the URL that was asked.
    #[must_use]
    pub fn redirect(&self, asked: &str) -> Option<String> {
        if !matches!(self.status, 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let target = self.header("location")?;
        Some(Url::parse(asked).ok()?.join(target))
    }

    /// Returns the response if its status is 200 to 299.
    ///
    /// # Errors
    /// Otherwise a failure of the kind `http_status`, with status, `Retry-After` and the beginning
    /// of the body in its details. It is transient for 408, 425, 429, 500, 502, 503 and 504.
    pub fn ok(self) -> Result<Self, ActionError> {
        if (200..300).contains(&self.status) {
            return Ok(self);
        }
        let message = format!("the server answered {}", self.status);
        let error = if TRANSIENT.contains(&self.status) {
            ActionError::transient(message)
        } else {
            ActionError::permanent(message)
        };
        let mut details = json!({"status": self.status, "body": self.shown()});
        if let Some(after) = self.header("retry-after") {
            details["retry_after"] = after.into();
        }
        Err(error.with_kind("http_status").with_details(details))
    }

    /// Returns the body as a failure shows it: JSON as such if it is short, else text, cut.
    fn shown(&self) -> Value {
        if self.body.len() <= SHOWN_CHARS
            && let Ok(value) = serde_json::from_slice(&self.body)
        {
            return value;
        }
        let text = String::from_utf8_lossy(&self.body);
        text.chars().take(SHOWN_CHARS).collect::<String>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Case;
    use crate::testing;

    fn answer(status: u16, body: &str) -> Response {
        Response {
            status,
            headers: vec![("content-type".into(), "application/problem+json".into())],
            body: body.into(),
        }
    }

    #[test]
    fn a_request_is_put_together() {
        testing::respond("POST", "https://a.example/x?q=a%20b&r=1", answer(201, "{}"));
        let request = Request::post("https://a.example/x")
            .query("q", "a b")
            .query("r", "1")
            .form([("name", "Ada & Co"), ("n", "1")]);
        let response = request.send().unwrap();
        assert_eq!(response.status, 201);
        assert!(response.is_json());
        let sent = &testing::requests()[0];
        assert_eq!(sent.body, b"name=Ada%20%26%20Co&n=1");
        let form = "application/x-www-form-urlencoded";
        assert_eq!(sent.headers, [("content-type".into(), form.into())]);
    }

    #[test]
    fn a_status_is_a_failure_only_if_asked() {
        let failed = answer(503, r#"{"why": "busy"}"#).ok().unwrap_err();
        assert_eq!(
            (failed.case(), failed.kind()),
            (Case::Transient, Some("http_status"))
        );
        let details = json!({"status": 503, "body": {"why": "busy"}});
        assert_eq!(failed.details(), Some(&details));
        assert_eq!(answer(404, "").ok().unwrap_err().case(), Case::Permanent);
        assert!(answer(204, "").ok().is_ok());
    }

    #[test]
    fn redirects_are_told() {
        let mut response = answer(302, "");
        response.headers = vec![("location".into(), "/z".into())];
        let target = response.redirect("https://a.example/x/y");
        assert_eq!(target.as_deref(), Some("https://a.example/z"));
        response.status = 200;
        assert_eq!(response.redirect("https://a.example/x/y"), None);
    }

    #[test]
    fn failures_say_whether_to_try_again() {
        let send = || Ok::<_, ActionError>(Request::get("https://b.example/").send()?);
        let error = send().unwrap_err();
        assert_eq!(
            (error.case(), error.kind()),
            (Case::Transient, Some("http_unreachable"))
        );
        testing::deny("http");
        let error = send().unwrap_err();
        assert_eq!(
            (error.case(), error.kind()),
            (Case::Permanent, Some("denied"))
        );
    }
}
