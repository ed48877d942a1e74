//! Rescales hidden neurons so that layers are balanced, without changing the function.

use super::layer::LayerConfig;
use crate::Activation;

/// Relative step at which all neurons count as balanced, and the most sweeps over the layers. With one
/// hidden layer the first sweep is exact.
const BALANCED: f64 = 1e-13;
const SWEEPS: usize = 1000;

/// Balances every hidden neuron of a net: |`w_in`|² = q|`w_out`|², where `w_in` are the weights and the bias
/// into the neuron, `w_out` the weights out of it, and q the degree of the activation \[Du2018\].
///
/// `w_in` is multiplied by a c > 0 and `w_out` by c^−q, which leaves the function of the net as it is
/// where φ(c z) = `c^q` φ(z). Of all nets that such factors lead to, the balanced one has the least sum of
/// squared parameters of a `ReLU` or linear net. Its Λ = W2ᵀW2 − W1W1ᵀ has the diagonal 0: the conserved
/// quantities of all neurons are 0, as after a start from weights of 0. That the rest of Λ vanishes, too,
/// takes a rotation of the neurons, which only linear nets allow.
///
/// A neuron without weights on one side is left alone. Of an activation that is not homogeneous the
/// function would change, so that nothing is done.
///
/// # Shapes
///
/// `parameters` `[P]`: layer by layer, the weight `[in, out]` row-major before the bias.
///
/// # Examples
///
/// ```
/// use mlp::{Activation, LayerConfig, rebalance};
///
/// let layer = |inputs, outputs| LayerConfig {
///     inputs,
///     outputs,
///     bias: false,
///     weight_multiplier: 1.0,
///     bias_multiplier: 1.0,
/// };
/// let mut parameters = [0.5, 2.0];
/// rebalance(&[layer(1, 1), layer(1, 1)], Activation::Relu, &mut parameters);
/// assert!((parameters[0] - 1.0).abs() < 1e-15 && (parameters[1] - 1.0).abs() < 1e-15);
/// ```
pub fn rebalance(layers: &[LayerConfig], activation: Activation, parameters: &mut [f64]) {
    if !activation.is_homogeneous() {
        return;
    }
    let degree = activation.degree();
    let mut starts = vec![0];
    for layer in layers {
        starts.push(starts[starts.len() - 1] + layer.parameters());
    }
    for _ in 0..SWEEPS {
        let mut largest = 0.0_f64;
        for (pair, start) in layers.windows(2).zip(&starts) {
            let (own, rest) = parameters[*start..].split_at_mut(pair[0].parameters());
            let next = &mut rest[..pair[1].inputs * pair[1].outputs];
            largest = largest.max(balance_layer(&pair[0], degree, own, next));
        }
        if largest < BALANCED {
            return;
        }
    }
}

/// Balances the neurons of one layer, with its parameters and the weight above it. Returns the largest
/// |ln c|.
fn balance_layer(layer: &LayerConfig, degree: f64, own: &mut [f64], next: &mut [f64]) -> f64 {
    let (neurons, outputs) = (layer.outputs, next.len() / layer.outputs);
    let mut incoming = vec![0.0; neurons];
    // The bias is one more row.
    for row in own.chunks_exact(neurons) {
        incoming
            .iter_mut()
            .zip(row)
            .for_each(|(sum, w)| *sum += w * w);
    }
    let mut largest = 0.0_f64;
    for (neuron, incoming) in incoming.into_iter().enumerate() {
        let outgoing = &mut next[neuron * outputs..(neuron + 1) * outputs];
        let found: f64 = outgoing.iter().map(|w| w * w).sum();
        let factor = (degree * found / incoming).powf(0.5 / (degree + 1.0));
        if !(factor.is_finite() && factor > 0.0) {
            continue;
        }
        largest = largest.max(factor.ln().abs());
        own.iter_mut()
            .skip(neuron)
            .step_by(neurons)
            .for_each(|w| *w *= factor);
        let back = factor.powf(-degree);
        outgoing.iter_mut().for_each(|w| *w *= back);
    }
    largest
}
