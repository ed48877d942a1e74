//! Bounds of the rounding of features, and checks that features vary by more than rounding.

use crate::{
    FloatFormat, Stored,
    error::{MetricError, require, require_length, undefined},
    variation::vary,
};

/// Bound of the rounding of a mean of up to `rows` numbers, relative to their size: the unit
/// roundoff of their precision for each number, and one rounding in f64 for each term of the sum.
pub(super) fn rounding(unit_roundoff: f64, rows: usize) -> f64 {
    unit_roundoff + rows as f64 * FloatFormat::F64.unit_roundoff()
}

/// Roots of the weighted sums of squares of every column.
pub(super) fn column_sizes<'a, T: Stored>(
    rows: impl Iterator<Item = (&'a [T], f64)>,
    width: usize,
) -> Vec<f64> {
    let mut sums = vec![0.0; width];
    for (row, weight) in rows {
        let squares = row.iter().map(|h| weight * h.wide() * h.wide());
        sums.iter_mut().zip(squares).for_each(|(sum, s)| *sum += s);
    }
    sums.into_iter().map(f64::sqrt).collect()
}

/// Checks that features differ between rows by more than the rounding of their storage. All metrics
/// relative to the variance of features use this rule.
///
/// A column varies if half its range is above four spacings of its largest number.
///
/// # Shapes
///
/// `values` `[N, d]`, row-major, `width` = d; `unit_roundoff` as in [`LabelledFeatures`].
///
/// [`LabelledFeatures`]: crate::LabelledFeatures
///
/// # Errors
///
/// [`MetricError`] if no column varies (for example with one row), or if rows are incomplete.
///
/// # Examples
///
/// ```
/// let f32 = metrics::FloatFormat::F32.unit_roundoff();
/// assert!(metrics::features_vary(&[0.1, 0.2, 0.1, 0.3], 2, f32).is_ok());
/// assert!(metrics::features_vary(&[0.1, 0.2, 0.1, 0.2 + 1e-9], 2, f32).is_err());
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn features_vary<T: Stored>(
    values: &[T],
    width: usize,
    unit_roundoff: f64,
) -> Result<(), MetricError> {
    require(width > 0, "width of the features", 0.0, "1 or more")?;
    let rows = values.len() / width;
    require_length("features", values.len(), rows * width, "whole rows")?;
    let column = |at: usize| values[at..].iter().step_by(width).map(|h| h.wide());
    if rows > 0 && (0..width).any(|at| vary(column(at), unit_roundoff)) {
        return Ok(());
    }
    let domain = "above the rounding of the numbers: the features are the same in all rows";
    Err(undefined("variance of the features", domain))
}
