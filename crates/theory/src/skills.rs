//! Skills that are learned independently: emergence in time.

use crate::balanced::BalancedMode;
use crate::error::{TheoryError, require, require_positive};

/// Largest excess of the sum of probabilities over 1.
const SUM_TOLERANCE: f64 = 1e-9;

/// Skill probabilities P_k = k^{−(α+1)} / ζ_n, k = 1 … n, with ζ_n = Σ k^{−(α+1)}.
///
/// * `skills` n, at least 1;
/// * `alpha` α (no unit), finite and at least −1 (−1: all alike); the papers use 0.3 to 0.9.
///
/// The result is in the order of falling frequency and sums to 1.
///
/// # Errors
///
/// [`TheoryError::Domain`] for no skills or α outside its domain.
///
/// # Examples
///
/// ```
/// let p = theory::zipf_probabilities(5, 0.6)?;
/// assert!((p[0] - 0.592_673_638_159_471_3).abs() < 1e-15);
/// assert!((p[0] / p[1] - 2.0_f64.powf(1.6)).abs() < 1e-13);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, power-law skill frequencies]
pub fn zipf_probabilities(skills: usize, alpha: f64) -> Result<Vec<f64>, TheoryError> {
    require(skills >= 1, "skills", skills as f64, "at least 1")?;
    require_alpha(alpha)?;
    let weights: Vec<f64> = (1..=skills)
        .map(|rank| (rank as f64).powf(-(alpha + 1.0)))
        .collect();
    // Smallest first, for the rounding.
    let total: f64 = weights.iter().rev().sum();
    Ok(weights.into_iter().map(|weight| weight / total).collect())
}

/// Emergence time of the skill of rank k over that of rank 1: t_k/t_1 = P_1/P_k = k^{α+1}.
///
/// * `rank` k, counted from 1 (most frequent);
/// * `alpha` α (no unit), finite and at least −1.
///
/// The plain *linear* model on the same skills obeys the same law (its t_half is ln 2/P_k): the
/// law tests the frequencies, not the layers.
///
/// # Assumes
///
/// Decoupled skills with equal target and equal start; any fraction of the target.
///
/// # Errors
///
/// [`TheoryError::Domain`] for rank 0 or α outside its domain.
///
/// # Examples
///
/// ```
/// assert!((theory::emergence_time_ratio(5, 0.6)? - 13.13).abs() < 0.01);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2024, emergence in time]
pub fn emergence_time_ratio(rank: usize, alpha: f64) -> Result<f64, TheoryError> {
    require(
        rank >= 1,
        "rank",
        rank as f64,
        "at least 1 (ranks count from 1)",
    )?;
    require_alpha(alpha)?;
    Ok((rank as f64).powf(alpha + 1.0))
}

fn require_alpha(alpha: f64) -> Result<(), TheoryError> {
    require(
        alpha.is_finite() && alpha >= -1.0,
        "alpha",
        alpha,
        "finite and at least -1",
    )
}

/// The multilinear skill model f = Σ_k a_k b_k g_k: every skill is a balanced mode of its own.
///
/// R_k(t)/S = 1 / (1 + (S/R0 − 1) e^{−2 P_k S t / B²}), where
///
/// * `probabilities` P_k: how often skill k is drawn, each above 0, sum at most 1;
/// * `target` S and `initial` R0 = a_k(0) b_k(0): strength units, above 0, equal for all skills;
/// * `slowdown` B² (no unit), above 0: 1 for the exact multilinear model; the one constant
///   calibrated on a network (22 in the paper), see
///   [`slowdown_from_half_time`](crate::slowdown_from_half_time);
/// * t: flow time of the halved loss. An un-halved squared error runs twice as fast, which
///   belongs into t, not into B².
///
/// Skills are indexed from 0 here; the paper's k is the index plus 1.
///
/// # Assumes
///
/// Basis functions g_k with g_k² = 1 on inputs of skill k and 0 elsewhere, so that skills
/// decouple; a_k(0) = b_k(0); gradient flow on the population loss.
///
/// [Nam2024, multilinear model and its extended form]
#[derive(Debug, Clone, PartialEq)]
pub struct MultilinearSkills {
    probabilities: Vec<f64>,
    modes: Vec<BalancedMode>,
    target: f64,
    initial: f64,
    slowdown: f64,
}

