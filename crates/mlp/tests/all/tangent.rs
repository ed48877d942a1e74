//! The Jacobian and the tangent kernel against differences, each other and a linear network.

use crate::support::net::{net, numbers};
use mlp::{Activation, Layer, LayerRate, Mlp, MlpError, flatten};
use proptest::prelude::*;

/// Sums of a few dozen terms of order one to a hundred.
const ROUNDING: f64 = 1e-12;
/// Central differences with step 1e-5: error of the order of 1e-10 in third derivatives of order
/// one, and rounding of 1e-16/1e-5.
const STEP: f64 = 1e-5;
const DIFFERENCE: f64 = 1e-8;
const ROWS: usize = 4;
const INPUTS: usize = 3;
/// Outputs 1 and 2; one to three layers.
const SHAPES: [&[usize]; 4] = [
    &[INPUTS, 2],
    &[INPUTS, 5, 1],
    &[INPUTS, 4, 2],
    &[INPUTS, 4, 3, 2],
];

/// Every shape with every activation, with and without biases.
fn nets() -> impl Iterator<Item = Mlp> {
    SHAPES.into_iter().zip(1..).flat_map(|(shape, seed)| {
        Activation::ALL.into_iter().flat_map(move |activation| {
            [true, false].map(|biases| net(shape, biases, activation, 10 * seed))
        })
    })
}

fn samples() -> Vec<f64> {
    numbers(77, ROWS * INPUTS)
}

fn outputs(net: &Mlp) -> usize {
    net.layers.last().unwrap().outputs
}

/// J Jᵀ for rows of `width` entries.
fn gram(jacobian: &[f64], width: usize) -> Vec<f64> {
    let rows = || jacobian.chunks_exact(width);
    rows()
        .flat_map(|a| rows().map(move |b| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>()))
        .collect()
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!(
            (a - b).abs() <= tolerance * (1.0 + b.abs()),
            "{what}: entry {index} is {a}, not {b}"
        );
    }
}

#[test]
fn the_jacobian_agrees_with_central_differences_output_major() {
    let x = samples();
    for mut net in nets() {
        let (outputs, start) = (outputs(&net), net.parameters());
        let jacobian = net.jacobian(&x, ROWS).unwrap();
        assert_eq!(jacobian.len(), outputs * ROWS * start.len());
        for parameter in 0..start.len() {
            let mut probe = |by: f64| {
                let mut moved = start.clone();
                moved[parameter] += by;
                net.set_parameters(&moved).unwrap();
                net.forward(&x, ROWS).unwrap()
            };
            let (above, below) = (probe(STEP), probe(-STEP));
            for sample in 0..ROWS {
                for output in 0..outputs {
                    let at = sample * outputs + output;
                    let slope = (above[at] - below[at]) / (2.0 * STEP);
                    let found = jacobian[(output * ROWS + sample) * start.len() + parameter];
                    assert!(
                        (found - slope).abs() < DIFFERENCE * (1.0 + slope.abs()),
                        "{:?}, output {output} of sample {sample}, parameter {parameter}: {found} but {slope}",
                        net.activation
                    );
                }
            }
        }
    }
}

#[test]
fn a_gradient_is_the_gradient_at_the_outputs_times_the_jacobian() {
    let x = samples();
    for net in nets() {
        let (outputs, width) = (outputs(&net), net.parameters().len());
        let at_outputs = numbers(5, ROWS * outputs);
        let jacobian = net.jacobian(&x, ROWS).unwrap();
        let mut expected = vec![0.0; width];
        for (row, derivatives) in jacobian.chunks_exact(width).enumerate() {
            let weight = at_outputs[row % ROWS * outputs + row / ROWS];
            for (slot, derivative) in expected.iter_mut().zip(derivatives) {
                *slot += weight * derivative;
            }
        }
        let gradients = flatten(&net.gradients(&x, ROWS, &at_outputs).unwrap());
        assert_close(&gradients, &expected, ROUNDING, "gradient");
    }
}

#[test]
fn the_kernel_is_the_jacobian_times_its_transpose() {
    let x = samples();
    for net in nets() {
        let jacobian = net.jacobian(&x, ROWS).unwrap();
        let expected = gram(&jacobian, net.parameters().len());
        let what = format!("{:?}", net.activation);
        assert_close(&net.ntk(&x, ROWS).unwrap(), &expected, ROUNDING, &what);
    }
}

