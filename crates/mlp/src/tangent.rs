//! Gradients of every output: the Jacobian and the neural tangent kernel.

use std::f64::consts::SQRT_2;

use nalgebra::{DMatrix, DMatrixView};

use crate::error::{MlpError, require_length};
use crate::network::Mlp;

/// Number of rows of the kernel that are computed together: enough for an efficient matrix product,
/// and few compared with the kernel.
const BLOCK_ROWS: usize = 64;

/// Rate at which the parameters of a layer change its weights: m² for weights W = m w with a
/// multiplier m and a trained w. It is 1 in the standard parametrisation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LayerRate {
    /// m² of the weight.
    pub weight: f64,
    /// m² of the bias.
    pub bias: f64,
}

impl Default for LayerRate {
    fn default() -> Self {
        Self {
            weight: 1.0,
            bias: 1.0,
        }
    }
}

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
    /// A factor α on the outputs, which is not part of the network, multiplies J by α.
    ///
    /// # Memory
    ///
    /// 8 K N P bytes for the result (3.4 GB for 10 outputs, 400 samples and 107,000 parameters);
    /// [`Mlp::ntk`] does not need it.
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
    /// bias, where there is one. An entry depends only on its two samples, so blocks of a large
    /// kernel may be computed separately.
    ///
    /// A factor α on the outputs, which is not part of the network, multiplies the kernel by α².
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
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        let size = outputs * rows;
        let mut kernel = vec![0.0; size * size];
        let rates = vec![LayerRate::default(); self.layers.len()];
        self.kernel_rows(x, rows, &rates, |a, row| {
            // Mirrored, so that rounding cannot break the symmetry.
            for (b, &entry) in row.iter().enumerate() {
                kernel[a * size + b] = entry;
                kernel[b * size + a] = entry;
            }
        })?;
        Ok(kernel)
    }

    /// The lower triangle of [`Mlp::ntk`], packed row by row, off-diagonal entries times √2: the
    /// inner product of two such vectors equals that of the matrices, with half of the memory.
    ///
    /// The kernel is a sum over layers, in which the part of layer l is multiplied by `rates[l]`.
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N, one rate per layer; the result is `[n (n + 1)/2]` with n = K·N,
    /// entry (a, b ≤ a) at a (a + 1)/2 + b, output-major as in [`Mlp::ntk`].
    ///
    /// # Memory
    ///
    /// 4 n² bytes for the result (100 MB at n = 5000), n numbers per unit of every layer, and one
    /// block of rows. Time n² H per layer of H units, as matrix products.
    ///
    /// # Errors
    ///
    /// The same as [`Mlp::forward`]; also if the number of rates is wrong.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlp::{Activation, Layer, LayerRate, Mlp};
    /// let layer = |weight| Layer { inputs: 1, outputs: 1, weight: vec![weight], bias: None };
    /// let net = Mlp { layers: vec![layer(2.0), layer(3.0)], activation: Activation::Identity };
    /// let kernel = net.ntk_packed(&[1.0, 5.0], 2, &[LayerRate::default(); 2])?;
    /// assert_eq!([kernel[0], kernel[2]], [13.0, 325.0]);
    /// assert!((kernel[1] - 65.0 * 2.0_f64.sqrt()).abs() < 1e-12);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn ntk_packed(
        &self,
        x: &[f64],
        rows: usize,
        rates: &[LayerRate],
    ) -> Result<Vec<f64>, MlpError> {
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        require_length("rates", rates.len(), self.layers.len())?;
        let size = outputs * rows;
        let mut packed = Vec::with_capacity(size * (size + 1) / 2);
        self.kernel_rows(x, rows, rates, |a, row| {
            packed.extend(row[..a].iter().map(|entry| SQRT_2 * entry));
            packed.push(row[a]);
        })?;
        Ok(packed)
    }

    /// Rows of the lower triangle of the kernel, from the first to the last: row a has a + 1
    /// entries.
    fn kernel_rows(
        &self,
        x: &[f64],
        rows: usize,
        rates: &[LayerRate],
        mut visit: impl FnMut(usize, &[f64]),
    ) -> Result<(), MlpError> {
        let layers = self.output_gradients(x, rows)?;
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        for output in 0..outputs {
            for first in (0..rows).step_by(BLOCK_ROWS) {
                let count = BLOCK_ROWS.min(rows - first);
                let start = output * rows + first;
                // Row by row [count, start + count].
                let width = start + count;
                let mut block = vec![0.0; count * width];
                for ((layer, at), rate) in self.layers.iter().zip(&layers).zip(rates) {
                    let bias = match layer.bias {
                        Some(_) => rate.bias,
                        None => 0.0,
                    };
                    let alike = products(&at.inputs, layer.inputs, first, count, rows);
                    let along = products(&at.gradients, layer.outputs, start, count, width);
                    for row in 0..count {
                        let alike = &alike[row * rows..(row + 1) * rows];
                        let place = row * width..(row + 1) * width;
                        let entries = block[place.clone()].iter_mut().zip(&along[place]);
                        // Columns run over all samples of one output, then of the next.
                        for ((entry, along), alike) in entries.zip(alike.iter().cycle()) {
                            *entry += along * (rate.weight * alike + bias);
                        }
                    }
                }
                for row in 0..count {
                    let own = &block[row * width..(row + 1) * width];
                    visit(start + row, &own[..=start + row]);
                }
            }
        }
        Ok(())
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
                    at_affine = layer.input_gradient(&at_affine, rows);
                    for (gradient, &z) in at_affine.iter_mut().zip(&trace.affine[below]) {
                        *gradient *= self.activation.derivative(z);
                    }
                }
            }
        }
        Ok(layers)
    }
}

/// Inner products of rows `first..first + count` of `values` `[M, width]` with its first `to` rows,
/// row-major `[count, to]`.
fn products(values: &[f64], width: usize, first: usize, count: usize, to: usize) -> Vec<f64> {
    // Row-major [M, width] is column-major [width, M].
    let own = DMatrix::from_row_slice(count, width, &values[first * width..][..count * width]);
    let all = DMatrixView::from_slice(&values[..to * width], width, to);
    (own * all).transpose().as_slice().to_vec()
}
