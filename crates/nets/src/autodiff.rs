use burn::tensor::Tensor;

use crate::{
    DeviceBatch, HostArray, Learner, LearnerError, Loss, Model, Optimizer, Target, array::download,
    optimizer::State,
};

/// The reference engine: burn records the graph of the loss and differentiates it.
pub struct AutodiffLearner {
    model: Box<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    parameters: Vec<Tensor<2>>,
    /// Initial parameters on the device, where the model remembers them.
    origin: Option<Vec<Tensor<2>>>,
    states: Vec<State>,
    loss: Loss,
    optimizer: Optimizer,
    lr_scale: f64,
}

impl AutodiffLearner {
    /// A learner that starts from `initial`.
    pub fn new(
        model: Box<dyn Model>,
        initial: Vec<HostArray>,
        loss: Loss,
        optimizer: Optimizer,
        target: &Target,
    ) -> Self {
        let parameters: Vec<_> = initial
            .iter()
            .map(|array| array.to_device(target))
            .collect();
        Self {
            origin: model.remembers_start().then(|| parameters.clone()),
            states: vec![State::default(); parameters.len()],
            lr_scale: model.lr_scale(),
            model,
            initial,
            parameters,
            loss,
            optimizer,
        }
    }

    /// Puts other parameters in the place of the present ones.
    pub(crate) fn set(&mut self, arrays: &[HostArray], target: &Target) {
        self.parameters = arrays.iter().map(|array| array.to_device(target)).collect();
    }

    fn forward(&self, parameters: &[Tensor<2>], batch: &DeviceBatch) -> Tensor<2> {
        match &self.origin {
            Some(origin) => self.model.forward_from(origin, parameters, batch),
            None => self.model.forward(parameters, batch),
        }
    }
}

impl Learner for AutodiffLearner {
    fn engine(&self) -> &'static str {
        "autodiff"
    }

    fn model(&self) -> &dyn Model {
        &*self.model
    }

    fn step(&mut self, batch: &DeviceBatch, lr: f64) {
        let leaves: Vec<_> = self
            .parameters
            .iter()
            .map(|p| p.clone().autodiff().require_grad())
            .collect();
        let outputs = self.forward(&leaves, batch);
        let loss = self
            .loss
            .of(outputs, batch.targets.clone(), batch.weights.clone());
        let mut gradients = loss.backward();
        let lr = lr * self.lr_scale;
        for ((parameter, leaf), state) in
            self.parameters.iter_mut().zip(leaves).zip(&mut self.states)
        {
            // A parameter that the loss does not reach has no gradient and stays.
            if let Some(gradient) = leaf.grad_remove(&mut gradients) {
                *parameter = self.optimizer.step(state, parameter.clone(), gradient, lr);
            }
        }
    }

    fn outputs(&self, batch: &DeviceBatch) -> Result<Vec<f64>, LearnerError> {
        download(&self.forward(&self.parameters, batch)).map_err(LearnerError::Device)
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        self.initial
            .iter()
            .zip(&self.parameters)
            .map(|(array, tensor)| array.read(tensor).map_err(LearnerError::Device))
            .collect()
    }
}
