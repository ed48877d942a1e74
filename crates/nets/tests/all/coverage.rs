//! Which engine covers which models and trainings, and the reasons for the others.

use std::collections::BTreeSet;

use layerwise_nets::{
    AUTO, Coverage, DeviceBatch, Engine, Engines, Forward, LearnerError, Learners, Member,
    Precision, Rows, Target, TrainingSetup, burn::tensor::Tensor,
};
use models::{HostArray, Loss, Model, Needs, Optimizer, Reduction, Sgd};
use tasks::{KeyError, TaskInstance, TaskShape};

use crate::support::{flat, flex, relative_gap, start::Start};

/// The same formulas in another order of operations, over a few steps.
const SAME_NUMBERS: f64 = 1e-12;
const SINGLE_PRECISION: f64 = 1e-5;
/// Steps of Muon: the nets of the table have gradients of rank one, plus momentum that is almost of rank one, so that
/// directions near rounding take whole steps. Gradients of full rank are compared in `by_hand`.
const SMALL_DIRECTIONS: f64 = 0.3;

/// The engines, in the order in which `auto` tries them.
const ENGINES: [&str; 4] = ["moments", "mlp", "products", "autodiff"];

/// How much of a model an engine covers.
#[derive(Clone, Copy)]
enum Covers {
    Nothing,
    /// Plain gradient descent on squared errors in f64, with the same rows at every step.
    PlainSquares,
    /// Squared errors.
    Squares,
    Everything,
}

use Covers::{Everything as All, Nothing as Not, PlainSquares as Plain, Squares};

impl Covers {
    /// `matrices`: whether the weights of the model are matrices.
    fn covers(self, case: &Case, matrices: bool) -> bool {
        let muon = case.optimizer.of_matrices().is_some();
        let squares = matches!(case.loss, Loss::Mse { .. });
        let plain = case.optimizer == Optimizer::default();
        match self {
            Not => false,
            Plain => squares && plain && case.precision == Precision::F64 && case.constant,
            Squares => squares && !muon,
            All => matrices || !muon,
        }
    }
}

/// Inputs for nets, and as many basis functions for twins; one output.
const MODES: &str = "kind = 'modes'\ninput_powers = [1.5, 0.5]\ntargets = [2.0, 1.0]";
/// Inputs and basis functions with 5 outputs.
const CHARACTERS: &str = "kind = 'modular-arithmetic'\nmodulus = 5\nfraction = 0.5\n\
                          operation = 'add'\nfeatures = 'characters'";
/// A basis function for each row, and 3 outputs.
const LABELS: &str = "kind = 'class-labels'\nper_class = [2, 3, 2]";

/// A task, a model of it, and how much of it each of the [`ENGINES`] covers.
type Row = (&'static str, &'static str, [Covers; 4]);

