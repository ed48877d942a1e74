//! Modes with broken feedback against an adaptive integrator, their limits and extreme parameters.

use proptest::prelude::*;
use theory::{
    ClampedLayerMode, FIXED_FEEDBACK_T90_OVER_T10, Feedback, FeedbackSkills, FixedFeedbackMode,
    FrozenLayerMode, LINEAR_T90_OVER_T10, LambdaMode, LinearMode, MultilinearSkills, TheoryError,
    sigmoid_t90_over_t10,
};

use crate::support::ode;

/// Agreement with the integrator, whose own error is below 1e-12.
const INTEGRATED: f64 = 1e-10;
/// Agreement of two closed forms of one number: a few roundings.
const EXACT: f64 = 1e-12;

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

/// Input power, target, backward weight, first and second layer: from 0, from either layer alone, from
/// small and large layers, close to the target, and with a discriminant of either sign and about 0.
const STARTS: [[f64; 5]; 10] = [
    [1.0, 1.0, 1.0, 0.0, 0.0],
    [0.6, 5.0, 0.01, 0.0, 0.0],
    [0.05, 5.0, 0.16, 1e-4, 1e-4],
    [0.3, 2.0, 0.5, 0.7, 0.0],
    [0.3, 2.0, 0.5, 0.0, 0.7],
    [2.0, 0.1, 3.0, 0.2, 0.3],
    [0.5, 4.0, 0.2, 3.0, 0.1],
    [0.5, 4.0, 0.2, 0.02, 30.0],
    [1.0, 1.0, 0.5, 1.2, 0.8],
    // γ = 3/4^⅓ makes r³ = 4, where the discriminant is 0.
    [1.0, 1.0, 0.5, 1.374_729_636_998_602, 0.0],
];

#[test]
fn a_fixed_backward_weight_is_its_gradient_flow() {
    for [power, target, backward, first, second] in STARTS {
        let mode = FixedFeedbackMode::new(power, target, backward, first, second).unwrap();
        for fraction in [0.02, 0.1, 0.5, 0.9, 0.999] {
            if fraction * target <= first * second {
                continue;
            }
            let end = mode.time_to_fraction(fraction).unwrap();
            let state = ode::integrate(&[first, second], end, |x, rate| {
                let error = power * (target - x[0] * x[1]);
                rate[0] = error * backward;
                rate[1] = error * x[0];
            });
            let (a, b) = (state[0], state[1]);
            let at = format!("{mode:?} at {fraction}");
            assert!(relative(a * b, fraction * target) < INTEGRATED, "{at}");
            assert!(relative(mode.strength(end), a * b) < INTEGRATED, "{at}");
            assert!(relative(mode.first_layer(end), a) < INTEGRATED, "{at}");
            assert!(relative(mode.second_layer(end), b) < INTEGRATED, "{at}");
            let missing = (mode.residual(end) - (target - a * b)).abs();
            assert!(missing < INTEGRATED * target, "{at}");
            let conserved = a * a - 2.0 * backward * b;
            let start = first * first - 2.0 * backward * second;
            let size = a * a + 2.0 * backward * b;
            assert!((conserved - start).abs() < INTEGRATED * size, "{at}");
        }
    }
}

#[test]
fn a_frozen_layer_is_its_gradient_flow_whichever_layer_it_is() {
    for (power, target, frozen, learning) in [
        (1.0, 1.0, 1.0, 0.0),
        (0.6, 5.0, 0.1, 0.02),
        (0.3, -2.0, 0.5, 1.0),
        (0.3, 2.0, -3.0, 1.0),
    ] {
        let mode = FrozenLayerMode::new(power, target, frozen, learning).unwrap();
        for fraction in [0.4, 0.9] {
            if fraction <= frozen * learning / target {
                continue;
            }
            let end = mode.time_to_fraction(fraction).unwrap();
            let state = ode::integrate(&[learning], end, |x, rate| {
                rate[0] = power * frozen * (target - frozen * x[0]);
            });
            let strength = frozen * state[0];
            assert!(
                relative(strength, fraction * target) < INTEGRATED,
                "{mode:?}"
            );
            assert!(
                relative(mode.strength(end), strength) < INTEGRATED,
                "{mode:?}"
            );
            assert!(
                relative(mode.learning_layer(end), state[0]) < INTEGRATED,
                "{mode:?}"
            );
        }
        let first = Feedback::FirstLayerFrozen.mode(power, target, frozen, learning);
        let readout = Feedback::ReadoutFrozen.mode(power, target, learning, frozen);
        let times = [first, readout].map(|mode| mode.unwrap().time_to_fraction(0.95));
        assert_eq!(times[0], times[1]);
    }
}

