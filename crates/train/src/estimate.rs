use std::time::{Duration, Instant};

use nets::{Engines, Target};
use plan::Plan;

use crate::{batching::Batching, error::TrainError, observer::Observer, settings::Settings};

/// Estimated cost of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Number of cells.
    pub cells: usize,
    /// Estimated wall seconds on the given number of threads.
    pub seconds: f64,
}

/// Steps of a trial, and its minimum duration.
const TRIAL_STEPS: u64 = 40;
const TRIAL_SECONDS: f64 = 0.02;

/// An observer that ignores everything.
struct Unobserved;

impl Observer for Unobserved {}

/// Estimates the wall time of a run from a short trial of the first, middle and last variant.
///
/// # Errors
/// The device cannot be used.
pub fn estimate(
    plan: &Plan,
    settings: &Settings,
    engines: &Engines,
) -> Result<Estimate, TrainError> {
    let target = Target::open(&settings.device, plan.spec.training.precision)?;
    let seeds = plan.spec.training.seeds as usize;
    let count = plan.variants.len();
    let mut tried: Vec<usize> = vec![0, count / 2, count - 1];
    tried.dedup();
    let (mut per_cell, mut stepping, mut stepped) = (0.0, 0.0, 0.0);
    for &position in &tried {
        let variant = &plan.variants[position];
        let cell = Batching {
            members: &[(variant, 0)],
            engine: &settings.engine,
            engines,
            target: &target,
            recordings: None,
            checkpoint_every: Duration::MAX,
        };
        // Returns wall time and the time spent measuring, which are kept apart because early steps
        // are measured more often than later ones.
        let timed = |steps: u64| -> Result<(f64, f64), TrainError> {
            let start = Instant::now();
            let cells = cell.run(Some(steps), &Unobserved)?;
            let measuring = cells
                .iter()
                .map(|cell| cell.summary.measuring_seconds)
                .sum();
            Ok((start.elapsed().as_secs_f64(), measuring))
        };
        // The first steps warm up the caches and the allocator.
        timed(TRIAL_STEPS / 4)?;
        // Everything is measured at step 0.
        let (beginning, one) = timed(0)?;
        let mut steps = TRIAL_STEPS;
        let mut trial = timed(steps)?;
        // Small nets need a longer trial for a usable time.
        while trial.0 < TRIAL_SECONDS && steps < variant.training.steps {
            steps *= 10;
            trial = timed(steps)?;
        }
        per_cell += beginning + one * variant.recorded_steps(0).len().saturating_sub(1) as f64;
        stepping += (trial.0 - trial.1 - (beginning - one)).max(0.0);
        stepped += steps.min(variant.training.steps) as f64;
    }
    per_cell /= tried.len() as f64;
    let per_step = stepping / f64::max(stepped, 1.0);
    let steps: f64 = plan.variants.iter().map(|v| v.training.steps as f64).sum();
    let cells = count * seeds;
    let lanes = settings.threads.clamp(1, cells.max(1)) as f64;
    Ok(Estimate {
        cells,
        seconds: (cells as f64 * per_cell + steps * seeds as f64 * per_step) / lanes,
    })
}
