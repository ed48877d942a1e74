//! The network: forward pass and backpropagation.

use crate::activation::Activation;
use crate::error::{MlpError, require_length};

/// One affine layer y = x W + b.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// Inputs D of the layer.
    pub inputs: usize,
    /// Outputs H of the layer.
    pub outputs: usize,
    /// Weight `[D, H]`, row-major: entry (i, o) at `i * outputs + o`.
    pub weight: Vec<f64>,
    /// Bias `[H]`, if the layer has one.
    pub bias: Option<Vec<f64>>,
}

/// A multilayer perceptron; the activation follows every layer except the last.
#[derive(Debug, Clone, PartialEq)]
pub struct Mlp {
    /// Layers from input to output.
    pub layers: Vec<Layer>,
    /// Activation between the layers.
    pub activation: Activation,
}

/// Gradient of the loss with respect to one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerGradient {
    /// `[D, H]`, as [`Layer::weight`].
    pub weight: Vec<f64>,
    /// `[H]`, if the layer has a bias.
    pub bias: Option<Vec<f64>>,
}

/// Values of a forward pass that the backward pass needs.
pub(crate) struct Trace {
    /// Input of every layer, `[N, inputs]`.
    pub(crate) inputs: Vec<Vec<f64>>,
    /// Output of every layer before the activation, `[N, outputs]`.
    pub(crate) affine: Vec<Vec<f64>>,
}

impl Mlp {
    /// Outputs of the network.
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N; the result is `[N, K]`.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if the layers do not fit together or `x` has not N · D entries.
    pub fn forward(&self, x: &[f64], rows: usize) -> Result<Vec<f64>, MlpError> {
        let mut trace = self.trace(x, rows)?;
        trace.affine.pop().ok_or(MlpError::NoLayers)
    }

    /// Features of every hidden layer, after the activation, from the first layer on.
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N; each hidden layer of H units gives `[N, H]`.
    ///
    /// # Errors
    ///
    /// As [`Mlp::forward`].
    ///
    /// # Examples
    ///
    /// ```
    /// use mlp::{Activation, Layer, Mlp};
    /// let layer = |weight| Layer { inputs: 1, outputs: 1, weight: vec![weight], bias: None };
    /// let net = Mlp { layers: vec![layer(2.0), layer(3.0)], activation: Activation::Quadratic };
    /// assert_eq!(net.features(&[5.0], 1)?, [[100.0]]);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn features(&self, x: &[f64], rows: usize) -> Result<Vec<Vec<f64>>, MlpError> {
        let mut trace = self.trace(x, rows)?;
        Ok(trace.inputs.split_off(1))
    }

    /// Gradients of a loss with respect to every layer, given its gradient at the outputs.
    ///
    /// With G_l the gradient at the affine output of layer l and X_l its input:
    /// ∂W_l = X_lᵀ G_l, ∂b_l = Σ_rows G_l, and G_{l−1} = (G_l W_lᵀ) ∘ φ'(Z_{l−1}).
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N; `d_loss_d_out` `[N, K]`; one gradient per layer.
    ///
    /// # Errors
    ///
    /// As [`Mlp::forward`], and if `d_loss_d_out` has not N · K entries.
    pub fn gradients(
        &self,
        x: &[f64],
        rows: usize,
        d_loss_d_out: &[f64],
    ) -> Result<Vec<LayerGradient>, MlpError> {
        let trace = self.trace(x, rows)?;
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        require_length("d_loss_d_out", d_loss_d_out.len(), rows * outputs)?;

        let mut gradients = Vec::with_capacity(self.layers.len());
        let mut at_affine = d_loss_d_out.to_vec();
        for (index, layer) in self.layers.iter().enumerate().rev() {
            gradients.push(layer.gradient(&trace.inputs[index], &at_affine, rows));
            if let Some(below) = index.checked_sub(1) {
                at_affine = layer.input_gradient(&at_affine, rows);
                for (gradient, &z) in at_affine.iter_mut().zip(&trace.affine[below]) {
                    *gradient *= self.activation.derivative(z);
                }
            }
        }
        gradients.reverse();
        Ok(gradients)
    }

    /// All parameters in one vector: layer by layer, weight before bias.
    #[must_use]
    pub fn parameters(&self) -> Vec<f64> {
        let mut flat = Vec::new();
        for layer in &self.layers {
            flat.extend_from_slice(&layer.weight);
            flat.extend(layer.bias.iter().flatten());
        }
        flat
    }

    /// Replaces all parameters; the order is that of [`Mlp::parameters`].
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if `flat` does not have as many entries as the network; nothing is
    /// changed then.
    pub fn set_parameters(&mut self, flat: &[f64]) -> Result<(), MlpError> {
        let count = |layer: &Layer| layer.weight.len() + layer.bias.as_ref().map_or(0, Vec::len);
        require_length("flat", flat.len(), self.layers.iter().map(count).sum())?;
        let mut rest = flat.iter();
        for layer in &mut self.layers {
            for slot in layer
                .weight
                .iter_mut()
                .chain(layer.bias.iter_mut().flatten())
            {
                *slot = *rest.next().expect("the length was checked");
            }
        }
        Ok(())
    }

    /// Forward pass that keeps every layer's input and affine output.
    pub(crate) fn trace(&self, x: &[f64], rows: usize) -> Result<Trace, MlpError> {
        self.check()?;
        require_length("x", x.len(), rows * self.layers[0].inputs)?;
        let mut trace = Trace {
            inputs: vec![x.to_vec()],
            affine: Vec::new(),
        };
        for (index, layer) in self.layers.iter().enumerate() {
            let affine = layer.apply(&trace.inputs[index], rows);
            if index + 1 < self.layers.len() {
                trace
                    .inputs
                    .push(affine.iter().map(|&z| self.activation.value(z)).collect());
            }
            trace.affine.push(affine);
        }
        Ok(trace)
    }

    /// Checks that there is a layer, and that sizes and slices agree.
    fn check(&self) -> Result<(), MlpError> {
        let first = self.layers.first().ok_or(MlpError::NoLayers)?;
        let mut width = first.inputs;
        for (index, layer) in self.layers.iter().enumerate() {
            let bias = layer.bias.as_ref().map_or(layer.outputs, Vec::len);
            for (name, found, expected) in [
                ("inputs", layer.inputs, width),
                ("weight", layer.weight.len(), layer.inputs * layer.outputs),
                ("bias", bias, layer.outputs),
            ] {
                if found != expected {
                    return Err(MlpError::LayerLength {
                        name,
                        layer: index,
                        found,
                        expected,
                    });
                }
            }
            width = layer.outputs;
        }
        Ok(())
    }
}

