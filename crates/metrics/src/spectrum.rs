//! Singular values and ranks, which measure how many directions a matrix uses.

use nalgebra::DMatrix;

use crate::error::{MetricError, require_at_least, require_entries, require_length};

/// Singular values of a matrix, largest first, with an error of a few roundings of the largest.
///
/// A matrix of lower rank therefore has tiny values where it should have zeros.
///
/// # Shapes
///
/// `values` `[rows, columns]`, row-major; the result has min(rows, columns) entries.
///
/// # Errors
///
/// [`MetricError`] if the length is wrong, the matrix is empty, or an entry is not finite.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::singular_values(&[0.0, 2.0, -3.0, 0.0], 2, 2)?, [3.0, 2.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn singular_values(
    values: &[f64],
    rows: usize,
    columns: usize,
) -> Result<Vec<f64>, MetricError> {
    require_length("values", values.len(), rows * columns, "rows times columns")?;
    require_at_least("values", values.len(), 1)?;
    require_entries("values", values, "finite", f64::is_finite)?;
    let matrix = DMatrix::from_row_slice(rows, columns, values);
    let mut singular: Vec<f64> = matrix.singular_values().iter().copied().collect();
    singular.sort_by(|a, b| b.total_cmp(a));
    Ok(singular)
}

/// Effective rank exp(H(p)) with p_i = σ_i/Σσ and H = −Σ p ln p (no unit, 1 to the number of
/// values) [Roy2007, effective rank].
///
/// A projector of rank r has effective rank r. See [`effective_rank_of_power`] for the variant on
/// squared singular values; of these two, this one is the larger.
///
/// # Shapes
///
/// `singular`: singular values in any order, 0 or more, not all 0.
///
/// # Errors
///
/// [`MetricError`] if there are no values, a value is negative or infinite, or all are zero.
///
/// # Examples
///
/// ```
/// assert!((metrics::effective_rank(&[2.0, 2.0, 0.0])? - 2.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn effective_rank(singular: &[f64]) -> Result<f64, MetricError> {
    entropy_rank(singular, |value| value)
}

/// Effective rank exp(H(p)) with p_i = σ_i²/Σσ² (no unit, 1 to the number of values), the variant
/// of [Roy2007, effective rank] on squared singular values.
///
/// For centred features it is the effective number of principal components, because their
/// covariance has the eigenvalues σ²/N.
///
/// # Shapes
///
/// As [`effective_rank`].
///
/// # Errors
///
/// As [`effective_rank`].
///
/// # Examples
///
/// ```
/// assert!((metrics::effective_rank_of_power(&[2.0, 2.0, 0.0])? - 2.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn effective_rank_of_power(singular: &[f64]) -> Result<f64, MetricError> {
    entropy_rank(singular, |value| value * value)
}

/// Stable rank |A|_F²/|A|₂² = Σσ²/max σ² (no unit, 1 to the number of values)
/// [Rudelson2007, numerical rank].
///
/// # Shapes
///
/// As [`effective_rank`].
///
/// # Errors
///
/// As [`effective_rank`].
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::stable_rank(&[2.0, 1.0])?, 1.25);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn stable_rank(singular: &[f64]) -> Result<f64, MetricError> {
    let largest = largest(singular)?;
    Ok(singular.iter().map(|value| (value / largest).powi(2)).sum())
}

/// exp(H) of the shares of `power(σ)`. Scaling by the largest σ keeps all powers within f64.
fn entropy_rank(singular: &[f64], power: impl Fn(f64) -> f64) -> Result<f64, MetricError> {
    let largest = largest(singular)?;
    let powers: Vec<f64> = singular
        .iter()
        .map(|value| power(value / largest))
        .collect();
    let sum: f64 = powers.iter().sum();
    let shares = powers
        .iter()
        .map(|value| value / sum)
        .filter(|share| *share > 0.0);
    Ok((-shares.map(|share| share * share.ln()).sum::<f64>()).exp())
}

/// The largest of singular values that are not all 0.
fn largest(singular: &[f64]) -> Result<f64, MetricError> {
    require_at_least("singular", singular.len(), 1)?;
    let domain = "finite and 0 or more";
    require_entries("singular", singular, domain, |v| v.is_finite() && v >= 0.0)?;
    let largest = singular.iter().copied().fold(0.0, f64::max);
    if largest > 0.0 {
        return Ok(largest);
    }
    Err(MetricError::Domain {
        name: "largest of singular",
        value: 0.0,
        domain: "above 0",
    })
}
