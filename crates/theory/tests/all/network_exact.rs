//! The exact solution of balanced two-layer linear networks against tables, an integrator and the
//! formula as it is printed.

use serde_json::Value;
use theory::BalancedNetwork;
use theory::nalgebra::DMatrix;

use crate::support::{
    gaussian::Gaussian,
    json::{json, number},
    matrix_flow::layers_at,
    networks::{Case, LAMBDAS, PLAIN, TIMES, Widths, blocks, largest},
};

/// Agreement with another float64 evaluation of the same formula.
const SAME_FORMULA: f64 = 1e-11;
/// Agreement with trajectories that were integrated to about 1e-11.
const RECORDED: f64 = 1e-10;
/// Agreement with our integrator, which is run at the limit of f64: a few 1e-15 of the largest
/// entry, 1e-14 if λ is large.
const INTEGRATED: f64 = 1e-12;
/// Numbers that should agree to rounding.
const ROUNDING: f64 = 1e-12;

fn matrix(value: &Value) -> DMatrix<f64> {
    let rows = value.as_array().unwrap();
    let columns = rows[0].as_array().unwrap().len();
    DMatrix::from_fn(rows.len(), columns, |i, j| number(&rows[i][j]))
}

#[test]
fn the_solution_agrees_with_recorded_trajectories() {
    let reference = json(include_str!("../fixtures/two_layer_flow.json"));
    let cases = reference.as_object().unwrap();
    assert_eq!(cases.len(), 3);
    for (lambda, case) in cases {
        let network = BalancedNetwork::new(
            &matrix(&case["W1"]),
            &matrix(&case["W2"]),
            &matrix(&case["Syx"]),
        )
        .unwrap();
        assert!((network.lambda() - lambda.parse::<f64>().unwrap()).abs() < ROUNDING);
        for (index, t) in case["t"].as_array().unwrap().iter().enumerate() {
            let state = network.at(number(t));
            let own = blocks(&state);
            let closed = largest(&(&own - matrix(&case["QQt_closed"][index])));
            let integrated = largest(&(&own - matrix(&case["QQt_ode"][index])));
            let product = largest(&(state.product() - matrix(&case["W2W1_ode"][index])));
            assert!(closed < SAME_FORMULA, "λ = {lambda}, t = {t}: {closed}");
            assert!(
                integrated < RECORDED && product < RECORDED,
                "λ = {lambda}, t = {t}: {integrated}"
            );
        }
    }
}

#[test]
fn the_solution_is_the_gradient_flow_of_both_layers_for_every_imbalance() {
    for (seed, widths) in (1..).zip(PLAIN) {
        for lambda in LAMBDAS {
            let case = Case::new(seed, widths, lambda);
            let network = case.network();
            assert!((network.lambda() - lambda).abs() <= ROUNDING * lambda.abs());
            for t in TIMES {
                let error = case.error_at(&network.at(t), t);
                assert!(
                    error < INTEGRATED,
                    "{widths:?}, λ = {lambda}, t = {t}: {error}"
                );
            }
        }
    }
}

#[test]
fn bottlenecks_and_surplus_units_follow_the_same_solution() {
    let cases = [
        ((5, 2, 4), 0.0),
        ((5, 2, 4), 1.5),
        ((5, 2, 4), -1.5),
        ((4, 7, 3), 0.0),
        ((2, 4, 5), 2.0),
        ((5, 4, 2), -2.0),
        ((1, 1, 1), 0.3),
        ((1, 3, 1), 0.0),
        ((6, 1, 1), -4.0),
    ];
    for (seed, (widths, lambda)) in (20..).zip(cases) {
        let case = Case::new(seed, widths, lambda);
        for t in TIMES {
            let error = case.error_at(&case.network().at(t), t);
            assert!(
                error < INTEGRATED,
                "{widths:?}, λ = {lambda}, t = {t}: {error}"
            );
        }
    }
}

