use super::formula::Formula;
use crate::algebra::Algebra;

/// tanh z, with slope 1 − tanh² z.
pub(crate) struct Tanh;

impl Formula for Tanh {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = false;
    const SLOPE_FROM_VALUE: bool = true;
    const TRANSCENDENTAL: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.tanh()
    }

    #[inline(always)]
    fn slope<A: Algebra>(value: A) -> A {
        let one = value.constant(1.0);
        (-value.clone()).mul_add(value, one)
    }
}
