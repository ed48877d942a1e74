//! Limits, symmetries, conservation and errors of the exact solution of two-layer linear networks.

use proptest::prelude::*;
use theory::nalgebra::{DMatrix, dmatrix};
use theory::{BalancedNetwork, TheoryError};

use crate::support::{
    gaussian::Gaussian,
    networks::{Case, LAMBDAS, PLAIN, TIMES, blocks, largest},
};

/// Two evaluations of our own form that should agree to rounding.
const ROUNDING: f64 = 1e-12;
/// What is left of a transient at t = 2000 for modes of order one: nothing but rounding.
const SETTLED: f64 = 1e-12;

#[test]
fn late_networks_have_learned_the_task_or_its_leading_modes() {
    let shapes = [
        ((2, 2, 2), 0.5),
        ((5, 3, 3), 0.0),
        ((3, 3, 6), -3.0),
        ((4, 7, 3), 0.0),
        ((5, 2, 4), 0.0),
        ((6, 3, 5), 0.4),
    ];
    for (seed, (widths, lambda)) in (40..).zip(shapes) {
        let mut case = Case::new(seed, widths, lambda);
        // Modes that are far enough apart to be ranked by t = 2000, and fast enough to end.
        let mut gaussian = Gaussian(seed);
        let (left, right) = (gaussian.orthogonal(widths.2), gaussian.orthogonal(widths.0));
        let mut learned = DMatrix::zeros(widths.2, widths.0);
        case.task = learned.clone();
        for mode in 0..widths.0.min(widths.2) {
            let part = left.column(mode) * right.column(mode).transpose() * 2.0 / (1 + mode) as f64;
            case.task += &part;
            if mode < widths.1 {
                learned += part;
            }
        }
        for t in [2000.0, 1e6, 1e300, f64::MAX, f64::INFINITY] {
            let error = largest(&(case.network().at(t).product() - &learned));
            assert!(
                error < SETTLED,
                "{widths:?}, λ = {lambda}, t = {t}: {error}"
            );
        }
    }
}

#[test]
fn a_start_exactly_against_its_task_ends_on_the_saddle() {
    let network =
        BalancedNetwork::new(&dmatrix![0.3; 0.4], &dmatrix![0.3, 0.4], &dmatrix![-2.0]).unwrap();
    for (t, bound) in [
        (1.0, 0.02),
        (100.0, 1e-170),
        (1e6, 0.0),
        (f64::INFINITY, 0.0),
    ] {
        let product = network.at(t).product()[(0, 0)];
        assert!((0.0..=bound).contains(&product), "{product} at {t}");
    }
}

#[test]
fn the_balance_is_conserved() {
    for (seed, widths) in (60..).zip(PLAIN) {
        for lambda in LAMBDAS {
            let network = Case::new(seed, widths, lambda).network();
            for t in [0.0, 1e-3, 0.4, 2.0, 30.0, 2000.0] {
                let state = network.at(t);
                // W1ᵀ(W2ᵀW2 − W1W1ᵀ)W1 = λ W1ᵀW1, and the same from the other side.
                let (product, one, two) =
                    (state.product(), state.first_gram(), state.second_gram());
                let first = product.tr_mul(product) - one * one - lambda * one;
                let second = two * two - product * product.transpose() - lambda * two;
                let size = (one.amax() + two.amax() + lambda.abs()).powi(2);
                for error in [largest(&first) / size, largest(&second) / size] {
                    assert!(
                        error < ROUNDING,
                        "{widths:?}, λ = {lambda}, t = {t}: {error}"
                    );
                }
            }
        }
    }
}

