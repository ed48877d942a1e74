//! Least-squares lines.

use crate::error::{MetricError, require_at_least, require_entries, require_length};

/// A least-squares line y = intercept + slope x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Slope, unit of y over unit of x.
    pub slope: f64,
    /// Value at x = 0, unit of y.
    pub intercept: f64,
    /// Standard error of the slope, √(Σ residual²/(n − 2)/Σ(x − mean x)²): for independent errors
    /// of equal size. NaN for two points, which leave no residual.
    pub slope_standard_error: f64,
}

/// Ordinary least squares of y on x.
///
/// # Shapes
///
/// `x` and `y`: `[N]`, N ≥ 2, finite, x not all alike.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there are fewer than 2 points, an entry is not finite or all
/// x are alike.
///
/// # Examples
///
/// ```
/// let line = metrics::fit_line(&[0.0, 1.0, 2.0], &[1.0, 3.0, 5.0])?;
/// assert_eq!((line.slope, line.intercept, line.slope_standard_error), (2.0, 1.0, 0.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn fit_line(x: &[f64], y: &[f64]) -> Result<Line, MetricError> {
    require_length("y", y.len(), x.len(), "x")?;
    require_at_least("x", x.len(), 2)?;
    require_entries("x", x, "finite", f64::is_finite)?;
    require_entries("y", y, "finite", f64::is_finite)?;
    let points = x.len() as f64;
    let mean_x = x.iter().sum::<f64>() / points;
    let mean_y = y.iter().sum::<f64>() / points;
    let spread: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
    if spread == 0.0 || x.iter().all(|&value| value == x[0]) {
        return Err(MetricError::Domain {
            name: "spread of x",
            value: 0.0,
            domain: "above 0",
        });
    }
    let slope = x
        .iter()
        .zip(y)
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum::<f64>()
        / spread;
    let squares: f64 = x
        .iter()
        .zip(y)
        .map(|(x, y)| (y - mean_y - slope * (x - mean_x)).powi(2))
        .sum();
    let slope_standard_error = if x.len() > 2 {
        (squares / (points - 2.0) / spread).sqrt()
    } else {
        f64::NAN
    };
    Ok(Line {
        slope,
        intercept: mean_y - slope * mean_x,
        slope_standard_error,
    })
}

/// The line through (ln x, ln y): y ≈ e^intercept · x^slope.
///
/// # Shapes
///
/// `x` and `y`: `[N]`, N ≥ 2, finite and above 0, x not all alike.
///
/// # Errors
///
/// As [`fit_line`], and for an entry that is not above 0.
///
/// # Examples
///
/// ```
/// let line = metrics::log_log_slope(&[1.0, 2.0, 4.0], &[3.0, 12.0, 48.0])?;
/// assert!((line.slope - 2.0).abs() < 1e-14);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn log_log_slope(x: &[f64], y: &[f64]) -> Result<Line, MetricError> {
    let positive = |value: f64| value.is_finite() && value > 0.0;
    require_entries("x", x, "finite and above 0", positive)?;
    require_entries("y", y, "finite and above 0", positive)?;
    let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
    fit_line(&logs(x), &logs(y))
}
