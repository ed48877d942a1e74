use super::formula::Formula;
use crate::algebra::Algebra;

/// z², without a factor ½.
pub(crate) struct Quadratic;

impl Formula for Quadratic {
    const DEGREE: f64 = 2.0;
    const HOMOGENEOUS: bool = true;
    const SLOPE_FROM_VALUE: bool = false;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.squared()
    }

    #[inline(always)]
    fn slope<A: Algebra>(z: A) -> A {
        z.scaled(2.0)
    }
}
