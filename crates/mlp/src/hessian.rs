//! Second derivatives of a loss: products of its Hessian with directions, without the Hessian.

use nalgebra::{DMatrix, DMatrixView};

use crate::error::{MlpError, require_length};
use crate::loss::Loss;
use crate::network::Mlp;

/// What one layer holds on the rows. Matrices have one column per row of the data, so that a row-major
/// slice `[N, H]` is a matrix H × N without a copy.
struct AtLayer {
    /// X, the input of the layer, D × N.
    inputs: DMatrix<f64>,
    /// Wᵀ, H × D.
    weight: DMatrix<f64>,
    /// Whether the layer has a bias.
    bias: bool,
    /// Gradient of the loss at the affine output, H × N.
    gradient: DMatrix<f64>,
    /// φ' at the affine output, and φ'' times the gradient at the activation's output, H × N each. Only
    /// below another layer.
    activation: Option<[DMatrix<f64>; 2]>,
}

/// The Hessian of a loss at some parameters, on some rows, as a linear map.
///
/// Products with a direction v are exact, by differentiating forward and backward pass along v
/// \[Pearlmutter1994\]. At a kink of the activation the second derivative is taken as 0, as it is on both
/// sides.
pub struct Hessian {
    layers: Vec<AtLayer>,
    /// ∂²L/∂f∂f of each row, `[N, K, K]`.
    outputs: Vec<f64>,
    parameters: usize,
}

impl Mlp {
    /// The Hessian of L(f(x)) in all parameters, from the gradient and the Hessian of L at the outputs f.
    ///
    /// # Shapes
    ///
    /// `x` `[N, D]` with `rows` = N; `gradient` ∂L/∂f `[N, K]`; `curvature` ∂²L/∂f∂f of each row,
    /// `[N, K, K]`, as from [`Loss::curvature`].
    ///
    /// # Errors
    ///
    /// As [`Mlp::forward`], and if `gradient` or `curvature` have another length.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlp::{Activation, Layer, Loss, Mlp, Reduction};
    /// let layer = |weight| Layer { inputs: 1, outputs: 1, weight: vec![weight], bias: None };
    /// let net = Mlp { layers: vec![layer(2.0), layer(3.0)], activation: Activation::Identity };
    /// let loss = Loss::Mse { half: true, outputs: Reduction::Sum };
    /// // ½ (a b x − y)² at a = 2, b = 3, x = 1, y = 5: [[b², 2 a b − y], [2 a b − y, a²]].
    /// let (x, y) = ([1.0], [5.0]);
    /// let outputs = net.forward(&x, 1)?;
    /// let gradient = loss.evaluate(&outputs, &y, 1, None)?.gradient;
    /// let hessian = net.hessian(&x, 1, &gradient, loss.curvature(&outputs, &y, 1, None)?)?;
    /// assert_eq!(hessian.times(&[1.0, 0.0])?, [9.0, 7.0]);
    /// assert_eq!(hessian.times(&[0.0, 1.0])?, [7.0, 4.0]);
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn hessian(
        &self,
        x: &[f64],
        rows: usize,
        gradient: &[f64],
        curvature: Vec<f64>,
    ) -> Result<Hessian, MlpError> {
        let trace = self.trace(x, rows)?;
        let outputs = self.layers.last().ok_or(MlpError::NoLayers)?.outputs;
        require_length("gradient", gradient.len(), rows * outputs)?;
        require_length("curvature", curvature.len(), rows * outputs * outputs)?;
        let mut at_affine = DMatrix::from_column_slice(outputs, rows, gradient);
        let mut activation = None;
        let mut layers = Vec::with_capacity(self.layers.len());
        for (index, (layer, inputs)) in self.layers.iter().zip(&trace.inputs).enumerate().rev() {
            let weight = DMatrix::from_column_slice(layer.outputs, layer.inputs, &layer.weight);
            let below = index.checked_sub(1).map(|below| {
                let affine = trace.affine[below].iter();
                let (slopes, bends): (Vec<f64>, Vec<f64>) =
                    affine.map(|&z| self.activation.slope_and_bend(z)).unzip();
                let matrix = |values| DMatrix::from_vec(layer.inputs, rows, values);
                let at_features = weight.tr_mul(&at_affine);
                let slopes = matrix(slopes);
                let gradient = at_features.component_mul(&slopes);
                let bends = matrix(bends).component_mul(&at_features);
                (gradient, [slopes, bends])
            });
            let (gradient, next) = match below {
                Some((below, next)) => (std::mem::replace(&mut at_affine, below), Some(next)),
                None => (
                    std::mem::replace(&mut at_affine, DMatrix::zeros(0, 0)),
                    None,
                ),
            };
            layers.push(AtLayer {
                inputs: DMatrix::from_column_slice(layer.inputs, rows, inputs),
                weight,
                bias: layer.bias.is_some(),
                gradient,
                activation: std::mem::replace(&mut activation, next),
            });
        }
        layers.reverse();
        Ok(Hessian {
            layers,
            outputs: curvature,
            parameters: self.parameters().len(),
        })
    }
}

