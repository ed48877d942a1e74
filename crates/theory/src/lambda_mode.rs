//! One mode of a two-layer linear network at any layer imbalance.

use crate::balanced::BalancedMode;
use crate::error::{TheoryError, require, require_on_the_way, require_positive};
use crate::lambda_flow::LambdaFlow;
use crate::linear::LinearMode;

/// Largest absolute value of parameters, so that sums and square roots of sums of squares are
/// finite.
const LARGEST: f64 = 1e300;
/// Smallest ratio of parameters, so that their products stay in the range of f64.
const SMALLEST_RATIO: f64 = 1e-290;
/// The same for λ if the mode must pass the saddle at 0, where the lighter layer depends on λ².
const SMALLEST_SADDLE_RATIO: f64 = 1e-150;

/// One two-layer mode f = a b x with b² − a² = λ, any imbalance λ, target and start.
///
/// The strength s = a b solves ds/dt = v √(λ² + 4s²) (S − s): (a + b)² is logistic between its
/// roots 2S ± √(4S² + λ²). Here
///
/// * `input_power` v = E\[x²\], unit 1 / (strength · flow time), above 0;
/// * `target` S, unit strength, any sign, 0 allowed;
/// * `initial` s0 = a(0) b(0), unit strength, any sign, 0 allowed;
/// * `lambda` λ = b² − a², unit strength, any sign, 0 allowed; a first layer, b second layer.
///
/// |λ| ≪ S gives the sigmoid of [`BalancedMode`] (rich), |λ| ≫ S the exponential of
/// [`LinearMode`] at rate v |λ| (lazy), in which only the lighter layer moves. Changing the sign of
/// λ exchanges the layers and does not change the strength. With λ = 0 the origin is a saddle: a
/// strength that starts at 0, or across 0 from its target, ends at 0.
///
/// # Assumes
///
/// Gradient flow on ½ E(a b x − S x)²; modes that decouple (whitened inputs, a start that is
/// aligned with the task). In a matrix network: weights with W2ᵀ W2 − W1 W1ᵀ = λ I.
///
/// # Derived here
///
/// The interpolation by λ is the theorem on λ-balanced networks of the position paper; the
/// explicit form, its evaluation without cancellation and the two limits were derived here and
/// checked against 40-digit arithmetic and an adaptive integrator (`tests/all/lambda_mode.rs`).
///
/// [Domine2024, λ-balanced linear networks; Nam2025, layer imbalance]
#[derive(Debug, Clone, Copy)]
pub struct LambdaMode {
    input_power: f64,
    target: f64,
    initial: f64,
    lambda: f64,
    flow: LambdaFlow,
}

impl LambdaMode {
    /// The mode with input power v, target S, initial strength s0 and imbalance λ.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless v is finite and above 0, the others are at most 1e300 in size,
    /// each of them is 0 or at least 1e-290 of the largest (λ at least 1e-150 of it if S and s0 have
    /// opposite signs), and v times the largest is a normal floating-point number.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::LambdaMode::new(1.0, -2.0, 1e-12, 1e6).is_ok());
    /// let error = theory::LambdaMode::new(1.0, 2.0, 0.1, f64::NAN).unwrap_err();
    /// assert_eq!(error.to_string(), "lambda = NaN: must be finite and at most 1e300 in size");
    /// ```
    pub fn new(
        input_power: f64,
        target: f64,
        initial: f64,
        lambda: f64,
    ) -> Result<Self, TheoryError> {
        require_positive("input_power", input_power)?;
        let named = [("target", target), ("initial", initial), ("lambda", lambda)];
        for (name, value) in named {
            require(
                value.abs() <= LARGEST,
                name,
                value,
                "finite and at most 1e300 in size",
            )?;
        }
        let largest = target.abs().max(initial.abs()).max(lambda.abs());
        for (name, value) in named {
            require(
                value == 0.0 || value.abs() / largest >= SMALLEST_RATIO,
                name,
                value,
                "0 or at least 1e-290 of the largest of |target|, |initial| and |lambda|",
            )?;
        }
        let opposite = target * initial.signum() < 0.0 && initial != 0.0;
        require(
            !opposite || lambda == 0.0 || lambda.abs() / largest >= SMALLEST_SADDLE_RATIO,
            "lambda",
            lambda,
            "0 or at least 1e-150 of |target| and |initial| if those have opposite signs",
        )?;
        require(
            largest == 0.0 || (input_power * largest).is_normal(),
            "input_power",
            input_power,
            "so large or small that its products with |target|, |initial| and |lambda| are normal \
             floating-point numbers",
        )?;
        Ok(Self {
            input_power,
            target,
            initial,
            lambda,
            flow: LambdaFlow::new(input_power, target, initial, lambda),
        })
    }

