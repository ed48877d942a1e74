use std::time::Instant;

use nets::{Engines, Target};
use serde_json::{Map, Value, json};

use super::{
    AT_ONCE, Case, Limit,
    member::Members,
    peers::PeerSteps,
    repeat::{at_once, median},
};
use crate::failure::Failure;

/// An engine on a device.
#[derive(Debug, Clone)]
pub(crate) struct Engine {
    /// Its name.
    pub(crate) name: &'static str,
    /// Device by name.
    pub(crate) device: String,
    /// The device.
    pub(crate) target: Target,
}

impl Engine {
    /// Name of engine and device.
    pub(crate) fn label(&self) -> String {
        match self.name {
            "mlp" => self.name.to_owned(),
            name => format!("{name} on {}", self.device),
        }
    }
}

/// Size of the measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    /// Number of repeats; the result is their median.
    pub(crate) repeats: usize,
    /// Duration of a repeat in seconds, which determines its number of steps.
    pub(crate) seconds: f64,
}

/// Times of the steps of one case.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    /// The case.
    pub(crate) case: Case,
    /// Engine and device in words.
    pub(crate) engine: String,
    /// Microseconds per step of one member on one thread.
    pub(crate) one: f64,
    /// Microseconds per step and member while two members train at once: on two threads, or on a
    /// GPU as one tensor.
    pub(crate) two: f64,
    /// Times of the peers.
    pub(crate) peers: Vec<PeerSteps>,
}

/// Smallest number of steps in a repeat.
const FEWEST: usize = 2;

impl Steps {
    /// Measures one case.
    ///
    /// # Errors
    /// The engine does not cover the net, or the device failed.
    pub(crate) fn measure(
        case: Case,
        engine: &Engine,
        engines: &Engines,
        effort: Effort,
    ) -> Result<Self, Failure> {
        let batches: Vec<_> = (0..AT_ONCE as u64).map(|seed| case.batch(seed)).collect();
        let members = |from: usize, count: usize| {
            let rows = &batches[from..from + count];
            Members::new(&case, engines, engine.name, &engine.target, rows)
        };
        let mut first = members(0, 1)?;
        first.train(FEWEST)?;
        let start = Instant::now();
        first.train(FEWEST)?;
        let once = start.elapsed().as_secs_f64() / FEWEST as f64;
        let steps = ((effort.seconds / once) as usize).max(FEWEST);
        // All checks that can fail were made above.
        let worker = |from: usize, count: usize| {
            let mut members = members(from, count).expect("these members were made before");
            members.train(FEWEST).expect("they were trained before");
            move || members.train(steps).expect("they were trained before")
        };
        let median_of = |threads: usize, members: usize| {
            let make = |thread: u64| worker(thread as usize, members);
            median(at_once(threads, effort.repeats, make))
        };
        let both = if engine.target.is_host() {
            median_of(AT_ONCE, 1)
        } else {
            median_of(1, AT_ONCE)
        };
        let micros = |wall: f64| 1e6 * wall / steps as f64;
        Ok(Self {
            case,
            engine: engine.label(),
            one: micros(median_of(1, 1)),
            two: micros(both) / AT_ONCE as f64,
            peers: Vec::new(),
        })
    }

    /// Share of the arithmetic limit that two members reach at once.
    pub(crate) fn share(&self, limit: &Limit) -> f64 {
        self.case.operations() / (1e-6 * self.two) / limit.both
    }

    /// As JSON.
    pub(crate) fn json(&self, limit: &Limit) -> Value {
        let peers: Map<String, Value> = (self.peers.iter())
            .map(|peer| (peer.name.to_owned(), peer.json(self.two)))
            .collect();
        let one = self.case.operations() / (1e-6 * self.one);
        json!({
            "net": self.case.name(),
            "case": self.case.json(),
            "engine": self.engine,
            "micros_one_thread": self.one,
            "micros_two_at_once": self.two,
            "share_of_limit_one_thread": one / limit.one,
            "share_of_limit_two_at_once": self.share(limit),
            "peers": peers,
        })
    }
}
