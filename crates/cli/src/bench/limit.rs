use std::time::Instant;

use serde_json::{Value, json};

use super::{AT_ONCE, repeat::at_once};

/// Arithmetic limit: the largest rate of fused multiply-adds in registers, in f32, in operations
/// per second.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limit {
    /// One thread alone.
    pub(crate) one: f64,
    /// Two threads at once, in sum.
    pub(crate) both: f64,
}

impl Limit {
    /// Measures the limit as the fastest of several repeats of about `seconds` each.
    pub(crate) fn measure(repeats: usize, seconds: f64) -> Self {
        /// Enough operations for the clock to resolve, and few compared with a repeat.
        const FEW: u64 = 100_000;
        let start = Instant::now();
        mlp::multiply_adds(FEW);
        let once = start.elapsed().as_secs_f64().max(f64::MIN_POSITIVE);
        let rounds = (FEW as f64 * seconds / once) as u64 + 1;
        let fastest = |threads: usize| {
            let walls = at_once(threads, repeats, |_| {
                move || {
                    mlp::multiply_adds(rounds);
                }
            });
            walls.into_iter().fold(f64::INFINITY, f64::min)
        };
        let operations = mlp::multiply_adds(rounds) as f64;
        Self {
            one: operations / fastest(1),
            both: AT_ONCE as f64 * operations / fastest(AT_ONCE),
        }
    }

    /// The higher of two measurements. Other load on the machine can only lower a measurement.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            one: self.one.max(other.one),
            both: self.both.max(other.both),
        }
    }

    /// As JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "what": "fused multiply-adds in registers, f32",
            "gigaflops_one_thread": self.one / 1e9,
            "gigaflops_two_threads": self.both / 1e9,
        })
    }
}
