use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use lab::{
    record::CellSummary,
    run::Observer,
    spec::{Loaded, Variant},
};

/// A bar over all steps of a run, with an estimate of the time left. Draws on standard error and
/// only on a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
    /// Planned steps of each variant by name, to account for cells that end early.
    planned: Vec<(String, u64)>,
}

/// Steps between two updates of the bar: cheap beside a training step.
const EVERY: u64 = 16;

impl Progress {
    pub(crate) fn new(label: String, loaded: &Loaded, interrupted: Arc<AtomicBool>) -> Self {
        let planned: Vec<(String, u64)> = loaded
            .variants
            .iter()
            .map(|v| (v.name.clone(), v.spec.training.steps))
            .collect();
        let seeds = loaded.spec.training.seeds;
        let total = planned.iter().map(|(_, steps)| steps * seeds).sum();
        let bar = ProgressBar::new(total);
        let style = "{prefix} {wide_bar} {percent:>3} %  {elapsed} gone, about {eta} left  {msg}";
        bar.set_style(
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(label);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self {
            bar,
            interrupted,
            planned,
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Observer for Progress {
    fn started(&self, variant: &Variant, seed: u64) {
        self.bar
            .set_message(format!("{} seed {seed}", variant.name));
    }

    fn stepped(&self, _: &Variant, _: u64, step: u64) {
        if step.is_multiple_of(EVERY) {
            self.bar.inc(EVERY);
        }
    }

    fn ended(&self, summary: &CellSummary) {
        let planned = self
            .planned
            .iter()
            .find(|(name, _)| *name == summary.variant);
        let counted = summary.steps / EVERY * EVERY;
        self.bar
            .inc(planned.map_or(0, |(_, steps)| steps.saturating_sub(counted)));
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
