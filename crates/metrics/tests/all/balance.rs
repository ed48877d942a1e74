//! Conserved balances of layers against reference values, exact constructions and gradient descent.

use metrics::{Balance, neuron_balance};
use mlp::{Activation, Layer, Mlp};
use proptest::prelude::*;
use serde_json::Value;

/// Sums of a few dozen terms of order one.
const ROUNDING: f64 = 1e-12;

fn rows(value: &Value) -> Vec<Vec<f64>> {
    serde_json::from_value(value.clone()).unwrap()
}

fn transposed(rows: &[Vec<f64>]) -> Vec<f64> {
    (0..rows[0].len())
        .flat_map(|column| rows.iter().map(move |row| row[column]))
        .collect()
}

#[test]
fn the_balance_of_stored_weights_is_the_reference_matrix() {
    let reference: Value =
        serde_json::from_str(include_str!("../fixtures/linear_ntk.json")).unwrap();
    // W1 [H, D] and W2 [K, H] there; stored weights are their transposes.
    let first = transposed(&rows(&reference["W1"]));
    let second = transposed(&rows(&reference["W2"]));
    let balance = Balance::new(&first, &second, 3).unwrap();
    let expected = rows(&reference["lambda_matrix"]).concat();
    for (found, expected) in balance.matrix().iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-15);
    }
    assert_eq!(balance.matrix().len(), 9);
    assert!((balance.lambda() - 0.25).abs() < ROUNDING);
    // 0.46² + 0.1² + 0.36² + 2 (0.49² + 0.14² + 0.25²).
    assert!((balance.error() - 0.9956_f64.sqrt()).abs() < ROUNDING);
}

#[test]
fn layers_made_to_be_balanced_are_so_in_every_rotation_of_the_hidden_layer() {
    // Strengths b² − a² = λ on both modes, with rotations on both sides.
    let turn = |angle: f64| [angle.cos(), angle.sin(), -angle.sin(), angle.cos()];
    let product = |a: [f64; 4], b: [f64; 4]| {
        [
            a[0] * b[0] + a[1] * b[2],
            a[0] * b[1] + a[1] * b[3],
            a[2] * b[0] + a[3] * b[2],
            a[2] * b[1] + a[3] * b[3],
        ]
    };
    for lambda in [-3.0, 0.0, 0.5_f64] {
        let layer = |sign: f64, strength: f64| {
            ((strength * strength * 4.0 + lambda * lambda).sqrt() / 2.0 + sign * lambda / 2.0)
                .sqrt()
        };
        let diagonal = |sign: f64| [layer(sign, 0.2), 0.0, 0.0, layer(sign, 1.7)];
        let first = product(product(turn(0.4), diagonal(-1.0)), turn(1.1));
        let second = product(product(turn(-1.1), diagonal(1.0)), turn(2.0));
        let balance = Balance::new(&first, &second, 2).unwrap();
        assert!((balance.lambda() - lambda).abs() < ROUNDING);
        assert!(balance.error() < ROUNDING);
    }
}

#[test]
fn drift_is_relative_to_a_start_that_is_not_zero() {
    let initial = Balance::new(&[1.0, 0.0], &[2.0, 0.0], 2).unwrap();
    assert_eq!(initial.drift(&initial).unwrap(), 0.0);
    let now = Balance::new(&[0.0, 0.0], &[0.0, 0.0], 2).unwrap();
    assert_eq!(now.drift(&initial).unwrap(), 1.0);
    assert_eq!(
        initial.drift(&now).unwrap_err().to_string(),
        "norm of initial = 0: must be above 0"
    );
    let narrow = Balance::new(&[1.0], &[2.0], 1).unwrap();
    assert!(narrow.drift(&initial).is_err());
}

