//! Tangent kernels, the linearised network, the end-to-end flow, half-times and the balance.

use serde_json::Value;
use theory::nalgebra::{DMatrix, DVector, dmatrix, dvector};
use theory::{
    BalancedNetwork, LinearisedNetwork, balance, end_to_end_rate, linear_ntk, linear_ntk_of_grams,
    random_start_half_times,
};

use crate::support::{
    gaussian::Gaussian,
    json::{json, number},
    matrix_flow::{integrate, layers_at},
};

/// Numbers that should agree to rounding.
const ROUNDING: f64 = 1e-13;
/// Central differences with step 1e-5 of a bilinear function: exact up to rounding / step.
const DIFFERENCES: f64 = 1e-9;
/// Agreement with an integrator that is run at the limit of f64.
const INTEGRATED: f64 = 1e-12;
/// Size of the start and relative error of the half-times: the formula is the limit of small
/// starts, and its error falls as the modes separate in time.
const HALF_TIMES: [(f64, f64); 3] = [(1e-2, 0.02), (1e-4, 1e-3), (1e-6, 1e-4)];

fn matrix(value: &Value) -> DMatrix<f64> {
    let rows = value.as_array().unwrap();
    let columns = rows[0].as_array().unwrap().len();
    DMatrix::from_fn(rows.len(), columns, |i, j| number(&rows[i][j]))
}

#[test]
fn kernel_and_balance_agree_with_recorded_values() {
    let reference = json(include_str!("../fixtures/linear_ntk.json"));
    let (first, second) = (matrix(&reference["W1"]), matrix(&reference["W2"]));
    let kernel = linear_ntk(&first, &second, &matrix(&reference["X"])).unwrap();
    assert!((kernel - matrix(&reference["ntk"])).amax() < ROUNDING);
    let balance = balance(&first, &second).unwrap();
    assert!((balance.matrix() - matrix(&reference["lambda_matrix"])).amax() < ROUNDING);
    assert!((balance.lambda() - 0.75 / 3.0).abs() < ROUNDING);
    assert!(balance.require_balanced().is_err());
}

#[test]
fn the_kernel_is_the_gram_matrix_of_all_derivatives() {
    let mut gaussian = Gaussian(1);
    for (inputs, hidden, outputs, examples) in [(3, 2, 4, 5), (2, 4, 1, 3), (1, 1, 3, 1)] {
        let first = gaussian.matrix(hidden, inputs);
        let second = gaussian.matrix(outputs, hidden);
        let data = gaussian.matrix(inputs, examples);
        // Output-major: output i at example a is number i N + a.
        let network = |first: &DMatrix<f64>, second: &DMatrix<f64>| {
            DVector::from_row_slice((second * first * &data).transpose().as_slice())
        };
        let step = 1e-5;
        let mut kernel = DMatrix::zeros(outputs * examples, outputs * examples);
        for index in 0..first.len() + second.len() {
            let moved = |by: f64| {
                let (mut one, mut two) = (first.clone(), second.clone());
                if index < one.len() {
                    one[index] += by;
                } else {
                    two[index - first.len()] += by;
                }
                network(&one, &two)
            };
            let slope = (moved(step) - moved(-step)) / (2.0 * step);
            kernel += &slope * slope.transpose();
        }
        let own = linear_ntk(&first, &second, &data).unwrap();
        assert!((&own - kernel).amax() < DIFFERENCES * own.amax());
        assert!((&own - own.transpose()).amax() < ROUNDING * own.amax());
        let network = BalancedNetwork::new(
            &DMatrix::identity(2, 2),
            &DMatrix::identity(2, 2),
            &DMatrix::identity(2, 2),
        );
        let state = network.unwrap().at(0.5);
        let pair = (state.first_gram(), state.second_gram());
        let inputs = gaussian.matrix(2, 3);
        assert_eq!(
            state.kernel(&inputs),
            linear_ntk_of_grams(pair.0, pair.1, &inputs)
        );
    }
}

#[test]
fn the_kernel_along_the_exact_solution_is_that_of_the_integrated_layers() {
    let mut gaussian = Gaussian(2);
    let (first, second) = gaussian.balanced((3, 2, 4), 0.7, 0.5);
    let task = gaussian.matrix(4, 3);
    let data = gaussian.matrix(3, 6);
    let network = BalancedNetwork::new(&first, &second, &task).unwrap();
    for t in [0.0, 0.4, 2.0] {
        let (one, two) = layers_at((&first, &second), &task, t);
        let expected = linear_ntk(&one, &two, &data).unwrap();
        let own = network.at(t).kernel(&data).unwrap();
        assert!((own - &expected).amax() < INTEGRATED * expected.amax());
    }
}

