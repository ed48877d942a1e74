//! Prepares the rows of a step once.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use super::kernels::LayerInput;
use super::lines::{LANES, Line, Lines, lines_of, panels};
use super::loss::RowWeights;
use super::real::Real;
use super::sparse::SparseMatrix;
use super::tables::Tables;
use crate::MlpError;
use crate::error::{require, require_length};

/// Number of rows that pass through the net together, so that their activations stay in the cache.
pub(super) const BLOCK: usize = 96;

/// Rows count as sparse if on average at most one in this number of inputs is nonzero. An entry of
/// a sparse product costs about as much as three entries of a dense one.
const SPARSE_SHARE: usize = 4;

/// Rows on the host, as provided by a task.
#[derive(Debug, Clone, Copy)]
pub struct HostRows<'a> {
    /// N
    pub rows: usize,
    /// `[N, D]`, row-major.
    pub inputs: &'a [f64],
    /// `[N, K]`, row-major.
    pub targets: &'a [f64],
    /// Weight of every row in the loss `[N]`, or `None` for 1/N each.
    pub weights: Option<&'a [f64]>,
}

/// Rows in the layout of [`super::Trainer`]: in its number type, in panels, and as lists of nonzero
/// entries if most inputs are zero.
#[derive(Debug, Clone)]
pub struct Rows<T: Real> {
    rows: usize,
    inputs: usize,
    outputs: usize,
    /// Block after block, `[rows, D]` each; unused if the inputs are sparse.
    dense: Lines<T>,
    /// Empty if the inputs are dense.
    sparse: SparseMatrix<T>,
    /// The inputs as sums of patterns, for evaluations.
    tables: Option<Tables<T>>,
    /// Block after block, `[rows, K]` each.
    targets: Lines<T>,
    /// `[N]`; empty for 1/N each.
    weights: Vec<T>,
    id: u64,
}

/// Every filling of rows gets its own number.
static IDS: AtomicU64 = AtomicU64::new(1);

impl<T: Real> Rows<T> {
    /// Prepares rows of `inputs` D and `outputs` K columns.
    ///
    /// # Errors
    ///
    /// As [`Rows::fill`].
    pub fn new(inputs: usize, outputs: usize, host: &HostRows<'_>) -> Result<Self, MlpError> {
        let mut rows = Self {
            rows: 0,
            inputs,
            outputs,
            dense: Lines::zeros(0),
            sparse: SparseMatrix::default(),
            tables: None,
            targets: Lines::zeros(0),
            weights: Vec::new(),
            id: 0,
        };
        rows.fill(host)?;
        Ok(rows)
    }

    /// Prepares rows of `inputs` D and `outputs` K columns that are evaluated many times. If the
    /// inputs consist of few patterns, evaluations become cheaper and the preparation more
    /// expensive. Outputs agree within rounding.
    ///
    /// # Errors
    ///
    /// As [`Rows::fill`].
    pub fn for_evaluation(
        inputs: usize,
        outputs: usize,
        host: &HostRows<'_>,
    ) -> Result<Self, MlpError> {
        let mut rows = Self::new(inputs, outputs, host)?;
        if !rows.is_sparse() && inputs > 0 {
            rows.tables = Tables::find(host.inputs, inputs);
        }
        Ok(rows)
    }

    /// Takes other rows of the same widths. Allocates only to grow.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if there are no rows, or a slice does not fit the widths; nothing is changed
    /// then.
    pub fn fill(&mut self, host: &HostRows<'_>) -> Result<(), MlpError> {
        let rows = host.rows;
        require(rows >= 1, "number of rows", rows as f64, "at least 1")?;
        require_length("inputs", host.inputs.len(), rows * self.inputs)?;
        require_length("targets", host.targets.len(), rows * self.outputs)?;
        if let Some(weights) = host.weights {
            require_length("weights", weights.len(), rows)?;
        }
        self.rows = rows;
        self.id = IDS.fetch_add(1, Ordering::Relaxed);
        self.tables = None;
        self.sparse.clear();
        if is_sparse(host.inputs, self.inputs) {
            // Indices fit into 32 bits, because `is_sparse` allows no more entries.
            for row in host.inputs.chunks_exact(self.inputs) {
                self.sparse.push(row.iter().copied().enumerate());
            }
        } else {
            self.dense.resize(lines_of(rows, self.inputs));
            fill_panels(host.inputs, self.inputs, self.dense.all_mut());
        }
        self.targets.resize(lines_of(rows, self.outputs));
        fill_panels(host.targets, self.outputs, self.targets.all_mut());
        self.weights.clear();
        let weights = host.weights.unwrap_or_default();
        self.weights
            .extend(weights.iter().map(|&weight| T::from_f64(weight)));
        Ok(())
    }

