use std::sync::Arc;

use burn::tensor::Tensor;
use models::{HostArray, Interventions, LearnerState, Loss, Model, Optimizer};

use crate::{
    Forward, LearnerError, Learners, Member, Rows, Target, TrainingSetup,
    array::{self, download, upload_rates},
    engine::{Coverage, Engine},
    interventions::Treated,
    learner_state::{check_count, check_like},
    loss::summed_loss,
    optimizer::{self, Rate, State},
};

/// Why every engine but `mlp` does not train a model with dropout.
pub(crate) const NO_DROPOUT: &str = "leaves no neurons out of a step (dropout)";

/// Why an engine does not train a model with an optimizer of matrices.
pub(crate) const NO_MATRICES: &str = "knows no matrices in this model, which the optimizer muon steps; its \
                                      counterpart for single numbers is kind = \"sign\"";

/// The reference engine: burn records the graph of the loss and differentiates it.
pub(crate) struct Autodiff;

impl Engine for Autodiff {
    fn name(&self) -> &'static str {
        "autodiff"
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            models: "every model that has a forward function",
            losses: "all",
            optimizers: "all; muon where weights are matrices",
            precisions: "f32, f64",
            devices: "all",
            interventions: "freeze, feedback, clamp; balance where the layers are those of a perceptron",
        }
    }

    fn uses_device(&self) -> bool {
        true
    }

    fn covers(&self, setup: &TrainingSetup<'_>) -> Result<(), &'static str> {
        let model = &setup.first().model;
        let Some(function) = setup.forwards.of(model) else {
            return Err("has no forward function for this model");
        };
        // All that there are; a new one has to be carried out here, or refused.
        let Interventions {
            freeze: _,
            feedback,
            clamp: _,
            balance,
            dropout,
        } = model.interventions();
        if dropout.is_some() {
            return Err(NO_DROPOUT);
        }
        let first = setup.first();
        if balance.is_some() && model.host_layers(&first.initial).is_none() {
            return Err("knows no layers in this model, whose neurons it could balance");
        }
        if feedback.is_some() && !function.takes_backward() {
            return Err("knows no way back through other weights for this model");
        }
        if setup.optimizer.of_matrices().is_some() && !model.has_matrices() {
            return Err(NO_MATRICES);
        }
        Ok(())
    }

    fn start(&self, setup: TrainingSetup<'_>) -> Result<Box<dyn Learners>, LearnerError> {
        Ok(Box::new(AutodiffLearners::new(setup)?))
    }
}

/// Members stacked into tensors of rank 3, so that each kernel launch covers all of them.
pub(crate) struct AutodiffLearners {
    members: Vec<Member>,
    /// Forward function of the models; it is the same in all members.
    function: Arc<dyn Forward>,
    /// `[M, rows, columns]` each.
    parameters: Vec<Tensor<3>>,
    /// Initial parameters on the device, if the model depends on them.
    origin: Option<Vec<Tensor<3>>>,
    states: Vec<State>,
    loss: Loss,
    optimizer: Optimizer,
    target: Target,
    /// Weights through which errors go back, `[M, in, out]`.
    backward: Option<Tensor<3>>,
    /// What is done to arrays, the same in all members but for norms, and for layers that freeze when a
    /// condition holds.
    treated: Option<Vec<Treated>>,
    /// Why the device failed while neurons were balanced: a step cannot say so, and what is read next does.
    failure: Option<String>,
    /// Steps taken.
    steps: u64,
    /// Learning rates of the last step, on the host and on the device.
    rate: Option<(Vec<f64>, Rate)>,
}

