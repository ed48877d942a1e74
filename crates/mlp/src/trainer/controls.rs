//! What is done to single layers in training beside following the gradient.

use super::dropout::Dropout;
use super::layer::Layer;
use super::lines::{Line, Lines};
use super::real::Real;
use crate::error::{MlpError, require, require_length};

/// Interventions on the layers of a [`Trainer`](crate::Trainer), for experiments on what layers do to
/// each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Controls {
    /// For each layer, from the inputs on, the step from which its weight and bias stay as they are;
    /// empty where all learn.
    pub frozen_from: Vec<Option<u64>>,
    /// For each layer the Frobenius norm to which its weight is rescaled after every step; empty where
    /// none is.
    pub norms: Vec<Option<f64>>,
    /// `[in, out]` in place of the last layer's weight where errors go back through it; empty for the
    /// weight itself.
    pub backward: Vec<f64>,
    /// Steps after which all hidden neurons are balanced again, as by [`rebalance`](crate::rebalance);
    /// 0 for never. Moments of the optimizer are left as they are.
    pub balance_every: u64,
    /// Hidden neurons that are left out of each row of a step.
    pub dropout: Option<Dropout>,
}

impl Controls {
    /// Checks that they are for a net of these layers.
    ///
    /// # Errors
    /// [`MlpError`] if a list has another length, or a norm or weight is not finite.
    pub(super) fn check<T>(&self, layers: &[Layer<T>]) -> Result<(), MlpError> {
        let per_layer = [
            ("frozen_from", self.frozen_from.len()),
            ("norms", self.norms.len()),
        ];
        for (name, found) in per_layer {
            if found > 0 {
                require_length(name, found, layers.len())?;
            }
        }
        for &norm in self.norms.iter().flatten() {
            require(
                norm.is_finite() && norm >= 0.0,
                "norms",
                norm,
                "finite, and 0 or more",
            )?;
        }
        if let Some(dropout) = self.dropout {
            dropout.check()?;
        }
        let last = &layers[layers.len() - 1];
        if !self.backward.is_empty() {
            require_length("backward", self.backward.len(), last.inputs * last.outputs)?;
        }
        for &weight in &self.backward {
            require(weight.is_finite(), "backward", weight, "finite")?;
        }
        Ok(())
    }

    /// Whether a layer stays as it is in step `step`, counted from 0.
    pub(super) fn freezes(&self, layer: usize, step: u64) -> bool {
        matches!(self.frozen_from.get(layer), Some(Some(from)) if step >= *from)
    }

    /// Whether neurons are balanced after so many steps.
    pub(super) fn balances_after(&self, steps: u64) -> bool {
        self.balance_every > 0 && steps.is_multiple_of(self.balance_every)
    }

    /// Rescales the weight of a layer that keeps its norm.
    pub(super) fn clamp<T: Real>(&self, index: usize, layer: &Layer<T>, lines: &mut [Line<T>]) {
        let Some(&Some(norm)) = self.norms.get(index) else {
            return;
        };
        // Padding is 0.
        let weight = lines[layer.weight.clone()].as_flattened_mut();
        rescale(weight, norm);
    }
}

/// Multiplies `values` so that their Frobenius norm is `norm`; values that are all 0 stay.
///
/// # Examples
///
/// ```
/// let mut weights = [3.0_f32, 4.0];
/// mlp::rescale(&mut weights, 10.0);
/// assert_eq!(weights, [6.0, 8.0]);
/// ```
pub fn rescale<T: Real>(values: &mut [T], norm: f64) {
    let squares = values.iter().map(|value| value.to_f64() * value.to_f64());
    let found = squares.sum::<f64>().sqrt();
    if found > 0.0 {
        let factor = T::from_f64(norm / found);
        for value in values {
            *value *= factor;
        }
    }
}

/// The backward weights in the form of the last layer's weight.
pub(super) fn backward_lines<T: Real>(layers: &[Layer<T>], backward: &[f64]) -> Option<Lines<T>> {
    if backward.is_empty() {
        return None;
    }
    let last = layers.last()?;
    let mut lines = Lines::zeros(last.weight.len());
    let places = last.places().zip(backward);
    for ((line, lane), &weight) in places {
        lines.all_mut()[line - last.weight.start][lane] = T::from_f64(weight);
    }
    Some(lines)
}
