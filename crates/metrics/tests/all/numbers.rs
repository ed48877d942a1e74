//! Norms, lines and ranks against worked examples and invariances.

use metrics::{fit_line, kendall_tau_b, log_log_slope, norm, relative_change, spearman};
use proptest::prelude::*;

const ROUNDING: f64 = 1e-12;

#[test]
fn norms_neither_overflow_nor_vanish() {
    assert_eq!(norm(&[]), 0.0);
    assert_eq!(norm(&[0.0, -0.0]), 0.0);
    assert_eq!(norm(&[2.0, -3.0, 6.0]), 7.0);
    for scale in [1e-320, 1e-200, 1e-130, 1e130, 1e160, 1e307] {
        let found = norm(&[2.0 * scale, -3.0 * scale, 6.0 * scale]) / 7.0;
        // 1e-320 itself has four digits.
        let tolerance = if scale < 1e-300 { 1e-3 } else { 1e-15 };
        assert!((found / scale - 1.0).abs() < tolerance, "{scale}: {found}");
    }
    assert!(norm(&[1.0, f64::NAN]).is_nan() && norm(&[f64::INFINITY, f64::NAN]).is_nan());
    assert_eq!(norm(&[1.0, f64::NEG_INFINITY]), f64::INFINITY);
}

#[test]
fn relative_change_needs_a_reference_of_the_same_length_above_zero() {
    assert_eq!(relative_change(&[1.0, 2.0], &[1.0, 2.0]).unwrap(), 0.0);
    assert_eq!(relative_change(&[0.0, 0.0], &[1.0, 2.0]).unwrap(), 1.0);
    let message = "norm of initial = 0: must be above 0";
    assert_eq!(
        relative_change(&[1.0], &[0.0]).unwrap_err().to_string(),
        message
    );
    assert!(relative_change(&[1.0], &[1.0, 2.0]).is_err());
}

#[test]
fn a_line_and_its_standard_error_agree_with_a_worked_example() {
    // x = 1..5, y = 2, 4, 5, 4, 5: slope 6/10, residual sum 2.4, error √(2.4/3/10).
    let line = fit_line(&[1.0, 2.0, 3.0, 4.0, 5.0], &[2.0, 4.0, 5.0, 4.0, 5.0]).unwrap();
    assert!((line.slope - 0.6).abs() < ROUNDING);
    assert!((line.intercept - 2.2).abs() < ROUNDING);
    assert!((line.slope_standard_error - 0.08_f64.sqrt()).abs() < ROUNDING);
    assert!(
        fit_line(&[0.0, 1.0], &[1.0, 3.0])
            .unwrap()
            .slope_standard_error
            .is_nan()
    );
}

