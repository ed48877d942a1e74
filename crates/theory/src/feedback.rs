//! Two-layer modes whose feedback is intact or broken, and skills made of such modes.

use crate::clamped_layer::ClampedLayerMode;
use crate::error::{TheoryError, require_positive};
use crate::fixed_feedback::FixedFeedbackMode;
use crate::frozen_layer::FrozenLayerMode;
use crate::lambda_mode::LambdaMode;
use crate::skills::require_probabilities;

/// The feedback between the two layers of a mode f = a b x: intact, or broken in one of four ways.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Feedback {
    /// Each layer sets the speed of the other.
    Intact,
    /// The first layer a stays at its start.
    FirstLayerFrozen,
    /// The second layer b, the readout, stays at its start.
    ReadoutFrozen,
    /// The first layer receives its error through a fixed backward weight.
    Fixed {
        /// B, unit √strength, above 0.
        backward: f64,
    },
    /// The second layer b, of many neurons, turns but keeps its norm; a0 is parallel to it.
    ReadoutClamped {
        /// w0, the size of the part of the first layer orthogonal to b, unit √strength, 0 or more.
        across: f64,
    },
}

/// A two-layer mode under one [`Feedback`].
///
/// Strengths, residuals and times are those of [`LambdaMode`], [`FrozenLayerMode`],
/// [`FixedFeedbackMode`] and [`ClampedLayerMode`].
#[derive(Debug, Clone, Copy)]
pub enum FeedbackMode {
    /// Intact feedback.
    Intact(LambdaMode),
    /// One layer is frozen.
    Frozen(FrozenLayerMode),
    /// A fixed backward weight.
    Fixed(FixedFeedbackMode),
    /// One layer keeps its norm.
    Clamped(ClampedLayerMode),
}

impl Feedback {
    /// The mode with input power v and target S that starts from the layers a0 and b0.
    ///
    /// # Errors
    ///
    /// A parameter outside the domain of the mode.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::Feedback;
    /// let shape = |feedback: Feedback| {
    ///     let mode = feedback.mode(1.0, 1.0, 0.003, 0.003)?;
    ///     Ok::<f64, theory::TheoryError>(mode.time_to_fraction(0.9)? / mode.time_to_fraction(0.1)?)
    /// };
    /// assert!((shape(Feedback::Intact)? - 1.47).abs() < 0.01);
    /// // A start above 0 makes a little more of 3.35.
    /// assert!((shape(Feedback::Fixed { backward: 0.1 })? - 3.38).abs() < 0.01);
    /// assert!((shape(Feedback::ReadoutFrozen)? - 21.85).abs() < 0.01);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn mode(
        self,
        input_power: f64,
        target: f64,
        first: f64,
        second: f64,
    ) -> Result<FeedbackMode, TheoryError> {
        Ok(match self {
            Self::Intact => {
                // The difference of squares, without the rounding error for large equal layers.
                let lambda = (second - first) * (second + first);
                let mode = LambdaMode::new(input_power, target, first * second, lambda)?;
                FeedbackMode::Intact(mode)
            }
            Self::FirstLayerFrozen => {
                let mode = FrozenLayerMode::new(input_power, target, first, second)?;
                FeedbackMode::Frozen(mode)
            }
            Self::ReadoutFrozen => {
                let mode = FrozenLayerMode::new(input_power, target, second, first)?;
                FeedbackMode::Frozen(mode)
            }
            Self::Fixed { backward } => {
                let mode = FixedFeedbackMode::new(input_power, target, backward, first, second)?;
                FeedbackMode::Fixed(mode)
            }
            Self::ReadoutClamped { across } => {
                let mode = ClampedLayerMode::new(input_power, target, second, first, across)?;
                FeedbackMode::Clamped(mode)
            }
        })
    }
}

impl FeedbackMode {
    /// Strength s(t), strength units, at flow time t ≥ 0; NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::Feedback::Intact.mode(1.0, 2.0, 0.1, 0.1)?;
    /// assert!((mode.strength(0.0) - 0.01).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        match self {
            Self::Intact(mode) => mode.strength(t),
            Self::Frozen(mode) => mode.strength(t),
            Self::Fixed(mode) => mode.strength(t),
            Self::Clamped(mode) => mode.strength(t),
        }
    }

    /// The residual S − s(t), strength units, without cancellation at late times.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::Feedback::ReadoutFrozen.mode(1.0, 2.0, 0.0, 1.0)?;
    /// assert!((mode.residual(50.0) / (2.0 * (-50.0_f64).exp()) - 1.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        match self {
            Self::Intact(mode) => mode.residual(t),
            Self::Frozen(mode) => mode.residual(t),
            Self::Fixed(mode) => mode.residual(t),
            Self::Clamped(mode) => mode.residual(t),
        }
    }

    /// Flow time at which s = q S, for a fraction q from s0/S (included) to 1 (excluded).
    ///
    /// # Errors
    ///
    /// A fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::Feedback::FirstLayerFrozen.mode(1.0, 2.0, 1.0, 0.0)?;
    /// assert!((mode.time_to_fraction(0.5)? - 2.0_f64.ln()).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        match self {
            Self::Intact(mode) => mode.time_to_fraction(fraction),
            Self::Frozen(mode) => mode.time_to_fraction(fraction),
            Self::Fixed(mode) => mode.time_to_fraction(fraction),
            Self::Clamped(mode) => mode.time_to_fraction(fraction),
        }
    }
}

