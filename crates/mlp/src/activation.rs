//! Activation functions with their derivatives.

use crate::erf::normal_cdf;

/// An elementwise activation φ(z).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Activation {
    /// max(z, 0); the derivative at 0 is 0.
    Relu,
    /// tanh z.
    Tanh,
    /// z Φ(z) with the exact normal distribution function Φ (not the tanh approximation).
    Gelu,
    /// z² (no factor ½).
    Quadratic,
    /// z: a linear network.
    Identity,
}

impl Activation {
    /// All activations.
    pub const ALL: [Self; 5] = [
        Self::Relu,
        Self::Tanh,
        Self::Gelu,
        Self::Quadratic,
        Self::Identity,
    ];

    /// φ(z). NaN stays NaN.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(mlp::Activation::Quadratic.value(-3.0), 9.0);
    /// ```
    #[must_use]
    pub fn value(self, z: f64) -> f64 {
        match self {
            // Not f64::max, which would turn NaN into 0.
            Self::Relu => {
                if z < 0.0 {
                    0.0
                } else {
                    z
                }
            }
            Self::Tanh => z.tanh(),
            Self::Gelu => z * normal_cdf(z),
            Self::Quadratic => z * z,
            Self::Identity => z,
        }
    }

    /// φ'(z).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(mlp::Activation::Relu.derivative(0.0), 0.0);
    /// ```
    #[must_use]
    pub fn derivative(self, z: f64) -> f64 {
        match self {
            Self::Relu => {
                if z > 0.0 {
                    1.0
                } else if z.is_nan() {
                    z
                } else {
                    0.0
                }
            }
            Self::Tanh => {
                // 1 - tanh² without cancellation.
                let cosh = z.cosh();
                1.0 / (cosh * cosh)
            }
            Self::Gelu => {
                let density = (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt();
                normal_cdf(z) + z * density
            }
            Self::Quadratic => 2.0 * z,
            Self::Identity => 1.0,
        }
    }
}
