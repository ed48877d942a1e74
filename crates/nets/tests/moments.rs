//! The engine of linear nets on constant rows against the recorded graph, number by number, and
//! which engine trains what.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use layerwise_nets::{
    self as nets, ENGINES, HostArray, Learner, LearnerError, Loss, Optimizer, Precision, Reduction,
    Rows,
};
use support::{flex, linear::Start, relative_gap};
use tasks::{Batch, stream};

/// Both engines compute the same recursion with sums in another order: 1e-16 a step. A wrong
/// factor anywhere gives 1e-3 or more.
const SAME_NUMBERS: f64 = 1e-12;
/// Less movement than this and two engines would agree by doing nothing.
const TRAINED: f64 = 1e-2;
const STEPS: u64 = 200;

const HALVED: Loss = mse(true, Reduction::Sum);
const LOSSES: [Loss; 4] = [
    HALVED,
    mse(true, Reduction::Mean),
    mse(false, Reduction::Sum),
    mse(false, Reduction::Mean),
];

const fn mse(half: bool, outputs: Reduction) -> Loss {
    Loss::Mse { half, outputs }
}

fn task(outputs: usize, whiten: bool) -> String {
    format!(
        "kind = 'random-regression'\nsamples = 12\ninputs = 5\noutputs = {outputs}\n\
         whiten = {whiten}"
    )
}

/// A learner by `engine` in f64.
fn learner(
    engine: &str,
    start: &Start,
    loss: Loss,
    optimizer: Optimizer,
    constant: Option<&Batch>,
    precision: Precision,
) -> Result<Box<dyn Learner>, LearnerError> {
    let (model, weights) = (start.model(), start.weights.clone());
    let target = flex(precision);
    nets::learner(engine, model, weights, loss, optimizer, &target, constant)
}

/// Parameters and outputs after training with a rate that changes at every step.
fn trained(engine: &str, start: &Start, loss: Loss) -> (Vec<HostArray>, Vec<f64>) {
    let plain = Optimizer::default();
    let constant = Some(&start.rows);
    let mut learner = learner(engine, start, loss, plain, constant, Precision::F64).unwrap();
    assert_eq!(learner.engine(), engine);
    let needs = learner.model().needs();
    let rows = Rows::new(&start.rows, needs, &flex(Precision::F64));
    for step in 0..STEPS {
        learner.step(&rows, 0.02 * (1.0 + 0.5 * (step as f64).sin()));
    }
    // Rows that nothing was trained on.
    let mut unseen = start.rows.clone();
    stream::standard_normals(&mut stream::keyed(9, "unseen rows", 0), &mut unseen.inputs);
    let unseen = Rows::new(&unseen, needs, &flex(Precision::F64));
    let outputs = learner.outputs(&unseen).unwrap();
    (learner.parameters().unwrap(), outputs)
}

/// Asserts that both engines train `start` to the same numbers.
fn assert_same(start: &Start, loss: Loss, case: &str) {
    let (expected, expected_outputs) = trained("autodiff", start, loss);
    let (found, outputs) = trained("moments", start, loss);
    for ((found, expected), initial) in found.iter().zip(&expected).zip(&start.weights) {
        let layout = |a: &HostArray| (a.name.clone(), a.rows, a.columns);
        assert_eq!(layout(found), layout(expected), "{case}");
        let gap = relative_gap(&found.values, &expected.values);
        assert!(gap < SAME_NUMBERS, "{case}, {}: {gap:e}", found.name);
        let moved = relative_gap(&expected.values, &initial.values);
        assert!(moved > TRAINED, "{case}, {}: {moved}", found.name);
    }
    assert_eq!(found.len(), expected.len());
    let gap = relative_gap(&outputs, &expected_outputs);
    assert!(gap < SAME_NUMBERS, "{case}, outputs: {gap:e}");
}

#[test]
fn moments_train_every_linear_net_as_the_graph_does() {
    for (depth, widths) in ["[]", "[3]", "[4, 7]", "[6, 3, 5]"].iter().enumerate() {
        for outputs in 1..=3 {
            for whiten in [false, true] {
                let table = format!(
                    "kind = 'deep-linear'\nwidths = {widths}\noutput_scale = 0.75\n\
                     lr_scale = 0.5\ninit = {{ kind = 'fan-in', scale = 1.0 }}"
                );
                let mut start = Start::new(&task(outputs, whiten), &table, depth as u64);
                for weighted in [false, true] {
                    // Neither equal nor adding up to one.
                    let weights = (0..12_u32).map(|row| 0.02 * f64::from(row % 5 + 1));
                    start.rows.weights = weighted.then(|| weights.collect());
                    for loss in LOSSES {
                        let case = format!(
                            "{widths}, {outputs} outputs, whiten {whiten}, weighted {weighted}, \
                             {loss:?}"
                        );
                        assert_same(&start, loss, &case);
                    }
                }
            }
        }
    }
}

#[test]
fn moments_train_from_every_start_of_linear_nets() {
    let balanced = "kind = 'balanced', strength = 0.4";
    let inits = [
        "kind = 'normal', std = 0.3".to_owned(),
        "kind = 'mirrored', scale = 0.3, imbalance = -0.4".to_owned(),
        format!("{balanced}, alignment = 'task', lambda = -0.3"),
        format!("{balanced}, alignment = 'random'"),
    ];
    for init in inits {
        let table = format!("kind = 'deep-linear'\nwidths = [4]\ninit = {{ {init} }}");
        assert_same(&Start::new(&task(3, true), &table, 5), HALVED, &init);
    }
    let toy = "kind = 'deep-linear'\nwidths = [4]\noutput_scale = 0.5\n\
               init = { kind = 'toy', sigma = 0.5 }";
    let modes = "kind = 'modes'\ninput_powers = [1.5]\ntargets = [2.0]";
    assert_same(&Start::new(modes, toy, 5), HALVED, "toy");
}

