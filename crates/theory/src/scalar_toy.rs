//! Many neurons between one input and one output: feature amplification.

use crate::error::{TheoryError, require, require_positive};
use crate::lambda_mode::LambdaMode;

/// A linear network with scalar input and output, f(x) = x Σ_i a_i b_i / Z, on the target S x.
///
/// It is described by two numbers: the strength s = Σ a_i b_i / Z and the weight scale Σ = Σ_i
/// (a_i² + b_i²)/(2Z). Every a_i + b_i grows by one common factor g(t), every a_i − b_i shrinks by
/// it, and Σ² − s² is conserved, so s(t) is a [`LambdaMode`] with input power v/Z and imbalance λ =
/// 2 √(Σ0² − S0²). At the end g² = (S + √(Σ0² − S0² + S²))/(Σ0 + S0).
///
/// Σ0/S is the weight-to-target ratio: far below 1 the features are amplified (rich); far above 1
/// they do not change (lazy, g → 1), provided that |S0| ≪ Σ0.
///
/// * `first` a_i and `second` b_i: unit √(strength · Z);
/// * `normalisation` Z (no unit), above 0;
/// * `target` S, unit strength, any sign;
/// * `input_power` v = E\[x²\], 1 / (strength · flow time), 1 unless set.
///
/// # Assumes
///
/// Gradient flow on ½ E(f(x) − S x)².
///
/// # Derived here
///
/// The expression for g² is the amplification factor of the position paper, as reported by other
/// readers. The paper's text was not available, so it is not known whether the paper means g or g².
/// Derived here: the expression is the growth of (a_i + b_i)², so features grow by its square root.
/// Checked against an adaptive integrator of all a_i and b_i (`tests/all/scalar_toy.rs`).
///
/// [Nam2025, weight-to-target ratio and feature amplification]
#[derive(Debug, Clone)]
pub struct ScalarToy {
    first: Vec<f64>,
    second: Vec<f64>,
    normalisation: f64,
    mode: LambdaMode,
    /// Σ0 + S0 = Σ_i (a_i + b_i)²/(2Z).
    sum_power: f64,
    /// Σ0 − S0 = Σ_i (a_i − b_i)²/(2Z).
    difference_power: f64,
}

impl ScalarToy {
    /// The network with layers a and b, normalisation Z and target S, and input power 1.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless there is a neuron, both layers have one weight per neuron,
    /// all numbers are finite, Z is above 0, and [`LambdaMode::new`] takes v/Z, S, S0 and λ.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::ScalarToy::new(&[0.3, -0.7], &[0.5, 0.1], 1.0, 2.0).is_ok());
    /// let error = theory::ScalarToy::new(&[0.3], &[0.5, 0.1], 1.0, 2.0).unwrap_err();
    /// assert_eq!(error.to_string(), "second.len() = 2: must be first.len(), and at least 1");
    /// ```
    pub fn new(
        first: &[f64],
        second: &[f64],
        normalisation: f64,
        target: f64,
    ) -> Result<Self, TheoryError> {
        require(
            first.len() == second.len() && !second.is_empty(),
            "second.len()",
            second.len() as f64,
            "first.len(), and at least 1",
        )?;
        require_positive("normalisation", normalisation)?;
        for (name, layer) in [("first", first), ("second", second)] {
            for &weight in layer {
                require(weight.is_finite(), name, weight, "finite numbers")?;
            }
        }
        let powers = |sign: f64| -> f64 {
            let pairs = first.iter().zip(second);
            let squares: f64 = pairs.map(|(a, b)| (a + sign * b).powi(2)).sum();
            squares / (2.0 * normalisation)
        };
        let (sum_power, difference_power) = (powers(1.0), powers(-1.0));
        let sigma = 0.5 * (sum_power + difference_power);
        require(
            sigma.is_finite(),
            "sum of squares of first and second over 2 * normalisation",
            sigma,
            "finite",
        )?;
        let products: f64 = first.iter().zip(second).map(|(a, b)| a * b).sum();
        // √(Σ0² − S0²) as a product: the difference would cancel near balance.
        let lambda = 2.0 * sum_power.sqrt() * difference_power.sqrt();
        let mode = LambdaMode::new(
            1.0 / normalisation,
            target,
            products / normalisation,
            lambda,
        )?;
        Ok(Self {
            first: first.to_vec(),
            second: second.to_vec(),
            normalisation,
            mode,
            sum_power,
            difference_power,
        })
    }

