//! The balanced mode of any depth against tables, elementary forms, an integrator and limits.

use proptest::prelude::*;
use theory::{BalancedMode, DeepMode, LinearMode, infinite_depth_time};

use crate::support::{
    csv,
    json::{json, number},
    ode,
};

/// Agreement with 40-digit values: a few roundings of f64 in up to 60 terms.
const EXACT: f64 = 1e-14;
/// Agreement with SciPy's integrator, whose own error is about 1e-12.
const SCIPY: f64 = 1e-10;
/// Agreement with our integrator: 1e-14 per step over up to some thousand steps.
const INTEGRATED: f64 = 1e-11;
/// Agreement with forms in f64 that cancel themselves.
const ELEMENTARY: f64 = 1e-12;

fn relative(value: f64, reference: f64) -> f64 {
    if value == reference {
        0.0
    } else {
        (value / reference - 1.0).abs()
    }
}

#[test]
fn times_agree_with_40_digit_arithmetic() {
    let rows = json(include_str!(
        "../fixtures/ref_deep_time_to_fraction_mp.json"
    ));
    let rows = rows.as_array().unwrap();
    assert!(rows.len() >= 24, "{}", rows.len());
    for row in rows {
        let depth = row["L"].as_u64().unwrap() as u32;
        let [v, target, initial, fraction, t] =
            ["v", "S", "s0", "frac", "t"].map(|name| number(&row[name]));
        let mode = DeepMode::new(depth, v, target, initial).unwrap();
        let time = mode.time_to_fraction(fraction).unwrap();
        assert!(relative(time, t) < EXACT, "{row}: {time}");
        assert!(
            relative(mode.strength(t), fraction * target) < 1e-12,
            "{row}"
        );
    }
}

#[test]
fn times_and_strengths_agree_with_a_table_of_an_integrator() {
    let rows = csv::rows(include_str!("../fixtures/deep_layers.csv"));
    assert_eq!(rows.len(), 49);
    for row in rows {
        let mode = DeepMode::new(row[0] as u32, row[1], row[2], row[3]).unwrap();
        let time = mode.time_to_strength(row[4]).unwrap();
        assert!(relative(time, row[5]) < 1e-11, "{row:?}: {time}");
        assert!(relative(mode.strength(row[5]), row[6]) < SCIPY, "{row:?}");
    }
}

/// The strength at `t` of `depth` separate layers.
fn integrated(mode: &DeepMode, t: f64) -> f64 {
    let start = vec![mode.layer(0.0); mode.depth() as usize];
    let end = ode::integrate(&start, t, |layers, rate| {
        let strength: f64 = layers.iter().product();
        let error = mode.input_power() * (mode.target() - strength);
        for (slope, layer) in rate.iter_mut().zip(layers) {
            *slope = error * strength / layer;
        }
    });
    end.iter().product()
}

#[test]
fn strengths_agree_with_as_many_integrated_layers() {
    for depth in [1, 2, 3, 4, 5, 8, 16] {
        for (target, initial) in [(1.3, 0.05), (0.6, 0.3), (2.0, 0.9), (0.5, 3.0), (2.0, 2.3)] {
            let mode = DeepMode::new(depth, 0.7, target, initial).unwrap();
            for way in [0.001, 0.1, 0.4, 0.6, 0.9, 0.999] {
                let strength = initial + way * (target - initial);
                let time = mode.time_to_strength(strength).unwrap();
                let reached = integrated(&mode, time);
                let error = relative(reached, strength);
                assert!(
                    error < INTEGRATED,
                    "{mode:?} at {time}: {reached}, off by {error:e}"
                );
                assert!(
                    relative(mode.strength(time), reached) < INTEGRATED,
                    "{mode:?} at {time}"
                );
                assert!(
                    (mode.residual(time) - (target - reached)).abs() < INTEGRATED * strength,
                    "{mode:?} at {time}"
                );
            }
        }
    }
}

