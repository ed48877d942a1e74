//! Numbers with a derivative, which give the second derivative of an activation from its formula.

use std::ops::{Mul, Neg};

use crate::algebra::Algebra;

/// A number x(s) and its derivative ẋ at s = 0. A formula in [`Algebra`] carries the derivative along,
/// so that φ'(z) of z = x gives φ''(z) ẋ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Dual {
    /// x.
    pub(crate) value: f64,
    /// ẋ.
    pub(crate) derivative: f64,
}

impl Dual {
    /// The variable itself, at x.
    pub(crate) fn variable(value: f64) -> Self {
        Self {
            value,
            derivative: 1.0,
        }
    }

    /// f(x) with the derivative f'(x) ẋ.
    fn chain(self, value: f64, slope: f64) -> Self {
        Self {
            value,
            derivative: slope * self.derivative,
        }
    }
}

impl Neg for Dual {
    type Output = Self;

    fn neg(self) -> Self {
        self.chain(-self.value, -1.0)
    }
}

impl Mul for Dual {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self {
            value: self.value * other.value,
            derivative: self.value * other.derivative + self.derivative * other.value,
        }
    }
}

impl Algebra for Dual {
    fn constant(&self, value: f64) -> Self {
        Self {
            value,
            derivative: 0.0,
        }
    }

    fn scaled(self, factor: f64) -> Self {
        self.chain(factor * self.value, factor)
    }

    fn mul_add(self, factor: Self, term: Self) -> Self {
        let product = self * factor;
        Self {
            value: product.value + term.value,
            derivative: product.derivative + term.derivative,
        }
    }

    fn squared(self) -> Self {
        self * self
    }

    fn relu(self) -> Self {
        self.chain(self.value.relu(), self.value.step(1.0, 0.0))
    }

    fn if_positive(self, then: Self, otherwise: Self) -> Self {
        if self.value > 0.0 { then } else { otherwise }
    }

    fn tanh(self) -> Self {
        let tanh = self.value.tanh();
        self.chain(tanh, 1.0 - tanh * tanh)
    }

    fn sigmoid(self) -> Self {
        let sigmoid = self.value.sigmoid();
        // 1 − σ(z) is σ(−z), without cancellation.
        self.chain(sigmoid, sigmoid * (-self.value).sigmoid())
    }

    fn softplus(self) -> Self {
        self.chain(self.value.softplus(), self.value.sigmoid())
    }

    fn normal_cdf(self) -> Self {
        self.chain(self.value.normal_cdf(), self.value.normal_density())
    }

    fn normal_density(self) -> Self {
        let density = self.value.normal_density();
        self.chain(density, -self.value * density)
    }
}
