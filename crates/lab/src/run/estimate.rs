use std::time::Instant;

use nets::Target;

use super::{
    cell::{Cell, RunError},
    runner::{Observer, Settings},
};
use crate::{
    Kinds,
    measure::entry,
    spec::{Loaded, Variant},
};

/// What a run would take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Number of cells.
    pub cells: usize,
    /// Estimated wall seconds on the given number of threads.
    pub seconds: f64,
}

/// Steps of a trial, and how long one should take at least.
const TRIAL_STEPS: u64 = 40;
const TRIAL_SECONDS: f64 = 0.02;

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
    let (mut per_cell, mut stepping, mut stepped) = (0.0, 0.0, 0.0);
    for &position in &tried {
        let variant = &loaded.variants[position];
        let cell = Cell {
            variant,
            seed: 0,
            engine: &settings.engine,
            target: &target,
            kinds,
        };
        // Wall time, and how much of it was measuring: the first steps are measured more often than
        // later ones.
        let timed = |steps: u64| -> Result<(f64, f64), RunError> {
            let start = Instant::now();
            let measuring = cell.run(Some(steps), &Silent)?.summary.measuring_seconds;
            Ok((start.elapsed().as_secs_f64(), measuring))
        };
        // The first steps warm caches and allocator.
        timed(TRIAL_STEPS / 4)?;
        // Everything is measured at step 0.
        let (beginning, look) = timed(0)?;
        let mut steps = TRIAL_STEPS;
        let mut trial = timed(steps)?;
        // Small nets take so little that a longer trial is needed to see it.
        while trial.0 < TRIAL_SECONDS && steps < variant.spec.training.steps {
            steps *= 10;
            trial = timed(steps)?;
        }
        per_cell += beginning + look * looks(variant, kinds)?.saturating_sub(1) as f64;
        stepping += (trial.0 - trial.1 - (beginning - look)).max(0.0);
        stepped += steps.min(variant.spec.training.steps) as f64;
    }
    per_cell /= tried.len() as f64;
    let per_step = stepping / f64::max(stepped, 1.0);
    let steps: f64 = loaded
        .variants
        .iter()
        .map(|v| v.spec.training.steps as f64)
        .sum();
    let cells = count * seeds;
    let lanes = settings.threads.clamp(1, cells.max(1)) as f64;
    Ok(Estimate {
        cells,
        seconds: (cells as f64 * per_cell + steps * seeds as f64 * per_step) / lanes,
    })
}

/// Steps at which something is measured.
fn looks(variant: &Variant, kinds: &Kinds) -> Result<usize, RunError> {
    let mut steps = Vec::new();
    for table in &variant.spec.measure {
        let entry = entry(table.clone(), &kinds.measures)?;
        steps.extend(entry.schedule.steps(variant.spec.training.steps));
    }
    steps.sort_unstable();
    steps.dedup();
    Ok(steps.len())
}
