//! Forward passes against matrix products and symmetries, losses against known values.

use crate::support::net::{net, numbers};
use mlp::{Activation, Layer, Loss, Mlp, MlpError, Reduction, flatten};

const ROUNDING: f64 = 1e-13;

/// Product of two row-major matrices, `[n, k]` and `[k, m]`.
fn product(a: &[f64], b: &[f64], n: usize, k: usize, m: usize) -> Vec<f64> {
    (0..n * m)
        .map(|i| (0..k).map(|j| a[i / m * k + j] * b[j * m + i % m]).sum())
        .collect()
}

fn close(a: &[f64], b: &[f64]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() < ROUNDING)
}

#[test]
fn an_identity_network_is_the_product_of_its_matrices() {
    let net = net(&[4, 3, 5, 2], false, Activation::Identity, 5);
    let x = numbers(50, 6 * 4);
    let first = product(&x, &net.layers[0].weight, 6, 4, 3);
    let second = product(&first, &net.layers[1].weight, 6, 3, 5);
    let expected = product(&second, &net.layers[2].weight, 6, 5, 2);
    assert!(close(&net.forward(&x, 6).unwrap(), &expected));
}

#[test]
fn a_small_network_has_the_outputs_worked_out_by_hand() {
    let net = Mlp {
        layers: vec![
            Layer {
                inputs: 2,
                outputs: 3,
                weight: vec![1.0, 2.0, 3.0, -4.0, 5.0, -6.0],
                bias: Some(vec![0.5, -1.0, 0.0]),
            },
            Layer {
                inputs: 3,
                outputs: 1,
                weight: vec![1.0, 10.0, 100.0],
                bias: Some(vec![7.0]),
            },
        ],
        activation: Activation::Relu,
    };
    // Row 1: (1.5, 1, 3); row 2: (−3.5, 4, −6) before the activation.
    assert_eq!(
        net.forward(&[1.0, 0.0, 0.0, 1.0], 2).unwrap(),
        [318.5, 47.0]
    );
    let squares = Mlp {
        activation: Activation::Quadratic,
        ..net
    };
    assert_eq!(
        squares.forward(&[1.0, 0.0], 1).unwrap(),
        [2.25 + 10.0 + 900.0 + 7.0]
    );
}

#[test]
fn permuting_hidden_units_permutes_gradients_and_leaves_outputs() {
    let order = [2, 0, 3, 1];
    for activation in Activation::ALL {
        let net = net(&[3, 4, 2], true, activation, 8);
        let mut permuted = net.clone();
        for (to, from) in order.into_iter().enumerate() {
            for i in 0..3 {
                permuted.layers[0].weight[i * 4 + to] = net.layers[0].weight[i * 4 + from];
            }
            permuted.layers[0].bias.as_mut().unwrap()[to] =
                net.layers[0].bias.as_ref().unwrap()[from];
            for o in 0..2 {
                permuted.layers[1].weight[to * 2 + o] = net.layers[1].weight[from * 2 + o];
            }
        }
        let (x, at_outputs) = (numbers(80, 5 * 3), numbers(81, 5 * 2));
        assert!(close(
            &net.forward(&x, 5).unwrap(),
            &permuted.forward(&x, 5).unwrap()
        ));
        let one = net.gradients(&x, 5, &at_outputs).unwrap();
        let other = permuted.gradients(&x, 5, &at_outputs).unwrap();
        for (to, from) in order.into_iter().enumerate() {
            let biases = [&other[0], &one[0]].map(|g| g.bias.clone().unwrap());
            assert!(
                (biases[0][to] - biases[1][from]).abs() < ROUNDING,
                "{activation:?}"
            );
            assert!((other[1].weight[to * 2] - one[1].weight[from * 2]).abs() < ROUNDING);
            assert!((other[0].weight[4 + to] - one[0].weight[4 + from]).abs() < ROUNDING);
        }
    }
}

