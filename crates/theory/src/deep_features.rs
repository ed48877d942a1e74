//! Neural collapse with free features and more than one linear layer above them.

use crate::deep_mode::DeepMode;
use crate::error::{TheoryError, require, require_positive};
use crate::unconstrained_features::require_classes;

/// Free features H below L − 1 linear layers, ½ |W_{L−1} ⋯ W_1 H − Y|², from a small balanced start.
///
/// Labels, classes and modes are those of [`UnconstrainedFeatures`](crate::UnconstrainedFeatures),
/// which is L = 2. Each of the C − 1 modes has the strength s = a^L of a [`DeepMode`] with target
/// S = √n, where a is its singular value in every layer and in the features.
///
/// The within-class residual h of the features, in directions that the layers read, decays as
/// dh/dt = −a^{2(L−1)} h. With ds/dt = L a^{2(L−1)} (S − s) that is
///
/// h(t)/h(0) = ((S − s)/(S − s0))^{1/L},
///
/// so that NC1 = Tr(S_w S_b⁺)/C, which is the same in every layer, falls as
/// (S − s)^{2/L}/a²: the deeper, the slower at its end, e^{−2S^{2−2/L} t} at every depth.
/// Residuals in other directions stay in H, and no layer above shows them.
///
/// # Assumes
///
/// Gradient flow without decay; layers and class means aligned with Y and equal in each mode;
/// h small.
///
/// # Derived here
///
/// The decay of h. Checked against an adaptive integrator of all entries of all layers
/// (`tests/all/deep_features.rs`).
///
/// [Mixon2020, unconstrained features model; Saxe2014, deeper networks]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeepFeatures {
    classes: usize,
    samples_per_class: usize,
    mode: DeepMode,
}

impl DeepFeatures {
    /// The model with C classes, n samples per class, L factors (features, layers, classifier) and
    /// initial strength s0 of every mode.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless 2 ≤ C and 1 ≤ n, both at most 1e12, L ≥ 2, s0 < √n, and
    /// [`DeepMode::new`] takes s0 (unit √samples, above 0).
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::DeepFeatures::new(10, 5, 3, 1e-3).is_ok());
    /// assert!(theory::DeepFeatures::new(10, 5, 1, 1e-3).is_err());
    /// ```
    pub fn new(
        classes: usize,
        samples_per_class: usize,
        depth: u32,
        initial: f64,
    ) -> Result<Self, TheoryError> {
        require_classes(classes, samples_per_class)?;
        require(depth >= 2, "depth", f64::from(depth), "at least 2")?;
        let target = (samples_per_class as f64).sqrt();
        let mode = DeepMode::new(depth, 1.0, target, initial)?;
        let domain = "below sqrt(samples_per_class)";
        require(initial < target, "initial", initial, domain)?;
        Ok(Self {
            classes,
            samples_per_class,
            mode,
        })
    }

    /// Number of classes C.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::DeepFeatures::new(10, 4, 3, 1e-3)?.classes(), 10);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The mode that each of the C − 1 growing directions follows.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::DeepFeatures::new(10, 4, 3, 1e-3)?;
    /// assert_eq!(model.mode().target(), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn mode(&self) -> &DeepMode {
        &self.mode
    }

    /// Within-class residual of the features over its start, h(t)/h(0), in directions that the
    /// layers read, no unit.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// // Two factors are the unconstrained-features model.
    /// let deep = theory::DeepFeatures::new(10, 4, 2, 1e-3)?.residual(3.0);
    /// let flat = theory::UnconstrainedFeatures::new(10, 4, 1e-3)?.residual_inside(3.0);
    /// assert!((deep / flat - 1.0).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn residual(&self, t: f64) -> f64 {
        let left = self.mode.residual(t) / self.mode.residual(0.0);
        left.powf(1.0 / f64::from(self.mode.depth()))
    }

    /// NC1 = Tr(S_w S_b⁺)/C of every layer at flow time t ≥ 0, no unit.
    ///
    /// `inside` is Tr S_w of the features in directions that the layers read, at t = 0 (unit that of
    /// the squared features).
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless `inside` is finite and at least 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let model = theory::DeepFeatures::new(10, 4, 3, 1e-3)?;
    /// assert!((model.nc1(0.0, 1e-4)? - 0.04).abs() < 1e-15);
    /// assert_eq!(model.nc1(f64::INFINITY, 1e-4)?, 0.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn nc1(&self, t: f64, inside: f64) -> Result<f64, TheoryError> {
        if inside != 0.0 {
            require_positive("inside", inside)?;
        }
        let left = inside * self.residual(t).powi(2);
        Ok(self.samples_per_class as f64 * left / self.mode.layer(t).powi(2))
    }
}
