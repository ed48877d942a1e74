use metrics::norm;
use serde_json::{Value, json};

use super::Array;

/// Frobenius norms.
#[derive(Debug)]
pub(crate) struct Norms {
    /// Norm of every array, by name.
    pub(crate) arrays: Vec<(String, f64)>,
    /// Norm of all arrays together.
    pub(crate) total: f64,
}

impl Norms {
    pub(crate) fn of(arrays: &[&Array]) -> Self {
        let of_array = |array: &&Array| (array.name.clone(), norm(&array.values));
        let arrays: Vec<(String, f64)> = arrays.iter().map(of_array).collect();
        let sizes: Vec<f64> = arrays.iter().map(|(_, size)| *size).collect();
        Self {
            arrays,
            total: norm(&sizes),
        }
    }

    pub(crate) fn document(&self) -> Value {
        let named = (self.arrays.iter()).map(|(name, size)| json!({ "name": name, "norm": size }));
        json!({ "arrays": named.collect::<Vec<_>>(), "total": self.total })
    }
}
