//! One mode of a two-layer linear network whose first layer learns through a fixed backward weight.

use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// t90/t10 of a mode with a fixed backward weight that starts at 0: T(0.9^⅓)/T(0.1^⅓) = 3.35… for
/// any constants, with T(x) = ⅙ ln((x² + x + 1)/(1 − x)²) + (arctan((2x + 1)/√3) − π/6)/√3.
///
/// The ratio lies between that of the step-like sigmoid of intact layers
/// ([`sigmoid_t90_over_t10`](crate::sigmoid_t90_over_t10), which tends to 1 for a small start) and
/// the exponential of a frozen layer ([`LINEAR_T90_OVER_T10`](crate::LINEAR_T90_OVER_T10)).
///
/// # Assumes
///
/// Both layers start at exactly 0. A start above 0 shortens t10 more than t90.
///
/// # Examples
///
/// ```
/// let mode = theory::FixedFeedbackMode::new(0.3, 2.0, 0.05, 0.0, 0.0)?;
/// let ratio = mode.time_to_fraction(0.9)? / mode.time_to_fraction(0.1)?;
/// assert!((ratio / theory::FIXED_FEEDBACK_T90_OVER_T10 - 1.0).abs() < 1e-13);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// Derived here, and checked against an adaptive integrator; the rule is that of \[Lillicrap2016\].
pub const FIXED_FEEDBACK_T90_OVER_T10: f64 = 3.349_437_314_163_602_8;

/// One two-layer mode f = a b x whose first layer receives its error through a fixed weight B in
/// place of b: feedback alignment with one neuron.
///
/// * `input_power` v = E\[x²\], unit 1 / (strength · flow time), above 0;
/// * `target` S, unit strength, above 0;
/// * `backward` B, unit √strength, above 0;
/// * `first` a0 and `second` b0, unit √strength, 0 or more, with a0 b0 < S.
///
/// Other signs are covered by symmetry: flip the signs of (a, b, B) together, or of (a, S).
///
/// Solves da/dt = v B (S − a b), db/dt = v a (S − a b). The second layer follows the true gradient,
/// so **a² − 2 B b** is conserved. The mode is then one equation in x = a/(2BS)^⅓:
///
/// dx/dt = ½ v (2BS)^⅔ (1 − x y), y = x² − γ, s = S x y, with the conserved γ = x0² − y0 and
/// y0 = 2 B b0/(2BS)^⅔.
///
/// From a0 = b0 = 0 this is x' = ½ v (2BS)^⅔ (1 − x³) with s = S x³. The start no longer sets the
/// delay: from a start of 0, the time to learn is finite and goes as B^−⅔, while that of intact
/// layers grows as ln(S/s0). The order and spacing of modes stay those of 1/v.
///
/// # Assumes
///
/// Modes decouple. A layer of many neurons acts as one mode with B² = Σ B_j² as long as its first
/// layer grows along B.
///
/// Derived here, and checked against an adaptive integrator; the rule is that of \[Lillicrap2016\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedFeedbackMode {
    target: f64,
    backward: f64,
    /// (2BS)^⅓, unit of a.
    scale: f64,
    /// ½ v (2BS)^⅔, 1 / flow time.
    rate: f64,
    /// x0.
    first: f64,
    /// y0.
    second: f64,
    /// The total gain of x: r − x0, where r is the root of r (r² − γ) = 1.
    gain: f64,
}

impl FixedFeedbackMode {
    /// The mode with input power v, target S, backward weight B and layers a0 and b0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a parameter off its domain, or so large or small that the scale
    /// (2BS)^⅓ of the first layer, the rate, or the layers in units of the scale leave the range of
    /// floating-point numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::FixedFeedbackMode::new(0.5, 5.0, 0.01, 0.0, 0.0).is_ok());
    /// let error = theory::FixedFeedbackMode::new(0.5, 5.0, 0.01, 3.0, 2.0).unwrap_err();
    /// assert!(error.to_string().contains("first * second is below target"), "{error}");
    /// ```
    pub fn new(
        input_power: f64,
        target: f64,
        backward: f64,
        first: f64,
        second: f64,
    ) -> Result<Self, TheoryError> {
        require_positive("input_power", input_power)?;
        require_positive("target", target)?;
        require_positive("backward", backward)?;
        for (name, layer) in [("first", first), ("second", second)] {
            let inside = layer.is_finite() && layer >= 0.0;
            require(inside, name, layer, "finite, and 0 or more")?;
        }
        let scale = 2.0_f64.cbrt() * backward.cbrt() * target.cbrt();
        let square = scale * scale;
        require(
            square.is_normal(),
            "backward",
            backward,
            "so large or small that (2 * backward * target)^(2/3) is a normal floating-point number",
        )?;
        let rate = 0.5 * input_power * square;
        require(
            rate.is_normal(),
            "input_power",
            input_power,
            "so large or small that the rate is a normal floating-point number",
        )?;
        let (x, y) = (first / scale, 2.0 * backward / square * second);
        for (name, layer, own) in [("first", first, x.powi(3)), ("second", second, y * y)] {
            require(
                own.is_finite(),
                name,
                layer,
                "so small that its cube in units of (2 * backward * target)^(1/3) is finite",
            )?;
        }
        let missing = (target - first * second) / target;
        require(
            missing > 0.0,
            "first",
            first,
            "so small that first * second is below target",
        )?;
        let mut mode = Self {
            target,
            backward,
            scale,
            rate,
            first: x,
            second: y,
            gain: 0.0,
        };
        mode.gain = mode.gain_at(missing);
        Ok(mode)
    }