#[test]
fn an_mlp_with_one_affine_map_or_the_identity_is_a_linear_net() {
    for table in [
        "kind = 'mlp'\nwidths = []\nactivation = 'relu'\nbias = false",
        "kind = 'mlp'\nwidths = [4]\nactivation = 'identity'\nbias = false",
    ] {
        assert_same(&Start::new(&task(2, false), table, 1), HALVED, table);
    }
}

/// A case that moments do not cover, and what the message says about it.
struct Beyond {
    table: &'static str,
    loss: Loss,
    optimizer: &'static str,
    constant: bool,
    why: &'static str,
}

const LINEAR: &str = "kind = 'deep-linear'\nwidths = [4]";

/// What moments cover.
const COVERED: Beyond = Beyond {
    table: LINEAR,
    loss: HALVED,
    optimizer: "kind = 'sgd'",
    constant: true,
    why: "",
};

const BEYOND: [Beyond; 13] = [
    Beyond {
        table: "kind = 'mlp'\nwidths = [4]\nbias = false",
        why: "linear nets",
        ..COVERED
    },
    Beyond {
        table: "kind = 'mlp'\nwidths = [4]\nbias = false\nactivation = 'tanh'",
        why: "linear nets",
        ..COVERED
    },
    Beyond {
        table: "kind = 'deep-linear'\nwidths = [4]\nbias = true",
        why: "without biases",
        ..COVERED
    },
    Beyond {
        table: "kind = 'mlp'\nwidths = []",
        why: "without biases",
        ..COVERED
    },
    Beyond {
        table: "kind = 'deep-linear'\nwidths = [4]\ncentre_output = true",
        why: "centre outputs",
        ..COVERED
    },
    Beyond {
        loss: Loss::CrossEntropy,
        why: "squared error",
        ..COVERED
    },
    Beyond {
        optimizer: "kind = 'adam'",
        why: "plain gradient descent",
        ..COVERED
    },
    Beyond {
        optimizer: "kind = 'sgd'\nmomentum = 0.5",
        why: "plain gradient descent",
        ..COVERED
    },
    Beyond {
        optimizer: "kind = 'sgd'\nmomentum = 0.5\nnesterov = true",
        why: "plain gradient descent",
        ..COVERED
    },
    Beyond {
        optimizer: "kind = 'sgd'\nweight_decay = 0.1",
        why: "plain gradient descent",
        ..COVERED
    },
    Beyond {
        constant: false,
        why: "the same rows",
        ..COVERED
    },
    Beyond {
        table: "kind = 'multilinear'\ninitial = 0.1",
        why: "linear nets",
        ..COVERED
    },
    Beyond {
        table: "kind = 'linear-skills'",
        why: "linear nets",
        ..COVERED
    },
];

impl Beyond {
    fn learner(
        &self,
        engine: &str,
        precision: Precision,
    ) -> Result<Box<dyn Learner>, LearnerError> {
        // This task has inputs for nets and a basis for twins.
        let modes = "kind = 'modes'\ninput_powers = [1.5, 0.5]\ntargets = [2.0, 1.0]";
        let start = Start::new(modes, self.table, 0);
        let optimizer = toml::from_str(self.optimizer).unwrap();
        let rows = self.constant.then_some(&start.rows);
        learner(engine, &start, self.loss, optimizer, rows, precision)
    }
}

#[test]
fn auto_trains_with_moments_exactly_what_they_cover() {
    let auto = |case: &Beyond, precision| case.learner("auto", precision).unwrap().engine();
    assert_eq!(auto(&COVERED, Precision::F64), "moments");
    // In f32 the host's f64 would hide the precision that was asked for.
    assert_eq!(auto(&COVERED, Precision::F32), "host");
    for loss in LOSSES {
        let case = Beyond { loss, ..COVERED };
        assert_eq!(auto(&case, Precision::F64), "moments", "{loss:?}");
    }
    for case in &BEYOND {
        assert_eq!(auto(case, Precision::F64), "host", "{}", case.why);
    }
}

#[test]
fn autodiff_is_there_for_everything() {
    for case in BEYOND.iter().chain([&COVERED]) {
        let learner = case.learner("autodiff", Precision::F64).unwrap();
        assert_eq!(learner.engine(), "autodiff");
    }
}

#[test]
fn moments_say_what_they_do_not_cover() {
    for case in &BEYOND {
        let error = case.learner("moments", Precision::F64).err().unwrap();
        assert!(matches!(error, LearnerError::NotCovered { .. }), "{error}");
        let message = error.to_string();
        assert!(message.starts_with("engine \"moments\" "), "{message}");
        assert!(
            message.contains(case.why),
            "{message} has no {:?}",
            case.why
        );
        assert!(message.ends_with("Use --engine auto"), "{message}");
    }
}

#[test]
fn moments_are_refused_in_f32_which_they_do_not_have() {
    let error = COVERED.learner("moments", Precision::F32).err().unwrap();
    assert!(error.to_string().contains("f64 only"), "{error}");
}

#[test]
fn an_unknown_engine_is_answered_with_all_engines() {
    let error = COVERED.learner("fast", Precision::F64).err().unwrap();
    assert_eq!(error, LearnerError::UnknownEngine("fast".to_owned()));
    let message = error.to_string();
    assert!(message.contains("\"fast\""), "{message}");
    for (name, _) in ENGINES {
        assert!(message.contains(name), "{message} has no {name}");
    }
}