#[test]
fn a_layer_that_keeps_its_norm_is_its_projected_flow() {
    // Input power, target, held norm, the other layer along and across it.
    for [power, target, held, along, across] in [
        [1.0, 1.0, 1.0, 0.0, 0.0],
        [0.6, 5.0, 1.6, 0.0, 0.2],
        [0.6, 5.0, 1.6, 0.5, 1.6],
        [0.3, 2.0, 0.5, 0.0, 2.4],
        [0.3, 2.0, 3.0, 0.1, 3.0],
        [0.3, 20.0, 0.5, 0.0, 1e-6],
    ] {
        let mode = ClampedLayerMode::new(power, target, held, along, across).unwrap();
        for fraction in [0.1, 0.5, 0.9, 0.999] {
            if fraction * target <= held * along {
                continue;
            }
            let end = mode.time_to_fraction(fraction).unwrap();
            // The held layer starts along the first axis of three; the third stays empty but for what
            // the layers bring there themselves.
            let start = [along, 0.6 * across, 0.8 * across, held, 0.0, 0.0];
            let state = ode::integrate(&start, end, |x, rate| {
                let (a, b) = x.split_at(3);
                let strength: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                let error = power * (target - strength);
                for i in 0..3 {
                    rate[i] = error * b[i];
                    rate[3 + i] = error * (a[i] - strength * b[i] / (held * held));
                }
            });
            let (a, b) = state.split_at(3);
            let strength: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            let at = format!("{mode:?} at {fraction}");
            assert!(
                relative(strength, fraction * target) < INTEGRATED,
                "{at}: {strength}"
            );
            assert!(relative(mode.strength(end), strength) < INTEGRATED, "{at}");
            let missing = (mode.residual(end) - (target - strength)).abs();
            assert!(missing < INTEGRATED * target, "{at}");
            let rest = a
                .iter()
                .zip(b)
                .map(|(a, b)| (a - strength * b / (held * held)).powi(2));
            let rest = rest.sum::<f64>().sqrt() / held;
            assert!((mode.across(end) - rest).abs() < 1e-9, "{at}: {rest}");
            let norm = b.iter().map(|b| b * b).sum::<f64>().sqrt();
            assert!(relative(norm, held) < INTEGRATED, "{at}");
        }
    }
    // Nothing across: the exponential of a frozen layer.
    let clamped = Feedback::ReadoutClamped { across: 0.0 }
        .mode(0.3, 2.0, 0.1, 1.5)
        .unwrap();
    let frozen = Feedback::ReadoutFrozen.mode(0.3, 2.0, 0.1, 1.5).unwrap();
    for fraction in [0.2, 0.5, 0.99] {
        let times = [clamped, frozen].map(|mode| mode.time_to_fraction(fraction).unwrap());
        assert!(relative(times[0], times[1]) < EXACT);
        assert!(relative(clamped.residual(times[1]), frozen.residual(times[1])) < EXACT);
    }
    for bad in [-0.1, 5.1, f64::NAN] {
        assert!(ClampedLayerMode::new(1.0, 2.0, 1.0, 0.0, bad).is_err());
    }
    for bad in [-0.1, 2.0, f64::NAN] {
        assert!(ClampedLayerMode::new(1.0, 2.0, 1.0, bad, 0.0).is_err());
    }
    let mode = ClampedLayerMode::new(1.0, 2.0, 1.0, 0.5, 0.1).unwrap();
    assert!(mode.time_to_fraction(0.2).is_err() && mode.time_to_fraction(1.0).is_err());
    assert!(mode.strength(-1.0).is_nan());
    assert!(relative(mode.strength(0.0), 0.5) < EXACT);
    assert_eq!(mode.strength(f64::INFINITY), 2.0);
}

#[test]
fn intact_feedback_is_the_mode_of_its_imbalance() {
    for (first, second) in [(0.1, 0.1), (0.01, 0.3), (2.0, 0.1)] {
        let mode = Feedback::Intact.mode(0.4, 3.0, first, second).unwrap();
        for end in [0.5, 3.0, 8.0] {
            let state = ode::integrate(&[first, second], end, |x, rate| {
                let error = 0.4 * (3.0 - x[0] * x[1]);
                rate[0] = error * x[1];
                rate[1] = error * x[0];
            });
            let strength = state[0] * state[1];
            assert!(
                relative(mode.strength(end), strength) < INTEGRATED,
                "{mode:?}"
            );
        }
    }
}

