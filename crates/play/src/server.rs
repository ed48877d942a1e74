use std::{
    collections::HashMap,
    fmt::Write as _,
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::RecvTimeoutError,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    error::PlayError,
    http::{Guard, Head, Status, refused, response},
    site::{Answer, Events, Site},
};

/// Most connections at a time: a browser opens six per page, and closes them as its reader turns a dial.
const CONNECTIONS: usize = 96;
/// Most bytes of the head of a request.
const HEAD: usize = 16 * 1024;
/// Longest time for the head of a request to arrive, and for a reader to take what is sent.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longest silence of a stream, after which a comment finds out whether its reader is still there.
const SILENCE: Duration = Duration::from_millis(500);

/// A server on an address of this machine alone, which runs until it is stopped.
pub struct Server {
    address: String,
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What connections share.
struct Shared {
    site: Box<dyn Site>,
    guard: Guard,
    stopped: AtomicBool,
    open: Mutex<Open>,
    closed: Condvar,
}

/// The connections that are open, by number.
#[derive(Default)]
struct Open {
    next: u64,
    streams: HashMap<u64, TcpStream>,
}

impl Server {
    /// Serves a site on `port` of 127.0.0.1; 0 takes any free port. The address begins with a random
    /// token, without which nothing is served.
    ///
    /// # Errors
    /// The port is taken, or the system gives no random numbers.
    pub fn start(port: u16, site: impl Site) -> Result<Self, PlayError> {
        let wrong = |source| PlayError::Port { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(wrong)?;
        let port = listener.local_addr().map_err(wrong)?.port();
        let token = token()?;
        let address = format!("http://127.0.0.1:{port}/{token}/");
        let shared = Arc::new(Shared {
            site: Box::new(site),
            guard: Guard { port, token },
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
            closed: Condvar::new(),
        });
        let accepting = Arc::clone(&shared);
        let thread = thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || accept(&listener, &accepting))
            .map_err(wrong)?;
        Ok(Self {
            address,
            port,
            shared,
            thread: Some(thread),
        })
    }

    /// The address of the page.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Ends whatever runs and closes all connections.
    pub fn stop(self) {}
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // A connection of our own wakes the thread that waits for one.
        let own = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let _ = TcpStream::connect_timeout(&own, PATIENCE);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.shared.site.stop();
        let mut open = self.shared.open();
        for stream in open.streams.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        while !open.streams.is_empty() {
            let waited = self.shared.closed.wait(open);
            open = waited.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// 128 random bits in hexadecimal digits.
fn token() -> Result<String, PlayError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(PlayError::Random)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Accepts connections until the server is stopped.
fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.stopped.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // The system has no room for the connection now.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        // A connection too many is closed at once.
        let Some(id) = shared.enter(&stream) else {
            continue;
        };
        let place = Place {
            shared: Arc::clone(shared),
            id,
        };
        let serving = move || serve(stream, &place.shared);
        // Without a thread the place is given back here.
        let _ = thread::Builder::new()
            .name("connection".to_owned())
            .spawn(serving);
    }
}

/// The place of a connection among others; it is given back at the end.
struct Place {
    shared: Arc<Shared>,
    id: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.shared.open().streams.remove(&self.id);
        self.shared.closed.notify_all();
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a connection; `None` where there are too many.
    fn enter(&self, stream: &TcpStream) -> Option<u64> {
        let mut open = self.open();
        let stream = stream.try_clone().ok()?;
        if open.streams.len() >= CONNECTIONS {
            return None;
        }
        let id = open.next;
        open.next += 1;
        open.streams.insert(id, stream);
        Some(id)
    }
}

/// Answers the one request of a connection. One that breaks concerns nobody else.
fn serve(mut stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let _ = stream.set_write_timeout(Some(PATIENCE));
    let Some(head) = read_head(&mut stream, shared) else {
        return;
    };
    let sent = match head {
        Err(refusal) => stream.write_all(refused(refusal).as_bytes()),
        Ok(asked) => {
            let answer = shared.site.answer(&asked);
            let sent = stream.write_all(response(&answer).as_bytes());
            match (sent, answer) {
                (Ok(()), Answer::Events(events)) => {
                    tell(&mut stream, &events);
                    Ok(())
                }
                (sent, _) => sent,
            }
        }
    };
    if sent.is_ok() {
        linger(&mut stream);
    }
}

/// The head of a request; `None` where it does not arrive.
fn read_head(
    stream: &mut TcpStream,
    shared: &Shared,
) -> Option<Result<crate::site::Asked, crate::http::Refusal>> {
    let until = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return None;
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        if let Head::Whole(head) = shared.guard.read(&bytes) {
            return Some(head);
        }
        if bytes.len() > HEAD {
            return Some(Err((Status::Wrong, "the request is too long")));
        }
    }
}

/// Sends events until there are none, or until the reader goes away.
fn tell(stream: &mut TcpStream, events: &Events) {
    loop {
        let text = match events.receiver.recv_timeout(SILENCE) {
            Ok(text) => text,
            Err(RecvTimeoutError::Timeout) => ":\n\n".to_owned(),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// Ends the sending side and waits for the reader to do the same: a connection that is closed with bytes
/// that nobody has read would be reset, and its answer lost.
fn linger(stream: &mut TcpStream) {
    /// What a reader may still send.
    const REST: usize = 256 * 1024;
    let _ = stream.shutdown(Shutdown::Write);
    let _ = stream.set_read_timeout(Some(SILENCE));
    let (mut buffer, mut rest) = ([0; 4096], 0);
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        rest += count;
        if rest > REST {
            return;
        }
    }
}
