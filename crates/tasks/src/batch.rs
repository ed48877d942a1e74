/// Widths of the rows of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskShape {
    /// `D`: columns of the inputs that a net sees (0 if the task has no inputs).
    pub inputs: usize,
    /// `B`: columns of the basis functions that a layerwise-linear twin sees.
    pub basis: usize,
    /// `K`: columns of the targets.
    pub outputs: usize,
}

impl TaskShape {
    /// Number of entries of a dense row: inputs, basis functions and targets.
    pub fn row_len(&self) -> usize {
        self.inputs + self.basis + self.outputs
    }
}

/// Basis functions of the rows of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum Basis {
    /// Values `[N, B]`, row-major.
    Dense(Vec<f64>),
    /// Row `i` is the `i`-th unit vector; `N == B`. This keeps populations of thousands of
    /// independent skills small.
    Identity,
}

/// Rows of a task on the host, in f64, row-major. Buffers are reused from step to step.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// Widths of the row blocks below.
    pub shape: TaskShape,
    /// `N`: number of rows.
    pub rows: usize,
    /// Index of each row in the fixed training set; empty for fresh samples. `[N]`
    pub index: Vec<u32>,
    /// Group of each row: its skill or class, counted from 0. `[N]`; empty if groups are modes,
    /// which belong to all rows together.
    pub group: Vec<u32>,
    /// Inputs `[N, D]`.
    pub inputs: Vec<f64>,
    /// Basis functions `[N, B]`.
    pub basis: Basis,
    /// Targets `[N, K]`.
    pub targets: Vec<f64>,
    /// Weight of each row in the loss, `[N]`. `None` means `1/N` each; otherwise the loss is the
    /// weighted sum. Weights need not add up to one; input powers also serve as weights.
    pub weights: Option<Vec<f64>>,
}

impl Batch {
    /// `rows` rows of zeros.
    pub fn zeros(shape: TaskShape, rows: usize) -> Self {
        Self {
            shape,
            rows,
            index: Vec::new(),
            group: vec![0; rows],
            inputs: vec![0.0; rows * shape.inputs],
            basis: Basis::Dense(vec![0.0; rows * shape.basis]),
            targets: vec![0.0; rows * shape.outputs],
            weights: None,
        }
    }

    /// An empty batch, to be filled.
    pub fn empty() -> Self {
        let shape = TaskShape {
            inputs: 0,
            basis: 0,
            outputs: 0,
        };
        Self::zeros(shape, 0)
    }

    /// Makes room for `rows` unweighted rows of fresh samples with a dense basis. The content is
    /// unspecified, and the caller must write every row. Allocates only to grow.
    pub fn resize(&mut self, shape: TaskShape, rows: usize) {
        self.shape = shape;
        self.rows = rows;
        self.index.clear();
        self.group.resize(rows, 0);
        self.inputs.resize(rows * shape.inputs, 0.0);
        match &mut self.basis {
            Basis::Dense(basis) => basis.resize(rows * shape.basis, 0.0),
            Basis::Identity => self.basis = Basis::Dense(vec![0.0; rows * shape.basis]),
        }
        self.targets.resize(rows * shape.outputs, 0.0);
        self.weights = None;
    }

    /// Copies `other` into the existing buffers, which `clone` would replace.
    pub fn copy_from(&mut self, other: &Self) {
        self.shape = other.shape;
        self.rows = other.rows;
        self.index.clone_from(&other.index);
        self.group.clone_from(&other.group);
        self.inputs.clone_from(&other.inputs);
        match (&mut self.basis, &other.basis) {
            (Basis::Dense(mine), Basis::Dense(theirs)) => mine.clone_from(theirs),
            (mine, theirs) => mine.clone_from(theirs),
        }
        self.targets.clone_from(&other.targets);
        self.weights.clone_from(&other.weights);
    }