#[test]
fn transposing_the_network_changes_the_sign_of_the_imbalance() {
    for (seed, widths) in (80..).zip(PLAIN) {
        for lambda in LAMBDAS {
            let case = Case::new(seed, widths, lambda);
            let mirrored = BalancedNetwork::new(
                &case.second.transpose(),
                &case.first.transpose(),
                &case.task.transpose(),
            )
            .unwrap();
            assert!((mirrored.lambda() + lambda).abs() <= ROUNDING * lambda.abs());
            for t in TIMES {
                let (one, two) = (case.network().at(t), mirrored.at(t));
                let size = one.first_gram().amax() + one.second_gram().amax() + 1.0;
                let errors = [
                    one.product() - two.product().transpose(),
                    one.first_gram() - two.second_gram(),
                    one.second_gram() - two.first_gram(),
                ];
                assert!(errors.iter().all(|error| largest(error) < ROUNDING * size));
            }
        }
    }
}

#[test]
fn rotations_of_inputs_outputs_and_hidden_units_rotate_the_solution() {
    for lambda in LAMBDAS {
        let case = Case::new(7, (4, 3, 3), lambda);
        let mut gaussian = Gaussian(8);
        let (left, middle) = (gaussian.orthogonal(3), gaussian.orthogonal(3));
        let right = gaussian.orthogonal(4);
        let rotated = BalancedNetwork::new(
            &(&middle * &case.first * right.transpose()),
            &(&left * &case.second * middle.transpose()),
            &(&left * &case.task * right.transpose()),
        )
        .unwrap();
        for t in TIMES {
            let (plain, turned) = (case.network().at(t), rotated.at(t));
            let size = plain.first_gram().amax() + plain.second_gram().amax() + 1.0;
            let product = &left * plain.product() * right.transpose() - turned.product();
            let gram = &right * plain.first_gram() * right.transpose() - turned.first_gram();
            assert!(largest(&product) < ROUNDING * size && largest(&gram) < ROUNDING * size);
        }
    }
}

#[test]
fn times_that_do_not_exist_have_no_numbers() {
    let network = Case::new(1, (3, 2, 4), 0.0).network();
    for t in [-1.0, f64::NAN, f64::NEG_INFINITY] {
        let state = network.at(t);
        assert_eq!(state.product().shape(), (4, 3));
        assert!(blocks(&state).iter().all(|number| number.is_nan()));
    }
}

