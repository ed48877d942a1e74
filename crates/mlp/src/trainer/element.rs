//! One number, or a register of them, as an operand of formulas.

use std::ops::{Div, Mul, Neg};

use super::functions;
use super::real::Real;
use super::simd::Lanes;
use crate::algebra::Algebra;
use crate::optimizer::UpdateAlgebra;

/// What a formula acts on: a register, or one number of a loop that the compiler vectorises
/// ([`Scalar`]).
#[derive(Clone, Copy)]
pub(super) struct Element<T, L: Lanes<T>> {
    pub(super) lanes: L,
    pub(super) value: L::V,
}

/// One number as the register of an instruction set.
#[derive(Clone, Copy)]
pub(super) struct Scalar<L>(pub(super) L);

impl<T: Real, L: Lanes<T>> Lanes<T> for Scalar<L> {
    type V = T;

    #[inline(always)]
    fn splat(self, value: T) -> T {
        value
    }

    #[inline(always)]
    fn mul(self, a: T, b: T) -> T {
        a * b
    }

    #[inline(always)]
    fn fma(self, a: T, b: T, c: T) -> T {
        self.0.mul_add(a, b, c)
    }

    #[inline(always)]
    fn relu(self, a: T) -> T {
        if a < T::ZERO { T::ZERO } else { a }
    }

    #[inline(always)]
    fn if_positive(self, a: T, then: T, otherwise: T) -> T {
        if a > T::ZERO { then } else { otherwise }
    }

    #[inline(always)]
    fn map(self, a: T, function: impl Fn(T) -> T) -> T {
        function(a)
    }

    #[inline(always)]
    fn mul_add(self, a: T, b: T, c: T) -> T {
        self.0.mul_add(a, b, c)
    }
}

impl<T: Real, L: Lanes<T>> Element<T, L> {
    #[inline(always)]
    fn with(self, value: L::V) -> Self {
        Self { value, ..self }
    }
}

impl<T: Real, L: Lanes<T>> Neg for Element<T, L> {
    type Output = Self;

    #[inline(always)]
    fn neg(self) -> Self {
        self.scaled(-1.0)
    }
}

impl<T: Real, L: Lanes<T>> Mul for Element<T, L> {
    type Output = Self;

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.with(self.lanes.mul(self.value, other.value))
    }
}

/// Functions of [`super::functions`], lane by lane.
macro_rules! by_lane {
    ($($function:ident),*) => {$(
        #[inline(always)]
        fn $function(self) -> Self {
            let lanes = self.lanes;
            self.with(lanes.map(
                self.value,
                #[inline(always)]
                |value| functions::$function(lanes, value),
            ))
        }
    )*};
}

impl<T: Real, L: Lanes<T>> Algebra for Element<T, L> {
    #[inline(always)]
    fn constant(&self, value: f64) -> Self {
        self.with(self.lanes.splat(T::from_f64(value)))
    }

    #[inline(always)]
    fn scaled(self, factor: f64) -> Self {
        self * self.constant(factor)
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, term: Self) -> Self {
        self.with(self.lanes.fma(self.value, factor.value, term.value))
    }

    #[inline(always)]
    fn squared(self) -> Self {
        self * self
    }

    #[inline(always)]
    fn relu(self) -> Self {
        self.with(self.lanes.relu(self.value))
    }

    #[inline(always)]
    fn if_positive(self, then: Self, otherwise: Self) -> Self {
        self.with((self.lanes).if_positive(self.value, then.value, otherwise.value))
    }

    by_lane!(tanh, sigmoid, softplus, normal_cdf, normal_density);
}

impl<T: Real, L: Lanes<T>> Div for Element<T, Scalar<L>> {
    type Output = Self;

    #[inline(always)]
    fn div(self, other: Self) -> Self {
        self.with(self.value / other.value)
    }
}

impl<T: Real, L: Lanes<T>> UpdateAlgebra for Element<T, Scalar<L>> {
    type Rate = f64;

