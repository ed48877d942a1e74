//! The optimizers of the trainer, for parameters of other models.

use super::real::Real;
use super::simd::Arch;
use super::state::TrainerState;
use super::update::Update;
use crate::error::require_length;
use crate::{MlpError, Optimizer};

/// An optimizer with its state for `P` parameters. It serves models that are not multilayer
/// perceptrons and compute their own gradients.
///
/// # Examples
///
/// ```
/// let mut descent = mlp::Updater::<f32>::new(mlp::Optimizer::PLAIN, 2)?;
/// let mut parameters = [1.0, 2.0];
/// descent.step(&mut parameters, &[4.0, -4.0], 0.25)?;
/// assert_eq!(parameters, [0.0, 3.0]);
/// # Ok::<(), mlp::MlpError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Updater<T: Real> {
    optimizer: Optimizer,
    arch: Arch,
    parameters: usize,
    first: Vec<T>,
    second: Vec<T>,
    steps: u64,
}

impl<T: Real> Updater<T> {
    /// An optimizer before its first step.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if a constant of the optimizer is outside its domain, or if it is one
    /// [of matrices](Optimizer::of_matrices): these parameters have no rows and columns.
    pub fn new(optimizer: Optimizer, parameters: usize) -> Result<Self, MlpError> {
        optimizer.check()?;
        if optimizer.of_matrices().is_some() {
            return Err(MlpError::NoMatrices);
        }
        let moment = |index| {
            let kept = optimizer.moments() > index;
            vec![T::ZERO; if kept { parameters } else { 0 }]
        };
        Ok(Self {
            optimizer,
            arch: Arch::detect(),
            parameters,
            first: moment(0),
            second: moment(1),
            steps: 0,
        })
    }

    /// The state of the optimizer.
    pub fn state(&self) -> TrainerState {
        let read = |moment: &[T]| moment.iter().map(|value| value.to_f64()).collect();
        TrainerState {
            steps: self.steps,
            first: read(&self.first),
            second: read(&self.second),
        }
    }

    /// Restores a state from [`Updater::state`].
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if the moments do not fit this optimizer and number of parameters;
    /// nothing is changed then.
    pub fn set_state(&mut self, state: &TrainerState) -> Result<(), MlpError> {
        require_length("first", state.first.len(), self.first.len())?;
        require_length("second", state.second.len(), self.second.len())?;
        let read = |moment: &[f64]| moment.iter().map(|&value| T::from_f64(value)).collect();
        self.first = read(&state.first);
        self.second = read(&state.second);
        self.steps = state.steps;
        Ok(())
    }

    /// One step along `gradients`. Allocates nothing.
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if there are not P entries of both; nothing is changed then.
    pub fn step(
        &mut self,
        parameters: &mut [T],
        gradients: &[T],
        learning_rate: f64,
    ) -> Result<(), MlpError> {
        require_length("parameters", parameters.len(), self.parameters)?;
        require_length("gradients", gradients.len(), self.parameters)?;
        self.steps += 1;
        self.arch.run(Update {
            optimizer: self.optimizer,
            step: self.steps,
            rate: learning_rate,
            multiplier: T::ONE,
            parameters,
            gradients,
            first: &mut self.first,
            second: &mut self.second,
        });
        Ok(())
    }
}
