//! Nets, rows and the reference's path for the tests of the trainer.

use mlp::{
    Activation, Adam, Controls, Decay, HostRows, Instructions, Layer, LayerConfig, Loss, Mlp,
    Optimizer, Real, Reduction, Rows, Sgd, Trainer, TrainerConfig, Updater,
};

use super::net::numbers;

pub(crate) const LEARNING_RATE: f64 = 0.01;

pub(crate) const SQUARE: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};
pub(crate) const HINGE: Loss = Loss::Hinge {
    outputs: Reduction::Sum,
};
/// Losses in each of their forms.
pub(crate) const LOSSES: [Loss; 7] = [
    SQUARE,
    Loss::CrossEntropy,
    HINGE,
    Loss::Mse {
        half: true,
        outputs: Reduction::Mean,
    },
    Loss::Mse {
        half: false,
        outputs: Reduction::Sum,
    },
    Loss::Mse {
        half: false,
        outputs: Reduction::Mean,
    },
    Loss::Hinge {
        outputs: Reduction::Mean,
    },
];

pub(crate) const PLAIN: Optimizer = Optimizer::PLAIN;
const fn sgd(momentum: f64, dampening: f64, nesterov: bool, weight_decay: f64) -> Optimizer {
    Optimizer::Sgd(Sgd {
        momentum,
        dampening,
        nesterov,
        weight_decay,
    })
}
const fn adam(weight_decay: f64, decay: Decay) -> Optimizer {
    Optimizer::Adam(Adam {
        beta1: 0.8,
        beta2: 0.99,
        // Where gradients vanish, a small one turns rounding into steps: with 1e-3 the reference
        // itself, started one rounding off, ends 7e-11 off on one of the nets.
        epsilon: 1e-2,
        weight_decay,
        decay,
    })
}
pub(crate) const ADAM: Optimizer = adam(0.0, Decay::Coupled);
/// Plain, momentum with and without dampening, Nesterov's, decay, Adam, Adam with decay, AdamW.
pub(crate) const OPTIMIZERS: [Optimizer; 8] = [
    PLAIN,
    sgd(0.8, 0.0, false, 0.0),
    sgd(0.8, 0.3, false, 0.0),
    sgd(0.8, 0.0, true, 0.0),
    sgd(0.5, 0.0, true, 0.02),
    ADAM,
    adam(0.02, Decay::Coupled),
    adam(0.02, Decay::Decoupled),
];

/// A net and how it is trained.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) widths: &'static [usize],
    pub(crate) activation: Activation,
    pub(crate) loss: Loss,
    pub(crate) optimizer: Optimizer,
    pub(crate) biases: bool,
    pub(crate) output_factor: f64,
    pub(crate) centred: bool,
    /// Whether weights and biases carry constants other than 1.
    pub(crate) multipliers: bool,
}

impl Setup {
    pub(crate) fn of(widths: &'static [usize]) -> Self {
        Self {
            widths,
            activation: Activation::Relu,
            loss: SQUARE,
            optimizer: PLAIN,
            biases: true,
            output_factor: 1.0,
            centred: false,
            multipliers: false,
        }
    }

    fn layers(&self) -> Vec<LayerConfig> {
        let pairs = self.widths.windows(2).enumerate();
        let factor = |layer: usize, step: f64| {
            if self.multipliers {
                0.8 + step * (layer + 1) as f64
            } else {
                1.0
            }
        };
        pairs
            .map(|(layer, pair)| LayerConfig {
                inputs: pair[0],
                outputs: pair[1],
                bias: self.biases,
                weight_multiplier: factor(layer, 0.13),
                bias_multiplier: factor(layer, 0.29),
            })
            .collect()
    }

    pub(crate) fn config(&self, instructions: Instructions) -> TrainerConfig {
        TrainerConfig {
            layers: self.layers(),
            activation: self.activation,
            output_factor: self.output_factor,
            centred: self.centred,
            loss: self.loss,
            optimizer: self.optimizer,
            instructions,
        }
    }

    /// Weights of variance about 1/in, and biases.
    pub(crate) fn initial(&self) -> Vec<f64> {
        // Three squares in a row diverge from larger ones.
        let size = match self.activation {
            Activation::Quadratic => 1.2,
            _ => 1.7,
        };
        let mut initial = Vec::new();
        for (layer, seed) in self.layers().iter().zip(1..) {
            let scale = size / (layer.inputs as f64).sqrt();
            let weights = numbers(2 * seed, layer.inputs * layer.outputs);
            initial.extend(weights.into_iter().map(|weight| scale * weight));
            if layer.bias {
                let biases = numbers(2 * seed + 1, layer.outputs);
                initial.extend(biases.into_iter().map(|bias| 0.3 * bias));
            }
        }
        initial
    }