    /// Target S, in strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::FixedFeedbackMode::new(0.5, 5.0, 0.01, 0.0, 0.0)?.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Backward weight B, √strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::FixedFeedbackMode::new(0.5, 5.0, 0.01, 0.0, 0.0)?.backward(), 0.01);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn backward(&self) -> f64 {
        self.backward
    }

    /// Strength s(t), strength units, at flow time t ≥ 0; NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// // Early, the first layer grows as B S t and the second as its square: s ~ t³.
    /// let mode = theory::FixedFeedbackMode::new(1.0, 1.0, 0.5, 0.0, 0.0)?;
    /// let t: f64 = 1e-4;
    /// assert!((mode.strength(t) / (0.125 * t.powi(3)) - 1.0).abs() < 1e-9);
    /// assert_eq!(mode.strength(f64::INFINITY), 1.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        match self.gained(t) {
            None => f64::NAN,
            Some((gained, left)) if left < gained => self.target - self.missing(gained, left),
            Some((gained, _)) => self.target * ((self.first + gained) * self.second_at(gained)),
        }
    }

    /// The residual S − s(t), strength units, without cancellation at late times.
    ///
    /// # Examples
    ///
    /// ```
    /// // Late, the rate is that of the two layers as they are in the end: v (a B + a²).
    /// let mode = theory::FixedFeedbackMode::new(1.0, 1.0, 0.5, 0.0, 0.0)?;
    /// let decay = mode.residual(31.0) / mode.residual(30.0);
    /// assert!((decay / (-1.5_f64).exp() - 1.0).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        match self.gained(t) {
            None => f64::NAN,
            Some((gained, left)) => self.missing(gained, left),
        }
    }

    /// First layer a(t), √strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FixedFeedbackMode::new(1.0, 4.0, 1.0, 0.0, 0.0)?;
    /// assert_eq!(mode.first_layer(f64::INFINITY), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn first_layer(&self, t: f64) -> f64 {
        let gained = self.gained(t);
        gained.map_or(f64::NAN, |(gained, _)| self.scale * (self.first + gained))
    }

    /// Second layer b(t) = b0 + (a(t)² − a0²)/(2B), √strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::FixedFeedbackMode::new(1.0, 4.0, 1.0, 0.5, 0.25)?;
    /// let (a, b) = (mode.first_layer(0.3), mode.second_layer(0.3));
    /// assert!((a * a - 2.0 * b - (0.25 - 0.5)).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn second_layer(&self, t: f64) -> f64 {
        let unit = self.scale * self.scale / (2.0 * self.backward);
        let gained = self.gained(t);
        gained.map_or(f64::NAN, |(gained, _)| unit * self.second_at(gained))
    }

    /// Flow time at which s = q S; from a start of 0 this is (2BS)^⅓ T(q^⅓)/(v B S), see
    /// [`FIXED_FEEDBACK_T90_OVER_T10`].
    ///
    /// `fraction` is q = strength/target, from a0 b0/S (included) to 1 (excluded).
    ///
    /// # Errors
    ///
    /// [`TheoryError::FractionNotReached`] for a fraction outside that interval.
    ///
    /// # Examples
    ///
    /// ```
    /// let time = |backward| {
    ///     theory::FixedFeedbackMode::new(0.3, 2.0, backward, 0.0, 0.0)?.time_to_fraction(0.5)
    /// };
    /// // Eight times the backward weight is four times as fast.
    /// assert!((time(0.01)? / time(0.08)? - 4.0).abs() < 1e-13);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        let start = self.first * self.second;
        require_on_the_way(fraction, start)?;
        if fraction == start {
            return Ok(0.0);
        }
        let gained = self.gain_at(fraction - start);
        let left = (1.0 - fraction) / self.slope(gained);
        let passed = if gained < 0.5 * self.gain {
            -(-gained / self.gain).ln_1p()
        } else {
            (self.gain / left).ln()
        };
        Ok((passed + self.delay(gained)) / (self.slope(self.gain) * self.rate))
    }

    /// y at x0 + d.
    fn second_at(&self, gained: f64) -> f64 {
        self.second + gained * (2.0 * self.first + gained)
    }

    /// S (1 − x y), from what x has gained and what is left to gain.
    fn missing(&self, gained: f64, left: f64) -> f64 {
        self.target * (left * self.slope(gained))
    }

    /// The factor M(d) in 1 − x y = (gain − d) M(d), a sum of terms of one sign.
    fn slope(&self, gained: f64) -> f64 {
        let (x, gain) = (self.first, self.gain);
        gain * gain
            + gained * (gain + gained)
            + 3.0 * x * (gain + gained)
            + 2.0 * x * x
            + self.second
    }

    /// The gain d of x at which the strength has gained `share` of S:
    /// d³ + 3 x0 d² + (2 x0² + y0) d = share.
    fn gain_at(&self, share: f64) -> f64 {
        let (cubic, square, linear) = (1.0, 3.0 * self.first, {
            2.0 * self.first * self.first + self.second
        });
        // Each term alone is at most the share, so this start is at or above the root. The
        // polynomial is convex, so Newton's method falls to the root.
        let mut gain = share.cbrt().min((share / square).sqrt());
        gain = gain.min(share / linear);
        loop {
            let value = gain * (linear + gain * (square + gain * cubic)) - share;
            let slope = linear + gain * (2.0 * square + gain * 3.0 * cubic);
            let next = gain - value / slope;
            // Not NaN either: that ends the search.
            if !(next < gain && next > 0.0) {
                return gain;
            }
            gain = next;
        }
    }

    /// The part of the time to a gain d that is added to −ln(1 − d/gain), in units of 1/(M(gain)
    /// rate): ½ ln(M(d)/M(0)) + 3/2 r ∫ dδ/M(δ).
    fn delay(&self, gained: f64) -> f64 {
        let (x, root) = (self.first, self.first + self.gain);
        // M(δ) = (δ + u)² + Δ with u = x0 + r/2 and Δ = 1/r − r²/4, of either sign.
        let discriminant = 1.0 / root - 0.25 * root * root;
        // u (u + d) + Δ without its cancelling terms.
        let reach = gained / (x * (x + gained + root) + 0.5 * gained * root + 1.0 / root);
        let area = reach * arc(discriminant * reach * reach);
        let growth = gained * (self.gain + gained + 3.0 * x) / self.slope(0.0);
        0.5 * growth.ln_1p() + 1.5 * root * area
    }

    /// The gain of x at t, and the gain that remains; `None` unless t ≥ 0.
    fn gained(&self, t: f64) -> Option<(f64, f64)> {
        if t.is_nan() || t < 0.0 {
            return None;
        }
        let time = self.slope(self.gain) * self.rate * t;
        if time == f64::INFINITY {
            return Some((self.gain, 0.0));
        }
        // In z = −ln(1 − d/gain) the time is concave with a slope from 1 to 3, so that Newton's
        // method rises to the root from 0.
        let mut passed = 0.0_f64;
        loop {
            let gained = -self.gain * (-passed).exp_m1();
            let behind = time - passed - self.delay(gained);
            let next = passed + behind * self.slope(gained) / self.slope(self.gain);
            if next > passed {
                passed = next;
            } else {
                return Some((gained, self.gain * (-passed).exp()));
            }
        }
    }
}

/// arctan(√y)/√y, continued to y < 0 as artanh(√−y)/√−y.
fn arc(y: f64) -> f64 {
    /// Below this bound, the series is exact to rounding: the first omitted term is y⁴/9.
    const SERIES: f64 = 1e-4;
    if y.abs() < SERIES {
        1.0 - y * (1.0 / 3.0 - y * (1.0 / 5.0 - y / 7.0))
    } else if y > 0.0 {
        y.sqrt().atan() / y.sqrt()
    } else {
        (-y).sqrt().atanh() / (-y).sqrt()
    }
}