#[test]
fn points_that_fix_no_line_are_refused_by_name() {
    assert_eq!(
        fit_line(&[1.0], &[1.0]).unwrap_err().to_string(),
        "x has 1 usable entries: must have at least 2"
    );
    // The mean of ten times 0.1 is not 0.1 in f64.
    let alike = fit_line(&[0.1; 10], &[1.0; 10]).unwrap_err();
    assert_eq!(alike.to_string(), "spread of x = 0: must be above 0");
    let error = log_log_slope(&[1.0, 2.0], &[1.0, 0.0]).unwrap_err();
    assert_eq!(error.to_string(), "y[1] = 0: must be finite and above 0");
    assert!(fit_line(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
    assert!(fit_line(&[1.0, 2.0], &[1.0]).is_err());
}

#[test]
fn tau_agrees_with_worked_examples() {
    let tau = |x: &[f64], y: &[f64]| kendall_tau_b(x, y).unwrap();
    assert_eq!(tau(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]), 1.0);
    assert_eq!(tau(&[1.0, 2.0, 3.0, 4.0], &[4.0, 3.0, 2.0, 1.0]), -1.0);
    // The example of SciPy's documentation, with ties in both.
    let (x, y) = ([12.0, 2.0, 1.0, 12.0, 2.0], [1.0, 4.0, 7.0, 1.0, 0.0]);
    assert!((tau(&x, &y) + 0.471_404_520_791_031_7).abs() < ROUNDING);
    // A time that was never reached ranks last.
    assert_eq!(tau(&[1.0, 2.0, 3.0], &[5.0, 6.0, f64::INFINITY]), 1.0);
    assert!(kendall_tau_b(&[1.0, 1.0], &[1.0, 2.0]).is_err());
    assert!(kendall_tau_b(&[1.0, 2.0], &[1.0, 1.0]).is_err());
    assert!(kendall_tau_b(&[1.0], &[1.0]).is_err());
    assert!(kendall_tau_b(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
}

#[test]
fn rank_correlation_agrees_with_worked_examples() {
    let rho = |x: &[f64], y: &[f64]| spearman(x, y).unwrap();
    assert_eq!(rho(&[1.0, 2.0, 3.0, 4.0], &[0.1, 0.2, 30.0, 31.0]), 1.0);
    assert_eq!(rho(&[1.0, 2.0, 3.0, 4.0], &[4.0, 3.0, 2.0, -1.0]), -1.0);
    // The example of SciPy's documentation: ranks 1..5 and 2.5, 4, 1, 5, 2.5 in some order.
    let (x, y) = ([1.0, 2.0, 3.0, 4.0, 5.0], [5.0, 6.0, 7.0, 8.0, 7.0]);
    assert!((rho(&x, &y) - 0.820_782_681_668_123_3).abs() < ROUNDING);
    // Without ties ρ = 1 − 6 Σd²/(n(n² − 1)): here the differences are 1, 1, 1, 1, 0.
    let y = [2.0, 1.0, 4.0, 3.0, 5.0];
    assert!((rho(&x, &y) - 0.8).abs() < ROUNDING);
    // A time that was never reached ranks last; zeros of both signs are tied.
    assert_eq!(rho(&[1.0, 2.0, 3.0], &[5.0, 6.0, f64::INFINITY]), 1.0);
    assert_eq!(rho(&[0.0, -0.0, 1.0], &[2.0, 2.0, 7.0]), 1.0);
    assert_eq!(
        rho(&[-1.0, -0.0, 0.0, 1.0], &[1.0, 2.0, 3.0, 4.0]),
        0.9_f64.sqrt()
    );

    let text = |x: &[f64], y: &[f64]| spearman(x, y).unwrap_err().to_string();
    assert_eq!(
        text(&[1.0, 1.0], &[1.0, 2.0]),
        "x = 1: must be not the same in all entries"
    );
    assert_eq!(
        text(&[1.0, 2.0], &[3.0, 3.0]),
        "y = 3: must be not the same in all entries"
    );
    assert_eq!(
        text(&[1.0], &[1.0]),
        "x has 1 usable entries: must have at least 2"
    );
    assert_eq!(
        text(&[1.0, 2.0], &[1.0]),
        "y has 1 entries: must have 2, like x"
    );
    assert_eq!(
        text(&[1.0, 2.0], &[1.0, f64::NAN]),
        "y[1] = NaN: must be a number or infinite"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn power_laws_come_back_from_their_points(
        exponent in -3.0..3.0_f64,
        log_factor in -5.0..5.0_f64,
        x in prop::collection::btree_set(1..1000_u32, 3..20),
    ) {
        let x: Vec<f64> = x.into_iter().map(f64::from).collect();
        let y: Vec<f64> = x.iter().map(|x| log_factor.exp() * x.powf(exponent)).collect();
        let line = log_log_slope(&x, &y).unwrap();
        prop_assert!((line.slope - exponent).abs() < 1e-9);
        prop_assert!((line.intercept - log_factor).abs() < 1e-8);
        prop_assert!(line.slope_standard_error < 1e-9);
    }

    #[test]
    fn tau_is_symmetric_bounded_and_odd_under_reversal(
        pairs in prop::collection::vec((0..6_i32, 0..6_i32), 2..15),
    ) {
        let x: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
        let y: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
        let negative: Vec<f64> = y.iter().map(|y| -y).collect();
        match kendall_tau_b(&x, &y) {
            Ok(tau) => {
                prop_assert!(tau.abs() <= 1.0);
                prop_assert_eq!(tau, kendall_tau_b(&y, &x).unwrap());
                prop_assert_eq!(-tau, kendall_tau_b(&x, &negative).unwrap());
                prop_assert!((kendall_tau_b(&x, &x).unwrap() - 1.0).abs() < ROUNDING);
            }
            Err(_) => {
                let alike = |v: &[f64]| v.iter().all(|&value| value == v[0]);
                prop_assert!(alike(&x) || alike(&y));
            }
        }
    }

    #[test]
    fn rank_correlation_follows_its_definition_and_sees_only_the_order(
        pairs in prop::collection::vec((-5..6_i32, -5..6_i32), 2..20),
    ) {
        let x: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
        let y: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
        let alike = |v: &[f64]| v.iter().all(|&value| value == v[0]);
        if alike(&x) || alike(&y) {
            prop_assert!(spearman(&x, &y).is_err());
            return Ok(());
        }
        // Twice the mean rank minus its mean is the number below minus the number above.
        let ranks = |v: &[f64]| -> Vec<f64> {
            let rank = |a: f64| -> f64 {
                v.iter().map(|&b| f64::from(i8::from(b < a) - i8::from(b > a))).sum()
            };
            v.iter().map(|&a| rank(a)).collect()
        };
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let (u, v) = (ranks(&x), ranks(&y));
        let rho = spearman(&x, &y).unwrap();
        let expected = product(&u, &v) / product(&u, &u).sqrt() / product(&v, &v).sqrt();
        prop_assert!((rho - expected).abs() < ROUNDING);
        prop_assert!(rho.abs() <= 1.0);

        let negative: Vec<f64> = y.iter().map(|y| -y).collect();
        let cubes: Vec<f64> = x.iter().map(|x| x.powi(3) - 7.0).collect();
        prop_assert_eq!(spearman(&x, &negative).unwrap(), -rho);
        prop_assert_eq!(spearman(&cubes, &y).unwrap(), rho);
        prop_assert_eq!(spearman(&cubes, &x).unwrap(), 1.0);
        prop_assert_eq!(spearman(&y, &x).unwrap(), rho);
        let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
        prop_assert_eq!(spearman(&reversed(&x), &reversed(&y)).unwrap(), rho);
    }
}
