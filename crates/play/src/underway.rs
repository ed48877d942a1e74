//! The rows of a run while they are recorded, and its figures as of now.

use std::{
    path::Path,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use judge::{Making, Run, derive};
use plan::{Plan, Variant};
use record::{CellSummary, Observation};
use train::Observer;

use crate::cancel::Cancel;

/// Most rows that a run may record: about 100 MB.
pub(crate) const MOST_ROWS: usize = 1_000_000;

/// Steps between two reports of progress.
const EVERY: u64 = 16;

/// Collects what a run records, for somebody who draws it meanwhile.
pub(crate) struct Underway<'a> {
    plan: &'a Plan,
    cancel: &'a Cancel,
    steps: AtomicU64,
    recorded: Mutex<Recorded>,
    changed: Condvar,
}

/// What was recorded.
#[derive(Default)]
struct Recorded {
    /// The rows of each cell, by position of its variant, then of its seed.
    cells: Vec<Vec<Vec<Observation>>>,
    rows: usize,
    ended: Vec<CellSummary>,
    /// Whether a row came since the last look.
    is_new: bool,
    /// Whether training has ended.
    is_over: bool,
}

impl<'a> Underway<'a> {
    pub(crate) fn new(plan: &'a Plan, cancel: &'a Cancel) -> Self {
        let seeds = plan.spec.training.seeds as usize;
        let cells = vec![vec![Vec::new(); seeds]; plan.variants.len()];
        Self {
            plan,
            cancel,
            steps: AtomicU64::new(0),
            recorded: Mutex::new(Recorded {
                cells,
                ..Recorded::default()
            }),
            changed: Condvar::new(),
        }
    }

    fn recorded(&self) -> MutexGuard<'_, Recorded> {
        // Whoever panicked while holding it left whole rows.
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Steps that are trained, over all cells.
    pub(crate) fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// Training has ended.
    pub(crate) fn end(&self) {
        self.recorded().is_over = true;
        self.changed.notify_all();
    }

    /// Waits until a row is new; false once training has ended.
    pub(crate) fn wait(&self) -> bool {
        let recorded = self.recorded();
        let waited = self
            .changed
            .wait_while(recorded, |now| !now.is_new && !now.is_over);
        let mut recorded = waited.unwrap_or_else(PoisonError::into_inner);
        recorded.is_new = false;
        !recorded.is_over
    }

    /// Waits for some time, or until training ends; false once it has.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut recorded = self.recorded();
        while !recorded.is_over {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let waited = self.changed.wait_timeout(recorded, left);
            recorded = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    /// Puts the rows so far into `run`, and what follows from them.
    pub(crate) fn fill(&self, run: &mut Run) {
        let (cells, ended) = {
            let recorded = self.recorded();
            (recorded.cells.clone(), recorded.ended.clone())
        };
        let mut all = record::Observations::default();
        for (variant, seeds) in self.plan.variants.iter().zip(cells) {
            for (seed, rows) in self.plan.seeds().zip(seeds) {
                let derived = derive(variant, seed, &rows);
                all.extend(rows);
                all.extend(derived);
            }
        }
        run.observations = all;
        run.manifest.cells = ended;
    }
}

impl Observer for Underway<'_> {
    fn stepped(&self, _: &Variant, _: u64, step: u64) {
        if step.is_multiple_of(EVERY) {
            self.steps.fetch_add(EVERY, Ordering::Relaxed);
        }
    }

    fn recorded(&self, rows: &[Observation]) {
        let Some(first) = rows.first() else {
            return;
        };
        let mut variants = self.plan.variants.iter();
        let variant = variants.position(|variant| *variant.name == *first.variant);
        let seed = self.plan.seeds().position(|seed| seed == first.seed);
        let mut recorded = self.recorded();
        if let (Some(variant), Some(seed)) = (variant, seed) {
            recorded.cells[variant][seed].extend_from_slice(rows);
            recorded.rows += rows.len();
            recorded.is_new = true;
        }
        if recorded.rows > MOST_ROWS {
            self.cancel.fill();
        }
        drop(recorded);
        self.changed.notify_all();
    }

    fn ended(&self, summary: &CellSummary) {
        // A cell that ends early has no more steps to train.
        let planned = self
            .plan
            .variants
            .iter()
            .find(|v| v.name == summary.variant);
        let planned = planned.map_or(0, |variant| variant.training.steps);
        let counted = summary.steps / EVERY * EVERY;
        self.steps
            .fetch_add(planned.saturating_sub(counted), Ordering::Relaxed);
        self.recorded().ended.push(summary.clone());
    }

    fn interrupted(&self) -> bool {
        self.cancel.stops()
    }
}

/// A run that has begun, for [`Underway::fill`].
pub(crate) fn begun(path: &Path, plan: &Plan, settings: &train::Settings) -> Run {
    let making = Making {
        device: settings.device.clone(),
        engine: settings.engine.clone(),
        threads: settings.threads,
        together: 1,
        quick: settings.quick,
        ..Making::default()
    };
    Run::begun(path, plan, &making)
}
