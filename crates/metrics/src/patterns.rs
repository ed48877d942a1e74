//! Activation patterns: which neurons are active on which rows.

use crate::error::{MetricError, require_at_least, require_entries, require_length};

/// Hamming distance of two activation patterns: the share of entries that are positive in one and
/// not in the other (no unit, 0 to 1) [Kunin2024, Hamming distance of activation patterns].
///
/// Pre-activations and their `ReLU`, tanh or `GELU` values have the same pattern. Two independent
/// symmetric patterns have the distance ½.
///
/// # Shapes
///
/// `start` and `now`: `[N, H]`, in the same order.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there are no entries, or one is NaN.
///
/// # Examples
///
/// ```
/// let distance = metrics::pattern_distance(&[1.0, 0.0, -2.0, 3.0], &[0.5, 2.0, -1.0, 0.0])?;
/// assert_eq!(distance, 0.5);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn pattern_distance(start: &[f64], now: &[f64]) -> Result<f64, MetricError> {
    require_length("now", now.len(), start.len(), "start")?;
    require_at_least("start", start.len(), 1)?;
    require_entries("start", start, "a number", |value| !value.is_nan())?;
    require_entries("now", now, "a number", |value| !value.is_nan())?;
    let pairs = start.iter().zip(now);
    let differs = pairs.filter(|(a, b)| (**a > 0.0) != (**b > 0.0));
    Ok(differs.count() as f64 / start.len() as f64)
}