/// Skills f = Σ a_k b_k g_k, whose feedback between layers is intact or broken: one
/// [`FeedbackMode`] per skill.
///
/// * `probabilities` P_k, above 0, with a sum of at most 1;
/// * `target` S, `first` a0 and `second` b0, equal for all skills, as the [`Feedback`] demands;
/// * `slowdown` B² (no unit), above 0, as in [`MultilinearSkills`](crate::MultilinearSkills): 1 for
///   the exact model. It stretches every time alike, so that t90/t10 is free of it.
///
/// With any feedback, skill k takes P_1/P_k times as long as the first. So the order and spacing of
/// skills do not show that layers govern each other. The shape of each rise does, and so does the
/// dependence of its delay on the start.
///
/// # Assumes
///
/// Basis functions g_k with g_k² = 1 on inputs of skill k and 0 elsewhere, so that skills decouple;
/// gradient flow on the population loss.
///
/// [Nam2024, multilinear model]; the cases with broken feedback were derived here.
#[derive(Debug, Clone)]
pub struct FeedbackSkills {
    probabilities: Vec<f64>,
    modes: Vec<FeedbackMode>,
}

impl FeedbackSkills {
    /// The skills with probabilities P_k, target S, layers a0 and b0 and slowdown B².
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] as [`MultilinearSkills::new`](crate::MultilinearSkills::new) and
    /// [`Feedback::mode`].
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::{Feedback, FeedbackSkills};
    /// let p = theory::zipf_probabilities(5, 0.6)?;
    /// let skills = |layers| FeedbackSkills::new(Feedback::Intact, &p, 5.0, layers, 1.0);
    /// assert!(skills((0.01, 0.01)).is_ok());
    /// assert!(skills((f64::NAN, 0.01)).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn new(
        feedback: Feedback,
        probabilities: &[f64],
        target: f64,
        (first, second): (f64, f64),
        slowdown: f64,
    ) -> Result<Self, TheoryError> {
        require_probabilities(probabilities)?;
        require_positive("slowdown", slowdown)?;
        let modes = probabilities
            .iter()
            .map(|probability| feedback.mode(probability / slowdown, target, first, second));
        Ok(Self {
            modes: modes.collect::<Result<_, _>>()?,
            probabilities: probabilities.to_vec(),
        })
    }

    /// The mode of one skill, by index from 0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::UnknownSkill`] for an index past the last skill.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::{Feedback, FeedbackSkills};
    /// let p = theory::zipf_probabilities(5, 0.6)?;
    /// let fixed = Feedback::Fixed { backward: 0.01 };
    /// let skills = FeedbackSkills::new(fixed, &p, 5.0, (0.0, 0.0), 1.0)?;
    /// let ratio = skills.mode(4)?.time_to_fraction(0.5)? / skills.mode(0)?.time_to_fraction(0.5)?;
    /// assert!((ratio - theory::emergence_time_ratio(5, 0.6)?).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn mode(&self, skill: usize) -> Result<&FeedbackMode, TheoryError> {
        self.modes.get(skill).ok_or(TheoryError::UnknownSkill {
            skill,
            skills: self.modes.len(),
        })
    }

    /// Halved loss ½ Σ_k P_k (S − R_k(t))², strength² units, at flow time t ≥ 0; NaN for a negative
    /// or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::{Feedback, FeedbackSkills};
    /// let frozen = Feedback::ReadoutFrozen;
    /// let skills = FeedbackSkills::new(frozen, &[0.75, 0.25], 5.0, (0.0, 0.1), 1.0)?;
    /// assert_eq!(skills.loss(0.0), 12.5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn loss(&self, t: f64) -> f64 {
        // The rarest skills first, because their terms are the smallest until late.
        let pairs = self.probabilities.iter().zip(&self.modes).rev();
        let sum: f64 = pairs.map(|(p, mode)| p * mode.residual(t).powi(2)).sum();
        0.5 * sum
    }
}
