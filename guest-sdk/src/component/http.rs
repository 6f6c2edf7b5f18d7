//! Sends a request by `wasi:http`.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

use crate::http::{HttpError, Request, Response, Url};

/// As much as one call of an output stream takes.
const WRITE_BYTES: usize = 4096;
/// As much as is read at once.
const READ_BYTES: u64 = 64 << 10;

pub(crate) fn http_send(request: &Request, url: &Url) -> Result<Response, HttpError> {
    let outgoing = outgoing(request, url)?;
    let body = outgoing
        .body()
        .map_err(|()| other("the request has no body"))?;
    let failed = |code| error(&code, request, url);
    let future = handle(outgoing, options(request)).map_err(failed)?;
    // After the request went off: a body larger than the buffers would wait for ever before.
    let written = write(body, &request.body);
    // If the server answered without reading everything, its answer says why.
    let response = wait(&future).map_err(failed)?;
    let response = read(response, request.response_max_bytes)?;
    if response.status < 400 {
        written?;
    }
    Ok(response)
}

fn outgoing(request: &Request, url: &Url) -> Result<OutgoingRequest, HttpError> {
    let headers = Fields::new();
    for (name, value) in &request.headers {
        headers.append(name, value.as_bytes()).map_err(|error| {
            HttpError::Invalid(format!("the header `{name}` is refused: {error}"))
        })?;
    }
    let has_length = headers.has("content-length");
    if !has_length && (!request.body.is_empty() || matches!(&*request.method, "POST" | "PUT")) {
        let length = request.body.len().to_string();
        headers
            .append("content-length", length.as_bytes())
            .map_err(|error| other(&format!("the length is refused: {error}")))?;
    }
    let scheme = if url.is_https {
        Scheme::Https
    } else {
        Scheme::Http
    };
    let outgoing = OutgoingRequest::new(headers);
    let refused = |what: &str| HttpError::Invalid(format!("the {what} is refused"));
    outgoing
        .set_method(&method(&request.method))
        .map_err(|()| refused("method"))?;
    outgoing
        .set_scheme(Some(&scheme))
        .map_err(|()| refused("scheme"))?;
    outgoing
        .set_authority(Some(&url.authority))
        .map_err(|()| refused("host"))?;
    outgoing
        .set_path_with_query(Some(&url.path_with_query))
        .map_err(|()| refused("path"))?;
    Ok(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

fn options(request: &Request) -> Option<RequestOptions> {
    let timeout = u64::try_from(request.timeout?.as_nanos()).unwrap_or(u64::MAX);
    let options = RequestOptions::new();
    // A host that does not support one of them waits as long as the attempt may take.
    let _ = options.set_connect_timeout(Some(timeout));
    let _ = options.set_first_byte_timeout(Some(timeout));
    let _ = options.set_between_bytes_timeout(Some(timeout));
    Some(options)
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), HttpError> {
    let stream = body
        .write()
        .map_err(|()| other("the request takes no body"))?;
    for part in bytes.chunks(WRITE_BYTES) {
        stream
            .blocking_write_and_flush(part)
            .map_err(|_closed| hung_up("before it had read the request"))?;
    }
    drop(stream);
    OutgoingBody::finish(body, None).map_err(|_code| hung_up("before it had read the request"))
}

fn wait(future: &FutureIncomingResponse) -> Result<IncomingResponse, ErrorCode> {
    loop {
        match future.get() {
            Some(Ok(response)) => return response,
            Some(Err(())) => return Err(ErrorCode::InternalError(None)),
            None => future.subscribe().block(),
        }
    }
}

fn read(response: IncomingResponse, max_bytes: usize) -> Result<Response, HttpError> {
    let header = |(name, value): (String, Vec<u8>)| {
        let value = String::from_utf8_lossy(&value).into_owned();
        (name.to_ascii_lowercase(), value)
    };
    let headers = response.headers().entries().into_iter().map(header);
    let (status, headers) = (response.status(), headers.collect());
    let incoming = response
        .consume()
        .map_err(|()| other("the response has no body"))?;
    let body = read_body(&incoming, max_bytes)?;
    Ok(Response {
        status,
        headers,
        body,
    })
}

fn read_body(incoming: &IncomingBody, max_bytes: usize) -> Result<Vec<u8>, HttpError> {
    let stream = incoming
        .stream()
        .map_err(|()| other("the response cannot be read"))?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(part) if body.len() + part.len() > max_bytes => {
                return Err(HttpError::TooLarge(format!(
                    "the response has more than {max_bytes} bytes"
                )));
            }
            Ok(part) => body.extend_from_slice(&part),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(cause)) => {
                let code = wasip2::http::types::http_error_code(&cause);
                return Err(match code {
                    Some(ErrorCode::HttpResponseBodySize(_)) => HttpError::TooLarge(
                        "the response has more bytes than this attempt may read".to_owned(),
                    ),
                    Some(ErrorCode::ConnectionReadTimeout | ErrorCode::HttpResponseTimeout) => {
                        HttpError::Timeout("the server stopped sending".to_owned())
                    }
                    Some(_) | None => hung_up("in the middle of its answer"),
                });
            }
        }
    }
}

fn other(text: &str) -> HttpError {
    HttpError::Other(text.to_owned())
}

fn hung_up(when: &str) -> HttpError {
    HttpError::Unreachable(format!("the server hung up {when}"))
}

/// Says what an error code means for the action.
fn error(code: &ErrorCode, request: &Request, url: &Url) -> HttpError {
    let host = &url.authority;
    match code {
        ErrorCode::HttpRequestDenied => {
            let scheme = if url.is_https { "https" } else { "http" };
            let path = url.path_with_query.split('?').next().unwrap_or("/");
            HttpError::Denied(format!(
                "no grant covers this request: it needs `http: [\"{} {scheme}://{host}{path}\"]`",
                request.method
            ))
        }
        ErrorCode::DestinationIpProhibited => HttpError::Denied(format!(
            "`{host}` leads to an address that is not public; the operator can allow its range"
        )),
        ErrorCode::ConfigurationError
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriTooLong
        | ErrorCode::HttpRequestHeaderSectionSize(_)
        | ErrorCode::HttpRequestHeaderSize(_) => {
            HttpError::Invalid(format!("the request to `{host}` is refused: {code}"))
        }
        ErrorCode::HttpRequestBodySize(_) => {
            HttpError::TooLarge("the request has more bytes than this attempt may send".to_owned())
        }
        ErrorCode::HttpResponseBodySize(_) => {
            HttpError::TooLarge("the response has more bytes than this attempt may read".to_owned())
        }
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => {
            HttpError::Timeout(format!("`{host}` took too long: {code}"))
        }
        ErrorCode::TlsCertificateError => {
            HttpError::Certificate(format!("the certificate of `{host}` is not valid"))
        }
        ErrorCode::DnsError(_) => HttpError::Unreachable(format!("`{host}` is not known to DNS")),
        ErrorCode::ConnectionRefused => {
            HttpError::Unreachable(format!("`{host}` refuses the connection"))
        }
        ErrorCode::InternalError(Some(text)) => HttpError::Other(text.clone()),
        _ => HttpError::Unreachable(format!("`{host}` could not be asked: {code}")),
    }
}
