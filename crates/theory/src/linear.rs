//! One mode of a model that is linear in its parameters.

use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// t90/t10 of a linear mode that starts at 0: ln 10 / ln(10/9) = 21.85…, whatever its rate.
///
/// The shape statistic that separates exponential saturation from a layered (sigmoid) mode; see
/// [`sigmoid_t90_over_t10`](crate::sigmoid_t90_over_t10).
///
/// # Assumes
///
/// The mode starts at exactly 0 (one that starts at θ0 has ln((1−r)/0.1) / ln((1−r)/0.9),
/// r = θ0/S).
///
/// # Examples
///
/// ```
/// let mode = theory::LinearMode::new(0.3, 2.0, 0.0)?;
/// let ratio = mode.time_to_fraction(0.9)? / mode.time_to_fraction(0.1)?;
/// assert!((ratio / theory::LINEAR_T90_OVER_T10 - 1.0).abs() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2025, linear model as the control of the diagonal linear network]
pub const LINEAR_T90_OVER_T10: f64 = 21.854_345_326_782_834;

/// One mode of a linear model f = θ x: θ(t) = S + (θ0 − S) e^{−v t}.
///
/// * `input_power` v = E\[x²\], unit 1 / flow time, above 0;
/// * `target` S, unit strength, not 0, either sign;
/// * `initial` θ0, unit strength, either sign.
///
/// Solves dθ/dt = −v (θ − S), the gradient flow of ½ E(θ x − S x)².
///
/// # Assumes
///
/// Modes decouple: the features are orthogonal under the input distribution.
///
/// [Nam2025, linear model; Saxe2014, shallow network]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearMode {
    input_power: f64,
    target: f64,
    initial: f64,
}

impl LinearMode {
    /// The mode with input power v, target S and initial strength θ0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless v > 0, S ≠ 0, all three are finite, and S − θ0 and θ0/S
    /// are finite too.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::LinearMode::new(1.0, 5.0, 0.0).is_ok());
    /// let error = theory::LinearMode::new(-1.0, 5.0, 0.0).unwrap_err();
    /// assert_eq!(error.to_string(), "input_power = -1: must be finite and above 0");
    /// ```
    pub fn new(input_power: f64, target: f64, initial: f64) -> Result<Self, TheoryError> {
        require_positive("input_power", input_power)?;
        require(
            target.is_finite() && target != 0.0,
            "target",
            target,
            "finite and not 0",
        )?;
        require(
            initial.is_finite() && (target - initial).is_finite() && (initial / target).is_finite(),
            "initial",
            initial,
            "finite, and so that target - initial and initial / target are finite",
        )?;
        Ok(Self {
            input_power,
            target,
            initial,
        })
    }

    /// Input power v, 1 / flow time.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::LinearMode::new(0.5, 5.0, 0.0)?.input_power(), 0.5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn input_power(&self) -> f64 {
        self.input_power
    }

    /// Target S, in strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::LinearMode::new(0.5, 5.0, 0.0)?.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Strength θ0 at t = 0.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::LinearMode::new(0.5, 5.0, 0.1)?.initial(), 0.1);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Strength θ(t) = θ0 + (S − θ0)(1 − e^{−v t}), strength units, at flow time t ≥ 0.
    ///
    /// NaN for a negative or NaN `t`; `t` may be infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LinearMode::new(1.0, 2.0, 0.0)?;
    /// assert!((mode.strength(2.0_f64.ln()) - 1.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, linear model]
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        // expm1 keeps the digits of a small increment.
        let covered = -(-self.input_power * t).exp_m1();
        self.initial + (self.target - self.initial) * covered
    }

    /// Remaining distance to the target, S − θ(t) = (S − θ0) e^{−v t}, strength units, without
    /// cancellation.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LinearMode::new(1.0, 2.0, 0.0)?;
    /// assert!((mode.residual(100.0) / (2.0 * (-100.0_f64).exp()) - 1.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, linear model]
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        (self.target - self.initial) * (-self.input_power * t).exp()
    }

    /// Flow time at which θ = q S: t = ln\[(1 − r)/(1 − q)\]/v with r = θ0/S.
    ///
    /// `fraction` is q = strength/target, from r (included) to 1 (excluded).
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LinearMode::new(0.5, -3.0, 0.0)?;
    /// assert!((mode.time_to_fraction(0.5)? - 2.0 * 2.0_f64.ln()).abs() < 1e-15);
    /// assert!(mode.time_to_fraction(1.0).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, linear model]
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        let start = self.initial / self.target;
        require_on_the_way(fraction, start)?;
        if fraction == start {
            return Ok(0.0);
        }
        let step = (fraction - start) / (1.0 - fraction);
        let exponent = if step < 1.0 {
            step.ln_1p()
        } else {
            (1.0 - start).abs().ln() - (1.0 - fraction).abs().ln()
        };
        Ok(exponent / self.input_power)
    }
}