#[test]
fn the_kernel_of_a_linear_network_agrees_with_the_reference_values() {
    // The reference has y = W2 W1 x with W1 [3, 2]: the weights here are the transposes.
    let net = Mlp {
        layers: vec![
            Layer {
                inputs: 2,
                outputs: 3,
                weight: vec![0.5, 0.1, 0.4, -0.2, 0.3, 0.2],
                bias: None,
            },
            Layer {
                inputs: 3,
                outputs: 1,
                weight: vec![1.0, -0.5, 0.3],
                bias: None,
            },
        ],
        activation: Activation::Identity,
    };
    // Its samples are the columns of X = [[1, 0, 2], [0, 1, −1]].
    let x = [1.0, 0.0, 0.0, 1.0, 2.0, -1.0];
    let expected = [1.76, 0.01, 3.51, 0.01, 1.51, -1.49, 3.51, -1.49, 8.51];
    assert_close(&net.ntk(&x, 3).unwrap(), &expected, 1e-15, "reference");
}

#[test]
fn the_kernel_of_a_linear_network_with_more_outputs_is_a_sum_of_kronecker_products() {
    // I ⊗ XᵀW1ᵀW1X + W2W2ᵀ ⊗ XᵀX [Domine2024], with W1 and W2 the transposes of the weights.
    let net = net(&[INPUTS, 4, 2], false, Activation::Identity, 8);
    let x = samples();
    let (first, second) = (&net.layers[0].weight, &net.layers[1].weight);
    let hidden = |n: usize, h: usize| -> f64 {
        (0..INPUTS)
            .map(|i| x[n * INPUTS + i] * first[i * 4 + h])
            .sum()
    };
    let mut expected = Vec::new();
    for row in 0..2 * ROWS {
        for column in 0..2 * ROWS {
            let ((k, n), (l, m)) = ((row / ROWS, row % ROWS), (column / ROWS, column % ROWS));
            let from_second: f64 = (0..4).map(|h| hidden(n, h) * hidden(m, h)).sum();
            let readouts: f64 = (0..4).map(|h| second[h * 2 + k] * second[h * 2 + l]).sum();
            let inputs: f64 = (0..INPUTS)
                .map(|i| x[n * INPUTS + i] * x[m * INPUTS + i])
                .sum();
            let same = if k == l { 1.0 } else { 0.0 };
            expected.push(same * from_second + readouts * inputs);
        }
    }
    assert_close(
        &net.ntk(&x, ROWS).unwrap(),
        &expected,
        ROUNDING,
        "Kronecker",
    );
}

/// Whether K + `lift` I has a Cholesky factor, which it has if no eigenvalue is below −`lift`.
fn is_positive(kernel: &[f64], size: usize, lift: f64) -> bool {
    let mut factor = vec![0.0; size * size];
    for i in 0..size {
        for j in 0..=i {
            let along: f64 = (0..j)
                .map(|k| factor[i * size + k] * factor[j * size + k])
                .sum();
            let lifted = kernel[i * size + j] + if i == j { lift } else { 0.0 };
            if i == j {
                let rest = lifted - along;
                if rest <= 0.0 {
                    return false;
                }
                factor[i * size + i] = rest.sqrt();
            } else {
                factor[i * size + j] = (lifted - along) / factor[j * size + j];
            }
        }
    }
    true
}

#[test]
fn the_kernel_is_exactly_symmetric_and_has_no_negative_eigenvalue() {
    // More samples than parameters of the small networks, so that zero eigenvalues occur.
    let rows = 12;
    let x = numbers(3, rows * INPUTS);
    for net in nets() {
        let kernel = net.ntk(&x, rows).unwrap();
        let size = outputs(&net) * rows;
        assert_eq!(kernel.len(), size * size);
        for a in 0..size {
            for b in 0..a {
                assert_eq!(kernel[a * size + b], kernel[b * size + a]);
            }
        }
        let trace: f64 = kernel.iter().step_by(size + 1).sum();
        assert!(trace > 0.0);
        assert!(is_positive(&kernel, size, 1e-13 * trace), "{net:?}");
        // The check itself sees a small negative eigenvalue.
        let lowered: Vec<f64> = kernel
            .iter()
            .enumerate()
            .map(|(at, k)| k - if at % (size + 1) == 0 { trace } else { 0.0 })
            .collect();
        assert!(!is_positive(&lowered, size, 1e-13 * trace));
    }
}

