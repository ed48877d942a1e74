//! A learner that is stopped, saved and loaded again continues bit by bit like one that was not.

use std::borrow::Cow;

use layerwise_nets::{Learners, Member, Precision, Rows, Target};
use models::{Adam, Decay, HostArray, LearnerState, Loss, Muon, Optimizer, Reduction, Sgd, Sign};
use tasks::{Basis, Batch, TaskShape, stream};

use crate::support::{Targets, batch, flat, initial, learners, model, relative_gap};

const STEPS: u64 = 200;
const HALF: u64 = 100;
const MEMBERS: u64 = 3;
const OPTIMIZERS: usize = 7;

const MSE: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

fn sgd(momentum: f64, dampening: f64, nesterov: bool) -> Optimizer {
    Optimizer::Sgd(Sgd {
        momentum,
        dampening,
        nesterov,
        weight_decay: 0.01,
    })
}

fn adam(decay: Decay) -> Optimizer {
    Optimizer::Adam(Adam {
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
        weight_decay: 0.01,
        decay,
    })
}

/// The optimizers that step every model.
fn optimizers() -> [Optimizer; OPTIMIZERS] {
    [
        Optimizer::default(),
        sgd(0.9, 0.0, false),
        sgd(0.9, 0.2, false),
        sgd(0.9, 0.0, true),
        adam(Decay::Coupled),
        adam(Decay::Decoupled),
        Optimizer::Sign(Sign {
            momentum: 0.9,
            weight_decay: 0.01,
        }),
    ]
}

/// Every model kind but that with a parameter per row (which the runs of the crate lab test), and every
/// option of nets that keeps something beside the parameters.
const MODELS: [&str; 13] = [
    "kind = 'mlp'\nwidths = [7]",
    "kind = 'mlp'\nwidths = [5, 19]\nactivation = 'tanh'\nbias = true\nparametrisation = 'ntk'",
    "kind = 'mlp'\nwidths = [6]\nactivation = 'gelu'\noutput_scale = 2.0\ncentre_output = true",
    "kind = 'mlp'\nwidths = [6]\nactivation = 'tanh'\nlinearised = true",
    "kind = 'mlp'\nwidths = [6]\ngates = 'start'",
    "kind = 'deep-linear'\nwidths = [5, 4]\nlr_scale = 0.5",
    "kind = 'multilinear'\ninitial = 0.1",
    "kind = 'linear-skills'",
    "kind = 'diagonal-linear'\ninitial = 0.1",
    "kind = 'linear-basis'",
    // Layers that freeze after the break.
    "kind = 'mlp'\nwidths = [7]\nfreeze = [{ layer = 1, from = 150 }]\nfeedback = { kind = 'fixed', std = 0.5 }",
    "kind = 'mlp'\nwidths = [7]\nfreeze = ['layer 1']\nclamp = [{ layer = 2, norm = 0.7 }]",
    "kind = 'multilinear'\ninitial = 0.1\nfreeze = [{ layer = 2, from = 150 }]",
];

struct Case<'a> {
    table: &'a str,
    engine: &'a str,
    target: &'a Target,
    optimizer: Optimizer,
    members: u64,
    constant: bool,
}

