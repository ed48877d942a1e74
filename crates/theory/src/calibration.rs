//! Calibrates the skill model on a network: its constants follow from the initial weights and the
//! first half-time.

use crate::error::{TheoryError, require, require_positive};

/// σ²/R0 of a network whose weights start with standard deviation σ (no unit).
const GAP_PER_INVERSE_VARIANCE: f64 = 3.6;

/// Strength gap c = S/R0 − 1 = 3.6 S/σ² − 1 of a two-layer network with all weights N(0, σ²).
///
/// * `target` S: strength units, above 0;
/// * `init_std` σ: standard deviation of every initial weight and bias, above 0, in the square
///   root of strength units.
///
/// The half-time depends on c: t_half = B² ln c/(2 P S).
///
/// # Assumes
///
/// The constant 3.6 is empirical, not derived. It comes from the authors' plotting code, for a
/// two-layer ReLU network on sparse parity with 3 bits per skill. R_k(0) of a network has no fixed
/// sign; R0 is its size.
///
/// # Errors
///
/// [`TheoryError::Domain`] unless c comes out finite and above 0 (σ² < 3.6 S).
///
/// # Examples
///
/// ```
/// assert!((theory::strength_gap_from_init_std(5.0, 0.01)? / 179_999.0 - 1.0).abs() < 1e-12);
/// assert!(theory::strength_gap_from_init_std(1.0, 3.0).is_err());
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, code of the time-emergence figure]
pub fn strength_gap_from_init_std(target: f64, init_std: f64) -> Result<f64, TheoryError> {
    require_positive("target", target)?;
    require_positive("init_std", init_std)?;
    let gap = GAP_PER_INVERSE_VARIANCE * target / init_std / init_std - 1.0;
    require(
        gap.is_finite() && gap > 0.0,
        "init_std",
        init_std,
        "so that 3.6 * target / init_std^2 - 1 is finite and above 0",
    )?;
    Ok(gap)
}

/// Initial strength R0 = S/(c + 1) = σ²/3.6 that goes with [`strength_gap_from_init_std`].
///
/// `init_std` σ: standard deviation of every initial weight, above 0. S drops out: R0 is in
/// strength units because σ² is.
///
/// # Assumes
///
/// As [`strength_gap_from_init_std`]: an empirical constant.
///
/// # Errors
///
/// [`TheoryError::Domain`] unless σ is above 0 and σ²/3.6 is a normal floating-point number.
///
/// # Examples
///
/// ```
/// let initial = theory::initial_from_init_std(0.01)?;
/// let gap = theory::strength_gap_from_init_std(5.0, 0.01)?;
/// assert!((initial * (gap + 1.0) / 5.0 - 1.0).abs() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, code of the time-emergence figure]
pub fn initial_from_init_std(init_std: f64) -> Result<f64, TheoryError> {
    require_positive("init_std", init_std)?;
    let initial = init_std * init_std / GAP_PER_INVERSE_VARIANCE;
    require(
        initial.is_normal(),
        "init_std",
        init_std,
        "such that init_std^2 / 3.6 is a normal floating-point number",
    )?;
    Ok(initial)
}

/// Slowdown B² from the measured half-time of one skill: B² = 2 P S t_half / ln(S/R0 − 1).
///
/// * `half_time` t_half: flow time of the halved loss at which R = S/2, above 0 (after T steps
///   of learning rate η on an un-halved squared error it is 2 η T);
/// * `probability` P of that skill, above 0 and at most 1;
/// * `target` S and `initial` R0: strength units, 0 < R0 < S/2.
///
/// The skill model with this B² ([`MultilinearSkills`](crate::MultilinearSkills)) passes through
/// that half-time exactly; all other skills are then predictions.
///
/// # Assumes
///
/// A network that follows the skill model up to one common factor in time.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a parameter outside its domain.
///
/// # Examples
///
/// ```
/// // Half-time at step 439 of learning rate 0.05, un-halved squared error, σ = 0.01.
/// let initial = theory::initial_from_init_std(0.01)?;
/// let probability = theory::zipf_probabilities(5, 0.6)?[0];
/// let slowdown =
///     theory::slowdown_from_half_time(2.0 * 0.05 * 439.0, probability, 5.0, initial)?;
/// assert!((slowdown - 21.5).abs() < 0.05);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, calibration of the extended model]
pub fn slowdown_from_half_time(
    half_time: f64,
    probability: f64,
    target: f64,
    initial: f64,
) -> Result<f64, TheoryError> {
    require_positive("half_time", half_time)?;
    require(
        probability > 0.0 && probability <= 1.0,
        "probability",
        probability,
        "above 0 and at most 1",
    )?;
    require_positive("target", target)?;
    require(
        initial > 0.0 && initial < 0.5 * target,
        "initial",
        initial,
        "above 0 and below target / 2 (else the half is passed before the start)",
    )?;
    let log_gap = (target - initial).ln() - initial.ln();
    let slowdown = 2.0 * probability * target * half_time / log_gap;
    require(
        slowdown.is_finite() && slowdown > 0.0,
        "half_time",
        half_time,
        "so large or small that the slowdown is finite and above 0",
    )?;
    Ok(slowdown)
}
