//! Activations and the hinge loss on tensors: the recorded graph against gradients written out by
//! hand, step by step.
use layerwise_nets::{Engines, Member, Precision, Rows, Target, TrainingSetup};
use models::{Activation, Adam, Decay, Loss, Optimizer, Reduction, Sgd};
use tasks::{Batch, TaskShape, stream};

/// The same formulas in another order of operations, over 100 steps.
const SAME_NUMBERS: f64 = 1e-10;
/// Parameters must move by more than this, or the test shows nothing.
const TRAINED: f64 = 1e-4;
const ROWS: usize = 9;
const NET: TaskShape = TaskShape {
    inputs: 6,
    basis: 0,
    outputs: 3,
};
const SQUARE: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};
const HINGE: Loss = Loss::Hinge {
    outputs: Reduction::Mean,
};

/// Standard normal inputs with targets that suit the loss, a function of the step.
fn batch(loss: Loss, step: u64) -> Batch {
    let mut batch = Batch::zeros(NET, ROWS);
    let rng = &mut stream::keyed(7, "activations on tensors", step);
    stream::standard_normals(rng, &mut batch.inputs);
    let other = if matches!(loss, Loss::Hinge { .. }) {
        -1.0
    } else {
        0.0
    };
    for row in batch.targets.chunks_exact_mut(NET.outputs) {
        row.fill(other);
        row[stream::below(rng, 3) as usize] = 1.0;
    }
    loss.check_targets(&batch.targets, NET.outputs).unwrap();
    batch
}

/// How a net is trained.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    activation: Activation,
    /// Initial biases: of the size of weights, or zero.
    biases: &'a str,
    /// More keys of the model.
    keys: &'a str,
    loss: Loss,
    optimizer: Optimizer,
}

impl Case<'_> {
    /// Initial parameters, parameters after the steps, and outputs on the rows after the last.
    fn train(
        &self,
        engine: &str,
        precision: Precision,
        batches: &[Batch],
    ) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (target, engines) = (Target::open("flex", precision).unwrap(), Engines::default());
        // Deep quadratic nets explode from larger weights.
        let (scale, rate) = match self.activation {
            Activation::Quadratic => (0.5, 0.001),
            _ => (0.8, 0.003),
        };
        let table = format!(
            "widths = [7, 5]\nactivation = '{}'\n\
             init = {{ kind = 'fan-in', scale = {scale}, biases = '{}' }}\n{}",
            self.activation.name(),
            self.biases,
            self.keys
        );
        let member = Member::plain(table.parse().unwrap(), NET, 3).unwrap();
        let initial = member.initial.iter().flat_map(|array| array.values.clone());
        let initial = initial.collect();
        let setup = TrainingSetup {
            members: vec![member],
            loss: self.loss,
            optimizer: self.optimizer,
            target: &target,
            constant: None,
            forwards: engines.forwards(),
        };
        let mut learners = engines.start(engine, setup).unwrap();
        let needs = learners.model(0).needs();
        for (step, batch) in batches.iter().enumerate() {
            let rate = rate * (1.0 + 0.3 * (step as f64).sin());
            learners.step(&Rows::new(batch, needs, &target), &[rate]);
        }
        let parameters = learners.parameters().unwrap().into_iter().flatten();
        let parameters = parameters.flat_map(|array| array.values).collect();
        let last = Rows::new(&batches[batches.len() - 1], needs, &target);
        (
            initial,
            parameters,
            learners.outputs(&last).unwrap().concat(),
        )
    }
}

/// Largest difference relative to the largest expected number.
fn gap(found: &[f64], expected: &[f64]) -> f64 {
    assert_eq!(found.len(), expected.len());
    let size = expected.iter().fold(0.0_f64, |size, x| size.max(x.abs()));
    let pairs = found.iter().zip(expected);
    let gaps = pairs.map(|(f, e)| {
        assert!(f.is_finite() && e.is_finite(), "{found:?}, {expected:?}");
        (f - e).abs() / size
    });
    gaps.fold(0.0, f64::max)
}