#[test]
fn one_and_two_layers_are_the_linear_and_the_balanced_mode() {
    for (target, initial) in [
        (1.3, 1e-12),
        (1.3, 0.05),
        (1.3, 1.2),
        (0.5, 3.0),
        (0.5, 0.501),
    ] {
        let linear = LinearMode::new(0.8, target, initial).unwrap();
        let balanced = BalancedMode::new(0.8, target, initial).unwrap();
        let one = DeepMode::new(1, 0.8, target, initial).unwrap();
        let two = DeepMode::new(2, 0.8, target, initial).unwrap();
        for t in [1e-9, 0.1, 0.5, 1.0, 3.0, 10.0, 100.0, 1e300, f64::INFINITY] {
            assert!(
                relative(one.strength(t), linear.strength(t)) < 1e-13,
                "{one:?} at {t}"
            );
            assert!(
                relative(two.strength(t), balanced.strength(t)) < 1e-13,
                "{two:?} at {t}"
            );
            assert!(
                relative(one.residual(t), linear.residual(t)) < 1e-12,
                "{one:?} at {t}"
            );
            assert!(
                relative(two.residual(t), balanced.residual(t)) < 1e-12,
                "{two:?} at {t}"
            );
        }
        for way in [1e-6, 0.3, 0.5, 0.9, 0.999_999] {
            let fraction = (initial + way * (target - initial)) / target;
            // BalancedMode divides fraction by start, whose rounding matters just after the start.
            let bound = EXACT * (1.0 + fraction / (fraction - initial / target).abs());
            let pairs = [
                (
                    one.time_to_fraction(fraction),
                    linear.time_to_fraction(fraction),
                ),
                (
                    two.time_to_fraction(fraction),
                    balanced.time_to_fraction(fraction),
                ),
            ];
            for (ours, theirs) in pairs {
                assert!(
                    relative(ours.unwrap(), theirs.unwrap()) < bound,
                    "{two:?} {fraction}"
                );
            }
        }
    }
}

/// v t of three layers, up to a constant.
fn elementary_three(target: f64, s: f64) -> f64 {
    let (c, w, root) = (target.cbrt(), s.cbrt(), 3.0_f64.sqrt());
    let logarithms = -(c - w).abs().ln() + 0.5 * (w * w + c * w + c * c).ln();
    let arc = ((2.0 * w + c) / (root * c)).atan() / (root * c);
    (-1.0 / w + logarithms / (3.0 * c) - arc) / target
}

/// v t of four layers, up to a constant; s < S.
fn elementary_four(target: f64, s: f64) -> f64 {
    let u = s.sqrt();
    0.5 * (-1.0 / (target * u) + (u / target.sqrt()).atanh() / target.powf(1.5))
}

/// L v t of infinitely many layers, up to a constant.
fn elementary_infinite(target: f64, s: f64) -> f64 {
    ((s / (target - s).abs()).ln() - target / s) / (target * target)
}

#[test]
fn elementary_forms_agree() {
    for (target, initial) in [(1.3, 0.05), (0.6, 0.3), (40.0, 1.0), (0.5, 3.0), (2.0, 2.3)] {
        let v = 0.7;
        for way in [0.1, 0.4, 0.6, 0.9, 0.999] {
            let strength = initial + way * (target - initial);
            let check = |name: &str, time: f64, reference: f64| {
                assert!(
                    relative(time, reference) < ELEMENTARY,
                    "{name}: {time} {reference}"
                );
            };
            let three = DeepMode::new(3, v, target, initial).unwrap();
            let expected = elementary_three(target, strength) - elementary_three(target, initial);
            check("3", v * three.time_to_strength(strength).unwrap(), expected);
            if initial < target {
                let four = DeepMode::new(4, v, target, initial).unwrap();
                let expected = elementary_four(target, strength) - elementary_four(target, initial);
                check("4", v * four.time_to_strength(strength).unwrap(), expected);
            }
            let time = infinite_depth_time(target, initial, strength).unwrap();
            let expected =
                elementary_infinite(target, strength) - elementary_infinite(target, initial);
            check("infinite", time, expected);
            for depth in [100, 10_000, 1_000_000] {
                let deep = DeepMode::new(depth, v, target, initial).unwrap();
                let scaled = f64::from(depth) * v * deep.time_to_strength(strength).unwrap();
                let bound = 2.0 * (1.0 + target.ln().abs() + initial.ln().abs());
                assert!(
                    relative(scaled, time) < bound / f64::from(depth),
                    "{deep:?} {strength}"
                );
            }
        }
    }
}