#[test]
fn a_bias_counts_as_one_more_input() {
    let (first, bias, second) = ([1.0, 2.0, 3.0, 4.0], [5.0, 6.0], [7.0, 8.0, 9.0, 10.0]);
    let with_row = [&first[..], &bias].concat();
    let balance = Balance::new(&with_row, &second, 2).unwrap();
    // 49 + 64 − (1 + 9 + 25) and 81 + 100 − (4 + 16 + 36), off the diagonal 143 − (2 + 12 + 30).
    assert_eq!(balance.matrix(), [78.0, 99.0, 99.0, 125.0]);
    let neurons = neuron_balance(&first, Some(&bias), &second, 2, 1.0).unwrap();
    assert_eq!(neurons, [-78.0, -125.0]);
    assert_eq!(
        neuron_balance(&with_row, None, &second, 2, 1.0).unwrap(),
        neurons
    );
    // 10 − 2 · 113 and 20 − 2 · 181.
    let square = neuron_balance(&first, None, &second, 2, 2.0).unwrap();
    assert_eq!(square, [-216.0, -342.0]);
}

/// Layers 3-4-2 with weights and biases of order one.
fn net(activation: Activation, biases: bool) -> Mlp {
    let wave =
        |count: usize, phase: f64| (0..count).map(|i| (2.3 * i as f64 + phase).sin()).collect();
    Mlp {
        layers: vec![
            Layer {
                inputs: 3,
                outputs: 4,
                weight: wave(12, 0.3),
                bias: biases.then(|| wave(4, 0.9)),
            },
            Layer {
                inputs: 4,
                outputs: 2,
                weight: wave(8, 1.4),
                bias: biases.then(|| wave(2, 0.1)),
            },
        ],
        activation,
    }
}

/// What is left of `net` after gradient descent for a flow time of 0.1 on fixed data.
fn trained(mut net: Mlp, steps: u32) -> Mlp {
    let x: Vec<f64> = (0..15).map(|i| (1.7 * f64::from(i)).cos()).collect();
    let y: Vec<f64> = (0..10).map(|i| (0.7 * f64::from(i)).sin()).collect();
    for _ in 0..steps {
        let outputs = net.forward(&x, 5).unwrap();
        let errors: Vec<f64> = outputs.iter().zip(&y).map(|(f, y)| (f - y) / 5.0).collect();
        let gradients = mlp::flatten(&net.gradients(&x, 5, &errors).unwrap());
        let mut parameters = net.parameters();
        for (parameter, gradient) in parameters.iter_mut().zip(gradients) {
            *parameter -= 0.1 / f64::from(steps) * gradient;
        }
        net.set_parameters(&parameters).unwrap();
    }
    net
}

/// Ratio of the drifts with 200 and with 2000 steps for the same time.
fn drift_ratio(start: &Mlp, drift: impl Fn(&Mlp) -> f64) -> f64 {
    let moved = trained(start.clone(), 200);
    let change = metrics::relative_change(&moved.parameters(), &start.parameters()).unwrap();
    assert!(change > 0.03, "the network hardly moved: {change}");
    drift(&moved) / drift(&trained(start.clone(), 2000))
}

#[test]
fn gradient_descent_keeps_the_balance_of_linear_layers_to_first_order_of_the_learning_rate() {
    let start = net(Activation::Identity, true);
    let of = |net: &Mlp| {
        let bias = net.layers[0].bias.as_deref().unwrap();
        let first = [&net.layers[0].weight, bias].concat();
        Balance::new(&first, &net.layers[1].weight, 4).unwrap()
    };
    let ratio = drift_ratio(&start, |net| of(net).drift(&of(&start)).unwrap());
    assert!((ratio - 10.0).abs() < 0.5, "{ratio}");
    // Without the bias it is not conserved.
    let without =
        |net: &Mlp| Balance::new(&net.layers[0].weight, &net.layers[1].weight, 4).unwrap();
    let ratio = drift_ratio(&start, |net| without(net).drift(&without(&start)).unwrap());
    assert!((ratio - 1.0).abs() < 0.5, "{ratio}");
}

#[test]
fn gradient_descent_keeps_the_balance_of_homogeneous_neurons_and_not_that_of_tanh() {
    let cases = [
        (Activation::Relu, true, 1.0, 10.0),
        (Activation::Quadratic, false, 2.0, 10.0),
        (Activation::Quadratic, false, 1.0, 1.0),
        (Activation::Tanh, false, 1.0, 1.0),
    ];
    for (activation, biases, degree, expected) in cases {
        let start = net(activation, biases);
        let of = |net: &Mlp| {
            let (first, second) = (&net.layers[0], &net.layers[1]);
            let bias = first.bias.as_deref();
            neuron_balance(&first.weight, bias, &second.weight, 4, degree).unwrap()
        };
        let ratio = drift_ratio(&start, |net| {
            metrics::relative_change(&of(net), &of(&start)).unwrap()
        });
        assert!(
            (ratio - expected).abs() < 0.5,
            "{activation:?} {degree}: {ratio}"
        );
    }
}

