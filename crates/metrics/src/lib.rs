//! Numbers measured on weights, features and curves (f64, no framework).
//!
//! Everything takes slices and returns plain values, so that it also serves outputs that were
//! computed elsewhere. Nothing is clamped or hidden: what could not be measured is an error, a
//! censored value or, where a group has no rows, NaN.

mod curve;
mod error;
mod fit;
mod rank;
mod skills;
mod walsh;
mod weights;

pub use curve::{Crossing, Ratio, first_crossing, half_time, shape_ratio};
pub use error::MetricError;
pub use fit::{Line, fit_line, log_log_slope};
pub use rank::kendall_tau_b;
pub use skills::{SkillStats, exact_strengths, skill_stats};
pub use walsh::{energy_by_degree, largest_other, walsh_coefficients, walsh_hadamard};
pub use weights::{norm, relative_change};
