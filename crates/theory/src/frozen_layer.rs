//! One mode of a two-layer linear network in which one layer does not learn.

use crate::error::{TheoryError, require};
use crate::linear::LinearMode;

/// One two-layer mode f = a b x with one layer frozen: the other learns as a linear model does.
///
/// s(t) = S + (s0 − S) e^{−v c² t}, where c is the strength of the frozen layer, and
///
/// * `input_power` v = E\[x²\], unit 1 / (strength · flow time), above 0;
/// * `target` S, unit strength, not 0, either sign;
/// * `frozen` c, the layer that stays, unit √strength, not 0, either sign;
/// * `learning` the other layer at t = 0, unit √strength, either sign.
///
/// Solves dm/dt = v c (S − c m), the gradient flow of ½ E(a b x − S x)² in the learning layer m.
/// The two layers enter symmetrically, so it does not matter which one is frozen. Without feedback
/// between layers, the rise is no longer a sigmoid: from s0 = 0, t90/t10 is that of the linear
/// model, [21.85](crate::LINEAR_T90_OVER_T10), and the start does not delay the mode.
///
/// # Assumes
///
/// Modes decouple: the features are orthogonal under the input distribution. A layer of many
/// neurons acts as one mode of strength c² = Σ c_j².
///
/// Derived here; the linear equation is that of [Saxe2014, shallow network].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FrozenLayerMode {
    linear: LinearMode,
    frozen: f64,
}

impl FrozenLayerMode {
    /// The mode with input power v, target S, frozen layer c and learning layer m0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless c is finite and not 0, or as [`LinearMode::new`] with input
    /// power v c² and initial strength c m0.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::FrozenLayerMode::new(0.5, 5.0, 0.1, 0.0).is_ok());
    /// let error = theory::FrozenLayerMode::new(0.5, 5.0, 0.0, 0.1).unwrap_err();
    /// assert_eq!(error.to_string(), "frozen = 0: must be finite and not 0");
    /// ```
    pub fn new(
        input_power: f64,
        target: f64,
        frozen: f64,
        learning: f64,
    ) -> Result<Self, TheoryError> {
        let usable = frozen.is_finite() && frozen != 0.0;
        require(usable, "frozen", frozen, "finite and not 0")?;
        let linear = LinearMode::new(input_power * frozen * frozen, target, frozen * learning)?;
        Ok(Self { linear, frozen })
    }

    /// The linear model that the mode is: input power v c², target S, initial strength c m0.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FrozenLayerMode::new(0.5, 5.0, 2.0, 0.0)?;
    /// assert_eq!(mode.as_linear(), theory::LinearMode::new(2.0, 5.0, 0.0)?);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn as_linear(&self) -> LinearMode {
        self.linear
    }

    /// Strength s(t), strength units, at flow time t ≥ 0; NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FrozenLayerMode::new(1.0, 2.0, 2.0, 0.0)?;
    /// assert!((mode.strength(2.0_f64.ln() / 4.0) - 1.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        self.linear.strength(t)
    }

    /// The residual S − s(t), strength units, without cancellation at late times.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FrozenLayerMode::new(1.0, 2.0, 2.0, 0.0)?;
    /// assert!((mode.residual(10.0) / (2.0 * (-40.0_f64).exp()) - 1.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        self.linear.residual(t)
    }

    /// The learning layer m(t) = s(t)/c, √strength units, at flow time t ≥ 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FrozenLayerMode::new(1.0, 6.0, 2.0, 0.0)?;
    /// assert_eq!(mode.learning_layer(f64::INFINITY), 3.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn learning_layer(&self, t: f64) -> f64 {
        self.linear.strength(t) / self.frozen
    }

    /// Flow time at which s = q S: t = ln\[(1 − s0/S)/(1 − q)\]/(v c²).
    ///
    /// `fraction` is q = strength/target, from s0/S (included) to 1 (excluded).
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FrozenLayerMode::new(1.0, 5.0, 0.1, 0.0)?;
    /// let ratio = mode.time_to_fraction(0.9)? / mode.time_to_fraction(0.1)?;
    /// assert!((ratio / theory::LINEAR_T90_OVER_T10 - 1.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        self.linear.time_to_fraction(fraction)
    }
}
