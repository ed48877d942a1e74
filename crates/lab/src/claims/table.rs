use std::collections::{HashMap, HashSet};

use crate::record::{Manifest, Observation, VariantInfo, knob_value, lies_at};

/// Rows by (model, metric) and (variant, seed), in recording order: a run may have tens of
/// thousands of cells.
pub struct Index<'a> {
    rows: HashMap<(&'a str, &'a str), ByCell<'a>>,
    /// Variant and seed of the cells that did not come to their end.
    cut_short: HashSet<(&'a str, u64)>,
    /// Metrics that follow from whole curves: the times of curves, above all.
    derived: HashSet<&'a str>,
}

/// Rows by (variant, seed).
type ByCell<'a> = HashMap<(&'a str, u64), Vec<&'a Observation>>;

impl<'a> Index<'a> {
    /// Sorts the long table into cells. `derived` are the metrics that follow from whole curves.
    pub fn new(
        observations: &'a [Observation],
        manifest: &'a Manifest,
        derived: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut rows: HashMap<(&str, &str), ByCell<'a>> = HashMap::new();
        for row in observations {
            rows.entry((&row.model, &row.metric))
                .or_default()
                .entry((&row.variant, row.seed))
                .or_default()
                .push(row);
        }
        let stopped = manifest.cells.iter().filter(|cell| !cell.stopped.is_end());
        let failed = manifest.failed.iter();
        Self {
            rows,
            cut_short: (stopped.map(|cell| (&*cell.variant, cell.seed)))
                .chain(failed.map(|cell| (&*cell.variant, cell.seed)))
                .collect(),
            derived: derived.into_iter().collect(),
        }
    }

    /// Whether the last row of a metric in a cell is that of the end. What follows from a whole
    /// curve has one row, which is no moment of the curve.
    fn has_end(&self, metric: &str, variant: &str, seed: u64) -> bool {
        !self.cut_short.contains(&(variant, seed)) || self.derived.contains(metric)
    }

    /// Models and predictions that have a metric, by name.
    pub(super) fn models(&self, metric: &str) -> Vec<&'a str> {
        let keys = self.rows.keys().filter(|(_, of)| *of == metric);
        let mut models: Vec<&str> = keys.map(|(model, _)| *model).collect();
        models.sort_unstable();
        models
    }

    /// The rows of a cell. In one that was cut short, a time that was not reached before is not
    /// infinite but unknown, and left out.
    fn cell<'s>(
        &'s self,
        model: &'s str,
        metric: &'s str,
        variant: &'s str,
        seed: u64,
    ) -> impl DoubleEndedIterator<Item = &'a Observation> + use<'s, 'a> {
        let cells = self.rows.get(&(model, metric));
        let rows = cells.and_then(|cells| cells.get(&(variant, seed)));
        let rows = rows.map_or(&[][..], Vec::as_slice).iter().copied();
        let unknown = self.derived.contains(metric) && self.cut_short.contains(&(variant, seed));
        rows.filter(move |row| !unknown || row.value.is_finite())
    }
}

/// The recorded rows of one metric of one model in one variant group, by cell.
pub struct Table<'a> {
    /// Seeds, in order.
    pub seeds: &'a [u64],
    /// Seed by seed, each in the order of the grid.
    cells: Vec<Cell<'a>>,
    /// Cells of one seed.
    per_seed: usize,
    index: &'a Index<'a>,
    manifest: &'a Manifest,
    model: &'a str,
    metric: &'a str,
}

/// The rows of one variant and seed.
pub struct Cell<'a> {
    /// The variant.
    pub variant: &'a VariantInfo,
    /// The seed.
    pub seed: u64,
    rows: Vec<&'a Observation>,
    has_end: bool,
}

