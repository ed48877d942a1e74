//! Derivatives of the training loss in the parameters of a net on the host.

use mlp::{Hessian, Loss, MlpError};
use tasks::Batch;

use crate::HostNet;

/// The Hessian of a training loss in the parameters that are trained, as a linear map.
pub struct LossHessian {
    hessian: Hessian,
    /// dW/dw of every parameter: the multipliers of the parametrisation.
    multipliers: Vec<f64>,
}

impl LossHessian {
    /// Number of parameters P.
    #[must_use]
    pub fn size(&self) -> usize {
        self.multipliers.len()
    }

    /// H v for a direction v `[P]`, layer by layer, weight before bias.
    ///
    /// # Errors
    /// `direction` does not have P entries.
    pub fn times(&self, direction: &[f64]) -> Result<Vec<f64>, MlpError> {
        let multiplied = |values: &[f64]| -> Vec<f64> {
            let pairs = values.iter().zip(&self.multipliers);
            pairs.map(|(value, m)| value * m).collect()
        };
        Ok(multiplied(&self.hessian.times(&multiplied(direction))?))
    }
}

impl HostNet {
    /// f on rows: α times the net, minus that of `start` where the output is centred. `[N, K]`
    fn outputs(&self, rows: &Batch, start: Option<&Self>) -> Result<Vec<f64>, MlpError> {
        let mut outputs = self.net.forward(&rows.inputs, rows.rows)?;
        if let Some(start) = start {
            let first = start.net.forward(&rows.inputs, rows.rows)?;
            outputs.iter_mut().zip(first).for_each(|(f, f0)| *f -= f0);
        }
        outputs.iter_mut().for_each(|f| *f *= self.output_scale);
        Ok(outputs)
    }

    /// Multipliers of all parameters, in the order of [`mlp::Mlp::parameters`].
    fn multipliers(&self) -> Vec<f64> {
        let layers = self.net.layers.iter().zip(&self.rates);
        let of_layer = layers.flat_map(|(layer, rate)| {
            let biases = layer.bias.as_ref().map_or(0, Vec::len);
            let weights = std::iter::repeat_n(rate.weight.sqrt(), layer.weight.len());
            weights.chain(std::iter::repeat_n(rate.bias.sqrt(), biases))
        });
        of_layer.collect()
    }

    /// ∂L/∂θ of every layer, weight before bias, in the parameters that are trained.
    ///
    /// `start` is the net at its initial parameters if its output is subtracted there, as in models with
    /// [`crate::Model::centred`].
    ///
    /// # Errors
    /// The rows do not fit the net, or their targets the loss.
    pub fn loss_gradient(
        &self,
        loss: Loss,
        rows: &Batch,
        start: Option<&Self>,
    ) -> Result<Vec<Vec<f64>>, MlpError> {
        let (outputs, weights) = (self.outputs(rows, start)?, rows.weights.as_deref());
        let found = loss.evaluate(&outputs, &rows.targets, rows.shape.outputs, weights)?;
        let gradient: Vec<f64> = (found.gradient.iter())
            .map(|slope| self.output_scale * slope)
            .collect();
        let gradients = self.net.gradients(&rows.inputs, rows.rows, &gradient)?;
        let layers = gradients.into_iter().zip(&self.rates);
        let scaled = layers.map(|(layer, rate)| {
            let bias = layer.bias.unwrap_or_default().into_iter();
            let weight = layer.weight.into_iter().map(|g| g * rate.weight.sqrt());
            weight.chain(bias.map(|g| g * rate.bias.sqrt())).collect()
        });
        Ok(scaled.collect())
    }

    /// ∂²L/∂θ∂θ in the parameters that are trained; `start` as for [`Self::loss_gradient`].
    ///
    /// # Errors
    /// As [`Self::loss_gradient`].
    pub fn loss_hessian(
        &self,
        loss: Loss,
        rows: &Batch,
        start: Option<&Self>,
    ) -> Result<LossHessian, MlpError> {
        let (outputs, weights) = (self.outputs(rows, start)?, rows.weights.as_deref());
        let (targets, columns) = (&rows.targets, rows.shape.outputs);
        let mut gradient = loss.evaluate(&outputs, targets, columns, weights)?.gradient;
        let mut curvature = loss.curvature(&outputs, targets, columns, weights)?;
        // Outputs are α times those of the net.
        let alpha = self.output_scale;
        gradient.iter_mut().for_each(|slope| *slope *= alpha);
        curvature
            .iter_mut()
            .for_each(|entry| *entry *= alpha * alpha);
        let net = &self.net;
        Ok(LossHessian {
            hessian: net.hessian(&rows.inputs, rows.rows, &gradient, curvature)?,
            multipliers: self.multipliers(),
        })
    }
}
