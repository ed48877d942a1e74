//! Parametrisations with multipliers and linearised nets, against definitions, differences and the
//! host's Jacobian.

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Optimizer, Reduction};
use tasks::{Batch, TaskShape};

use crate::support::{Learner, Targets, batch, flex, initial, learner, model};

/// Sums of a few dozen terms of order one, in f64 on two implementations.
const ROUNDING: f64 = 1e-11;
/// Central differences with step 1e-5: third derivatives of order one, rounding 1e-16/1e-5.
const STEP: f64 = 1e-5;
/// What the issue of the exact kernel asks for.
const DIFFERENCE: f64 = 1e-6;

const SHAPE: TaskShape = TaskShape {
    inputs: 3,
    basis: 0,
    outputs: 2,
};
const ROWS: usize = 5;
const HALVED: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

fn rows() -> Batch {
    batch(SHAPE, ROWS, Targets::Numbers, false, 1)
}

/// `table` before its first step, on the recorded graph.
fn started(table: &str, start: &[HostArray]) -> Learner {
    let (model, target, plain) = (model(table), flex(Precision::F64), Optimizer::default());
    learner(
        "autodiff",
        model,
        start.to_vec(),
        HALVED,
        plain,
        &target,
        None,
    )
    .unwrap()
}

/// Outputs of `table` at `parameters`, having started at `start`.
fn outputs(table: &str, start: &[HostArray], parameters: &[HostArray]) -> Vec<f64> {
    let mut learner = started(table, start);
    learner.set_parameters(parameters.to_vec());
    let batch = rows();
    let rows = Rows::new(&batch, learner.model().needs(), &flex(Precision::F64));
    learner.outputs(&rows).unwrap()
}

/// Parameters and outputs after some steps of gradient descent.
fn trained(table: &str, lr: f64, steps: u64) -> (Vec<HostArray>, Vec<f64>) {
    let mut learner = started(table, &initial(&*model(table), SHAPE, 3));
    let batch = rows();
    let rows = Rows::new(&batch, learner.model().needs(), &flex(Precision::F64));
    for _ in 0..steps {
        learner.step(&rows, lr);
    }
    (
        learner.parameters().unwrap(),
        learner.outputs(&rows).unwrap(),
    )
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "{what}: {a}, not {b}"
        );
    }
}

const NET: &str = "kind = 'mlp'\nwidths = [16, 16]\nactivation = 'tanh'\n\
                   init = { kind = 'he', biases = 'same' }";

#[test]
fn all_parametrisations_are_one_at_the_base_width() {
    let (_, standard) = trained(NET, 0.1, 5);
    for kind in ["ntk", "mean-field"] {
        let table = format!("{NET}\nparametrisation = '{kind}'\nbase_width = 16");
        let (_, found) = trained(&table, 0.1, 5);
        assert_close(&found, &standard, ROUNDING, kind);
    }
}

#[test]
fn nets_start_as_in_the_standard_parametrisation_but_for_the_last_layer_of_the_mean_field() {
    let start = |table: &str| {
        let start = initial(&*model(table), SHAPE, 3);
        outputs(table, &start, &start)
    };
    let plain = NET.replace("biases = 'same'", "biases = 'zero'");
    let standard = start(&plain);
    let with = |more: &str| start(&format!("{plain}\n{more}"));
    let ntk = with("parametrisation = 'ntk'");
    assert_close(&ntk, &standard, ROUNDING, "ntk");
    // √(base/width) = √(4/16).
    let mean_field = with("parametrisation = 'mean-field'\nbase_width = 4");
    let half: Vec<f64> = standard.iter().map(|f| 0.5 * f).collect();
    assert_close(&mean_field, &half, ROUNDING, "mean-field");
}

