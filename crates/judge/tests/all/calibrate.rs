//! Calibration on runs of which everything is known.

use layerwise_judge::{ClaimCalibration, Effort, Null, NullRate, calibrate};
use plan::spec::Outcome;
use tasks::stream::{keyed, standard_normals};

use crate::support::{Made, ROUNDING, SEEDS, STRENGTH, spec};

const EFFORT: Effort = Effort {
    draws: 400,
    threads: 2,
};

/// Five standard errors of a share of 3 % in 2000 draws.
const SLACK: f64 = 0.019;

fn calibrated(run: &Made, claim: &str, effort: Effort) -> ClaimCalibration {
    let all = run.with_run(&spec(claim), |claims, run| calibrate(claims, run, effort));
    all.claims.into_iter().next().unwrap()
}

fn found(run: &Made, claim: &str) -> ClaimCalibration {
    calibrated(run, claim, EFFORT)
}

fn null(claim: &ClaimCalibration, wanted: Null) -> &NullRate {
    let found = claim.nulls.iter().find(|rate| rate.null == wanted);
    found.unwrap_or_else(|| panic!("{wanted:?} is not in {:?}", claim.nulls))
}

/// A grid over a knob with values that rise along it, the same order in every seed.
fn rising(values: u32) -> Made {
    let mut made = Made::default();
    for value in 1..=values {
        let name = format!("base,size={value}");
        made.variant(&name, "base", &format!("'task.size' = {value}"));
        for seed in 0..SEEDS {
            let end = f64::from(value) + 0.01 * seed as f64;
            made.add((&name, seed), ("net", STRENGTH), 0, &[(0, 0.0), (60, end)]);
        }
    }
    made
}

fn rank(threshold: &str) -> String {
    format!(
        "statistic = {{ kind = 'rank-correlation', knob = 'task.size' }}\n\
         threshold = {{ {threshold} }}"
    )
}

/// Curves of `skills` indices that rise as sigmoids with half-times first · k^exponent, which differ from
/// seed to seed by about `noise`, relatively.
fn curves(skills: u64, exponent: f64, noise: f64) -> Made {
    let mut made = Made::default();
    made.variant("base", "base", "");
    let weights = (1..=skills).map(|k| (k as f64).powf(-exponent));
    let total: f64 = weights.clone().sum();
    made.variants[0].probabilities = weights.map(|weight| weight / total).collect();
    for seed in 0..SEEDS {
        let mut normals = vec![0.0; skills as usize];
        standard_normals(&mut keyed(seed, "test curves", 0), &mut normals);
        for (k, normal) in (1..=skills).zip(normals) {
            let half = 100.0 * (k as f64).powf(exponent) * (noise * normal).exp();
            let point = |step: u64| {
                let rest = 1e4_f64.powf(1.0 - step as f64 / half);
                (step, 1.0 / (1.0 + rest))
            };
            let points: Vec<(u64, f64)> = (0..400).map(|n| point(10 * n)).collect();
            made.add(("base", seed), ("net", STRENGTH), k, &points);
        }
    }
    made
}

const ORDER: &str = "statistic = { kind = 'half-time-order' }\ninterval = 't'\n\
                     threshold = { above = 0.5 }";

#[test]
fn three_knob_values_support_an_order_in_half_of_all_cases_and_therefore_decide_nothing() {
    // τ is 1 in one of the six orders and 1/3 in two.
    let run = rising(3);
    let claim = rank("above = 0.3");
    let calibration = found(&run, &claim);
    let rate = null(&calibration, Null::CommonKnob);
    assert_eq!((rate.by_interval, rate.of, rate.exact), (0.5, 6, true));
    assert_eq!(rate.supported, 0.0);
    let judged = run.judged(&claim);
    assert_eq!(judged.outcome, Outcome::Undecided);
    assert!(
        judged.reason.contains("3 values of task.size") && judged.reason.contains("at least 5"),
        "{}",
        judged.reason
    );
    assert_eq!(judged.measured.components[0].order_p, Some(2.0 / 6.0));
}

#[test]
fn an_order_needs_five_places_and_its_p_value_is_that_of_the_arrangements() {
    let outcome = |values| rising(values).judged(&rank("above = 0.9")).outcome;
    assert_eq!(outcome(4), Outcome::Undecided);
    assert_eq!(outcome(5), Outcome::Supported);
    let p = |values| rising(values).judged(&rank("above = 0.9")).p_value.unwrap();
    // One order of 120, in two directions; with six values the seeds say less than the orders.
    assert!((p(5) - 2.0 / 120.0).abs() < ROUNDING);
    assert!((p(6) - 2.0 / 256.0).abs() < ROUNDING);
    // Beyond what can be gone through, 999 orders are drawn.
    let many = rising(9).judged(&rank("above = 0.9"));
    assert_eq!(many.measured.components[0].order_p, Some(2.0 / 1000.0));
    // What has no order contradicts without any such test.
    let falling = rising(3).judged(&rank("below = -0.9"));
    assert_eq!(falling.measured.outcome, Outcome::Contradicted);
}

