//! What models compute, as tensors on a device.
//!
//! A [`Model`] describes a net; [`Forward`] is its function. [`Forwards`] finds the function of a model
//! by its type, so that a crate outside this workspace can add its own.

mod basis;
mod mlp;

use std::{any::Any, sync::Arc};

use burn::tensor::Tensor;
use models::{
    DiagonalLinear, LinearBasis, LinearSkills, Mlp, Model, Multilinear, UnconstrainedFeatures,
};

use crate::DeviceBatch;

/// The function of a model: outputs from parameters and rows, for M members at once.
pub trait Forward: Model {
    /// Outputs for the parameters in the order of [`Model::initial`].
    ///
    /// # Shapes
    /// - `parameters[i]`: `[M, rows, columns]`, each member as in [`Model::initial`]
    /// - batch inputs: `[M, N, D]`, basis: `[M, N, B]`
    /// - output: `[M, N, K]`
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3>;

    /// Outputs of a model that remembers its initial parameters `start`: those of
    /// [`Forward::forward`] minus the same at the start, unless the model overrides this.
    ///
    /// # Shapes
    /// As in [`Forward::forward`].
    fn forward_from(
        &self,
        start: &[Tensor<3>],
        parameters: &[Tensor<3>],
        batch: &DeviceBatch,
    ) -> Tensor<3> {
        self.forward(parameters, batch) - self.forward(start, batch)
    }

    /// Whether [`Forward::forward_through`] is that of the model itself.
    fn takes_backward(&self) -> bool {
        false
    }

    /// The outputs of [`Forward::forward`], number by number, whose errors go back through
    /// `backward` in place of the last layer's weights. Only for models that
    /// [take it](Forward::takes_backward).
    ///
    /// # Shapes
    /// As in [`Forward::forward`]; `backward` as the weights of the last layer.
    fn forward_through(
        &self,
        parameters: &[Tensor<3>],
        _backward: &Tensor<3>,
        batch: &DeviceBatch,
    ) -> Tensor<3> {
        self.forward(parameters, batch)
    }
}

/// `value`, a function of `below` that carries nothing back to it, with the way back of `way`, a
/// function of the same `below`: adds `way` minus itself, which is 0.
fn with_way_back(value: Tensor<3>, way: Tensor<3>) -> Tensor<3> {
    value + (way.clone() - way.detach())
}

/// Finds the function of a model, where the model is of one type.
type Find = fn(&Arc<dyn Model>) -> Option<Arc<dyn Forward>>;

/// The functions of models, by type.
#[derive(Clone)]
pub struct Forwards(Vec<Find>);

impl Forwards {
    /// Adds the models of one type.
    pub fn register<M: Forward>(&mut self) {
        self.0.push(|model| {
            let any: Arc<dyn Any + Send + Sync> = model.clone();
            any.downcast::<M>()
                .ok()
                .map(|model| model as Arc<dyn Forward>)
        });
    }

    /// The function of a model; `None` where its type was never registered.
    pub fn of(&self, model: &Arc<dyn Model>) -> Option<Arc<dyn Forward>> {
        self.0.iter().find_map(|find| find(model))
    }
}

impl Default for Forwards {
    /// The models of this workspace.
    fn default() -> Self {
        let mut forwards = Self(Vec::new());
        forwards.register::<Mlp>();
        forwards.register::<Multilinear>();
        forwards.register::<LinearSkills>();
        forwards.register::<DiagonalLinear>();
        forwards.register::<LinearBasis>();
        forwards.register::<UnconstrainedFeatures>();
        forwards
    }
}
