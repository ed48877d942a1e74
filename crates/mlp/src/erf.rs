//! The error function.

use std::f64::consts::PI;

/// From here on the continued fraction is used; it needs some distance from 0.
const FAR: f64 = 2.0;
/// Terms of the continued fraction: enough for full precision at `FAR`.
const FRACTION_TERMS: u32 = 100;

/// Error function erf(x) = (2/√π) ∫_0^x e^{−u²} du, absolute error below 1e-15.
///
/// # Examples
///
/// ```
/// assert!((mlp::erf(1.0) - 0.842_700_792_949_714_9).abs() < 1e-15);
/// assert_eq!(mlp::erf(-7.0), -1.0);
/// ```
#[must_use]
pub fn erf(x: f64) -> f64 {
    if x.abs() < FAR {
        erf_series(x)
    } else {
        (1.0 - erfc_far(x.abs())).copysign(x)
    }
}

/// Standard normal distribution function Φ(z) = erfc(−z/√2)/2, with digits in the left tail.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    if x <= -FAR {
        0.5 * erfc_far(-x)
    } else {
        0.5 * (1.0 + erf(x))
    }
}

/// (2x/√π) e^{−x²} Σ_n (2x²)^n/(2n+1)!!; all terms have one sign, so nothing cancels.
fn erf_series(x: f64) -> f64 {
    let square = x * x;
    let mut term = 1.0;
    let mut sum = 1.0;
    let mut odd = 1.0;
    while term > f64::EPSILON * 1e-2 * sum {
        odd += 2.0;
        term *= 2.0 * square / odd;
        sum += term;
    }
    2.0 * x / PI.sqrt() * (-square).exp() * sum
}

/// 1 − erf(x) for x ≥ `FAR`: e^{−x²}/√π over x + (1/2)/(x + (2/2)/(x + (3/2)/(x + …))).
fn erfc_far(x: f64) -> f64 {
    let mut fraction = x;
    for n in (1..=FRACTION_TERMS).rev() {
        fraction = x + 0.5 * f64::from(n) / fraction;
    }
    (-x * x).exp() / (PI.sqrt() * fraction)
}
