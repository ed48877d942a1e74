/// How wide the rows of a task are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskShape {
    /// `D`: columns of the inputs that a net sees (0 if the task has no inputs).
    pub inputs: usize,
    /// `B`: columns of the basis functions that a layerwise-linear twin sees.
    pub basis: usize,
    /// `K`: columns of the targets.
    pub outputs: usize,
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
    /// Group of each row: its skill or class, counted from 0. `[N]`
    pub group: Vec<u32>,
    /// Inputs `[N, D]`.
    pub inputs: Vec<f64>,
    /// Basis functions `[N, B]`.
    pub basis: Vec<f64>,
    /// Targets `[N, K]`.
    pub targets: Vec<f64>,
    /// Weight of each row in the loss, `[N]`. `None` means `1/N` each; otherwise the loss is
    /// the weighted sum (weights need not add up to one: input powers are weights, too).
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
            basis: vec![0.0; rows * shape.basis],
            targets: vec![0.0; rows * shape.outputs],
            weights: None,
        }
    }
}
