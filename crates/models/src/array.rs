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

impl HostArray {
    /// Whether it is a bias, by its name.
    #[must_use]
    pub fn is_bias(&self) -> bool {
        self.name.ends_with(".bias")
    }

    /// Frobenius norm.
    #[must_use]
    pub fn norm(&self) -> f64 {
        let squares = self.values.iter().map(|value| value * value);
        squares.sum::<f64>().sqrt()
    }
}
