//! Aligned networks and balanced weights against the integrator, the exact solution and the shapes
//! for which they exist.

use proptest::prelude::*;
use theory::nalgebra::{DMatrix, dmatrix};
use theory::{
    AlignedNetwork, BalancedMode, BalancedNetwork, TheoryError, aligned_weights, balance,
    balanced_weights, random_orthogonal,
};

use crate::support::{
    gaussian::Gaussian,
    networks::{Case, LAMBDAS, TIMES, Widths, blocks, largest},
};

/// Agreement with an integrator that is run at the limit of f64; the saddle of a mode that starts
/// against its target magnifies rounding, hence more than the 1e-14 seen for most.
const INTEGRATED: f64 = 1e-11;
/// Two closed forms of the same thing, up to the growth of rounding.
const CLOSED_FORMS: f64 = 1e-10;
/// Numbers that should agree to rounding.
const ROUNDING: f64 = 1e-13;

const START: [f64; 4] = [0.3, 0.01, 0.05, -0.02];

#[test]
fn every_mode_of_an_aligned_network_moves_on_its_own() {
    let widths: [Widths; 5] = [(6, 4, 4), (4, 4, 6), (2, 2, 2), (5, 2, 4), (3, 1, 3)];
    for (seed, (inputs, hidden, outputs)) in (1..).zip(widths) {
        let mut gaussian = Gaussian(seed);
        let task = gaussian.matrix(outputs, inputs);
        for lambda in [0.0, 0.5, -0.5, 3.0, -3.0, 20.0, -20.0] {
            let start = &START[..hidden.min(inputs).min(outputs)];
            let network = AlignedNetwork::new(&task, start, lambda, hidden).unwrap();
            let (first, second) = aligned_weights(&task, start, lambda, hidden).unwrap();
            let middle = gaussian.orthogonal(hidden);
            let case = Case {
                first: &middle * first,
                second: second * middle.transpose(),
                task: task.clone(),
            };
            for t in [0.0, 0.1, 0.5, 1.5, 4.0] {
                let state = network.at(t);
                let error = case.error_at(&state, t);
                assert!(
                    error < INTEGRATED,
                    "{hidden} units, λ = {lambda}, t = {t}: {error}"
                );
                let exact = largest(&(blocks(&case.network().at(t)) - blocks(&state)));
                assert!(exact < CLOSED_FORMS * (1.0 + lambda.abs()), "{exact}");
            }
        }
    }
}

#[test]
fn a_balanced_aligned_network_is_a_set_of_sigmoids() {
    let task = DMatrix::from_diagonal(&theory::nalgebra::dvector![3.0, 1.0, 0.2]);
    let network = AlignedNetwork::new(&task, &[0.5, 1e-9, 4.0], 0.0, 5).unwrap();
    for t in [0.0, 1e-6, 0.7, 20.0, 1e3, f64::INFINITY] {
        let own = network.strengths(t);
        for ((target, initial), strength) in [(3.0, 0.5), (1.0, 1e-9), (0.2, 4.0)].iter().zip(own) {
            let expected = BalancedMode::new(1.0, *target, *initial)
                .unwrap()
                .strength(t);
            assert!(
                (strength / expected - 1.0).abs() < ROUNDING,
                "{target} at {t}"
            );
        }
    }
}

#[test]
fn imbalance_turns_sigmoids_into_exponentials() {
    let lambda = 1e6;
    let network = AlignedNetwork::new(&dmatrix![2.0], &[0.5], lambda, 1).unwrap();
    for scaled_time in [0.1, 1.0, 3.0] {
        let strength = network.strengths(scaled_time / lambda)[0];
        let exponential = 2.0 - 1.5 * f64::exp(-scaled_time);
        // The next order is (S/λ)² = 4e-12.
        assert!((strength - exponential).abs() < 1e-11);
    }
}

#[test]
fn weak_modes_of_very_unequal_layers_keep_their_digits() {
    // The growing direction is within S/λ = 1e-9 of one layer.
    let task = dmatrix![1e-3, 0.0; 0.0, 2e-3];
    for lambda in [1e6, -1e6] {
        let start = [1e-4, 5e-4];
        let aligned = AlignedNetwork::new(&task, &start, lambda, 2).unwrap();
        let (first, second) = aligned_weights(&task, &start, lambda, 2).unwrap();
        let exact = BalancedNetwork::new(&first, &second, &task).unwrap();
        for t in [0.0, 3e-7, 1e-6, 4e-6, f64::INFINITY] {
            let error = exact.at(t).product() - aligned.at(t).product();
            assert!(
                largest(&error) < 1e-12 * task.amax(),
                "λ = {lambda}: {error}"
            );
        }
    }
}

