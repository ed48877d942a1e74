//! Elementary functions without branches, so that loops over them vectorise.

use super::real::Real;
use super::simd::Lanes;

/// 2^k and e^r − 1 with x = k ln 2 + r, |r| ≤ ½ ln 2: e^x = 2^k + 2^k (e^r − 1).
#[inline(always)]
fn split_exp<T: Real, L: Lanes<T>>(lanes: L, x: T) -> (T, T) {
    let shifted = lanes.mul_add(x, T::LOG2_E, T::ROUNDING);
    let k = shifted - T::ROUNDING;
    let r = lanes.mul_add(-k, T::LN_2_HIGH, x);
    let r = lanes.mul_add(-k, T::LN_2_LOW, r);
    let mut series = T::ZERO;
    for &term in T::EXP_SERIES {
        series = lanes.mul_add(series, r, term);
    }
    (T::power_of_two(shifted), lanes.mul_add(series * r, r, r))
}

/// e^x for x up to about 80, accurate to a few units in the last place; 0 if the result would be
/// subnormal.
#[inline(always)]
pub(super) fn exp<T: Real, L: Lanes<T>>(lanes: L, x: T) -> T {
    // Selections are used because min and max would lose NaN.
    let inside = if x < T::EXP_LOW { T::EXP_LOW } else { x };
    let (scale, rest) = split_exp(lanes, inside);
    let value = lanes.mul_add(scale, rest, scale);
    if x < T::EXP_LOW { T::ZERO } else { value }
}

/// tanh x = (e^{2|x|} − 1)/(e^{2|x|} + 1) with the sign of x.
#[inline(always)]
pub(super) fn tanh<T: Real, L: Lanes<T>>(lanes: L, x: T) -> T {
    let size = x.abs();
    let size = if size > T::TANH_ONE {
        T::TANH_ONE
    } else {
        size
    };
    let (scale, rest) = split_exp(lanes, size + size);
    // e^{2|x|} − 1 without cancellation, because scale is 1 for small x.
    let above_one = lanes.mul_add(scale, rest, scale - T::ONE);
    (above_one / (above_one + T::ONE + T::ONE)).copysign(x)
}

/// 1/√(2π)
const DENSITY_AT_ZERO: f64 = 0.398_942_280_401_432_7;
/// Argument at which the variable of the polynomial in [`normal_cdf`] is 0.
const TAIL_CENTRE: f64 = 4.0;
/// |z| above which the tail of the distribution is 0 in every type.
const TAIL_END: f64 = 1e4;

/// e^{−z²/2}
#[inline(always)]
fn bell<T: Real, L: Lanes<T>>(lanes: L, z: T) -> T {
    let end = T::from_f64(TAIL_END);
    let size = z.abs();
    let size = if size > end { end } else { size };
    exp(lanes, T::from_f64(-0.5) * size * size)
}

/// The standard normal density.
#[inline(always)]
pub(super) fn normal_density<T: Real, L: Lanes<T>>(lanes: L, z: T) -> T {
    T::from_f64(DENSITY_AT_ZERO) * bell(lanes, z)
}

/// The standard normal distribution function Φ.
///
/// Φ(−z) = e^{−z²/2} (1 − t) q(t) for z ≥ 0 with t = (z − 4)/(z + 4). q is smooth on \[−1, 1\] and
/// bounded away from 0; its Chebyshev expansion converges to 3e-8 with 10 and to 1e-16 with 24
/// terms, and sums without cancellation as a polynomial.
#[inline(always)]
pub(super) fn normal_cdf<T: Real, L: Lanes<T>>(lanes: L, z: T) -> T {
    let centre = T::from_f64(TAIL_CENTRE);
    let end = T::from_f64(TAIL_END);
    let size = z.abs();
    let size = if size > end { end } else { size };
    let inverse = T::ONE / (size + centre);
    let t = (size - centre) * inverse;
    let mut q = T::ZERO;
    for &term in T::TAIL_SERIES {
        q = lanes.mul_add(q, t, term);
    }
    let tail = bell(lanes, z) * (centre + centre) * inverse * q;
    if z < T::ZERO { tail } else { T::ONE - tail }
}

/// 1/(1 + e^{−x}).
#[inline(always)]
pub(super) fn sigmoid<T: Real, L: Lanes<T>>(lanes: L, x: T) -> T {
    // e^{−|x|} does not overflow.
    let decay = exp(lanes, -x.abs());
    (if x > T::ZERO { T::ONE } else { decay }) / (T::ONE + decay)
}

