//! Scaling exponents and constants against 40-digit values and against long finite sums.

use proptest::prelude::*;
use theory::{
    MultilinearSkills, ScalingLaw, expected_data_loss, gamma, parameter_loss, zeta_one_plus,
    zipf_probabilities,
};

use crate::support::json::{json, number};

/// The special functions promise 1e-14.
const SPECIAL: f64 = 1e-14;
/// Agreement of the constants with 40-digit values: a sum of about 1000 terms.
const CONSTANTS: f64 = 1e-12;

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

#[test]
fn zeta_has_its_known_digits() {
    let pi = std::f64::consts::PI;
    for (alpha, value) in [
        (1.0, pi * pi / 6.0),
        (3.0, pi.powi(4) / 90.0),
        (5.0, pi.powi(6) / 945.0),
        (0.5, 2.612_375_348_685_488),
        (2.0, 1.202_056_903_159_594_3),
        (0.3, 3.931_949_211_809_544),
        (0.6, 2.285_765_665_680_129_9),
        (0.9, 1.749_746_435_125_061),
        (29.0, 1.000_000_000_931_327_4),
        (1e6, 1.0),
    ] {
        assert!(
            relative(zeta_one_plus(alpha).unwrap(), value) < SPECIAL,
            "alpha = {alpha}"
        );
    }
    // Near the pole 1/alpha + Euler's constant.
    let near = zeta_one_plus(1e-9).unwrap() - 1e9;
    assert!((near - 0.577_215_664_9).abs() < 1e-6, "{near}");
}

#[test]
fn gamma_has_its_known_values_and_recurrence() {
    let pi = std::f64::consts::PI;
    for (x, value) in [
        (0.5, pi.sqrt()),
        (1.0, 1.0),
        (1.5, 0.5 * pi.sqrt()),
        (5.0, 24.0),
        (20.0, 121_645_100_408_832_000.0),
        (0.25, 3.625_609_908_221_908),
    ] {
        assert!(relative(gamma(x).unwrap(), value) < SPECIAL, "x = {x}");
    }
    for x in [1e-12, 0.013, 0.3, 0.77, 3.4, 15.99] {
        assert!(
            relative(gamma(x + 1.0).unwrap(), x * gamma(x).unwrap()) < SPECIAL,
            "x = {x}"
        );
    }
    for x in [0.05, 0.3, 0.45] {
        let reflected = gamma(x).unwrap() * gamma(1.0 - x).unwrap() * (pi * x).sin();
        assert!(relative(reflected, pi) < SPECIAL, "x = {x}");
    }
    assert!(relative(gamma(170.0).unwrap(), 4.269_068_009_004_705e304) < 1e-12);
}

#[test]
fn constants_agree_with_40_digit_arithmetic() {
    let reference = json(include_str!("../fixtures/scaling_constants_mp.json"));
    let table = reference.as_object().unwrap();
    assert_eq!(table.len(), 9);
    for (name, values) in table {
        let mut parameters = name.split(',').map(|item| item.split('=').nth(1).unwrap());
        let mut next = || parameters.next().unwrap().parse::<f64>().unwrap();
        let law = ScalingLaw::new(next(), next(), next()).unwrap();
        for (key, own) in [
            ("zeta", law.zeta()),
            ("I", law.time_integral()),
            ("A_T", law.time_constant()),
            ("A_D", law.data_constant()),
            ("A_N", law.parameter_constant()),
        ] {
            assert!(
                relative(own, number(&values[key])) < CONSTANTS,
                "{name} {key}: {own}"
            );
        }
    }
}

#[test]
fn the_time_integral_has_its_limits() {
    // R0 -> S (c -> 0): c² Γ(1-p) 2^{p-1}.
    let gap = 1e-9;
    for alpha in [0.1, 0.6, 5.0] {
        let law = ScalingLaw::new(alpha, 1.0 + gap, 1.0).unwrap();
        let complement = alpha / (alpha + 1.0);
        let c = (1.0 + gap) - 1.0;
        let limit = c * c * gamma(complement).unwrap() * 2.0_f64.powf(-complement);
        assert!(
            relative(law.time_integral(), limit) < 1e-7,
            "alpha = {alpha}"
        );
    }
    // R0 -> 0: u^{-p} up to u = ln c - 1 + O(1/ln c).
    for alpha in [0.1, 0.6, 5.0] {
        let law = ScalingLaw::new(alpha, 1.0, 1e-300).unwrap();
        let complement = alpha / (alpha + 1.0);
        let limit = (1e300_f64.ln() - 1.0).powf(complement) / complement;
        assert!(
            relative(law.time_integral(), limit) < 1e-4,
            "alpha = {alpha}"
        );
    }
}