impl Hessian {
    /// Number of parameters.
    #[must_use]
    pub fn size(&self) -> usize {
        self.parameters
    }

    /// H v.
    ///
    /// # Shapes
    ///
    /// `direction` v and the result: `[P]`, in the order of [`Mlp::parameters`].
    ///
    /// # Errors
    ///
    /// [`MlpError`] if `direction` has another length.
    pub fn times(&self, direction: &[f64]) -> Result<Vec<f64>, MlpError> {
        require_length("direction", direction.len(), self.parameters)?;
        let mut rest = direction;
        // V_l and the changes of inputs and affine outputs along v, layer by layer.
        let mut turned = Vec::with_capacity(self.layers.len());
        let mut inputs_change: Option<DMatrix<f64>> = None;
        let mut affine_change = DMatrix::zeros(0, 0);
        for layer in &self.layers {
            let (height, width) = layer.weight.shape();
            let (own, after) = rest.split_at(height * width);
            rest = after;
            let own = DMatrix::from_column_slice(height, width, own);
            affine_change = &own * &layer.inputs;
            if let Some(change) = &inputs_change {
                affine_change += &layer.weight * change;
            }
            if layer.bias {
                let (bias, after) = rest.split_at(height);
                rest = after;
                for mut column in affine_change.column_iter_mut() {
                    column += DMatrixView::from_slice(bias, height, 1);
                }
            }
            let next =
                (layer.activation.as_ref()).map(|[slopes, _]| affine_change.component_mul(slopes));
            let before = std::mem::replace(&mut inputs_change, next);
            turned.push((own, before, affine_change.clone()));
        }
        // Change of the gradient at the affine outputs, from the last layer to the first.
        let mut change = self.loss_curvature_times(&affine_change);
        let mut parts = Vec::with_capacity(self.layers.len());
        for (index, (layer, (own, inputs_change, _))) in
            self.layers.iter().zip(&turned).enumerate().rev()
        {
            let mut weight = &change * layer.inputs.transpose();
            if let Some(inputs_change) = inputs_change {
                weight += &layer.gradient * inputs_change.transpose();
            }
            let mut part = weight.as_slice().to_vec();
            if layer.bias {
                part.extend(change.row_iter().map(|row| row.sum()));
            }
            parts.push(part);
            if let Some(below) = index.checked_sub(1)
                && let Some([slopes, bends]) = &self.layers[below].activation
            {
                let at_features = layer.weight.tr_mul(&change) + own.tr_mul(&layer.gradient);
                change = at_features.component_mul(slopes) + bends.component_mul(&turned[below].2);
            }
        }
        parts.reverse();
        Ok(parts.concat())
    }

    /// ∂²L/∂f∂f times a change of the outputs K × N.
    fn loss_curvature_times(&self, change: &DMatrix<f64>) -> DMatrix<f64> {
        let outputs = change.nrows();
        let mut result = DMatrix::zeros(outputs, change.ncols());
        let blocks = self.outputs.chunks_exact(outputs * outputs);
        for ((block, from), mut into) in blocks
            .zip(change.column_iter())
            .zip(result.column_iter_mut())
        {
            // Symmetric, so that the order of its entries does not matter.
            into.copy_from(&(DMatrixView::from_slice(block, outputs, outputs) * from));
        }
        result
    }
}

impl Loss {
    /// ∂²L/∂f∂f of every row at the outputs f: factor · w_r I for squared errors, w_r (diag p − p pᵀ)
    /// for the cross-entropy with p = softmax(f), and 0 for the hinge loss, which is linear between kinks.
    ///
    /// # Shapes
    ///
    /// As [`Loss::evaluate`]; the result is `[N, K, K]`.
    ///
    /// # Errors
    ///
    /// As [`Loss::evaluate`].
    pub fn curvature(
        self,
        outputs: &[f64],
        targets: &[f64],
        n_outputs: usize,
        row_weights: Option<&[f64]>,
    ) -> Result<Vec<f64>, MlpError> {
        self.evaluate(outputs, targets, n_outputs, row_weights)?;
        let rows = outputs.len() / n_outputs;
        let factor = self.flow_factor(n_outputs);
        let mut curvature = Vec::with_capacity(rows * n_outputs * n_outputs);
        for (row, f) in outputs.chunks(n_outputs).enumerate() {
            let weight = factor * row_weights.map_or(1.0 / rows as f64, |weights| weights[row]);
            let top = f.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = f.iter().map(|f| (f - top).exp()).sum();
            let share = |k: usize| (f[k] - top).exp() / total;
            for (a, b) in (0..n_outputs).flat_map(|a| (0..n_outputs).map(move |b| (a, b))) {
                let same = f64::from(u8::from(a == b));
                curvature.push(match self {
                    Self::Mse { .. } => weight * same,
                    Self::CrossEntropy => weight * share(a) * (same - share(b)),
                    Self::Hinge { .. } => 0.0,
                });
            }
        }
        Ok(curvature)
    }
}