#[test]
fn modes_without_strength_stay_on_their_saddle_if_balanced_and_grow_if_not() {
    let task = dmatrix![2.0, 0.0; 0.0, 1.0];
    let network = AlignedNetwork::new(&task, &[0.0, 0.1], 0.0, 2).unwrap();
    assert_eq!(network.strengths(1e6), [0.0, 1.0]);
    let network = AlignedNetwork::new(&task, &[0.0, 0.1], 1e-3, 2).unwrap();
    let late = network.strengths(1e6);
    assert!((late[0] - 2.0).abs() < ROUNDING && (late[1] - 1.0).abs() < ROUNDING);
    // A task of rank 1: the other mode decays as s/(1 + 2 s t) without imbalance.
    let network = AlignedNetwork::new(&dmatrix![2.0, 0.0; 0.0, 0.0], &[0.1, 0.5], 0.0, 2).unwrap();
    assert!((network.strengths(3.0)[1] - 0.5 / 4.0).abs() < ROUNDING);
    assert_eq!(network.strengths(f64::INFINITY)[1], 0.0);
}

#[test]
fn balanced_weights_have_the_imbalance_the_strengths_and_the_modes_asked_for() {
    let mut gaussian = Gaussian(3);
    for (inputs, hidden, outputs) in [
        (2, 2, 2),
        (5, 2, 4),
        (4, 7, 3),
        (2, 4, 5),
        (5, 4, 2),
        (6, 4, 4),
        (1, 1, 1),
    ] {
        for lambda in LAMBDAS {
            if (lambda > 0.0 && hidden > outputs) || (lambda < 0.0 && hidden > inputs) {
                continue;
            }
            let (left, middle) = (gaussian.orthogonal(outputs), gaussian.orthogonal(hidden));
            let right = gaussian.orthogonal(inputs);
            let strengths = &START[..hidden.min(inputs).min(outputs)];
            let (first, second) =
                balanced_weights(&left, &middle, &right, strengths, lambda).unwrap();
            let balance = balance(&first, &second).unwrap();
            let size = lambda.abs().max(1.0);
            assert!((balance.lambda() - lambda).abs() < ROUNDING * size);
            assert!(balance.deviation() < ROUNDING);
            let modes = left.transpose() * second * first * right;
            let mut expected = DMatrix::zeros(outputs, inputs);
            for (mode, strength) in strengths.iter().enumerate() {
                expected[(mode, mode)] = *strength;
            }
            assert!(largest(&(modes - expected)) < ROUNDING * size);
        }
    }
}

#[test]
fn shapes_without_balanced_layers_are_refused_with_the_rule() {
    let cases = [
        ((5, 4, 3), 1.0),
        ((3, 4, 5), -1.0),
        ((2, 3, 2), 1e-12),
        ((2, 3, 2), -1e-12),
    ];
    for ((inputs, hidden, outputs), lambda) in cases {
        let identity = |size| DMatrix::identity(size, size);
        let strengths = vec![0.1; inputs.min(hidden).min(outputs)];
        let error = balanced_weights(
            &identity(outputs),
            &identity(hidden),
            &identity(inputs),
            &strengths,
            lambda,
        )
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "no {hidden} hidden units between {inputs} inputs and {outputs} outputs are \
                 balanced with lambda = {lambda}: lambda > 0 needs hidden <= outputs, lambda < 0 \
                 needs hidden <= inputs, lambda = 0 exists for every shape"
            )
        );
        let task = DMatrix::zeros(outputs, inputs);
        let errors = [
            AlignedNetwork::new(&task, &strengths, lambda, hidden).unwrap_err(),
            aligned_weights(&task, &strengths, lambda, hidden).unwrap_err(),
        ];
        assert!(errors.iter().all(|other| *other == error));
    }
}

