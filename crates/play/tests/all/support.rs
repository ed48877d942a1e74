//! A bench with one small scene, and requests without a browser.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    time::{Duration, Instant},
};

use layerwise_play::{Bench, Dial, Limits, Scene, Server};
use serde_json::Value;
use tempfile::TempDir;
use train::{Kinds, Provenance};

/// Longest time for an answer on a machine that does other things.
const PATIENCE: Duration = Duration::from_secs(60);

const SPEC: &str = r#"
    name = "small"
    title = "A linear model on <b>skills</b>"
    summary = "An example."
    source = "none"
    minutes = 0.1
    [task]
    kind = "modes"
    input_powers = [2.0, 1.0]
    targets = [1.0, 1.0]
    [models.linear]
    kind = "linear-skills"
    [training]
    seeds = 2
    steps = 1000
    lr = 0.01
    [[measure]]
    kind = "skills"
    schedule = { kind = "log", points = 100 }
    [[measure]]
    kind = "loss"
    schedule = { kind = "ends" }
    [[claims]]
    id = "L"
    statement = "The model learns its modes"
    source = "none"
    metric = "skill_strength"
    model = "linear"
    statistic = { kind = "final-value" }
    interval = "t"
    threshold = { above = 0.9 }
    origin = "theory"
    controls = [{ name = "the loss, which falls", metric = "test_loss", must = "contradicted" }]
    [[pictures]]
    name = "skills"
    title = "Skills of <b>the</b> model"
    caption = "{seeds} seeds."
    [[pictures.panels]]
    kind = "curves"
    metric = "skill_strength"
    x = "step"
    x_label = "step"
    y_label = "strength"
    layers = [{ model = "linear", label = "linear model" }]
"#;

/// A scene whose runs take a moment, or minutes at the end of its dial `steps`.
pub(crate) fn small() -> Scene {
    Scene {
        name: "small".to_owned(),
        title: "Small".to_owned(),
        invitation: "Turn it.".to_owned(),
        spec: SPEC.to_owned(),
        origin: "scene small".to_owned(),
        quick: false,
        dials: vec![
            Dial::log("lr", "learning rate", (1e-6, 10.0), 0.01).sets("training.lr"),
            Dial::whole("steps", "steps", (100, 20_000_000), 1000).sets("training.steps"),
            Dial::whole("seeds", "seeds", (1, 200), 2).sets("training.seeds"),
            Dial::choice("precision", "precision", &["f32", "f64"]).sets("training.precision"),
        ],
        links: |_| Vec::new(),
        tells: |shown| {
            let last = shown.last("linear", "skill_strength", 1);
            last.map(|last| format!("It is at {last}."))
                .into_iter()
                .collect()
        },
    }
}

/// A bench that is served, and where it saves runs.
pub(crate) struct Served {
    pub(crate) server: Server,
    pub(crate) counts: Box<dyn Fn() -> (usize, usize) + Send>,
    pub(crate) out: TempDir,
}

impl Served {
    pub(crate) fn new(limits: Limits) -> Self {
        let out = tempfile::tempdir().unwrap();
        let provenance = Provenance::default();
        let bench = Bench::new(
            vec![small()],
            Kinds::default(),
            provenance,
            out.path(),
            limits,
        );
        let bench = bench.unwrap();
        let counts = Box::new(bench.counts());
        let server = Server::start(0, bench).unwrap();
        Self {
            server,
            counts,
            out,
        }
    }

    /// Host with port, and token.
    pub(crate) fn parts(&self) -> (String, String) {
        let address = self.server.address().strip_prefix("http://").unwrap();
        let (host, token) = address.split_once('/').unwrap();
        (host.to_owned(), token.trim_end_matches('/').to_owned())
    }

    /// A request with the token and these further headers.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
        let (host, token) = self.parts();
        let mut all = vec![("Host", host.as_str())];
        all.extend(headers);
        send(&host, method, &format!("/{token}/{path}"), &all)
    }

    pub(crate) fn get(&self, path: &str) -> Response {
        self.ask("GET", path, &[])
    }

    /// A request to write, as the page sends it.
    pub(crate) fn post(&self, path: &str) -> Response {
        let origin = format!("http://{}", self.parts().0);
        self.ask("POST", path, &[("Origin", &origin)])
    }

    /// Waits until no run is in progress and at most `folders` folders are left.
    pub(crate) fn rests(&self, folders: usize) {
        let start = Instant::now();
        loop {
            let (active, left) = (self.counts)();
            if active == 0 && left <= folders {
                return;
            }
            assert!(
                start.elapsed() < PATIENCE,
                "{active} runs and {left} folders are left"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The beginning of a response; its body is read on demand.
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    length: Option<usize>,
    reader: BufReader<TcpStream>,
}

/// Sends a request and reads the head of the response.
pub(crate) fn send(host: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let status = line.split(' ').nth(1).unwrap().parse().unwrap();
    let mut found = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        found.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    let of = |name: &str| {
        found
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.clone())
    };
    Response {
        status,
        length: of("content-length").and_then(|text| text.parse().ok()),
        headers: found,
        reader,
    }
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn text(mut self) -> String {
        let mut bytes = vec![0; self.length.unwrap()];
        self.reader.read_exact(&mut bytes).unwrap();
        // The connection ends with the answer.
        assert_eq!(self.reader.read(&mut [0]).unwrap(), 0);
        String::from_utf8(bytes).unwrap()
    }

    /// The next event of a stream.
    pub(crate) fn event(&mut self) -> Option<Value> {
        assert_eq!(self.length, None);
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap_or(0) == 0 {
                return None;
            }
            if let Some(json) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(json.trim_end()).unwrap());
            }
        }
    }

    /// All events up to the end of the stream.
    pub(crate) fn events(mut self) -> Vec<Value> {
        std::iter::from_fn(|| self.event()).collect()
    }
}

/// The only entry of a folder.
pub(crate) fn only(folder: &std::path::Path) -> PathBuf {
    let mut entries = std::fs::read_dir(folder).unwrap();
    let first = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    first
}
