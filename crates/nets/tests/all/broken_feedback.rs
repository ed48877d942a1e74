//! Twins and linear nets whose feedback between layers is broken, on exact population gradients, against
//! the closed forms of what is left.

use layerwise_nets::{Learners, Member, Precision, Rows};
use models::{Loss, Optimizer, Reduction};
use tasks::Group;
use theory::{ClampedLayerMode, Feedback, FixedFeedbackMode, LinearMode};

use crate::support::{
    flat, flex, learners, linear::assert_first_order, relative_gap, start::Start,
};

/// Two ways to compute one recursion.
const SAME_NUMBERS: f64 = 1e-12;

/// The loss of theory.
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// Skills with power-law probabilities, one exact row each.
const SKILLS: &str = "kind = 'multitask-parity'\nskills = 4\nbits = 8\nbits_per_skill = 2\n\
                      alpha = 0.6\ntarget = 2.0\ndata = { mode = 'population', over = 'skills' }";
/// Modes with input powers and targets of their own.
const MODES: &str = "kind = 'modes'\ninput_powers = [0.5, 1.5, 1.0]\ntargets = [2.0, 0.5, 1.0]";

/// A twin in training on the rows of its task.
struct Twin {
    start: Start,
    learners: Box<dyn Learners>,
}

impl Twin {
    fn new(engine: &str, task: &str, model: &str) -> Self {
        Self::of_seed(engine, task, model, 0)
    }

    fn of_seed(engine: &str, task: &str, model: &str, seed: u64) -> Self {
        let start = Start::new(task, model, seed);
        let member = Member::new(start.model().into(), &*start.instance, start.shape, seed);
        let (members, target) = (vec![member], flex(Precision::F64));
        let optimizer = Optimizer::default();
        let learners = learners(engine, members, HALVED, optimizer, &target, None).unwrap();
        Self { start, learners }
    }

    fn step(&mut self, lr: f64) {
        let needs = self.learners.model(0).needs();
        let target = flex(Precision::F64);
        let rows = Rows::new(&self.start.rows, needs, &target);
        self.learners.step(&rows, &[lr]);
    }

    /// The layers, each with an entry for every skill.
    fn layers(&self) -> Vec<Vec<f64>> {
        let arrays = self.learners.parameters().unwrap().swap_remove(0);
        arrays.into_iter().map(|array| array.values).collect()
    }

    fn groups(&self) -> Vec<Group> {
        self.start.groups().to_vec()
    }

    /// Largest |strength − closed form| over skills, in units of each target.
    fn error(&self, closed_form: impl Fn(&Group, usize) -> f64) -> f64 {
        let layers = self.layers();
        let gaps = self.groups().into_iter().enumerate().map(|(k, group)| {
            let strength: f64 = layers.iter().map(|layer| layer[k]).product();
            ((strength - closed_form(&group, k)) / group.target).abs()
        });
        gaps.fold(0.0, f64::max)
    }
}

/// Largest error of a twin over `steps` steps against its closed form.
fn error(
    (engine, task, model): (&str, &str, &str),
    (lr, steps): (f64, u64),
    feedback: Feedback,
    (first, second): (f64, f64),
) -> f64 {
    let mut twin = Twin::new(engine, task, model);
    let modes: Vec<_> = (twin.groups().iter())
        .map(|group| {
            feedback
                .mode(group.probability, group.target, first, second)
                .unwrap()
        })
        .collect();
    let mut largest = 0.0_f64;
    for step in 0..=steps {
        let time = lr * step as f64;
        largest = largest.max(twin.error(|_, k| modes[k].strength(time)));
        twin.step(lr);
    }
    let learned = twin.error(|group, _| group.target);
    assert!(learned < 0.7, "{model}: nothing is learned ({learned})");
    largest
}

const ENGINES: [&str; 2] = ["autodiff", "products"];

#[test]
fn a_twin_with_a_fixed_backward_weight_follows_its_closed_form_to_first_order() {
    let fixed = Feedback::Fixed { backward: 0.3 };
    let twin = "kind = 'multilinear'\ninitial = 1e-4\nfeedback = { kind = 'fixed', value = 0.3 }";
    for engine in ENGINES {
        for (task, lr, steps) in [(SKILLS, 0.04, 800), (MODES, 0.04, 400)] {
            assert_first_order(lr, steps, |lr, steps| {
                error((engine, task, twin), (lr, steps), fixed, (0.01, 0.01))
            });
        }
    }
}

#[test]
fn a_twin_with_a_frozen_layer_follows_its_closed_form_to_first_order() {
    // Layers of 0.01 and 1.
    let twin = |layer: usize, imbalance: f64| {
        format!(
            "kind = 'multilinear'\ninitial = 0.01\nimbalance = {imbalance}\nfreeze = ['layer {layer}']"
        )
    };
    let cases = [
        (twin(2, 100.0), Feedback::ReadoutFrozen, (0.01, 1.0)),
        (twin(1, 0.01), Feedback::FirstLayerFrozen, (1.0, 0.01)),
    ];
    for (model, feedback, layers) in cases {
        for engine in ENGINES {
            for (task, lr, steps) in [(SKILLS, 0.05, 400), (MODES, 0.05, 200)] {
                assert_first_order(lr, steps, |lr, steps| {
                    error((engine, task, &model), (lr, steps), feedback, layers)
                });
            }
        }
    }
}

