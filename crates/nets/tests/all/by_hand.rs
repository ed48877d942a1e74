//! The engines `mlp` and `products`, which compute gradients by hand, against the recorded graph, step
//! by step.

use layerwise_nets::{Precision, Rows};
use models::{Adam, Decay, HostArray, Loss, Muon, Optimizer, Reduction, Sgd, Sign};
use tasks::{Basis, Batch, TaskShape, stream};

use crate::support::{Targets, batch, flat, flex, initial, learner, model, relative_gap};

/// The same formulas in another order of operations, over 200 steps.
const SAME_NUMBERS: f64 = 1e-10;
/// In f32 over 30 steps.
const SINGLE_PRECISION: f64 = 1e-4;
/// Parameters must move by more than this, or the test shows nothing.
const TRAINED: f64 = 1e-4;

const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

fn adam(weight_decay: f64, decay: Decay) -> Optimizer {
    Optimizer::Adam(Adam {
        beta1: 0.9,
        beta2: 0.99,
        // Where gradients are near zero a small one divides rounding by rounding.
        epsilon: 1e-3,
        weight_decay,
        decay,
    })
}

fn sgd(momentum: f64, dampening: f64, nesterov: bool, weight_decay: f64) -> Optimizer {
    Optimizer::Sgd(Sgd {
        momentum,
        dampening,
        nesterov,
        weight_decay,
    })
}

fn optimizers() -> Vec<Optimizer> {
    vec![
        Optimizer::default(),
        sgd(0.0, 0.0, false, 0.1),
        sgd(0.8, 0.3, false, 0.0),
        sgd(0.8, 0.0, true, 0.1),
        adam(0.0, Decay::Coupled),
        adam(0.1, Decay::Coupled),
        adam(0.1, Decay::Decoupled),
        Optimizer::Sign(Sign {
            momentum: 0.8,
            weight_decay: 0.1,
        }),
    ]
}

/// Rows of a step.
type MakeRows<'a> = &'a dyn Fn(u64) -> Batch;

struct Case<'a> {
    engine: &'a str,
    table: &'a str,
    start: Vec<HostArray>,
    rows: MakeRows<'a>,
    loss: Loss,
    optimizer: Optimizer,
    lr: f64,
}

impl Case<'_> {
    /// Parameters after each of some steps, and outputs at the end.
    fn path(&self, engine: &str, precision: Precision, steps: u64) -> Vec<Vec<f64>> {
        let target = flex(precision);
        let model = model(self.table);
        let needs = model.needs();
        let (loss, optimizer) = (self.loss, self.optimizer);
        let start = self.start.clone();
        let mut one = learner(engine, model, start, loss, optimizer, &target, None).unwrap();
        assert_eq!(one.engine(), engine);
        let mut path = Vec::new();
        for step in 0..steps {
            let batch = (self.rows)(step);
            one.step(
                &Rows::new(&batch, needs, &target),
                self.lr * (1.0 + 0.3 * (step as f64).sin()),
            );
            if step % 20 == 0 {
                path.push(flat(&one.parameters().unwrap()));
            }
        }
        path.push(flat(&one.parameters().unwrap()));
        let batch = (self.rows)(steps);
        path.push(one.outputs(&Rows::new(&batch, needs, &target)).unwrap());
        path
    }

    fn gap(&self, precision: Precision, steps: u64) -> f64 {
        let expected = self.path("autodiff", precision, steps);
        let found = self.path(self.engine, precision, steps);
        let moved = relative_gap(&expected[expected.len() - 2], &flat(&self.start));
        assert!(moved > TRAINED, "{} moved by {moved:e}", self.table);
        let pairs = found.iter().zip(&expected);
        pairs.map(|(f, e)| relative_gap(f, e)).fold(0.0, f64::max)
    }
}

const NET: TaskShape = TaskShape {
    inputs: 6,
    basis: 0,
    outputs: 3,
};