impl Case<'_> {
    fn shape(&self) -> TaskShape {
        let skills = ["multilinear", "linear-skills", "diagonal", "linear-basis"];
        let on_basis = skills.iter().any(|kind| self.table.contains(kind));
        TaskShape {
            inputs: 4,
            basis: if on_basis { 5 } else { 0 },
            outputs: if on_basis { 1 } else { 3 },
        }
    }

    fn rows(&self, member: u64, step: u64) -> Batch {
        let step = if self.constant { 0 } else { step };
        let key = 1000 * member + step;
        let mut rows = batch(self.shape(), 9, Targets::Numbers, false, key);
        let numbers = rows.rows * self.shape().basis;
        if numbers > 0 {
            let mut basis = vec![0.0; numbers];
            let mut rng = stream::keyed(2, "basis", key);
            stream::standard_normals(&mut rng, &mut basis);
            rows.basis = Basis::Dense(basis);
        }
        rows.index = (0..9).collect();
        rows
    }

    fn learners(&self) -> Option<Box<dyn Learners>> {
        let members = (0..self.members).map(|member| {
            let model = model(self.table);
            Member {
                initial: initial(&*model, self.shape(), member),
                backward: model.backward(self.shape(), member),
                model: model.into(),
                seed: member,
            }
        });
        let constant: Vec<Batch> = (0..self.members)
            .map(|member| self.rows(member, 0))
            .collect();
        let constant = self.constant.then_some(&constant[..]);
        let members = members.collect();
        learners(
            self.engine,
            members,
            MSE,
            self.optimizer,
            self.target,
            constant,
        )
        .ok()
    }

    fn train(&self, learners: &mut dyn Learners, steps: std::ops::Range<u64>) {
        let needs = learners.model(0).needs();
        for step in steps {
            let batches = (0..self.members).map(|member| Cow::Owned(self.rows(member, step)));
            let rows = Rows::of_members(batches.collect(), needs, self.target);
            let rates = (0..self.members).map(|member| 0.01 * (1.0 + member as f64 * 0.3));
            learners.step(&rows, &rates.collect::<Vec<_>>());
        }
    }

    /// Whether the engine covers the model; if so, both ways end in the same bits.
    fn check(&self) -> bool {
        let Some(mut whole) = self.learners() else {
            return false;
        };
        self.train(&mut *whole, 0..STEPS);
        let mut first = self.learners().unwrap();
        self.train(&mut *first, 0..HALF);
        let kept = first.states().unwrap();
        drop(first);
        let mut second = self.learners().unwrap();
        second.set_states(&kept).unwrap();
        assert_eq!(second.states().unwrap(), kept);
        self.train(&mut *second, HALF..STEPS);
        let place = (self.table, self.engine, self.optimizer);
        let (whole, second) = (whole.states().unwrap(), second.states().unwrap());
        assert_eq!(bits(&second), bits(&whole), "{place:?}");
        // The second half must change the parameters, or the test shows nothing.
        assert_ne!(bits(&kept), bits(&whole), "{place:?}");
        true
    }
}

fn bits(states: &[LearnerState]) -> Vec<u64> {
    let arrays = states.iter().flat_map(|state| {
        let moments = state.first.iter().chain(&state.second).flatten();
        state.parameters.iter().chain(moments)
    });
    arrays
        .flat_map(|array: &HostArray| array.values.iter().map(|value| value.to_bits()))
        .collect()
}

/// Checks all that `device` covers, and gives how many cases that were.
fn check_all(device: &str, precision: Precision) -> usize {
    let target = Target::open(device, precision).unwrap();
    let mut covered = 0;
    for table in MODELS {
        for optimizer in optimizers() {
            let ways = [
                ("auto", 1, false),
                ("auto", 1, true),
                ("autodiff", 1, false),
                ("autodiff", MEMBERS, false),
            ];
            for (engine, members, constant) in ways {
                let case = Case {
                    table,
                    engine,
                    target: &target,
                    optimizer,
                    members,
                    constant,
                };
                covered += usize::from(case.check());
            }
        }
    }
    covered
}

/// All of them: the engine autodiff covers everything, and auto falls back on it.
const CASES: usize = MODELS.len() * OPTIMIZERS * 4;

#[test]
fn every_model_continues_bit_by_bit_in_single_precision() {
    assert_eq!(check_all("flex", Precision::F32), CASES);
}

#[test]
fn every_model_continues_bit_by_bit_in_double_precision() {
    assert_eq!(check_all("flex", Precision::F64), CASES);
}

#[test]
fn nets_that_muon_steps_continue_bit_by_bit() {
    for precision in [Precision::F32, Precision::F64] {
        let target = Target::open("flex", precision).unwrap();
        for momentum in [0.0, 0.9] {
            let weight_decay = 0.01;
            let optimizer = Optimizer::Muon(Muon {
                momentum,
                weight_decay,
            });
            let case = |table, engine, members| Case {
                table,
                engine,
                target: &target,
                optimizer,
                members,
                constant: false,
            };
            // Perceptrons with and without biases, linear nets, and one with a frozen layer.
            for table in [MODELS[0], MODELS[1], MODELS[5], MODELS[10]] {
                assert!(case(table, "auto", 1).check());
                assert!(case(table, "autodiff", MEMBERS).check());
            }
            // Numbers per skill are no matrix.
            assert!(!case(MODELS[6], "auto", 1).check());
        }
    }
}