#[test]
fn shuffled_indices_support_an_order_as_often_as_permutations_have_it() {
    // 14 of the 120 orders of five have τ > 0.5; of those only the first two ranks pass p ≤ 0.05:
    // 1 order with τ = 1 (p = 2/120), 4 with 0.8 (10/120 for all five).
    let calibration = found(&curves(5, 1.0, 0.02), ORDER);
    let rate = null(&calibration, Null::CommonIndices);
    assert!(rate.exact && rate.of == 120);
    assert!((rate.by_interval - 14.0 / 120.0).abs() < ROUNDING);
    assert!((rate.supported - 1.0 / 120.0).abs() < ROUNDING);
    assert!(null(&calibration, Null::IndicesPerSeed).supported < 0.05);
    assert!(!calibration.is_lax());
}

#[test]
fn drawn_shares_agree_with_those_that_can_be_counted() {
    // Of the 40,320 orders of eight, 1230 have six inversions or fewer (1 + 7 + 27 + 76 + 174 + 343 +
    // 602): τ > 0.5.
    let effort = Effort {
        draws: 2000,
        ..EFFORT
    };
    let calibration = calibrated(&curves(8, 0.5, 0.001), ORDER, effort);
    let rate = null(&calibration, Null::CommonIndices);
    assert!(!rate.exact);
    let known = 1230.0 / 40_320.0;
    assert!(
        (rate.by_interval - known).abs() < SLACK,
        "{}",
        rate.by_interval
    );
    assert!(rate.supported <= 0.05, "{}", rate.supported);
}

#[test]
fn null_data_support_no_claim_in_more_than_five_percent() {
    let law = "statistic = { kind = 'half-time-law', exponent = 1.0 }\nthreshold = { below = 0.3 }";
    let mut numbers = Made::plain();
    numbers.numbers("base", "net", &[0.9, 1.3, 1.1, 1.2, 0.8, 1.7, 1.4, 1.0]);
    let number = |interval: &str| {
        format!(
            "statistic = {{ kind = 'final-value' }}\ninterval = '{interval}'\n\
             threshold = {{ above = 0.5 }}"
        )
    };
    let cases = [
        found(&curves(5, 1.0, 0.02), law),
        found(&rising(5), &rank("above = 0.6")),
        found(&rising(7), &rank("above = 0.2")),
        found(&rising(9), &rank("above = 0.1")),
        found(&numbers, &number("order")),
        found(&numbers, &number("t")),
    ];
    for calibration in &cases {
        let worst = calibration.worst().unwrap();
        assert!(worst.supported <= 0.05, "{worst:?}");
        assert!(!calibration.is_lax());
        assert_eq!(calibration.outcome, Outcome::Supported);
    }
    // Along layers a slope stands out among all of their arrangements.
    let mut layers = Made::plain();
    for layer in 1..=6_u64 {
        for seed in 0..SEEDS {
            let end = (layer as f64).powf(-0.5) * (1.0 + 0.01 * seed as f64);
            let points = [(0, 9.0), (60, end)];
            layers.add(("base", seed), ("net", STRENGTH), layer, &points);
        }
    }
    let slope = "statistic = { kind = 'slope', against = 'index', window = [1, 6] }\n\
                 threshold = { below = -0.1 }";
    let calibration = found(&layers, slope);
    assert_eq!(calibration.outcome, Outcome::Supported);
    let rate = null(&calibration, Null::CommonIndices);
    assert!(
        rate.exact && rate.by_interval > 0.05 && rate.supported <= 0.025,
        "{rate:?}"
    );
    // Eight values on the claimed side of the threshold: one of 2^8 signs.
    let rate = null(&cases[4], Null::AtThreshold);
    assert!(rate.exact);
    assert_eq!(rate.supported, 1.0 / 256.0);
    // The law of one order of five.
    let rate = null(&cases[0], Null::CommonIndices);
    assert!((rate.supported - 1.0 / 120.0).abs() < ROUNDING);
}

#[test]
fn a_claim_about_one_index_is_held_against_its_threshold() {
    let mut made = Made::plain();
    for index in 1..=5 {
        for seed in 0..SEEDS {
            let points = [(0, 0.0), (60, 0.8 + 0.01 * (seed + index) as f64)];
            made.add(("base", seed), ("net", STRENGTH), index, &points);
        }
    }
    // It holds of every index, so that it would hold in every order of them, and say nothing false.
    let value = "statistic = { kind = 'final-value', index = 2 }\nthreshold = { above = 0.5 }";
    let calibration = found(&made, value);
    assert_eq!(calibration.outcome, Outcome::Supported);
    let worst = calibration.worst().unwrap();
    assert_eq!(
        (worst.null, worst.supported),
        (Null::AtThreshold, 1.0 / 256.0)
    );
}

