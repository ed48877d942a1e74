//! From requests to answers: who may ask, and what every answer says to the browser.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body, Bytes, Frame, SizeHint},
    header::{
        ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST,
        HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    },
};

use crate::site::{Answer, Asked, Events};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What answers of this program other than pages may do: nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// The body of an answer.
pub(crate) enum Content {
    /// All of it.
    Whole(Bytes),
    /// Events as they come.
    Stream(Events),
}

impl Body for Content {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Stream(events) => {
                let event = events.receiver.poll_recv(context);
                event.map(|event| event.map(|bytes| Ok(Frame::data(bytes))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(bytes) if bytes.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Stream(_) => SizeHint::default(),
        }
    }
}

/// Who may ask: a page of this address that knows its token.
pub(crate) struct Guard {
    /// The port that is listened on.
    pub(crate) port: u16,
    /// The first part of every path.
    pub(crate) token: String,
}

impl Guard {
    /// What a request asks for.
    ///
    /// # Errors
    /// The request comes from elsewhere, has no token, or is of no known method.
    pub(crate) fn admit<B>(&self, request: &Request<B>) -> Result<Asked, Response<Content>> {
        let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        let headers = request.headers();
        // A name that an attacker made to point here is not one of ours.
        let host = text(headers, HOST);
        if !host.is_some_and(|host| names.iter().any(|name| name == host)) {
            return Err(refusal(StatusCode::FORBIDDEN, "another host"));
        }
        let own = |origin: &str| names.iter().any(|name| origin == format!("http://{name}"));
        if headers.contains_key(ORIGIN) && !text(headers, ORIGIN).is_some_and(own) {
            return Err(refusal(StatusCode::FORBIDDEN, "another origin"));
        }
        let from = text(headers, FETCH_SITE);
        if headers.contains_key(FETCH_SITE) && !matches!(from, Some("same-origin" | "none")) {
            return Err(refusal(StatusCode::FORBIDDEN, "another site"));
        }
        let path = request.uri().path().trim_start_matches('/');
        let (token, path) = path.split_once('/').unwrap_or((path, ""));
        if !same(token, &self.token) {
            return Err(refusal(StatusCode::NOT_FOUND, "nothing of this address"));
        }
        let writes = match *request.method() {
            Method::GET => false,
            Method::POST => true,
            _ => {
                let mut response = refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET and POST");
                let methods = HeaderValue::from_static("GET, POST");
                response.headers_mut().insert(ALLOW, methods);
                return Err(response);
            }
        };
        // What changes something must come from a page, and pages say so.
        if writes && !headers.contains_key(ORIGIN) {
            return Err(refusal(StatusCode::FORBIDDEN, "no origin"));
        }
        Ok(Asked {
            writes,
            path: path.to_owned(),
            query: request.uri().query().unwrap_or_default().to_owned(),
        })
    }
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    let differences = pairs.fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differences == 0
}

/// An answer in one sentence.
pub(crate) fn refusal(status: StatusCode, reason: &str) -> Response<Content> {
    let body = Bytes::from(format!("{reason}\n"));
    respond(
        status,
        "text/plain; charset=utf-8",
        NOTHING,
        Content::Whole(body),
    )
}

/// What the browser gets.
pub(crate) fn response(answer: Answer) -> Response<Content> {
    let whole = |text: String| Content::Whole(Bytes::from(text));
    match answer {
        Answer::Page { html, policy } => {
            let kind = "text/html; charset=utf-8";
            respond(StatusCode::OK, kind, &policy, Content::Whole(html))
        }
        Answer::Json(text) => respond(StatusCode::OK, "application/json", NOTHING, whole(text)),
        Answer::File { name, text } => {
            let kind = "text/plain; charset=utf-8";
            let mut response = respond(StatusCode::OK, kind, NOTHING, whole(text));
            let attachment = format!("attachment; filename=\"{name}\"");
            if let Ok(value) = HeaderValue::from_str(&attachment) {
                response.headers_mut().insert(CONTENT_DISPOSITION, value);
            }
            response
        }
        Answer::Events(events) => {
            let content = Content::Stream(events);
            respond(StatusCode::OK, "text/event-stream", NOTHING, content)
        }
        Answer::Refused(reason) => refusal(StatusCode::BAD_REQUEST, &reason),
        Answer::Missing => refusal(StatusCode::NOT_FOUND, "nothing of this address"),
    }
}

fn respond(
    status: StatusCode,
    kind: &'static str,
    policy: &str,
    content: Content,
) -> Response<Content> {
    let mut response = Response::new(content);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_TYPE, kind),
        (CACHE_CONTROL, "no-store"),
        // The address has the token in it.
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (RESOURCE_POLICY, "same-origin"),
        (OPENER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