#[test]
fn nets_train_by_hand_as_by_the_recorded_graph() {
    // Deep quadratic nets explode from larger weights.
    let activations = [
        ("relu", 0.8, 0.003),
        ("tanh", 0.8, 0.003),
        ("gelu", 0.8, 0.003),
        ("quadratic", 0.5, 0.001),
        ("identity", 0.8, 0.003),
    ];
    for (activation, scale, lr) in activations {
        for widths in ["[]", "[7]", "[7, 5]", "[5, 6, 4]"] {
            for bias in [true, false] {
                for loss in [HALVED, Loss::default(), Loss::CrossEntropy] {
                    let table = format!(
                        "kind = 'mlp'\nwidths = {widths}\nactivation = '{activation}'\nbias = {bias}\n\
                         init = {{ kind = 'fan-in', scale = {scale}, biases = 'same' }}"
                    );
                    // Also by steps of whole matrices, which products of skills are not.
                    let muon = Optimizer::Muon(Muon {
                        momentum: 0.8,
                        weight_decay: 0.1,
                    });
                    for optimizer in optimizers().into_iter().chain([muon]) {
                        let targets = match loss {
                            Loss::CrossEntropy => Targets::Classes,
                            Loss::Mse { .. } | Loss::Hinge { .. } => Targets::Numbers,
                        };
                        let case = Case {
                            engine: "mlp",
                            table: &table,
                            start: initial(&*model(&table), NET, 1),
                            rows: &|step| batch(NET, 9, targets, false, step),
                            loss,
                            optimizer,
                            lr,
                        };
                        let gap = case.gap(Precision::F64, 200);
                        assert!(
                            gap < SAME_NUMBERS,
                            "{table}, {loss:?}, {optimizer:?}: {gap:e}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn scales_centres_parametrisations_and_weighted_rows_are_the_same_by_hand() {
    for keys in [
        "output_scale = 2.0\ncentre_output = true",
        "output_scale = 0.3",
        "parametrisation = 'ntk'",
        "parametrisation = 'mean-field'\nbase_width = 4",
        "lr_scale = 0.5\nweight_scale = 1.3\nimbalance = 2.0",
    ] {
        let table = format!("kind = 'mlp'\nwidths = [8, 8]\nactivation = 'tanh'\n{keys}");
        for weighted in [false, true] {
            let case = Case {
                engine: "mlp",
                table: &table,
                start: initial(&*model(&table), NET, 2),
                rows: &|step| batch(NET, 9, Targets::Numbers, weighted, step),
                loss: HALVED,
                optimizer: Optimizer::default(),
                lr: 0.01,
            };
            let gap = case.gap(Precision::F64, 200);
            assert!(gap < SAME_NUMBERS, "{table}: {gap:e}");
        }
    }
}

const SKILLS: TaskShape = TaskShape {
    inputs: 0,
    basis: 4,
    outputs: 1,
};

fn skills(step: u64, weighted: bool) -> Batch {
    let mut rows = batch(SKILLS, 9, Targets::Numbers, weighted, step);
    let mut basis = vec![0.0; 9 * SKILLS.basis];
    stream::standard_normals(&mut stream::keyed(step, "basis", 0), &mut basis);
    rows.basis = Basis::Dense(basis);
    rows
}

fn population(step: u64) -> Batch {
    let mut rows = batch(SKILLS, SKILLS.basis, Targets::Numbers, true, step);
    rows.basis = Basis::Identity;
    rows
}

#[test]
fn products_of_skills_train_by_hand_as_by_the_recorded_graph() {
    for table in [
        "kind = 'multilinear'\ninitial = 0.2\nspread = 0.5",
        "kind = 'multilinear'\ninitial = 0.2\nspread = 0.5\nlambda = -0.7",
        "kind = 'multilinear'\ninitial = 0.2\ndepth = 4\nlr_scale = 0.5",
        "kind = 'linear-skills'\ninitial = 0.1",
        "kind = 'linear-basis'",
    ] {
        for optimizer in optimizers() {
            for rows in [
                &(|step| skills(step, false)) as MakeRows<'_>,
                &|step| skills(step, true),
                &population,
            ] {
                let case = Case {
                    engine: "products",
                    table,
                    start: initial(&*model(table), SKILLS, 3),
                    rows,
                    loss: HALVED,
                    optimizer,
                    lr: 0.02,
                };
                let gap = case.gap(Precision::F64, 200);
                assert!(gap < SAME_NUMBERS, "{table}, {optimizer:?}: {gap:e}");
                let single = case.gap(Precision::F32, 30);
                assert!(
                    single < SINGLE_PRECISION,
                    "{table}, {optimizer:?}: {single:e}"
                );
            }
        }
    }
}
