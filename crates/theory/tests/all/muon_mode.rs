//! A mode under Muon against steps of its two layers, and against the root of its quadratic.

use theory::{MuonMode, TheoryError};

/// A few roundings of f64.
const EXACT: f64 = 1e-13;

/// The layers after some steps of size η along the signs of their gradients, which are their polar factors.
fn stepped(target: f64, mut first: f64, mut second: f64, rate: f64, steps: usize) -> (f64, f64) {
    for _ in 0..steps {
        let error = target - first * second;
        let (up, down) = (
            rate * (error * second).signum(),
            rate * (error * first).signum(),
        );
        (first, second) = (first + up, second + down);
    }
    (first, second)
}

#[test]
fn the_strength_is_that_of_steps_along_polar_factors() {
    for (target, first, second) in [(2.0, 0.01, 0.01), (0.3, 0.5, 0.02), (7.0, 0.001, 1.3)] {
        let mode = MuonMode::new(target, first, second).unwrap();
        for rate in [1e-2, 1e-3] {
            for steps in [1, 10, 100, 2500] {
                let (a, b) = stepped(target, first, second, rate, steps);
                let expected = mode.strength(rate * steps as f64);
                assert!((b - a - (second - first)).abs() < EXACT * 2500.0);
                if rate * steps as f64 <= mode.completion() {
                    assert!(
                        (a * b / expected - 1.0).abs() < 1e-11,
                        "{mode:?} {rate} {steps}"
                    );
                } else {
                    // Each layer is within a step of the end.
                    assert_eq!(expected, target);
                    assert!(
                        (a * b - target).abs() < rate * (a + b + rate),
                        "{mode:?} {rate}"
                    );
                }
            }
        }
    }
}

#[test]
fn times_and_strengths_are_inverse_from_tiny_to_huge() {
    for scale in [1e-150, 1e-8, 1.0, 1e8, 1e150] {
        for (first, second) in [(0.0, 0.0), (1e-9, 1e-9), (0.0, 0.7), (0.7, 1e-12)] {
            let root = f64::sqrt(scale);
            let mode = MuonMode::new(scale, root * first, root * second).unwrap();
            for fraction in [0.01, 0.5, 0.9, 1.0 - 1e-9] {
                let time = mode.time_to_fraction(fraction).unwrap();
                let found = mode.strength(time) / scale;
                assert!(
                    (found / fraction - 1.0).abs() < EXACT,
                    "{mode:?} {fraction} {found}"
                );
            }
            assert!((mode.strength(mode.completion()) / scale - 1.0).abs() < EXACT);
        }
    }
    // A start just below: the time keeps its digits.
    let mode = MuonMode::new(1.0, 0.5, 0.5).unwrap();
    let time = mode.time_to_fraction(0.25 + 1e-12).unwrap();
    assert!((time / 1e-12 - 1.0).abs() < 1e-3, "{time:e}");
}

#[test]
fn the_half_time_goes_as_the_root_of_the_strength() {
    let half = |target| {
        MuonMode::new(target, 0.0, 0.0)
            .unwrap()
            .time_to_fraction(0.5)
            .unwrap()
    };
    for target in [0.1, 1.0, 10.0] {
        assert!((half(100.0 * target) / half(target) - 10.0).abs() < EXACT);
        assert!((half(target) - (0.5 * target).sqrt()).abs() < EXACT);
    }
}

#[test]
fn parameters_off_their_domain_and_fractions_off_the_way_are_refused() {
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(MuonMode::new(bad, 0.0, 0.0).is_err());
        assert!(MuonMode::new(1.0, bad, 0.0).is_err());
        assert!(MuonMode::new(1.0, 0.0, bad).is_err());
    }
    assert!(MuonMode::new(0.0, 0.0, 0.0).is_err());
    let mode = MuonMode::new(1.0, 0.5, 0.5).unwrap();
    for fraction in [0.2, 1.0, f64::NAN] {
        let error = mode.time_to_fraction(fraction).unwrap_err();
        assert!(matches!(error, TheoryError::FractionNotReached { .. }));
    }
    assert_eq!(mode.time_to_fraction(0.25), Ok(0.0));
    assert!(mode.strength(-1.0).is_nan() && mode.strength(f64::NAN).is_nan());
}
