//! One mode of a two-layer linear network with many neurons, in which one layer keeps its norm.

use std::sync::OnceLock;

use crate::error::{TheoryError, require, require_on_the_way, require_positive};

/// Nodes of the quadrature per panel.
const NODES: usize = 16;
/// Value of −ln y from which on y is below rounding.
const FADED: f64 = 45.0;

/// One two-layer mode f = (a·b) x over many neurons, in which one layer keeps its norm while it
/// turns.
///
/// * `input_power` v = E\[x²\], unit 1 / (strength · flow time), above 0;
/// * `target` S, unit strength, above 0;
/// * `held` β, the norm that one layer keeps, unit √strength, above 0;
/// * `along` u0, the part of the other layer along the held one at t = 0, unit √strength, 0 or more,
///   with β u0 < S;
/// * `across` w0, the size of the rest of that layer, unit √strength, from 0 to 5 β.
///
/// Solves da/dt = v b E, db/dt = v (a − (a·b) b/β²) E with E = S − a·b, the gradient flow of
/// ½ E(f − S x)² in a, and in b on the sphere |b| = β. The strength s = β u obeys
///
/// ds/dt = v (β² + w²)(S − s), dw/dt = −v (s w/β²)(S − s),
///
/// so that **w² + 2β² ln w + u²** is conserved: y = w²/β² is Lambert's function, y e^y =
/// y0 e^y0 e^((s0² − s²)/β⁴), and the time to a strength is one quadrature.
///
/// With a held norm, the rate no longer grows with the strength: it *falls* from v (β² + w0²) to v
/// β². If the layers start aligned, w0 = 0, the mode is the exponential of a [frozen
/// layer](crate::FrozenLayerMode). If not, the held layer turns towards the other one, which makes
/// the mode faster at first.
///
/// # Assumes
///
/// There is only one mode: several modes that share a held layer would share its norm.
///
/// Derived here, and checked against an adaptive integrator of the vectors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClampedLayerMode {
    target: f64,
    /// v β², 1 / flow time.
    rate: f64,
    /// β⁴, in units of S².
    square: f64,
    /// s0/S.
    start: f64,
    /// y0 + ln y0; −∞ for aligned layers.
    exponent: f64,
    /// y at the target.
    last: f64,
}

impl ClampedLayerMode {
    /// The mode with input power v, target S, held norm β and the other layer u0 along, w0 across.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a parameter off its domain.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::ClampedLayerMode::new(0.5, 5.0, 1.6, 0.0, 0.1).is_ok());
    /// let error = theory::ClampedLayerMode::new(0.5, 5.0, 1.6, 0.0, 10.0).unwrap_err();
    /// assert_eq!(error.to_string(), "across = 10: must be from 0 to 5 times held");
    /// ```
    pub fn new(
        input_power: f64,
        target: f64,
        held: f64,
        along: f64,
        across: f64,
    ) -> Result<Self, TheoryError> {
        require_positive("input_power", input_power)?;
        require_positive("target", target)?;
        require_positive("held", held)?;
        let start = along / target * held;
        let inside = along.is_finite() && along >= 0.0 && start < 1.0;
        require(
            inside,
            "along",
            along,
            "0 or more, with held * along below target",
        )?;
        let inside = (0.0..=5.0 * held).contains(&across);
        require(inside, "across", across, "from 0 to 5 times held")?;
        let (rate, square) = (input_power * held * held, (held * held / target).powi(2));
        for number in [rate, square, target] {
            let domain = "so large or small that rates and their ratios are normal numbers";
            require(number.is_normal(), "held", held, domain)?;
        }
        let first = (across / held).powi(2);
        let mut mode = Self {
            target,
            rate,
            square,
            start,
            exponent: first + first.ln(),
            last: 0.0,
        };
        mode.last = mode.across_at(1.0);
        Ok(mode)
    }

