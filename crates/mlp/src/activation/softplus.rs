use super::formula::Formula;
use crate::algebra::Algebra;

/// ln(1 + e^z), with slope 1/(1 + e^(−z)): PyTorch's `Softplus` without its threshold, which causes
/// errors of up to 2e-9 \[Dugas2001\].
pub(crate) struct Softplus;

impl Formula for Softplus {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = false;
    const SLOPE_FROM_VALUE: bool = false;
    const TRANSCENDENTAL: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.softplus()
    }

    #[inline(always)]
    fn slope<A: Algebra>(z: A) -> A {
        z.sigmoid()
    }
}