    /// N
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// D
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// K
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Whether the inputs are kept as lists of the entries that are not zero.
    pub fn is_sparse(&self) -> bool {
        self.sparse.rows() > 0
    }

    /// Whether outputs are read from tables of patterns.
    pub fn has_tables(&self) -> bool {
        self.tables.is_some()
    }

    /// The inputs as sums of patterns, if there are few patterns.
    pub(super) fn tables(&self) -> Option<&Tables<T>> {
        self.tables.as_ref()
    }

    /// A number that changes whenever the rows change.
    pub(super) fn id(&self) -> u64 {
        self.id
    }

    /// The blocks, in order.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Range<usize>> + use<T> {
        let rows = self.rows;
        (0..rows)
            .step_by(BLOCK)
            .map(move |start| start..rows.min(start + BLOCK))
    }

    /// Inputs of a block of a step.
    pub(super) fn input(&self, block: &Range<usize>) -> LayerInput<'_, T> {
        if self.is_sparse() {
            LayerInput::Sparse(self.sparse.block(block))
        } else {
            LayerInput::Dense(&self.dense.all()[lines_in(block, self.inputs)])
        }
    }

    /// Inputs of a block of an evaluation; `table` is that of `Net::tabulate`.
    pub(super) fn evaluation_input<'a>(
        &'a self,
        block: &Range<usize>,
        table: &'a Lines<T>,
    ) -> LayerInput<'a, T> {
        match &self.tables {
            Some(tables) => LayerInput::Tables(tables.block(block, table.all())),
            None => self.input(block),
        }
    }

    /// Targets of a block.
    pub(super) fn targets(&self, block: &Range<usize>) -> &[Line<T>] {
        &self.targets.all()[lines_in(block, self.outputs)]
    }

    /// Weights of a block.
    pub(super) fn weights(&self, block: &Range<usize>) -> RowWeights<'_, T> {
        if self.weights.is_empty() {
            RowWeights::Equal(T::from_f64(1.0 / self.rows as f64))
        } else {
            RowWeights::Each(&self.weights[block.clone()])
        }
    }
}

/// Lines of a block in a buffer of consecutive blocks.
pub(super) fn lines_in(block: &Range<usize>, columns: usize) -> Range<usize> {
    block.start * panels(columns)..block.end * panels(columns)
}

/// Whether few enough inputs are nonzero.
fn is_sparse(inputs: &[f64], columns: usize) -> bool {
    let most = (inputs.len() / SPARSE_SHARE).min(u32::MAX as usize);
    let mut found = 0;
    columns > LANES
        && inputs.chunks(LANES * LANES).all(|values| {
            found += values.iter().filter(|&&value| value != 0.0).count();
            found <= most
        })
}

/// Writes a row-major matrix in panels, block after block.
fn fill_panels<T: Real>(values: &[f64], columns: usize, lines: &mut [Line<T>]) {
    let blocks = lines.chunks_mut(BLOCK * panels(columns));
    for (values, lines) in values.chunks(BLOCK * columns).zip(blocks) {
        let rows = values.len() / columns;
        for (panel, lines) in lines.chunks_exact_mut(rows).enumerate() {
            let first = panel * LANES;
            let used = LANES.min(columns - first);
            for (line, values) in lines.iter_mut().zip(values.chunks_exact(columns)) {
                *line = [T::ZERO; LANES];
                for (slot, value) in line.iter_mut().zip(&values[first..first + used]) {
                    *slot = T::from_f64(*value);
                }
            }
        }
    }
}
