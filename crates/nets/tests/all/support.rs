//! What the tests of this crate share: batches, learners, and the host reference trainer.

#![allow(
    dead_code,
    unused_imports,
    reason = "every test binary uses its own part"
)]

pub(crate) mod linear;
#[path = "../../../models/tests/all/start.rs"]
pub(crate) mod start;

use layerwise_nets::{
    Engines, LearnerError, Learners, Member, Precision, Rows, Target, TrainingSetup,
};
use mlp::{Layer, Mlp, Updater};
use models::{HostArray, LearnerState, Loss, Model, Optimizer};
use tasks::{Batch, TaskShape, stream};

pub(crate) use start::{flat, initial, model, relative_gap};

/// The recommended device in the given precision.
pub(crate) fn flex(precision: Precision) -> Target {
    Target::open("flex", precision).unwrap()
}

/// Members that are stepped together, by the engine of this name.
pub(crate) fn learners(
    engine: &str,
    members: Vec<Member>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&[Batch]>,
) -> Result<Box<dyn Learners>, LearnerError> {
    let engines = Engines::default();
    let setup = TrainingSetup {
        members,
        loss,
        optimizer,
        target,
        constant,
        forwards: engines.forwards(),
    };
    engines.start(engine, setup)
}

/// A single member.
pub(crate) struct Learner(Box<dyn Learners>);

/// A single member that starts from `initial`, by the engine of this name.
pub(crate) fn learner(
    engine: &str,
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
    constant: Option<&Batch>,
) -> Result<Learner, LearnerError> {
    let model = model.into();
    let members = vec![Member::untouched(model, initial)];
    let constant = constant.map(std::slice::from_ref);
    learners(engine, members, loss, optimizer, target, constant).map(Learner)
}

impl Learner {
    pub(crate) fn engine(&self) -> &'static str {
        self.0.engine()
    }

    pub(crate) fn model(&self) -> &dyn Model {
        self.0.model(0)
    }

    /// A step at the model's own share of the learning rate, as in the training loop.
    pub(crate) fn step(&mut self, rows: &Rows<'_>, lr: f64) {
        let lr = lr * self.model().lr_scale();
        self.0.step(rows, &[lr]);
    }

    pub(crate) fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        Ok(self.0.outputs(rows)?.swap_remove(0))
    }

    pub(crate) fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        Ok(self.0.parameters()?.swap_remove(0))
    }

    /// Puts these parameters in the place of the present ones.
    pub(crate) fn set_parameters(&mut self, parameters: Vec<HostArray>) {
        let state = LearnerState {
            parameters,
            ..LearnerState::default()
        };
        self.0.set_states(&[state]).unwrap();
    }
}

/// What the targets of a batch are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Targets {
    /// Standard normal numbers.
    Numbers,
    /// One-hot rows.
    Classes,
}

/// A batch of standard normal inputs, a function of `step`.
pub(crate) fn batch(
    shape: TaskShape,
    rows: usize,
    targets: Targets,
    weighted: bool,
    step: u64,
) -> Batch {
    let mut batch = Batch::zeros(shape, rows);
    let mut rng = stream::keyed(7, "oracle batches", step);
    stream::standard_normals(&mut rng, &mut batch.inputs);
    match targets {
        Targets::Numbers => stream::standard_normals(&mut rng, &mut batch.targets),
        Targets::Classes => {
            let classes = u32::try_from(shape.outputs).unwrap();
            for row in batch.targets.chunks_exact_mut(shape.outputs) {
                row[stream::below(&mut rng, classes) as usize] = 1.0;
            }
        }
    }
    if weighted {
        // Neither equal nor adding up to one.
        batch.weights = Some((0..rows).map(|_| 0.3 * stream::uniform(&mut rng)).collect());
    }
    batch
}

