//! The linear and the balanced mode against tables, an integrator, limits and extreme parameters.

use proptest::prelude::*;
use theory::{BalancedMode, LINEAR_T90_OVER_T10, LinearMode, TheoryError, sigmoid_t90_over_t10};

use crate::support::{
    csv,
    json::{json, number},
    rk4,
};

/// Agreement with 40-digit values: a few roundings of f64.
const EXACT: f64 = 1e-13;
/// Agreement with SciPy's integrator, whose own error is about 1e-12.
const INTEGRATED: f64 = 1e-10;
/// Agreement with our fixed-step integrator (4000 steps, error of the order of 1e-11).
const FIXED_STEP: f64 = 1e-9;

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

#[test]
fn balanced_strengths_agree_with_40_digit_arithmetic() {
    let rows = json(include_str!("../fixtures/balanced_mode_mp.json"));
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 7);
    for row in rows {
        let mode =
            BalancedMode::new(number(&row["v"]), number(&row["S"]), number(&row["s0"])).unwrap();
        let strength = mode.strength(number(&row["t"]));
        assert!(
            relative(strength, number(&row["s"])) < EXACT,
            "{row}: {strength}"
        );
    }
}

#[test]
fn balanced_strengths_agree_with_scipy_also_above_the_target() {
    let rows = csv::rows(include_str!("../fixtures/balanced_mode.csv"));
    assert_eq!(rows.len(), 48);
    assert!(
        rows.iter().any(|row| row[2] > row[1]),
        "no row starts above its target"
    );
    for row in rows {
        let strength = BalancedMode::new(row[0], row[1], row[2])
            .unwrap()
            .strength(row[4]);
        assert!(relative(strength, row[5]) < EXACT, "{row:?}: {strength}");
        assert!(
            relative(strength, row[6]) < INTEGRATED,
            "{row:?}: {strength}"
        );
    }
}

#[test]
fn balanced_times_agree_with_40_digit_arithmetic() {
    let rows = json(include_str!(
        "../fixtures/balanced_time_to_fraction_mp.json"
    ));
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 6);
    for row in rows {
        let mode =
            BalancedMode::new(number(&row["v"]), number(&row["S"]), number(&row["s0"])).unwrap();
        let time = mode.time_to_fraction(number(&row["frac"])).unwrap();
        assert!(relative(time, number(&row["t"])) < EXACT, "{row}: {time}");
    }
}

#[test]
fn linear_and_balanced_times_agree_with_scipy() {
    let rows = csv::rows(include_str!("../fixtures/linear_and_balanced_times.csv"));
    let (mut linear, mut balanced) = (0, 0);
    for row in rows {
        let (power, target, initial, strength, time) = (row[1], row[2], row[3], row[4], row[5]);
        let (own_time, own_strength) = if row[0] == 1.0 {
            linear += 1;
            let mode = LinearMode::new(power, target, initial).unwrap();
            (
                mode.time_to_fraction(strength / target).unwrap(),
                mode.strength(time),
            )
        } else {
            balanced += 1;
            let mode = BalancedMode::new(power, target, initial).unwrap();
            (
                mode.time_to_fraction(strength / target).unwrap(),
                mode.strength(time),
            )
        };
        assert!(relative(own_time, time) < 1e-11, "{row:?}: {own_time}");
        assert!(
            relative(own_strength, strength) < 1e-11,
            "{row:?}: {own_strength}"
        );
        assert!(
            relative(own_strength, row[6]) < INTEGRATED,
            "{row:?}: {own_strength}"
        );
    }
    assert!(
        linear >= 5 && balanced >= 5,
        "{linear} linear and {balanced} balanced rows"
    );
}

#[test]
fn a_balanced_mode_is_the_gradient_flow_of_the_product_of_two_factors() {
    for (power, target, initial) in [(1.0, 1.0, 0.2), (0.3, 4.0, 1e-3), (2.0, 0.5, 3.0)] {
        let mode = BalancedMode::new(power, target, initial).unwrap();
        for end in [0.1, 1.0, 4.0] {
            let factor = initial.sqrt();
            let [a, b] = rk4::integrate([factor, factor], end, 4000, |&[a, b]: &[f64; 2]| {
                let error = power * (target - a * b);
                [b * error, a * error]
            });
            let strength = mode.strength(end);
            assert!(
                relative(strength, a * b) < FIXED_STEP,
                "{mode:?} at {end}: {strength}"
            );
            assert!(
                (mode.residual(end) - (target - a * b)).abs() < FIXED_STEP * target,
                "{mode:?} at {end}"
            );
        }
    }
}

