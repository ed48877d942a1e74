//! Metrics of weights, features, outputs, kernels and curves, in f64 and without a deep-learning
//! framework.
//!
//! All functions take slices and return plain values, so they also work on the results of other
//! programs. Values are never clamped. A metric that is not defined is an error, a censored value
//! or, for a group without rows, NaN.
//!
//! ```
//! use metrics::{Crossing, half_time};
//!
//! let (steps, strength) = ([0.0, 10.0, 20.0], [0.0, 0.25, 0.75]);
//! assert_eq!(half_time(&steps, &strength)?, Crossing::At(15.0));
//! # Ok::<(), metrics::MetricError>(())
//! ```

mod balance;
mod classification;
mod collapse;
mod curve;
mod error;
mod fit;
mod fourier;
mod kernel;
mod lanczos;
mod patterns;
mod rank;
mod skills;
mod spectrum;
mod stored;
mod variation;
mod walsh;
mod weights;

pub use balance::{Balance, neuron_balance, neuron_balance_drift, neuron_sizes};
pub use classification::{FloatFormat, accuracy, cross_entropy, labels, margins, softmax_collapse};
pub use collapse::{
    ClassMeans, ClassPlane, Decision, LabelledFeatures, LinearClassifier, SelfDuality,
    SimplexDistance, Variability, WithinClass, class_distance_variance, class_effective_ranks,
    feature_singular_values, features_vary, hyperspherical_variation, nearest_mean_accuracy,
    simplex_distance, uniform_duality,
};
pub use curve::{Crossing, HALF, Ratio, first_crossing, first_record, half_time, shape_ratio};
pub use error::MetricError;
pub use fit::{Line, fit_line, log_log_slope};
pub use fourier::{KeySplit, Spectrum, Waves, key_split};
pub use kernel::{
    LinearisedGap, centred_cka, feature_cka, kernel_distance, kernel_velocity, linearised_gap,
    packed_target_alignment, target_alignment,
};
pub use lanczos::largest_eigenvalue;
pub use patterns::pattern_distance;
pub use rank::{centred_ranks, correlation_of_ranks, kendall_tau_b, spearman};
pub use skills::{SkillStats, exact_strengths, skill_stats};
pub use spectrum::{effective_rank, effective_rank_of_power, singular_values, stable_rank};
pub use stored::Stored;
pub use walsh::{energy_by_degree, largest_other, walsh_coefficients, walsh_hadamard};
pub use weights::{norm, relative_change};
