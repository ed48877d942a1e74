//! The engine of linear nets on constant rows against the recorded graph, number by number.

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Optimizer, Reduction};
use tasks::stream;

use crate::support::{flex, learner, relative_gap, start::Start};

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

/// Parameters and outputs after training with a rate that changes at every step.
fn trained(engine: &str, start: &Start, loss: Loss) -> (Vec<HostArray>, Vec<f64>) {
    let (model, weights, plain) = (start.model(), start.weights.clone(), Optimizer::default());
    let (target, constant) = (flex(Precision::F64), Some(&start.rows));
    let learner = learner(engine, model, weights, loss, plain, &target, constant);
    let mut learner = learner.unwrap();
    assert_eq!(learner.engine(), engine);
    let needs = learner.model().needs();
    let rows = Rows::new(&start.rows, needs, &target);
    for step in 0..STEPS {
        learner.step(&rows, 0.02 * (1.0 + 0.5 * (step as f64).sin()));
    }
    // Rows that nothing was trained on.
    let mut unseen = start.rows.clone();
    stream::standard_normals(&mut stream::keyed(9, "unseen rows", 0), &mut unseen.inputs);
    let unseen = Rows::new(&unseen, needs, &target);
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