#[test]
fn t90_over_t10_tells_the_three_apart_without_any_constant() {
    let fixed = |backward| {
        let mode = FixedFeedbackMode::new(0.3, 5.0, backward, 0.0, 0.0).unwrap();
        mode.time_to_fraction(0.9).unwrap() / mode.time_to_fraction(0.1).unwrap()
    };
    // The explicit form from 0.
    let root3 = 3.0_f64.sqrt();
    let time = |fraction: f64| {
        let x = fraction.cbrt();
        ((x * x + x + 1.0) / (1.0 - x).powi(2)).ln() / 6.0
            + (((2.0 * x + 1.0) / root3).atan() - std::f64::consts::FRAC_PI_6) / root3
    };
    assert!(relative(FIXED_FEEDBACK_T90_OVER_T10, time(0.9) / time(0.1)) < EXACT);
    for backward in [1e-6, 0.01, 1.0, 1e4] {
        assert!(relative(fixed(backward), FIXED_FEEDBACK_T90_OVER_T10) < EXACT);
        let mode = FixedFeedbackMode::new(0.3, 5.0, backward, 0.0, 0.0).unwrap();
        let expected = (2.0 * backward * 5.0).cbrt() / (0.3 * backward * 5.0) * time(0.7);
        assert!(relative(mode.time_to_fraction(0.7).unwrap(), expected) < EXACT);
    }
    let intact = sigmoid_t90_over_t10(1e5).unwrap();
    assert!((intact - 1.47).abs() < 0.005, "{intact}");
    assert!((FIXED_FEEDBACK_T90_OVER_T10 - 3.35).abs() < 0.005);
    assert!((LINEAR_T90_OVER_T10 - 21.85).abs() < 0.005);
}

#[test]
fn a_small_start_delays_intact_layers_only() {
    let half = |feedback: Feedback, start: f64| {
        let mode = feedback.mode(0.3, 5.0, start, start).unwrap();
        mode.time_to_fraction(0.5).unwrap()
    };
    let fixed = Feedback::Fixed { backward: 0.1 };
    // Each factor of ten in a layer is one of a hundred in the strength: ln 100/(2 v S) more.
    let added = 100.0_f64.ln() / (2.0 * 0.3 * 5.0);
    for start in [1e-4, 1e-6] {
        let later = half(Feedback::Intact, start / 10.0) - half(Feedback::Intact, start);
        assert!(relative(later, added) < 1e-6, "{later} for {added}");
        let later = half(fixed, start / 10.0) - half(fixed, start);
        assert!(later > 0.0 && later < 10.0 * start, "{later}");
    }
}

#[test]
fn a_heavy_layer_makes_a_fixed_backward_weight_a_frozen_one() {
    // The first layer hardly moves: the second learns at the rate v a0².
    let fixed = FixedFeedbackMode::new(0.3, 2.0, 0.1, 1e4, 0.0).unwrap();
    let frozen = FrozenLayerMode::new(0.3, 2.0, 1e4, 0.0).unwrap();
    for fraction in [0.1, 0.5, 0.9] {
        let times = [
            fixed.time_to_fraction(fraction),
            frozen.time_to_fraction(fraction),
        ];
        let [fixed, frozen] = times.map(Result::unwrap);
        assert!(relative(fixed, frozen) < 1e-7, "{fixed} for {frozen}");
    }
}

#[test]
fn skills_take_turns_alike_whatever_their_feedback() {
    let probabilities = theory::zipf_probabilities(5, 0.6).unwrap();
    for feedback in [
        Feedback::Intact,
        Feedback::FirstLayerFrozen,
        Feedback::ReadoutFrozen,
        Feedback::Fixed { backward: 0.01 },
        Feedback::ReadoutClamped { across: 0.02 },
    ] {
        let skills = |slowdown| {
            FeedbackSkills::new(feedback, &probabilities, 5.0, (0.02, 0.01), slowdown).unwrap()
        };
        let half = |skills: &FeedbackSkills, skill: usize| {
            skills.mode(skill).unwrap().time_to_fraction(0.5).unwrap()
        };
        let (plain, slow) = (skills(1.0), skills(22.0));
        for (skill, probability) in probabilities.iter().enumerate() {
            let ratio = half(&plain, skill) / half(&plain, 0);
            assert!(
                relative(ratio, probabilities[0] / probability) < EXACT,
                "{feedback:?}"
            );
            assert!(relative(half(&slow, skill), 22.0 * half(&plain, skill)) < EXACT);
        }
        assert!(plain.mode(5).is_err());
        let time = half(&plain, 1);
        let by_hand: f64 = (probabilities.iter().enumerate())
            .map(|(skill, p)| {
                let missing = 5.0 - plain.mode(skill).unwrap().strength(time);
                0.5 * p * missing * missing
            })
            .sum();
        assert!(relative(plain.loss(time), by_hand) < EXACT, "{feedback:?}");
    }
    let balanced = MultilinearSkills::new(probabilities.clone(), 5.0, 1e-4, 22.0).unwrap();
    let intact =
        FeedbackSkills::new(Feedback::Intact, &probabilities, 5.0, (0.01, 0.01), 22.0).unwrap();
    for time in [1.0, 30.0, 80.0, 300.0] {
        assert!(relative(intact.loss(time), balanced.loss(time)) < 1e-10);
    }
}

