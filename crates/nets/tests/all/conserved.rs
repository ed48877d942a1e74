//! |w_in|² − q |w_out|² of hidden neurons on burn: conserved by the flow of homogeneous nets.

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Optimizer};
use tasks::TaskShape;

use crate::support::{Targets, batch, flex, initial, learner, model};

const SHAPE: TaskShape = TaskShape {
    inputs: 5,
    basis: 0,
    outputs: 3,
};
const HIDDEN: usize = 16;

/// Flow time in units of the loss's own gradient.
const TIME: f64 = 2.0;

/// Orders of convergence from two halvings of the learning rate.
const ORDER: f64 = 0.1;

/// |w_in|² − q|w_out|² of every neuron.
fn kept(parameters: &[HostArray], bias: bool, degree: f64) -> Vec<f64> {
    let squares = |values: &[f64]| values.iter().map(|w| w * w).sum::<f64>();
    let second = &parameters[if bias { 2 } else { 1 }].values;
    (0..HIDDEN)
        .map(|neuron| {
            let into: Vec<f64> = parameters[0]
                .values
                .iter()
                .skip(neuron)
                .step_by(HIDDEN)
                .copied()
                .collect();
            let own = if bias {
                parameters[1].values[neuron].powi(2)
            } else {
                0.0
            };
            let out = &second[neuron * SHAPE.outputs..(neuron + 1) * SHAPE.outputs];
            squares(&into) + own - degree * squares(out)
        })
        .collect()
}

/// Largest change over the neurons after a fixed flow time.
fn drift(net: &str, bias: bool, degree: f64, steps: u64) -> f64 {
    let table = format!("kind = 'mlp'\nwidths = [{HIDDEN}]\nbias = {bias}\nactivation = '{net}'");
    let model = model(&table);
    let batch = batch(SHAPE, 12, Targets::Numbers, false, 0);
    let target = flex(Precision::F64);
    let rows = Rows::new(&batch, model.needs(), &target);
    let initial = initial(&*model, SHAPE, 3);
    let before = kept(&initial, bias, degree);
    let (loss, optimizer) = (Loss::default(), Optimizer::default());
    let mut learner = learner("autodiff", model, initial, loss, optimizer, &target, None).unwrap();
    for _ in 0..steps {
        learner.step(&rows, TIME / steps as f64);
    }
    let after = kept(&learner.parameters().unwrap(), bias, degree);
    let moved = before.iter().zip(&after).map(|(a, b)| (a - b).abs());
    moved.fold(0.0, f64::max)
}

#[test]
fn the_drift_of_homogeneous_nets_is_of_first_order_in_the_learning_rate() {
    for (net, bias, degree) in [
        ("relu", false, 1.0),
        ("relu", true, 1.0),
        ("quadratic", false, 2.0),
        ("identity", false, 1.0),
    ] {
        let [coarse, middle, fine] = [800, 1600, 3200].map(|steps| drift(net, bias, degree, steps));
        for (large, small) in [(coarse, middle), (middle, fine)] {
            let order = (large / small).log2();
            assert!((order - 1.0).abs() < ORDER, "{net} {bias}: {large} {small}");
        }
    }
}

#[test]
fn other_degrees_and_other_activations_conserve_nothing() {
    for (net, degree) in [("tanh", 1.0), ("quadratic", 1.0), ("gelu", 1.0)] {
        let (middle, fine) = (
            drift(net, false, degree, 1600),
            drift(net, false, degree, 3200),
        );
        assert!(
            fine > 1e-2 && (middle / fine - 1.0).abs() < 0.05,
            "{net}: {middle} {fine}"
        );
    }
}