#[test]
fn errors_name_the_matrix_and_what_it_must_be() {
    let one = DMatrix::from_element(2, 2, 1.0);
    let identity = DMatrix::identity(2, 2);
    let wide = DMatrix::zeros(3, 5);
    let error = |first: &DMatrix<f64>, second: &DMatrix<f64>, task: &DMatrix<f64>| {
        BalancedNetwork::new(first, second, task)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        error(&identity, &wide, &one),
        "second is 3x5: must be 3x2 (outputs x hidden), no size 0"
    );
    assert_eq!(
        error(&identity, &identity, &wide),
        "correlation is 3x5: must be 2x2 (outputs x inputs), no size 0"
    );
    assert_eq!(
        error(&DMatrix::zeros(0, 2), &DMatrix::zeros(2, 0), &one),
        "first is 0x2: must be 1x2 (hidden x inputs), no size 0"
    );
    assert_eq!(
        error(&identity, &identity, &(&one * f64::NAN)),
        "correlation = NaN: must be finite in every entry"
    );
    assert!(error(&(&one * 1e200), &one, &one).starts_with("|first|^2 + |second|^2 = inf"));
    assert_eq!(
        error(&identity, &one, &one),
        "the layers are not balanced: |W2'W2 - W1W1' - lambda I| is \
         4.7140452079103173e-1 of |W1|^2 + |W2|^2 at the best lambda = 1, and must be at most 1e-9"
    );
    let nearly = &identity * (1.0 + 1e-6);
    let mut skew = nearly.clone();
    skew[(0, 1)] = 1e-8;
    assert!(BalancedNetwork::new(&identity, &nearly, &one).is_ok());
    let error = BalancedNetwork::new(&identity, &skew, &one).unwrap_err();
    assert!(matches!(error, TheoryError::Unbalanced { deviation, .. } if deviation < 1e-8));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_time_has_numbers_and_the_loss_never_rises(
        seed in 0..u64::MAX,
        inputs in 1..7_usize,
        hidden in 1..7_usize,
        outputs in 1..7_usize,
        lambda in -60.0..60.0_f64,
        balanced in prop::bool::ANY,
        log_scale in -12.0..2.0_f64,
        rank in 0..7_usize,
    ) {
        let exists = !balanced && if lambda > 0.0 { hidden <= outputs } else { hidden <= inputs };
        let lambda = if exists { lambda } else { 0.0 };
        let mut gaussian = Gaussian(seed);
        let scale = 10.0_f64.powf(log_scale);
        let (first, second) = gaussian.balanced((inputs, hidden, outputs), lambda, scale);
        let task = gaussian.matrix(outputs, rank) * gaussian.matrix(rank, inputs);
        let network = BalancedNetwork::new(&first, &second, &task).unwrap();
        let mut loss = f64::INFINITY;
        for t in [0.0, 1e-300, 1e-12, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e6, f64::INFINITY] {
            let state = network.at(t);
            prop_assert!(blocks(&state).iter().all(|number| number.is_finite()), "at {}", t);
            let now = (&task - state.product()).norm();
            let rounding = ROUNDING * (1.0 + task.norm() + first.norm_squared() + second.norm_squared());
            prop_assert!(now <= loss + rounding, "{} after {} at {}", now, loss, t);
            loss = now;
        }
        // The limit of t to 0 is the start.
        let start = largest(&(blocks(&network.at(1e-300)) - blocks(&network.at(0.0))));
        prop_assert!(start <= ROUNDING * (1.0 + first.norm_squared() + second.norm_squared()));
    }

    #[test]
    fn each_layer_grows_with_the_other_when_both_are_small(
        seed in 0..u64::MAX,
        width in 1..5_usize,
        log_scale in -12.0..-3.0_f64,
    ) {
        // From aligned starts below the target all strengths, hence both traces, only rise.
        let mut gaussian = Gaussian(seed);
        let task = gaussian.matrix(width, width);
        let strengths = vec![10.0_f64.powf(log_scale); width];
        let (first, second) = theory::aligned_weights(&task, &strengths, 0.0, width).unwrap();
        let network = BalancedNetwork::new(&first, &second, &task).unwrap();
        let smallest = task.singular_values().min();
        prop_assume!(smallest > 10.0 * strengths[0]);
        let mut traces = (0.0, 0.0);
        for t in [0.0, 1e-3, 0.1, 1.0, 10.0, 1e3, 1e6] {
            let state = network.at(t);
            let now = (state.first_gram().trace(), state.second_gram().trace());
            prop_assert!(now.0 >= traces.0 * (1.0 - ROUNDING) && now.1 >= traces.1 * (1.0 - ROUNDING));
            traces = now;
        }
    }
}

/// Rows that sum to 0, all shapes from 2 to 8: nalgebra's own vectors are off by up to 0.08 here.
#[test]
fn matrices_of_low_rank_are_the_product_of_their_singular_vectors() {
    /// Roundings of sums over eight products.
    const ROUNDING: f64 = 1e-13;
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    for case in 0..2000 {
        let (rows, columns) = (2 + case % 7, 2 + case / 7 % 7);
        let mut matrix = theory::nalgebra::DMatrix::from_fn(rows, columns, |_, _| next());
        for mut row in matrix.row_iter_mut() {
            let mean = row.mean();
            row.add_scalar_mut(-mean);
        }
        let svd = theory::full_svd(&matrix);
        let mut product = 0.0 * &matrix;
        for (k, value) in svd.values.iter().enumerate() {
            product += *value * svd.left.column(k) * svd.right.column(k).transpose();
        }
        assert!((product - &matrix).amax() < ROUNDING, "{matrix}");
        let turned = svd.left.tr_mul(&svd.left) - theory::nalgebra::DMatrix::identity(rows, rows);
        assert!(turned.amax() < ROUNDING, "{matrix}");
    }
}
