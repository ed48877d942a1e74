use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use plan::{Plan, Variant};
use record::CellSummary;
use train::{Observer, Settings};

/// A progress bar over all steps of a run, with an estimate of the time left. The bar is drawn on
/// standard error, and only on a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
    skipped: AtomicUsize,
    /// Planned steps of each variant by name, to count the steps of cells that end early.
    planned: HashMap<String, u64>,
}

/// Steps between two updates of the bar, so that updates cost little beside training.
const EVERY: u64 = 16;

impl Progress {
    /// A bar over the cells of `settings`, which may be only some of the cells of the plan.
    pub(crate) fn new(
        label: String,
        plan: &Plan,
        settings: &Settings,
        interrupted: Arc<AtomicBool>,
    ) -> Self {
        let steps = |v: &Variant| v.training.steps;
        let variants = plan.variants.iter();
        let planned = variants.clone().map(|v| (v.name.clone(), steps(v)));
        let planned = planned.collect();
        let seeds = plan.spec.training.seeds;
        let cells = variants.flat_map(|v| (0..seeds).map(move |_| steps(v)));
        let (part, parts) = settings.storing.shard.unwrap_or((0, 1));
        let total = cells.skip(part).step_by(parts).sum();
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
            skipped: AtomicUsize::new(0),
            planned,
        }
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Number of cells that were done before.
    pub(crate) fn skipped_cells(&self) -> usize {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Whether the user has interrupted the run.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// Planned steps of a variant.
    fn planned(&self, name: &str) -> u64 {
        self.planned.get(name).copied().unwrap_or(0)
    }
}

impl Observer for Progress {
    fn started(&self, variant: &Variant, seed: u64, step: u64) {
        self.bar
            .set_message(format!("{} seed {seed}", variant.name));
        if step > 0 {
            // Steps of earlier calls must not enter the estimate of the speed.
            self.bar.inc(step / EVERY * EVERY);
            self.bar.reset_eta();
        }
    }

    fn skipped(&self, variant: &Variant, _: u64) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
        self.bar.inc(self.planned(&variant.name));
        self.bar.reset_eta();
    }

    fn warned(&self, warning: &str) {
        self.bar.suspend(|| tell!("warning: {warning}"));
    }

    fn stepped(&self, _: &Variant, _: u64, step: u64) {
        if step.is_multiple_of(EVERY) {
            self.bar.inc(EVERY);
        }
    }

    fn ended(&self, summary: &CellSummary) {
        let counted = summary.steps / EVERY * EVERY;
        let planned = self.planned(&summary.variant);
        self.bar.inc(planned.saturating_sub(counted));
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
