//! One file per model kind.

mod basis;
mod count;
mod linear_skills;
mod mlp;
mod multilinear;
mod parametrisation;
mod unconstrained;

pub use basis::{DiagonalLinear, LinearBasis};
pub(crate) use basis::{diagonal_linear, linear_basis};
pub use linear_skills::LinearSkills;
pub(crate) use linear_skills::linear_skills;
pub use mlp::{Activation, Mlp};
pub(crate) use mlp::{deep_linear, mlp};
pub use multilinear::Multilinear;
pub(crate) use multilinear::multilinear;
pub use parametrisation::Parametrisation;
pub(crate) use unconstrained::unconstrained_features;
pub use unconstrained::{FeatureInit, UnconstrainedFeatures};
