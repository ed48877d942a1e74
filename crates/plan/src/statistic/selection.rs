use std::collections::{HashMap, HashSet};

use record::{
    CellSummary, Manifest, Observation, Observations, Source, StopReason, VariantInfo, knob_value,
    lies_at,
};

use super::Sample;
use crate::times::is_step;

/// What a run recorded, with what is known of its cells and metrics.
pub struct RecordedRun<'a> {
    /// Measured, derived and predicted rows.
    pub observations: &'a Observations,
    /// How the run was made and how its cells ended.
    pub manifest: &'a Manifest,
    /// Variant and seed of the cells that did not come to their end.
    cut_short: HashSet<(&'a str, u64)>,
    /// Cells in which curves of the user end early.
    early: HashMap<(&'a str, u64), &'a CellSummary>,
}

impl<'a> RecordedRun<'a> {
    /// A run from its observations and its manifest.
    pub fn new(observations: &'a Observations, manifest: &'a Manifest) -> Self {
        let stopped = manifest.cells.iter().filter(|cell| !cell.stopped.is_end());
        let failed = manifest.failed.iter();
        let early = (manifest.cells.iter())
            .filter(|cell| matches!(cell.stopped, StopReason::EndsEarly { .. }));
        Self {
            observations,
            manifest,
            cut_short: (stopped.map(|cell| (&*cell.variant, cell.seed)))
                .chain(failed.map(|cell| (&*cell.variant, cell.seed)))
                .collect(),
            early: early
                .map(|cell| ((&*cell.variant, cell.seed), cell))
                .collect(),
        }
    }

    /// Whether a metric follows from whole curves, so that its one row is no moment of training.
    fn follows(&self, metric: &str) -> bool {
        let info = self.manifest.metrics.get(metric);
        info.is_some_and(|info| info.whole_curve)
    }

    /// Whether training broke off in a cell, so that nobody knows what a metric would have become.
    fn is_broken(&self, metric: &str, variant: &str, seed: u64) -> bool {
        self.cut_short.contains(&(variant, seed)) && !self.follows(metric)
    }

    /// Whether a row is of a curve of the user that ends early, and says nothing of the end.
    fn ends_early(&self, row: &Observation) -> bool {
        let cell = self.early.get(&(&*row.variant, row.seed));
        cell.is_some_and(|cell| cell.ends_early(row, self.follows(&row.metric)))
    }

    /// What the last row of a curve says of its end.
    fn end(&self, row: &Observation) -> Sample {
        let broken = self.is_broken(&row.metric, &row.variant, row.seed);
        let before = self.follows(&row.metric) && row.value == f64::NEG_INFINITY;
        match (broken || self.ends_early(row), before) {
            (false, false) => Sample::Exact(row.value),
            (false, true) => Sample::AtMost(row.step as f64),
            (true, _) if self.follows(&row.metric) && is_step(&row.metric) => {
                Sample::AtLeast(row.step as f64)
            }
            (true, _) => Sample::Missing,
        }
    }

    /// The rows of a cell. In one that was cut short, a time that was not reached before is not
    /// infinite but unknown, and left out.
    fn cell(
        &self,
        source: Source<'_>,
        variant: &str,
        seed: u64,
    ) -> impl DoubleEndedIterator<Item = &'a Observation> + use<'a> {
        let unknown = self.follows(source.1) && self.cut_short.contains(&(variant, seed));
        let rows = self.observations.of_cell(source, (variant, seed));
        rows.filter(move |row| !unknown || row.value.is_finite())
    }
}

/// The recorded rows of one metric of one model in one variant group, by cell.
pub struct Selection<'a> {
    /// Seeds, in order.
    pub seeds: &'a [u64],
    /// Seed by seed, each in the order of the grid.
    cells: Vec<CellRows<'a>>,
    /// Cells of one seed.
    per_seed: usize,
    run: &'a RecordedRun<'a>,
    model: &'a str,
    metric: &'a str,
}

/// The rows of one variant and seed.
pub struct CellRows<'a> {
    /// The variant.
    pub variant: &'a VariantInfo,
    /// The seed.
    pub seed: u64,
    rows: Vec<&'a Observation>,
    run: &'a RecordedRun<'a>,
    is_broken: bool,
}

