//! The skill model in time, its calibration, and emergence in data and width.

use proptest::prelude::*;
use theory::{
    MultilinearSkills, TheoryError, data_shot, emergence_time_ratio, expected_data_loss,
    initial_from_init_std, parameter_loss, parameter_shot, slowdown_from_half_time,
    strength_gap_from_init_std, zipf_probabilities,
};

use crate::support::{
    csv,
    json::{json, number},
    rk4,
};

/// Agreement with 40-digit values; exponents of order 10 magnify the rounding.
const EXACT: f64 = 1e-12;
const TARGET: f64 = 5.0;
const INITIAL: f64 = 1e-4;

fn relative(value: f64, reference: f64) -> f64 {
    (value / reference - 1.0).abs()
}

fn five_skills(slowdown: f64) -> MultilinearSkills {
    let probabilities = zipf_probabilities(5, 0.6).unwrap();
    MultilinearSkills::new(probabilities, TARGET, INITIAL, slowdown).unwrap()
}

#[test]
fn probabilities_and_strengths_agree_with_40_digit_arithmetic() {
    let reference = json(include_str!("../fixtures/ref_msp_time_mp.json"));
    let model = five_skills(1.0);
    for (own, value) in model
        .probabilities()
        .iter()
        .zip(reference["P"].as_array().unwrap())
    {
        assert!(relative(*own, number(value)) < 1e-15);
    }
    let rows = reference["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let t = 0.02 * number(&row["T"]);
        for (skill, value) in row["R_over_S"].as_array().unwrap().iter().enumerate() {
            let own = model.strength(skill, t).unwrap() / TARGET;
            assert!(
                relative(own, number(value)) < EXACT,
                "skill {skill} at {t}: {own}"
            );
        }
    }
}

#[test]
fn strengths_depend_on_steps_and_learning_rate_only_through_flow_time() {
    let model = five_skills(1.0);
    for row in csv::rows(include_str!("../fixtures/msp_time_emergence.csv")) {
        for skill in 0..5 {
            let own = model.strength(skill, 0.002 * row[0]).unwrap() / TARGET;
            assert!(
                relative(own, row[skill + 1]) < EXACT,
                "skill {skill} at step {}",
                row[0]
            );
        }
    }
}

#[test]
fn the_slowdown_divides_flow_time() {
    let (exact, slow) = (five_skills(1.0), five_skills(22.0));
    for skill in 0..5 {
        for t in [0.0, 0.3, 2.0, 9.0] {
            let pair = (exact.strength(skill, t), slow.strength(skill, 22.0 * t));
            assert!(
                relative(pair.0.unwrap(), pair.1.unwrap()) < EXACT,
                "skill {skill} at {t}"
            );
        }
        let ratio = slow.time_to_fraction(skill, 0.3).unwrap()
            / exact.time_to_fraction(skill, 0.3).unwrap();
        assert!(relative(ratio, 22.0) < EXACT);
    }
}

#[test]
fn the_loss_is_that_of_the_integrated_factors_of_all_skills() {
    let model = MultilinearSkills::new(vec![0.75, 0.25], 2.0, 0.01, 1.0).unwrap();
    for end in [0.5, 1.5, 4.0] {
        let mut loss = 0.0;
        for &probability in model.probabilities() {
            let [a, b] = rk4::integrate([0.1, 0.1], end, 4000, |&[a, b]: &[f64; 2]| {
                let error = probability * (2.0 - a * b);
                [b * error, a * error]
            });
            loss += 0.5 * probability * (2.0 - a * b) * (2.0 - a * b);
        }
        assert!(relative(model.loss(end), loss) < 1e-9, "at {end}");
    }
}

#[test]
fn emergence_times_follow_the_power_law_at_every_fraction() {
    let model = five_skills(3.0);
    for fraction in [0.1, 0.5, 0.9] {
        let first = model.time_to_fraction(0, fraction).unwrap();
        for rank in 1..=5 {
            let ratio = model.time_to_fraction(rank - 1, fraction).unwrap() / first;
            assert!(relative(ratio, emergence_time_ratio(rank, 0.6).unwrap()) < EXACT);
        }
    }
    let printed = [3.03, 5.80, 9.19, 13.13];
    for (rank, value) in (2..).zip(printed) {
        assert!((emergence_time_ratio(rank, 0.6).unwrap() - value).abs() < 0.005);
    }
}

