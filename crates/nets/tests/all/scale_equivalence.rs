//! Which changes of scale leave training the same, step by step on burn in f64.

use layerwise_nets::{Precision, Rows};
use models::{Adam, Decay, Loss, Optimizer, Reduction, Sgd};
use tasks::TaskShape;
use theory::ScaleEquivalence;

use crate::support::{Targets, batch, flex, initial, learner, model, relative_gap};

/// The same real numbers in another order of operations, over 120 steps; gradient descent away
/// from instability hardly amplifies the rounding of 1e-16.
const SAME: f64 = 1e-10;
/// Adam divides by the root of a square, which costs more digits where gradients nearly vanish.
const SAME_FOR_ADAM: f64 = 1e-9;
/// What is not equivalent differs by much more than rounding.
const DIFFERENT: f64 = 1e-3;

const STEPS: u64 = 120;

const LOSS: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Mean,
};

const SHAPE: TaskShape = TaskShape {
    inputs: 5,
    basis: 0,
    outputs: 3,
};

const SGD: Optimizer = Optimizer::Sgd(Sgd {
    momentum: 0.0,
    dampening: 0.0,
    nesterov: false,
    weight_decay: 0.0,
});

fn adam(epsilon: f64, weight_decay: f64) -> Optimizer {
    Optimizer::Adam(Adam {
        beta1: 0.9,
        beta2: 0.98,
        epsilon,
        weight_decay,
        decay: Decay::Decoupled,
    })
}

/// A run: outputs at every step.
#[derive(Clone)]
struct Run {
    /// Widths and activation.
    net: &'static str,
    weight_scale: f64,
    output_scale: f64,
    input_scale: f64,
    target_scale: f64,
    optimizer: Optimizer,
    lr: f64,
}

impl Run {
    fn new(net: &'static str, optimizer: Optimizer, lr: f64) -> Self {
        Self {
            net,
            weight_scale: 1.0,
            output_scale: 1.0,
            input_scale: 1.0,
            target_scale: 1.0,
            optimizer,
            lr,
        }
    }

    fn outputs(&self) -> Vec<Vec<f64>> {
        let table = format!(
            "{}\nbias = false\nweight_scale = {:?}\noutput_scale = {:?}\n\
             init = {{ kind = 'fan-in', scale = 0.8 }}",
            self.net, self.weight_scale, self.output_scale
        );
        let model = model(&table);
        let mut batch = batch(SHAPE, 12, Targets::Numbers, false, 0);
        batch.inputs.iter_mut().for_each(|x| *x *= self.input_scale);
        batch
            .targets
            .iter_mut()
            .for_each(|y| *y *= self.target_scale);
        let target = flex(Precision::F64);
        let rows = Rows::new(&batch, model.needs(), &target);
        let initial = initial(&*model, SHAPE, 3);
        let optimizer = self.optimizer;
        let mut learner =
            learner("autodiff", model, initial, LOSS, optimizer, &target, None).unwrap();
        (0..STEPS)
            .map(|_| {
                learner.step(&rows, self.lr);
                learner.outputs(&rows).unwrap()
            })
            .collect()
    }
}

/// The largest difference of `found` to `scale` times `expected`, relative to its largest number.
fn gap(found: &Run, expected: &Run, scale: f64) -> f64 {
    let pairs = found.outputs().into_iter().zip(expected.outputs());
    pairs
        .map(|(found, expected)| {
            let scaled: Vec<f64> = expected.iter().map(|f| f * scale).collect();
            relative_gap(&found, &scaled)
        })
        .fold(0.0, f64::max)
}

/// Nets with their degrees in the weights and in the inputs.
const HOMOGENEOUS: [(&str, f64, f64); 4] = [
    (
        "kind = 'mlp'\nwidths = [16]\nactivation = 'quadratic'",
        3.0,
        2.0,
    ),
    ("kind = 'mlp'\nwidths = [16]\nactivation = 'relu'", 2.0, 1.0),
    (
        "kind = 'mlp'\nwidths = [16, 12]\nactivation = 'relu'",
        3.0,
        1.0,
    ),
    ("kind = 'deep-linear'\nwidths = [8, 8]", 3.0, 1.0),
];

const TANH: &str = "kind = 'mlp'\nwidths = [16]\nactivation = 'tanh'";

#[test]
fn weights_and_targets_are_one_scale_under_gradient_descent() {
    for (net, degree, _) in HOMOGENEOUS {
        let map = ScaleEquivalence::new(degree).unwrap();
        for tau in [0.5, 3.0] {
            let mut scaled = Run::new(net, SGD, 0.02);
            (scaled.weight_scale, scaled.target_scale) = (0.9, tau);
            let mut unit = scaled.clone();
            unit.target_scale = 1.0;
            unit.weight_scale = map.init_at_unit_target(0.9, tau).unwrap();
            unit.lr = map.descent_learning_rate(scaled.lr, tau).unwrap();
            let gap = gap(&scaled, &unit, tau);
            assert!(gap < SAME, "{net} {tau}: {gap}");
        }
    }
}