    /// The `rows` rows from `start` on, with a dense basis.
    #[must_use]
    pub fn rows_from(&self, start: usize, rows: usize) -> Self {
        let end = start + rows;
        let block = |values: &[f64], width: usize| values[start * width..end * width].to_vec();
        Self {
            shape: self.shape,
            rows,
            index: self.index.get(start..end).unwrap_or_default().to_vec(),
            group: self.group.get(start..end).unwrap_or_default().to_vec(),
            inputs: block(&self.inputs, self.shape.inputs),
            basis: Basis::Dense(match &self.basis {
                Basis::Dense(basis) => block(basis, self.shape.basis),
                Basis::Identity => (start..end).flat_map(|row| self.basis_row(row)).collect(),
            }),
            targets: block(&self.targets, self.shape.outputs),
            weights: self
                .weights
                .as_ref()
                .map(|weights| weights[start..end].to_vec()),
        }
    }

    /// Writes the rows with these indices into `into`, with a dense basis, and the indices as its
    /// `index`. Allocates only to grow.
    ///
    /// # Panics
    /// If an index is not below [`Self::rows`].
    pub fn gather(&self, indices: &[u32], into: &mut Self) {
        into.resize(self.shape, indices.len());
        into.index.extend_from_slice(indices);
        if self.group.is_empty() {
            into.group.clear();
        } else {
            gather_blocks(&self.group, 1, indices, &mut into.group);
        }
        gather_blocks(&self.inputs, self.shape.inputs, indices, &mut into.inputs);
        gather_blocks(
            &self.targets,
            self.shape.outputs,
            indices,
            &mut into.targets,
        );
        if let Basis::Dense(values) = &mut into.basis {
            match &self.basis {
                Basis::Dense(basis) => gather_blocks(basis, self.shape.basis, indices, values),
                Basis::Identity => {
                    values.fill(0.0);
                    for (row, &index) in indices.iter().enumerate() {
                        values[row * self.shape.basis + index as usize] = 1.0;
                    }
                }
            }
        }
        into.weights = (self.weights.as_ref()).map(|weights| {
            indices
                .iter()
                .map(|&index| weights[index as usize])
                .collect()
        });
    }

    /// E[x xᵀ] of the inputs `[D, D]`, with rows weighted by their weights (or 1/N each).
    pub fn input_moments(&self) -> Vec<f64> {
        self.weighted_products(&self.inputs, self.shape.inputs)
    }

    /// E[v xᵀ] `[K, D]` of values `[N, K]` (targets, or outputs of a net) and the inputs, with rows
    /// weighted by their weights (or 1/N each).
    pub fn correlation(&self, values: &[f64]) -> Vec<f64> {
        self.weighted_products(values, self.shape.outputs)
    }

    fn weighted_products(&self, values: &[f64], width: usize) -> Vec<f64> {
        let columns = self.shape.inputs;
        let mut sums = vec![0.0; width * columns];
        for row in 0..self.rows {
            let weight = (self.weights.as_ref()).map_or(1.0 / self.rows as f64, |w| w[row]);
            let x = &self.inputs[row * columns..(row + 1) * columns];
            let v = &values[row * width..(row + 1) * width];
            for (v, sums) in v.iter().zip(sums.chunks_exact_mut(columns.max(1))) {
                for (sum, x) in sums.iter_mut().zip(x) {
                    *sum += weight * v * x;
                }
            }
        }
        sums
    }

    /// Basis functions of one row `[B]`, for checks and small tasks.
    pub fn basis_row(&self, row: usize) -> Vec<f64> {
        let width = self.shape.basis;
        match &self.basis {
            Basis::Dense(basis) => basis[row * width..(row + 1) * width].to_vec(),
            Basis::Identity => (0..width)
                .map(|column| f64::from(u8::from(column == row)))
                .collect(),
        }
    }
}

