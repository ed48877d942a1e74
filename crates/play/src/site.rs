use std::sync::{Arc, mpsc::Receiver};

/// What a page asks for, after the address, its origin and its token were checked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Whether something is to be written (POST), not only read (GET).
    pub writes: bool,
    /// The path after the token: empty for the page itself.
    pub path: String,
    /// The query after `?`; empty where there is none.
    pub query: String,
}

/// What a page gets.
pub enum Answer {
    /// A page and its Content-Security-Policy.
    Page {
        /// The page.
        html: Arc<str>,
        /// What the page may run and ask for.
        policy: String,
    },
    /// One JSON document.
    Json(String),
    /// A file to save, by its name.
    File {
        /// The name: letters, digits, `-`, `_` and `.`.
        name: String,
        /// The text of the file.
        text: String,
    },
    /// Server-sent events, until the sender is dropped.
    Events(Events),
    /// What was asked for is wrong or cannot be done now, in one sentence.
    Refused(String),
    /// There is nothing of that name.
    Missing,
}

/// A stream of events. It is dropped as soon as its reader goes away.
pub struct Events {
    /// The text of the events, one by one.
    pub receiver: Receiver<String>,
    /// Called when the reader goes away or the stream has ended.
    pub left: Option<Box<dyn FnOnce() + Send>>,
}

impl Drop for Events {
    fn drop(&mut self) {
        if let Some(left) = self.left.take() {
            left();
        }
    }
}

/// What a [`Server`](crate::Server) serves.
pub trait Site: Send + Sync + 'static {
    /// Answers one request. May take as long as drawing a page, but not as long as a run.
    fn answer(&self, asked: &Asked) -> Answer;

    /// The server stops: whatever still runs ends, and this call waits for it.
    fn stop(&self) {}
}
