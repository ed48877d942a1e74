//! Bias-free `ReLU` nets on rows ±x with targets ±y, against linear nets at half the rate.
//!
//! f(x) = A relu(W x) is ½ A W x + ½ A |W x|. Where every neuron (w, a) has a partner (−w, −a), the even part is 0
//! and stays so on such rows, and the rest is a linear net with weights over √2 at half the rate.

use crate::support::net::numbers;
use mlp::{Activation, Layer, Loss, Mlp, Reduction, flatten};

const INPUTS: usize = 3;
const HIDDEN: usize = 8;
const OUTPUTS: usize = 2;
const ROWS: usize = 7;
const RATE: f64 = 0.1;
/// Rounding of 400 steps, which the descent to a minimum does not let grow.
const EXACT: f64 = 1e-11;
const LOSS: Loss = Loss::Mse {
    half: true,
    outputs: Reduction::Sum,
};

/// A two-layer net from weights `[D, H]` and `[H, K]`.
fn net(activation: Activation, weights: [&[f64]; 2], scale: f64) -> Mlp {
    let layer = |inputs, outputs, weight: &[f64]| Layer {
        inputs,
        outputs,
        weight: weight.iter().map(|w| w * scale).collect(),
        bias: None,
    };
    let layers = vec![
        layer(INPUTS, HIDDEN, weights[0]),
        layer(HIDDEN, OUTPUTS, weights[1]),
    ];
    Mlp { layers, activation }
}

/// Pairs of neurons, one of which has the negative weights of the other.
fn pairs() -> [Vec<f64>; 2] {
    let half = HIDDEN / 2;
    let (into, out) = (numbers(4, INPUTS * half), numbers(5, half * OUTPUTS));
    let into = into.chunks(half);
    let both = into.flat_map(|row| row.iter().copied().chain(row.iter().map(|w| -w)));
    let opposite = out.iter().map(|a| -a);
    [
        both.collect(),
        out.iter().copied().chain(opposite).collect(),
    ]
}

fn rows(symmetric: bool) -> (Vec<f64>, Vec<f64>) {
    let (x, y) = (numbers(1, ROWS * INPUTS), numbers(2, ROWS * OUTPUTS));
    let with_images = |values: &[f64]| -> Vec<f64> {
        values
            .iter()
            .copied()
            .chain(values.iter().map(|v| -v))
            .collect()
    };
    if symmetric {
        (with_images(&x), with_images(&y))
    } else {
        (x, y)
    }
}

/// Outputs on the rows at every step of plain gradient descent.
fn descent(mut net: Mlp, (x, y): &(Vec<f64>, Vec<f64>), rate: f64) -> Vec<Vec<f64>> {
    let rows = x.len() / INPUTS;
    let step = |_| {
        let outputs = net.forward(x, rows).unwrap();
        let at = LOSS.evaluate(&outputs, y, OUTPUTS, None).unwrap().gradient;
        let gradient = flatten(&net.gradients(x, rows, &at).unwrap());
        let moved = net.parameters().into_iter().zip(gradient);
        let moved: Vec<f64> = moved.map(|(w, g)| w - rate * g).collect();
        net.set_parameters(&moved).unwrap();
        outputs
    };
    (0..400).map(step).collect()
}

fn largest_gap(one: &[Vec<f64>], other: &[Vec<f64>]) -> f64 {
    let pairs = one.iter().flatten().zip(other.iter().flatten());
    pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn opposed_neurons_on_symmetric_rows_train_as_a_linear_net_at_half_the_rate() {
    let [into, out] = pairs();
    let weights = [&into[..], &out[..]];
    let relu = net(Activation::Relu, weights, 1.0);
    let linear = net(Activation::Identity, weights, 0.5_f64.sqrt());
    let symmetric = rows(true);
    let of_relu = descent(relu.clone(), &symmetric, RATE);
    let of_linear = descent(linear.clone(), &symmetric, RATE / 2.0);
    let gap = largest_gap(&of_relu, &of_linear);
    assert!(gap < EXACT, "{gap:e}");
    let moved = largest_gap(&of_relu[..1], &of_relu[399..]);
    assert!(moved > 0.3, "the nets must learn: {moved}");
    // The raw rows, the full rate and another start are something else.
    let raw = rows(false);
    let others = [
        largest_gap(
            &descent(relu, &raw, RATE),
            &descent(linear.clone(), &raw, RATE / 2.0),
        ),
        largest_gap(&of_relu, &descent(linear, &symmetric, RATE)),
        largest_gap(
            &of_relu,
            &descent(
                net(Activation::Identity, weights, 1.0),
                &symmetric,
                RATE / 2.0,
            ),
        ),
    ];
    assert!(others.iter().all(|gap| *gap > 0.01), "{others:?}");
}