#[test]
fn errors_of_weights_name_what_is_wrong() {
    let identity = DMatrix::identity(2, 2);
    let skew = dmatrix![1.0, 0.1; 0.0, 1.0];
    let weights = |left, strengths: &[f64], lambda| {
        balanced_weights(left, &identity, &identity, strengths, lambda)
            .unwrap_err()
            .to_string()
    };
    assert!(
        weights(&skew, &[0.1, 0.1], 0.0).starts_with("deviation of left from orthogonality = 0.1")
    );
    assert_eq!(
        weights(&identity, &[0.1], 0.0),
        "strengths is 1x1: must be 2x1 (min(inputs, hidden, outputs) numbers)"
    );
    assert_eq!(
        weights(&identity, &[0.1, f64::NAN], 0.0),
        "strengths = NaN: must be finite in every entry"
    );
    assert_eq!(
        weights(&identity, &[0.1, 0.1], f64::INFINITY),
        "lambda = inf: must be finite"
    );
    let error = AlignedNetwork::new(&skew, &[], 0.0, 0).unwrap_err();
    assert_eq!(error.to_string(), "hidden = 0: must be at least 1");
    assert!(random_orthogonal(&dmatrix![1.0, 2.0; 2.0, 4.0]).is_err());
    assert!(matches!(
        random_orthogonal(&DMatrix::zeros(2, 3)),
        Err(TheoryError::Shape { .. })
    ));
}

#[test]
fn random_orthogonal_matrices_do_not_depend_on_the_sign_convention_of_the_decomposition() {
    // Haar: the triangle that is divided out has a positive diagonal.
    let mut gaussian = Gaussian(11);
    let mut trace = 0.0;
    for _ in 0..2000 {
        let matrix = gaussian.matrix(3, 3);
        let rotation = random_orthogonal(&matrix).unwrap();
        let triangle = rotation.tr_mul(&matrix);
        for i in 0..3 {
            assert!(triangle[(i, i)] > 0.0);
            assert!((0..i).all(|j| triangle[(i, j)].abs() < ROUNDING * 10.0));
        }
        trace += rotation.trace() / 2000.0;
    }
    // Standard deviation of the mean: 1/√2000 = 0.022.
    assert!(trace.abs() < 0.1, "{trace}");
}

#[test]
fn times_that_do_not_exist_have_no_numbers() {
    let network = AlignedNetwork::new(&dmatrix![1.0, 2.0], &[0.1], 0.0, 1).unwrap();
    for t in [-1.0, f64::NAN] {
        assert!(network.strengths(t)[0].is_nan());
        assert!(blocks(&network.at(t)).iter().all(|number| number.is_nan()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn aligned_and_general_solution_agree(
        seed in 0..u64::MAX,
        inputs in 1..6_usize,
        hidden in 1..6_usize,
        outputs in 1..6_usize,
        log_lambda in -8.0..2.0_f64,
        sign in -1..2_i32,
        negative in prop::bool::ANY,
    ) {
        let lambda = f64::from(sign) * 10.0_f64.powf(log_lambda);
        let exists = if lambda > 0.0 { hidden <= outputs } else { hidden <= inputs };
        let lambda = if exists { lambda } else { 0.0 };
        let mut gaussian = Gaussian(seed);
        let task = gaussian.matrix(outputs, inputs);
        let start: Vec<f64> = (0..inputs.min(hidden).min(outputs))
            .map(|_| if negative { gaussian.number() } else { gaussian.number().abs() })
            .collect();
        let aligned = AlignedNetwork::new(&task, &start, lambda, hidden).unwrap();
        let (first, second) = aligned_weights(&task, &start, lambda, hidden).unwrap();
        let exact = BalancedNetwork::new(&first, &second, &task).unwrap();
        for t in TIMES {
            let (one, two) = (blocks(&aligned.at(t)), blocks(&exact.at(t)));
            // Against its task, or past a bottleneck, a mode sits on a saddle whose rounding
            // grows as e^{2 S t}.
            let growth = if negative || hidden < inputs.min(outputs) { (2.0 * task.norm() * t).exp() } else { 1.0 };
            prop_assert!(largest(&(&one - two)) < 1e-12 * growth * (1.0 + largest(&one)));
        }
        for t in [1e3, 1e6, f64::INFINITY] {
            prop_assert!(blocks(&aligned.at(t)).iter().all(|number| number.is_finite()));
        }
    }
}
