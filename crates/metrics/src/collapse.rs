//! Neural collapse: metrics of how last-layer features and the classifier approach a simplex
//! [Papyan2020; Zhu2021].
//!
//! H are features `[N, d]` of N labelled rows, μ_c their class means, μ_G the mean of the class
//! means (which differs from the mean of the rows if classes have unequal sizes), M_c = μ_c − μ_G
//! and W the rows of the linear classifier `[C, d]`. S_w = (1/N) Σ (h − μ_y)(h − μ_y)ᵀ and S_b =
//! (1/C) Σ_c M_c M_cᵀ.
//!
//! No d × d matrix is inverted. S_b has at most C − 1 directions, which are computed in f64 from
//! the C × C Gram matrix of the centred means. A pseudo-inverse of S_b in f32 would cut off small
//! eigenvalues, or divide by noise, if the means differ much in norm. Directions within the
//! rounding of the stored features do not count, because equal class means differ by the rounding
//! of their rows. C counts the classes that have rows.

mod class_means;
mod decision;
mod directions;
mod distance_variance;
mod dot;
mod duality;
mod lanes;
mod plane;
mod rounding;
mod simplex;
mod uniformity;
mod variability;

pub use class_means::{ClassMeans, LabelledFeatures};
pub use decision::{Decision, LinearClassifier, nearest_mean_accuracy};
pub use distance_variance::class_distance_variance;
pub use duality::SelfDuality;
pub use plane::ClassPlane;
pub use rounding::features_vary;
pub use simplex::{SimplexDistance, simplex_distance};
pub use uniformity::{class_effective_ranks, hyperspherical_variation, uniform_duality};
pub use variability::{Variability, WithinClass, feature_singular_values};