fn optimizers() -> [Optimizer; 3] {
    let nesterov = Sgd {
        momentum: 0.8,
        nesterov: true,
        weight_decay: 0.1,
        dampening: 0.0,
    };
    let adamw = Adam {
        // Where gradients are near zero a small one divides rounding by rounding.
        epsilon: 1e-3,
        weight_decay: 0.1,
        decay: Decay::Decoupled,
        ..Adam::PYTORCH
    };
    [Optimizer::PLAIN, nesterov.into(), adamw.into()]
}

#[test]
fn every_activation_and_loss_trains_by_hand_as_by_the_recorded_graph() {
    for activation in Activation::ALL {
        for loss in [SQUARE, Loss::CrossEntropy, HINGE] {
            let batches: Vec<Batch> = (0..100).map(|step| batch(loss, step)).collect();
            for optimizer in optimizers() {
                for keys in [
                    "",
                    "bias = false",
                    "centre_output = true\noutput_scale = 1.7",
                ] {
                    let case = Case {
                        activation,
                        biases: "same",
                        keys,
                        loss,
                        optimizer,
                    };
                    let (start, expected, outputs) =
                        case.train("autodiff", Precision::F64, &batches);
                    let (_, found, found_outputs) = case.train("mlp", Precision::F64, &batches);
                    assert!(gap(&start, &expected) > TRAINED, "{case:?}");
                    let gap = gap(&found, &expected).max(gap(&found_outputs, &outputs));
                    assert!(gap < SAME_NUMBERS, "{case:?}: {gap:e}");
                }
            }
        }
    }
}

#[test]
fn a_linearised_net_takes_the_first_step_of_the_net() {
    for activation in Activation::ALL {
        let case = |keys| Case {
            activation,
            biases: "same",
            keys,
            loss: SQUARE,
            optimizer: Optimizer::PLAIN,
        };
        let rows = [batch(SQUARE, 0)];
        let (_, expected, _) = case("").train("autodiff", Precision::F64, &rows);
        let (_, found, _) = case("linearised = true").train("autodiff", Precision::F64, &rows);
        let gap = gap(&found, &expected);
        assert!(gap < SAME_NUMBERS, "{activation:?}: {gap:e}");
    }
}

#[test]
fn the_slope_at_zero_is_that_of_the_host() {
    // Inputs and biases of zero: what enters a unit of the first layer is exactly 0.
    for activation in Activation::ALL {
        let case = Case {
            activation,
            biases: "zero",
            keys: "",
            loss: SQUARE,
            optimizer: Optimizer::PLAIN,
        };
        let mut rows = batch(SQUARE, 0);
        rows.inputs.fill(0.0);
        let (_, expected, _) = case.train("autodiff", Precision::F64, &[rows.clone()]);
        let (_, found, _) = case.train("mlp", Precision::F64, &[rows]);
        let gap = gap(&found, &expected);
        assert!(gap < SAME_NUMBERS, "{activation:?}: {gap:e}");
    }
}

#[test]
fn extreme_inputs_neither_overflow_nor_lose_nan() {
    for activation in Activation::ALL {
        for keys in ["", "linearised = true"] {
            for loss in [SQUARE, Loss::CrossEntropy, HINGE] {
                let case = Case {
                    activation,
                    biases: "same",
                    keys,
                    loss,
                    optimizer: Optimizer::PLAIN,
                };
                for precision in [Precision::F32, Precision::F64] {
                    let mut rows = batch(loss, 0);
                    for input in &mut rows.inputs {
                        *input = 1e4_f64.copysign(*input);
                    }
                    let (_, parameters, outputs) =
                        case.train("autodiff", precision, &[rows.clone()]);
                    // Two squares of squares of 1e4 are beyond f32.
                    if activation != Activation::Quadratic {
                        let mut numbers = parameters.iter().chain(&outputs);
                        assert!(numbers.all(|number| number.is_finite()), "{case:?}");
                    }
                    rows.inputs[4] = f64::NAN;
                    let (_, _, outputs) = case.train("autodiff", precision, &[rows]);
                    assert!(outputs.iter().all(|number| number.is_nan()), "{case:?}");
                }
            }
        }
    }
}