/// Half-time of skill 1 in steps, learning rate, target, initial standard deviation and the B²
/// that was worked out by hand for recorded runs (un-halved squared error).
const RECORDED_RUNS: [(f64, f64, f64, f64, f64); 8] = [
    (439.0, 0.05, 5.0, 0.01, 21.5),
    (545.0, 0.05, 5.0, 0.01, 26.7),
    (561.0, 0.05, 5.0, 0.001, 19.9),
    (909.0, 0.02, 5.0, 0.01, 17.8),
    (774.0, 0.05, 5.0, 0.01, 37.9),
    (996.0, 0.02, 5.0, 0.01, 19.5),
    (298.0, 0.05, 5.0, 0.1, 23.5),
    (512.0, 0.2, 1.0, 0.01, 23.1),
];

#[test]
fn the_calibration_reproduces_recorded_slowdowns_and_passes_through_the_half_time() {
    assert!(relative(strength_gap_from_init_std(5.0, 0.01).unwrap(), 179_999.0) < EXACT);
    let probabilities = zipf_probabilities(5, 0.6).unwrap();
    for (steps, rate, target, init_std, recorded) in RECORDED_RUNS {
        let initial = initial_from_init_std(init_std).unwrap();
        let half_time = 2.0 * rate * steps;
        let slowdown =
            slowdown_from_half_time(half_time, probabilities[0], target, initial).unwrap();
        assert!(
            (slowdown - recorded).abs() < 0.1,
            "{slowdown} for {recorded}"
        );
        let model =
            MultilinearSkills::new(probabilities.clone(), target, initial, slowdown).unwrap();
        assert!(relative(model.time_to_fraction(0, 0.5).unwrap(), half_time) < EXACT);
        assert!(relative(model.strength(0, half_time).unwrap(), 0.5 * target) < EXACT);
        let gap = strength_gap_from_init_std(target, init_std).unwrap();
        assert!(relative(target / initial - 1.0, gap) < EXACT);
    }
}

#[test]
fn data_and_parameter_shots_have_their_corner_values() {
    assert_eq!(data_shot(0.0, 800.0), Ok(0.0));
    assert_eq!(data_shot(800.0, 800.0), Ok(1.0));
    assert_eq!(data_shot(f64::INFINITY, 800.0), Ok(1.0));
    assert!(relative(data_shot(288.0, 800.0).unwrap(), 0.2) < 1e-15);
    // To first order half of D P / D_c, with all digits.
    assert!(relative(data_shot(1e-20, 1.0).unwrap(), 5e-21) < 1e-15);
    for (width, rank, expected) in [
        (0.0, 1, 0.0),
        (2.0, 1, 0.5),
        (4.0, 1, 1.0),
        (4.0, 2, 0.0),
        (11.0, 3, 0.75),
        (99.0, 3, 1.0),
    ] {
        assert_eq!(
            parameter_shot(width, rank, 4.0),
            Ok(expected),
            "N = {width}, k = {rank}"
        );
    }
}

#[test]
fn the_data_loss_is_the_mean_over_all_training_sets() {
    // All 4^3 ordered draws of 3 examples; the probabilities sum to 0.9, and the rest are examples
    // without a skill.
    let probabilities = [0.5, 0.25, 0.15];
    let none = 1.0 - probabilities.iter().sum::<f64>();
    let weight = |draw: usize| probabilities.get(draw).copied().unwrap_or(none);
    let mut expected = 0.0;
    for set in 0..64_usize {
        let draws = [set % 4, set / 4 % 4, set / 16];
        let chance: f64 = draws.iter().map(|&draw| weight(draw)).product();
        let loss: f64 = (0..3)
            .filter(|skill| !draws.contains(skill))
            .map(|skill| 0.5 * 9.0 * probabilities[skill])
            .sum();
        expected += chance * loss;
    }
    assert!(
        relative(
            expected_data_loss(&probabilities, 3.0, 3).unwrap(),
            expected
        ) < 1e-14
    );
    assert_eq!(expected_data_loss(&[1.0], 3.0, 0), Ok(4.5));
    assert_eq!(expected_data_loss(&[1.0], 3.0, 1), Ok(0.0));
    assert_eq!(expected_data_loss(&[1e-300], 1.0, u64::MAX), Ok(5e-301));
}

#[test]
fn the_parameter_loss_is_the_late_time_loss_without_the_skills_that_fit() {
    let probabilities = zipf_probabilities(7, 0.3).unwrap();
    for learned in 0..=8 {
        let left: f64 = probabilities
            .iter()
            .enumerate()
            .map(|(k, p)| if k < learned { 0.0 } else { *p })
            .sum();
        let loss = parameter_loss(&probabilities, 3.0, learned).unwrap();
        assert!((loss - 4.5 * left).abs() < 1e-14);
    }
}

