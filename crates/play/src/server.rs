use std::{
    convert::Infallible,
    fmt::Write as _,
    future::{Future, poll_fn},
    net::{Ipv4Addr, TcpListener as StdListener},
    pin::pin,
    sync::Arc,
    task::Poll,
    thread::{self, JoinHandle},
    time::Duration,
};

use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Builder,
    sync::{Semaphore, oneshot},
    task::spawn_blocking,
};

use crate::{
    error::PlayError,
    http::{Guard, refusal, response},
    site::{Answer, Site},
};

/// Most connections at a time: a browser opens six per page.
const CONNECTIONS: usize = 48;
/// Most bytes of the head of a request.
const HEAD: usize = 16 * 1024;
/// Longest time for the head of a request to arrive.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Requests that are answered at a time, apart from streams.
const ANSWERING: usize = 4;
/// How long a thread that answered waits for another request.
const IDLE: Duration = Duration::from_millis(500);

/// A server on an address of this machine alone, which runs until it is stopped.
pub struct Server {
    address: String,
    site: Arc<dyn Site>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves a site on `port` of 127.0.0.1; 0 takes any free port. The address begins with a random
    /// token, without which nothing is served.
    ///
    /// # Errors
    /// The port is taken, or the system gives no random numbers.
    pub fn start(port: u16, site: impl Site) -> Result<Self, PlayError> {
        let wrong = |source| PlayError::Port { port, source };
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(wrong)?;
        listener.set_nonblocking(true).map_err(wrong)?;
        let own_port = listener.local_addr().map_err(wrong)?.port();
        let token = token()?;
        let address = format!("http://127.0.0.1:{own_port}/{token}/");
        let guard = Arc::new(Guard {
            port: own_port,
            token,
        });
        let site: Arc<dyn Site> = Arc::new(site);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(ANSWERING)
            .thread_keep_alive(IDLE)
            .build()
            .map_err(wrong)?;
        let (stop, stopped) = oneshot::channel();
        let served = Arc::clone(&site);
        let thread = thread::Builder::new()
            .name("server".to_owned())
            .spawn(move || {
                runtime.block_on(accept(listener, served, guard, stopped));
                // Streams end here, even where a run still sends.
                runtime.shutdown_background();
            })
            .map_err(wrong)?;
        Ok(Self {
            address,
            site,
            stop: Some(stop),
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
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        self.site.stop();
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
async fn accept(
    listener: StdListener,
    site: Arc<dyn Site>,
    guard: Arc<Guard>,
    stopped: oneshot::Receiver<()>,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stopped = pin!(stopped);
    loop {
        let next = poll_fn(|context| match stopped.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(None),
            Poll::Pending => listener.poll_accept(context).map(Some),
        });
        match next.await {
            None => return,
            Some(Ok((stream, _))) => {
                // A connection too many is closed at once.
                if let Ok(place) = Arc::clone(&room).try_acquire_owned() {
                    let (site, guard) = (Arc::clone(&site), Arc::clone(&guard));
                    tokio::spawn(async move {
                        serve(stream, site, guard).await;
                        drop(place);
                    });
                }
            }
            // The system has no room for the connection now.
            Some(Err(_)) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, site: Arc<dyn Site>, guard: Arc<Guard>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let (site, guard) = (Arc::clone(&site), Arc::clone(&guard));
        async move {
            let asked = match guard.admit(&request) {
                Ok(asked) => asked,
                Err(refused) => return Ok::<_, Infallible>(refused),
            };
            let answer = spawn_blocking(move || site.answer(&asked)).await;
            Ok(answer.map_or_else(
                |_| {
                    refusal(
                        hyper::StatusCode::INTERNAL_SERVER_ERROR,
                        "an error of the program",
                    )
                },
                |answer: Answer| response(answer),
            ))
        }
    });
    // A connection that breaks concerns nobody else.
    let _ = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}