#[test]
fn the_time_integral_agrees_with_a_midpoint_sum_in_a_power_of_u() {
    // w = u^{1-p} removes the singularity at 0; another variable than the one in the code.
    for (alpha, initial) in [(0.6, 0.01), (2.0, 0.5), (1.0, 1e-6)] {
        let law = ScalingLaw::new(alpha, 1.0, initial).unwrap();
        let complement: f64 = alpha / (alpha + 1.0);
        let gap = 1.0 / initial - 1.0;
        let (points, last) = (400_000_u32, (gap.ln() + 40.0).powf(complement));
        let step = last / f64::from(points);
        let sum: f64 = (0..points)
            .map(|i| {
                let u = (step * (f64::from(i) + 0.5)).powf(1.0 / complement);
                (1.0 + u.exp() / gap).powi(-2)
            })
            .sum();
        assert!(
            relative(law.time_integral(), sum * step / complement) < 1e-8,
            "alpha = {alpha}"
        );
    }
}

#[test]
fn long_finite_sums_follow_the_laws_with_exponent_and_constant() {
    let (alpha, target, initial) = (0.9, 2.0, 0.02);
    let law = ScalingLaw::new(alpha, target, initial).unwrap();
    let p = zipf_probabilities(1_000_000, alpha).unwrap();
    for skills in [1_000_usize, 10_000] {
        // The skills beyond the millionth are missing from the sum.
        let tail = law.parameter_constant() * 1e6_f64.powf(law.parameter_exponent());
        let loss = parameter_loss(&p, target, skills).unwrap() + tail;
        let predicted = law.parameter_constant() * (skills as f64).powf(law.parameter_exponent());
        assert!(
            relative(loss, predicted) < 2e-3,
            "N = {skills}: {loss} and {predicted}"
        );
    }
    let tail = law.parameter_constant() * 1e6_f64.powf(law.parameter_exponent());
    for examples in [1_000_u64, 10_000] {
        let loss = expected_data_loss(&p, target, examples).unwrap() + tail;
        let predicted = law.data_constant() * (examples as f64).powf(law.data_exponent());
        assert!(
            relative(loss, predicted) < 2e-2,
            "D = {examples}: {loss} and {predicted}"
        );
    }
    let model = MultilinearSkills::new(p, target, initial, 1.0).unwrap();
    for t in [1_000.0, 10_000.0] {
        let loss = model.loss(t) + tail;
        let predicted = law.time_constant() * f64::powf(t, law.time_exponent());
        assert!(
            relative(loss, predicted) < 2e-2,
            "t = {t}: {loss} and {predicted}"
        );
    }
}

#[test]
fn the_best_width_for_a_compute_follows_its_exponent() {
    // The two laws added, minimised over N on a fine grid; only the exponents are predicted.
    let law = ScalingLaw::new(0.6, 1.0, 0.01).unwrap();
    let best = |compute: f64| {
        (0..60_000_u32)
            .map(|i| {
                let width = (f64::from(i) * 5e-4).exp();
                let loss = law.time_constant() * (compute / width).powf(law.time_exponent())
                    + law.parameter_constant() * width.powf(law.parameter_exponent());
                (loss, width)
            })
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .unwrap()
    };
    let (first, second) = (best(1e10), best(1e16));
    let decades = 1e6_f64.ln();
    assert!(((second.0 / first.0).ln() / decades - law.compute_exponent()).abs() < 1e-6);
    assert!(((second.1 / first.1).ln() / decades - law.optimal_width_exponent()).abs() < 1e-3);
}

#[test]
fn parameters_off_their_domain_are_refused() {
    for (alpha, target, initial) in [
        (0.0, 1.0, 0.1),
        (-0.5, 1.0, 0.1),
        (f64::NAN, 1.0, 0.1),
        (0.6, 0.0, 0.1),
        (0.6, 1.0, 0.0),
        (0.6, 1.0, 1.0),
        (0.6, 1.0, f64::NAN),
    ] {
        assert!(
            ScalingLaw::new(alpha, target, initial).is_err(),
            "{alpha} {target} {initial}"
        );
    }
    assert!(gamma(0.0).is_err() && gamma(171.0).is_err() && gamma(f64::NAN).is_err());
    assert!(zeta_one_plus(-1.0).is_err() && zeta_one_plus(f64::INFINITY).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        cases: 64,
        ..ProptestConfig::default()
    })]

    #[test]
    fn constants_are_finite_positive_and_fall_with_the_start(
        log_alpha in -6.0..6.0_f64,
        log_target in -50.0..50.0_f64,
        log_ratio in -250.0..-0.5_f64,
    ) {
        let (alpha, target) = (10.0_f64.powf(log_alpha), 10.0_f64.powf(log_target));
        let initial = target * 10.0_f64.powf(log_ratio);
        let law = ScalingLaw::new(alpha, target, initial).unwrap();
        for value in [law.zeta(), law.time_integral(), law.time_constant(), law.data_constant(), law.parameter_constant()] {
            prop_assert!(value.is_finite() && value > 0.0, "{law:?}: {value}");
        }
        let later = ScalingLaw::new(alpha, target, 2.0 * initial).unwrap();
        prop_assert!(later.time_integral() <= law.time_integral() * (1.0 + 1e-12));
    }
}