#[test]
fn a_net_whose_neurons_are_balanced_continues_bit_by_bit() {
    for precision in [Precision::F32, Precision::F64] {
        let target = Target::open("flex", precision).unwrap();
        for optimizer in optimizers() {
            // Seven steps do not divide the steps before the break.
            let case = |engine, members| Case {
                table: "kind = 'mlp'\nwidths = [7, 5]\nbias = true\nbalance = { every = 7 }",
                engine,
                target: &target,
                optimizer,
                members,
                constant: false,
            };
            assert!(case("auto", 1).check());
            assert!(case("autodiff", MEMBERS).check());
        }
    }
}

#[test]
fn a_net_with_dropout_continues_bit_by_bit() {
    for precision in [Precision::F32, Precision::F64] {
        let target = Target::open("flex", precision).unwrap();
        for optimizer in optimizers() {
            let case = |engine| Case {
                table: "kind = 'mlp'\nwidths = [7, 5]\nbias = true\ndropout = 0.4",
                engine,
                target: &target,
                optimizer,
                members: 2,
                constant: false,
            };
            assert!(case("auto").check());
            assert!(!case("autodiff").check(), "autodiff leaves no neurons out");
        }
    }
}

#[test]
fn neurons_are_balanced_after_the_steps_that_the_model_names() {
    let target = Target::open("flex", Precision::F64).unwrap();
    let case = |engine| Case {
        table: "kind = 'mlp'\nwidths = [7, 5]\nbias = true\nbalance = { every = 7 }",
        engine,
        target: &target,
        optimizer: Optimizer::default(),
        members: 1,
        constant: false,
    };
    // Sums in another order, over 21 steps.
    const SAME: f64 = 1e-11;
    let ends = ["auto", "autodiff"].map(|engine| balanced_in_time(&case(engine)));
    let gap = relative_gap(&ends[0], &ends[1]);
    assert!(gap < SAME, "{gap:e}");
}

/// Checks that neurons are balanced after every seventh step and at no other, and gives the parameters at the end.
fn balanced_in_time(case: &Case<'_>) -> Vec<f64> {
    let mut learners = case.learners().unwrap();
    // How far balancing would move the parameters.
    let left = |learners: &dyn Learners| {
        let arrays = learners.parameters().unwrap().swap_remove(0);
        let host = learners.model(0).host_layers(&arrays).unwrap();
        let found = flat(&arrays);
        let mut balanced = found.clone();
        mlp::rebalance(&host.layers, host.activation, &mut balanced);
        relative_gap(&found, &balanced)
    };
    for round in 0..3 {
        let first = 7 * round;
        case.train(&mut *learners, first..first + 6);
        let before = left(&*learners);
        // Small steps keep most of the balance by themselves.
        assert!(before > 1e-9, "round {round}: {before:e}");
        case.train(&mut *learners, first + 6..first + 7);
        let after = left(&*learners);
        assert!(after < 1e-13, "round {round}: {after:e}");
    }
    flat(&learners.parameters().unwrap().swap_remove(0))
}

#[cfg(feature = "ndarray")]
#[test]
fn every_model_continues_bit_by_bit_on_ndarray() {
    for precision in [Precision::F32, Precision::F64] {
        assert_eq!(check_all("ndarray", precision), CASES);
    }
}

#[test]
fn the_state_of_another_learner_is_refused() {
    let target = Target::open("flex", Precision::F64).unwrap();
    let case = |table, engine, optimizer| Case {
        table,
        engine,
        target: &target,
        optimizer,
        members: 1,
        constant: false,
    };
    for engine in ["auto", "autodiff"] {
        let small = case(MODELS[0], engine, adam(Decay::Coupled));
        let large = case("kind = 'mlp'\nwidths = [8]", engine, adam(Decay::Coupled));
        let mut trained = large.learners().unwrap();
        large.train(&mut *trained, 0..3);
        let state = trained.states().unwrap();
        let mut other = small.learners().unwrap();
        let before = other.states().unwrap();
        let error = other.set_states(&state).unwrap_err().to_string();
        assert!(error.contains("does not fit"), "{error}");
        assert_eq!(other.states().unwrap(), before);
    }
}