#[test]
fn parameters_off_their_domain_and_fractions_off_the_way_are_refused() {
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(FixedFeedbackMode::new(bad, 1.0, 1.0, 0.0, 0.0).is_err());
        assert!(FixedFeedbackMode::new(1.0, bad, 1.0, 0.0, 0.0).is_err());
        assert!(FixedFeedbackMode::new(1.0, 1.0, bad, 0.0, 0.0).is_err());
    }
    for bad in [-1e-9, f64::NAN, f64::INFINITY, 1e200] {
        assert!(FixedFeedbackMode::new(1.0, 1.0, 1.0, bad, 0.0).is_err());
        assert!(FixedFeedbackMode::new(1.0, 1.0, 1.0, 0.0, bad).is_err());
    }
    assert!(FixedFeedbackMode::new(1.0, 1.0, 1.0, 1.0, 1.0).is_err());
    assert!(FixedFeedbackMode::new(1e-300, 1e-200, 1e-200, 0.0, 0.0).is_err());
    assert!(FrozenLayerMode::new(1.0, 1.0, f64::NAN, 0.0).is_err());
    assert!(FrozenLayerMode::new(1.0, 0.0, 1.0, 0.0).is_err());
    let mode = FixedFeedbackMode::new(1.0, 1.0, 1.0, 0.5, 0.5).unwrap();
    for fraction in [0.1, 1.0, f64::NAN] {
        let error = mode.time_to_fraction(fraction).unwrap_err();
        assert!(matches!(error, TheoryError::FractionNotReached { .. }));
    }
    assert!(mode.time_to_fraction(0.25).unwrap() < EXACT);
    let empty = FixedFeedbackMode::new(1.0, 1.0, 1.0, 0.0, 0.0).unwrap();
    assert_eq!(empty.time_to_fraction(0.0), Ok(0.0));
    assert!(mode.strength(-1.0).is_nan() && mode.residual(f64::NAN).is_nan());
    assert!(mode.first_layer(-1.0).is_nan() && mode.second_layer(-1.0).is_nan());
}

#[test]
fn broken_modes_know_their_parts() {
    let frozen = FrozenLayerMode::new(0.5, 5.0, 2.0, 0.1).unwrap();
    assert_eq!(frozen.as_linear(), LinearMode::new(2.0, 5.0, 0.2).unwrap());
    let intact = Feedback::Intact.mode(0.5, 5.0, 0.3, 0.4).unwrap();
    let lambda = LambdaMode::new(0.5, 5.0, 0.3 * 0.4, 0.07).unwrap();
    let times = [intact.time_to_fraction(0.5), lambda.time_to_fraction(0.5)];
    let [intact, lambda] = times.map(Result::unwrap);
    assert!(relative(intact, lambda) < EXACT);
}

/// A number of any magnitude between 10^-`decades` and 10^`decades`.
fn magnitude(decades: f64) -> impl Strategy<Value = f64> {
    (-decades..decades).prop_map(|exponent| 10.0_f64.powf(exponent))
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 2000,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_fixed_backward_weight_inverts_and_stays_finite_and_monotone(
        power in magnitude(20.0),
        target in magnitude(20.0),
        backward in magnitude(20.0),
        heavy in prop_oneof![Just(0.0), magnitude(12.0)],
        share in prop_oneof![Just(0.0), (-12.0..-0.01_f64).prop_map(|x| 10.0_f64.powf(x))],
        swapped in any::<bool>(),
        way in 1e-6..0.999_f64,
        factor in 1.0..1e6_f64,
    ) {
        // In units of the mode's own scales; the other layer makes `share` of the target.
        let scale = (2.0 * backward * target).cbrt();
        let heavy = heavy * if swapped { scale } else { target / scale };
        let light = if heavy > 0.0 { share * target / heavy } else { 0.0 };
        let (first, second) = if swapped { (heavy, light) } else { (light, heavy) };
        let mode = FixedFeedbackMode::new(power, target, backward, first, second).unwrap();
        let start = first * second / target;
        let fraction = start + way * (1.0 - start);
        prop_assume!(fraction > start);
        let time = mode.time_to_fraction(fraction).unwrap();
        prop_assert!(time > 0.0 && time.is_finite(), "{mode:?}: {time}");
        // A gain that is a small part of the start cannot be known better than the start.
        let slack = 1e-11 * (1.0 + start / (fraction - start));
        let reached = mode.strength(time) / target;
        prop_assert!(relative(reached, fraction) < slack, "{mode:?}: {reached} for {fraction}");
        let (now, later) = (mode.residual(time), mode.residual(factor * time));
        prop_assert!(0.0 <= later && later <= now * (1.0 + 1e-12) && now.is_finite(), "{mode:?}");
        prop_assert!(relative(mode.strength(f64::INFINITY), target) < 1e-12, "{mode:?}");
    }
}