impl<'a> Selection<'a> {
    /// The metric.
    pub fn metric(&self) -> &'a str {
        self.metric
    }

    /// What one index of the metric is called (`skill 2`); empty where it has none.
    pub fn label(&self, index: u64) -> String {
        let info = self.run.manifest.metrics.get(self.metric);
        match (index, info.map_or("", |info| &*info.index)) {
            (0, _) => String::new(),
            (index, "") => format!("index {index}"),
            (index, name) => format!("{name} {index}"),
        }
    }

    /// Selects from the long table; `at` keeps the cells of the grid with these knob values.
    pub fn select(
        run: &'a RecordedRun<'a>,
        group: &str,
        model: &'a str,
        metric: &'a str,
        at: &toml::Table,
    ) -> Self {
        let there = |v: &VariantInfo| v.group == group && lies_at(&v.knobs, at);
        let variants = || run.manifest.variants.iter().filter(|v| there(v));
        let cell = |variant: &'a VariantInfo, seed| CellRows {
            variant,
            seed,
            rows: run.cell((model, metric), &variant.name, seed).collect(),
            run,
            is_broken: run.is_broken(metric, &variant.name, seed),
        };
        let cells = run.manifest.seeds.iter();
        Self {
            seeds: &run.manifest.seeds,
            cells: cells
                .flat_map(|&seed| variants().map(move |variant| cell(variant, seed)))
                .collect(),
            per_seed: variants().count(),
            run,
            model,
            metric,
        }
    }

    /// The model or prediction.
    pub(crate) fn model(&self) -> &'a str {
        self.model
    }

    /// The same cells with the rows of another model.
    pub(crate) fn of_model<'b>(&'b self, model: &'b str) -> Selection<'b> {
        let cell = |cell: &CellRows<'a>| CellRows {
            variant: cell.variant,
            seed: cell.seed,
            rows: (self.run)
                .cell((model, self.metric), &cell.variant.name, cell.seed)
                .collect(),
            run: self.run,
            is_broken: cell.is_broken,
        };
        Selection {
            seeds: self.seeds,
            cells: self.cells.iter().map(cell).collect(),
            per_seed: self.per_seed,
            run: self.run,
            model,
            metric: self.metric,
        }
    }

    /// The same metric of the same model in another variant group, all cells.
    pub(crate) fn of_group(&self, group: &str) -> Self {
        let everywhere = toml::Table::new();
        let (model, metric) = (self.model, self.metric);
        Self::select(self.run, group, model, metric, &everywhere)
    }

    /// What the last row of another metric of the same model in `cell` says of the end.
    pub(crate) fn final_sample_of(&self, cell: &CellRows<'_>, metric: &str) -> Sample {
        let mut rows = (self.run).cell((self.model, metric), &cell.variant.name, cell.seed);
        rows.next_back()
            .map_or(Sample::Missing, |row| self.run.end(row))
    }

    /// The last value of another metric of the same model in `cell`; `None` where it is not known.
    pub(crate) fn final_value_of(&self, cell: &CellRows<'_>, metric: &str) -> Option<f64> {
        match self.final_sample_of(cell, metric) {
            Sample::Exact(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the curve of a model and metric in `cell` comes to the end.
    pub(crate) fn has_end_in(
        &self,
        cell: &CellRows<'_>,
        model: &str,
        metric: &str,
        index: u64,
    ) -> bool {
        let mut rows = (self.run).cell((model, metric), &cell.variant.name, cell.seed);
        let last = rows.rfind(|row| row.index == index);
        !cell.is_broken && !last.is_some_and(|row| self.run.ends_early(row))
    }

    /// Whether the curve of another metric of the same model in `cell` comes to the end.
    pub(crate) fn own_has_end(&self, cell: &CellRows<'_>, metric: &str, index: u64) -> bool {
        self.has_end_in(cell, self.model, metric, index)
    }

    /// Whether a cell did not come to its end.
    pub(crate) fn is_cut_short(&self, cell: &CellRows<'_>) -> bool {
        self.run
            .cut_short
            .contains(&(&*cell.variant.name, cell.seed))
    }

    /// Sentences on the cells that did not come to their end, and on curves of the user that end
    /// early, if there are any.
    pub fn cut_short(&self) -> Vec<String> {
        let count = |test: &dyn Fn(&CellRows<'_>) -> bool| {
            let cells = self.cells.iter();
            cells.filter(|cell| test(cell)).count()
        };
        let all = self.cells.len();
        let broken = count(&|cell| self.is_cut_short(cell));
        let early = count(&|cell| !cell.is_broken && !cell.has_end());
        let mut notes = Vec::new();
        if broken > 0 {
            notes.push(format!(
                "{broken} of {all} cells stopped early (manifest.json says why); final values of \
                 their curves, and times that they had not reached, are missing"
            ));
        }
        if early > 0 {
            notes.push(format!(
                "in {early} of {all} cells the curves of {} end before the last step \
                 (manifest.json says where); their final values are missing, and times that they \
                 had not reached are lower bounds",
                self.model
            ));
        }
        notes
    }

    /// Steps and values of another metric of the same model in `cell`.
    pub(crate) fn own_rows(&self, cell: &CellRows<'_>, metric: &str, index: u64) -> Curve {
        self.rows_of(cell, self.model, metric, index)
    }

    /// The cells of one seed, in the order of the grid.
    pub fn of_seed(&self, seed: u64) -> impl Iterator<Item = &CellRows<'a>> + Clone {
        let position = self.seeds.iter().position(|&known| known == seed);
        let start = position.map_or(self.cells.len(), |position| position * self.per_seed);
        self.cells[start..].iter().take(self.per_seed)
    }

    /// The first variant's cell of each seed: the only one where there is no grid.
    pub fn per_seed(&self) -> Vec<&CellRows<'a>> {
        self.seeds
            .iter()
            .filter_map(|&seed| self.of_seed(seed).next())
            .collect()
    }

    /// All indices that occur, increasing.
    pub fn indices(&self) -> Vec<u64> {
        let mut indices: Vec<u64> = self
            .cells
            .iter()
            .flat_map(|c| c.rows.iter().map(|o| o.index))
            .collect();
        indices.sort_unstable();
        indices.dedup();
        indices
    }

    /// The same cells with the rows of another model and metric.
    pub(crate) fn rows_of(
        &self,
        cell: &CellRows<'_>,
        model: &str,
        metric: &str,
        index: u64,
    ) -> Curve {
        (self.run)
            .cell((model, metric), &cell.variant.name, cell.seed)
            .filter(|o| o.index == index)
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }
}

