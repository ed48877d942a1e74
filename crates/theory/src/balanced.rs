//! One balanced mode of a two-layer linear network.

use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// One balanced two-layer mode f = a b x with a = b: s = a b follows a sigmoid in time.
///
/// s(t) = S / (1 + (S/s0 − 1) e^{−2 v S t}), where
///
/// * `input_power` v = E\[x²\], unit 1 / (strength · flow time), above 0;
/// * `target` S, unit strength, above 0;
/// * `initial` s0 = a(0) b(0), unit strength, above 0; s0 > S is allowed (the strength falls).
///
/// Solves ds/dt = 2 v s (S − s), the gradient flow of ½ E(a b x − S x)² in a and b.
///
/// # Assumes
///
/// Equal layers at the start, a(0) = b(0) (then at all times), and modes that decouple
/// (whitened inputs, aligned start). Two modes are learned one after the other when ln(S/s0) is
/// large.
///
/// [Saxe2014, balanced mode of a two-layer linear network; Nam2025, diagonal linear network]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BalancedMode {
    input_power: f64,
    target: f64,
    initial: f64,
}

impl BalancedMode {
    /// The mode with input power v, target S and initial strength s0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless all three are finite and above 0 and both s0/S and 2 v S
    /// stay inside the range of normal floating-point numbers (about 1e-308 to 1e308).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::BalancedMode::new(1.0, 5.0, 1e-4).is_ok());
    /// let error = theory::BalancedMode::new(1.0, 5.0, 0.0).unwrap_err();
    /// assert_eq!(error.to_string(), "initial = 0: must be finite and above 0");
    /// ```
    pub fn new(input_power: f64, target: f64, initial: f64) -> Result<Self, TheoryError> {
        require_positive("input_power", input_power)?;
        require_positive("target", target)?;
        require_positive("initial", initial)?;
        require(
            (initial / target).is_normal(),
            "initial",
            initial,
            "so large or small that initial / target is a normal floating-point number",
        )?;
        require(
            (2.0 * input_power * target).is_normal(),
            "input_power",
            input_power,
            "so large or small that 2 * input_power * target is a normal floating-point number",
        )?;
        Ok(Self {
            input_power,
            target,
            initial,
        })
    }

    /// Input power v, 1 / (strength · flow time).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::BalancedMode::new(0.5, 5.0, 0.1)?.input_power(), 0.5);
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
    /// assert_eq!(theory::BalancedMode::new(0.5, 5.0, 0.1)?.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Strength s0 at t = 0.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::BalancedMode::new(0.5, 5.0, 0.1)?.initial(), 0.1);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Strength s(t), strength units, at flow time t ≥ 0.
    ///
    /// Evaluated as s0 / (E + (s0/S)(1 − E)) with E = e^{−2 v S t}: every term is positive for s0
    /// below and above S, so nothing cancels and nothing overflows.
    /// NaN for a negative or NaN `t`; `t` may be infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::BalancedMode::new(1.0, 1.0, 1e-3)?;
    /// assert_eq!(mode.strength(0.0), 1e-3);
    /// assert!((mode.strength(5.0) - 0.956_613_255_562_225_4).abs() < 1e-14);
    /// assert_eq!(mode.strength(1e300), 1.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Saxe2014, balanced mode of a two-layer linear network]
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        let Some((remaining, mixed)) = self.weights(t) else {
            return f64::NAN;
        };
        if remaining == 0.0 {
            self.target
        } else {
            self.initial / mixed
        }
    }

    /// Remaining distance to the target, S − s(t), strength units, without cancellation at late
    /// times.
    ///
    /// Evaluated as (S − s0) E / (E + (s0/S)(1 − E)); negative for s0 > S.
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::BalancedMode::new(1.0, 1.0, 0.5)?;
    /// assert!((mode.residual(100.0) / (-200.0_f64).exp() - 1.0).abs() < 1e-13);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Saxe2014, balanced mode of a two-layer linear network]
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        let Some((remaining, mixed)) = self.weights(t) else {
            return f64::NAN;
        };
        (self.target - self.initial) * (remaining / mixed)
    }

    /// Flow time at which s = q S: t = ln\[(S/s0 − 1) q/(1 − q)\]/(2 v S).
    ///
    /// `fraction` is q = strength/target, from s0/S (included) to 1 (excluded), rising or falling.
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::BalancedMode::new(1.0, 1.5, 0.01)?;
    /// assert!((mode.time_to_fraction(0.5)? - 1.667_982_101_981_82).abs() < 1e-14);
    /// assert!(mode.time_to_fraction(0.001).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Saxe2014, balanced mode of a two-layer linear network]
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        let start = self.initial / self.target;
        require_on_the_way(fraction, start)?;
        if fraction == start {
            return Ok(0.0);
        }
        // (S/s0 - 1) q/(1-q) = 1 + step; ln_1p keeps the digits just after the start.
        let step = (fraction / start - 1.0) / (1.0 - fraction);
        let exponent = if step < 1.0 {
            step.ln_1p()
        } else {
            let odds_gap = (1.0 - start).abs().ln() - start.ln();
            odds_gap + fraction.ln() - (1.0 - fraction).abs().ln()
        };
        Ok(exponent / (2.0 * self.input_power * self.target))
    }

    /// E = e^{−2 v S t} and E + (s0/S)(1 − E); `None` for t < 0 or NaN.
    fn weights(&self, t: f64) -> Option<(f64, f64)> {
        if t.is_nan() || t < 0.0 {
            return None;
        }
        let exponent = -(2.0 * self.input_power * self.target) * t;
        let remaining = exponent.exp();
        let mixed = remaining - (self.initial / self.target) * exponent.exp_m1();
        Some((remaining, mixed))
    }
}

/// t90/t10 of a balanced mode: (ln c + ln 9)/(ln c − ln 9), c = S/s0 − 1.
///
/// `target_over_initial` is S/s0 (no unit), above 10 so that the mode starts below 10 %.
/// It tends to 1 (a step) for S/s0 → ∞ and is 1.44 at S/s0 = 180 000. It exceeds the linear
/// model's 21.85 for S/s0 below 109/9 = 12.1: the shape tells the two apart only if the mode
/// starts well below 10 %.
///
/// # Assumes
///
/// A balanced mode ([`BalancedMode`]); the rate 2 v S drops out.
///
/// # Errors
///
/// [`TheoryError::Domain`] unless S/s0 is finite and above 10.
///
/// # Examples
///
/// ```
/// let ratio = theory::sigmoid_t90_over_t10(180_000.0)?;
/// assert!((ratio - 1.443_7).abs() < 1e-4);
/// assert!(theory::sigmoid_t90_over_t10(10.0).is_err());
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Saxe2014, balanced mode of a two-layer linear network]
pub fn sigmoid_t90_over_t10(target_over_initial: f64) -> Result<f64, TheoryError> {
    require(
        target_over_initial.is_finite() && target_over_initial > 10.0,
        "target_over_initial",
        target_over_initial,
        "finite and above 10 (the mode must start below 10 % of its target)",
    )?;
    let log_gap = (target_over_initial - 1.0).ln();
    let log_nine = 9.0_f64.ln();
    // ln c - ln 9 with the digits kept for S/s0 just above 10.
    let t10 = ((target_over_initial - 10.0) / 9.0).ln_1p();
    Ok((log_gap + log_nine) / t10)
}
