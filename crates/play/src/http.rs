//! From requests to answers: who may ask, and what every answer says to the browser.

use crate::site::{Answer, Asked};

/// Most headers of a request.
const HEADERS: usize = 64;

/// What answers other than pages may do: nothing.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// Headers of every answer.
const ALWAYS: &str = "Cache-Control: no-store\r\n\
                      Connection: close\r\n\
                      Cross-Origin-Opener-Policy: same-origin\r\n\
                      Cross-Origin-Resource-Policy: same-origin\r\n\
                      Referrer-Policy: no-referrer\r\n\
                      X-Content-Type-Options: nosniff\r\n";

/// Who may ask: a page of this address that knows its token.
pub(crate) struct Guard {
    /// The port that is listened on.
    pub(crate) port: u16,
    /// The first part of every path.
    pub(crate) token: String,
}

/// A status and its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Done,
    Wrong,
    Forbidden,
    Missing,
    Method,
}

impl Status {
    fn line(self) -> &'static str {
        match self {
            Self::Done => "200 OK",
            Self::Wrong => "400 Bad Request",
            Self::Forbidden => "403 Forbidden",
            Self::Missing => "404 Not Found",
            Self::Method => "405 Method Not Allowed",
        }
    }
}

/// A request that is not answered, and why.
pub(crate) type Refusal = (Status, &'static str);

/// The head of a request, or how much is missing.
pub(crate) enum Head {
    /// More bytes are needed.
    Partial,
    /// All of it, and what becomes of it.
    Whole(Result<Asked, Refusal>),
}

impl Guard {
    /// Reads the head of a request from the bytes so far.
    pub(crate) fn read(&self, bytes: &[u8]) -> Head {
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(bytes) {
            Ok(httparse::Status::Partial) => Head::Partial,
            Ok(httparse::Status::Complete(_)) => Head::Whole(self.admit(&request)),
            Err(_) => Head::Whole(Err((Status::Wrong, "this is no HTTP request"))),
        }
    }

    /// What a request asks for, unless it comes from elsewhere, has no token, or is of no known method.
    fn admit(&self, request: &httparse::Request<'_, '_>) -> Result<Asked, Refusal> {
        let names = ["127.0.0.1", "localhost"].map(|name| format!("{name}:{}", self.port));
        // Two headers of one name would let two readers of the request disagree.
        let only = |name: &str| -> Result<Option<&str>, Refusal> {
            let headers = request.headers.iter();
            let mut found = headers.filter(|header| header.name.eq_ignore_ascii_case(name));
            match (found.next(), found.next()) {
                (None, _) => Ok(None),
                (Some(header), None) => match std::str::from_utf8(header.value) {
                    Ok(value) => Ok(Some(value)),
                    Err(_) => Err((Status::Wrong, "a header is no text")),
                },
                _ => Err((Status::Wrong, "a header occurs twice")),
            }
        };
        // A name that an attacker made to point here is not one of ours.
        if !only("host")?.is_some_and(|host| names.iter().any(|name| name == host)) {
            return Err((Status::Forbidden, "another host"));
        }
        let origin = only("origin")?;
        let own = |origin: &str| names.iter().any(|name| origin == format!("http://{name}"));
        if origin.is_some_and(|origin| !own(origin)) {
            return Err((Status::Forbidden, "another origin"));
        }
        let site = only("sec-fetch-site")?;
        if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
            return Err((Status::Forbidden, "another site"));
        }
        let target = request.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = path.strip_prefix('/').unwrap_or(path);
        let (token, path) = path.split_once('/').unwrap_or((path, ""));
        if !same(token, &self.token) {
            return Err((Status::Missing, "nothing of this address"));
        }
        let writes = match request.method {
            Some("GET") => false,
            Some("POST") => true,
            _ => return Err((Status::Method, "only GET and POST")),
        };
        // What changes something must come from a page, and pages say so.
        if writes && origin.is_none() {
            return Err((Status::Forbidden, "no origin"));
        }
        Ok(Asked {
            writes,
            path: path.to_owned(),
            query: query.to_owned(),
        })
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
fn same(one: &str, other: &str) -> bool {
    let pairs = one.bytes().zip(other.bytes());
    let differences = pairs.fold(0, |all, (a, b)| all | (a ^ b));
    one.len() == other.len() && differences == 0
}

/// The whole response to a request that is not answered.
pub(crate) fn refused((status, reason): (Status, &str)) -> String {
    whole(
        status,
        "text/plain; charset=utf-8",
        NOTHING,
        "",
        &format!("{reason}\n"),
    )
}

/// The response to a request, up to the events of a stream.
pub(crate) fn response(answer: &Answer) -> String {
    match answer {
        Answer::Page { html, policy } => {
            whole(Status::Done, "text/html; charset=utf-8", policy, "", html)
        }
        Answer::Json(text) => whole(Status::Done, "application/json", NOTHING, "", text),
        Answer::File { name, text } => {
            let attachment = format!("Content-Disposition: attachment; filename=\"{name}\"\r\n");
            let kind = "text/plain; charset=utf-8";
            whole(Status::Done, kind, NOTHING, &attachment, text)
        }
        Answer::Events(_) => head(Status::Done, "text/event-stream", NOTHING),
        Answer::Refused(reason) => refused((Status::Wrong, reason)),
        Answer::Missing => refused((Status::Missing, "nothing of this address")),
    }
}

fn whole(status: Status, kind: &str, policy: &str, further: &str, content: &str) -> String {
    let head = head(status, kind, policy);
    let head = head.trim_end();
    let length = content.len();
    format!("{head}\r\n{further}Content-Length: {length}\r\n\r\n{content}")
}

/// Status and headers, with the empty line after them.
fn head(status: Status, kind: &str, policy: &str) -> String {
    let status = status.line();
    // A policy is one line, whatever it is made of.
    let policy = policy.replace(['\r', '\n'], " ");
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Security-Policy: {policy}\r\n{ALWAYS}\r\n"
    )
}
