use super::formula::Formula;
use crate::algebra::Algebra;

/// z Φ(z) with the exact normal distribution function Φ, not its tanh approximation; the slope is
/// Φ(z) + z φ(z) with the density φ \[Hendrycks2016\].
pub(crate) struct Gelu;

impl Formula for Gelu {
    const DEGREE: f64 = 1.0;
    const HOMOGENEOUS: bool = false;
    const SLOPE_FROM_VALUE: bool = false;
    const TRANSCENDENTAL: bool = true;

    #[inline(always)]
    fn value<A: Algebra>(z: A) -> A {
        z.clone() * z.normal_cdf()
    }

    #[inline(always)]
    fn slope<A: Algebra>(z: A) -> A {
        z.clone()
            .mul_add(z.clone().normal_density(), z.normal_cdf())
    }
}
