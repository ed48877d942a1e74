//! Scaling laws of the multilinear skill model with infinitely many skills.

use std::f64::consts::PI;

use crate::error::{TheoryError, require, require_positive};
use crate::special::{gamma, zeta_one_plus};

/// Scaling laws of the halved loss of the multilinear skill model, P_k = k^{−(α+1)}/ζ(α+1).
///
/// | resource, the others unlimited | loss (strength²) |
/// |---|---|
/// | flow time t | A_T t^{−α/(α+1)} |
/// | examples D | A_D D^{−α/(α+1)} |
/// | units N | A_N N^{−α} |
/// | compute C = N t, best N | ∝ C^{−α/(α+2)}, N_opt ∝ C^{1/(α+2)} |
///
/// * `alpha` α > 0 (no unit), exponent of the skill frequencies;
/// * `target` S > 0 and `initial` R0, 0 < R0 < S, in strength units.
///
/// # Assumes
///
/// Infinitely many skills (with n skills the time and data laws end near the emergence of the
/// last one, and for small α the finite sum converges slowly: α = 0.3 needs far more than 1e6
/// skills), large t, D and N, the exact model (slowdown B² = 1; else use t/B² for t).
///
/// [Nam2024, scaling laws]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScalingLaw {
    alpha: f64,
    target: f64,
    zeta: f64,
    time_integral: f64,
    data_gamma: f64,
}

impl ScalingLaw {
    /// The laws for exponent α, target S and initial strength R0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless 1e-6 ≤ α ≤ 1e6 and 0 < R0 < S, both finite.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::ScalingLaw::new(0.6, 1.0, 0.01).is_ok());
    /// assert!(theory::ScalingLaw::new(0.6, 1.0, 1.0).is_err());
    /// ```
    pub fn new(alpha: f64, target: f64, initial: f64) -> Result<Self, TheoryError> {
        require(
            (1e-6..=1e6).contains(&alpha),
            "alpha",
            alpha,
            "from 1e-6 to 1e6",
        )?;
        require_positive("target", target)?;
        require(
            initial > 0.0 && initial < target,
            "initial",
            initial,
            "above 0 and below target",
        )?;
        let log_gap = (target - initial).ln() - initial.ln();
        Ok(Self {
            alpha,
            target,
            zeta: zeta_one_plus(alpha)?,
            time_integral: time_integral(alpha, log_gap),
            data_gamma: gamma(alpha / (alpha + 1.0))?,
        })
    }

    /// Exponent of t: −α/(α+1).
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.time_exponent() + 0.375).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, time scaling law]
    #[must_use]
    pub fn time_exponent(&self) -> f64 {
        -self.alpha / (self.alpha + 1.0)
    }

    /// Exponent of D: −α/(α+1).
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.data_exponent() + 0.375).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, data scaling law]
    #[must_use]
    pub fn data_exponent(&self) -> f64 {
        -self.alpha / (self.alpha + 1.0)
    }

    /// Exponent of N: −α.
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert_eq!(law.parameter_exponent(), -0.6);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, parameter scaling law]
    #[must_use]
    pub fn parameter_exponent(&self) -> f64 {
        -self.alpha
    }

    /// Exponent of the compute C = N t at the best N: −α/(α+2).
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.compute_exponent() + 0.6 / 2.6).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, compute scaling law]
    #[must_use]
    pub fn compute_exponent(&self) -> f64 {
        -self.alpha / (self.alpha + 2.0)
    }

    /// Exponent of the best N as a function of the compute: 1/(α+2).
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.optimal_width_exponent() - 1.0 / 2.6).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, compute scaling law]
    #[must_use]
    pub fn optimal_width_exponent(&self) -> f64 {
        1.0 / (self.alpha + 2.0)
    }

    /// ζ(α+1), the normalisation of the skill frequencies (no unit).
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.zeta() - 2.285_765_665_680_13).abs() < 1e-13);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, power-law skill frequencies]
    #[must_use]
    pub fn zeta(&self) -> f64 {
        self.zeta
    }

    /// The integral I = ∫_0^∞ u^{−1/(α+1)} / (1 + e^u/c)² du of A_T, c = S/R0 − 1 (no unit).
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.time_integral() - 4.174_716_642_223_832).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, constant of the time scaling law]
    #[must_use]
    pub fn time_integral(&self) -> f64 {
        self.time_integral
    }

    /// A_T = (S²/2) ζ^{−1/(α+1)} (2 S)^{−α/(α+1)} I/(α+1), strength² · flow time^{α/(α+1)}.
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.time_constant() - 0.600_061_773_078_933).abs() < 1e-13);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, constant of the time scaling law]
    #[must_use]
    pub fn time_constant(&self) -> f64 {
        self.prefactor() * (2.0 * self.target).powf(self.time_exponent()) * self.time_integral
    }

    /// A_D = (S²/2) Γ(α/(α+1)) / ((α+1) ζ^{1/(α+1)}), strength².
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.data_constant() - 0.441_858_764_708_050).abs() < 1e-13);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, constant of the data scaling law]
    #[must_use]
    pub fn data_constant(&self) -> f64 {
        self.prefactor() * self.data_gamma
    }

    /// A_N = S²/(2 α ζ), strength².
    ///
    /// # Examples
    ///
    /// ```
    /// let law = theory::ScalingLaw::new(0.6, 1.0, 0.01)?;
    /// assert!((law.parameter_constant() - 0.364_575_138_145_395).abs() < 1e-13);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2024, constant of the parameter scaling law]
    #[must_use]
    pub fn parameter_constant(&self) -> f64 {
        0.5 * self.target * self.target / (self.alpha * self.zeta)
    }

    /// (S²/2) ζ^{−1/(α+1)} / (α+1).
    fn prefactor(&self) -> f64 {
        let order = self.alpha + 1.0;
        0.5 * self.target * self.target * self.zeta.powf(-1.0 / order) / order
    }
}

/// I = ∫_0^∞ u^{−p} / (1 + e^u/c)² du with p = 1/(α+1), from ln c.
///
/// By parts, I = (1−p)^{−1} ∫ u^{1−p} 2 q/(1+q)³ du with q = e^u/c; this form falls off fast at
/// u → 0 for every α. In y = ln u the integrand decays at both ends and is analytic in a strip,
/// so the trapezoidal rule converges exponentially.
fn time_integral(alpha: f64, log_gap: f64) -> f64 {
    // Nats of accuracy asked from the step and from both cut-offs.
    const NATS: f64 = 40.0;
    let complement = alpha / (alpha + 1.0);
    // The nearest singularity is q = -1, at u = ln c + i pi. Past pi/3 the integrand would no
    // longer decay in Re y, so the strip is not taken wider than that.
    let strip = PI.atan2(log_gap).min(PI / 3.0);
    let step = 2.0 * PI * strip / NATS;
    let first = -NATS - 5.0;
    let last = (log_gap.max(0.0) + NATS).ln();
    let points = ((last - first) / step).ceil();
    let mut sum = 0.0;
    let mut index = 0.0;
    while index <= points {
        let y = first + index * step;
        let z = y.exp() - log_gap;
        let below = 1.0 / (1.0 + z.exp());
        let above = 1.0 / (1.0 + (-z).exp());
        sum += ((1.0 + complement) * y).exp() * 2.0 * below * below * above;
        index += 1.0;
    }
    sum * step / complement
}