    #[inline(always)]
    fn scaled(self, factor: f64) -> Self {
        Algebra::scaled(self, factor)
    }

    #[inline(always)]
    fn plus(self, factor: f64, y: &Self) -> Self {
        self.constant(factor).mul_add(*y, self)
    }

    #[inline(always)]
    fn plus_square(self, factor: f64, y: &Self) -> Self {
        (self.constant(factor) * *y).mul_add(*y, self)
    }

    #[inline(always)]
    fn scaled_root(self, factor: f64, term: f64) -> Self {
        let root = self.with(self.value.sqrt());
        root.mul_add(self.constant(factor), self.constant(term))
    }

    #[inline(always)]
    fn signum(self) -> Self {
        let (zero, one) = (T::ZERO, T::ONE);
        self.with(match self.value {
            value if value > zero => one,
            value if value < zero => -one,
            value => value,
        })
    }

    #[inline(always)]
    fn descend(self, rate: &f64, divisor: f64, y: Self) -> Self {
        self.plus(-(rate / divisor), &y)
    }

    #[inline(always)]
    fn decayed(self, rate: &f64, decay: f64) -> Self {
        Algebra::scaled(self, 1.0 - rate * decay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;
    use crate::activation::{Formula, with_formula};
    use crate::trainer::lines::{LANES, Line};
    use crate::trainer::simd::{Arch, Kernel, Simd};

    /// Value and slope of each lane, first one by one, then in registers.
    struct Both<'a, T> {
        activation: Activation,
        z: Line<T>,
        out: &'a mut [Line<T>; 4],
    }

    impl<T: Real> Kernel<T> for Both<'_, T> {
        #[inline(always)]
        fn run<S: Simd<T>>(self, simd: S) {
            with_formula!(self.activation, F => {
                for (lane, &value) in self.z.iter().enumerate() {
                    let lanes = Scalar(simd);
                    let z = Element { lanes, value };
                    let (value, derivative) = F::value_and_derivative(z);
                    (self.out[0][lane], self.out[1][lane]) = (value.value, derivative.value);
                }
                for part in 0..T::PARTS {
                    let value = simd.load(&self.z, part);
                    let z = Element { lanes: simd, value };
                    let (value, derivative) = F::value_and_derivative(z);
                    simd.store(value.value, &mut self.out[2], part);
                    simd.store(derivative.value, &mut self.out[3], part);
                }
            });
        }
    }

    #[test]
    fn registers_numbers_and_the_host_agree_on_every_activation() {
        fn check<T: Real>(precision: f64) {
            let points = [
                -1e4,
                -40.0,
                -5.5,
                -1.0,
                -0.3,
                -1e-3,
                -0.0,
                0.0,
                1e-3,
                0.4,
                1.0,
                3.0,
                11.0,
                60.0,
                1e4,
                f64::NAN,
            ];
            let z: Line<T> = points.map(T::from_f64);
            for activation in Activation::ALL {
                for arch in [Arch::detect(), Arch::Portable] {
                    let mut out = [[T::ZERO; LANES]; 4];
                    arch.run(Both {
                        activation,
                        z,
                        out: &mut out,
                    });
                    for (lane, x) in z.map(T::to_f64).into_iter().enumerate() {
                        let value = activation.value(x);
                        let slope = activation.derivative(x);
                        for (found, expected) in out.iter().zip([value, slope, value, slope]) {
                            let found = found[lane].to_f64();
                            let close =
                                (found - expected).abs() <= precision * (1.0 + expected.abs());
                            let unknown = found.is_nan() && expected.is_nan();
                            assert!(
                                close || unknown,
                                "{activation:?} of {x}: {found}, {expected}"
                            );
                        }
                    }
                }
            }
        }
        check::<f32>(4.0 * f64::from(f32::EPSILON));
        check::<f64>(4.0 * f64::EPSILON);
    }
}