#[test]
fn the_linearised_network_solves_its_flow() {
    let mut gaussian = Gaussian(3);
    for (size, rank) in [(1, 1), (6, 6), (6, 3), (8, 0)] {
        let features = gaussian.matrix(size, rank);
        let kernel = &features * features.transpose();
        let (initial, targets) = (gaussian.vector(size), gaussian.vector(size));
        let examples = 3;
        let network = LinearisedNetwork::new(&kernel, &initial, &targets, examples).unwrap();
        for t in [0.0, 0.1, 1.0, 7.0] {
            let expected = integrate(&initial, t, |f| &kernel * (&targets - f) / 3.0);
            assert!(
                (network.at(t) - expected).amax() < INTEGRATED,
                "{size} at {t}"
            );
        }
        // Errors in the null space of the kernel stay; all others are learned.
        for t in [1e12, f64::INFINITY] {
            let rest = &kernel * (network.at(t) - &targets);
            assert!(rest.amax() < 1e-11, "{rest}");
        }
        assert!(network.at(-1.0).iter().all(|number| number.is_nan()));
    }
}

#[test]
fn the_linearised_network_is_the_limit_of_a_large_imbalance() {
    // λ = 1e4 with whitened inputs X = √N I, N = 2: W2 is frozen, W1 learns.
    let mut gaussian = Gaussian(4);
    let lambda = 1e4;
    let (first, second) = gaussian.balanced((2, 2, 2), lambda, 0.5);
    let task = gaussian.matrix(2, 2);
    let network = BalancedNetwork::new(&first, &second, &task).unwrap();
    let data = DMatrix::identity(2, 2) * 2.0_f64.sqrt();
    let kernel = linear_ntk(&first, &second, &data).unwrap();
    let rows =
        |matrix: &DMatrix<f64>| DVector::from_row_slice((matrix * &data).transpose().as_slice());
    let linear = LinearisedNetwork::new(&kernel, &rows(&(&second * &first)), &rows(&task), 2);
    let linear = linear.unwrap();
    for scaled_time in [0.3, 1.0, 4.0] {
        let t = scaled_time / lambda;
        let error = (rows(network.at(t).product()) - linear.at(t)).amax();
        // The kernel moves by (S/λ)² of its size.
        assert!(error < 1e-6, "{error} at {t}");
    }
}

