//! What the tests of this crate share: batches, learners, and the host reference trainer.

#![allow(dead_code, reason = "every test binary uses its own part")]

pub(crate) mod linear;

use layerwise_nets::{
    self as nets, Activation, Decay, DeviceBatch, HostArray, Loss, Model, Optimizer, Precision,
    Reduction, Target,
};
use mlp::{Adam, AdamConfig, Layer, Mlp, Optimizer as _, Sgd, SgdConfig};
use tasks::{Batch, TaskShape, stream};

/// The recommended device in the given precision.
pub(crate) fn flex(precision: Precision) -> Target {
    Target::open("flex", precision).unwrap()
}

/// A model from its spec table.
pub(crate) fn model(table: &str) -> Box<dyn Model> {
    nets::kinds().build(table.parse().unwrap()).unwrap()
}

/// Initial parameters; the models of these tests do not look at the task.
pub(crate) fn initial(model: &dyn Model, shape: TaskShape, seed: u64) -> Vec<HostArray> {
    let task = "kind = 'modes'\ninput_powers = [1.0]\ntargets = [1.0]";
    let task = tasks::kinds().build(task.parse().unwrap()).unwrap();
    model.initial(&*task.instance(0), shape, seed)
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
            Loss::Mse { .. } => Targets::Numbers,
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
            nets::learner("autodiff", model, initial, loss, optimizer, &target, None).unwrap();
        for step in 0..self.steps {
            let rows = DeviceBatch::upload(&self.batch(step), needs, &target);
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
        let loss = host_loss(self.loss);
        let mut optimizer = host_optimizer(self.optimizer);
        let mut parameters = net.parameters();
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
            optimizer(&mut parameters, &mlp::flatten(&gradients), self.lr_at(step));
            net.set_parameters(&parameters).unwrap();
        }
        parameters
    }
}

/// Training losses before these steps, on the same rows at every step, in f64.
pub(crate) fn losses(
    table: &str,
    initial: Vec<HostArray>,
    rows: &Batch,
    (loss, optimizer, lr): (Loss, Optimizer, f64),
    steps: &[u64],
) -> Vec<f64> {
    let target = flex(Precision::F64);
    let model = model(table);
    let on_device = DeviceBatch::upload(rows, model.needs(), &target);
    let mut learner =
        nets::learner("autodiff", model, initial, loss, optimizer, &target, None).unwrap();
    let mut found = Vec::new();
    for step in 0..=steps.iter().copied().max().unwrap_or(0) {
        if steps.contains(&step) {
            let outputs = learner.outputs(&on_device).unwrap();
            found.push(loss.value(&outputs, &rows.targets, None, rows.shape.outputs));
        }
        learner.step(&on_device, lr);
    }
    found
}

/// All values in one vector.
pub(crate) fn flat(arrays: &[HostArray]) -> Vec<f64> {
    arrays.iter().flat_map(|a| a.values.clone()).collect()
}

/// Largest difference relative to the largest expected number.
pub(crate) fn relative_gap(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let size = expected.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
    found
        .iter()
        .zip(expected)
        .map(|(f, e)| {
            assert!(f.is_finite() && e.is_finite(), "{found:?} and {expected:?}");
            (f - e).abs() / size
        })
        .fold(0.0, f64::max)
}

fn host_net(table: &str, shape: TaskShape, initial: &[HostArray]) -> Mlp {
    let table: toml::Table = table.parse().unwrap();
    let net: nets::Mlp = {
        let mut table = table;
        table.remove("kind");
        tasks::parse_table(table).unwrap()
    };
    let activation = match net.activation {
        Activation::Relu => mlp::Activation::Relu,
        Activation::Tanh => mlp::Activation::Tanh,
        Activation::Gelu => mlp::Activation::Gelu,
        Activation::Quadratic => mlp::Activation::Quadratic,
        Activation::Identity => mlp::Activation::Identity,
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
    Mlp { layers, activation }
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

type HostStep = Box<dyn FnMut(&mut [f64], &[f64], f64)>;

fn host_optimizer(optimizer: Optimizer) -> HostStep {
    match optimizer {
        Optimizer::Sgd {
            momentum,
            dampening,
            nesterov,
            weight_decay,
        } => {
            let mut sgd = Sgd::new(SgdConfig {
                learning_rate: 0.0,
                momentum,
                dampening,
                nesterov,
                weight_decay,
            })
            .unwrap();
            Box::new(move |parameters, gradients, lr| {
                sgd.set_learning_rate(lr);
                sgd.step(parameters, gradients).unwrap();
            })
        }
        Optimizer::Adam {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decay,
        } => {
            let mut adam = Adam::new(AdamConfig {
                learning_rate: 0.0,
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decoupled: decay == Decay::Decoupled,
            })
            .unwrap();
            Box::new(move |parameters, gradients, lr| {
                adam.set_learning_rate(lr);
                adam.step(parameters, gradients).unwrap();
            })
        }
    }
}