impl Layer {
    /// x W + b: `[N, D]` to `[N, H]`.
    fn apply(&self, x: &[f64], rows: usize) -> Vec<f64> {
        let mut out = vec![0.0; rows * self.outputs];
        for row in 0..rows {
            let target = &mut out[row * self.outputs..(row + 1) * self.outputs];
            if let Some(bias) = &self.bias {
                target.copy_from_slice(bias);
            }
            for i in 0..self.inputs {
                let input = x[row * self.inputs + i];
                for (o, slot) in target.iter_mut().enumerate() {
                    *slot += input * self.weight[i * self.outputs + o];
                }
            }
        }
        out
    }

    /// xᵀ G and the column sums of G, for x `[N, D]` and G `[N, H]`.
    fn gradient(&self, x: &[f64], at_output: &[f64], rows: usize) -> LayerGradient {
        let mut weight = vec![0.0; self.inputs * self.outputs];
        let mut bias = vec![0.0; self.outputs];
        for row in 0..rows {
            for o in 0..self.outputs {
                let gradient = at_output[row * self.outputs + o];
                bias[o] += gradient;
                for i in 0..self.inputs {
                    weight[i * self.outputs + o] += x[row * self.inputs + i] * gradient;
                }
            }
        }
        LayerGradient {
            weight,
            bias: self.bias.is_some().then_some(bias),
        }
    }

    /// G Wᵀ: `[N, H]` to `[N, D]`.
    pub(crate) fn input_gradient(&self, at_output: &[f64], rows: usize) -> Vec<f64> {
        let mut out = vec![0.0; rows * self.inputs];
        for row in 0..rows {
            for i in 0..self.inputs {
                out[row * self.inputs + i] = (0..self.outputs)
                    .map(|o| at_output[row * self.outputs + o] * self.weight[i * self.outputs + o])
                    .sum();
            }
        }
        out
    }
}

/// All gradients in one vector, in the order of [`Mlp::parameters`].
///
/// # Examples
///
/// ```
/// let gradient = mlp::LayerGradient { weight: vec![1.0, 2.0], bias: Some(vec![3.0]) };
/// assert_eq!(mlp::flatten(&[gradient]), [1.0, 2.0, 3.0]);
/// ```
#[must_use]
pub fn flatten(gradients: &[LayerGradient]) -> Vec<f64> {
    let mut flat = Vec::new();
    for gradient in gradients {
        flat.extend_from_slice(&gradient.weight);
        flat.extend(gradient.bias.iter().flatten());
    }
    flat
}