#[test]
fn a_linear_mode_is_the_gradient_flow_of_one_parameter() {
    for (power, target, initial) in [(1.0, 1.0, 0.0), (0.3, -4.0, 1.0), (2.0, 0.5, 3.0)] {
        let mode = LinearMode::new(power, target, initial).unwrap();
        for end in [0.1, 1.0, 4.0] {
            let [theta] = rk4::integrate([initial], end, 4000, |&[x]: &[f64; 1]| {
                [power * (target - x)]
            });
            assert!(
                (mode.strength(end) - theta).abs() < FIXED_STEP,
                "{mode:?} at {end}"
            );
            assert!(
                (mode.residual(end) - (target - theta)).abs() < FIXED_STEP,
                "{mode:?}"
            );
        }
    }
}

#[test]
fn a_balanced_mode_grows_exponentially_while_it_is_small() {
    let mode = BalancedMode::new(0.7, 2.0, 1e-200).unwrap();
    for t in [0.0_f64, 1.0, 50.0, 100.0] {
        let grown = 1e-200 * (2.0 * 0.7 * 2.0 * t).exp();
        assert!(relative(mode.strength(t), grown) < 1e-12, "at {t}");
    }
}

#[test]
fn a_balanced_mode_close_to_its_target_decays_like_a_linear_one_of_rate_2_v_s() {
    let (power, target) = (0.7, 2.0);
    let balanced = BalancedMode::new(power, target, target * (1.0 - 1e-9)).unwrap();
    let linear = LinearMode::new(2.0 * power * target, target, target * (1.0 - 1e-9)).unwrap();
    for t in [0.0, 0.5, 3.0] {
        assert!(
            relative(balanced.residual(t), linear.residual(t)) < 1e-8,
            "at {t}"
        );
    }
}

#[test]
fn the_time_just_after_the_start_keeps_its_digits() {
    // t = (q - r) / (2 v S r (1 - r)) to first order in q - r.
    let mode = BalancedMode::new(1.0, 1.0, 0.25).unwrap();
    let above = 0.25 + f64::EPSILON;
    let expected = f64::EPSILON / (2.0 * 0.25 * 0.75);
    assert!(relative(mode.time_to_fraction(above).unwrap(), expected) < 1e-12);
    let mode = LinearMode::new(1.0, 1.0, 0.25).unwrap();
    assert!(relative(mode.time_to_fraction(above).unwrap(), f64::EPSILON / 0.75) < 1e-12);
}

#[test]
fn the_shape_constants_are_ratios_of_times() {
    let exact = 10.0_f64.ln() / (10.0_f64 / 9.0).ln();
    assert!(relative(LINEAR_T90_OVER_T10, exact) < 1e-14);
    for ratio in [10.5, 20.0, 1e3, 1e12] {
        let mode = BalancedMode::new(0.3, 7.0, 7.0 / ratio).unwrap();
        let times = mode.time_to_fraction(0.9).unwrap() / mode.time_to_fraction(0.1).unwrap();
        assert!(
            relative(sigmoid_t90_over_t10(ratio).unwrap(), times) < 1e-12,
            "S/s0 = {ratio}"
        );
    }
    assert!(
        relative(
            sigmoid_t90_over_t10(109.0 / 9.0).unwrap(),
            LINEAR_T90_OVER_T10
        ) < EXACT
    );
}

