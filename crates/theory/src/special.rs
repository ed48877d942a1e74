//! The two special functions that the scaling laws need.

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
/// Taken from `statrs` for x ≤ 2, where its relative error is below 4e-15, and from there by
/// Γ(x + 1) = x Γ(x), which is more accurate than its own larger values; relative error below
/// 5e-15.
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
    require_positive("x", x)?;
    require(
        x > 1e-300 && x <= 170.0,
        "x",
        x,
        "above 1e-300 and at most 170",
    )?;
    let (mut argument, mut product) = (x, 1.0);
    while argument > 2.0 {
        argument -= 1.0;
        product *= argument;
    }
    Ok(product * statrs::function::gamma::gamma(argument))
}