    /// Input power v, 1 / (strength · flow time).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::LambdaMode::new(0.5, 5.0, 0.1, 1.0)?.input_power(), 0.5);
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
    /// assert_eq!(theory::LambdaMode::new(0.5, 5.0, 0.1, 1.0)?.target(), 5.0);
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
    /// assert_eq!(theory::LambdaMode::new(0.5, 5.0, 0.1, 1.0)?.initial(), 0.1);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn initial(&self) -> f64 {
        self.initial
    }

    /// Imbalance λ = b² − a², in strength units, the same at all times.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(0.5, 5.0, 0.1, -3.0)?;
    /// assert_eq!(mode.lambda(), -3.0);
    /// let (a, b) = (mode.first_layer(2.0), mode.second_layer(2.0));
    /// assert!((b * b - a * a + 3.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Strength s(t), strength units, at flow time t ≥ 0; `t` may be infinite.
    ///
    /// Keeps its relative accuracy at any λ and s0, except where a strength passes 0 on its way
    /// to a target of the other sign. NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(1.0, 1.0, 0.001, 0.1)?;
    /// assert_eq!(mode.strength(0.0), 0.001);
    /// assert!((mode.strength(0.1) - 0.011_027_405_648_447_585).abs() < 1e-16);
    /// assert_eq!(mode.strength(f64::INFINITY), 1.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Domine2024, λ-balanced linear networks]
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            f64::NAN
        } else if t == 0.0 {
            self.initial
        } else if t == f64::INFINITY {
            self.end()
        } else {
            self.flow.strength(t)
        }
    }

    /// Remaining distance to the target, S − s(t), strength units, without cancellation at late
    /// times.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// // Imbalance dominates: one decay rate, v √(λ² + 4S²).
    /// let mode = theory::LambdaMode::new(1.0, 1.0, 0.0, 1e3)?;
    /// let ratio = mode.residual(0.11) / mode.residual(0.1);
    /// let rate = (1e6 + 4.0_f64).sqrt();
    /// assert!((ratio / (-0.01 * rate).exp() - 1.0).abs() < 1e-10);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            f64::NAN
        } else if t == 0.0 {
            self.target - self.initial
        } else {
            self.flow.residual(t)
        }
    }

    /// The final strength: S, or 0 if λ = 0 and s0 is 0 or has the opposite sign of S.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::LambdaMode::new(1.0, 2.0, -0.1, 1e-9)?.end(), 2.0);
    /// assert_eq!(theory::LambdaMode::new(1.0, 2.0, -0.1, 0.0)?.end(), 0.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn end(&self) -> f64 {
        if self.flow.ends_at_saddle() {
            0.0
        } else {
            self.target
        }
    }

    /// First layer a(t), unit √strength; negative at the start for s0 < 0.
    ///
    /// The layer with the larger square keeps its sign; the other is s(t) divided by it, which
    /// keeps its digits however large |λ| is. NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(1.0, 1.0, 0.001, 0.1)?;
    /// assert!((mode.first_layer(0.1) - 0.034_664_078_914_611_37).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn first_layer(&self, t: f64) -> f64 {
        self.layers(t).0
    }

    /// Second layer b(t), unit √strength; at the start not negative.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(1.0, 1.0, 0.001, 0.1)?;
    /// assert!((mode.second_layer(0.1) - 0.318_121_986_613_623_4).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn second_layer(&self, t: f64) -> f64 {
        self.layers(t).1
    }

    /// Flow time at which s = q S: logarithm of the odds of (a + b)² over v √(4S² + λ²).
    ///
    /// `fraction` q runs from s0/S (included) to 1 (excluded), or to 0 (excluded) if the mode
    /// ends at 0; see [`LambdaMode::end`].
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for target 0, [`TheoryError::FractionNotReached`] or
    /// [`TheoryError::EndsAtSaddle`] for a fraction that is not on the way.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(1.0, 1.5, 0.01, 3.0)?;
    /// let half = mode.time_to_fraction(0.5)?;
    /// assert!((mode.strength(half) - 0.75).abs() < 1e-15);
    /// assert!(mode.time_to_fraction(1.0).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Domine2024, λ-balanced linear networks]
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        require(
            self.target != 0.0,
            "target",
            self.target,
            "not 0 (there are no fractions of 0)",
        )?;
        let start = self.initial / self.target;
        if self.flow.ends_at_saddle() {
            let on_the_way = fraction == start || (start <= fraction && fraction < 0.0);
            if !on_the_way {
                return Err(TheoryError::EndsAtSaddle { fraction, start });
            }
        } else {
            require_on_the_way(fraction, start)?;
        }
        if fraction == start {
            return Ok(0.0);
        }
        Ok(self.flow.time_to(fraction, 1.0 - fraction))
    }

    /// The limit |λ| → ∞: an exponential S + (s0 − S) e^{−v |λ| t}, the heavy layer frozen.
    ///
    /// The relative difference is of order (|S| + |s0|)/|λ|. The position paper's theorem on the
    /// limits (its Theorem 3) was not available; this limit and [`LambdaMode::balanced_limit`] are
    /// our reconstruction, checked numerically in `tests/all/lambda_mode.rs`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for λ = 0 and for target 0, which [`LinearMode::new`] rejects.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(1.0, 1.0, 0.1, -1e6)?;
    /// let t = 1e-6;
    /// assert!((mode.strength(t) / mode.linear_limit()?.strength(t) - 1.0).abs() < 1e-6);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn linear_limit(&self) -> Result<LinearMode, TheoryError> {
        require(
            self.lambda != 0.0,
            "lambda",
            self.lambda,
            "not 0 (the limit is |lambda| to infinity)",
        )?;
        LinearMode::new(
            self.input_power * self.lambda.abs(),
            self.target,
            self.initial,
        )
    }

    /// The limit λ → 0: the sigmoid S / (1 + (S/s0 − 1) e^{−2 v S t}).
    ///
    /// The difference is of order (λ/s0)², so λ must be small compared with s0, not only with S.
    /// Reconstruction; see [`LambdaMode::linear_limit`].
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless target and initial are above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::LambdaMode::new(1.0, 1.0, 0.1, 1e-6)?;
    /// assert!((mode.strength(1.0) / mode.balanced_limit()?.strength(1.0) - 1.0).abs() < 1e-9);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn balanced_limit(&self) -> Result<BalancedMode, TheoryError> {
        BalancedMode::new(self.input_power, self.target, self.initial)
    }

    /// ((a + b)(t) / (a + b)(0))², no unit, for t ≥ 0; infinite late if a + b starts at 0.
    pub(crate) fn sum_growth_squared(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            f64::NAN
        } else if t == 0.0 {
            1.0
        } else {
            self.flow.sum_growth_squared(t)
        }
    }

    fn layers(&self, t: f64) -> (f64, f64) {
        let strength = self.strength(t);
        let half = 0.5 * self.lambda.abs();
        let heavy = (half + strength.hypot(half)).sqrt();
        let light = if heavy == 0.0 { 0.0 } else { strength / heavy };
        if self.lambda >= 0.0 {
            (light, heavy)
        } else if self.initial < 0.0 {
            (-heavy, -light)
        } else {
            (heavy, light)
        }
    }
}
