/// A named matrix on the host in f64, row-major: a weight `[in, out]` or a bias `[1, out]`.
#[derive(Debug, Clone, PartialEq)]
pub struct HostArray {
    /// Name, unique within its model (`layers.0.weight`).
    pub name: String,
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub columns: usize,
    /// Values, `[rows, columns]`.
    pub values: Vec<f64>,
}