impl AutodiffLearners {
    /// Creates learners that start from the initial parameters of the members.
    ///
    /// # Errors
    /// The model has no forward function on a device.
    pub(crate) fn new(setup: TrainingSetup<'_>) -> Result<Self, LearnerError> {
        let function = setup.forwards.of(&setup.first().model);
        let function = function.ok_or(LearnerError::NotCovered {
            engine: Autodiff.name().to_owned(),
            reason: "has no forward function for this model",
        })?;
        let members = setup.members;
        let initial = members.iter().map(|member| &member.initial[..]);
        let parameters = stack(initial, setup.target);
        let backward: Option<Vec<&HostArray>> = members
            .iter()
            .map(|member| member.backward.as_ref())
            .collect();
        let backward = backward.map(|arrays| array::stack(&arrays, setup.target));
        let treated = (members.iter())
            .map(|member| Treated::of(&*member.model, &member.initial))
            .collect();
        let remembers = members.iter().any(|member| member.model.remembers_start());
        Ok(Self {
            origin: remembers.then(|| parameters.clone()),
            states: vec![State::default(); parameters.len()],
            members,
            function,
            parameters,
            loss: setup.loss,
            optimizer: setup.optimizer,
            target: setup.target.clone(),
            backward,
            treated,
            failure: None,
            steps: 0,
            rate: None,
        })
    }

    /// Replaces the parameters of the only member.
    pub(crate) fn set_parameters(&mut self, arrays: &[HostArray]) {
        self.parameters = stack(std::iter::once(arrays), &self.target);
    }

    fn forward(&self, parameters: &[Tensor<3>], rows: &Rows<'_>) -> Tensor<3> {
        evaluate(&*self.function, self.origin.as_deref(), parameters, rows)
    }

    /// Outputs whose errors go back through other weights than the last layer's.
    fn forward_through(
        &self,
        parameters: &[Tensor<3>],
        backward: &Tensor<3>,
        rows: &Rows<'_>,
    ) -> Tensor<3> {
        let batch = rows.on_device();
        let outputs = self.function.forward_through(parameters, backward, batch);
        match &self.origin {
            Some(origin) => outputs - self.function.forward(origin, batch),
            None => outputs,
        }
    }

    /// The learning rates of the members, uploaded when they change.
    fn rate(&mut self, lr: &[f64]) -> Rate {
        if let Some((known, rate)) = &self.rate
            && known == lr
        {
            return rate.clone();
        }
        let rate = if lr.iter().all(|rate| *rate == lr[0]) {
            Rate::Same(lr[0])
        } else {
            Rate::Each(upload_rates(lr, &self.target))
        };
        self.rate = Some((lr.to_vec(), rate.clone()));
        rate
    }
}

/// All numbers of the arrays, one after the other.
fn flat(arrays: &[HostArray]) -> Vec<f64> {
    (arrays.iter().flat_map(|array| &array.values).copied()).collect()
}

/// Outputs at `parameters`, for a model that may depend on its initial parameters.
fn evaluate(
    function: &dyn Forward,
    origin: Option<&[Tensor<3>]>,
    parameters: &[Tensor<3>],
    rows: &Rows<'_>,
) -> Tensor<3> {
    match origin {
        Some(origin) => function.forward_from(origin, parameters, rows.on_device()),
        None => function.forward(parameters, rows.on_device()),
    }
}

/// The norms that the array at `place` keeps in every member.
fn norms_of(members: &[Treated], place: usize) -> Option<Vec<f64>> {
    members.iter().map(|treated| treated.norms[place]).collect()
}

/// The arrays of the members rescaled to these norms, without waiting for the device.
fn with_norms(arrays: Tensor<3>, norms: &[f64], target: &Target) -> Tensor<3> {
    /// Arrays that are all 0 stay; smaller norms than this have no direction in f32.
    const SMALLEST: f64 = 1e-30;
    let squares = arrays.clone().square().sum_dim(1).sum_dim(2);
    let found = squares.sqrt().clamp_min(SMALLEST);
    arrays * (upload_rates(norms, target) / found)
}

/// The arrays of the members, with those of frozen members as they were before the step, without waiting
/// for the device.
fn put_back(after: Tensor<3>, before: Tensor<3>, frozen: &[bool], target: &Target) -> Tensor<3> {
    let frozen: Vec<f64> = frozen.iter().map(|&frozen| frozen.into()).collect();
    let mask = upload_rates(&frozen, target).greater_elem(0.5);
    let mask = mask.expand(after.dims());
    after.mask_where(mask, before)
}