#[test]
fn errors_of_kernels_name_what_is_wrong() {
    let zero = dvector![0.0, 0.0];
    let new = |kernel: DMatrix<f64>, examples| {
        LinearisedNetwork::new(&kernel, &zero, &zero, examples)
            .unwrap_err()
            .to_string()
    };
    assert!(new(dmatrix![1.0, 0.0; 1.0, 1.0], 1).starts_with("largest |kernel - kernel'| = 1:"));
    assert!(
        new(dmatrix![1.0, 0.0; 0.0, -1.0], 1).starts_with("smallest eigenvalue of kernel = -1")
    );
    assert!(new(dmatrix![1.0, 0.0; 0.0, 1.0], 0).starts_with("examples = 0: must be at least 1"));
    assert!(new(dmatrix![1.0], 1).starts_with("initial is 2x1: must be 1x1"));
    let error = linear_ntk(&dmatrix![1.0, 2.0], &dmatrix![1.0], &dmatrix![1.0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "inputs is 1x1: must be 2x1 (inputs x examples), no size 0"
    );
    let error = end_to_end_rate(&dmatrix![1.0, 2.0], &dmatrix![1.0, 2.0], 0.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "product is 1x2: must be 1x1 (square), no size 0"
    );
}

#[test]
fn the_end_to_end_rate_is_that_of_the_layers() {
    let mut gaussian = Gaussian(5);
    for (size, hidden, lambda) in [
        (3, 3, 0.0),
        (3, 3, 0.8),
        (3, 3, -0.8),
        (4, 4, 50.0),
        (2, 2, -50.0),
        (2, 4, 0.0),
    ] {
        let (first, second) = gaussian.balanced((size, hidden, size), lambda, 1.0);
        let task = gaussian.matrix(size, size);
        let product = &second * &first;
        let error = &task - &product;
        let expected = &error * first.tr_mul(&first) + &second * second.transpose() * &error;
        let rate = end_to_end_rate(&product, &task, lambda).unwrap();
        assert!((&rate - &expected).amax() < 1e-12 * (1.0 + expected.amax()));
        // And the slope of the exact solution.
        let network = BalancedNetwork::new(&first, &second, &task).unwrap();
        let (now, step) = (0.1, 1e-5);
        let slope =
            (network.at(now + step).product() - network.at(now - step).product()) / (2.0 * step);
        let rate = end_to_end_rate(network.at(now).product(), &task, lambda).unwrap();
        assert!((slope - &rate).amax() < 1e-6 * (1.0 + lambda * lambda));
    }
}

#[test]
fn random_small_starts_learn_half_of_every_mode_at_the_predicted_time() {
    let targets: Vec<f64> = (0..8).map(|mode| 4.0 * 0.65_f64.powi(mode)).collect();
    let mut worst_alone = 0.0;
    for seed in [6, 7] {
        let mut gaussian = Gaussian(seed);
        let (left, right) = (gaussian.orthogonal(8), gaussian.orthogonal(8));
        let task = &left * DMatrix::from_diagonal(&targets.clone().into()) * right.transpose();
        for (scale, tolerance) in HALF_TIMES {
            let first = gaussian.matrix(10, 8) * scale;
            let second = gaussian.matrix(8, 10) * scale;
            let modes = random_start_half_times(&first, &second, &task).unwrap();
            assert_eq!(modes.len(), 8);
            for (index, mode) in modes.iter().enumerate() {
                assert!((mode.target / targets[index] - 1.0).abs() < ROUNDING);
                // Newton's iteration in the logit, along the integrated flow.
                let mut time = mode.half_time;
                for _ in 0..2 {
                    let (one, two) = layers_at((&first, &second), &task, time);
                    let strength = left.column(index).dot(&(&two * &one * right.column(index)));
                    time -= (strength / (mode.target - strength)).ln() / (2.0 * mode.target);
                }
                let error = mode.half_time / time - 1.0;
                assert!(error.abs() < tolerance, "{scale}, mode {index}: {error}");
                let alone = (4.0 * mode.target / mode.overlap - 1.0).ln() / (2.0 * mode.target);
                worst_alone = f64::min(worst_alone, alone / time - 1.0);
            }
        }
    }
    // Without the projection the late modes are predicted too early.
    assert!(worst_alone < -0.1, "{worst_alone}");
}

#[test]
fn a_bottleneck_learns_the_leading_modes_only() {
    let mut gaussian = Gaussian(8);
    let first = gaussian.matrix(2, 4) * 1e-4;
    let second = gaussian.matrix(4, 2) * 1e-4;
    let task = DMatrix::from_diagonal(&dvector![4.0, 2.0, 1.0, 0.5]);
    let modes = random_start_half_times(&first, &second, &task).unwrap();
    let finite: Vec<bool> = modes
        .iter()
        .map(|mode| mode.half_time.is_finite())
        .collect();
    assert_eq!(finite, [true, true, false, false]);
}

#[test]
fn half_times_that_do_not_exist_are_infinite_or_no_number() {
    let modes = random_start_half_times(
        &dmatrix![0.1, 0.0],
        &dmatrix![0.1; 0.0],
        &dmatrix![2.0, 0.0; 0.0, 0.0],
    )
    .unwrap();
    assert!((modes[0].overlap - 0.04).abs() < ROUNDING);
    assert_eq!(modes[1].half_time, f64::INFINITY);
    let never = random_start_half_times(&dmatrix![-0.1], &dmatrix![0.1], &dmatrix![1.0]).unwrap();
    assert_eq!(never[0].half_time, f64::INFINITY);
    let past = random_start_half_times(&dmatrix![3.0], &dmatrix![3.0], &dmatrix![1.0]).unwrap();
    assert!(past[0].half_time.is_nan());
}

#[test]
fn the_balance_of_any_layers_is_conserved() {
    let mut gaussian = Gaussian(7);
    let (first, second) = (gaussian.matrix(4, 3), gaussian.matrix(2, 4));
    let task = gaussian.matrix(2, 3);
    let before = balance(&first, &second).unwrap();
    let (one, two) = layers_at((&first, &second), &task, 3.0);
    let after = balance(&one, &two).unwrap();
    assert!((before.matrix() - after.matrix()).amax() < INTEGRATED);
    assert!(before.deviation() > 0.1);
    assert!(balance(&first, &first).is_err());
}
