//! Activations and their derivatives on whole panels.

use super::functions::{gelu, tanh};
use super::real::Real;
use super::simd::Simd;
use crate::Activation;

/// Whether φ'(z) must be kept from the forward pass, because φ(z) does not tell it.
pub(super) fn keeps_slopes(activation: Activation) -> bool {
    matches!(activation, Activation::Gelu | Activation::Quadratic)
}

/// Replaces z by φ(z), and writes φ'(z) where it must be kept; `slopes` may be empty when no
/// backward pass follows.
#[inline(always)]
pub(super) fn activate<T: Real, S: Simd<T>>(
    simd: S,
    activation: Activation,
    values: &mut [T],
    slopes: &mut [T],
) {
    match activation {
        Activation::Identity => {}
        Activation::Relu => {
            for z in values {
                // NaN stays.
                *z = if *z < T::ZERO { T::ZERO } else { *z };
            }
        }
        Activation::Tanh => {
            for z in values {
                *z = tanh(simd, *z);
            }
        }
        Activation::Gelu if slopes.is_empty() => {
            for z in values {
                *z = gelu(simd, *z).0;
            }
        }
        Activation::Gelu => {
            for (z, slope) in values.iter_mut().zip(slopes) {
                (*z, *slope) = gelu(simd, *z);
            }
        }
        Activation::Quadratic => {
            for (z, slope) in values.iter().zip(slopes) {
                *slope = *z + *z;
            }
            for z in values {
                *z *= *z;
            }
        }
    }
}