/// Everything that decides a training run of an MLP, so that both trainers get the same.
pub(crate) struct Case {
    pub(crate) table: String,
    pub(crate) shape: TaskShape,
    pub(crate) loss: Loss,
    pub(crate) optimizer: Optimizer,
    pub(crate) lr: f64,
    pub(crate) weighted: bool,
    pub(crate) steps: u64,
    pub(crate) rows: usize,
}

impl Case {
    pub(crate) fn model(&self) -> Box<dyn Model> {
        model(&self.table)
    }

    pub(crate) fn initial(&self) -> Vec<HostArray> {
        initial(&*self.model(), self.shape, 3)
    }

    fn batch(&self, step: u64) -> Batch {
        let targets = match self.loss {
            Loss::CrossEntropy => Targets::Classes,
            Loss::Mse { .. } | Loss::Hinge { .. } => Targets::Numbers,
        };
        batch(self.shape, self.rows, targets, self.weighted, step)
    }

    /// A rate that changes at every step, as schedules do.
    fn lr_at(&self, step: u64) -> f64 {
        self.lr * (1.0 + 0.5 * (step as f64).sin())
    }

    /// The parameters that burn ends with, flat in the order of the arrays.
    pub(crate) fn by_burn(&self, initial: Vec<HostArray>, precision: Precision) -> Vec<f64> {
        let target = flex(precision);
        let model = self.model();
        let needs = model.needs();
        let (loss, optimizer) = (self.loss, self.optimizer);
        let mut learner =
            learner("autodiff", model, initial, loss, optimizer, &target, None).unwrap();
        for step in 0..self.steps {
            let batch = self.batch(step);
            let rows = Rows::new(&batch, needs, &target);
            learner.step(&rows, self.lr_at(step));
        }
        flat(&learner.parameters().unwrap())
    }

    /// The parameters that the host reference ends with.
    pub(crate) fn by_reference(
        &self,
        initial: &[HostArray],
        centred: bool,
        output_scale: f64,
    ) -> Vec<f64> {
        let mut net = host_net(&self.table, self.shape, initial);
        let origin = net.clone();
        let loss = self.loss;
        let mut parameters = net.parameters();
        let mut updater = Updater::new(self.optimizer, parameters.len()).unwrap();
        for step in 0..self.steps {
            let batch = self.batch(step);
            let mut outputs = net.forward(&batch.inputs, batch.rows).unwrap();
            if centred {
                let start = origin.forward(&batch.inputs, batch.rows).unwrap();
                outputs.iter_mut().zip(start).for_each(|(f, f0)| *f -= f0);
            }
            outputs.iter_mut().for_each(|f| *f *= output_scale);
            let weights = batch.weights.as_deref();
            let mut found = loss
                .evaluate(&outputs, &batch.targets, self.shape.outputs, weights)
                .unwrap();
            found.gradient.iter_mut().for_each(|g| *g *= output_scale);
            let gradients = net
                .gradients(&batch.inputs, batch.rows, &found.gradient)
                .unwrap();
            let gradients = mlp::flatten(&gradients);
            updater
                .step(&mut parameters, &gradients, self.lr_at(step))
                .unwrap();
            net.set_parameters(&parameters).unwrap();
        }
        parameters
    }
}

fn host_net(table: &str, shape: TaskShape, initial: &[HostArray]) -> Mlp {
    let table: toml::Table = table.parse().unwrap();
    let net: models::Mlp = {
        let mut table = table;
        table.remove("kind");
        tasks::parse_table(table).unwrap()
    };
    let per_layer = if net.bias { 2 } else { 1 };
    let layers: Vec<Layer> = initial
        .chunks(per_layer)
        .map(|arrays| Layer {
            inputs: arrays[0].rows,
            outputs: arrays[0].columns,
            weight: arrays[0].values.clone(),
            bias: arrays.get(1).map(|bias| bias.values.clone()),
        })
        .collect();
    assert_eq!(layers.len(), net.widths.len() + 1);
    assert_eq!(layers[0].inputs, shape.inputs);
    Mlp {
        layers,
        activation: net.activation,
    }
}