#[test]
fn adam_has_a_map_of_its_own_with_and_without_decay() {
    for (net, degree, _) in HOMOGENEOUS {
        let map = ScaleEquivalence::new(degree).unwrap();
        let tau = 3.0;
        for decay in [0.0, 0.1] {
            let mut scaled = Run::new(net, adam(1e-6, decay), 0.003);
            scaled.target_scale = tau;
            let mut unit = scaled.clone();
            unit.target_scale = 1.0;
            unit.weight_scale = map.init_at_unit_target(1.0, tau).unwrap();
            unit.lr = map.adam_learning_rate(scaled.lr, tau).unwrap();
            unit.optimizer = adam(
                map.adam_epsilon(1e-6, tau).unwrap(),
                map.adam_weight_decay(decay, tau).unwrap(),
            );
            let own = gap(&scaled, &unit, tau);
            assert!(own < SAME_FOR_ADAM, "{net} {decay}: {own}");
            // The map of gradient descent leads to a different run.
            unit.lr = map.descent_learning_rate(scaled.lr, tau).unwrap();
            let other = gap(&scaled, &unit, tau);
            assert!(other > DIFFERENT, "{net} {decay}: {other}");
        }
    }
}

#[test]
fn a_net_that_is_not_homogeneous_has_no_equivalence() {
    let map = ScaleEquivalence::new(2.0).unwrap();
    let tau = 3.0;
    let mut scaled = Run::new(TANH, SGD, 0.02);
    scaled.target_scale = tau;
    let mut unit = scaled.clone();
    unit.target_scale = 1.0;
    unit.weight_scale = map.init_at_unit_target(1.0, tau).unwrap();
    unit.lr = map.descent_learning_rate(scaled.lr, tau).unwrap();
    let gap = gap(&scaled, &unit, tau);
    assert!(gap > DIFFERENT, "{gap}");
}

#[test]
fn an_output_scale_is_a_target_scale_for_any_net() {
    let (quadratic, _, _) = HOMOGENEOUS[0];
    for net in [quadratic, TANH] {
        let alpha = 0.4;
        let mut scaled = Run::new(net, SGD, 0.05);
        (scaled.output_scale, scaled.target_scale) = (alpha, 0.7);
        let (target_scale, lr) = theory::output_as_target_scale(alpha, 0.7, scaled.lr).unwrap();
        let mut plain = Run::new(net, SGD, lr);
        plain.target_scale = target_scale;
        let gap = gap(&scaled, &plain, alpha);
        assert!(gap < SAME, "{net}: {gap}");
    }
}

#[test]
fn an_input_scale_is_an_output_scale_of_its_degree() {
    for (net, _, degree) in HOMOGENEOUS {
        let mut scaled = Run::new(net, SGD, 0.05);
        scaled.input_scale = 0.6;
        let mut plain = Run::new(net, SGD, 0.05);
        plain.output_scale = theory::input_as_output_scale(0.6, degree).unwrap();
        let gap = gap(&scaled, &plain, 1.0);
        assert!(gap < SAME, "{net}: {gap}");
    }
}

#[test]
fn imbalance_keeps_the_function_of_a_homogeneous_net_at_the_start() {
    let outputs = |net: &str, g: f64| {
        let table = format!("{net}\nbias = false\nimbalance = {g:?}\ninit = {{ kind = 'he' }}");
        let model = model(&table);
        let batch = batch(SHAPE, 6, Targets::Numbers, false, 0);
        let target = flex(Precision::F64);
        let rows = Rows::new(&batch, model.needs(), &target);
        let initial = initial(&*model, SHAPE, 1);
        let first = initial[0].values[0];
        let learner = learner("autodiff", model, initial, LOSS, SGD, &target, None).unwrap();
        (first, learner.outputs(&rows).unwrap())
    };
    for (net, _, _) in HOMOGENEOUS {
        let ((first, even), (moved, uneven)) = (outputs(net, 1.0), outputs(net, 0.3));
        assert!((moved / first - 0.3).abs() < 1e-15, "{net}");
        assert!(relative_gap(&uneven, &even) < 1e-13, "{net}");
    }
    let quadratic_deep = "kind = 'mlp'\nwidths = [6, 6]\nactivation = 'quadratic'";
    let (even, uneven) = (
        outputs(quadratic_deep, 1.0).1,
        outputs(quadratic_deep, 0.5).1,
    );
    assert!(relative_gap(&uneven, &even) < 1e-13);
    let (even, uneven) = (outputs(TANH, 1.0).1, outputs(TANH, 0.3).1);
    assert!(relative_gap(&uneven, &even) > DIFFERENT);
}
