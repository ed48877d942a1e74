//! One file per model kind.

mod basis;
mod count;
mod linear_skills;
mod mlp;
mod multilinear;
mod parametrisation;
mod unconstrained;

pub use basis::{DiagonalLinear, LinearBasis};
pub use linear_skills::LinearSkills;
pub use mlp::Mlp;
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
            ("multilinear", multilinear::multilinear),
            ("linear-skills", linear_skills::linear_skills),
            ("diagonal-linear", basis::diagonal_linear),
            ("linear-basis", basis::linear_basis),
            (
                "unconstrained-features",
                unconstrained::unconstrained_features,
            ),
        ],
    );
    // Variants of a sweep share the weights of a file.
    let files = Arc::new(FileCache::default());
    let same = Arc::clone(&files);
    kinds.register("mlp", move |table| mlp::mlp(table, &files));
    kinds.register("deep-linear", move |table| mlp::deep_linear(table, &same));
    kinds
}