#[rustfmt::skip]
const TABLE: [Row; 35] = [
    //                                                                      moments mlp  products autodiff
    (MODES, "kind = 'mlp'\nwidths = [4]",                                      [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4, 3]\nactivation = 'tanh'",              [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nactivation = 'gelu'\nbias = false",   [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\ncentre_output = true",                [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nparametrisation = 'ntk'",             [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nlinearised = true",                   [Not, Not, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\ngates = 'start'",                    [Not, Not, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = []",                                       [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = []\nbias = false",                         [Plain, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nactivation = 'identity'\nbias = false", [Plain, All, Not, All]),
    (CHARACTERS, "kind = 'mlp'\nwidths = [4]\nactivation = 'quadratic'",       [Not, All, Not, All]),
    (MODES, "kind = 'deep-linear'\nwidths = [4]",                              [Plain, All, Not, All]),
    (MODES, "kind = 'deep-linear'\nwidths = [4, 3]\noutput_scale = 0.5",       [Plain, All, Not, All]),
    (CHARACTERS, "kind = 'deep-linear'\nwidths = [4]",                         [Plain, All, Not, All]),
    (MODES, "kind = 'deep-linear'\nwidths = [4]\nbias = true",                 [Not, All, Not, All]),
    (MODES, "kind = 'deep-linear'\nwidths = [4]\ncentre_output = true",        [Not, All, Not, All]),
    (MODES, "kind = 'deep-linear'\nwidths = [4]\nparametrisation = 'ntk'",     [Not, All, Not, All]),
    (MODES, "kind = 'multilinear'\ninitial = 0.1",                             [Not, Not, Squares, All]),
    (MODES, "kind = 'multilinear'\ninitial = 0.1\ndepth = 3",                  [Not, Not, Squares, All]),
    (MODES, "kind = 'linear-skills'",                                          [Not, Not, Squares, All]),
    (MODES, "kind = 'linear-basis'",                                           [Not, Not, Squares, All]),
    (CHARACTERS, "kind = 'linear-basis'",                                      [Not, Not, Not, All]),
    (CHARACTERS, "kind = 'diagonal-linear'\ninitial = 0.1",                    [Not, Not, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nfreeze = ['layer 1']",                [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4, 3]\nactivation = 'tanh'\nfeedback = { kind = 'fixed', std = 0.5 }",
                                                                               [Not, All, Not, All]),
    (CHARACTERS, "kind = 'mlp'\nwidths = [4]\nfeedback = { kind = 'fixed', std = 0.5 }\nparametrisation = 'ntk'\ncentre_output = true",
                                                                               [Not, All, Not, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nclamp = [{ layer = 2, norm = 0.7 }]\nfreeze = [{ layer = 1, from = 2 }]",
                                                                               [Not, All, Not, All]),
    (MODES, "kind = 'deep-linear'\nwidths = [4]\nfreeze = ['layer 2']",        [Not, All, Not, All]),
    (MODES, "kind = 'multilinear'\ninitial = 0.1\nfreeze = [{ layer = 2, from = 2 }]",
                                                                               [Not, Not, Squares, All]),
    (MODES, "kind = 'multilinear'\ninitial = 0.1\ndepth = 3\nfeedback = { kind = 'fixed', std = 0.5 }",
                                                                               [Not, Not, Squares, All]),
    (MODES, "kind = 'multilinear'\ninitial = 0.1\nfeedback = { kind = 'fixed', value = 0.5 }\nclamp = ['layer 1']",
                                                                               [Not, Not, Squares, All]),
    (MODES, "kind = 'mlp'\nwidths = [4]\nlinearised = true\nfreeze = ['layer 1']", [Not, Not, Not, All]),
    (LABELS, "kind = 'unconstrained-features'\nwidth = 3\ninit = { kind = 'normal', std = 0.5 }\nfreeze = ['layer 2']\nclamp = [{ layer = 1, norm = 2.0 }]",
                                                                               [Not, Not, Not, All]),
    (LABELS, "kind = 'unconstrained-features'\nwidth = 3\ndepth = 4\ninit = { kind = 'normal', std = 0.5 }",
                                                                               [Not, Not, Not, All]),
    (LABELS, "kind = 'unconstrained-features'\nwidth = 3\ninit = { kind = 'normal', std = 0.5 }",
                                                                               [Not, Not, Not, All]),
];

/// A cell of the table, for one way to train.
#[derive(Debug, Clone, Copy)]
struct Case {
    loss: Loss,
    optimizer: Optimizer,
    precision: Precision,
    /// Whether the rows are the same at every step.
    constant: bool,
}

const HALVED: Loss = mse(true, Reduction::Sum);

const fn mse(half: bool, outputs: Reduction) -> Loss {
    Loss::Mse { half, outputs }
}

fn optimizer(table: &str) -> Optimizer {
    toml::from_str(table).unwrap()
}

/// Every loss with every optimizer, precision and kind of rows.
fn cases() -> Vec<Case> {
    let losses = [
        HALVED,
        mse(true, Reduction::Mean),
        mse(false, Reduction::Sum),
        mse(false, Reduction::Mean),
        Loss::CrossEntropy,
        Loss::Hinge {
            outputs: Reduction::Mean,
        },
    ];
    let optimizers = [
        "kind = 'sgd'",
        "kind = 'sgd'\nweight_decay = 0.1",
        "kind = 'sgd'\nmomentum = 0.5\ndampening = 0.1",
        "kind = 'sgd'\nmomentum = 0.5\nnesterov = true",
        "kind = 'adam'\nepsilon = 1e-3",
        "kind = 'adam'\nepsilon = 1e-3\nweight_decay = 0.1\ndecay = 'decoupled'",
        "kind = 'sign'\nweight_decay = 0.1",
        "kind = 'muon'\nmomentum = 0.5\nweight_decay = 0.1",
    ];
    let mut cases = Vec::new();
    for loss in losses {
        for optimizer in optimizers.map(optimizer) {
            for precision in [Precision::F32, Precision::F64] {
                for constant in [false, true] {
                    cases.push(Case {
                        loss,
                        optimizer,
                        precision,
                        constant,
                    });
                }
            }
        }
    }
    cases
}

impl Case {
    /// The answer of `ask` to training `start` in this way on `target`.
    fn with<R>(
        &self,
        engines: &Engines,
        start: &Start,
        target: &Target,
        ask: impl FnOnce(TrainingSetup<'_>) -> R,
    ) -> R {
        let rows = std::slice::from_ref(&start.rows);
        ask(TrainingSetup {
            members: vec![Member {
                model: start.model().into(),
                initial: start.weights.clone(),
                backward: start.model().backward(start.shape, 0),
                seed: 0,
            }],
            loss: self.loss,
            optimizer: self.optimizer,
            target,
            constant: self.constant.then_some(rows),
            forwards: engines.forwards(),
        })
    }

    /// Parameters after a few steps of an engine.
    fn trained(&self, engine: &dyn Engine, start: &Start) -> Vec<f64> {
        let (engines, target) = (Engines::default(), flex(self.precision));
        let learners = self.with(&engines, start, &target, |setup| engine.start(setup));
        let mut learners = learners.unwrap();
        assert_eq!(learners.engine(), engine.name());
        let rows = Rows::new(&start.rows, learners.model(0).needs(), &target);
        for _ in 0..3 {
            learners.step(&rows, &[0.01]);
        }
        flat(&learners.parameters().unwrap()[0])
    }
}

/// One-hot targets, which cross-entropy needs.
fn one_hot(start: &mut Start) {
    let columns = start.shape.outputs;
    for (row, targets) in start.rows.targets.chunks_exact_mut(columns).enumerate() {
        targets.fill(0.0);
        targets[row % columns] = 1.0;
    }
}

fn signs(start: &mut Start) {
    for (place, target) in start.rows.targets.iter_mut().enumerate() {
        *target = if place % 3 == 0 { -1.0 } else { 1.0 };
    }
}

#[test]
fn every_engine_covers_its_cells_of_the_table_and_trains_like_the_recorded_graph() {
    let engines = Engines::default();
    for (task, model, row) in TABLE {
        for case in cases() {
            let mut start = Start::new(task, model, 1);
            match case.loss {
                Loss::Mse { .. } => {}
                Loss::CrossEntropy => one_hot(&mut start),
                Loss::Hinge { .. } => signs(&mut start),
            }
            let target = flex(case.precision);
            let choose = |name: &str| {
                case.with(&engines, &start, &target, |setup| {
                    engines.choose(name, &setup)
                })
            };
            let matrices = start.model().has_matrices();
            let autodiff = choose("autodiff").ok();
            let autodiff = autodiff.map(|engine| case.trained(engine, &start));
            let mut first = None;
            for (name, covers) in ENGINES.into_iter().zip(row) {
                let chosen = choose(name);
                let place = || format!("{name}, {model}, {case:?}");
                assert_eq!(
                    chosen.is_ok(),
                    covers.covers(&case, matrices),
                    "{}",
                    place()
                );
                let Ok(engine) = chosen else { continue };
                assert_eq!(engine.name(), name);
                first = first.or(Some(name));
                let autodiff = autodiff.as_ref().unwrap();
                let gap = relative_gap(&case.trained(engine, &start), autodiff);
                let muon = case.optimizer.of_matrices().is_some();
                let bound = match case.precision {
                    _ if muon => SMALL_DIRECTIONS,
                    Precision::F32 => SINGLE_PRECISION,
                    Precision::F64 => SAME_NUMBERS,
                };
                assert!(gap <= bound, "{}: {gap:e}", place());
            }
            let auto = choose(AUTO).ok().map(Engine::name);
            assert_eq!(auto, first, "{model}, {case:?}");
        }
    }
}

#[test]
fn the_table_holds_every_kind_of_model_and_every_engine() {
    let kind = |(_, model, _): &Row| {
        let table: toml::Table = model.parse().unwrap();
        table["kind"].as_str().unwrap().to_owned()
    };
    let kinds: BTreeSet<String> = TABLE.iter().map(kind).collect();
    assert!(kinds.iter().eq(models::kinds().names()), "{kinds:?}");
    let engines = Engines::default();
    assert!(engines.iter().map(Engine::name).eq(ENGINES));
    assert_eq!(engines.names()[0], AUTO);
}

#[test]
fn an_engine_says_what_it_does_not_cover() {
    const LINEAR: &str = "kind = 'deep-linear'\nwidths = [4]";
    const COVERED: Case = Case {
        loss: HALVED,
        optimizer: Optimizer::Sgd(Sgd {
            momentum: 0.0,
            dampening: 0.0,
            nesterov: false,
            weight_decay: 0.0,
        }),
        precision: Precision::F64,
        constant: true,
    };
    let (entropy, single, fresh) = (
        Case {
            loss: Loss::CrossEntropy,
            ..COVERED
        },
        Case {
            precision: Precision::F32,
            ..COVERED
        },
        Case {
            constant: false,
            ..COVERED
        },
    );
    let momentum = optimizer("kind = 'sgd'\nmomentum = 0.5");
    let momentum = Case {
        optimizer: momentum,
        ..COVERED
    };
    let engines = Engines::default();
    let says = |engine: &str, task: &str, model: &str, case: Case, reason: &str| {
        let (start, target) = (Start::new(task, model, 0), flex(case.precision));
        let refused = case.with(&engines, &start, &target, |setup| {
            engines.choose(engine, &setup).map(Engine::name)
        });
        let message = refused.unwrap_err().to_string();
        let sentence = format!("engine {engine:?} {reason}. Use --engine auto");
        assert_eq!(message, sentence, "{model}");
    };
    let moments = |model: &str, reason| says("moments", MODES, model, COVERED, reason);
    says(
        "autodiff",
        MODES,
        "kind = 'mlp'\nwidths = [4]\ndropout = 0.5",
        COVERED,
        "leaves no neurons out of a step (dropout)",
    );
    moments(
        "kind = 'mlp'\nwidths = [4]",
        "trains only deep-linear nets and mlp nets of the identity",
    );
    moments(
        "kind = 'linear-skills'",
        "trains only deep-linear nets and mlp nets of the identity",
    );
    moments(
        "kind = 'mlp'\nwidths = []",
        "trains nets without biases only",
    );
    let with = |key: &str, reason| moments(&format!("{LINEAR}\n{key}"), reason);
    with("centre_output = true", "does not centre outputs");
    let touched = "intervenes on no layer (freeze, feedback, clamp, balance, dropout)";
    with("freeze = ['layer 1']", touched);
    with("feedback = { kind = 'fixed', std = 0.5 }", touched);
    with("clamp = ['layer 2']", touched);
    let standard = "trains nets in the standard parametrisation only";
    with("parametrisation = 'ntk'", standard);
    let linear = |case, reason| says("moments", MODES, LINEAR, case, reason);
    linear(entropy, "needs a squared error");
    linear(momentum, "needs plain gradient descent");
    linear(fresh, "needs the same rows at every step");
    linear(single, "trains in f64 only");
    let muon = Case {
        optimizer: optimizer("kind = 'muon'"),
        ..COVERED
    };
    let unmatched = "knows no matrices in this model, which the optimizer muon steps; its \
                     counterpart for single numbers is kind = \"sign\"";
    for engine in ["products", "autodiff"] {
        says(engine, MODES, "kind = 'linear-skills'", muon, unmatched);
    }
    let perceptrons = "trains only multilayer perceptrons, neither linearised nor with fixed gates";
    let linearised = "kind = 'mlp'\nwidths = [4]\nlinearised = true";
    says("mlp", MODES, linearised, COVERED, perceptrons);
    says("mlp", MODES, "kind = 'linear-skills'", COVERED, perceptrons);
    let products = |task, model, case, reason| says("products", task, model, case, reason);
    products(MODES, LINEAR, COVERED, "trains products of skills only");
    let one = "trains products of skills with one output only";
    products(CHARACTERS, "kind = 'linear-basis'", COVERED, one);
    let squared = "trains by squared error only";
    products(MODES, "kind = 'linear-skills'", entropy, squared);
}

#[test]
fn an_unknown_engine_is_answered_with_all_engines() {
    let (engines, target) = (Engines::default(), flex(Precision::F64));
    let start = Start::new(MODES, "kind = 'linear-skills'", 0);
    let refused = cases()[0].with(&engines, &start, &target, |setup| {
        engines.start("fast", setup).err()
    });
    let message = refused.unwrap().to_string();
    assert_eq!(
        message,
        "engine \"fast\" is unknown. Choose one of: auto, moments, mlp, products, autodiff"
    );
}

/// A model of another crate: linear in the inputs.
struct Foreign;

impl Model for Foreign {
    fn resolved(&self) -> toml::Table {
        toml::Table::from_iter([("kind".to_owned(), "foreign".into())])
    }

    fn needs(&self) -> Needs {
        Needs {
            inputs: true,
            basis: false,
        }
    }

    fn lr_scale(&self) -> f64 {
        1.0
    }

    fn check(&self, _: TaskShape) -> Result<(), KeyError> {
        Ok(())
    }

    fn initial(&self, _: &dyn TaskInstance, shape: TaskShape, _: u64) -> Vec<HostArray> {
        vec![HostArray {
            name: "weight".to_owned(),
            rows: shape.inputs,
            columns: shape.outputs,
            values: vec![0.5; shape.inputs * shape.outputs],
        }]
    }
}

impl Forward for Foreign {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        (batch.inputs.clone().unwrap()).matmul(parameters[0].clone())
    }
}

/// The foreign model on modes, before its first step by the engine of this name.
fn foreign(engines: &Engines, engine: &str) -> Result<Box<dyn Learners>, LearnerError> {
    let start = Start::new(MODES, "kind = 'linear-skills'", 0);
    let target = flex(Precision::F64);
    cases()[0].with(engines, &start, &target, |mut setup| {
        let initial = Foreign.initial(&*start.instance, start.shape, 0);
        let model = std::sync::Arc::new(Foreign);
        setup.members = vec![Member::untouched(model, initial)];
        engines.start(engine, setup)
    })
}

#[test]
fn a_model_of_a_type_that_was_never_registered_is_refused_with_a_sentence() {
    let engines = Engines::default();
    for engine in ENGINES {
        let message = foreign(&engines, engine).err().unwrap().to_string();
        let sentence = format!("engine {engine:?} ");
        assert!(message.starts_with(&sentence), "{message}");
        assert!(message.ends_with(". Use --engine auto"), "{message}");
    }
    let message = foreign(&engines, AUTO).err().unwrap().to_string();
    assert_eq!(
        message,
        "no engine trains this model: autodiff has no forward function for this model"
    );
    let model = std::sync::Arc::new(Foreign);
    let (loss, target) = (Loss::default(), flex(Precision::F64));
    let shown = engines.replay(model, [(0, Vec::new())].into(), loss, &target);
    let message = shown.err().unwrap().to_string();
    assert!(
        message.contains("no forward function for this model"),
        "{message}"
    );
}

#[test]
fn a_model_of_another_crate_trains_once_its_function_is_registered() {
    let mut engines = Engines::default();
    engines.forwards_mut().register::<Foreign>();
    let start = Start::new(MODES, "kind = 'mlp'\nwidths = []\nbias = false", 0);
    let mut found = foreign(&engines, AUTO).unwrap();
    assert_eq!(found.engine(), "autodiff");
    // It is the linear net from the same weights.
    let target = flex(Precision::F64);
    let mut expected = cases()[0].with(&engines, &start, &target, |mut setup| {
        setup.members[0].initial[0].values.fill(0.5);
        engines.start("autodiff", setup).unwrap()
    });
    let rows = Rows::new(&start.rows, Foreign.needs(), &target);
    for learners in [&mut found, &mut expected] {
        (0..5).for_each(|_| learners.step(&rows, &[0.1]));
    }
    let [found, expected] = [found, expected].map(|all| flat(&all.parameters().unwrap()[0]));
    assert_eq!(found, expected);
    assert_ne!(found, [0.5, 0.5]);
}

/// An engine of another crate, which covers everything.
struct Outside;

impl Engine for Outside {
    fn name(&self) -> &'static str {
        "outside"
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            models: "all",
            losses: "all",
            optimizers: "all",
            precisions: "all",
            devices: "CPU",
            interventions: "none",
        }
    }

    fn covers(&self, _: &TrainingSetup<'_>) -> Result<(), &'static str> {
        Ok(())
    }

    fn start(&self, _: TrainingSetup<'_>) -> Result<Box<dyn Learners>, LearnerError> {
        Err(LearnerError::Refused("it has no learners".to_owned()))
    }
}

#[test]
fn auto_tries_an_engine_of_another_crate_before_all_others() {
    let mut engines = Engines::default();
    engines.register(Outside);
    assert_eq!(engines.names()[..3], [AUTO, "outside", "moments"]);
    let error = foreign(&engines, AUTO).err().unwrap();
    assert_eq!(error.to_string(), "it has no learners");
}

#[cfg(feature = "ndarray")]
#[test]
fn auto_uses_only_engines_of_a_device_that_was_asked_for() {
    let engines = Engines::default();
    let target = Target::open("ndarray", Precision::F64).unwrap();
    for (task, model, row) in TABLE {
        let start = Start::new(task, model, 1);
        for case in cases()
            .iter()
            .filter(|case| case.precision == Precision::F64)
        {
            let choose = |name: &str| {
                case.with(&engines, &start, &target, |setup| {
                    engines.choose(name, &setup).map(Engine::name)
                })
            };
            if row[3].covers(case, start.model().has_matrices()) {
                assert_eq!(choose(AUTO).unwrap(), "autodiff", "{model}, {case:?}");
            }
            // It is the CPU all the same, for those who name an engine.
            for (name, covers) in ENGINES.into_iter().zip(row) {
                let covers = covers.covers(case, start.model().has_matrices());
                assert_eq!(choose(name).is_ok(), covers, "{name}, {model}");
            }
        }
    }
}
