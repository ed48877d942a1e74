//! Gradients of every output: the Jacobian and the neural tangent kernel.

use crate::error::MlpError;
use crate::network::Mlp;

/// Input of a layer and gradients at its affine outputs, for every output of the network.
struct AtLayer {
    /// X, `[N, in]`.
    inputs: Vec<f64>,
    /// G, `[K, N, out]`: derivative of output k of sample n.
    gradients: Vec<f64>,
}

impl Mlp {
    /// The Jacobian J of all outputs with respect to all parameters.
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N; the result is `[K·N, P]`, row k · N + n for output k of sample
    /// n (output-major), columns in the order of [`Mlp::parameters`].
    ///
    /// A factor α on the outputs, which the network does not know, multiplies J by α.
    ///
    /// # Memory
    ///
    /// 8 K N P bytes for the result (3.4 GB for 10 outputs, 400 samples and 107,000 parameters);
    /// [`Mlp::ntk`] does without it.
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
    /// let net = Mlp { layers: vec![layer(2.0), layer(3.0)], activation: Activation::Identity };
    /// // f = a b x at a = 2, b = 3, x = 5: df/da = b x, df/db = a x.
    /// assert_eq!(net.jacobian(&[5.0], 1)?, [15.0, 10.0]);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn jacobian(&self, x: &[f64], rows: usize) -> Result<Vec<f64>, MlpError> {
        let layers = self.output_gradients(x, rows)?;
        let width = self.parameters().len();
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        let mut jacobian = Vec::with_capacity(outputs * rows * width);
        for row in 0..outputs * rows {
            let sample = row % rows.max(1);
            for (layer, at) in self.layers.iter().zip(&layers) {
                let x = &at.inputs[sample * layer.inputs..(sample + 1) * layer.inputs];
                let g = &at.gradients[row * layer.outputs..(row + 1) * layer.outputs];
                jacobian.extend(x.iter().flat_map(|x| g.iter().map(move |g| x * g)));
                if layer.bias.is_some() {
                    jacobian.extend_from_slice(g);
                }
            }
        }
        Ok(jacobian)
    }

    /// The exact (empirical) neural tangent kernel J Jᵀ [Jacot2018, neural tangent kernel].
    ///
    /// Computed layer by layer as Σ_l (G_l G_lᵀ) ∘ (X_l X_lᵀ + 1), without the Jacobian: X_l is the
    /// input of layer l, G_l the gradient of every output at its affine output, and the 1 is the
    /// bias, where there is one. An entry depends on its two samples only, so blocks of a large
    /// kernel may be computed on their own.
    ///
    /// A factor α on the outputs, which the network does not know, multiplies the kernel by α².
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N; the result is `[K·N, K·N]`, symmetric, output-major: entry
    /// (k · N + n, k' · N + m) belongs to output k of sample n and output k' of sample m.
    ///
    /// # Memory
    ///
    /// 8 (K N)² bytes for the result, and K N numbers per unit of every layer. Time K² N² H per
    /// layer of H units.
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
    /// let net = Mlp { layers: vec![layer(2.0), layer(3.0)], activation: Activation::Identity };
    /// // x (a² + b²) x'.
    /// assert_eq!(net.ntk(&[1.0, 5.0], 2)?, [13.0, 65.0, 65.0, 325.0]);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn ntk(&self, x: &[f64], rows: usize) -> Result<Vec<f64>, MlpError> {
        let layers = self.output_gradients(x, rows)?;
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        let size = outputs * rows;
        let mut kernel = vec![0.0; size * size];
        for (layer, at) in self.layers.iter().zip(&layers) {
            let bias = if layer.bias.is_some() { 1.0 } else { 0.0 };
            let input = |n: usize| &at.inputs[n * layer.inputs..(n + 1) * layer.inputs];
            let gradient =
                |row: usize| &at.gradients[row * layer.outputs..(row + 1) * layer.outputs];
            let mut alike = vec![bias; rows * rows];
            for n in 0..rows {
                for m in 0..=n {
                    alike[n * rows + m] += dot(input(n), input(m));
                    alike[m * rows + n] = alike[n * rows + m];
                }
            }
            for a in 0..size {
                for b in 0..=a {
                    let term = dot(gradient(a), gradient(b)) * alike[a % rows * rows + b % rows];
                    kernel[a * size + b] += term;
                }
            }
        }
        // Mirrored, so that rounding cannot break the symmetry.
        for a in 0..size {
            for b in 0..a {
                kernel[b * size + a] = kernel[a * size + b];
            }
        }
        Ok(kernel)
    }

    /// Gradients of every output at every layer, by one backward pass per output.
    fn output_gradients(&self, x: &[f64], rows: usize) -> Result<Vec<AtLayer>, MlpError> {
        let trace = self.trace(x, rows)?;
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        let mut layers: Vec<AtLayer> = (trace.inputs.into_iter())
            .map(|inputs| AtLayer {
                inputs,
                gradients: Vec::new(),
            })
            .collect();
        for output in 0..outputs {
            let mut at_affine = vec![0.0; rows * outputs];
            at_affine
                .iter_mut()
                .skip(output)
                .step_by(outputs)
                .for_each(|g| *g = 1.0);
            for (index, layer) in self.layers.iter().enumerate().rev() {
                layers[index].gradients.extend_from_slice(&at_affine);
                if let Some(below) = index.checked_sub(1) {
                    at_affine = layer.pull_back(&at_affine, rows);
                    for (gradient, &z) in at_affine.iter_mut().zip(&trace.affine[below]) {
                        *gradient *= self.activation.derivative(z);
                    }
                }
            }
        }
        Ok(layers)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
