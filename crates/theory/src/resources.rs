//! Emergence in the number of examples and in the width of the network.

use crate::error::{TheoryError, require, require_positive};
use crate::skills::require_probabilities;

/// Skill strength R_k/S after training to the end on D examples: 1 − √(1 − D P_k/D_c), at most 1.
///
/// * `examples_of_skill` D P_k: expected number of examples of the skill, at least 0;
/// * `shots` D_c: examples that a skill needs, above 0 (the paper fits 800).
///
/// # Assumes
///
/// The extended D_c-shot form of the multilinear model: fitted, not derived for networks.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a parameter outside its domain.
///
/// # Examples
///
/// ```
/// assert_eq!(theory::data_shot(600.0, 800.0)?, 0.5);
/// assert_eq!(theory::data_shot(900.0, 800.0)?, 1.0);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, data emergence, extended model]
pub fn data_shot(examples_of_skill: f64, shots: f64) -> Result<f64, TheoryError> {
    require(
        examples_of_skill >= 0.0,
        "examples_of_skill",
        examples_of_skill,
        "at least 0",
    )?;
    require_positive("shots", shots)?;
    let seen = examples_of_skill / shots;
    if seen >= 1.0 {
        return Ok(1.0);
    }
    // 1 - sqrt(1 - x) without cancellation for few examples.
    Ok(seen / (1.0 + (1.0 - seen).sqrt()))
}

/// Skill strength R_k/S of a network of N hidden neurons: (N − (k−1) N_c)/N_c, clipped to \[0, 1\].
///
/// * `width` N: hidden neurons, at least 0 (not only whole numbers: an average is fine);
/// * `rank` k: counted from 1 (most frequent);
/// * `neurons_per_skill` N_c, above 0 (the paper fits 4; 1 is the exact multilinear model).
///
/// # Assumes
///
/// Neurons go to the most frequent skill first, N_c at a time; training to the end.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a parameter outside its domain.
///
/// # Examples
///
/// ```
/// assert_eq!(theory::parameter_shot(6.0, 1, 4.0)?, 1.0);
/// assert_eq!(theory::parameter_shot(6.0, 2, 4.0)?, 0.5);
/// assert_eq!(theory::parameter_shot(6.0, 3, 4.0)?, 0.0);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, parameter emergence, extended model]
pub fn parameter_shot(width: f64, rank: usize, neurons_per_skill: f64) -> Result<f64, TheoryError> {
    require(
        width.is_finite() && width >= 0.0,
        "width",
        width,
        "finite and at least 0",
    )?;
    require(
        rank >= 1,
        "rank",
        rank as f64,
        "at least 1 (ranks count from 1)",
    )?;
    require_positive("neurons_per_skill", neurons_per_skill)?;
    let earlier = (rank - 1) as f64;
    Ok((width / neurons_per_skill - earlier).clamp(0.0, 1.0))
}

/// Expected halved loss after D examples: (S²/2) Σ_k P_k (1 − P_k)^D, strength² units.
///
/// * `probabilities` P_k, each from 0 to 1, sum at most 1, any order;
/// * `target` S: strength units, above 0;
/// * `examples` D: independent draws in the training set.
///
/// # Assumes
///
/// The exact multilinear model from a vanishing start: a skill is learned fully if it was seen
/// once and not at all otherwise. The mean is over training sets.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a parameter outside its domain.
///
/// # Examples
///
/// ```
/// let loss = theory::expected_data_loss(&[0.5, 0.5], 2.0, 3)?;
/// assert!((loss - 0.25).abs() < 1e-15);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, data scaling law]
pub fn expected_data_loss(
    probabilities: &[f64],
    target: f64,
    examples: u64,
) -> Result<f64, TheoryError> {
    require_probabilities(probabilities)?;
    require_positive("target", target)?;
    if examples == 0 {
        return Ok(half_square(target) * probabilities.iter().rev().sum::<f64>());
    }
    let unseen: f64 = probabilities
        .iter()
        .rev()
        // (1-P)^D through ln_1p: rare skills and large D keep their digits.
        .map(|&probability| probability * ((-probability).ln_1p() * examples as f64).exp())
        .sum();
    Ok(half_square(target) * unseen)
}

/// Halved loss of a model with room for N skills: (S²/2) Σ_{k>N} P_k, strength² units.
///
/// * `probabilities` P_k in the order in which skills are learned (most frequent first), each
///   from 0 to 1, sum at most 1;
/// * `target` S: strength units, above 0;
/// * `skills_learned` N.
///
/// # Assumes
///
/// The exact multilinear model after a long time: one unit per skill, the first N are learned.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a parameter outside its domain.
///
/// # Examples
///
/// ```
/// assert_eq!(theory::parameter_loss(&[0.75, 0.25], 2.0, 1)?, 0.5);
/// assert_eq!(theory::parameter_loss(&[0.75, 0.25], 2.0, 7)?, 0.0);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, parameter scaling law]
pub fn parameter_loss(
    probabilities: &[f64],
    target: f64,
    skills_learned: usize,
) -> Result<f64, TheoryError> {
    require_probabilities(probabilities)?;
    require_positive("target", target)?;
    let left: f64 = probabilities.iter().skip(skills_learned).rev().sum();
    Ok(half_square(target) * left)
}

fn half_square(target: f64) -> f64 {
    0.5 * target * target
}
