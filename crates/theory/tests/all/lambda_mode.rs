//! The mode at any layer imbalance against tables, an integrator, its limits and extremes.

use proptest::prelude::*;
use theory::{BalancedMode, LambdaMode, TheoryError};

use crate::support::{
    csv,
    json::{json, number},
    ode,
};

/// Agreement with 40-digit values: the exponent, up to 1e3, magnifies its rounding.
const EXACT: f64 = 1e-12;
/// Agreement with SciPy's integrator, whose own error is about 1e-11.
const SCIPY: f64 = 1e-10;
/// Agreement with our integrator: 1e-14 per step over up to some thousand steps.
const INTEGRATED: f64 = 1e-11;
/// Identities between two evaluations: a few roundings.
const ROUNDING: f64 = 1e-14;

fn relative(value: f64, reference: f64) -> f64 {
    if value == reference {
        0.0
    } else {
        (value / reference - 1.0).abs()
    }
}

#[test]
fn strengths_and_layers_agree_with_40_digit_arithmetic() {
    let rows = json(include_str!("../fixtures/ref_lambda_mode_mp.json"));
    let rows = rows.as_array().unwrap();
    assert!(rows.len() >= 49, "{}", rows.len());
    for row in rows {
        let [v, target, initial, lambda] = ["v", "S", "s0", "lam"].map(|name| number(&row[name]));
        let mode = LambdaMode::new(v, target, initial, lambda).unwrap();
        let t = number(&row["t"]);
        // A strength on its way across 0 has an absolute accuracy only.
        let crossing = initial * target < 0.0 || number(&row["s"]) == 0.0;
        for (name, value) in [
            ("s", mode.strength(t)),
            ("a", mode.first_layer(t)),
            ("b", mode.second_layer(t)),
        ] {
            let reference = number(&row[name]);
            let error = if crossing {
                (value - reference).abs()
            } else {
                relative(value, reference)
            };
            assert!(error < EXACT, "{row}: {name} = {value}, off by {error:e}");
        }
    }
}

#[test]
fn strengths_agree_with_a_table_of_an_integrator() {
    let rows = csv::rows(include_str!("../fixtures/lambda_mode.csv"));
    assert_eq!(rows.len(), 240);
    for row in rows {
        let mode = LambdaMode::new(row[0], row[1], row[2], row[3]).unwrap();
        let error = (mode.strength(row[4]) - row[6]).abs();
        assert!(error < SCIPY * row[1].abs().max(1.0), "{row:?}: {error:e}");
    }
}

/// s, a and b at `t` from the two layers' own equations.
fn integrated(mode: &LambdaMode, t: f64) -> (f64, f64, f64) {
    let (v, target) = (mode.input_power(), mode.target());
    let start = [mode.first_layer(0.0), mode.second_layer(0.0)];
    let end = ode::integrate(&start, t, |x, rate| {
        let error = v * (target - x[0] * x[1]);
        rate[0] = x[1] * error;
        rate[1] = x[0] * error;
    });
    (end[0] * end[1], end[0], end[1])
}