/// ln(1 + e^x) = max(x, 0) + ln(1 + e^{−|x|}).
///
/// ln(1 + y) = 2 artanh s with s = y/(2 + y), which is at most ⅓: artanh s = s + s³/3 + s⁵/5 + ….
#[inline(always)]
pub(super) fn softplus<T: Real, L: Lanes<T>>(lanes: L, x: T) -> T {
    let decay = exp(lanes, -x.abs());
    let s = decay / (T::ONE + T::ONE + decay);
    let square = s * s;
    let mut series = T::ZERO;
    for &term in T::ARTANH_SERIES {
        series = lanes.mul_add(series, square, term);
    }
    let artanh = lanes.mul_add(series * square, s, s);
    // A selection preserves NaN, unlike max.
    let above = if x < T::ZERO { T::ZERO } else { x };
    above + artanh + artanh
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Algebra;
    use crate::trainer::element::{Element, Scalar};
    use crate::trainer::simd::{Arch, Kernel, Simd};

    #[derive(Debug, Clone, Copy)]
    enum Function {
        Exp,
        Tanh,
        Sigmoid,
        Softplus,
        NormalCdf,
        NormalDensity,
    }

    use Function::{Exp, NormalCdf, NormalDensity, Sigmoid, Softplus, Tanh};

    impl Function {
        #[inline(always)]
        fn of<A: Algebra>(self, x: A, exp: impl Fn(A) -> A) -> A {
            match self {
                Exp => exp(x),
                Tanh => x.tanh(),
                Sigmoid => x.sigmoid(),
                Softplus => x.softplus(),
                NormalCdf => x.normal_cdf(),
                NormalDensity => x.normal_density(),
            }
        }
    }

    /// A function on every number of a slice.
    struct Each<'a, T> {
        function: Function,
        values: &'a mut [T],
    }

    impl<T: Real> Kernel<T> for Each<'_, T> {
        #[inline(always)]
        fn run<S: Simd<T>>(self, simd: S) {
            let lanes = Scalar(simd);
            for value in self.values {
                let x = Element {
                    lanes,
                    value: *value,
                };
                let exp = |x: Element<T, Scalar<S>>| Element {
                    lanes,
                    value: exp(lanes, x.value),
                };
                *value = self.function.of(x, exp).value;
            }
        }
    }

    fn each<T: Real>(function: Function, points: &[f64], arch: Arch) -> Vec<f64> {
        let mut values: Vec<_> = points.iter().map(|&x| T::from_f64(x)).collect();
        arch.run(Each {
            function,
            values: &mut values,
        });
        values.into_iter().map(T::to_f64).collect()
    }

    /// Largest |found − expected|/(|expected| + floor) on points of `from`..`to`, in units of the
    /// last place.
    fn worst<T: Real>(function: Function, (from, to): (f64, f64), floor: f64, epsilon: f64) -> f64 {
        const POINTS: usize = 100_000;
        let step = (to - from) / POINTS as f64;
        let points = (0..=POINTS).map(|i| T::from_f64(from + step * i as f64).to_f64());
        let points: Vec<f64> = points.collect();
        let errors = [Arch::detect(), Arch::Portable].map(|arch| {
            let found = each::<T>(function, &points, arch);
            found.iter().zip(&points).fold(0.0, |worst, (found, &x)| {
                let expected = function.of(x, f64::exp);
                let error = (found - expected).abs() / (expected.abs() + floor) / epsilon;
                if error <= worst { worst } else { error }
            })
        });
        errors[0].max(errors[1])
    }

    #[test]
    fn functions_are_a_few_units_in_the_last_place_off() {
        fn check<T: Real>(epsilon: f64, low: f64, tail: f64) {
            for (function, range, floor, bound) in [
                (Exp, (low, 20.0), 0.0, 3.0),
                (Tanh, (-25.0, 25.0), 0.0, 6.0),
                (Tanh, (-0.01, 0.01), 0.0, 6.0),
                (Sigmoid, (low, 40.0), 0.0, 4.0),
                (Softplus, (low, 40.0), 0.0, 4.0),
                (Softplus, (-0.01, 0.01), 0.0, 4.0),
                // Relative in the body, absolute in the tail, where z² in the exponent is rounded.
                (NormalCdf, (-4.0, 10.0), 0.0, 16.0),
                (NormalCdf, (-tail, tail), 1e-3, 16.0),
                (NormalDensity, (-4.0, 4.0), 0.0, 16.0),
                (NormalDensity, (-tail, tail), 1e-3, 16.0),
            ] {
                let found = worst::<T>(function, range, floor, epsilon);
                assert!(found < bound, "{function:?}: {found} on {range:?}");
            }
        }
        check::<f32>(f64::from(f32::EPSILON), -87.0, 12.0);
        check::<f64>(f64::EPSILON, -700.0, 30.0);
    }

    #[test]
    fn ends_of_the_range_are_right() {
        let ends = [f64::NEG_INFINITY, -1e30, 0.0, 1e30, f64::INFINITY];
        for (function, expected) in [
            // The trainer never needs e^x for large x.
            (Exp, [0.0, 0.0, 1.0, f64::NAN, f64::NAN]),
            (Tanh, [-1.0, -1.0, 0.0, 1.0, 1.0]),
            (Sigmoid, [0.0, 0.0, 0.5, 1.0, 1.0]),
            (NormalCdf, [0.0, 0.0, 0.5, 1.0, 1.0]),
        ] {
            for found in [
                each::<f32>(function, &ends, Arch::detect()),
                each::<f64>(function, &ends, Arch::detect()),
            ] {
                for (found, expected) in found.iter().zip(expected) {
                    let close = (found - expected).abs() < 1e-7 || expected.is_nan();
                    assert!(close, "{function:?}: {found} is not {expected}");
                }
            }
        }
        for function in [Exp, Tanh, Sigmoid, Softplus, NormalCdf, NormalDensity] {
            for arch in [Arch::detect(), Arch::Portable] {
                assert!(
                    each::<f32>(function, &[f64::NAN], arch)[0].is_nan(),
                    "{function:?}"
                );
                assert!(
                    each::<f64>(function, &[f64::NAN], arch)[0].is_nan(),
                    "{function:?}"
                );
            }
        }
        for found in [
            each::<f32>(Softplus, &ends, Arch::detect()),
            each::<f64>(Softplus, &ends, Arch::detect()),
        ] {
            assert_eq!(found[..2], [0.0, 0.0]);
            assert!((found[2] - std::f64::consts::LN_2).abs() < 1e-7);
            assert!(found[3] > 0.9e30 && found[4] == f64::INFINITY);
        }
    }
}
