use std::cell::RefCell;

use mlp::{
    HostRows, Instructions, MlpError, Real, Trainer, TrainerConfig, TrainerState, UpdateRule,
};
use tasks::Batch;

use crate::{
    Decay, HostArray, HostLayers, Learner, LearnerError, LearnerState, Loss, Model, Optimizer,
    Reduction, Rows,
    learner_state::{check_like, joined, split, split_moment},
};

/// The engine of multilayer perceptrons on the host: gradients written out by hand on buffers that
/// are allocated once ([`mlp::Trainer`]), in f32 or f64. It trains as
/// [`crate::AutodiffLearner`] does, up to rounding.
pub(crate) struct HostLearner<T: Real> {
    model: Box<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    /// Looking at outputs uses the trainer's buffers, too.
    trainer: RefCell<Trainer<T>>,
    /// The rows of a step, in the trainer's form.
    rows: Option<mlp::Rows<T>>,
    /// Whether they are the same at every step.
    constant: bool,
    lr_scale: f64,
}

/// What can only go wrong by a bug of ours: shapes were checked when the learner was made.
const FITS: &str = "rows have the shape that the learner was made for";

impl<T: Real> HostLearner<T> {
    /// A learner that starts from `initial`. `constant` are the rows of every step, where they are
    /// the same.
    ///
    /// # Errors
    /// The trainer refuses a constant.
    pub(crate) fn new(
        model: Box<dyn Model>,
        initial: Vec<HostArray>,
        layers: HostLayers,
        loss: Loss,
        optimizer: Optimizer,
        constant: Option<&Batch>,
    ) -> Result<Self, MlpError> {
        let (inputs, outputs) = match (layers.layers.first(), layers.layers.last()) {
            (Some(first), Some(last)) => (first.inputs, last.outputs),
            _ => return Err(MlpError::NoLayers),
        };
        let config = TrainerConfig {
            layers: layers.layers,
            activation: layers.activation,
            output_factor: layers.output_scale,
            centred: layers.centred,
            loss: host_loss(loss),
            rule: rule(optimizer),
            instructions: Instructions::Detected,
        };
        let values: Vec<f64> = (initial.iter().flat_map(|array| &array.values).copied()).collect();
        let rows = constant.map(|batch| mlp::Rows::new(inputs, outputs, &of(batch)));
        Ok(Self {
            lr_scale: model.lr_scale(),
            trainer: RefCell::new(Trainer::new(config, &values)?),
            model,
            initial,
            rows: rows.transpose()?,
            constant: constant.is_some(),
        })
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

fn host_loss(loss: Loss) -> mlp::Loss {
    match loss {
        Loss::Mse { half, outputs } => mlp::Loss::MeanSquare {
            half,
            mean_over_outputs: outputs == Reduction::Mean,
        },
        Loss::CrossEntropy => mlp::Loss::CrossEntropy,
    }
}

/// A state from parameters and what the trainer remembers of them.
pub(crate) fn with_moments(
    like: &[HostArray],
    parameters: Vec<HostArray>,
    moments: &TrainerState,
) -> LearnerState {
    LearnerState {
        steps: moments.steps,
        parameters,
        first: split_moment(like, &moments.first),
        second: split_moment(like, &moments.second),
    }
}

/// What the trainer remembers, of a state.
pub(crate) fn moments_of(state: &LearnerState) -> TrainerState {
    TrainerState {
        steps: state.steps,
        first: joined(state.first.iter().flatten()),
        second: joined(state.second.iter().flatten()),
    }
}

/// The optimizer as the trainer knows it.
pub(crate) fn rule(optimizer: Optimizer) -> UpdateRule {
    match optimizer {
        Optimizer::Sgd {
            momentum,
            dampening,
            nesterov,
            weight_decay,
        } => UpdateRule::Sgd {
            momentum,
            dampening,
            nesterov,
            weight_decay,
        },
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decay,
        } => UpdateRule::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decoupled: decay == Decay::Decoupled,
        },
    }
}

impl<T: Real> Learner for HostLearner<T> {
    fn engine(&self) -> &'static str {
        "host"
    }

    fn model(&self) -> &dyn Model {
        &*self.model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: f64) {
        let prepared = match &mut self.rows {
            Some(prepared) => {
                if !self.constant {
                    prepared.fill(&of(rows.host(0))).expect(FITS);
                }
                prepared
            }
            empty => empty.insert(prepare(rows.host(0))),
        };
        let trainer = self.trainer.get_mut();
        trainer.step(prepared, lr * self.lr_scale).expect(FITS);
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        let mut trainer = self.trainer.borrow_mut();
        let outputs = rows.look(|rows| {
            let outputs = trainer.outputs(rows)?;
            Ok(outputs.iter().map(|&output| output.to_f64()).collect())
        });
        Ok(outputs.expect(FITS))
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        Ok(split(&self.initial, &self.trainer.borrow().parameters()))
    }

    fn state(&self) -> Result<LearnerState, LearnerError> {
        let moments = self.trainer.borrow().state();
        Ok(with_moments(&self.initial, self.parameters()?, &moments))
    }

    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError> {
        check_like(&self.initial, &state.parameters)?;
        let trainer = self.trainer.get_mut();
        let misfit = |error: MlpError| LearnerError::State(error.to_string());
        trainer.set_state(&moments_of(state)).map_err(misfit)?;
        let parameters = joined(&state.parameters);
        trainer.set_parameters(&parameters).map_err(misfit)
    }
}