#[test]
fn layers_that_do_not_fit_are_refused_by_name() {
    let text = |first: &[f64], second: &[f64], hidden: usize| {
        let error = Balance::new(first, second, hidden).unwrap_err().to_string();
        let other = neuron_balance(first, None, second, hidden, 1.0);
        assert_eq!(error, other.unwrap_err().to_string());
        error
    };
    assert_eq!(
        text(&[1.0; 3], &[1.0; 2], 2),
        "number of entries of first = 3: must be above 0 and a multiple of hidden"
    );
    assert_eq!(
        text(&[1.0; 2], &[], 2),
        "number of entries of second = 0: must be above 0 and a multiple of hidden"
    );
    assert_eq!(text(&[1.0], &[1.0], 0), "hidden = 0: must be at least 1");
    assert_eq!(
        text(&[f64::NAN], &[1.0], 1),
        "first[0] = NaN: must be finite"
    );
    assert_eq!(
        text(&[1.0], &[f64::INFINITY], 1),
        "second[0] = inf: must be finite"
    );
    let neuron = |bias: &[f64], degree| {
        neuron_balance(&[1.0], Some(bias), &[1.0], 1, degree)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        neuron(&[], 1.0),
        "number of entries of bias = 0: must be hidden"
    );
    assert_eq!(
        neuron(&[1.0; 2], 1.0),
        "number of entries of bias = 2: must be hidden"
    );
    assert_eq!(neuron(&[f64::NAN], 1.0), "bias[0] = NaN: must be finite");
    assert_eq!(
        neuron(&[1.0], 0.0),
        "degree = 0: must be finite and above 0"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_balance_is_symmetric_and_follows_its_definition_and_the_order_of_neurons(
        (hidden, first, second) in (1..6_usize, 1..5_usize, 1..5_usize).prop_flat_map(
            |(hidden, inputs, outputs)| (
                Just(hidden),
                prop::collection::vec(-1.0..1.0_f64, inputs * hidden),
                prop::collection::vec(-1.0..1.0_f64, hidden * outputs),
            ),
        ),
    ) {
        let balance = Balance::new(&first, &second, hidden).unwrap();
        let outputs = second.len() / hidden;
        for i in 0..hidden {
            for j in 0..hidden {
                let out: f64 = (0..outputs)
                    .map(|k| second[i * outputs + k] * second[j * outputs + k])
                    .sum();
                let into: f64 = first.chunks(hidden).map(|row| row[i] * row[j]).sum();
                let found = balance.matrix()[i * hidden + j];
                prop_assert!((found - (out - into)).abs() < ROUNDING);
                prop_assert_eq!(found, balance.matrix()[j * hidden + i]);
            }
        }
        // λ I is the projection of Λ on the unit matrix.
        let square = balance.matrix().iter().map(|x| x * x).sum::<f64>();
        let parts = balance.error().powi(2) + hidden as f64 * balance.lambda().powi(2);
        prop_assert!((square - parts).abs() < ROUNDING * (1.0 + square));
        let neurons = neuron_balance(&first, None, &second, hidden, 1.0).unwrap();
        for (neuron, diagonal) in neurons.iter().zip(balance.matrix().iter().step_by(hidden + 1)) {
            prop_assert!((neuron + diagonal).abs() < ROUNDING);
        }

        let reversed_first: Vec<f64> = first
            .chunks(hidden)
            .flat_map(|row| row.iter().rev().copied().collect::<Vec<_>>())
            .collect();
        let reversed_second: Vec<f64> = second.rchunks(outputs).flatten().copied().collect();
        let reversed = Balance::new(&reversed_first, &reversed_second, hidden).unwrap();
        prop_assert!((reversed.lambda() - balance.lambda()).abs() < ROUNDING);
        prop_assert!((reversed.error() - balance.error()).abs() < ROUNDING);
    }
}
