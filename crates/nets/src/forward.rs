//! Forward functions of models, as tensors on a device.
//!
//! A [`Model`] describes a net, and [`Forward`] is its function. [`Forwards`] finds the function by
//! the type of the model, so that a crate outside this workspace can add its own models.

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
    /// Computes the outputs from parameters in the order of [`Model::initial`].
    ///
    /// # Shapes
    /// - `parameters[i]`: `[M, rows, columns]`, each member as in [`Model::initial`]
    /// - batch inputs: `[M, N, D]`, basis: `[M, N, B]`
    /// - output: `[M, N, K]`
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3>;

    /// Computes the outputs of a model that depends on its initial parameters `start`: by default
    /// [`Forward::forward`] at the parameters minus [`Forward::forward`] at the start.
    ///
    /// # Shapes
    /// The same as in [`Forward::forward`].
    fn forward_from(
        &self,
        start: &[Tensor<3>],
        parameters: &[Tensor<3>],
        batch: &DeviceBatch,
    ) -> Tensor<3> {
        self.forward(parameters, batch) - self.forward(start, batch)
    }

    /// The outputs in training, and new values `[M, rows, columns]` of arrays that training replaces
    /// without a gradient, by their place: the running statistics of normalised layers. By default
    /// the outputs of [`Forward::forward`], and none.
    ///
    /// # Shapes
    /// The same as in [`Forward::forward`].
    fn forward_training(
        &self,
        parameters: &[Tensor<3>],
        batch: &DeviceBatch,
    ) -> (Tensor<3>, Vec<(usize, Tensor<3>)>) {
        (self.forward(parameters, batch), Vec::new())
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

/// Returns the function of a model, if the model has the right type.
type Find = fn(&Arc<dyn Model>) -> Option<Arc<dyn Forward>>;

/// Forward functions by type of model.
#[derive(Clone)]
pub struct Forwards(Vec<Find>);

impl Forwards {
    /// Adds a type of model.
    pub fn register<M: Forward>(&mut self) {
        self.0.push(|model| {
            let any: Arc<dyn Any + Send + Sync> = model.clone();
            any.downcast::<M>()
                .ok()
                .map(|model| model as Arc<dyn Forward>)
        });
    }

    /// The function of a model; `None` if its type is not registered.
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
