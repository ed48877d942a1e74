//! The two special functions that the scaling laws need.

use std::f64::consts::PI;

use crate::error::{TheoryError, require, require_positive};

/// Riemann zeta function at 1 + α: ζ(1 + α) = Σ_{k≥1} k^{−(1+α)}, no unit.
///
/// `alpha` α > 0 is the distance from the pole, so that small α keeps its digits.
/// Euler–Maclaurin summation after 10 terms; relative error below 1e-14.
///
/// # Errors
///
/// [`TheoryError::Domain`] unless α is finite and above 0 (and above 1e-300: 1/α must be finite).
///
/// # Examples
///
/// ```
/// let pi = std::f64::consts::PI;
/// assert!((theory::zeta_one_plus(1.0)? / (pi * pi / 6.0) - 1.0).abs() < 1e-14);
/// assert!(theory::zeta_one_plus(0.0).is_err());
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, normalisation of the power law]
pub fn zeta_one_plus(alpha: f64) -> Result<f64, TheoryError> {
    const TERMS: u32 = 10;
    // B_{2j} / (2j)!, j = 1, 2, ...
    const COEFFICIENTS: [f64; 8] = [
        1.0 / 12.0,
        -1.0 / 720.0,
        1.0 / 30_240.0,
        -1.0 / 1_209_600.0,
        1.0 / 47_900_160.0,
        -691.0 / 1_307_674_368_000.0,
        1.0 / 74_724_249_600.0,
        -3_617.0 / 10_670_622_842_880_000.0,
    ];
    require(
        alpha.is_finite() && alpha > 1e-300,
        "alpha",
        alpha,
        "finite and above 0 (1e-300)",
    )?;
    let exponent = 1.0 + alpha;
    let start = f64::from(TERMS);
    let last = start.powf(-exponent);
    // s (s+1) ... (s+2j-2) / N^{s+2j-1}, built up by factors of order one.
    let mut rising = last * exponent / start;
    let mut correction = 0.0;
    for (j, coefficient) in (1_u32..).zip(COEFFICIENTS) {
        correction += coefficient * rising;
        let first = f64::from(2 * j - 1);
        rising *= (exponent + first) / start * ((exponent + first + 1.0) / start);
    }
    let head: f64 = (1..TERMS).rev().map(|k| f64::from(k).powf(-exponent)).sum();
    let tail = start.powf(-alpha) / alpha + 0.5 * last + if last > 0.0 { correction } else { 0.0 };
    Ok(head + tail)
}

/// Gamma function Γ(x) = ∫_0^∞ u^{x−1} e^{−u} du for x > 0, no unit.
///
/// Stirling's series after a shift to x ≥ 16; relative error below 1e-14 for x ≤ 20.
///
/// # Errors
///
/// [`TheoryError::Domain`] unless 1e-300 < x ≤ 170 (beyond, the value overflows).
///
/// # Examples
///
/// ```
/// let pi = std::f64::consts::PI;
/// assert!((theory::gamma(0.5)? / pi.sqrt() - 1.0).abs() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, constant of the data scaling law]
pub fn gamma(x: f64) -> Result<f64, TheoryError> {
    // B_{2j} / (2j (2j-1)).
    const COEFFICIENTS: [f64; 7] = [
        1.0 / 12.0,
        -1.0 / 360.0,
        1.0 / 1_260.0,
        -1.0 / 1_680.0,
        1.0 / 1_188.0,
        -691.0 / 360_360.0,
        1.0 / 156.0,
    ];
    require_positive("x", x)?;
    require(
        x > 1e-300 && x <= 170.0,
        "x",
        x,
        "above 1e-300 and at most 170",
    )?;
    let mut shifted = x;
    let mut product = 1.0;
    while shifted < 16.0 {
        product *= shifted;
        shifted += 1.0;
    }
    let inverse_square = 1.0 / (shifted * shifted);
    let series = COEFFICIENTS
        .iter()
        .rev()
        .fold(0.0, |sum, c| sum * inverse_square + c)
        / shifted;
    // Powers instead of exp(log gamma): the logarithm's rounding would be magnified.
    let half_power = shifted.powf(0.5 * shifted - 0.25);
    Ok((2.0 * PI).sqrt() * half_power * (-shifted).exp() * half_power * series.exp() / product)
}