#[test]
fn nearly_equal_strengths_are_apart_by_their_distance_over_the_speed() {
    for depth in [1, 2, 3, 7, 1000] {
        for (target, initial) in [
            (1.0, 1e-12),
            (1.0, 0.2),
            (1.0, 0.7),
            (1.0, 1.9),
            (1.0, 50.0),
        ] {
            let mode = DeepMode::new(depth, 1.0, target, initial).unwrap();
            let direction = if initial < target { 1.0 } else { -1.0 };
            let power = 2.0 - 2.0 / f64::from(depth);
            let speed = f64::from(depth) * initial.powf(power) * (target - initial);
            for step in [1e-10, 1e-11, 1e-12] {
                let strength = initial * (1.0 + direction * step);
                let time = mode.time_to_strength(strength).unwrap();
                // Differences of antiderivatives would have lost 10 digits and more here.
                let error = relative(time, (strength - initial) / speed);
                assert!(error < 1e-9, "{mode:?}: {time}, off by {error:e}");
            }
        }
    }
}

#[test]
fn an_escape_more_sudden_than_the_rounding_of_time_gives_numbers_in_order() {
    for depth in [3, 5, 50, u32::MAX] {
        // The time left must be below a rounding of the time waited: (s0/S)^(1 − 2/L) ≪ 1e-16.
        let lowest = if depth == 3 { 60 } else { 30 };
        for power in lowest..300 {
            let mode = DeepMode::new(depth, 1.0, 1.0, 10.0_f64.powi(-power)).unwrap();
            let half = mode.time_to_fraction(0.5).unwrap();
            let mut last = 1.0;
            for roundings in -4_i32..8 {
                let t = half * (1.0 - 0.5 * f64::EPSILON * f64::from(roundings));
                let strength = mode.strength(t);
                assert!(
                    mode.initial() <= strength && strength <= last,
                    "{mode:?}: {strength} {last}"
                );
                last = strength;
            }
            assert!(last < 0.1, "{mode:?}: {last}");
        }
    }
}

#[test]
fn sharpness_and_half_times_from_a_small_start_are_those_of_the_sheet() {
    for (depth, sharpness) in [
        (2, 0.636),
        (3, 0.220),
        (4, 0.116),
        (6, 0.058),
        (10, 0.032),
        (50, 0.016),
    ] {
        let mode = DeepMode::new(depth, 1.0, 1.0, 1e-3).unwrap();
        let time = |fraction| mode.time_to_fraction(fraction).unwrap();
        let value = (time(0.9) - time(0.1)) / time(0.5);
        assert!((value - sharpness).abs() < 6e-4, "L = {depth}: {value}");
    }
    for depth in [2, 3, 4, 8, 100] {
        let mut last = f64::INFINITY;
        for power in [3, 6, 9, 12] {
            let mode = DeepMode::new(depth, 0.6, 1.7, 10.0_f64.powi(-power)).unwrap();
            let error = relative(
                mode.small_init_half_time(),
                mode.time_to_fraction(0.5).unwrap(),
            );
            assert!(error < last, "{mode:?}: {error}");
            last = error;
        }
        assert!(last < 0.03, "L = {depth}: {last}");
    }
    let one = DeepMode::new(1, 0.6, 1.7, 1e-12).unwrap();
    assert!(
        relative(
            one.small_init_half_time(),
            one.time_to_fraction(0.5).unwrap()
        ) < 1e-11
    );
}

