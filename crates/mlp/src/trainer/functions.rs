//! exp, tanh and the normal distribution without branches, so that loops over them vectorise.

use super::real::Real;
use super::simd::Simd;

/// 2^k and e^r − 1 with x = k ln 2 + r, |r| ≤ ½ ln 2: e^x = 2^k + 2^k (e^r − 1).
#[inline(always)]
fn split_exp<T: Real, S: Simd<T>>(simd: S, x: T) -> (T, T) {
    let shifted = simd.mul_add(x, T::LOG2_E, T::ROUNDING);
    let k = shifted - T::ROUNDING;
    let r = simd.mul_add(-k, T::LN_2_HIGH, x);
    let r = simd.mul_add(-k, T::LN_2_LOW, r);
    let mut series = T::ZERO;
    for &term in T::EXP_SERIES {
        series = simd.mul_add(series, r, term);
    }
    (T::power_of_two(shifted), simd.mul_add(series * r, r, r))
}

/// e^x for x up to about 80, a few units in the last place off; 0 where it would not be normal.
#[inline(always)]
pub(super) fn exp<T: Real, S: Simd<T>>(simd: S, x: T) -> T {
    // Selections, not min and max, which would lose NaN.
    let inside = if x < T::EXP_LOW { T::EXP_LOW } else { x };
    let (scale, rest) = split_exp(simd, inside);
    let value = simd.mul_add(scale, rest, scale);
    if x < T::EXP_LOW { T::ZERO } else { value }
}

/// tanh x = (e^{2|x|} − 1)/(e^{2|x|} + 1) with the sign of x.
#[inline(always)]
pub(super) fn tanh<T: Real, S: Simd<T>>(simd: S, x: T) -> T {
    let size = x.abs();
    let size = if size > T::TANH_ONE {
        T::TANH_ONE
    } else {
        size
    };
    let (scale, rest) = split_exp(simd, size + size);
    // e^{2|x|} − 1 without cancellation: scale is 1 where it is small.
    let above_one = simd.mul_add(scale, rest, scale - T::ONE);
    (above_one / (above_one + T::ONE + T::ONE)).copysign(x)
}

/// 1/√(2π)
const DENSITY_AT_ZERO: f64 = 0.398_942_280_401_432_7;
/// Where the variable of [`gelu`]'s polynomial is 0.
const TAIL_CENTRE: f64 = 4.0;
/// |z| from which on the tail of the distribution is 0 in every type.
const TAIL_END: f64 = 1e4;

