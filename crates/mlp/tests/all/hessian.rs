//! Products with the Hessian against central differences of the gradient, which are tested on their own.

use crate::support::net::{net, numbers};
use crate::support::trained::LOSSES;
use mlp::{Activation, Hessian, Loss, Mlp, flatten};

const ROWS: usize = 5;
/// Central differences with step 1e-5: error of the order of 1e-10 in third derivatives of the gradient, and
/// rounding of 1e-16/1e-5.
const STEP: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-8;
/// Sums of a few dozen products in another order.
const ROUNDING: f64 = 1e-13;

/// Rows whose targets suit the loss.
fn data(loss: Loss) -> (Vec<f64>, Vec<f64>) {
    let off = match loss {
        Loss::Hinge { .. } => -1.0,
        Loss::Mse { .. } | Loss::CrossEntropy => 0.0,
    };
    let on = |i: usize| i % 3 == (i / 3) * 2 % 3;
    let targets = (0..ROWS * 3).map(|i| if on(i) { 1.0 } else { off });
    (numbers(77, ROWS * 2), targets.collect())
}

fn gradient(net: &Mlp, loss: Loss, weights: Option<&[f64]>) -> Vec<f64> {
    let (x, y) = data(loss);
    let outputs = net.forward(&x, ROWS).unwrap();
    let at_outputs = loss.evaluate(&outputs, &y, 3, weights).unwrap().gradient;
    flatten(&net.gradients(&x, ROWS, &at_outputs).unwrap())
}

fn hessian(net: &Mlp, loss: Loss, weights: Option<&[f64]>) -> Hessian {
    let (x, y) = data(loss);
    let outputs = net.forward(&x, ROWS).unwrap();
    let at_outputs = loss.evaluate(&outputs, &y, 3, weights).unwrap().gradient;
    let curvature = loss.curvature(&outputs, &y, 3, weights).unwrap();
    net.hessian(&x, ROWS, &at_outputs, curvature).unwrap()
}

fn check(net: &Mlp, loss: Loss, weights: Option<&[f64]>) {
    let hessian = hessian(net, loss, weights);
    let start = net.parameters();
    assert_eq!(hessian.size(), start.len());
    let mut columns = Vec::new();
    for index in 0..start.len() {
        let moved = |by: f64| {
            let mut parameters = start.clone();
            parameters[index] += by;
            let mut moved = net.clone();
            moved.set_parameters(&parameters).unwrap();
            gradient(&moved, loss, weights)
        };
        let (above, below) = (moved(STEP), moved(-STEP));
        let mut unit = vec![0.0; start.len()];
        unit[index] = 1.0;
        let column = hessian.times(&unit).unwrap();
        for ((entry, above), below) in column.iter().zip(above).zip(below) {
            let slope = (above - below) / (2.0 * STEP);
            assert!(
                (slope - entry).abs() < DIFFERENCE * (1.0 + entry.abs()),
                "{:?} {loss:?} parameter {index}: {entry} but {slope}",
                net.activation
            );
        }
        columns.push(column);
    }
    for (a, column) in columns.iter().enumerate() {
        for (b, entry) in column.iter().enumerate() {
            assert!((entry - columns[b][a]).abs() < ROUNDING * (1.0 + entry.abs()));
        }
    }
    // The products are linear in the direction.
    let direction = numbers(5, start.len());
    let product = hessian.times(&direction).unwrap();
    for (row, value) in product.iter().enumerate() {
        let sum: f64 = (columns.iter().zip(&direction))
            .map(|(c, d)| c[row] * d)
            .sum();
        assert!((value - sum).abs() < ROUNDING * (1.0 + value.abs()) * start.len() as f64);
    }
}

#[test]
fn products_agree_with_central_differences_for_every_activation_and_loss() {
    for activation in Activation::ALL {
        for loss in LOSSES {
            check(&net(&[2, 4, 3, 3], true, activation, 1), loss, None);
            check(&net(&[2, 5, 3], false, activation, 2), loss, None);
            check(&net(&[2, 3], true, activation, 4), loss, None);
        }
    }
}

#[test]
fn products_agree_with_central_differences_for_weighted_rows() {
    let weights = [0.5, 0.25, 0.0, 0.2, 0.05];
    for loss in LOSSES {
        let net = net(&[2, 4, 3], true, Activation::Tanh, 3);
        check(&net, loss, Some(&weights));
    }
}

#[test]
fn a_bend_is_the_slope_of_the_slope() {
    for activation in Activation::ALL {
        for z in [-3.0, -0.7, 0.2, 1.5, 4.0] {
            let (slope, bend) = activation.slope_and_bend(z);
            assert!((slope - activation.derivative(z)).abs() < ROUNDING);
            let around = activation.derivative(z + STEP) - activation.derivative(z - STEP);
            let expected = around / (2.0 * STEP);
            assert!(
                (bend - expected).abs() < DIFFERENCE,
                "{activation:?} at {z}: {bend} but {expected}"
            );
        }
        // Far out and at kinks there are no NaN.
        for z in [-800.0, 0.0, 800.0] {
            assert!(
                activation.slope_and_bend(z).1.is_finite(),
                "{activation:?} at {z}"
            );
        }
    }
}

#[test]
fn wrong_lengths_are_named() {
    let net = net(&[2, 4, 3], true, Activation::Relu, 3);
    let error = hessian(&net, LOSSES[0], None).times(&[1.0]).unwrap_err();
    assert_eq!(error.to_string(), "direction has 1 entries: must have 27");
    let error = net
        .hessian(&[0.0; 2], 1, &[0.0; 3], vec![0.0; 3])
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "curvature has 3 entries: must have 9");
}
