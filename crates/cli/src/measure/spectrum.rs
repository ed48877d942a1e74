use metrics::{MetricError, effective_rank, effective_rank_of_power, singular_values, stable_rank};
use serde_json::{Map, Value, json};

use super::{Array, Numbers};

/// Singular values of a weight matrix.
#[derive(Debug)]
pub(crate) struct MatrixSpectrum {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    /// The largest singular values.
    pub(crate) singular_values: Vec<f64>,
    pub(crate) ranks: Numbers,
}

/// Number of singular values that are printed.
pub(crate) const SHOWN: usize = 10;

/// The spectrum of every matrix among arrays, with its `shown` largest singular values.
pub(crate) fn spectra(arrays: &[&Array], shown: usize) -> Result<Vec<MatrixSpectrum>, MetricError> {
    let mut found = Vec::new();
    for array in arrays {
        let &[rows, columns] = array.shape.as_slice() else {
            continue;
        };
        let mut singular = singular_values(&array.values, rows, columns)?;
        let mut ranks = Numbers::default();
        for (name, rank) in [
            ("effective_rank", effective_rank_of_power(&singular)),
            ("effective_rank_unsquared", effective_rank(&singular)),
            ("stable_rank", stable_rank(&singular)),
        ] {
            ranks.put_all([name], rank.map(|rank| [rank]));
        }
        singular.truncate(shown);
        found.push(MatrixSpectrum {
            name: array.name.clone(),
            shape: array.shape.clone(),
            singular_values: singular,
            ranks,
        });
    }
    Ok(found)
}

impl MatrixSpectrum {
    pub(crate) fn document(&self) -> Value {
        let mut document = Map::new();
        document.insert("name".to_owned(), json!(self.name));
        document.insert("shape".to_owned(), json!(self.shape));
        document.insert("singular_values".to_owned(), json!(self.singular_values));
        self.ranks.write(&mut document);
        document.into()
    }
}