    /// The same network on inputs of power v = E\[x²\], 1 / (strength · flow time).
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] if [`LambdaMode::new`] rejects a parameter.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.3], &[0.5], 1.0, 2.0)?;
    /// let fast = toy.clone().with_input_power(4.0)?;
    /// assert!((fast.strength(0.25) / toy.strength(1.0) - 1.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn with_input_power(mut self, input_power: f64) -> Result<Self, TheoryError> {
        require_positive("input_power", input_power)?;
        self.mode = LambdaMode::new(
            input_power / self.normalisation,
            self.mode.target(),
            self.mode.initial(),
            self.mode.lambda(),
        )?;
        Ok(self)
    }

    /// The mode that the strength follows: input power v/Z, imbalance 2 √(Σ0² − S0²).
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.3], &[0.5], 1.0, 2.0)?;
    /// let half = toy.mode().time_to_fraction(0.5)?;
    /// assert!((toy.strength(half) - 1.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn mode(&self) -> &LambdaMode {
        &self.mode
    }

    /// Weight scale Σ0 = Σ_i (a_i² + b_i²)/(2Z) at t = 0, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[1.0, 0.0], &[2.0, 1.0], 0.5, 2.0)?;
    /// assert_eq!(toy.sigma_initial(), 6.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, weight-to-target ratio]
    #[must_use]
    pub fn sigma_initial(&self) -> f64 {
        0.5 * (self.sum_power + self.difference_power)
    }

    /// Strength S0 = Σ_i a_i b_i / Z at t = 0, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[1.0, 0.0], &[2.0, 1.0], 0.5, 2.0)?;
    /// assert_eq!(toy.strength_initial(), 4.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength_initial(&self) -> f64 {
        self.mode.initial()
    }

    /// Effective imbalance λ = 2 √(Σ0² − S0²) ≥ 0, strength units.
    ///
    /// At least Σ_i |b_i² − a_i²|/Z (Cauchy–Schwarz), which is its value for one neuron.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[1.0], &[2.0], 1.0, 2.0)?;
    /// assert!((toy.lambda_effective() - 3.0).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn lambda_effective(&self) -> f64 {
        self.mode.lambda()
    }

    /// Weight-to-target ratio Σ0/|S|, no unit; infinite for target 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[1.0], &[2.0], 1.0, 5.0)?;
    /// assert_eq!(toy.weight_to_target(), 0.5);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, weight-to-target ratio]
    #[must_use]
    pub fn weight_to_target(&self) -> f64 {
        let target = self.mode.target().abs();
        if target == 0.0 {
            f64::INFINITY
        } else {
            self.sigma_initial() / target
        }
    }

    /// Growth of (a_i + b_i)² from start to end: (S + √(Σ0² − S0² + S²))/(Σ0 + S0), no unit.
    ///
    /// Infinite if all a_i + b_i are 0 and S > 0 (they stay 0).
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.1, 0.1], &[0.1, -0.1], 1.0, 2.0)?;
    /// let sigma: f64 = 0.02;
    /// let expected = (2.0 + (sigma * sigma + 4.0).sqrt()) / sigma;
    /// assert!((toy.amplification_squared() / expected - 1.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, feature amplification]
    #[must_use]
    pub fn amplification_squared(&self) -> f64 {
        self.mode.sum_growth_squared(f64::INFINITY)
    }

    /// Growth of every a_i + b_i from start to end: the square root, no unit.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.1], &[0.1], 1.0, 1.0)?;
    /// assert!((toy.amplification() - 10.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn amplification(&self) -> f64 {
        self.amplification_squared().sqrt()
    }

    /// Growth g(t) of every a_i + b_i since t = 0, no unit; the a_i − b_i grow by 1/g(t).
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.1], &[0.1], 1.0, 1.0)?;
    /// assert_eq!(toy.amplification_at(0.0), 1.0);
    /// assert!(toy.amplification_at(2.0) < toy.amplification());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn amplification_at(&self, t: f64) -> f64 {
        self.mode.sum_growth_squared(t).sqrt()
    }

    /// Weight scale at the end, √(Σ0² − S0² + S²), strength units (with the end of s for S).
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.1], &[0.1], 1.0, 3.0)?;
    /// assert_eq!(toy.sigma_final(), 3.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn sigma_final(&self) -> f64 {
        self.mode.end().hypot(0.5 * self.mode.lambda())
    }

    /// Strength s(t) = Σ_i a_i b_i / Z, strength units, at flow time t ≥ 0.
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.3, -0.7], &[0.5, 0.1], 1.0, 2.0)?;
    /// assert_eq!(toy.strength(f64::INFINITY), 2.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, t: f64) -> f64 {
        self.mode.strength(t)
    }

    /// All a_i and all b_i at flow time t ≥ 0, unit √(strength · Z).
    ///
    /// NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// let toy = theory::ScalarToy::new(&[0.3, -0.7], &[0.5, 0.1], 1.0, 2.0)?;
    /// let (a, b) = toy.layers(f64::INFINITY);
    /// assert!((a[0] * b[0] + a[1] * b[1] - 2.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn layers(&self, t: f64) -> (Vec<f64>, Vec<f64>) {
        if t == 0.0 {
            return (self.first.clone(), self.second.clone());
        }
        let growth = self.amplification_at(t);
        // A sum or difference of 0 stays 0, even times an infinite growth.
        let scaled = |weight: f64, by: f64| {
            if weight == 0.0 && !by.is_nan() {
                0.0
            } else {
                weight * by
            }
        };
        self.first
            .iter()
            .zip(&self.second)
            .map(|(a, b)| {
                let sum = scaled(a + b, growth);
                let difference = scaled(a - b, 1.0 / growth);
                (0.5 * (sum + difference), 0.5 * (sum - difference))
            })
            .unzip()
    }
}
