//! One file per model kind.

mod basis;
mod classifier;
mod count;
mod linear_skills;
mod mlp;
mod multilinear;
mod parametrisation;
mod unconstrained;

pub use basis::{DiagonalLinear, LinearBasis, Outputs};
pub use classifier::ClassifierStart;
pub use linear_skills::LinearSkills;
pub use mlp::{Gates, Mlp};
pub use multilinear::Multilinear;
pub use parametrisation::{Multipliers, Parametrisation};
pub use unconstrained::{FeatureInit, UnconstrainedFeatures};

use std::sync::Arc;

use tasks::{FileCache, Registry};

use crate::Model;

/// The model kinds of this crate.
pub fn kinds() -> Registry<dyn Model> {
    let mut kinds = Registry::new(
        "model kind",
        [
            (
                "multilinear",
                multilinear::multilinear,
                multilinear::REFERENCE,
            ),
            (
                "linear-skills",
                linear_skills::linear_skills,
                linear_skills::REFERENCE,
            ),
            (
                "diagonal-linear",
                basis::diagonal_linear,
                basis::DIAGONAL_LINEAR,
            ),
            ("linear-basis", basis::linear_basis, basis::LINEAR_BASIS),
            (
                "unconstrained-features",
                unconstrained::unconstrained_features,
                unconstrained::REFERENCE,
            ),
        ],
    );
    // Variants of a sweep share the weights of a file.
    let files = Arc::new(FileCache::default());
    let same = Arc::clone(&files);
    let kind = kinds.register("mlp", move |table| mlp::mlp(table, &files));
    kind.document(mlp::MLP);
    let kind = kinds.register("deep-linear", move |table| mlp::deep_linear(table, &same));
    kind.document(mlp::DEEP_LINEAR);
    kinds
}
