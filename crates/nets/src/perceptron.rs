use std::{cell::RefCell, sync::Arc};

use mlp::{Controls, Dropout, HostRows, Instructions, MlpError, Real, Trainer, TrainerConfig};
use models::{
    HostArray, HostLayers, Interventions, LearnerState, Loss, Model, Optimizer, Precision,
};
use tasks::{Batch, stream::StreamKey};

use crate::{
    LearnerError, Learners, Member, Rows, TrainingSetup,
    engine::{Coverage, Engine},
    interventions::Treated,
    learner_state::{check_count, check_like, joined, moments_of, split, with_moments},
};

/// The engine for multilayer perceptrons on the CPU, in f32 or f64. Gradients are written by hand,
/// on buffers that are allocated once ([`mlp::Trainer`]). The result equals that of `autodiff` up
/// to rounding.
pub(crate) struct Perceptron;

impl Engine for Perceptron {
    fn name(&self) -> &'static str {
        "mlp"
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            models: "multilayer perceptrons, neither linearised nor with fixed gates",
            losses: "all",
            optimizers: "all",
            precisions: "f32, f64",
            devices: "CPU",
            interventions: "freeze, feedback, clamp, balance, dropout",
        }
    }

    fn covers(&self, setup: &TrainingSetup<'_>) -> Result<(), &'static str> {
        let Member { model, initial, .. } = setup.first();
        // All that there are; a new one has to be carried out here, or refused.
        let Interventions {
            freeze: _,
            feedback: _,
            clamp: _,
            balance: _,
            dropout: _,
        } = model.interventions();
        match model.host_layers(initial) {
            Some(_) => Ok(()),
            None => {
                Err("trains only multilayer perceptrons, neither linearised nor with fixed gates")
            }
        }
    }

    fn start(&self, setup: TrainingSetup<'_>) -> Result<Box<dyn Learners>, LearnerError> {
        let refused = |error: MlpError| LearnerError::Refused(error.to_string());
        Ok(match setup.target.precision() {
            Precision::F32 => Box::new(Perceptrons::<f32>::new(setup).map_err(refused)?),
            Precision::F64 => Box::new(Perceptrons::<f64>::new(setup).map_err(refused)?),
        })
    }
}

/// Members, one after another.
struct Perceptrons<T: Real>(Vec<PerceptronMember<T>>);

struct PerceptronMember<T: Real> {
    model: Arc<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    /// A cell, because reading outputs also uses the buffers of the trainer.
    trainer: RefCell<Trainer<T>>,
    /// The rows of a step, in the layout of the trainer.
    rows: Option<mlp::Rows<T>>,
    /// Whether the rows are the same at every step.
    constant: bool,
}

/// Message of a panic that only a bug can cause, because shapes are checked when the learners are
/// created.
const FITS: &str = "rows have the shape that the learners were created for";

impl<T: Real> Perceptrons<T> {
    fn new(setup: TrainingSetup<'_>) -> Result<Self, MlpError> {
        let (loss, optimizer, constant) = (setup.loss, setup.optimizer, setup.constant);
        let members = setup
            .members
            .into_iter()
            .enumerate()
            .map(|(place, member)| {
                let rows = constant.map(|rows| &rows[place]);
                PerceptronMember::new(member, loss, optimizer, rows)
            });
        Ok(Self(members.collect::<Result<_, _>>()?))
    }
}