#[test]
fn strengths_off_the_way_and_parameters_off_their_domain_are_refused() {
    let rising = DeepMode::new(3, 1.0, 1.0, 0.2).unwrap();
    for off in [0.1, 1.0, 1.5, f64::NAN] {
        assert!(rising.time_to_fraction(off).is_err() && rising.time_to_strength(off).is_err());
        assert!(infinite_depth_time(1.0, 0.2, off).is_err());
    }
    assert_eq!(rising.time_to_fraction(0.2), Ok(0.0));
    assert_eq!(rising.time_to_strength(0.2), Ok(0.0));
    assert_eq!(infinite_depth_time(1.0, 0.2, 0.2), Ok(0.0));
    let resting = DeepMode::new(3, 1.0, 1.0, 1.0).unwrap();
    assert_eq!((resting.strength(3.0), resting.residual(3.0)), (1.0, 0.0));
    assert!(rising.strength(-1.0).is_nan() && rising.residual(f64::NAN).is_nan());
    assert!(rising.layer(-1.0).is_nan());
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(DeepMode::new(3, bad, 1.0, 0.1).is_err());
        assert!(DeepMode::new(3, 1.0, bad, 0.1).is_err());
        assert!(DeepMode::new(3, 1.0, 1.0, bad).is_err());
        assert!(infinite_depth_time(bad, 0.1, 0.5).is_err());
        assert!(infinite_depth_time(1.0, bad, 0.5).is_err());
        assert!(infinite_depth_time(1.0, 0.1, bad).is_err());
    }
    assert!(DeepMode::new(0, 1.0, 1.0, 0.1).is_err());
    assert!(DeepMode::new(3, 1.0, 1.0, 1e-301).is_err());
    assert!(DeepMode::new(3, 1.0, 1.0, 1e101).is_err());
    assert!(DeepMode::new(30, 1.0, 1e200, 1e199).is_err());
    assert!(infinite_depth_time(1e200, 1e199, 5e199).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_deep_mode_is_finite_monotone_and_between_start_and_target(
        depth in prop_oneof![1_u32..20, Just(1_000), Just(u32::MAX)],
        v in (-10.0..10.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        target in (-20.0..20.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        start in (-300.0..100.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        time in (-320.0..320.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        factor in 1.0..10.0_f64,
    ) {
        let mode = DeepMode::new(depth, v, target, start * target).unwrap();
        let power = 2.0 - 2.0 / f64::from(depth);
        let rate = f64::from(depth) * v * target.powf(power);
        let t = time / rate;
        let (low, high) = (mode.initial().min(target), mode.initial().max(target));
        let mut last = mode.initial();
        let slack = 1e-12;
        for t in [t, factor * t, f64::INFINITY] {
            let s = mode.strength(t);
            prop_assert!(s.is_finite() && mode.residual(t).is_finite(), "{mode:?} at {t}: {s}");
            prop_assert!(low * (1.0 - slack) <= s && s <= high * (1.0 + slack), "{mode:?}: {s}");
            let onwards = if start < 1.0 { s - last } else { last - s };
            prop_assert!(onwards >= -slack * s, "{mode:?} at {t}: {last} then {s}");
            last = s;
        }
        prop_assert_eq!(mode.strength(f64::INFINITY), target);
    }

    #[test]
    fn a_deep_mode_is_at_its_fraction_at_the_time_to_that_fraction(
        depth in prop_oneof![1_u32..20, Just(1_000), Just(u32::MAX)],
        v in (-3.0..3.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        target in (-10.0..10.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        log_start in prop_oneof![-12.0..0.0_f64, 0.0..3.0_f64],
        way in 1e-6..0.999_999_f64,
    ) {
        let start = 10.0_f64.powf(log_start);
        let fraction = start.powf(1.0 - way);
        prop_assume!(fraction != start && fraction != 1.0);
        let mode = DeepMode::new(depth, v, target, target * start).unwrap();
        prop_assume!((fraction - mode.initial() / target) * log_start < 0.0);
        let time = mode.time_to_fraction(fraction).unwrap();
        prop_assert!(time > 0.0 && time.is_finite(), "{mode:?}: {time}");
        // What the rounding of t alone does: (speed · t)/s.
        let power = 2.0 - 2.0 / f64::from(depth);
        let rate = f64::from(depth) * v * target.powf(power);
        let magnified = rate * time * fraction.powf(power - 1.0) * (1.0 - fraction).abs();
        let error = relative(mode.strength(time) / target, fraction);
        prop_assert!(error < 1e-14 * (10.0 + magnified), "{mode:?} {fraction}: off by {error:e}");
    }
}
