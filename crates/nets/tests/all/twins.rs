//! The layerwise-linear twin and the linear model on exact population gradients, against their
//! closed forms.

use layerwise_nets::{Precision, Rows};
use models::{Loss, Optimizer, Reduction, Sgd};
use tasks::{Group, TaskShape};

use crate::support::{
    Case, Learner, flex, learner, linear::assert_first_order, relative_gap, start::Start,
};

/// The same recursion in the same precision, up to rounding in a few thousand steps.
const ROUNDING: f64 = 1e-11;
/// Two runs of the same real recursion whose factors are multiplied in another order.
const SAME_NUMBERS: f64 = 1e-12;

/// The loss of theory.
const HALVED: Loss = mse(true, Reduction::Sum);

/// Skills with power-law probabilities, one exact row each.
const SKILLS: &str = "kind = 'multitask-parity'\nskills = 4\nbits = 8\nbits_per_skill = 2\n\
                      alpha = 0.6\ntarget = 2.0\ndata = { mode = 'population', over = 'skills' }";
/// Modes with input powers and targets of their own.
const MODES: &str = "kind = 'modes'\ninput_powers = [0.5, 1.5, 1.0]\ntargets = [2.0, 0.5, 1.0]";

const fn mse(half: bool, outputs: Reduction) -> Loss {
    Loss::Mse { half, outputs }
}

const fn momentum(momentum: f64, dampening: f64) -> Optimizer {
    Optimizer::Sgd(Sgd {
        momentum,
        dampening,
        nesterov: false,
        weight_decay: 0.0,
    })
}

/// The parameters of a model on a population: after every step, array by array.
struct Path {
    groups: Vec<Group>,
    steps: Vec<Vec<Vec<f64>>>,
}

fn train(task: &str, model: &str, loss: Loss, optimizer: Optimizer, lr: f64, steps: u64) -> Path {
    let target = flex(Precision::F64);
    let start = Start::new(task, model, 0);
    let (model, initial) = (start.model(), start.weights.clone());
    let rows = Rows::new(&start.rows, model.needs(), &target);
    let learner = learner("autodiff", model, initial, loss, optimizer, &target, None);
    let mut learner = learner.unwrap();
    let parameters = |learner: &Learner| -> Vec<Vec<f64>> {
        let arrays = learner.parameters().unwrap();
        arrays.into_iter().map(|array| array.values).collect()
    };
    let mut path = vec![parameters(&learner)];
    for _ in 0..steps {
        learner.step(&rows, lr);
        path.push(parameters(&learner));
    }
    Path {
        groups: start.groups().to_vec(),
        steps: path,
    }
}

impl Path {
    /// Strength of each skill after `step` steps: the product over the layers.
    fn strengths(&self, step: usize) -> Vec<f64> {
        let arrays = &self.steps[step];
        (0..self.groups.len())
            .map(|k| arrays.iter().map(|layer| layer[k]).product())
            .collect()
    }

    /// Largest |strength − closed form| over skills and steps, in units of each target, where
    /// `time` is the flow time of one step.
    fn error(&self, time: f64, closed_form: impl Fn(&Group, f64) -> f64) -> f64 {
        let mut largest = 0.0_f64;
        for step in 0..self.steps.len() {
            for (strength, group) in self.strengths(step).iter().zip(&self.groups) {
                let gap = strength - closed_form(group, time * step as f64);
                largest = largest.max((gap / group.target).abs());
            }
        }
        largest
    }
}

fn balanced(initial: f64) -> impl Fn(&Group, f64) -> f64 {
    move |group, time| {
        theory::BalancedMode::new(group.probability, group.target, initial)
            .unwrap()
            .strength(time)
    }
}

fn linear(initial: f64) -> impl Fn(&Group, f64) -> f64 {
    move |group, time| {
        theory::LinearMode::new(group.probability, group.target, initial)
            .unwrap()
            .strength(time)
    }
}

#[test]
fn the_twin_follows_the_balanced_mode_to_first_order_in_the_learning_rate() {
    let twin = "kind = 'multilinear'\ninitial = 0.01";
    for (task, lr, steps) in [(SKILLS, 0.02, 800), (MODES, 0.02, 500)] {
        assert_first_order(lr, steps, |lr, steps| {
            let path = train(task, twin, HALVED, Optimizer::default(), lr, steps);
            let last = path.strengths(steps as usize);
            assert!(last[0] > 0.9 * path.groups[0].target, "{last:?}");
            path.error(lr, balanced(0.01))
        });
    }
}

#[test]
fn the_linear_model_follows_the_linear_mode_to_first_order_in_the_learning_rate() {
    let model = "kind = 'linear-skills'\ninitial = 0.1";
    for (task, lr, steps) in [(SKILLS, 0.05, 100), (MODES, 0.05, 100)] {
        assert_first_order(lr, steps, |lr, steps| {
            train(task, model, HALVED, Optimizer::default(), lr, steps).error(lr, linear(0.1))
        });
    }
}

#[test]
fn gradient_descent_on_the_linear_model_is_its_geometric_series() {
    let lr = 0.3;
    let path = train(
        MODES,
        "kind = 'linear-skills'",
        HALVED,
        Optimizer::default(),
        lr,
        40,
    );
    for step in 0..=40 {
        for (strength, group) in path.strengths(step).iter().zip(&path.groups) {
            let left = (1.0 - lr * group.probability).powi(i32::try_from(step).unwrap());
            assert!((strength - group.target * (1.0 - left)).abs() < ROUNDING);
        }
    }
}

