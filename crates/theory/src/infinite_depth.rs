//! The limit of infinitely many layers.

use crate::deep_integral::{require_start, scaled_time, start_point};
use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// Scaled flow time L v t of infinitely many balanced layers from s0 to s, unit 1/strength².
///
/// L v t = \[ln(s/|S − s|) − S/s\]/S² between s0 and s, the limit L → ∞ of [`DeepMode`](crate::DeepMode). A finite L
/// differs by terms of order 1/L.
///
/// `target` S, `initial` s0 and `strength` s are above 0; s lies from s0 (included) to S (excluded).
///
/// # Errors
///
/// [`TheoryError::Domain`] for numbers that are not finite and above 0, or s0/S off 1e-300 to
/// 1e100; [`TheoryError::FractionNotReached`] for a strength off the way.
///
/// # Examples
///
/// ```
/// let limit = theory::infinite_depth_time(1.0, 0.1, 0.5)?;
/// let deep = theory::DeepMode::new(1_000_000, 1.0, 1.0, 0.1)?;
/// assert!((1e6 * deep.time_to_strength(0.5)? / limit - 1.0).abs() < 1e-5);
/// # Ok::<(), theory::TheoryError>(())
/// ```
pub fn infinite_depth_time(target: f64, initial: f64, strength: f64) -> Result<f64, TheoryError> {
    require_positive("target", target)?;
    require_positive("initial", initial)?;
    require_positive("strength", strength)?;
    require_start(initial / target, initial)?;
    require(
        (target * target).is_normal(),
        "target",
        target,
        "so large or small that target^2 is a normal floating-point number",
    )?;
    if strength == initial {
        return Ok(0.0);
    }
    let fraction = strength / target;
    require_on_the_way(fraction, initial / target)?;
    let gap = (target - strength) / target;
    let moved = (strength - initial) / target;
    let start = start_point(target, initial);
    Ok(scaled_time(2.0, start, fraction, gap, moved) / (target * target))
}
