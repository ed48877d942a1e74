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

use tasks::Registry;

use crate::Model;

/// The model kinds of this crate.
pub fn kinds() -> Registry<dyn Model> {
    Registry::new(
        "model kind",
        [
            ("mlp", mlp::mlp),
            ("deep-linear", mlp::deep_linear),
            ("multilinear", multilinear::multilinear),
            ("linear-skills", linear_skills::linear_skills),
            ("diagonal-linear", basis::diagonal_linear),
            ("linear-basis", basis::linear_basis),
            (
                "unconstrained-features",
                unconstrained::unconstrained_features,
            ),
        ],
    )
}