impl<T: Real> PerceptronMember<T> {
    fn new(
        Member {
            model,
            initial,
            backward,
            seed,
        }: Member,
        loss: Loss,
        optimizer: Optimizer,
        constant: Option<&Batch>,
    ) -> Result<Self, MlpError> {
        let HostLayers {
            layers,
            activation,
            output_scale,
            centred,
        } = model.host_layers(&initial).ok_or(MlpError::NoLayers)?;
        let (inputs, outputs) = match (layers.first(), layers.last()) {
            (Some(first), Some(last)) => (first.inputs, last.outputs),
            _ => return Err(MlpError::NoLayers),
        };
        let config = TrainerConfig {
            layers,
            activation,
            output_factor: output_scale,
            centred,
            loss,
            optimizer,
            instructions: Instructions::Detected,
        };
        let values: Vec<f64> = (initial.iter().flat_map(|array| &array.values).copied()).collect();
        let rows = constant.map(|batch| mlp::Rows::new(inputs, outputs, &of(batch)));
        let mut trainer = Trainer::new(config, &values)?;
        if let Some(treated) = Treated::of(&*model, &initial) {
            // The weight of a layer is its first array.
            let weights = (0..initial.len()).filter(|place| !initial[*place].is_bias());
            let (frozen_from, norms) = weights
                .map(|place| (treated.frozen_from[place], treated.norms[place]))
                .unzip();
            let interventions = model.interventions();
            trainer.intervene(Controls {
                frozen_from,
                norms,
                backward: backward.map_or(Vec::new(), |array| array.values),
                balance_every: (interventions.balance).map_or(0, |balance| balance.every),
                dropout: interventions.dropout.map(|rate| Dropout {
                    rate,
                    key: StreamKey::new(seed, "dropout").bytes(),
                }),
            })?;
        }
        Ok(Self {
            trainer: RefCell::new(trainer),
            model,
            initial,
            rows: rows.transpose()?,
            constant: constant.is_some(),
        })
    }

    fn step(&mut self, batch: &Batch, lr: f64) {
        let rows = match &mut self.rows {
            Some(rows) => {
                if !self.constant {
                    rows.fill(&of(batch)).expect(FITS);
                }
                rows
            }
            empty => empty.insert(prepare(batch)),
        };
        self.trainer.get_mut().step(rows, lr).expect(FITS);
    }

    fn outputs(&self, rows: &Rows<'_>, member: usize) -> Vec<f64> {
        let mut trainer = self.trainer.borrow_mut();
        let outputs = rows.look(member, |rows| {
            let outputs = trainer.outputs(rows)?;
            Ok(outputs.iter().map(|&output| output.to_f64()).collect())
        });
        outputs.expect(FITS)
    }

    fn parameters(&self) -> Vec<HostArray> {
        split(&self.initial, &self.trainer.borrow().parameters())
    }

    fn state(&self) -> LearnerState {
        let moments = self.trainer.borrow().state();
        with_moments(&self.initial, self.parameters(), &moments)
    }

    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError> {
        let trainer = self.trainer.get_mut();
        let misfit = |error: MlpError| LearnerError::State(error.to_string());
        trainer.set_state(&moments_of(state)).map_err(misfit)?;
        let parameters = joined(&state.parameters);
        trainer.set_parameters(&parameters).map_err(misfit)
    }
}

fn of(batch: &Batch) -> HostRows<'_> {
    HostRows {
        rows: batch.rows,
        inputs: &batch.inputs,
        targets: &batch.targets,
        weights: batch.weights.as_deref(),
    }
}

fn prepare<T: Real>(batch: &Batch) -> mlp::Rows<T> {
    let shape = batch.shape;
    mlp::Rows::new(shape.inputs, shape.outputs, &of(batch)).expect(FITS)
}

impl<T: Real> Learners for Perceptrons<T> {
    fn engine(&self) -> &'static str {
        Perceptron.name()
    }

    fn model(&self, member: usize) -> &dyn Model {
        &*self.0[member].model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]) {
        for (place, (member, &lr)) in self.0.iter_mut().zip(lr).enumerate() {
            member.step(rows.host(place), lr);
        }
    }

    fn freeze(&mut self, member: usize, layer: usize, from: u64) {
        self.0[member].trainer.get_mut().freeze(layer, from);
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        let members = self.0.iter().enumerate();
        Ok(members
            .map(|(place, member)| member.outputs(rows, place))
            .collect())
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        Ok(self.0[member].outputs(rows, 0))
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        Ok(self.0.iter().map(PerceptronMember::parameters).collect())
    }

    fn states(&self) -> Result<Vec<LearnerState>, LearnerError> {
        Ok(self.0.iter().map(PerceptronMember::state).collect())
    }

    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError> {
        check_count(states, self.0.len())?;
        for (member, state) in self.0.iter().zip(states) {
            check_like(&member.initial, &state.parameters)?;
        }
        let mut members = self.0.iter_mut().zip(states);
        members.try_for_each(|(member, state)| member.set_state(state))
    }
}
