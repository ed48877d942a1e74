use super::formula::Formula;
use crate::algebra::Algebra;

/// z.
pub(crate) struct Identity;

impl Formula for Identity {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = true;
    const SLOPE_FROM_VALUE: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z
    }

    #[inline(always)]
    fn slope<A: Algebra>(value: A) -> A {
        value.constant(1.0)
    }
}