/// a² − b² of every skill after `step` steps.
fn balance(path: &Path, step: usize) -> Vec<f64> {
    let layers = &path.steps[step];
    let pairs = layers[0].iter().zip(&layers[1]);
    pairs.map(|(a, b)| a * a - b * b).collect()
}

#[test]
fn the_conserved_balance_drifts_by_one_minus_the_squared_gradient_per_step() {
    // One step maps (a, b) to (a − g b, b − g a), so a² − b² becomes (1 − g²)(a² − b²), with
    // g = lr P (R − S).
    let lr = 0.05;
    let twin = "kind = 'multilinear'\ninitial = 0.01\nimbalance = 3.0";
    let path = train(MODES, twin, HALVED, Optimizer::default(), lr, 300);
    let mut expected = balance(&path, 0);
    // b/a = 3 and a b = 0.01.
    assert!((expected[0] - 0.01 * (1.0 / 3.0 - 3.0)).abs() < ROUNDING);
    for step in 0..300 {
        for ((balance, strength), group) in expected
            .iter_mut()
            .zip(path.strengths(step))
            .zip(&path.groups)
        {
            let gradient = lr * group.probability * (strength - group.target);
            *balance *= 1.0 - gradient * gradient;
        }
        for (found, expected) in balance(&path, step + 1).iter().zip(&expected) {
            assert!((found - expected).abs() < ROUNDING, "step {step}");
        }
    }
}

#[test]
fn the_conserved_balance_drifts_to_first_order_in_the_learning_rate() {
    let twin = "kind = 'multilinear'\ninitial = 0.01\nimbalance = 3.0";
    assert_first_order(0.02, 500, |lr, steps| {
        let path = train(MODES, twin, HALVED, Optimizer::default(), lr, steps);
        let (start, end) = (balance(&path, 0), balance(&path, steps as usize));
        let drifts = start.iter().zip(&end).map(|(s, e)| (e / s - 1.0).abs());
        drifts.fold(0.0, f64::max)
    });
}

#[test]
fn a_balanced_twin_stays_balanced() {
    let path = train(
        SKILLS,
        "kind = 'multilinear'\ninitial = 0.01",
        HALVED,
        Optimizer::default(),
        0.05,
        300,
    );
    assert_eq!(path.steps[300][0], path.steps[300][1]);
}

#[test]
fn loss_conventions_that_share_their_flow_time_share_their_path() {
    let twin = "kind = 'multilinear'\ninitial = 0.01";
    let lr = 0.05;
    let expected = train(MODES, twin, HALVED, Optimizer::default(), lr, 300);
    for half in [true, false] {
        for outputs in [Reduction::Mean, Reduction::Sum] {
            let loss = mse(half, outputs);
            let own = lr / loss.flow_factor(1);
            let path = train(MODES, twin, loss, Optimizer::default(), own, 300);
            for (found, expected) in path.strengths(300).iter().zip(expected.strengths(300)) {
                assert!((found - expected).abs() < SAME_NUMBERS, "{loss:?}");
            }
        }
    }
    assert_eq!(mse(false, Reduction::Sum).flow_factor(1), 2.0);
}

#[test]
fn flow_factors_make_all_conventions_of_a_net_with_three_outputs_agree() {
    let case = |loss: Loss, lr: f64| Case {
        table: "kind = 'mlp'\nwidths = [6]\nactivation = 'tanh'".to_owned(),
        shape: TaskShape {
            inputs: 4,
            basis: 0,
            outputs: 3,
        },
        loss,
        optimizer: Optimizer::default(),
        lr,
        weighted: false,
        steps: 100,
        rows: 8,
    };
    let lr = 0.02;
    let initial = case(HALVED, lr).initial();
    let expected = case(HALVED, lr).by_burn(initial.clone(), Precision::F64);
    for half in [true, false] {
        for outputs in [Reduction::Mean, Reduction::Sum] {
            let loss = mse(half, outputs);
            let own = lr / loss.flow_factor(3);
            let found = case(loss, own).by_burn(initial.clone(), Precision::F64);
            let gap = relative_gap(&found, &expected);
            assert!(gap < SAME_NUMBERS, "{loss:?}: {gap:e}");
        }
    }
}

#[test]
fn momentum_runs_ahead_by_its_flow_factor_to_first_order() {
    // The first buffer is undampened and the momentum has to build up; both cost a fixed number
    // of steps, so they are first order in the learning rate, too.
    let model = "kind = 'linear-skills'";
    for (mu, damping) in [(0.5, 0.0), (0.8, 0.0), (0.8, 0.4)] {
        let optimizer = momentum(mu, damping);
        let factor = optimizer.flow_factor().unwrap();
        assert!((factor - (1.0 - damping) / (1.0 - mu)).abs() < SAME_NUMBERS);
        assert_first_order(0.0005, 2000, |lr, steps| {
            train(MODES, model, HALVED, optimizer, lr, steps).error(factor * lr, linear(0.0))
        });
    }
}

#[test]
fn a_slowed_twin_is_the_twin_at_the_slowed_learning_rate() {
    let twin = "kind = 'multilinear'\ninitial = 0.01";
    let slowed = format!("{twin}\nlr_scale = 0.125");
    let expected = train(SKILLS, twin, HALVED, Optimizer::default(), 0.05, 100);
    let found = train(SKILLS, &slowed, HALVED, Optimizer::default(), 0.4, 100);
    // A factor of 1/8 is exact in binary.
    assert_eq!(found.steps[100], expected.steps[100]);
}