fn stack<'a>(members: impl Iterator<Item = &'a [HostArray]>, target: &Target) -> Vec<Tensor<3>> {
    let members: Vec<&[HostArray]> = members.collect();
    let arrays = members.first().map_or(0, |arrays| arrays.len());
    (0..arrays)
        .map(|place| {
            let alike: Vec<&HostArray> = members.iter().map(|arrays| &arrays[place]).collect();
            array::stack(&alike, target)
        })
        .collect()
}

impl Learners for AutodiffLearners {
    fn engine(&self) -> &'static str {
        "autodiff"
    }

    fn model(&self, member: usize) -> &dyn Model {
        &*self.members[member].model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]) {
        let leaves: Vec<_> = self
            .parameters
            .iter()
            .map(|p| p.clone().autodiff().require_grad())
            .collect();
        let batch = rows.on_device();
        let (outputs, replaced) = match (&self.backward, &self.origin) {
            (None, None) => self.function.forward_training(&leaves, batch),
            (None, Some(_)) => (self.forward(&leaves, rows), Vec::new()),
            (Some(backward), _) => (self.forward_through(&leaves, backward, rows), Vec::new()),
        };
        let (targets, weights) = (batch.targets.clone(), batch.weights.clone());
        let loss = summed_loss(self.loss, outputs, targets, weights);
        let mut gradients = loss.backward();
        let rate = self.rate(lr);
        let (treated, steps) = (self.treated.as_deref(), self.steps);
        let frozen_at = |place: usize| -> Vec<bool> {
            let members = treated.into_iter().flatten();
            members.map(|member| member.freezes(place, steps)).collect()
        };
        let arrays = self.parameters.iter_mut().zip(leaves).zip(&mut self.states);
        for (place, ((parameter, leaf), state)) in arrays.enumerate() {
            let frozen = frozen_at(place);
            if !frozen.is_empty() && frozen.iter().all(|frozen| *frozen) {
                continue;
            }
            // A parameter that does not affect the loss has no gradient and does not change.
            if let Some(gradient) = leaf.grad_remove(&mut gradients) {
                let before = parameter.clone();
                let is_bias = self.members[0].initial[place].is_bias();
                let after =
                    optimizer::step(self.optimizer, is_bias, state, before, gradient, &rate);
                *parameter = if frozen.contains(&true) {
                    put_back(after, parameter.clone(), &frozen, &self.target)
                } else {
                    after
                };
            }
            if let Some(norms) = treated.and_then(|treated| norms_of(treated, place)) {
                *parameter = with_norms(parameter.clone(), &norms, &self.target);
            }
        }
        for (place, arrays) in replaced {
            self.parameters[place] = arrays;
        }
        self.steps += 1;
        self.balance();
    }

    fn freeze(&mut self, member: usize, layer: usize, from: u64) {
        if let Some(treated) = &mut self.treated {
            treated[member].freeze(&*self.members[member].model, layer, from);
        }
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        self.check_device()?;
        download(&self.forward(&self.parameters, rows)).map_err(LearnerError::Device)
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        self.check_device()?;
        let of_member = |all: &[Tensor<3>]| -> Vec<Tensor<3>> {
            all.iter()
                .map(|array| array.clone().narrow(0, member, 1))
                .collect()
        };
        let origin = self.origin.as_deref().map(of_member);
        let parameters = of_member(&self.parameters);
        let outputs = evaluate(&*self.function, origin.as_deref(), &parameters, rows);
        let mut outputs = download(&outputs).map_err(LearnerError::Device)?;
        Ok(outputs.swap_remove(0))
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        self.check_device()?;
        let mut members: Vec<Vec<HostArray>> = vec![Vec::new(); self.members.len()];
        for (place, tensor) in self.parameters.iter().enumerate() {
            let values = download(tensor).map_err(LearnerError::Device)?;
            for ((arrays, member), values) in members.iter_mut().zip(&self.members).zip(values) {
                arrays.push(HostArray {
                    values,
                    ..member.initial[place].clone()
                });
            }
        }
        Ok(members)
    }

    fn states(&self) -> Result<Vec<LearnerState>, LearnerError> {
        let first = self.moments(|state| state.first.as_ref())?;
        let second = self.moments(|state| state.second.as_ref())?;
        let members = self.parameters()?.into_iter().zip(first).zip(second);
        let states = members.map(|((parameters, first), second)| LearnerState {
            steps: self.steps,
            parameters,
            first,
            second,
        });
        Ok(states.collect())
    }

    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError> {
        check_count(states, self.members.len())?;
        for (member, state) in self.members.iter().zip(states) {
            check_like(&member.initial, &state.parameters)?;
        }
        let first = self.stack_moments(states, |state| &state.first)?;
        let second = self.stack_moments(states, |state| &state.second)?;
        let members = states.iter().map(|state| &state.parameters[..]);
        self.parameters = stack(members, &self.target);
        self.steps = states[0].steps;
        // Only Adam counts, and all parameters that the loss reaches alike.
        let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
        let moments = first.into_iter().zip(second);
        self.states = moments
            .map(|(first, second)| State {
                first,
                steps: if second.is_some() { steps } else { 0 },
                second,
            })
            .collect();
        Ok(())
    }
}

