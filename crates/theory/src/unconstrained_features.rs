//! Neural collapse in the unconstrained-features model, where the features themselves are free.

use crate::balanced::BalancedMode;
use crate::error::{TheoryError, require, require_positive};

/// Largest number of classes or samples, exact in f64.
const LARGEST_COUNT: usize = 1_000_000_000_000;

/// The unconstrained-features model ½ |W H − Y|² from a small balanced start.
///
/// C classes with n samples each; the features H (one column per sample) and the classifier W are
/// both free, and Y holds the one-hot labels minus their mean. Y has C − 1 equal singular values
/// √n (and C n − C + 1 that are 0), so C − 1 modes grow, each a [`BalancedMode`] with input power
/// 1, target √n and initial strength s0: the class means become a simplex equiangular tight frame.
///
/// The within-class residual is h = H − its class means, split by the row space of W:
///
/// * inside it, h decays as dh/dt = −s(t) h: h(t)/h(0) = 1/√(1 + (s0/S)(e^{2St} − 1)), S = √n;
/// * outside it, h does not change.
///
/// The two forms of NC1 therefore differ: Tr(S_w S_b⁺)/C depends only on the inside part and goes
/// to 0, while Tr S_w/Tr S_b includes the outside part and saturates at the order of the squared
/// start. Their ratio distinguishes collapse from a small start.
///
/// With decay μ of both layers ([`with_decay`](Self::with_decay)), the loss ½ |W H − Y|² +
/// ½ μ (|W|² + |H|²), the modes grow to S = √n − μ instead, and both parts of h gain a factor
/// e^{−μt}: both forms of NC1 go to 0, and the start is forgotten.
///
/// # Assumes
///
/// Gradient flow on ½ |W H − Y|², with or without decay; W and the class means start aligned with Y and balanced,
/// W = √s0 U Rᵀ and H = √s0 R Vᵀ (+ h) with the singular vectors U, V of Y; h is small (its decay is
/// first order in h).
///
/// # Derived here
///
/// The decay of h and both forms of NC1. Checked against an adaptive integrator of all entries of
/// W and H (`tests/all/unconstrained_features.rs`).
///
/// [Mixon2020, unconstrained features model; Nam2025, neural collapse]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnconstrainedFeatures {
    classes: usize,
    samples_per_class: usize,
    decay: f64,
    mode: BalancedMode,
}

impl UnconstrainedFeatures {
    /// The model with C classes, n samples per class and initial strength s0 of every mode.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless 2 ≤ C and 1 ≤ n, both at most 1e12, and
    /// [`BalancedMode::new`] takes s0 (unit √samples, above 0).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::UnconstrainedFeatures::new(10, 5, 1e-3).is_ok());
    /// assert!(theory::UnconstrainedFeatures::new(1, 5, 1e-3).is_err());
    /// ```
    pub fn new(
        classes: usize,
        samples_per_class: usize,
        initial: f64,
    ) -> Result<Self, TheoryError> {
        require_classes(classes, samples_per_class)?;
        let target = (samples_per_class as f64).sqrt();
        Ok(Self {
            classes,
            samples_per_class,
            decay: 0.0,
            mode: BalancedMode::new(1.0, target, initial)?,
        })
    }