    /// Strength s(t), strength units, at flow time t ≥ 0; NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// // Layers that start aligned.
    /// let mode = theory::ClampedLayerMode::new(1.0, 2.0, 2.0, 0.0, 0.0)?;
    /// assert!((mode.strength(2.0_f64.ln() / 4.0) - 1.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        self.target - self.residual(t)
    }

    /// The residual S − s(t), strength units, without cancellation at late times.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::ClampedLayerMode::new(1.0, 2.0, 2.0, 0.0, 1.0)?;
    /// // Late, the rate is that of the held layer alone, and of what is left across it.
    /// let rate = (mode.residual(4.0) / mode.residual(5.0)).ln();
    /// assert!(4.0 < rate && rate < 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        let time = self.rate * t;
        // The time is convex in ℓ = −ln((S − s)/(S − s0)), with a slope from 1/(1 + y0) to 1, so
        // Newton's method falls to the root from its upper bound.
        let mut passed = time * (1.0 + self.across_at(self.start));
        while passed.is_finite() && passed > 0.0 {
            let ahead = self.time_passed(passed) - time;
            let next = passed - ahead * (1.0 + self.across_at(self.fraction_after(passed)));
            if next < passed {
                passed = next.max(0.0);
            } else {
                break;
            }
        }
        self.target * ((1.0 - self.start) * (-passed).exp())
    }

    /// The size of the other layer across the held one, in units of β, at flow time t ≥ 0: w/β.
    ///
    /// # Examples
    ///
    /// ```
    /// let mode = theory::ClampedLayerMode::new(1.0, 2.0, 2.0, 0.0, 1.0)?;
    /// assert!((mode.across(0.0) - 0.5).abs() < 1e-15);
    /// assert!(mode.across(1.0) < 0.5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn across(&self, t: f64) -> f64 {
        self.across_at(self.strength(t) / self.target).sqrt()
    }

    /// Flow time at which s = q S; ln\[(1 − s0/S)/(1 − q)\]/(v β²) for aligned layers.
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
    /// let shape = |across| {
    ///     let mode = theory::ClampedLayerMode::new(1.0, 2.0, 2.0, 0.0, across)?;
    ///     Ok::<f64, theory::TheoryError>(mode.time_to_fraction(0.9)? / mode.time_to_fraction(0.1)?)
    /// };
    /// assert!((shape(0.0)? / theory::LINEAR_T90_OVER_T10 - 1.0).abs() < 1e-13);
    /// assert!(shape(2.0)? > shape(0.0)?);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn time_to_fraction(&self, fraction: f64) -> Result<f64, TheoryError> {
        require_on_the_way(fraction, self.start)?;
        let covered = (fraction - self.start) / (1.0 - self.start);
        let passed = if covered < 0.5 {
            -(-covered).ln_1p()
        } else {
            ((1.0 - self.start) / (1.0 - fraction)).ln()
        };
        Ok(self.time_passed(passed) / self.rate)
    }

    /// s/S at a given ℓ.
    fn fraction_after(&self, passed: f64) -> f64 {
        self.start - (1.0 - self.start) * (-passed).exp_m1()
    }

    /// y = w²/β² at a fraction s/S: the root of y + ln y = y0 + ln y0 + (s0² − s²)/β⁴.
    fn across_at(&self, fraction: f64) -> f64 {
        let (start, square) = (self.start, self.square);
        let level = self.exponent + (start - fraction) * (start + fraction) / square;
        if level < f64::MIN_POSITIVE.ln() {
            return 0.0;
        }
        let mut y = if level > 1.0 { level } else { level.exp() };
        // Newton's method from above the root if level > 1, and from close to it otherwise. Each
        // step squares the error.
        for _ in 0..ROOT_STEPS {
            y *= (1.0 + level - y.ln()) / (1.0 + y);
        }
        y
    }

    /// v β² t at a given ℓ: ∫ dℓ/(1 + y).
    fn time_passed(&self, passed: f64) -> f64 {
        // The integrand tends to a constant. Its difference from the constant is smooth in s.
        let steady = passed / (1.0 + self.last);
        let end = self.fraction_after(passed);
        // There is no difference if y is below rounding from the start.
        let faded =
            (self.start * self.start + (self.exponent + FADED).max(0.0) * self.square).sqrt();
        let differs = end.min(faded);
        if self.exponent == f64::NEG_INFINITY || differs <= self.start {
            return steady;
        }
        // Distance of the nearest singularity of Lambert's function from the real axis.
        let unit = self.square.sqrt();
        let reach = (self.exponent.max(0.0) + self.start * self.start / self.square).sqrt();
        let panels = ((differs - self.start) * 4.0 * (1.0 + reach) / unit).ceil();
        let width = (differs - self.start) / panels;
        let mut sum = 0.0;
        for panel in 0..panels as u64 {
            let from = self.start + panel as f64 * width;
            for (node, weight) in legendre() {
                let fraction = from + width * node;
                let y = self.across_at(fraction);
                let difference = (self.last - y) / ((1.0 + y) * (1.0 + self.last));
                sum += weight * difference / (1.0 - fraction);
            }
        }
        // Beyond this point, y is 0 and the integrand is the constant, except for y at the target.
        steady + width * sum
    }
}

/// Steps of Newton's method for Lambert's function. It has converged after five.
const ROOT_STEPS: usize = 7;

/// Nodes and weights of Gauss and Legendre on (0, 1).
fn legendre() -> &'static [(f64, f64); NODES] {
    static RULE: OnceLock<[(f64, f64); NODES]> = OnceLock::new();
    RULE.get_or_init(|| {
        let order = NODES as f64;
        std::array::from_fn(|place| {
            let mut x = (std::f64::consts::PI * (place as f64 + 0.75) / (order + 0.5)).cos();
            let mut slope = 0.0;
            for _ in 0..20 {
                let (mut last, mut value) = (1.0, x);
                for degree in 2..=NODES {
                    let n = degree as f64;
                    (last, value) = (value, ((2.0 * n - 1.0) * x * value - (n - 1.0) * last) / n);
                }
                slope = order * (x * value - last) / (x * x - 1.0);
                x -= value / slope;
            }
            let weight = 2.0 / ((1.0 - x * x) * slope * slope);
            (0.5 * (1.0 - x), 0.5 * weight)
        })
    })
}
