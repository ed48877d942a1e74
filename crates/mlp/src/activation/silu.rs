use super::formula::Formula;
use crate::algebra::Algebra;

/// z σ(z) with the logistic σ(z) = 1/(1 + e^(−z)), also called swish; the slope is
/// σ(z) (1 + z σ(−z)) \[Elfwing2018\].
pub(crate) struct Silu;

impl Formula for Silu {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = false;
    const SLOPE_FROM_VALUE: bool = false;
    const TRANSCENDENTAL: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.clone() * z.sigmoid()
    }

    #[inline(always)]
    fn slope<A: Algebra>(z: A) -> A {
        let one = z.constant(1.0);
        z.clone().sigmoid() * z.clone().mul_add((-z).sigmoid(), one)
    }
}