impl AutodiffLearners {
    /// The error of a device that failed while neurons were balanced.
    fn check_device(&self) -> Result<(), LearnerError> {
        let failure = self.failure.clone();
        failure.map_or(Ok(()), |error| Err(LearnerError::Device(error)))
    }

    /// Balances the neurons of the members that are due after this step, on the host and in f64, as the
    /// engine of perceptrons does. This waits for the device.
    fn balance(&mut self) {
        let steps = self.steps;
        let due: Vec<bool> = (self.members.iter())
            .map(|member| {
                let balance = member.model.interventions().balance;
                balance.is_some_and(|balance| steps.is_multiple_of(balance.every))
            })
            .collect();
        if !due.contains(&true) {
            return;
        }
        let mut members = match self.parameters() {
            Ok(members) => members,
            Err(error) => {
                self.failure = Some(error.to_string());
                return;
            }
        };
        for ((arrays, member), due) in members.iter_mut().zip(&self.members).zip(due) {
            if let Some(host) = member.model.host_layers(arrays).filter(|_| due) {
                let mut values: Vec<f64> = flat(arrays);
                mlp::rebalance(&host.layers, host.activation, &mut values);
                let mut rest = &values[..];
                for array in arrays {
                    let (own, after) = rest.split_at(array.values.len());
                    array.values.copy_from_slice(own);
                    rest = after;
                }
            }
        }
        let members = members.iter().map(|arrays| &arrays[..]);
        self.parameters = stack(members, &self.target);
    }

    /// A moment of every member on the host; empty if no parameter has this moment.
    fn moments(
        &self,
        of: impl Fn(&State) -> Option<&Tensor<3>>,
    ) -> Result<Vec<Vec<Option<HostArray>>>, LearnerError> {
        let mut members = vec![Vec::new(); self.members.len()];
        if self.states.iter().all(|state| of(state).is_none()) {
            return Ok(members);
        }
        for (place, state) in self.states.iter().enumerate() {
            let values = of(state).map(download).transpose();
            let mut values = values.map_err(LearnerError::Device)?.map(Vec::into_iter);
            for (arrays, member) in members.iter_mut().zip(&self.members) {
                let values = values.as_mut().and_then(Iterator::next);
                arrays.push(values.map(|values| HostArray {
                    values,
                    ..member.initial[place].clone()
                }));
            }
        }
        Ok(members)
    }

    /// Stacks a moment of each parameter on the device, for all members.
    fn stack_moments(
        &self,
        states: &[LearnerState],
        of: impl Fn(&LearnerState) -> &Vec<Option<HostArray>>,
    ) -> Result<Vec<Option<Tensor<3>>>, LearnerError> {
        let at = |place: usize| {
            let arrays = states.iter().map(|state| of(state).get(place));
            let arrays: Vec<&HostArray> = arrays.filter_map(|array| array?.as_ref()).collect();
            match arrays.len() {
                0 => Ok(None),
                all if all == states.len() => Ok(Some(array::stack(&arrays, &self.target))),
                _ => {
                    let problem = "only some members have a moment of a parameter".to_owned();
                    Err(LearnerError::State(problem))
                }
            }
        };
        (0..self.parameters.len()).map(at).collect()
    }
}