impl<'a> Table<'a> {
    /// The metric.
    pub fn metric(&self) -> &'a str {
        self.metric
    }

    /// Selects from the long table; `at` keeps the cells of the grid with these knob values.
    pub fn select(
        index: &'a Index<'a>,
        manifest: &'a Manifest,
        group: &str,
        model: &'a str,
        metric: &'a str,
        at: &toml::Table,
    ) -> Self {
        let there = |v: &VariantInfo| v.group == group && lies_at(&v.knobs, at);
        let variants = || manifest.variants.iter().filter(|v| there(v));
        let cell = |variant: &'a VariantInfo, seed| Cell {
            variant,
            seed,
            rows: index.cell(model, metric, &variant.name, seed).collect(),
            has_end: index.has_end(metric, &variant.name, seed),
        };
        let cells = manifest.seeds.iter();
        Self {
            seeds: &manifest.seeds,
            cells: cells
                .flat_map(|&seed| variants().map(move |variant| cell(variant, seed)))
                .collect(),
            per_seed: variants().count(),
            index,
            manifest,
            model,
            metric,
        }
    }

    /// The same metric of the same model in another variant group, all cells.
    pub(super) fn of_group(&self, group: &str) -> Self {
        let everywhere = toml::Table::new();
        let (model, metric) = (self.model, self.metric);
        Self::select(self.index, self.manifest, group, model, metric, &everywhere)
    }

    /// The last value of another metric of the same model in `cell`; `None` where the cell was cut
    /// short before.
    pub(super) fn final_value_of(&self, cell: &Cell<'_>, metric: &str) -> Option<f64> {
        let variant = &cell.variant.name;
        let mut rows = (self.index).cell(self.model, metric, variant, cell.seed);
        let last = rows.next_back().map(|o| o.value);
        last.filter(|_| self.index.has_end(metric, variant, cell.seed))
    }

    /// Whether a cell did not come to its end.
    pub(super) fn is_cut_short(&self, cell: &Cell<'_>) -> bool {
        self.index
            .cut_short
            .contains(&(&*cell.variant.name, cell.seed))
    }

    /// A sentence on the cells that did not come to their end, if there are any.
    pub(super) fn cut_short(&self) -> Option<String> {
        let count = self
            .cells
            .iter()
            .filter(|cell| self.is_cut_short(cell))
            .count();
        let all = self.cells.len();
        (count > 0).then(|| {
            format!(
                "{count} of {all} cells did not come to their end (manifest.json says why); what \
                 is read off the end of their curves, and times that they had not reached, are \
                 missing"
            )
        })
    }

    /// Steps and values of another metric of the same model in `cell`.
    pub(super) fn own_rows(&self, cell: &Cell<'_>, metric: &str, index: u64) -> Curve {
        self.rows_of(cell, self.model, metric, index)
    }

    /// The cells of one seed, in the order of the grid.
    pub fn of_seed(&self, seed: u64) -> impl Iterator<Item = &Cell<'a>> + Clone {
        let position = self.seeds.iter().position(|&known| known == seed);
        let start = position.map_or(self.cells.len(), |position| position * self.per_seed);
        self.cells[start..].iter().take(self.per_seed)
    }

    /// The first variant's cell of each seed: the only one where there is no grid.
    pub fn per_seed(&self) -> Vec<&Cell<'a>> {
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
    pub(super) fn rows_of(&self, cell: &Cell<'_>, model: &str, metric: &str, index: u64) -> Curve {
        (self.index)
            .cell(model, metric, &cell.variant.name, cell.seed)
            .filter(|o| o.index == index)
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }
}

/// Steps and values.
pub(super) type Curve = (Vec<f64>, Vec<f64>);

impl Cell<'_> {
    /// Whether the last records are those of the end. If not (the net diverged, say), nobody knows
    /// what would have come of the curve.
    pub(super) fn has_end(&self) -> bool {
        self.has_end
    }

    /// Steps and values of one index, in recording order.
    pub(super) fn curve(&self, index: u64) -> Curve {
        self.rows
            .iter()
            .filter(|o| o.index == index)
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }

    /// The last recorded step; 0 without records.
    pub(super) fn last_step(&self) -> f64 {
        self.rows.iter().map(|o| o.step).max().unwrap_or(0) as f64
    }

    /// Indices and values at the last step; nothing where the cell was cut short before.
    pub(super) fn at_end(&self) -> Curve {
        let last = self.rows.iter().map(|o| o.step).max().unwrap_or(0);
        self.rows
            .iter()
            .filter(|o| o.step == last && self.has_end)
            .map(|o| (o.index as f64, o.value))
            .unzip()
    }

    /// Indices and values at every recorded step.
    pub(super) fn at_all_steps(&self) -> Curve {
        self.rows.iter().map(|o| (o.index as f64, o.value)).unzip()
    }

    /// The last value of one index; `None` where the cell was cut short before.
    pub fn final_value(&self, index: u64) -> Option<f64> {
        self.rows
            .iter()
            .rfind(|o| o.index == index && self.has_end)
            .map(|o| o.value)
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
