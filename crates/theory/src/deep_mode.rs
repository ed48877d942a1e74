//! One balanced mode of a linear network of any depth.

use crate::deep_integral::{Point, advance, require_start, scaled_time, start_point};
use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// One mode of a linear network of L layers that start equal: s = a^L.
///
/// ds/dt = L v s^p (S − s) with p = 2 − 2/L, so that
///
/// t = S^{−p}/(L v) · ∫_{s0/S}^{s/S} dz / (z^p (1 − z)), an incomplete beta integral, where
///
/// * `depth` L, at least 1: 1 is the linear model, 2 the sigmoid of a
///   [`BalancedMode`](crate::BalancedMode);
/// * `input_power` v = E\[x²\], unit 1 / (strength^p · flow time), above 0;
/// * `target` S, unit strength, above 0;
/// * `initial` s0, unit strength, above 0; s0 > S is allowed (the strength falls).
///
/// Deeper modes wait longer and rise more suddenly: from a small start, t_half grows like
/// s0^{−(1−2/L)} for L > 2 but only like ln(1/s0) for L = 2.
///
/// # Assumes
///
/// Gradient flow on ½ E(a_1 ⋯ a_L x − S x)²; all layers equal at the start (then at all times);
/// modes that decouple (whitened inputs, aligned start).
///
/// # Derived here
///
/// The evaluation of the integral without cancellation (also for L → ∞, late, and between nearly
/// equal strengths) and its inverse s(t). Checked against 40-digit arithmetic, the elementary
/// forms for L = 3 and 4, and an adaptive integrator of L separate layers (`tests/all/deep_mode.rs`).
///
/// [Saxe2014, deeper networks; Nam2025, effect of depth]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeepMode {
    depth: u32,
    input_power: f64,
    target: f64,
    initial: f64,
}

impl DeepMode {
    /// The mode of `depth` layers with input power v, target S and initial strength s0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless L ≥ 1, the others are finite and above 0, s0/S lies between
    /// 1e-300 and 1e100, and L v S^p is a normal floating-point number.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::DeepMode::new(16, 1.0, 2.0, 1e-12).is_ok());
    /// let error = theory::DeepMode::new(0, 1.0, 2.0, 1e-12).unwrap_err();
    /// assert_eq!(error.to_string(), "depth = 0: must be at least 1");
    /// ```
    pub fn new(
        depth: u32,
        input_power: f64,
        target: f64,
        initial: f64,
    ) -> Result<Self, TheoryError> {
        require(depth >= 1, "depth", f64::from(depth), "at least 1")?;
        require_positive("input_power", input_power)?;
        require_positive("target", target)?;
        require_positive("initial", initial)?;
        require_start(initial / target, initial)?;
        let mode = Self {
            depth,
            input_power,
            target,
            initial,
        };
        require(
            mode.rate().is_normal(),
            "input_power",
            input_power,
            "so large or small that depth * input_power * target^(2-2/depth) is a normal \
             floating-point number",
        )?;
        Ok(mode)
    }

