use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, stream};
use theory::{nalgebra::DMatrix, random_orthogonal};

use crate::HostArray;

/// Rows of a classifier that are given at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClassifierStart {
    /// A simplex: rows of equal norm and equal angles that sum to 0, in random directions, of the norm that the
    /// classifier would have had \[Zhu2021\].
    Simplex,
}

impl ClassifierStart {
    /// Checks the width of the features below.
    pub(super) fn check(self, width: usize, classes: usize) -> Result<(), KeyError> {
        let Self::Simplex = self;
        if classes >= 2 && width >= classes {
            return Ok(());
        }
        let problem = format!(
            "needs 2 classes or more and as many features; here are {width} features for {classes}"
        );
        let hint = "Make the last hidden layer wider, or leave classifier out.";
        Err(KeyError::new("classifier", "\"simplex\"", problem, hint))
    }

    /// Replaces the weights `[d, C]` of a classifier.
    pub(super) fn set(self, weight: &mut HostArray, seed: u64) {
        let Self::Simplex = self;
        let (width, classes) = (weight.rows, weight.columns);
        let norm = weight.norm();
        let turn = random_turn(width, seed, "simplex classifier");
        let centred = DMatrix::identity(classes, classes).map(|x: f64| x - 1.0 / classes as f64);
        let rows = turn.columns(0, classes) * centred;
        let factor = norm / rows.norm();
        // Row-major.
        weight.values = rows.transpose().iter().map(|w| factor * w).collect();
    }
}

/// A uniformly distributed rotation in `width` dimensions, from a stream of its own.
pub(super) fn random_turn(width: usize, seed: u64, purpose: &str) -> DMatrix<f64> {
    let mut normals = vec![0.0; width * width];
    stream::standard_normals(&mut stream::keyed(seed, purpose, 0), &mut normals);
    let gaussian = DMatrix::from_column_slice(width, width, &normals);
    // Dependent columns have probability 0.
    random_orthogonal(&gaussian).unwrap_or_else(|_| DMatrix::identity(width, width))
}