#[test]
fn rows_are_independent_and_their_gradients_add() {
    let net = net(&[3, 4, 2], true, Activation::Gelu, 11);
    let (x, at_outputs) = (numbers(110, 2 * 3), numbers(111, 2 * 2));
    let both = net.forward(&x, 2).unwrap();
    let rows = [
        net.forward(&x[..3], 1).unwrap(),
        net.forward(&x[3..], 1).unwrap(),
    ]
    .concat();
    assert_eq!(both, rows);
    let whole = flatten(&net.gradients(&x, 2, &at_outputs).unwrap());
    let first = flatten(&net.gradients(&x[..3], 1, &at_outputs[..2]).unwrap());
    let second = flatten(&net.gradients(&x[3..], 1, &at_outputs[2..]).unwrap());
    let sum: Vec<f64> = first.iter().zip(&second).map(|(a, b)| a + b).collect();
    assert!(close(&whole, &sum));
}

#[test]
fn parameters_go_out_and_back_in_one_order() {
    let mut net = net(&[3, 4, 2], true, Activation::Tanh, 4);
    let flat = net.parameters();
    assert_eq!(flat.len(), 3 * 4 + 4 + 4 * 2 + 2);
    assert_eq!(flat[12..16], *net.layers[0].bias.as_ref().unwrap());
    assert_eq!(flat[16..24], net.layers[1].weight);
    let other: Vec<f64> = flat.iter().map(|p| 2.0 * p).collect();
    net.set_parameters(&other).unwrap();
    assert_eq!(net.parameters(), other);
    assert!(net.set_parameters(&flat[1..]).is_err());
    assert_eq!(net.parameters(), other);
}

#[test]
fn losses_have_their_known_values() {
    let (f, y) = ([1.0, 2.0, -1.0, 0.0], [0.0, 0.0, 1.0, 0.0]);
    // Squares: row 1: 1 + 4, row 2: 4 + 0; mean over rows 4.5.
    for (half, outputs, value) in [
        (false, Reduction::Sum, 4.5),
        (false, Reduction::Mean, 2.25),
        (true, Reduction::Sum, 2.25),
        (true, Reduction::Mean, 1.125),
    ] {
        let loss = Loss::Mse { half, outputs };
        assert_eq!(
            loss.evaluate(&f, &y, 2, None).unwrap().value,
            value,
            "{loss:?}"
        );
    }
    let weighted = Loss::Mse {
        half: true,
        outputs: Reduction::Sum,
    };
    let found = weighted.evaluate(&f, &y, 2, Some(&[0.8, 0.2])).unwrap();
    assert!((found.value - (0.8 * 2.5 + 0.2 * 2.0)).abs() < ROUNDING);
    assert!(close(&found.gradient, &[0.8, 1.6, -0.4, 0.0]));

    let uniform = Loss::CrossEntropy
        .evaluate(&[3.0; 4], &[0.0, 1.0, 0.0, 0.0], 4, None)
        .unwrap();
    assert!((uniform.value - 4.0_f64.ln()).abs() < ROUNDING);
    assert!(close(&uniform.gradient, &[0.25, -0.75, 0.25, 0.25]));
    // Huge outputs neither overflow nor lose the answer.
    let sure = Loss::CrossEntropy
        .evaluate(&[1e4, 0.0], &[1.0, 0.0], 2, None)
        .unwrap();
    assert_eq!(sure.value, 0.0);
    let wrong = Loss::CrossEntropy
        .evaluate(&[1e4, 0.0], &[0.0, 1.0], 2, None)
        .unwrap();
    assert_eq!((wrong.value, wrong.gradient), (1e4, vec![1.0, -1.0]));
}

