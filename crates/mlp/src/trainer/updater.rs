//! The trainer's optimizers on parameters that are no net's.

use super::real::Real;
use super::simd::Arch;
use super::state::TrainerState;
use super::update::Update;
use crate::error::require_length;
use crate::{MlpError, Optimizer};

/// An optimizer with what it remembers of `P` parameters, for models that are no multilayer perceptron
/// and find their gradients themselves.
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
    /// [`MlpError`] if a constant of the optimizer is off its domain.
    pub fn new(optimizer: Optimizer, parameters: usize) -> Result<Self, MlpError> {
        optimizer.check()?;
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

    /// What the optimizer remembers.
    pub fn state(&self) -> TrainerState {
        let read = |moment: &[T]| moment.iter().map(|value| value.to_f64()).collect();
        TrainerState {
            steps: self.steps,
            first: read(&self.first),
            second: read(&self.second),
        }
    }

    /// Puts back what [`Updater::state`] gave.
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if the moments are not those of this optimizer and as many parameters; then
    /// nothing is changed.
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
    /// [`MlpError::Length`] if there are not P of both; then nothing is changed.
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
