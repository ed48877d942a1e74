//! Gradients against central differences and against exact identities.

#![allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

#[path = "support/net.rs"]
mod support;

use mlp::{Activation, Loss, Mlp, flatten};
use proptest::prelude::*;
use support::{net, numbers};

const ROWS: usize = 5;
const LOSSES: [Loss; 5] = [
    Loss::MeanSquare {
        half: false,
        mean_over_outputs: false,
    },
    Loss::MeanSquare {
        half: false,
        mean_over_outputs: true,
    },
    Loss::MeanSquare {
        half: true,
        mean_over_outputs: false,
    },
    Loss::MeanSquare {
        half: true,
        mean_over_outputs: true,
    },
    Loss::CrossEntropy,
];
/// Central differences with step 1e-5: error of the order of 1e-10 in third derivatives of order
/// one, and rounding of 1e-16/1e-5.
const STEP: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-8;

fn one_hot(rows: usize, classes: usize) -> Vec<f64> {
    (0..rows * classes)
        .map(|i| {
            if i % classes == (i / classes) * 2 % classes {
                1.0
            } else {
                0.0
            }
        })
        .collect()
}

fn loss_at(net: &Mlp, loss: Loss, x: &[f64], y: &[f64], weights: Option<&[f64]>) -> f64 {
    let outputs = net.forward(x, ROWS).unwrap();
    loss.evaluate(&outputs, y, 3, weights).unwrap().value
}

fn check_gradients(mut net: Mlp, loss: Loss, weights: Option<&[f64]>) {
    let (x, y) = (numbers(77, ROWS * 2), one_hot(ROWS, 3));
    let outputs = net.forward(&x, ROWS).unwrap();
    let at_outputs = loss.evaluate(&outputs, &y, 3, weights).unwrap().gradient;
    let gradients = flatten(&net.gradients(&x, ROWS, &at_outputs).unwrap());
    let start = net.parameters();
    assert_eq!(gradients.len(), start.len());
    assert!(
        gradients.iter().filter(|g| g.abs() > 1e-3).count() > start.len() / 4,
        "too flat"
    );
    for (index, gradient) in gradients.iter().enumerate() {
        let mut probe = |by: f64| {
            let mut moved = start.clone();
            moved[index] += by;
            net.set_parameters(&moved).unwrap();
            loss_at(&net, loss, &x, &y, weights)
        };
        let slope = (probe(STEP) - probe(-STEP)) / (2.0 * STEP);
        assert!(
            (slope - gradient).abs() < DIFFERENCE * (1.0 + gradient.abs()),
            "{:?} {loss:?} parameter {index}: {gradient} but {slope}",
            net.activation
        );
    }
}

#[test]
fn gradients_agree_with_central_differences_for_every_activation_and_loss() {
    for activation in Activation::ALL {
        for loss in LOSSES {
            check_gradients(net(&[2, 4, 3, 3], true, activation, 1), loss, None);
            check_gradients(net(&[2, 5, 3], false, activation, 2), loss, None);
        }
    }
}

#[test]
fn gradients_agree_with_central_differences_for_weighted_rows() {
    let weights = [0.5, 0.25, 0.0, 0.2, 0.05];
    for loss in LOSSES {
        check_gradients(
            net(&[2, 4, 3], true, Activation::Tanh, 3),
            loss,
            Some(&weights),
        );
    }
}

#[test]
fn derivatives_agree_with_central_differences_far_into_the_tails() {
    for activation in Activation::ALL {
        for z in [-30.0, -9.0, -3.0, -1.0, -0.1, 0.1, 0.7, 2.0, 5.0, 30.0] {
            let slope = (activation.value(z + STEP) - activation.value(z - STEP)) / (2.0 * STEP);
            let derivative = activation.derivative(z);
            assert!(
                (slope - derivative).abs() < 1e-9 * (1.0 + z * z),
                "{activation:?} at {z}"
            );
        }
    }
}

