//! Sizes of weights and of their change.

use crate::error::{MetricError, require_length};

/// Euclidean norm √(Σ x²) (Frobenius norm of a matrix given row by row), in the unit of `values`.
///
/// The entries are rescaled if their squares would overflow or underflow. The norm is 0 for no
/// entries, and NaN if an entry is NaN.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::norm(&[3.0, -4.0]), 5.0);
/// assert!((metrics::norm(&[3e200, 4e200]) / 5e200 - 1.0).abs() < 1e-15);
/// ```
#[must_use]
pub fn norm(values: &[f64]) -> f64 {
    let squares = |scale: f64| {
        values
            .iter()
            .map(|value| (value / scale).powi(2))
            .sum::<f64>()
    };
    let plain = squares(1.0);
    if plain.is_nan() || SAFE_SQUARES.contains(&plain) {
        return plain.sqrt();
    }
    let largest = values
        .iter()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    if largest == 0.0 || largest.is_infinite() {
        return largest;
    }
    largest * squares(largest).sqrt()
}

/// Range of sums of squares in which no relevant term has overflowed or underflowed.
const SAFE_SQUARES: std::ops::Range<f64> = 1e-250..f64::INFINITY;

/// Relative change of weights |now − initial|/|initial| (no unit).
///
/// # Shapes
///
/// `now` and `initial`: `[P]`, in any order that is the same for both.
///
/// # Errors
///
/// [`MetricError`] if lengths differ or the initial weights are all 0 (biases often are).
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::relative_change(&[3.0, 8.0], &[3.0, 4.0])?, 0.8);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn relative_change(now: &[f64], initial: &[f64]) -> Result<f64, MetricError> {
    require_length("now", now.len(), initial.len(), "initial")?;
    let size = norm(initial);
    if size == 0.0 {
        return Err(MetricError::Domain {
            name: "norm of initial",
            value: 0.0,
            domain: "above 0",
        });
    }
    let change: Vec<f64> = now
        .iter()
        .zip(initial)
        .map(|(now, initial)| now - initial)
        .collect();
    Ok(norm(&change) / size)
}
