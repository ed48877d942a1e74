//! Gradients against central differences and against exact identities.

use crate::support::net::{net, numbers};
use crate::support::trained::LOSSES;
use mlp::{Activation, Loss, Mlp, flatten};
use proptest::prelude::*;

const ROWS: usize = 5;
/// Central differences with step 1e-5: error of the order of 1e-10 in third derivatives of order
/// one, and rounding of 1e-16/1e-5.
const STEP: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-8;

/// One-hot rows, or for the hinge loss signs.
fn targets(loss: Loss, rows: usize, classes: usize) -> Vec<f64> {
    let off = match loss {
        Loss::Hinge { .. } => -1.0,
        Loss::Mse { .. } | Loss::CrossEntropy => 0.0,
    };
    let on = |i: usize| i % classes == (i / classes) * 2 % classes;
    let entries = 0..rows * classes;
    entries.map(|i| if on(i) { 1.0 } else { off }).collect()
}

fn loss_at(net: &Mlp, loss: Loss, x: &[f64], y: &[f64], weights: Option<&[f64]>) -> f64 {
    let outputs = net.forward(x, ROWS).unwrap();
    loss.evaluate(&outputs, y, 3, weights).unwrap().value
}

fn check_gradients(mut net: Mlp, loss: Loss, weights: Option<&[f64]>) {
    let (x, y) = (numbers(77, ROWS * 2), targets(loss, ROWS, 3));
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
