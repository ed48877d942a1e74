//! Activations and their slopes on numbers and lines.

use super::element::{Element, Scalar};
use super::lines::Line;
use super::real::Real;
use super::simd::{Arch, Kernel, Simd};
use crate::Activation;
use crate::activation::{Formula, with_formula};

/// Replaces each z by φ(z) and writes φ'(z) to `slopes`, with the fast functions of
/// [`Trainer`](crate::Trainer); `slopes` is as long as `values`, or empty if they are not wanted.
///
/// # Examples
///
/// ```
/// let (mut values, mut slopes) = ([0.0_f64, 20.0], [0.0; 2]);
/// mlp::activate_all(mlp::Activation::Tanh, &mut values, &mut slopes);
/// assert_eq!((values, slopes), ([0.0, 1.0], [1.0, 0.0]));
/// ```
pub fn activate_all<T: Real>(activation: Activation, values: &mut [T], slopes: &mut [T]) {
    Arch::detect().run(Activate {
        activation,
        values,
        slopes,
    });
}

struct Activate<'a, T> {
    activation: Activation,
    values: &'a mut [T],
    slopes: &'a mut [T],
}

impl<T: Real> Kernel<T> for Activate<'_, T> {
    #[inline(always)]
    fn run<S: Simd<T>>(self, simd: S) {
        activate(simd, self.activation, self.values, self.slopes);
    }
}

/// Replaces z by φ(z), and writes φ'(z) where it must be kept; `slopes` may be empty when no backward
/// pass follows.
#[inline(always)]
pub(super) fn activate<T: Real, S: Simd<T>>(
    simd: S,
    activation: Activation,
    values: &mut [T],
    slopes: &mut [T],
) {
    let lanes = Scalar(simd);
    let at = |value: T| Element { lanes, value };
    with_formula!(activation, F => if slopes.is_empty() {
        for z in values {
            *z = F::value(at(*z)).value;
        }
    } else {
        for (z, slope) in values.iter_mut().zip(slopes) {
            let (value, derivative) = F::value_and_derivative(at(*z));
            (*z, *slope) = (value.value, derivative.value);
        }
    });
}

/// φ(z) of numbers in registers.
#[inline(always)]
pub(super) fn value<F: Formula, T: Real, S: Simd<T>>(lanes: S, z: S::V) -> S::V {
    F::value(Element { lanes, value: z }).value
}

/// g φ'(z) for a part of a line of φ(z).
#[inline(always)]
pub(super) fn times_slope<F: Formula, T: Real, S: Simd<T>>(
    lanes: S,
    gradient: S::V,
    features: &Line<T>,
    part: usize,
) -> S::V {
    let value = lanes.load(features, part);
    lanes.mul(gradient, F::slope(Element { lanes, value }).value)
}

/// Multiplies gradients by the slopes that were kept.
#[inline(always)]
pub(super) fn multiply<T: Real>(gradients: &mut [Line<T>], slopes: &[Line<T>]) {
    let pairs = gradients.as_flattened_mut().iter_mut();
    for (gradient, slope) in pairs.zip(slopes.as_flattened()) {
        *gradient *= *slope;
    }
}