/// Copies the blocks of `width` values with these indices one after another.
fn gather_blocks<T: Copy>(from: &[T], width: usize, indices: &[u32], into: &mut [T]) {
    if width == 0 {
        return;
    }
    for (block, &index) in into.chunks_exact_mut(width).zip(indices) {
        let start = index as usize * width;
        block.copy_from_slice(&from[start..start + width]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: TaskShape = TaskShape {
        inputs: 2,
        basis: 3,
        outputs: 1,
    };

    #[test]
    fn a_copy_equals_its_source_whatever_was_there_before() {
        let mut source = Batch::zeros(SHAPE, 3);
        source.weights = Some(vec![0.5, 0.25, 0.25]);
        source.index = vec![7, 8, 9];
        let mut dense = Batch::zeros(SHAPE, 8);
        dense.copy_from(&source);
        assert_eq!(dense, source);
        source.basis = Basis::Identity;
        dense.copy_from(&source);
        assert_eq!(dense, source);
    }

    #[test]
    fn a_block_of_rows_holds_those_rows_only() {
        let mut batch = Batch::zeros(SHAPE, 3);
        batch.inputs = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        batch.targets = vec![6.0, 7.0, 8.0];
        batch.basis = Basis::Identity;
        batch.weights = Some(vec![0.5, 0.25, 0.125]);
        let block = batch.rows_from(1, 2);
        assert_eq!(block.inputs, [2.0, 3.0, 4.0, 5.0]);
        assert_eq!(block.targets, [7.0, 8.0]);
        assert_eq!(
            block.basis,
            Basis::Dense(vec![0.0, 1.0, 0.0, 0.0, 0.0, 1.0])
        );
        assert_eq!(block.weights, Some(vec![0.25, 0.125]));
    }

    #[test]
    fn gathered_rows_are_the_single_rows_in_the_order_asked_for() {
        let mut source = Batch::zeros(SHAPE, 3);
        source.inputs = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        source.targets = vec![6.0, 7.0, 8.0];
        source.group = vec![5, 6, 7];
        source.basis = Basis::Dense((0..9).map(f64::from).collect());
        let mut weighted = source.clone();
        weighted.basis = Basis::Identity;
        weighted.weights = Some(vec![0.5, 0.25, 0.125]);
        let mut modes = source.clone();
        modes.group.clear();
        // All cases use one buffer, so that remains of earlier rows would show.
        let mut gathered = Batch::zeros(SHAPE, 8);
        for source in [&weighted, &source, &modes] {
            source.gather(&[2, 0, 2, 1], &mut gathered);
            assert_eq!((gathered.rows, gathered.shape), (4, SHAPE));
            assert_eq!(gathered.index, [2, 0, 2, 1]);
            for (row, index) in [2, 0, 2, 1].into_iter().enumerate() {
                let (mut one, mut expected) =
                    (gathered.rows_from(row, 1), source.rows_from(index, 1));
                one.index.clear();
                expected.index.clear();
                assert_eq!(one, expected);
            }
        }
    }

    #[test]
    fn resizing_forgets_weights_indices_and_an_identity_basis() {
        let mut batch = Batch::zeros(SHAPE, 3);
        batch.basis = Basis::Identity;
        batch.weights = Some(vec![1.0; 3]);
        batch.index = vec![0, 1, 2];
        batch.resize(SHAPE, 5);
        assert_eq!(batch, Batch::zeros(SHAPE, 5));
    }

    #[test]
    fn moments_count_rows_by_their_weights() {
        let mut batch = Batch::zeros(SHAPE, 2);
        batch.inputs = vec![1.0, 2.0, 3.0, -1.0];
        batch.targets = vec![2.0, 4.0];
        assert_eq!(batch.input_moments(), [5.0, -0.5, -0.5, 2.5]);
        assert_eq!(batch.correlation(&batch.targets), [7.0, 0.0]);
        batch.weights = Some(vec![1.0, 0.0]);
        assert_eq!(batch.input_moments(), [1.0, 2.0, 2.0, 4.0]);
        assert_eq!(batch.correlation(&[5.0, 9.0]), [5.0, 10.0]);
    }

    #[test]
    fn an_identity_row_is_a_unit_vector() {
        let mut batch = Batch::zeros(SHAPE, 3);
        batch.basis = Basis::Identity;
        assert_eq!(batch.basis_row(1), [0.0, 1.0, 0.0]);
    }
}
