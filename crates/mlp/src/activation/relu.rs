use super::formula::Formula;
use crate::algebra::Algebra;

/// max(z, 0), with slope 0 at 0 as in PyTorch \[Nair2010\].
pub(crate) struct Relu;

impl Formula for Relu {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = true;
    const SLOPE_FROM_VALUE: bool = true;
    const IN_REGISTERS: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.relu()
    }

    #[inline(always)]
    fn slope<A: Algebra>(value: A) -> A {
        value.step(1.0, 0.0)
    }
}