#[test]
fn fractions_off_the_way_and_parameters_off_their_domain_are_refused() {
    let rising = BalancedMode::new(1.0, 1.0, 0.2).unwrap();
    let falling = BalancedMode::new(1.0, 1.0, 2.0).unwrap();
    let resting = BalancedMode::new(1.0, 1.0, 1.0).unwrap();
    for (mode, fraction) in [
        (rising, 0.1),
        (rising, 1.0),
        (rising, 1.5),
        (rising, f64::NAN),
        (falling, 0.5),
        (falling, 1.0),
        (falling, 2.5),
        (resting, 0.9),
    ] {
        let error = mode.time_to_fraction(fraction).unwrap_err();
        assert!(
            matches!(error, TheoryError::FractionNotReached { .. }),
            "{mode:?} {fraction}"
        );
    }
    assert_eq!(rising.time_to_fraction(0.2), Ok(0.0));
    assert_eq!(resting.time_to_fraction(1.0), Ok(0.0));
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(BalancedMode::new(bad, 1.0, 0.1).is_err());
        assert!(BalancedMode::new(1.0, bad, 0.1).is_err());
        assert!(BalancedMode::new(1.0, 1.0, bad).is_err());
        assert!(LinearMode::new(bad, 1.0, 0.1).is_err());
        assert!(sigmoid_t90_over_t10(bad).is_err());
    }
    for bad in [0.0, f64::NAN, f64::INFINITY] {
        assert!(LinearMode::new(1.0, bad, 0.0).is_err());
    }
    assert!(BalancedMode::new(1.0, 1e300, 1e-300).is_err());
    assert!(BalancedMode::new(1e300, 1e300, 1e300).is_err());
    assert!(LinearMode::new(1.0, 1e-300, 1e300).is_err());
    assert!(rising.strength(-1.0).is_nan() && rising.residual(f64::NAN).is_nan());
}

/// A number of any magnitude between 10^-`decades` and 10^`decades`.
fn magnitude(decades: f64) -> impl Strategy<Value = f64> {
    (-decades..decades).prop_map(|exponent| 10.0_f64.powf(exponent))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_balanced_mode_stays_finite_monotone_and_between_start_and_target(
        power in magnitude(75.0),
        target in magnitude(75.0),
        initial in magnitude(150.0),
        // In units of the mode's own time scale.
        early in magnitude(20.0),
        factor in 1.0..1e6_f64,
    ) {
        let mode = BalancedMode::new(power, target, initial).unwrap();
        let scale = 1.0 / (power * target);
        let (first, second) = (mode.strength(early * scale), mode.strength(early * factor * scale));
        let (low, high) = (initial.min(target), initial.max(target));
        let slack = 1e-12;
        for strength in [first, second, mode.strength(f64::INFINITY)] {
            prop_assert!(strength.is_finite(), "{mode:?}: {strength}");
            prop_assert!(strength >= low * (1.0 - slack) && strength <= high * (1.0 + slack));
        }
        if initial < target {
            prop_assert!(second >= first * (1.0 - slack), "{mode:?}: {first} then {second}");
        } else {
            prop_assert!(second <= first * (1.0 + slack), "{mode:?}: {first} then {second}");
        }
        prop_assert_eq!(mode.strength(f64::INFINITY), target);
        prop_assert!(mode.residual(early * scale).is_finite());
    }

    #[test]
    fn a_balanced_mode_is_at_its_fraction_at_the_time_to_that_fraction(
        power in magnitude(10.0),
        target in magnitude(10.0),
        log_ratio in -290.0..-0.01_f64,
        way in 0.001..0.999_f64,
    ) {
        let ratio = 10.0_f64.powf(log_ratio);
        let mode = BalancedMode::new(power, target, target * ratio).unwrap();
        let fraction = ratio.powf(way);
        let time = mode.time_to_fraction(fraction).unwrap();
        prop_assert!(time >= 0.0 && time.is_finite());
        let reached = mode.strength(time) / target;
        // e^{2vSt} magnifies the rounding of an exponent of up to 700.
        prop_assert!(relative(reached, fraction) < 1e-11, "{mode:?}: {reached} for {fraction}");
    }

    #[test]
    fn a_linear_mode_stays_finite_and_monotone_and_inverts(
        power in magnitude(75.0),
        target in magnitude(75.0),
        start in -10.0..10.0_f64,
        way in 1e-6..0.999_f64,
        factor in 1.0..1e6_f64,
    ) {
        let mode = LinearMode::new(power, target, start * target).unwrap();
        let fraction = start + way * (1.0 - start);
        let time = mode.time_to_fraction(fraction).unwrap();
        prop_assert!(time.is_finite() && time >= 0.0);
        prop_assert!((mode.strength(time) / target - fraction).abs() < 1e-12);
        let (now, later) = (mode.residual(time).abs(), mode.residual(factor * time).abs());
        prop_assert!(later <= now && now.is_finite());
    }
}
