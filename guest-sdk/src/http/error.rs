//! Why there is no response, and whether trying again makes sense.

use std::error::Error;
use std::fmt;

use crate::error::Case;

/// Why a request got no response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The request itself is wrong: its URL, method or a header.
    Invalid(String),
    /// Not allowed. The text names the grant that would allow it.
    Denied(String),
    /// The server could not be reached, or hung up.
    Unreachable(String),
    /// The server took too long.
    Timeout(String),
    /// The server is not who it says it is.
    Certificate(String),
    /// The response is larger than it may be.
    TooLarge(String),
    /// Anything else, such as an answer that is no HTTP.
    Other(String),
}

impl HttpError {
    /// Returns the word that a failed action carries as its kind.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "http_invalid",
            Self::Denied(_) => "denied",
            Self::Unreachable(_) => "http_unreachable",
            Self::Timeout(_) => "http_timeout",
            Self::Certificate(_) => "http_certificate",
            Self::TooLarge(_) => "http_too_large",
            Self::Other(_) => "http_protocol",
        }
    }

    pub(crate) fn case(&self) -> Case {
        match self {
            Self::Invalid(_) => Case::InvalidInput,
            Self::Unreachable(_) | Self::Timeout(_) | Self::Other(_) => Case::Transient,
            Self::Denied(_) | Self::Certificate(_) | Self::TooLarge(_) => Case::Permanent,
        }
    }
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(text) => write!(f, "denied: {text}"),
            Self::Invalid(text)
            | Self::Unreachable(text)
            | Self::Timeout(text)
            | Self::Certificate(text)
            | Self::TooLarge(text)
            | Self::Other(text) => f.write_str(text),
        }
    }
}

impl Error for HttpError {}