#[test]
fn a_layer_that_freezes_on_the_way_leaves_an_exponential_of_what_it_was() {
    let from = 60;
    for engine in ENGINES {
        assert_first_order(0.04, from, |lr, from| {
            let model = format!(
                "kind = 'multilinear'\ninitial = 0.01\nfreeze = [{{ layer = 2, from = {from} }}]"
            );
            let mut twin = Twin::new(engine, MODES, &model);
            for _ in 0..from {
                twin.step(lr);
            }
            let at = twin.layers();
            let modes: Vec<_> = (twin.groups().iter().enumerate())
                .map(|(k, group)| {
                    let (a, b) = (at[0][k], at[1][k]);
                    LinearMode::new(group.probability * b * b, group.target, a * b).unwrap()
                })
                .collect();
            let mut largest = 0.0_f64;
            for step in 1..=from {
                twin.step(lr);
                let time = lr * step as f64;
                largest = largest.max(twin.error(|_, k| modes[k].strength(time)));
            }
            assert_eq!(twin.layers()[1], at[1]);
            assert_ne!(twin.layers()[0], at[0]);
            largest
        });
    }
}

#[test]
fn a_clamped_layer_of_a_single_mode_is_a_frozen_one() {
    let single = "kind = 'modes'\ninput_powers = [0.5]\ntargets = [2.0]";
    let trained = |engine: &str, key: &str| {
        let model = format!("kind = 'multilinear'\ninitial = 0.01\nimbalance = 100.0\n{key}");
        let mut twin = Twin::new(engine, single, &model);
        for _ in 0..200 {
            twin.step(0.02);
        }
        flat(&twin.learners.parameters().unwrap()[0])
    };
    let frozen = trained("products", "freeze = ['layer 2']");
    for engine in ENGINES {
        let clamped = trained(engine, "clamp = ['layer 2']");
        assert!(relative_gap(&clamped, &frozen) < SAME_NUMBERS);
    }
    let free = trained("products", "");
    assert!(relative_gap(&free, &frozen) > 0.1);
}

/// One mode, for nets with many neurons.
const SINGLE: &str = "kind = 'modes'\ninput_powers = [0.5]\ntargets = [2.0]";

fn product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Largest error of the strength of a linear net of one input and output, in units of the target of
/// [`SINGLE`], against a closed form that is made from the layers at the start.
fn error_of_net(
    (engine, model, seed): (&str, &str, u64),
    (lr, steps): (f64, u64),
    form: impl Fn(&[Vec<f64>]) -> Box<dyn Fn(f64) -> f64>,
) -> f64 {
    let mut net = Twin::of_seed(engine, SINGLE, model, seed);
    let strength = form(&net.layers());
    let mut largest = 0.0_f64;
    let mut last = 0.0;
    for step in 0..=steps {
        let layers = net.layers();
        last = product(&layers[0], &layers[1]);
        largest = largest.max((last - strength(lr * step as f64)).abs() / 2.0);
        net.step(lr);
    }
    assert!(last > 1.8, "{model}: nothing is learned ({last})");
    largest
}

#[test]
fn a_frozen_classifier_stays_while_free_features_learn() {
    let labels = "kind = 'class-labels'\nper_class = [2, 3, 2]";
    let model = "kind = 'unconstrained-features'\nwidth = 3\n\
                 init = { kind = 'normal', std = 0.5 }\nfreeze = ['layer 2']";
    let mut free = Twin::new("autodiff", labels, model);
    let before = free.layers();
    for _ in 0..5 {
        free.step(0.1);
    }
    let after = free.layers();
    assert_eq!(after[1], before[1]);
    assert!(relative_gap(&after[0], &before[0]) > 1e-3);
}

#[test]
fn a_net_with_random_backward_weights_is_one_mode_of_their_size() {
    let model = "kind = 'deep-linear'\nwidths = [6]\ninit = { kind = 'normal', std = 1e-6 }\n\
                 feedback = { kind = 'fixed', std = 0.2 }";
    for engine in ["autodiff", "mlp"] {
        for seed in [0, 1] {
            let start = Start::new(SINGLE, model, seed);
            let backward = start.model().backward(start.shape, seed).unwrap();
            assert_first_order(0.04, 500, |lr, steps| {
                error_of_net((engine, model, seed), (lr, steps), |_| {
                    let mode = FixedFeedbackMode::new(0.5, 2.0, backward.norm(), 0.0, 0.0).unwrap();
                    Box::new(move |time| mode.strength(time))
                })
            });
        }
    }
}

#[test]
fn a_net_whose_readout_keeps_its_norm_follows_the_projected_flow() {
    let model = "kind = 'deep-linear'\nwidths = [6]\ninit = { kind = 'normal', std = 0.4 }\n\
                 clamp = ['layer 2']";
    // Layers that start along each other rather than against.
    let along = |seed: &u64| {
        let layers = Twin::of_seed("mlp", SINGLE, model, *seed).layers();
        product(&layers[0], &layers[1]) > 0.0
    };
    let seeds: Vec<u64> = (0..10).filter(along).take(2).collect();
    assert_eq!(seeds.len(), 2);
    for engine in ["autodiff", "mlp"] {
        for &seed in &seeds {
            assert_first_order(0.02, 500, |lr, steps| {
                error_of_net((engine, model, seed), (lr, steps), |layers| {
                    let (a, b) = (&layers[0], &layers[1]);
                    let held = product(b, b).sqrt();
                    let along = product(a, b) / held;
                    let across = (product(a, a) - along * along).sqrt();
                    let mode = ClampedLayerMode::new(0.5, 2.0, held, along, across).unwrap();
                    Box::new(move |time| mode.strength(time))
                })
            });
        }
    }
}