/// The kernel of the trained parameters, by central differences of the outputs on the device.
fn kernel_by_differences(table: &str, start: &[HostArray]) -> Vec<f64> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for array in 0..start.len() {
        for entry in 0..start[array].values.len() {
            let probe = |by: f64| {
                let mut moved = start.to_vec();
                moved[array].values[entry] += by;
                outputs(table, start, &moved)
            };
            let (above, below) = (probe(STEP), probe(-STEP));
            let slopes = above.iter().zip(&below);
            columns.push(slopes.map(|(a, b)| (a - b) / (2.0 * STEP)).collect());
        }
    }
    // Row k · N + n of the kernel is output n · K + k.
    let place = |row: usize| row % ROWS * SHAPE.outputs + row / ROWS;
    let size = ROWS * SHAPE.outputs;
    let product = |a: usize, b: usize| -> f64 {
        let columns = columns.iter();
        columns
            .map(|column| column[place(a)] * column[place(b)])
            .sum()
    };
    (0..size)
        .flat_map(|a| (0..=a).map(move |b| (a, b)))
        .map(|(a, b)| product(a, b) * if a == b { 1.0 } else { 2.0_f64.sqrt() })
        .collect()
}

#[test]
fn the_kernel_is_that_of_the_trained_parameters_in_every_parametrisation() {
    for (kind, widths) in [
        ("standard", "[6]"),
        ("ntk", "[6]"),
        ("ntk", "[6, 4]"),
        ("mean-field", "[6]"),
        ("mean-field", "[6, 4]"),
    ] {
        let base = if kind == "standard" {
            ""
        } else {
            "base_width = 2"
        };
        let table = format!(
            "kind = 'mlp'\nwidths = {widths}\nactivation = 'gelu'\nparametrisation = '{kind}'\n\
             {base}\ninit = {{ kind = 'he', biases = 'same' }}"
        );
        let net = model(&table);
        let start = initial(&*net, SHAPE, 3);
        let kernel = net
            .host(&start)
            .unwrap()
            .kernel(&rows().inputs, ROWS)
            .unwrap();
        let expected = kernel_by_differences(&table, &start);
        assert_close(&kernel, &expected, DIFFERENCE, &table);
    }
}

#[test]
fn a_linearised_net_is_the_first_order_of_the_net_in_its_parameters() {
    for activation in ["relu", "tanh", "gelu", "quadratic", "identity"] {
        for more in [
            "",
            "centre_output = true",
            "output_scale = 3.0",
            "parametrisation = 'ntk'",
        ] {
            let table = format!(
                "kind = 'mlp'\nwidths = [5, 4]\nactivation = '{activation}'\n{more}\n\
                 init = {{ kind = 'he', biases = 'same' }}"
            );
            let linearised = format!("{table}\nlinearised = true");
            let net = model(&table);
            let start = initial(&*net, SHAPE, 3);
            assert_eq!(start, initial(&*model(&linearised), SHAPE, 3), "one start");
            let mut now = start.clone();
            for (at, array) in now.iter_mut().enumerate() {
                for (i, value) in array.values.iter_mut().enumerate() {
                    *value += 0.3 * ((at * 31 + i) as f64).sin();
                }
            }
            // f0 + the derivative of f along θ − θ0.
            let along = |by: f64| {
                let mut moved = start.clone();
                for (moved, (old, new)) in moved.iter_mut().zip(start.iter().zip(&now)) {
                    let pairs = old.values.iter().zip(&new.values);
                    moved.values = pairs.map(|(old, new)| old + by * (new - old)).collect();
                }
                outputs(&table, &start, &moved)
            };
            let f0 = outputs(&table, &start, &start);
            let slopes = along(STEP).into_iter().zip(along(-STEP));
            let expected: Vec<f64> = (slopes.zip(&f0))
                .map(|((above, below), f0)| f0 + (above - below) / (2.0 * STEP))
                .collect();
            let found = outputs(&linearised, &start, &now);
            assert_close(&found, &expected, 1e-8, &linearised);
        }
    }
}