    /// Depth L: layers.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::DeepMode::new(3, 0.5, 5.0, 0.1)?.depth(), 3);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn depth(&self) -> u32 {
        self.depth
    }

    /// Input power v, 1 / (strength^{2−2/L} · flow time).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::DeepMode::new(3, 0.5, 5.0, 0.1)?.input_power(), 0.5);
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
    /// assert_eq!(theory::DeepMode::new(3, 0.5, 5.0, 0.1)?.target(), 5.0);
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
    /// assert_eq!(theory::DeepMode::new(3, 0.5, 5.0, 0.1)?.initial(), 0.1);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Flow time at which the strength is `strength` (strength units).
    ///
    /// `strength` runs from s0 (included) to S (excluded), rising or falling.
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a strength outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// // Just after the start: the distance over the speed L v s^p (S − s).
    /// let mode = theory::DeepMode::new(2, 1.0, 1.0, 0.5)?;
    /// let time = mode.time_to_strength(0.5 + 1e-9)?;
    /// assert!((time / 2e-9 - 1.0).abs() < 1e-6);
    /// assert!(mode.time_to_strength(0.4).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_strength(&self, strength: f64) -> Result<f64, TheoryError> {
        if strength == self.initial {
            return Ok(0.0);
        }
        let fraction = strength / self.target;
        require_on_the_way(fraction, self.start())?;
        let gap = (self.target - strength) / self.target;
        let moved = (strength - self.initial) / self.target;
        Ok(self.scaled_time(fraction, gap, moved) / self.rate())
    }

    /// Flow time at which s = q S.
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
    /// let mode = theory::DeepMode::new(3, 1.0, 1.5, 0.01)?;
    /// assert!((mode.time_to_fraction(0.5)? - 2.588_875_363_156_884_4).abs() < 1e-14);
    /// assert!(mode.time_to_fraction(0.001).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Saxe2014, deeper networks]
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        let start = self.start();
        require_on_the_way(fraction, start)?;
        if fraction == start {
            return Ok(0.0);
        }
        Ok(self.scaled_time(fraction, 1.0 - fraction, fraction - start) / self.rate())
    }

    /// Strength s(t), strength units, at flow time t ≥ 0; `t` may be infinite.
    ///
    /// The inverse of [`DeepMode::time_to_strength`] by Newton's method on a nearly linear form
    /// of it. From a small start a deep mode escapes so suddenly that s(t) there magnifies the
    /// rounding of t itself, by L v t s^p (S − s)/s. NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::DeepMode::new(3, 1.0, 1.5, 0.01)?;
    /// assert!((mode.strength(2.588_875_363_156_884_4) - 0.75).abs() < 1e-14);
    /// assert_eq!(mode.strength(f64::INFINITY), 1.5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        if t == 0.0 {
            return self.initial;
        }
        let point = self.point(t);
        if self.rises() {
            self.target * point.y
        } else {
            self.target / point.y
        }
    }

    /// Remaining distance to the target, S − s(t), strength units, without cancellation at late
    /// times.
    ///
    /// Negative for s0 > S. NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// // Late, every depth L decays at the rate L v S^p.
    /// let mode = theory::DeepMode::new(4, 1.0, 1.0, 0.1)?;
    /// let ratio = mode.residual(31.0) / mode.residual(30.0);
    /// assert!((ratio / (-4.0_f64).exp() - 1.0).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        if t == 0.0 {
            return self.target - self.initial;
        }
        let point = self.point(t);
        if self.rises() {
            self.target * point.gap
        } else {
            -self.target * (point.gap / point.y)
        }
    }

    /// Strength of every layer, a(t) = s(t)^{1/L}.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::DeepMode::new(3, 1.0, 8.0, 0.001)?;
    /// assert!((mode.layer(0.0) - 0.1).abs() < 1e-15);
    /// assert_eq!(mode.layer(f64::INFINITY), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn layer(&self, t: f64) -> f64 {
        self.strength(t).powf(1.0 / f64::from(self.depth))
    }

    /// Leading order of the half-time for s0 ≪ S: ln 2/v, ln(S/s0)/(2 v S), and for L > 2
    /// s0^{−(1−2/L)}/(v S (L − 2)).
    ///
    /// The relative error vanishes like (s0/S)^{1−2/L} for L > 2. Modes of one start and different
    /// targets therefore do not separate further with depth: their half-times tend to the ratio
    /// of 1/S.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::DeepMode::new(6, 1.0, 1.0, 1e-9)?;
    /// let exact = mode.time_to_fraction(0.5)?;
    /// assert!((mode.small_init_half_time() / exact - 1.0).abs() < 1e-5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn small_init_half_time(&self) -> f64 {
        let wait = match self.depth {
            1 => std::f64::consts::LN_2,
            2 => -self.start().ln(),
            _ => {
                let exponent = 1.0 - self.power();
                self.start().powf(exponent) / -exponent
            }
        };
        wait / self.rate()
    }

    fn start(&self) -> f64 {
        self.initial / self.target
    }

    fn rises(&self) -> bool {
        self.initial < self.target
    }

    /// p = 2 − 2/L.
    fn power(&self) -> f64 {
        2.0 - 2.0 / f64::from(self.depth)
    }

    /// L v S^p, 1 / flow time: the unit of time of the integral.
    fn rate(&self) -> f64 {
        f64::from(self.depth) * self.input_power * self.target.powf(self.power())
    }

    /// The integral from s0/S to q = `fraction`, with 1 − q = `gap` and q − s0/S = `moved`.
    fn scaled_time(&self, fraction: f64, gap: f64, moved: f64) -> f64 {
        scaled_time(self.power(), self.start_point(), fraction, gap, moved)
    }

    fn start_point(&self) -> Point {
        start_point(self.target, self.initial)
    }

    fn point(&self, t: f64) -> Point {
        let value = self.rate() * t;
        if value == f64::INFINITY || self.initial == self.target {
            return Point { y: 1.0, gap: 0.0 };
        }
        let exponent = if self.rises() {
            1.0 - self.power()
        } else {
            self.power()
        };
        advance(exponent, self.start_point(), value)
    }
}