#[test]
fn a_chunk_of_samples_has_the_same_rows_and_entries_to_the_bit() {
    let x = samples();
    for net in nets() {
        let (outputs, width) = (outputs(&net), net.parameters().len());
        let (jacobian, kernel) = (net.jacobian(&x, ROWS).unwrap(), net.ntk(&x, ROWS).unwrap());
        // Samples 1 and 2 on their own.
        let chunk = &x[INPUTS..3 * INPUTS];
        let (part, block) = (net.jacobian(chunk, 2).unwrap(), net.ntk(chunk, 2).unwrap());
        let whole = |row: usize| row / 2 * ROWS + row % 2 + 1;
        for row in 0..2 * outputs {
            assert_eq!(
                part[row * width..(row + 1) * width],
                jacobian[whole(row) * width..(whole(row) + 1) * width]
            );
            for column in 0..2 * outputs {
                assert_eq!(
                    block[row * 2 * outputs + column],
                    kernel[whole(row) * outputs * ROWS + whole(column)]
                );
            }
        }
    }
}

#[test]
fn wrong_inputs_are_refused_and_no_samples_have_an_empty_kernel() {
    let net = net(&[INPUTS, 2], true, Activation::Tanh, 1);
    let message = "x has 5 entries: must have 6";
    assert_eq!(net.ntk(&[0.0; 5], 2).unwrap_err().to_string(), message);
    assert_eq!(net.jacobian(&[0.0; 5], 2).unwrap_err().to_string(), message);
    assert!(net.ntk(&[], 0).unwrap().is_empty());
    assert!(net.jacobian(&[], 0).unwrap().is_empty());
    let empty = Mlp {
        layers: Vec::new(),
        activation: Activation::Tanh,
    };
    assert_eq!(empty.ntk(&[], 0), Err(MlpError::NoLayers));
    assert_eq!(empty.jacobian(&[], 0), Err(MlpError::NoLayers));
    assert!(net.ntk(&[f64::NAN; 3], 1).unwrap()[0].is_nan());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kernel_ignores_the_order_of_neurons(seed in 0..10_000_u64, width in 2..6_usize) {
        for activation in Activation::ALL {
            let net = net(&[INPUTS, width, 2], true, activation, seed);
            let mut reversed = net.clone();
            for row in reversed.layers[0].weight.chunks_exact_mut(width) {
                row.reverse();
            }
            reversed.layers[0].bias.iter_mut().for_each(|bias| bias.reverse());
            let rows: Vec<f64> = net.layers[1].weight.chunks_exact(2).rev().flatten().copied().collect();
            reversed.layers[1].weight = rows;
            let x = numbers(seed + 9, ROWS * INPUTS);
            let (kernel, other) = (net.ntk(&x, ROWS).unwrap(), reversed.ntk(&x, ROWS).unwrap());
            for (a, b) in kernel.iter().zip(&other) {
                prop_assert!((a - b).abs() < ROUNDING * (1.0 + a.abs()), "{activation:?}");
            }
        }
    }
}

/// More rows than are computed together, so that blocks meet.
const MANY_ROWS: usize = 150;

#[test]
fn the_packed_kernel_is_the_lower_triangle_of_the_jacobians_products_with_rates_by_layer() {
    let x = numbers(5, MANY_ROWS * INPUTS);
    for biases in [true, false] {
        let net = net(&[INPUTS, 4, 2], biases, Activation::Tanh, 3);
        let rates = [(0.25, 3.0), (7.0, 0.5)].map(|(weight, bias)| LayerRate { weight, bias });
        let mut jacobian = net.jacobian(&x, MANY_ROWS).unwrap();
        let factors: Vec<f64> = (net.layers.iter().zip(rates))
            .flat_map(|(layer, rate)| {
                let bias = layer.bias.as_ref().map_or(0, Vec::len);
                let weights = vec![rate.weight.sqrt(); layer.weight.len()];
                weights.into_iter().chain(vec![rate.bias.sqrt(); bias])
            })
            .collect();
        for row in jacobian.chunks_exact_mut(factors.len()) {
            row.iter_mut().zip(&factors).for_each(|(j, m)| *j *= m);
        }
        let full = gram(&jacobian, factors.len());
        let size = 2 * MANY_ROWS;
        let expected: Vec<f64> = (0..size)
            .flat_map(|a| (0..=a).map(move |b| (a, b)))
            .map(|(a, b)| full[a * size + b] * if a == b { 1.0 } else { 2.0_f64.sqrt() })
            .collect();
        let packed = net.ntk_packed(&x, MANY_ROWS, &rates).unwrap();
        assert_close(&packed, &expected, ROUNDING, "packed");
    }
}

#[test]
fn a_packed_kernel_needs_one_rate_per_layer() {
    let net = net(&[INPUTS, 4, 2], false, Activation::Relu, 3);
    let one = [LayerRate::default()];
    assert!(matches!(
        net.ntk_packed(&samples(), ROWS, &one),
        Err(MlpError::Length { .. })
    ));
}
