use std::time::Instant;

use nets::Target;

use super::{
    cell::{Cell, RunError},
    runner::{Observer, Settings},
};
use crate::{Kinds, spec::Loaded};

/// What a run would take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Number of cells.
    pub cells: usize,
    /// Estimated wall seconds on the given number of threads.
    pub seconds: f64,
}

/// Steps of a trial.
const TRIAL_STEPS: u64 = 40;

struct Silent;

impl Observer for Silent {}

/// Estimates the wall time of a run from a short trial of the first, middle and last variant.
///
/// # Errors
/// The device cannot be used.
pub fn estimate(loaded: &Loaded, settings: &Settings, kinds: &Kinds) -> Result<Estimate, RunError> {
    let target = Target::open(&settings.device, loaded.spec.training.precision)?;
    let seeds = loaded.spec.training.seeds as usize;
    let count = loaded.variants.len();
    let mut tried: Vec<usize> = vec![0, count / 2, count - 1];
    tried.dedup();
    let mut per_step = 0.0;
    for &position in &tried {
        let variant = &loaded.variants[position];
        let engine = &settings.engine;
        let cell = Cell {
            variant,
            seed: 0,
            engine,
            target: &target,
            kinds,
        };
        // The first steps warm caches and allocator; count what the second trial takes.
        cell.run(Some(TRIAL_STEPS / 4), &Silent)?;
        let start = Instant::now();
        cell.run(Some(TRIAL_STEPS), &Silent)?;
        per_step += start.elapsed().as_secs_f64() / TRIAL_STEPS as f64;
    }
    per_step /= tried.len() as f64;
    let steps: f64 = loaded
        .variants
        .iter()
        .map(|v| v.spec.training.steps as f64)
        .sum();
    let cells = count * seeds;
    let lanes = settings.threads.clamp(1, cells.max(1)) as f64;
    Ok(Estimate {
        cells,
        seconds: steps * seeds as f64 * per_step / lanes,
    })
}
