//! What rounding alone may have done to features, and whether there is more in them than that.

use super::class_means::undefined;
use crate::{
    FloatFormat,
    error::{MetricError, require, require_length},
    variation::vary,
};

/// How far rounding may have moved a mean of up to `rows` numbers, relative to their size: each of
/// them by the unit roundoff of their precision, and their sum, in f64, by one rounding for each term.
pub(super) fn rounding(unit_roundoff: f64, rows: usize) -> f64 {
    unit_roundoff + rows as f64 * FloatFormat::F64.unit_roundoff()
}

/// Roots of the weighted sums of squares of every column.
pub(super) fn column_sizes<'a>(
    rows: impl Iterator<Item = (&'a [f64], f64)>,
    width: usize,
) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    for (row, weight) in rows {
        let squares = row.iter().map(|h| weight * h * h);
        sums.iter_mut().zip(squares).for_each(|(sum, s)| *sum += s);
    }
    sums.into_iter().map(f64::sqrt).collect()
}

/// That features differ between rows by more than the rounding of what they were stored in: the one
/// rule for everything that compares with their variance.
///
/// A column varies where half its range is above four spacings of the largest number in it.
///
/// # Shapes
///
/// `values` `[N, d]`, row-major, `width` = d; `unit_roundoff` as in [`LabelledFeatures`].
///
/// [`LabelledFeatures`]: crate::LabelledFeatures
///
/// # Errors
///
/// [`MetricError`] if no column varies, as with one row, and for rows that are not full.
///
/// # Examples
///
/// ```
/// let f32 = metrics::FloatFormat::F32.unit_roundoff();
/// assert!(metrics::features_vary(&[0.1, 0.2, 0.1, 0.3], 2, f32).is_ok());
/// assert!(metrics::features_vary(&[0.1, 0.2, 0.1, 0.2 + 1e-9], 2, f32).is_err());
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn features_vary(values: &[f64], width: usize, unit_roundoff: f64) -> Result<(), MetricError> {
    require(width > 0, "width of the features", 0.0, "1 or more")?;
    let rows = values.len() / width;
    require_length("features", values.len(), rows * width, "whole rows")?;
    let column = |at: usize| values[at..].iter().step_by(width).copied();
    if rows > 0 && (0..width).any(|at| vary(column(at), unit_roundoff)) {
        return Ok(());
    }
    let domain = "above the rounding of the numbers: the features are the same in all rows";
    Err(undefined("variance of the features", domain))
}
