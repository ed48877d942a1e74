//! Models on basis functions: the output is linear in the basis, with strengths that are products
//! over layers.

use burn::tensor::{Tensor, TensorData};
use models::{DiagonalLinear, LinearBasis, LinearSkills, Multilinear, UnconstrainedFeatures};

use super::{Forward, with_way_back};
use crate::{DeviceBasis, DeviceBatch};

impl Forward for DiagonalLinear {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        let product = |factors: &[Tensor<3>]| {
            let (first, others) = factors.split_first().expect("a net has factors");
            (others.iter()).fold(first.clone(), |product, factor| product * factor.clone())
        };
        let (plus, minus) = parameters.split_at(self.depth);
        let outputs = on_basis(product(plus) - product(minus), batch);
        let [_, _, classes] = outputs.dims();
        match self.outputs.mixture(classes) {
            None => outputs,
            Some(mixture) => {
                let data = TensorData::new(mixture, [1, classes, classes]);
                let mixture = Tensor::from_data(data, (&outputs.device(), outputs.dtype()));
                outputs.matmul(mixture)
            }
        }
    }
}

impl Forward for LinearBasis {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        on_basis(parameters[0].clone(), batch)
    }
}

impl Forward for LinearSkills {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        on_basis(parameters[0].clone(), batch)
    }
}

impl Forward for Multilinear {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        let (first, others) = parameters.split_first().expect("a twin has layers");
        let product = (others.iter()).fold(first.clone(), |product, layer| product * layer.clone());
        on_basis(product, batch)
    }

    fn takes_backward(&self) -> bool {
        true
    }

    fn forward_through(
        &self,
        parameters: &[Tensor<3>],
        backward: &Tensor<3>,
        batch: &DeviceBatch,
    ) -> Tensor<3> {
        let (last, below) = parameters.split_last().expect("a twin has layers");
        let below = below
            .iter()
            .cloned()
            .reduce(|product, layer| product * layer);
        let below = below.expect("a twin has two layers or more");
        let value = below.clone().detach() * last.clone();
        on_basis(with_way_back(value, below * backward.clone()), batch)
    }
}

impl Forward for UnconstrainedFeatures {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        let (features, layers) = parameters.split_first().expect("a net has features");
        // From the classifier down: its rows are few.
        let below = layers.iter().rev().cloned();
        let layers = below.reduce(|above, layer| layer.matmul(above));
        let layers = layers.expect("a net has a classifier");
        on_basis(features.clone().matmul(layers), batch)
    }
}

/// Σ_k θ_k g_k.
///
/// # Shapes
/// - `strengths`: `[M, B, K]`; result: `[M, N, K]`
fn on_basis(strengths: Tensor<3>, batch: &DeviceBatch) -> Tensor<3> {
    match batch
        .basis
        .as_ref()
        .expect("the batch carries what the model needs")
    {
        DeviceBasis::Dense(basis) => basis.clone().matmul(strengths),
        DeviceBasis::Identity => strengths,
    }
}
