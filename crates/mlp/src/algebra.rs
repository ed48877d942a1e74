//! The arithmetic in which formulas of activations are written.

use std::f64::consts::{FRAC_1_SQRT_2, PI};
use std::ops::{Mul, Neg};

/// A number, a vector register or a tensor, on which a formula acts element by element.
///
/// The host reference implements it for f64, the trainer for its numbers and vector registers, and
/// the crate `layerwise-nets` for tensors.
pub trait Algebra: Clone + Neg<Output = Self> + Mul<Output = Self> {
    /// A constant in the shape of `self`.
    fn constant(&self, value: f64) -> Self;

    /// c x.
    fn scaled(self, factor: f64) -> Self;

    /// x a + b, rounded once if the processor has an instruction for it.
    fn mul_add(self, factor: Self, term: Self) -> Self;

    /// x².
    fn squared(self) -> Self;

    /// max(x, 0); NaN for NaN.
    fn relu(self) -> Self;

    /// `then` if x > 0; `otherwise` if not, or if x is NaN.
    fn if_positive(self, then: Self, otherwise: Self) -> Self;

    /// `positive` if x > 0; `otherwise` if not, or if x is NaN.
    #[inline(always)]
    fn step(self, positive: f64, otherwise: f64) -> Self {
        let (positive, otherwise) = (self.constant(positive), self.constant(otherwise));
        self.if_positive(positive, otherwise)
    }

    /// tanh x.
    fn tanh(self) -> Self;

    /// 1/(1 + e^(−x)).
    fn sigmoid(self) -> Self;

    /// ln(1 + e^x).
    fn softplus(self) -> Self;

    /// Φ(x), the standard normal distribution function.
    fn normal_cdf(self) -> Self;

    /// e^(−x²/2)/√(2π), its density.
    fn normal_density(self) -> Self;
}

impl Algebra for f64 {
    fn constant(&self, value: f64) -> Self {
        value
    }

    fn scaled(self, factor: f64) -> Self {
        factor * self
    }

    fn mul_add(self, factor: Self, term: Self) -> Self {
        self * factor + term
    }

    fn squared(self) -> Self {
        self * self
    }

    fn relu(self) -> Self {
        // Not f64::max, which would turn NaN into 0.
        if self < 0.0 { 0.0 } else { self }
    }

    fn if_positive(self, then: Self, otherwise: Self) -> Self {
        if self > 0.0 { then } else { otherwise }
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    fn sigmoid(self) -> Self {
        // e^(−|x|) does not overflow.
        let decay = (-self.abs()).exp();
        self.if_positive(1.0, decay) / (1.0 + decay)
    }

    fn softplus(self) -> Self {
        self.relu() + (-self.abs()).exp().ln_1p()
    }

    fn normal_cdf(self) -> Self {
        // erfc keeps its digits in the left tail.
        0.5 * libm::erfc(-FRAC_1_SQRT_2 * self)
    }

    fn normal_density(self) -> Self {
        (-0.5 * self * self).exp() / (2.0 * PI).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::Algebra;

    #[test]
    fn the_normal_distribution_has_its_known_digits_far_into_the_left_tail() {
        // Digits from mpmath. Only the rounding of x²/2 in the exponent may be lost.
        for (x, expected) in [
            (-37.0, 5.725_571_222_524_576_6e-300),
            (-30.0, 4.906_713_927_148_187e-198),
            (-10.0, 7.619_853_024_160_526e-24),
            (-5.0, 2.866_515_718_791_939e-7),
            (-1.0, 0.158_655_253_931_457_05),
            (-1e-10, 0.499_999_999_960_105_77),
            (0.0, 0.5),
            (1.0, 0.841_344_746_068_542_9),
            (5.0, 0.999_999_713_348_428_1),
            (9.0, 1.0),
        ] {
            let error = (x.normal_cdf() / expected - 1.0).abs();
            assert!(error < 1e-15 * (1.0 + x * x), "Φ({x}): {error:e}");
        }
    }
}