#[test]
fn gradient_descent_on_a_linearised_net_is_that_of_its_kernel() {
    let table = "kind = 'mlp'\nwidths = [8]\nactivation = 'tanh'\nlinearised = true";
    let (_, found) = trained(table, 0.1, 50);
    // f ← f − lr K (f − y)/N, output-major.
    let plain = model(&table.replace("linearised = true", "linearised = false"));
    let start = initial(&*plain, SHAPE, 3);
    let rows = rows();
    let host = plain.host(&start).unwrap();
    let kernel = host.net.ntk(&rows.inputs, ROWS).unwrap();
    let size = ROWS * SHAPE.outputs;
    let place = |row: usize| row % ROWS * SHAPE.outputs + row / ROWS;
    let f0 = host.net.forward(&rows.inputs, ROWS).unwrap();
    let mut f: Vec<f64> = (0..size).map(|row| f0[place(row)]).collect();
    for _ in 0..50 {
        let error: Vec<f64> = (0..size)
            .map(|row| f[row] - rows.targets[place(row)])
            .collect();
        for (row, f) in f.iter_mut().enumerate() {
            let pull: f64 = (kernel[row * size..][..size].iter().zip(&error))
                .map(|(k, e)| k * e)
                .sum();
            *f -= 0.1 * pull / ROWS as f64;
        }
    }
    let expected: Vec<f64> = (0..size)
        .map(|at| f[at % SHAPE.outputs * ROWS + at / SHAPE.outputs])
        .collect();
    assert_close(&found, &expected, ROUNDING, "kernel regression");
}

#[test]
fn a_net_with_fixed_gates_passes_on_what_was_on_at_the_start() {
    for (activation, off) in [("relu", 0.0), ("leaky-relu", 0.01)] {
        let table = format!(
            "kind = 'mlp'\nwidths = [5, 4]\nactivation = '{activation}'\noutput_scale = 3.0\n\
             init = {{ kind = 'he', biases = 'same' }}"
        );
        let gated = format!("{table}\ngates = 'start'");
        let start = initial(&*model(&gated), SHAPE, 3);
        let before = outputs(&gated, &start, &start);
        let net = outputs(&table, &start, &start);
        assert_close(&before, &net, ROUNDING, "one function at the start");

        // Far enough that neurons of the net itself would switch.
        let mut now = start.clone();
        for array in &mut now {
            for (i, value) in array.values.iter_mut().enumerate() {
                *value -= 1.5 * ((i * i) as f64).cos();
            }
        }
        let inputs = rows().inputs;
        let expected: Vec<f64> = (inputs.chunks(SHAPE.inputs))
            .flat_map(|x| by_hand(&start, &now, x, off))
            .map(|f| 3.0 * f)
            .collect();
        assert_close(&outputs(&gated, &start, &now), &expected, ROUNDING, &gated);
        let free = outputs(&table, &start, &now);
        assert!(
            free.iter().zip(&expected).any(|(a, b)| (a - b).abs() > 0.1),
            "the test must tell the two nets apart"
        );
    }
}

/// Outputs of a net at `now` for one row, with the gates of `start`.
fn by_hand(start: &[HostArray], now: &[HostArray], x: &[f64], off: f64) -> Vec<f64> {
    let affine = |x: &[f64], arrays: &[HostArray]| -> Vec<f64> {
        let (weight, bias) = (&arrays[0], &arrays[1]);
        let entry = |row: usize, column: usize| weight.values[row * weight.columns + column];
        (0..weight.columns)
            .map(|j| bias.values[j] + (0..weight.rows).map(|i| x[i] * entry(i, j)).sum::<f64>())
            .collect()
    };
    let (mut first, mut hidden) = (x.to_vec(), x.to_vec());
    for layer in 0..2 {
        let z = affine(&first, &start[2 * layer..]);
        let slope = |z: f64| if z > 0.0 { 1.0 } else { off };
        hidden = affine(&hidden, &now[2 * layer..]);
        for (hidden, &z) in hidden.iter_mut().zip(&z) {
            *hidden *= slope(z);
        }
        first = z.iter().map(|&z| z * slope(z)).collect();
    }
    affine(&hidden, &now[4..])
}

#[test]
fn the_first_step_of_a_net_with_fixed_gates_is_that_of_the_net() {
    let table = "kind = 'mlp'\nwidths = [6]\ninit = { kind = 'he', biases = 'same' }";
    for more in ["", "centre_output = true"] {
        let net = format!("{table}\n{more}");
        let (found, _) = trained(&format!("{net}\ngates = 'start'"), 0.1, 1);
        let (expected, _) = trained(&net, 0.1, 1);
        for (found, expected) in found.iter().zip(&expected) {
            assert_close(&found.values, &expected.values, ROUNDING, &net);
        }
        let (later, _) = trained(&format!("{net}\ngates = 'start'"), 0.5, 100);
        let (free, _) = trained(&net, 0.5, 100);
        assert_ne!(later[0].values, free[0].values, "gates matter later");
    }
}