#[test]
fn strengths_and_layers_agree_with_integrated_layers_at_every_sign_and_imbalance() {
    let v = 0.7;
    for lambda in [
        0.0, 1e-6, -1e-6, 0.1, -0.1, 1.0, -1.0, 10.0, -10.0, 1e3, -1e3,
    ] {
        for target in [1.3, -1.3, 0.0] {
            for initial in [1e-3, 0.4, 1.3, 5.0, 0.0, -1e-3, -0.4, -5.0] {
                let mode = LambdaMode::new(v, target, initial, lambda).unwrap();
                let rate = v * (2.0 * target).hypot(lambda).max(initial.abs());
                for time in [0.01, 0.3, 1.0, 3.0, 8.0] {
                    let t = time / rate.max(v);
                    let (s, a, b) = integrated(&mode, t);
                    // Near the saddle (λ ~ 0, opposite signs) an error grows like e^{vKt}.
                    let magnified = if initial * target < 0.0 {
                        time.exp()
                    } else {
                        1.0
                    };
                    let scale = target.abs().max(initial.abs()).max(1e-3) * magnified;
                    let layer_scale = scale.max(lambda.abs()).sqrt() * magnified;
                    let errors = [
                        (mode.strength(t) - s).abs() / scale,
                        (mode.residual(t) - (target - s)).abs() / scale,
                        (mode.first_layer(t) - a).abs() / layer_scale,
                        (mode.second_layer(t) - b).abs() / layer_scale,
                    ];
                    for error in errors {
                        assert!(error < INTEGRATED, "{mode:?} at {t}: {errors:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn imbalance_zero_is_the_balanced_mode_also_where_the_textbook_form_divides_by_it() {
    for (target, initial) in [(1.0, 1e-3), (2.0, 1e-12), (0.5, 7.0), (1.0, 1.0)] {
        let balanced = BalancedMode::new(0.8, target, initial).unwrap();
        for lambda in [0.0, -0.0, f64::MIN_POSITIVE * 1e20] {
            let mode = LambdaMode::new(0.8, target, initial, lambda);
            let Ok(mode) = mode else {
                assert!(lambda > 0.0);
                continue;
            };
            for t in [0.0, 1e-9, 0.1, 1.0, 5.0, 20.0, 1e3, 1e300, f64::INFINITY] {
                let error = relative(mode.strength(t), balanced.strength(t));
                assert!(error < ROUNDING, "{mode:?} at {t}: {error:e}");
            }
            for t in [0.1, 1.0, 5.0, 20.0] {
                let error = (mode.residual(t) - balanced.residual(t)).abs();
                assert!(
                    error <= ROUNDING * balanced.residual(t).abs(),
                    "{mode:?} at {t}"
                );
            }
        }
    }
}

#[test]
fn both_limits_are_approached_at_their_order() {
    for power in [2, 3, 4, 5] {
        let lambda = 10.0_f64.powi(-power);
        let mode = LambdaMode::new(1.0, 1.0, 0.1, lambda).unwrap();
        let sigmoid = mode.balanced_limit().unwrap();
        for t in [0.3, 1.0, 3.0] {
            let error = relative(mode.strength(t), sigmoid.strength(t));
            assert!(
                error < (lambda / 0.1).powi(2),
                "λ = {lambda}, t = {t}: {error:e}"
            );
        }
        let lambda = 10.0_f64.powi(power);
        for signed in [lambda, -lambda] {
            let mode = LambdaMode::new(1.0, 1.0, 0.1, signed).unwrap();
            let exponential = mode.linear_limit().unwrap();
            for time in [0.1, 1.0, 4.0] {
                let error = relative(
                    mode.strength(time / lambda),
                    exponential.strength(time / lambda),
                );
                assert!(
                    error < 1.1 / lambda,
                    "λ = {signed}, t = {time}/λ: {error:e}"
                );
            }
            // Only the light layer moves.
            let heavy = |t| mode.first_layer(t).abs().max(mode.second_layer(t).abs());
            assert!(relative(heavy(1.0), heavy(0.0)) < 1.0 / lambda.powi(2));
        }
    }
    assert!(
        LambdaMode::new(1.0, 1.0, 0.1, 0.0)
            .unwrap()
            .linear_limit()
            .is_err()
    );
    assert!(
        LambdaMode::new(1.0, -1.0, 0.1, 1.0)
            .unwrap()
            .balanced_limit()
            .is_err()
    );
}

#[test]
fn tiny_starts_keep_their_relative_accuracy_where_the_difference_of_squares_loses_it() {
    // For t -> 0: s = s0 + v |λ| S t up to the next order.
    let (lambda, initial, t) = (1.0, 1e-12, 1e-13);
    let mode = LambdaMode::new(1.0, 1.0, initial, lambda).unwrap();
    assert!(relative(mode.strength(t), initial + t) < 1e-11);
    let (a, b) = (mode.first_layer(t), mode.second_layer(t));
    let textbook = ((a + b).powi(2) - (b - a).powi(2)) / 4.0;
    assert!(relative(textbook, initial + t) > 1e-6, "{textbook:e}");
    // At a million times the target the light layer has all its digits too.
    let mode = LambdaMode::new(1.0, 1.0, initial, 1e6).unwrap();
    assert!(relative(mode.first_layer(0.0), 1e-15) < 1e-12);
    // Late: the textbook form with e^{+vKt} is infinity over infinity here.
    assert!((1e6_f64 * 1.0).exp().is_infinite());
    assert_eq!(mode.strength(1.0), 1.0);
}

#[test]
fn a_saddle_a_vanished_target_and_no_start_end_where_they_must() {
    let at = |target, initial, lambda, t| {
        LambdaMode::new(1.5, target, initial, lambda)
            .unwrap()
            .strength(t)
    };
    for t in [0.0, 0.3, 1e3, f64::INFINITY] {
        assert_eq!(at(2.0, 0.0, 0.0, t), 0.0);
        assert_eq!(at(0.0, 0.0, 0.0, t), 0.0);
        assert_eq!(at(0.0, 0.0, 3.0, t), 0.0);
    }
    for t in [0.1, 7.0, 1e9] {
        assert!(relative(at(0.0, 0.4, 0.0, t), 0.4 / (1.0 + 2.0 * 1.5 * 0.4 * t)) < ROUNDING);
        assert!(relative(at(0.0, -0.4, 0.0, t), -0.4 / (1.0 + 2.0 * 1.5 * 0.4 * t)) < ROUNDING);
    }
    assert_eq!(at(0.0, 0.4, 0.0, f64::INFINITY), 0.0);
    let fallen = at(2.0, -1.0, 0.0, 1.0);
    assert!(fallen < 0.0 && fallen > -0.01);
    assert_eq!(at(2.0, -1.0, 0.0, f64::INFINITY), 0.0);
    // Any imbalance gets past the saddle, late: ln(1/λ²)/(2 v S) = 6.9.
    assert!(at(2.0, -1.0, 1e-9, 1.0) < 0.0);
    assert!(relative(at(2.0, -1.0, 1e-9, 20.0), 2.0) < ROUNDING);
}

#[test]
fn after_a_saddle_the_strength_has_the_digits_of_its_residual() {
    // Here (k0 + |λ|)(K + |λ|) + 4 S s0 as such would have lost 9 digits.
    let mode = LambdaMode::new(1.0, 1.0, -1.0, 1e-9).unwrap();
    let late = mode.time_to_fraction(0.999).unwrap();
    assert!(relative(mode.strength(late), 0.999) < 1e-13);
    assert!(relative(mode.residual(late), 0.001) < 1e-10);
    let (s, residual) = (mode.strength(30.0), mode.residual(30.0));
    assert!((s + residual - 1.0).abs() < ROUNDING, "{s} {residual}");
}

#[test]
fn a_start_just_off_the_target_keeps_the_digits_of_its_distance() {
    // In units of the imbalance, target and start would be rounded before their difference.
    for initial in [0.1, 0.23, 0.37, 0.59] {
        let target = initial + 1e-9;
        let mode = LambdaMode::new(1.0, target, initial, 0.7).unwrap();
        assert!(relative(mode.residual(1e-13), target - initial) < 1e-12);
    }
}

#[test]
fn fractions_off_the_way_and_parameters_off_their_domain_are_refused() {
    let rising = LambdaMode::new(1.0, 1.0, 0.2, 3.0).unwrap();
    for fraction in [0.1, 1.0, 1.5, f64::NAN] {
        let error = rising.time_to_fraction(fraction).unwrap_err();
        assert!(matches!(error, TheoryError::FractionNotReached { .. }));
    }
    assert_eq!(rising.time_to_fraction(0.2), Ok(0.0));
    let falling = LambdaMode::new(1.0, -1.0, 0.5, 0.0).unwrap();
    for fraction in [0.0, 0.5, 1.0, -0.6, f64::NAN] {
        let error = falling.time_to_fraction(fraction).unwrap_err();
        assert!(matches!(error, TheoryError::EndsAtSaddle { .. }));
    }
    let quarter = falling.time_to_fraction(-0.25).unwrap();
    assert!(relative(falling.strength(quarter), 0.25) < ROUNDING);
    let resting = LambdaMode::new(1.0, 1.0, 0.0, 0.0).unwrap();
    assert_eq!(resting.time_to_fraction(0.0), Ok(0.0));
    assert!(
        LambdaMode::new(1.0, 0.0, 0.5, 1.0)
            .unwrap()
            .time_to_fraction(0.5)
            .is_err()
    );
    assert!(rising.strength(-1.0).is_nan() && rising.residual(f64::NAN).is_nan());
    assert!(rising.first_layer(-1.0).is_nan() && rising.second_layer(-1.0).is_nan());
    for bad in [f64::NAN, f64::INFINITY, -f64::INFINITY, 1e301] {
        assert!(LambdaMode::new(1.0, bad, 0.1, 0.1).is_err());
        assert!(LambdaMode::new(1.0, 1.0, bad, 0.1).is_err());
        assert!(LambdaMode::new(1.0, 1.0, 0.1, bad).is_err());
    }
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(LambdaMode::new(bad, 1.0, 0.0, 1.0).is_err());
    }
    assert!(LambdaMode::new(1e308, 1.0, 0.0, 30.0).is_err());
    assert!(LambdaMode::new(1e-308, 1e-3, 0.0, 0.01).is_err());
    assert!(LambdaMode::new(1.0, 1.0, 1e-291, 0.0).is_err());
    assert!(LambdaMode::new(1.0, 1.0, -1.0, 1e-200).is_err());
}

/// 0 or a number of either sign and any magnitude within 10^±`decades`.
fn signed(decades: f64) -> impl Strategy<Value = f64> {
    prop_oneof![
        1 => Just(0.0),
        8 => (any::<bool>(), -decades..decades).prop_map(|(negative, exponent)| {
            let size = 10.0_f64.powf(exponent);
            if negative { -size } else { size }
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_mode_is_a_number_between_its_start_and_end_monotone_and_even_in_lambda(
        v in (-10.0..10.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        (target, initial, lambda) in prop_oneof![
            (signed(2.0), signed(2.0), signed(2.0)),
            (signed(70.0), signed(70.0), signed(70.0)),
        ],
        time in (-20.0..20.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        factor in 1.0..100.0_f64,
    ) {
        let mode = LambdaMode::new(v, target, initial, lambda).unwrap();
        let mirrored = LambdaMode::new(v, target, initial, -lambda).unwrap();
        let reflected = LambdaMode::new(v, -target, -initial, lambda).unwrap();
        let unit = v * target.abs().max(initial.abs()).max(lambda.abs());
        let t = time / if unit > 0.0 { unit } else { 1.0 };
        let times = [0.0, t, factor * t, f64::INFINITY];
        let slack = 1e-13;
        let (low, high) = (initial.min(mode.end()), initial.max(mode.end()));
        prop_assert_eq!(mode.strength(0.0), initial);
        if initial != 0.0 {
            // The sign of a start is the first layer's.
            prop_assert!(mode.first_layer(0.0) * initial > 0.0 && mode.second_layer(0.0) > 0.0);
        }
        let mut last = initial;
        for t in times {
            let (s, a, b) = (mode.strength(t), mode.first_layer(t), mode.second_layer(t));
            prop_assert!(s.is_finite() && a.is_finite() && b.is_finite(), "{mode:?}: {s} {a} {b}");
            prop_assert!(mode.residual(t).is_finite(), "{mode:?}");
            // Subnormal numbers have fewer digits.
            let room = slack * s.abs() + f64::MIN_POSITIVE;
            // A strength that crosses 0 is accurate relative to its start.
            let room = if initial * target < 0.0 { room + slack * initial.abs() } else { room };
            prop_assert!(low - room <= s && s <= high + room, "{mode:?} at {t}: {s}");
            let onwards = if mode.end() >= initial { s - last } else { last - s };
            prop_assert!(onwards >= -room, "{mode:?} at {t}: {last} then {s}");
            last = s;
            prop_assert_eq!(mirrored.strength(t), s);
            prop_assert_eq!(reflected.strength(t), -s);
            prop_assert!((a * b - s).abs() <= slack * s.abs() + f64::MIN_POSITIVE, "{mode:?} at {t}: {a} {b} {s}");
            let balance = b * b - a * a;
            prop_assert!((balance - lambda).abs() <= slack * (a * a + b * b), "{mode:?} at {t}");
        }
        prop_assert_eq!(mode.strength(f64::INFINITY), mode.end());
    }

    #[test]
    fn a_mode_is_at_its_fraction_at_the_time_to_that_fraction(
        v in (-3.0..3.0_f64).prop_map(|x| 10.0_f64.powf(x)),
        target in signed(12.0),
        initial in signed(12.0),
        lambda in signed(12.0),
        way in 1e-9..0.999_f64,
    ) {
        prop_assume!(target != 0.0);
        let mode = LambdaMode::new(v, target, initial, lambda).unwrap();
        let start = initial / target;
        let fraction = start + way * (mode.end() / target - start);
        prop_assume!(fraction != mode.end() / target && fraction != start);
        let time = mode.time_to_fraction(fraction).unwrap();
        prop_assert!(time.is_finite() && time >= 0.0, "{mode:?}: {time}");
        let reached = mode.strength(time) / target;
        // The exponent, up to 100 here, magnifies its rounding; so does a start far from the way.
        let scale = if start < 0.0 { fraction.abs().max(-start) } else { fraction };
        let error = (reached - fraction).abs();
        prop_assert!(error <= 1e-13 * scale, "{mode:?}: {reached} for {fraction}");
    }
}
