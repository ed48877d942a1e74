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

/// Shows how far a run is, and says whether the user wants to stop it. Called from worker threads.
pub trait Watch: Sync {
    /// The run has this many steps, over all cells.
    fn begins(&self, steps: u64);
    /// More steps are done. Those that an earlier call had done do not count for the speed.
    fn advances(&self, steps: u64, earlier: bool);
    /// This cell is being trained.
    fn trains(&self, cell: &str);
    /// A warning for the user; the run continues.
    fn warns(&self, warning: &str);
    /// Whether the user wants to stop.
    fn interrupted(&self) -> bool;
}

/// Counts the steps of a run for somebody who watches it.
pub(crate) struct Progress<W> {
    watch: W,
    skipped: AtomicUsize,
    /// Planned steps of each variant by name, to count the steps of cells that end early.
    planned: HashMap<String, u64>,
}

/// Steps between two updates, so that updates cost little beside training.
const EVERY: u64 = 16;

impl<W: Watch> Progress<W> {
    /// Watches the cells of `settings`, which may be only some of the cells of the plan.
    pub(crate) fn new(watch: W, plan: &Plan, settings: &Settings) -> Self {
        let steps = |v: &Variant| v.training.steps;
        let variants = plan.variants.iter();
        let planned = variants.clone().map(|v| (v.name.clone(), steps(v)));
        let planned = planned.collect();
        let seeds = plan.spec.training.seeds;
        let cells = variants.flat_map(|v| (0..seeds).map(move |_| steps(v)));
        let (part, parts) = settings.storing.shard.unwrap_or((0, 1));
        watch.begins(cells.skip(part).step_by(parts).sum());
        Self {
            watch,
            skipped: AtomicUsize::new(0),
            planned,
        }
    }

    /// Number of cells that were done before.
    pub(crate) fn skipped_cells(&self) -> usize {
        self.skipped.load(Ordering::Relaxed)
    }

    /// Whether the user has interrupted the run.
    pub(crate) fn was_interrupted(&self) -> bool {
        self.watch.interrupted()
    }

    /// Planned steps of a variant.
    fn planned(&self, name: &str) -> u64 {
        self.planned.get(name).copied().unwrap_or(0)
    }
}

impl Progress<Bar> {
    pub(crate) fn finish(&self) {
        self.watch.bar.finish_and_clear();
    }
}

impl<W: Watch> Observer for Progress<W> {
    fn started(&self, variant: &Variant, seed: u64, step: u64) {
        self.watch.trains(&format!("{} seed {seed}", variant.name));
        if step > 0 {
            self.watch.advances(step / EVERY * EVERY, true);
        }
    }

    fn skipped(&self, variant: &Variant, _: u64) {
        self.skipped.fetch_add(1, Ordering::Relaxed);
        self.watch.advances(self.planned(&variant.name), true);
    }

    fn warned(&self, warning: &str) {
        self.watch.warns(warning);
    }

    fn stepped(&self, _: &Variant, _: u64, step: u64) {
        if step.is_multiple_of(EVERY) {
            self.watch.advances(EVERY, false);
        }
    }

    fn ended(&self, summary: &CellSummary) {
        let counted = summary.steps / EVERY * EVERY;
        let planned = self.planned(&summary.variant);
        self.watch.advances(planned.saturating_sub(counted), false);
    }

    fn interrupted(&self) -> bool {
        self.watch.interrupted()
    }
}

/// A progress bar with an estimate of the time left. The bar is drawn on standard error, and only on
/// a terminal.
pub(crate) struct Bar {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Bar {
    pub(crate) fn new(label: String, interrupted: Arc<AtomicBool>) -> Self {
        let bar = ProgressBar::new(0);
        let style = "{prefix} {wide_bar} {percent:>3} %  {elapsed} gone, about {eta} left  {msg}";
        bar.set_style(
            ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_prefix(label);
        Self { bar, interrupted }
    }
}

impl Watch for Bar {
    fn begins(&self, steps: u64) {
        self.bar.set_length(steps);
        self.bar.enable_steady_tick(Duration::from_millis(200));
    }

    fn advances(&self, steps: u64, earlier: bool) {
        self.bar.inc(steps);
        if earlier {
            // Steps of earlier calls must not enter the estimate of the speed.
            self.bar.reset_eta();
        }
    }

    fn trains(&self, cell: &str) {
        self.bar.set_message(cell.to_owned());
    }

    fn warns(&self, warning: &str) {
        self.bar.suspend(|| tell!("warning: {warning}"));
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}