impl MultilinearSkills {
    /// The model with skill probabilities P_k, target S, initial strength R0 and slowdown B².
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for no skill, a probability off (0, 1\], a sum above 1, a slowdown
    /// that is not above 0, or a parameter that [`BalancedMode::new`] rejects.
    ///
    /// # Examples
    ///
    /// ```
    /// let p = theory::zipf_probabilities(5, 0.6)?;
    /// assert!(theory::MultilinearSkills::new(p.clone(), 5.0, 1e-4, 1.0).is_ok());
    /// assert!(theory::MultilinearSkills::new(p, 5.0, 1e-4, 0.0).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn new(
        probabilities: Vec<f64>,
        target: f64,
        initial: f64,
        slowdown: f64,
    ) -> Result<Self, TheoryError> {
        require_probabilities(&probabilities)?;
        require_positive("slowdown", slowdown)?;
        let modes = probabilities
            .iter()
            .map(|&probability| {
                require(
                    probability > 0.0,
                    "probabilities",
                    probability,
                    "each above 0",
                )?;
                BalancedMode::new(probability / slowdown, target, initial)
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            probabilities,
            modes,
            target,
            initial,
            slowdown,
        })
    }

    /// Skill probabilities P_k, by index from 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::MultilinearSkills::new(vec![0.75, 0.25], 1.0, 0.01, 1.0)?;
    /// assert_eq!(model.probabilities(), [0.75, 0.25]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// Target strength S of every skill.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::MultilinearSkills::new(vec![0.75, 0.25], 5.0, 0.01, 1.0)?;
    /// assert_eq!(model.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Strength R0 of every skill at t = 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::MultilinearSkills::new(vec![0.75, 0.25], 5.0, 0.01, 1.0)?;
    /// assert_eq!(model.initial(), 0.01);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Slowdown B² (no unit).
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::MultilinearSkills::new(vec![0.75, 0.25], 5.0, 0.01, 22.0)?;
    /// assert_eq!(model.slowdown(), 22.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn slowdown(&self) -> f64 {
        self.slowdown
    }

    /// The mode of one skill: input power P_k/B².
    ///
    /// # Errors
    ///
    /// [`TheoryError::UnknownSkill`] for an index past the last skill.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::MultilinearSkills::new(vec![0.75, 0.25], 5.0, 0.01, 2.0)?;
    /// assert_eq!(model.mode(1)?.input_power(), 0.125);
    /// let error = model.mode(2).unwrap_err();
    /// assert!(error.to_string().starts_with("skill = 2: must be below 2"));
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn mode(&self, skill: usize) -> Result<&BalancedMode, TheoryError> {
        self.modes.get(skill).ok_or(TheoryError::UnknownSkill {
            skill,
            skills: self.modes.len(),
        })
    }

    /// Strength R_k(t) of a skill (index from 0), strength units, at flow time t ≥ 0.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::UnknownSkill`] for an index past the last skill.
    ///
    /// # Examples
    ///
    /// ```
    /// // 100 steps of learning rate 0.02 on the halved loss.
    /// let p = theory::zipf_probabilities(5, 0.6)?;
    /// let model = theory::MultilinearSkills::new(p, 5.0, 1e-4, 1.0)?;
    /// assert!((model.strength(0, 0.02 * 100.0)? / 5.0 - 0.737_635_391_064_432_8).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, multilinear model]
    pub fn strength(&self, skill: usize, t: f64) -> Result<f64, TheoryError> {
        Ok(self.mode(skill)?.strength(t))
    }

    /// Flow time at which R_k = q S: B² ln\[(S/R0 − 1) q/(1 − q)\]/(2 P_k S).
    ///
    /// `skill` counts from 0; `fraction` q runs from R0/S (included) to 1 (excluded).
    ///
    /// # Errors
    ///
    /// [`TheoryError::UnknownSkill`] or [`TheoryError::FractionNotReached`].
    ///
    /// # Examples
    ///
    /// ```
    /// let p = theory::zipf_probabilities(5, 0.6)?;
    /// let model = theory::MultilinearSkills::new(p, 5.0, 1e-4, 22.0)?;
    /// let ratio = model.time_to_fraction(4, 0.5)? / model.time_to_fraction(0, 0.5)?;
    /// assert!((ratio - theory::emergence_time_ratio(5, 0.6)?).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, emergence in time]
    pub fn time_to_fraction(&self, skill: usize, fraction: f64) -> Result<f64, TheoryError> {
        self.mode(skill)?.time_to_fraction(fraction)
    }

    /// Halved loss ½ Σ_k P_k (S − R_k(t))², strength² units, at flow time t ≥ 0.
    ///
    /// The loss of the skill model; a network adds ½ Σ_k P_k (E_k f² − R_k²), its output energy
    /// outside the skills. NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::MultilinearSkills::new(vec![0.75, 0.25], 5.0, 1e-6, 1.0)?;
    /// assert!((model.loss(0.0) - 12.5).abs() < 1e-5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, loss of the multilinear model]
    #[must_use]
    pub fn loss(&self, t: f64) -> f64 {
        // Rarest first: their terms are the smallest until late.
        let sum: f64 = self
            .probabilities
            .iter()
            .zip(&self.modes)
            .rev()
            .map(|(probability, mode)| probability * mode.residual(t).powi(2))
            .sum();
        0.5 * sum
    }
}

/// Requires at least one number, each from 0 to 1, with a sum of at most 1 (and rounding).
pub(crate) fn require_probabilities(probabilities: &[f64]) -> Result<(), TheoryError> {
    require(
        !probabilities.is_empty(),
        "probabilities",
        f64::NAN,
        "at least one number",
    )?;
    for &probability in probabilities {
        require(
            (0.0..=1.0).contains(&probability),
            "probabilities",
            probability,
            "each from 0 to 1",
        )?;
    }
    let sum: f64 = probabilities.iter().sum();
    require(
        sum <= 1.0 + SUM_TOLERANCE,
        "sum of probabilities",
        sum,
        "at most 1 (they are fractions of all examples)",
    )
}