#[test]
fn errors_name_the_parameter_and_its_domain() {
    let cases = [
        (
            zipf_probabilities(0, 0.6).unwrap_err(),
            "skills = 0: must be at least 1",
        ),
        (
            zipf_probabilities(3, f64::NAN).unwrap_err(),
            "alpha = NaN: must be finite and at least -1",
        ),
        (
            emergence_time_ratio(0, 0.6).unwrap_err(),
            "rank = 0: must be at least 1 (ranks count from 1)",
        ),
        (
            data_shot(-1.0, 1.0).unwrap_err(),
            "examples_of_skill = -1: must be at least 0",
        ),
        (
            data_shot(1.0, 0.0).unwrap_err(),
            "shots = 0: must be finite and above 0",
        ),
        (
            parameter_shot(1.0, 1, -4.0).unwrap_err(),
            "neurons_per_skill = -4: must be finite and above 0",
        ),
        (
            expected_data_loss(&[0.5, -0.1], 1.0, 1).unwrap_err(),
            "probabilities = -0.1: must be each from 0 to 1",
        ),
        (
            parameter_loss(&[0.5, 0.75], 1.0, 1).unwrap_err(),
            "sum of probabilities = 1.25: must be at most 1 (they are fractions of all examples)",
        ),
        (
            MultilinearSkills::new(vec![0.0, 1.0], 1.0, 0.1, 1.0).unwrap_err(),
            "probabilities = 0: must be each above 0",
        ),
        (
            slowdown_from_half_time(1.0, 0.5, 1.0, 0.5).unwrap_err(),
            "initial = 0.5: must be above 0 and below target / 2 (else the half is passed before the start)",
        ),
    ];
    for (error, text) in cases {
        assert_eq!(error.to_string(), text);
    }
    assert!(MultilinearSkills::new(vec![], 1.0, 0.1, 1.0).is_err());
    assert_eq!(
        five_skills(1.0).strength(5, 0.0),
        Err(TheoryError::UnknownSkill {
            skill: 5,
            skills: 5
        })
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn probabilities_sum_to_one_and_fall(skills in 1..2000_usize, alpha in -1.0..60.0_f64) {
        let p = zipf_probabilities(skills, alpha).unwrap();
        prop_assert_eq!(p.len(), skills);
        prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        prop_assert!(p.windows(2).all(|pair| pair[0] >= pair[1]));
    }

    #[test]
    fn the_loss_falls_from_its_first_value_and_frequent_skills_lead(
        skills in 2..12_usize,
        alpha in 0.0..4.0_f64,
        log_target in -30.0..30.0_f64,
        log_ratio in -200.0..-0.1_f64,
        log_slowdown in -5.0..5.0_f64,
        log_time in -5.0..12.0_f64,
        factor in 1.0..1e3_f64,
    ) {
        let target = 10.0_f64.powf(log_target);
        let initial = target * 10.0_f64.powf(log_ratio);
        let p = zipf_probabilities(skills, alpha).unwrap();
        let model = MultilinearSkills::new(p, target, initial, 10.0_f64.powf(log_slowdown)).unwrap();
        let t = 10.0_f64.powf(log_time) / target * model.slowdown();
        let (now, later) = (model.loss(t), model.loss(factor * t));
        prop_assert!(now.is_finite() && later >= 0.0);
        prop_assert!(later <= now * (1.0 + 1e-12) && now <= model.loss(0.0) * (1.0 + 1e-12));
        for skill in 1..skills {
            let (frequent, rare) = (model.strength(skill - 1, t).unwrap(), model.strength(skill, t).unwrap());
            prop_assert!(rare <= frequent * (1.0 + 1e-12));
        }
    }

    #[test]
    fn losses_and_shots_fall_and_rise_with_the_resource(
        skills in 1..50_usize,
        alpha in 0.0..10.0_f64,
        examples in 0..u64::MAX / 2,
        width in 0.0..1e9_f64,
    ) {
        let p = zipf_probabilities(skills, alpha).unwrap();
        let (few, more) = (
            expected_data_loss(&p, 2.0, examples).unwrap(),
            expected_data_loss(&p, 2.0, 2 * examples).unwrap(),
        );
        prop_assert!(0.0 <= more && more <= few && few <= 2.0 * (1.0 + 1e-12));
        let shots = (data_shot(width, 7.0).unwrap(), data_shot(2.0 * width, 7.0).unwrap());
        prop_assert!(0.0 <= shots.0 && shots.0 <= shots.1 && shots.1 <= 1.0);
        let (first, last) = (
            parameter_shot(width, 1, 4.0).unwrap(),
            parameter_shot(width, skills, 4.0).unwrap(),
        );
        prop_assert!(0.0 <= last && last <= first && first <= 1.0);
    }
}