#[test]
fn tasks_with_missing_and_equal_modes_are_followed() {
    let mut gaussian = Gaussian(5);
    for (widths, lambda) in [((4, 3, 5), 0.0), ((4, 3, 5), 0.7), ((4, 4, 4), -0.7)] {
        let mut case = Case::new(6, widths, lambda);
        case.task = gaussian.matrix(widths.2, 2) * gaussian.matrix(2, widths.0);
        let mut equal = case.task.clone();
        equal.fill_with_identity();
        for task in [case.task.clone(), equal, 0.0 * &case.task] {
            case.task = task;
            for t in TIMES {
                let error = case.error_at(&case.network().at(t), t);
                assert!(
                    error < INTEGRATED,
                    "{widths:?}, λ = {lambda}, t = {t}: {error}"
                );
            }
        }
    }
}

/// The formula as it is usually printed, QQᵀ(t) with F⁻¹ and e^{Ft}.
fn textbook(case: &Case, lambda: f64, t: f64) -> Option<DMatrix<f64>> {
    let (outputs, inputs) = case.task.shape();
    let size = inputs + outputs;
    let mut generator = DMatrix::from_diagonal_element(size, size, 0.5 * lambda);
    for input in 0..inputs {
        generator[(input, input)] = -0.5 * lambda;
    }
    generator
        .view_mut((inputs, 0), (outputs, inputs))
        .copy_from(&case.task);
    generator
        .view_mut((0, inputs), (inputs, outputs))
        .copy_from(&case.task.transpose());
    let eigen = generator.clone().symmetric_eigen();
    let growth = |factor: f64| {
        let powers = eigen.eigenvalues.map(|l| (factor * l * t).exp());
        &eigen.eigenvectors * DMatrix::from_diagonal(&powers) * eigen.eigenvectors.transpose()
    };
    let mut start = DMatrix::zeros(size, case.first.nrows());
    start.rows_mut(0, inputs).copy_from(&case.first.transpose());
    start.rows_mut(inputs, outputs).copy_from(&case.second);
    let identity = DMatrix::identity(size, size);
    let inner = 0.5 * start.transpose() * generator.try_inverse()? * (growth(2.0) - identity);
    let hidden = case.first.nrows();
    let middle = (DMatrix::identity(hidden, hidden) + inner * &start).try_inverse()?;
    let grown = growth(1.0) * start;
    Some(&grown * middle * grown.transpose())
}

/// Error of the printed formula against ours; infinite where it has no number.
fn textbook_error(widths: Widths, lambda: f64, t: f64) -> f64 {
    let case = Case::new(3, widths, lambda);
    let own = blocks(&case.network().at(t));
    let printed = textbook(&case, lambda, t);
    let error = printed.map_or(f64::INFINITY, |printed| largest(&(printed - own)));
    if error.is_nan() { f64::INFINITY } else { error }
}

#[test]
fn the_printed_formula_agrees_where_it_can_be_evaluated_and_fails_where_ours_does_not() {
    for widths in [(2, 2, 2), (4, 4, 4)] {
        for lambda in [0.0, 0.5, -3.0] {
            let error = textbook_error(widths, lambda, 1.0);
            assert!(error < INTEGRATED, "{widths:?}, λ = {lambda}: {error}");
        }
    }
    // F is singular, or e^{2Ft} overflows. That ours is right there is shown by the other tests.
    for (widths, lambda, t) in [
        ((5, 3, 3), 0.0, 1.0),
        ((3, 3, 6), 0.0, 1.0),
        ((2, 2, 2), 0.5, 2000.0),
    ] {
        let error = textbook_error(widths, lambda, t);
        assert!(error > 1e-3, "{widths:?}, λ = {lambda}, t = {t}: {error}");
    }
}

#[test]
fn an_integrator_confirms_the_choice_of_a_bottleneck() {
    let case = Case::new(44, (5, 2, 4), 0.0);
    let error = case.error_at(&case.network().at(60.0), 60.0);
    assert!(error < INTEGRATED, "{error}");
}

#[test]
fn small_starts_keep_their_digits() {
    // Weights of size 1e-8: the product grows from 1e-16 to 1e-6, all of it in relative terms.
    let mut gaussian = Gaussian(9);
    let (first, second) = gaussian.balanced((3, 3, 3), 0.0, 1e-16);
    let task = DMatrix::identity(3, 3) * 2.0;
    let network = BalancedNetwork::new(&first, &second, &task).unwrap();
    let (one, two) = layers_at((&first, &second), &task, 6.0);
    let early = network.at(6.0);
    assert!(largest(&(early.product() - &two * &one)) < INTEGRATED * (two * one).amax());
}