#[test]
fn activations_have_their_known_values() {
    use Activation::{Gelu, Identity, Quadratic, Relu, Tanh};
    assert_eq!((Relu.value(-2.0), Relu.value(3.0)), (0.0, 3.0));
    assert_eq!(
        (
            Relu.derivative(-2.0),
            Relu.derivative(0.0),
            Relu.derivative(1e-300)
        ),
        (0.0, 0.0, 1.0)
    );
    assert!((Tanh.value(0.5) - 0.462_117_157_260_009_8).abs() < 1e-15);
    assert_eq!(
        (Quadratic.value(-3.0), Quadratic.derivative(-3.0)),
        (9.0, -6.0)
    );
    assert_eq!(
        (Identity.value(-3.0), Identity.derivative(-3.0)),
        (-3.0, 1.0)
    );
    // z Φ(z) with Φ(1) = 0.841344746068542949 and Φ(−10) = 7.61985302416052606e-24.
    assert!((Gelu.value(1.0) - 0.841_344_746_068_542_9).abs() < 1e-15);
    assert!((Gelu.value(-10.0) / -7.619_853_024_160_526e-23 - 1.0).abs() < 1e-13);
    assert_eq!((Gelu.value(0.0), Gelu.derivative(0.0)), (0.0, 0.5));
    for activation in Activation::ALL {
        assert!(activation.value(f64::NAN).is_nan(), "{activation:?}");
    }
}

#[test]
fn the_error_function_has_its_known_digits() {
    for (x, value) in [
        (1e-10, 1.128_379_167_095_512_6e-10),
        (0.1, 0.112_462_916_018_284_9),
        (0.5, 0.520_499_877_813_046_5),
        (1.0, 0.842_700_792_949_714_9),
        (1.5, 0.966_105_146_475_310_7),
        (1.999, 0.995_301_556_651_370_5),
        (2.0, 0.995_322_265_018_952_7),
        (2.5, 0.999_593_047_982_555_1),
        (3.0, 0.999_977_909_503_001_4),
        (5.0, 0.999_999_999_998_462_5),
    ] {
        assert!(
            (mlp::erf(x) - value).abs() < 1e-15 * value.max(1e-10),
            "erf({x}) = {}",
            mlp::erf(x)
        );
        assert_eq!(mlp::erf(-x), -mlp::erf(x));
    }
    assert_eq!((mlp::erf(0.0), mlp::erf(f64::INFINITY)), (0.0, 1.0));
    assert!(mlp::erf(f64::NAN).is_nan());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// |w_in|² − q |w_out|² is conserved under gradient flow for a degree-q activation, because
    /// w_in · ∂L/∂w_in = q w_out · ∂L/∂w_out for every hidden neuron (w_in includes the bias for
    /// q = 1; for q = 2 only without bias).
    #[test]
    fn homogeneous_neurons_conserve_their_balance(seed in 0..10_000_u64, width in 1..6_usize) {
        for (activation, degree, biases) in [
            (Activation::Relu, 1.0, true),
            (Activation::Identity, 1.0, true),
            (Activation::Quadratic, 2.0, false),
        ] {
            let net = net(&[3, width, 2], biases, activation, seed);
            let x = numbers(seed + 9, 4 * 3);
            let gradients = net.gradients(&x, 4, &numbers(seed + 10, 4 * 2)).unwrap();
            for neuron in 0..width {
                let (first, last) = (&net.layers[0], &net.layers[1]);
                let mut entering: f64 = (0..3)
                    .map(|i| first.weight[i * width + neuron] * gradients[0].weight[i * width + neuron])
                    .sum();
                if let (Some(bias), Some(gradient)) = (&first.bias, &gradients[0].bias) {
                    entering += bias[neuron] * gradient[neuron];
                }
                let leaving: f64 = (0..2)
                    .map(|o| last.weight[neuron * 2 + o] * gradients[1].weight[neuron * 2 + o])
                    .sum();
                prop_assert!((entering - degree * leaving).abs() < 1e-12, "{activation:?}");
            }
        }
    }
}