#[test]
fn shapes_that_do_not_fit_are_refused_by_name() {
    let good = net(&[3, 4, 2], true, Activation::Relu, 6);
    let text = |net: &Mlp| net.forward(&[0.0; 3], 1).unwrap_err().to_string();
    let mut bad = good.clone();
    bad.layers[1].inputs = 5;
    assert_eq!(text(&bad), "inputs of layer 1 has 5 entries: must have 4");
    let mut bad = good.clone();
    bad.layers[0].weight.pop();
    assert_eq!(text(&bad), "weight of layer 0 has 11 entries: must have 12");
    let mut bad = good.clone();
    bad.layers[1].bias = Some(vec![]);
    assert_eq!(text(&bad), "bias of layer 1 has 0 entries: must have 2");
    let empty = Mlp {
        layers: vec![],
        activation: Activation::Relu,
    };
    assert_eq!(empty.forward(&[], 0), Err(MlpError::NoLayers));
    let error = good.forward(&[0.0; 4], 1).unwrap_err();
    assert_eq!(error.to_string(), "x has 4 entries: must have 3");
    let error = good.gradients(&[0.0; 3], 1, &[0.0; 3]).unwrap_err();
    assert_eq!(error.to_string(), "d_loss_d_out has 3 entries: must have 2");

    let square = Loss::default();
    assert!(square.evaluate(&[1.0, 2.0], &[1.0], 1, None).is_err());
    assert!(
        square
            .evaluate(&[1.0, 2.0, 3.0], &[1.0, 2.0, 3.0], 2, None)
            .is_err()
    );
    assert!(
        square
            .evaluate(&[1.0], &[1.0], 1, Some(&[0.5, 0.5]))
            .is_err()
    );
    assert!(square.evaluate(&[], &[], 1, None).is_err());
    assert!(square.evaluate(&[1.0], &[1.0], 0, None).is_err());
    for targets in [
        [0.0, 0.0],
        [1.0, 1.0],
        [1.5, -0.5],
        [0.5, 0.4],
        [1.0, f64::NAN],
    ] {
        let error = Loss::CrossEntropy
            .evaluate(&[0.0, 0.0], &targets, 2, None)
            .unwrap_err();
        assert_eq!(error, MlpError::NotDistribution { row: 0 }, "{targets:?}");
    }
    let one = Loss::CrossEntropy.evaluate(&[0.3], &[1.0], 1, None);
    assert_eq!(one, Err(MlpError::NotDistribution { row: 0 }));
    // Soft labels: ln(1 + e) − 1/4, and softmax − y.
    let soft = Loss::CrossEntropy.evaluate(&[0.0, 1.0], &[0.75, 0.25], 2, None);
    let (soft, e) = (soft.unwrap(), std::f64::consts::E);
    assert!((soft.value - ((1.0 + e).ln() - 0.25)).abs() < ROUNDING);
    assert!((soft.gradient[0] - (1.0 / (1.0 + e) - 0.75)).abs() < ROUNDING);
    let hinge = Loss::Hinge {
        outputs: Reduction::Sum,
    };
    for targets in [[0.0, 1.0], [1.0, 2.0], [-1.0, f64::NAN]] {
        let error = hinge.check_targets(&[[1.0, -1.0], targets].concat(), 2);
        assert_eq!(error, Err(MlpError::NotSigns { row: 1 }), "{targets:?}");
    }
}

#[test]
fn hinge_losses_have_their_known_values() {
    // Margins 1 − y f: row 1: 0.5 and 4; row 2: the kink and −1.
    let (f, y) = ([0.5, 3.0, -1.0, 2.0], [1.0, -1.0, -1.0, 1.0]);
    for (outputs, share) in [(Reduction::Sum, 1.0), (Reduction::Mean, 0.5)] {
        let loss = Loss::Hinge { outputs };
        assert_eq!(loss.flow_factor(2), share);
        let found = loss.evaluate(&f, &y, 2, Some(&[0.5, 2.0])).unwrap();
        assert_eq!(found.value, 0.5 * share * 4.5);
        assert_eq!(found.gradient, [-0.5 * share, 0.5 * share, 0.0, 0.0]);
        let unknown = loss.evaluate(&[f64::NAN], &[1.0], 1, None).unwrap();
        assert!(unknown.value.is_nan() && unknown.gradient[0].is_nan());
    }
}

#[test]
fn losses_are_read_from_tables_with_the_mean_over_outputs() {
    let read = |json: &str| serde_json::from_str::<Loss>(json);
    assert_eq!(read(r#"{"kind":"mse"}"#).unwrap(), Loss::default());
    let hinge = read(r#"{"kind":"hinge"}"#).unwrap();
    let outputs = Reduction::Mean;
    assert_eq!(hinge, Loss::Hinge { outputs });
    let full = r#"{"kind":"hinge","outputs":"mean"}"#;
    assert_eq!(serde_json::to_string(&hinge).unwrap(), full);
    assert!(read(r#"{"kind":"hinge","half":true}"#).is_err());
}