    /// The same model with decay μ (unit 1/flow time, that of a strength) of features and classifier.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless 0 ≤ μ < √n: stronger decay lets nothing grow.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?.with_decay(0.5)?;
    /// assert_eq!(model.mode().target(), 1.5);
    /// assert!(model.with_decay(2.0).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn with_decay(self, decay: f64) -> Result<Self, TheoryError> {
        let target = (self.samples_per_class as f64).sqrt();
        let fits = decay >= 0.0 && decay < target;
        require(
            fits,
            "decay",
            decay,
            "at least 0 and below sqrt(samples_per_class)",
        )?;
        Ok(Self {
            decay,
            mode: BalancedMode::new(1.0, target - decay, self.mode.initial())?,
            ..self
        })
    }

    /// Number of growing modes, C − 1.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::UnconstrainedFeatures::new(10, 5, 1e-3)?.modes(), 9);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn modes(&self) -> usize {
        self.classes - 1
    }

    /// The balanced mode that each growing mode follows; its target is the singular value √n, less
    /// the decay.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?;
    /// assert_eq!(model.mode().target(), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn mode(&self) -> &BalancedMode {
        &self.mode
    }

    /// Strength s(t) of each mode, unit √samples, at flow time t ≥ 0.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?;
    /// assert_eq!(model.strength(f64::INFINITY), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Saxe2014, balanced mode of a two-layer linear network]
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        self.mode.strength(t)
    }

    /// Within-class residual inside the row space of W over its start: h(t)/h(0), no unit.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?;
    /// assert_eq!(model.residual_inside(0.0), 1.0);
    /// assert_eq!(model.residual_inside(f64::INFINITY), 0.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual_inside(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            return f64::NAN;
        }
        let exponent = -2.0 * self.mode.target() * t;
        let remaining = exponent.exp();
        let start = self.mode.initial() / self.mode.target();
        // Times e^{−2St} above and below: e^{2St} would overflow.
        let feedback = (remaining / (remaining - start * exponent.exp_m1())).sqrt();
        feedback * self.residual_outside(t)
    }

    /// Within-class residual outside the row space of W over its start, e^{−μt}, no unit: 1 at all
    /// times without decay.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::UnconstrainedFeatures::new(10, 4, 1e-3)?.residual_outside(7.0), 1.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual_outside(&self, t: f64) -> f64 {
        if t.is_nan() || t < 0.0 {
            f64::NAN
        } else if self.decay == 0.0 {
            // Also at t = ∞.
            1.0
        } else {
            (-self.decay * t).exp()
        }
    }

    /// NC1 = Tr(S_w S_b⁺)/C at flow time t ≥ 0, no unit: (n/s) · (the remaining `inside`).
    ///
    /// `inside` is Tr S_w within the row space of W at t = 0, the mean square of the within-class
    /// residual there (unit √samples). It goes to 0: collapse.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless `inside` is finite and at least 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?;
    /// assert!((model.nc1(0.0, 1e-4)? - 0.4).abs() < 1e-15);
    /// assert_eq!(model.nc1(f64::INFINITY, 1e-4)?, 0.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn nc1(&self, t: f64, inside: f64) -> Result<f64, TheoryError> {
        require_trace("inside", inside)?;
        let left = inside * self.residual_inside(t).powi(2);
        Ok(self.samples_per_class as f64 * left / self.strength(t))
    }

    /// NC1 as a quotient, Tr S_w/Tr S_b, at flow time t ≥ 0, no unit.
    ///
    /// `inside` and `outside` are Tr S_w within and off the row space of W at t = 0 (unit
    /// √samples). Without decay it saturates at `outside` √n C/(C − 1).
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless both are finite and at least 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?;
    /// let end = model.nc1_quotient(f64::INFINITY, 1e-4, 9e-6)?;
    /// assert!((end - 2e-5).abs() < 1e-18);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn nc1_quotient(&self, t: f64, inside: f64, outside: f64) -> Result<f64, TheoryError> {
        require_trace("inside", inside)?;
        require_trace("outside", outside)?;
        let [inside, outside] = [
            inside * self.residual_inside(t).powi(2),
            outside * self.residual_outside(t).powi(2),
        ];
        let within = inside + outside;
        let (classes, samples) = (self.classes as f64, self.samples_per_class as f64);
        let between = self.strength(t) * (classes - 1.0) / (samples * classes);
        Ok(within / between)
    }
}

/// Checks C and n.
pub(crate) fn require_classes(classes: usize, samples_per_class: usize) -> Result<(), TheoryError> {
    require(
        (2..=LARGEST_COUNT).contains(&classes),
        "classes",
        classes as f64,
        "from 2 to 1e12",
    )?;
    require(
        (1..=LARGEST_COUNT).contains(&samples_per_class),
        "samples_per_class",
        samples_per_class as f64,
        "from 1 to 1e12",
    )
}

fn require_trace(name: &'static str, value: f64) -> Result<(), TheoryError> {
    if value == 0.0 {
        Ok(())
    } else {
        require_positive(name, value)
    }
}