    /// The reference net whose weights are m W and n b.
    fn net(&self, parameters: &[f64]) -> Mlp {
        let mut rest = parameters;
        let mut take = |count: usize, factor: f64| {
            let (values, others) = rest.split_at(count);
            rest = others;
            values.iter().map(|value| factor * value).collect()
        };
        let layers = self.layers().into_iter().map(|layer| Layer {
            inputs: layer.inputs,
            outputs: layer.outputs,
            weight: take(layer.inputs * layer.outputs, layer.weight_multiplier),
            bias: layer
                .bias
                .then(|| take(layer.outputs, layer.bias_multiplier)),
        });
        Mlp {
            layers: layers.collect(),
            activation: self.activation,
        }
    }
}

/// Rows on the host, with one-hot targets or, for one output, numbers.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub(crate) rows: usize,
    pub(crate) inputs: Vec<f64>,
    pub(crate) targets: Vec<f64>,
    pub(crate) weights: Option<Vec<f64>>,
}

impl Data {
    fn with(rows: usize, widths: &[usize], inputs: Vec<f64>) -> Self {
        let outputs = widths[widths.len() - 1];
        let mut targets = vec![0.0; rows * outputs];
        for row in 0..rows {
            targets[row * outputs + (row * row + 1) % outputs] = 1.0;
        }
        if outputs == 1 {
            targets = numbers(99, rows);
        }
        Self {
            rows,
            inputs,
            targets,
            weights: None,
        }
    }

    pub(crate) fn dense(rows: usize, widths: &[usize]) -> Self {
        Self::with(rows, widths, numbers(7 + rows as u64, rows * widths[0]))
    }

    /// Two ones among the inputs of every row.
    pub(crate) fn pairs(rows: usize, widths: &[usize]) -> Self {
        let half = widths[0] / 2;
        let mut inputs = vec![0.0; rows * widths[0]];
        for row in 0..rows {
            inputs[row * widths[0] + row * 5 % half] = 1.0;
            inputs[row * widths[0] + half + row * 3 % half] = 1.0;
        }
        Self::with(rows, widths, inputs)
    }

    /// Up to seven entries in a row, some rows empty.
    pub(crate) fn sparse(rows: usize, widths: &[usize]) -> Self {
        let values = numbers(5, 8 * rows);
        let mut inputs = vec![0.0; rows * widths[0]];
        for row in 0..rows {
            for entry in 0..row % 8 {
                inputs[row * widths[0] + (row + entry * entry) % widths[0]] =
                    values[8 * row + entry];
            }
        }
        Self::with(rows, widths, inputs)
    }

    /// Gives every row a weight of its own; one is 0.
    pub(crate) fn weigh(&mut self) {
        let share = 2.0 / self.rows as f64;
        let weights = (0..self.rows).map(|row| share * ((row * 5 % 7) as f64 / 7.0));
        self.weights = Some(weights.collect());
    }

    /// The same with targets that suit the loss: signs for the hinge loss.
    pub(crate) fn suited_to(mut self, loss: Loss) -> Self {
        if matches!(loss, Loss::Hinge { .. }) {
            let sign = |y: &f64| if *y > 0.0 { 1.0 } else { -1.0 };
            self.targets = self.targets.iter().map(sign).collect();
        }
        self
    }

    pub(crate) fn host(&self) -> HostRows<'_> {
        HostRows {
            rows: self.rows,
            inputs: &self.inputs,
            targets: &self.targets,
            weights: self.weights.as_deref(),
        }
    }
}

/// What training left.
#[derive(Debug, Clone)]
pub(crate) struct Trained {
    pub(crate) parameters: Vec<f64>,
    pub(crate) outputs: Vec<f64>,
}

impl Trained {
    /// The larger relative difference, of parameters or of outputs.
    pub(crate) fn difference(&self, expected: &Self) -> f64 {
        let parameters = largest_difference(&self.parameters, &expected.parameters);
        let outputs = largest_difference(&self.outputs, &expected.outputs);
        // Not f64::max, which would lose NaN.
        if parameters <= outputs {
            outputs
        } else {
            parameters
        }
    }
}

/// Relative to the largest expected number; NaN if any is.
pub(crate) fn largest_difference(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(0.0_f64, |top, p| top.max(p.abs()));
    let difference = |(a, b): (&f64, &f64)| (a - b).abs() / scale;
    let pairs = found.iter().zip(expected).map(difference);
    // Not f64::max, which would lose NaN.
    pairs.fold(0.0, |top: f64, next| {
        if next <= top || top.is_nan() {
            top
        } else {
            next
        }
    })
}

pub(crate) fn rows<T: Real>(setup: &Setup, data: &Data) -> Rows<T> {
    let (inputs, outputs) = (setup.widths[0], setup.widths[setup.widths.len() - 1]);
    Rows::new(inputs, outputs, &data.host()).unwrap()
}