#[test]
fn a_claim_that_null_data_support_is_lax() {
    // The last value is more than 1.45 times the first: of the 20 pairs of five values 1, …, 5 these
    // are the ten that rise, but for 4/3 and 5/4.
    let ratio = |threshold: &str| {
        let ratio = "statistic = { kind = 'knob-ratio', knob = 'task.size' }";
        found(
            &rising(5),
            &format!("{ratio}\nthreshold = {{ {threshold} }}"),
        )
    };
    let calibration = ratio("above = 1.45");
    let rate = null(&calibration, Null::CommonKnob);
    assert!((rate.supported - 8.0 / 20.0).abs() < ROUNDING, "{rate:?}");
    assert!(calibration.is_lax());
    // A claim that nothing depends on the knob holds in every order, and is held against its threshold.
    let calibration = ratio("within = [0.1, 6.0]");
    assert_eq!(null(&calibration, Null::CommonKnob).supported, 1.0);
    assert_eq!(calibration.worst().unwrap().null, Null::AtThreshold);
    assert!(!calibration.is_lax());
}

#[test]
fn a_claim_of_no_slope_needs_no_test_of_its_order() {
    let mut flat = Made::default();
    for value in 1..=3_u32 {
        let name = format!("base,size={value}");
        flat.variant(&name, "base", &format!("'task.size' = {value}"));
        flat.numbers(&name, "net", &[1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7]);
    }
    let slope = "statistic = { kind = 'knob-slope', knob = 'task.size' }";
    let judged = |threshold: &str| flat.judged(&format!("{slope}\nthreshold = {{ {threshold} }}"));
    assert_eq!(judged("above = -0.5").outcome, Outcome::Supported);
    assert_eq!(judged("within = [-0.5, 0.5]").outcome, Outcome::Supported);
    // A slope along three values is one of six orders.
    let steep = rising(3).judged(&format!("{slope}\nthreshold = {{ above = 0.5 }}"));
    assert_eq!(steep.outcome, Outcome::Undecided);
    let steep = rising(5).judged(&format!("{slope}\nthreshold = {{ above = 0.5 }}"));
    assert_eq!(steep.outcome, Outcome::Supported);
}

#[test]
fn laws_that_a_claim_cannot_tell_apart_are_named() {
    let run = curves(4, 1.0, 0.03);
    let names = |claim: &str| -> Vec<String> {
        let calibration = found(&run, claim);
        let right = calibration.generators.iter().find(|law| law.right).unwrap();
        assert_eq!(right.generator, "layerwise");
        assert!(right.supported > 0.9, "{calibration:?}");
        let laws = calibration.not_told_apart();
        laws.map(|law| law.generator.clone()).collect()
    };
    // Every law but that of equal times has the order of the frequencies.
    let order = names("statistic = { kind = 'half-time-order' }\nthreshold = { above = 0.5 }");
    assert_eq!(
        order,
        [
            "linear",
            "delayed exponential",
            "kernel",
            "layerwise, exponent +0.4",
            "layerwise, exponent -0.4"
        ]
    );
    // A shape says nothing of the times.
    let shape = names("statistic = { kind = 'shape' }\nthreshold = { below = 2.0 }");
    assert_eq!(
        shape,
        [
            "layerwise, exponent +0.4",
            "layerwise, exponent -0.4",
            "layerwise, equal times"
        ]
    );
    // A law of times says nothing of the shape.
    let law = names(
        "statistic = { kind = 'half-time-law', exponent = 1.0 }\nthreshold = { below = 0.2 }",
    );
    assert_eq!(law, ["linear", "delayed exponential", "kernel"]);
}

#[test]
fn power_grows_with_the_seeds_and_is_nothing_without_an_interval() {
    let mut numbers = Made::plain();
    numbers.numbers("base", "net", &[0.9, 1.3, 1.1, 0.4, 0.8, 1.7, 1.4, 1.0]);
    let calibration = found(
        &numbers,
        "statistic = { kind = 'final-value' }\nthreshold = { above = 0.5 }",
    );
    let power = |seeds| calibration.power_at(seeds).unwrap();
    assert_eq!((power(2), power(4)), (0.0, 0.0));
    // Seven of eight pass: all of six drawn in 45 %, at most seven of 32 fail in 96 %.
    let standard_error = (0.449_f64 * 0.551 / 200.0).sqrt();
    assert!(
        (power(6) - 0.449).abs() < 5.0 * standard_error,
        "{}",
        power(6)
    );
    assert!(power(32) > 0.9, "{}", power(32));
}

#[test]
fn the_same_run_gives_the_same_calibration_with_any_number_of_threads() {
    let run = curves(4, 1.0, 0.03);
    let alone = Effort {
        threads: 1,
        ..EFFORT
    };
    assert_eq!(
        calibrated(&run, ORDER, EFFORT),
        calibrated(&run, ORDER, alone)
    );
}
