use crate::record::{Manifest, Observation, VariantInfo, knob_value};

/// The recorded rows of one metric of one model in one variant group, by cell.
pub struct Table<'a> {
    /// Seeds, in order.
    pub seeds: &'a [u64],
    cells: Vec<Cell<'a>>,
    all: &'a [Observation],
}

/// The rows of one variant and seed.
pub struct Cell<'a> {
    /// The variant.
    pub variant: &'a VariantInfo,
    /// The seed.
    pub seed: u64,
    rows: Vec<&'a Observation>,
}

impl<'a> Table<'a> {
    /// Selects from the long table.
    pub fn select(
        observations: &'a [Observation],
        manifest: &'a Manifest,
        group: &str,
        model: &str,
        metric: &str,
    ) -> Self {
        let variants: Vec<&VariantInfo> = manifest
            .variants
            .iter()
            .filter(|v| v.group == group)
            .collect();
        let mut cells: Vec<Cell<'a>> = variants
            .iter()
            .flat_map(|&variant| {
                manifest.seeds.iter().map(move |&seed| Cell {
                    variant,
                    seed,
                    rows: Vec::new(),
                })
            })
            .collect();
        for row in observations
            .iter()
            .filter(|o| o.model == model && o.metric == metric)
        {
            let cell = cells
                .iter_mut()
                .find(|c| c.seed == row.seed && c.variant.name == row.variant);
            if let Some(cell) = cell {
                cell.rows.push(row);
            }
        }
        Self {
            seeds: &manifest.seeds,
            cells,
            all: observations,
        }
    }

    /// The cells of one seed, in the order of the grid.
    pub fn of_seed(&self, seed: u64) -> impl Iterator<Item = &Cell<'a>> {
        self.cells.iter().filter(move |cell| cell.seed == seed)
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
        self.all
            .iter()
            .filter(|o| {
                o.index == index
                    && o.seed == cell.seed
                    && o.model == model
                    && o.metric == metric
                    && o.variant == cell.variant.name
            })
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }
}

/// Steps and values.
pub(super) type Curve = (Vec<f64>, Vec<f64>);

impl Cell<'_> {
    /// Steps and values of one index, in recording order.
    pub(super) fn curve(&self, index: u64) -> Curve {
        self.rows
            .iter()
            .filter(|o| o.index == index)
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }

    /// Indices and values at the last recorded step.
    pub(super) fn at_end(&self) -> Curve {
        let last = self.rows.iter().map(|o| o.step).max().unwrap_or(0);
        self.rows
            .iter()
            .filter(|o| o.step == last)
            .map(|o| (o.index as f64, o.value))
            .unzip()
    }

    /// The last recorded value of one index.
    pub fn final_value(&self, index: u64) -> Option<f64> {
        self.rows
            .iter()
            .rfind(|o| o.index == index)
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