pub(crate) fn trained<T: Real>(
    setup: &Setup,
    data: &Data,
    steps: usize,
    instructions: Instructions,
) -> Trained {
    let mut trainer = Trainer::<T>::new(setup.config(instructions), &setup.initial()).unwrap();
    let rows = rows(setup, data);
    for _ in 0..steps {
        trainer.step(&rows, LEARNING_RATE).unwrap();
    }
    let outputs = trainer.outputs(&rows).unwrap();
    Trained {
        outputs: outputs.iter().map(|f| f.to_f64()).collect(),
        parameters: trainer.parameters(),
    }
}

/// The same by the reference.
pub(crate) struct Reference<'a> {
    setup: &'a Setup,
    start: Vec<f64>,
    pub(crate) parameters: Vec<f64>,
    /// Its formulas are tested against steps worked out by hand.
    updater: Updater<f64>,
}

impl<'a> Reference<'a> {
    pub(crate) fn new(setup: &'a Setup) -> Self {
        let parameters = setup.initial();
        Self {
            setup,
            start: parameters.clone(),
            updater: Updater::new(setup.optimizer, parameters.len()).unwrap(),
            parameters,
        }
    }

    pub(crate) fn outputs(&self, data: &Data) -> Vec<f64> {
        let of = |parameters: &[f64]| {
            let net = self.setup.net(parameters);
            net.forward(&data.inputs, data.rows).unwrap()
        };
        let now = of(&self.parameters);
        let then = if self.setup.centred {
            of(&self.start)
        } else {
            vec![0.0; now.len()]
        };
        let factor = self.setup.output_factor;
        (now.iter().zip(then))
            .map(|(now, then)| factor * now - factor * then)
            .collect()
    }

    pub(crate) fn trained(self, data: &Data) -> Trained {
        Trained {
            outputs: self.outputs(data),
            parameters: self.parameters,
        }
    }

    pub(crate) fn step(&mut self, data: &Data, learning_rate: f64) {
        self.step_under(data, learning_rate, &Controls::default(), 0);
    }

    /// A step under interventions. The net with other last weights has the same features and gives the
    /// gradients below the last layer; frozen layers are put back, and norms restored, afterwards.
    pub(crate) fn step_under(
        &mut self,
        data: &Data,
        learning_rate: f64,
        controls: &Controls,
        step: u64,
    ) {
        let outputs = self.outputs(data);
        let columns = outputs.len() / data.rows;
        let loss = self.setup.loss;
        let weights = data.weights.as_deref();
        let mut gradient = loss
            .evaluate(&outputs, &data.targets, columns, weights)
            .unwrap()
            .gradient;
        for value in &mut gradient {
            *value *= self.setup.output_factor;
        }
        let net = self.setup.net(&self.parameters);
        let mut gradients = net.gradients(&data.inputs, data.rows, &gradient).unwrap();
        if !controls.backward.is_empty() {
            let last = self.setup.layers().len() - 1;
            let mut other = net;
            let factor = self.setup.layers()[last].weight_multiplier;
            let backward = controls.backward.iter().map(|weight| factor * weight);
            other.layers[last].weight = backward.collect();
            let below = other.gradients(&data.inputs, data.rows, &gradient).unwrap();
            gradients.splice(..last, below.into_iter().take(last));
        }
        for (gradient, layer) in gradients.iter_mut().zip(self.setup.layers()) {
            for value in &mut gradient.weight {
                *value *= layer.weight_multiplier;
            }
            for value in gradient.bias.iter_mut().flatten() {
                *value *= layer.bias_multiplier;
            }
        }
        let gradients = mlp::flatten(&gradients);
        let before = self.parameters.clone();
        (self.updater)
            .step(&mut self.parameters, &gradients, learning_rate)
            .unwrap();
        let mut start = 0;
        for (layer, config) in self.setup.layers().iter().enumerate() {
            let weights = start..start + config.inputs * config.outputs;
            let end = weights.end + if config.bias { config.outputs } else { 0 };
            if matches!(controls.frozen_from.get(layer), Some(Some(from)) if step >= *from) {
                self.parameters[start..end].copy_from_slice(&before[start..end]);
            }
            if let Some(Some(norm)) = controls.norms.get(layer) {
                let weights = &mut self.parameters[weights];
                let found = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
                weights.iter_mut().for_each(|w| *w *= norm / found);
            }
            start = end;
        }
    }
}

pub(crate) fn reference(setup: &Setup, data: &Data, steps: usize) -> Trained {
    let mut path = Reference::new(setup);
    for _ in 0..steps {
        path.step(data, LEARNING_RATE);
    }
    path.trained(data)
}