/// Steps and values.
pub(crate) type Curve = (Vec<f64>, Vec<f64>);

impl CellRows<'_> {
    /// Whether training broke off (the net diverged, say), so that nobody knows how the curves would
    /// have gone on.
    pub(crate) fn is_broken(&self) -> bool {
        self.is_broken
    }

    /// Whether the last records are those of the end, at every index.
    pub(crate) fn has_end(&self) -> bool {
        !self.is_broken && !self.rows.iter().any(|row| self.run.ends_early(row))
    }

    /// Whether the last record of one index is that of the end.
    pub(crate) fn has_end_of(&self, index: u64) -> bool {
        let last = self.rows.iter().rfind(|row| row.index == index);
        !self.is_broken && !last.is_some_and(|row| self.run.ends_early(row))
    }

    /// Steps and values of one index, in recording order.
    pub fn curve(&self, index: u64) -> (Vec<f64>, Vec<f64>) {
        self.rows
            .iter()
            .filter(|o| o.index == index)
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }

    /// The last recorded step; 0 without records.
    pub(crate) fn last_step(&self) -> f64 {
        self.rows.iter().map(|o| o.step).max().unwrap_or(0) as f64
    }

    /// Indices and values at the last step; nothing where a curve ends before.
    pub(crate) fn at_end(&self) -> Curve {
        let last = self.rows.iter().map(|o| o.step).max().unwrap_or(0);
        let has_end = self.has_end();
        self.rows
            .iter()
            .filter(|o| o.step == last && has_end)
            .map(|o| (o.index as f64, o.value))
            .unzip()
    }

    /// Indices and values at every recorded step.
    pub(crate) fn at_all_steps(&self) -> Curve {
        self.rows.iter().map(|o| (o.index as f64, o.value)).unzip()
    }

    /// What the last record of one index says of the end.
    pub fn final_sample(&self, index: u64) -> Sample {
        let last = self.rows.iter().rfind(|row| row.index == index);
        last.map_or(Sample::Missing, |row| self.run.end(row))
    }

    /// The last value of one index; `None` where the end is not known.
    pub fn final_value(&self, index: u64) -> Option<f64> {
        match self.final_sample(index) {
            Sample::Exact(value) => Some(value),
            _ => None,
        }
    }

    /// A grid knob as a number.
    pub fn knob(&self, key: &str) -> Option<f64> {
        knob_value(&self.variant.knobs, key)
    }

    /// Probability of skill `index` (from 1).
    pub fn probability(&self, index: u64) -> f64 {
        let position = (index as usize).wrapping_sub(1);
        self.variant
            .probabilities
            .get(position)
            .copied()
            .unwrap_or(1.0)
    }
}
