use super::formula::Formula;
use crate::algebra::Algebra;

/// PyTorch's default.
const NEGATIVE_SLOPE: f64 = 0.01;

/// z for z > 0, else z/100, with slope 1/100 at 0 as in PyTorch's `LeakyReLU` \[Maas2013\].
pub(crate) struct LeakyRelu;

impl Formula for LeakyRelu {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = true;
    const SLOPE_FROM_VALUE: bool = true;
    const IN_REGISTERS: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.clone().if_positive(z.clone(), z.scaled(NEGATIVE_SLOPE))
    }

    #[inline(always)]
    fn slope<A: Algebra>(value: A) -> A {
        // The value has the sign of z.
        value.step(1.0, NEGATIVE_SLOPE)
    }
}