/// z Φ(z) and its derivative Φ(z) + z φ(z), φ the normal density.
///
/// Φ(−z) = e^{−z²/2} (1 − t) q(t) for z ≥ 0 with t = (z − 4)/(z + 4). q is smooth on \[−1, 1\] and
/// bounded away from 0; its Chebyshev expansion converges to 3e-8 with 10 and to 1e-16 with 24
/// terms, and sums without cancellation as a polynomial.
#[inline(always)]
pub(super) fn gelu<T: Real, S: Simd<T>>(simd: S, z: T) -> (T, T) {
    let centre = T::from_f64(TAIL_CENTRE);
    let end = T::from_f64(TAIL_END);
    let size = z.abs();
    let size = if size > end { end } else { size };
    let bell = exp(simd, T::from_f64(-0.5) * size * size);
    let inverse = T::ONE / (size + centre);
    let t = (size - centre) * inverse;
    let mut q = T::ZERO;
    for &term in T::TAIL_SERIES {
        q = simd.mul_add(q, t, term);
    }
    let tail = bell * (centre + centre) * inverse * q;
    let below = if z < T::ZERO { tail } else { T::ONE - tail };
    let density = T::from_f64(DENSITY_AT_ZERO) * bell;
    (z * below, simd.mul_add(z, density, below))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;
    use crate::trainer::simd::{Arch, Kernel};

    /// A function on every number of a slice.
    struct Each<'a, T> {
        function: Function,
        values: &'a mut [T],
    }

    /// What [`Each`] can do; a closure could not be generic over the instructions.
    #[derive(Clone, Copy)]
    enum Function {
        Exp,
        Tanh,
        Gelu,
        GeluSlope,
    }

    impl<T: Real> Kernel<T> for Each<'_, T> {
        #[inline(always)]
        fn run<S: Simd<T>>(self, simd: S) {
            for value in self.values {
                *value = match self.function {
                    Function::Exp => exp(simd, *value),
                    Function::Tanh => tanh(simd, *value),
                    Function::Gelu => gelu(simd, *value).0,
                    Function::GeluSlope => gelu(simd, *value).1,
                };
            }
        }
    }

    /// Largest |found − expected|/(|expected| + floor) on points of `from`..`to`, in units of the
    /// last place.
    fn worst<T: Real>(
        function: Function,
        expected: impl Fn(f64) -> f64,
        (from, to): (f64, f64),
        floor: f64,
        epsilon: f64,
    ) -> f64 {
        const POINTS: usize = 100_000;
        let step = (to - from) / POINTS as f64;
        let points: Vec<_> = (0..=POINTS)
            .map(|i| T::from_f64(from + step * i as f64))
            .collect();
        let errors = [Arch::detect(), Arch::Portable].map(|arch| {
            let mut values = points.clone();
            arch.run(Each {
                function,
                values: &mut values,
            });
            (values.iter().zip(&points)).fold(0.0, |worst, (found, point)| {
                let expected = expected(point.to_f64());
                let error = (found.to_f64() - expected).abs() / (expected.abs() + floor) / epsilon;
                if error <= worst { worst } else { error }
            })
        });
        errors[0].max(errors[1])
    }

    #[test]
    fn functions_are_a_few_units_in_the_last_place_off() {
        fn check<T: Real>(epsilon: f64, low: f64, gelu_range: f64) {
            let cases = [
                (Function::Exp, 3.0, (low, 20.0), 0.0),
                (Function::Tanh, 6.0, (-25.0, 25.0), 0.0),
                (Function::Tanh, 6.0, (-0.01, 0.01), 0.0),
            ];
            for (function, bound, range, floor) in cases {
                let expected = |x: f64| match function {
                    Function::Exp => x.exp(),
                    _ => x.tanh(),
                };
                let found = worst::<T>(function, expected, range, floor, epsilon);
                assert!(found < bound, "{found} on {range:?}");
            }
            // Relative in the body, absolute in the tail, where z² in the exponent is rounded.
            // In f64 the reference itself has no more digits than Φ = (1 + erf)/2 leaves.
            let floor = if epsilon == f64::EPSILON { 1.0 } else { 0.0 };
            for (function, range, floor) in [
                (Function::Gelu, (-4.0, 10.0), floor),
                (
                    Function::Gelu,
                    (-gelu_range, gelu_range),
                    1e-3_f64.max(floor),
                ),
                // Crosses 0, near which it is as exact as 1 is.
                (Function::GeluSlope, (-gelu_range, gelu_range), 1.0),
            ] {
                let expected = |z: f64| match function {
                    Function::Gelu => Activation::Gelu.value(z),
                    _ => Activation::Gelu.derivative(z),
                };
                let found = worst::<T>(function, expected, range, floor, epsilon);
                assert!(found < 16.0, "{found} on {range:?}");
            }
        }
        check::<f32>(f64::from(f32::EPSILON), -87.0, 12.0);
        check::<f64>(f64::EPSILON, -700.0, 30.0);
    }

    #[test]
    fn ends_of_the_range_are_right() {
        fn all<T: Real>(function: Function, values: [f64; 4]) -> [f64; 4] {
            let mut values = values.map(T::from_f64);
            Arch::detect().run(Each {
                function,
                values: &mut values,
            });
            values.map(T::to_f64)
        }
        let ends = [f64::NEG_INFINITY, f64::INFINITY, 0.0, f64::NAN];
        for found in [
            all::<f32>(Function::Tanh, ends),
            all::<f64>(Function::Tanh, ends),
        ] {
            assert_eq!(found[..3], [-1.0, 1.0, 0.0]);
            assert!(found[3].is_nan());
        }
        for found in [
            all::<f32>(Function::Gelu, ends),
            all::<f64>(Function::Gelu, ends),
        ] {
            assert_eq!(found[1..3], [f64::INFINITY, 0.0]);
            assert!(found[3].is_nan());
        }
        let found = all::<f32>(Function::Exp, [f64::NEG_INFINITY, -1e30, 0.0, f64::NAN]);
        assert_eq!(found[..3], [0.0, 0.0, 1.0]);
        assert!(found[3].is_nan());
    }
}
