//! Kernel distances and alignments against reference values, exact constructions and invariances.

use metrics::{
    centred_cka, feature_cka, kernel_distance, kernel_velocity, linearised_gap,
    packed_target_alignment, target_alignment,
};
use proptest::prelude::*;
use serde_json::Value;

/// Sums of up to a hundred terms of order one.
const ROUNDING: f64 = 1e-12;
/// What the rounding of a norm leaves of a distance that is 0: its square.
const SQUARED_ROUNDING: f64 = 1e-31;

fn matrix(value: &Value) -> Vec<f64> {
    let rows: Vec<Vec<f64>> = serde_json::from_value(value.clone()).unwrap();
    rows.concat()
}

/// X Xᵀ of features `[rows, D]`.
fn gram(features: &[f64], rows: usize) -> Vec<f64> {
    let width = features.len() / rows;
    let sample = |n: usize| &features[n * width..(n + 1) * width];
    (0..rows * rows)
        .map(|at| {
            let pair = sample(at / rows).iter().zip(sample(at % rows));
            pair.map(|(a, b)| a * b).sum()
        })
        .collect()
}

fn scaled(values: &[f64], factor: f64) -> Vec<f64> {
    values.iter().map(|value| factor * value).collect()
}

#[test]
fn distances_and_alignments_agree_with_the_reference_values() {
    let reference: Value =
        serde_json::from_str(include_str!("../fixtures/kernel_metrics.json")).unwrap();
    let (a, b) = (matrix(&reference["A"]), matrix(&reference["B"]));
    let close = |found: f64, name: &str| {
        let expected = reference[name].as_f64().unwrap();
        assert!((found - expected).abs() < ROUNDING, "{name}: {found}");
    };
    close(kernel_distance(&a, &b).unwrap(), "kernel_distance");
    close(centred_cka(&a, &b, 3).unwrap(), "centered_cka");
    close(
        target_alignment(&a, &[1.0, -1.0, 0.5]).unwrap(),
        "target_alignment",
    );
}

#[test]
fn equal_and_proportional_kernels_have_no_distance_and_disjoint_ones_distance_1() {
    let kernel = [0.1, -0.7, 1.3, 2.9, 0.0, 1e-9];
    assert_eq!(kernel_distance(&kernel, &kernel).unwrap(), 0.0);
    for factor in [1e-300, 0.1, 3.0, 7e150, 1e300] {
        let distance = kernel_distance(&kernel, &scaled(&kernel, factor)).unwrap();
        assert!(distance <= SQUARED_ROUNDING, "{factor}: {distance}");
    }
    let opposite = kernel_distance(&kernel, &scaled(&kernel, -2.0)).unwrap();
    assert!((opposite - 2.0).abs() < ROUNDING);
    let disjoint = kernel_distance(&[0.3, 0.7, 0.0, 0.0], &[0.0, 0.0, 5.0, 1.0]).unwrap();
    assert!((disjoint - 1.0).abs() < ROUNDING);
}

#[test]
fn kernels_near_the_ends_of_the_number_range_keep_their_distance() {
    let (a, b) = ([3.0, 4.0, 0.0], [0.0, 4.0, 3.0]);
    for (of_a, of_b) in [
        (4e307, 1.0),
        (1.0, 4e307),
        (1e-308, 1e-308),
        (4e307, 1e-308),
    ] {
        let distance = kernel_distance(&scaled(&a, of_a), &scaled(&b, of_b)).unwrap();
        assert!(
            (distance - 0.36).abs() < ROUNDING,
            "{of_a}, {of_b}: {distance}"
        );
    }
    // Both norms are beyond f64.
    let (a, b) = ([1.7e308, 1.7e308], [1.7e308, -1.7e308]);
    assert!((kernel_distance(&a, &b).unwrap() - 1.0).abs() < ROUNDING);
}

#[test]
fn tiny_distances_keep_their_digits() {
    // A has every entry twice; B moves the first of each pair up and the second down by the share
    // δ = 2^−k of itself, exactly. ⟨A, B⟩ = |A|² and |B|² = |A|² (1 + δ²), so the distance is
    // 1 − 1/√(1 + δ²).
    let halves: Vec<f64> = (1..=5000_u32)
        .map(|i| f64::from(i * 7919 % 10_007))
        .collect();
    let a: Vec<f64> = halves.iter().flat_map(|&v| [v, v]).collect();
    for k in [5, 10, 20, 26, 32] {
        let share = 0.5_f64.powi(k);
        let b: Vec<f64> = halves
            .iter()
            .flat_map(|v| [v * (1.0 + share), v * (1.0 - share)])
            .collect();
        let expected = -(-0.5 * (share * share).ln_1p()).exp_m1();
        let error = (kernel_distance(&a, &b).unwrap() / expected - 1.0).abs();
        // A distance d of n entries of rounding ε has the relative error ε √(2/(d n)), times a few
        // for the roundings that add up in the norms.
        let tolerance = 1e-12 + 10.0 * f64::EPSILON * (2.0 / (expected * 1e4)).sqrt();
        assert!(
            error < tolerance,
            "δ = 2^-{k}: d = {expected:e}, error {error:e}"
        );
    }
}

#[test]
fn the_velocity_is_the_distance_over_the_time() {
    let (now, later) = ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0]);
    let distance = kernel_distance(&now, &later).unwrap();
    assert_eq!(kernel_velocity(&now, &later, 0.25).unwrap(), 4.0 * distance);
    for dt in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let message = kernel_velocity(&now, &later, dt).unwrap_err().to_string();
        assert_eq!(message, format!("dt = {dt}: must be finite and above 0"));
    }
    assert_eq!(
        kernel_velocity(&now, &[1.0], 1.0).unwrap_err().to_string(),
        "later has 1 entries: must have 3, like now"
    );
}

#[test]
fn a_kernel_of_the_targets_is_aligned_with_them() {
    let y = [1.0, -2.0, 0.5, 3.0];
    let outer: Vec<f64> = y.iter().flat_map(|a| y.map(|b| 5.0 * a * b)).collect();
    assert!((target_alignment(&outer, &y).unwrap() - 1.0).abs() < ROUNDING);
    assert!((target_alignment(&outer, &scaled(&y, -1e200)).unwrap() - 1.0).abs() < ROUNDING);
    assert!((target_alignment(&scaled(&outer, -1.0), &y).unwrap() + 1.0).abs() < ROUNDING);
    // The unit matrix of size n: yᵀy/(√n |y|²).
    let unit: Vec<f64> = (0..16)
        .map(|at| if at % 5 == 0 { 1.0 } else { 0.0 })
        .collect();
    assert!((target_alignment(&unit, &y).unwrap() - 0.5).abs() < ROUNDING);
    assert!(
        target_alignment(&outer, &[2.0, 1.0, 0.0, 0.0])
            .unwrap()
            .abs()
            < ROUNDING
    );
}

#[test]
fn features_that_share_no_direction_have_no_alignment_and_shifts_do_not_matter() {
    // Centred and orthogonal columns on four samples.
    let (a, b) = ([1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]);
    assert!(feature_cka(&a, &b, 4).unwrap().abs() < ROUNDING);
    // Both directions against one: ⟨AAᵀ, BBᵀ⟩/(|AAᵀ||BBᵀ|) = 16/(√32 · 4).
    let both = [1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0];
    assert!((feature_cka(&a, &both, 4).unwrap() - 0.5_f64.sqrt()).abs() < ROUNDING);
    // A common shift that is 1e6 times the spread costs 6 digits, not 12.
    let shifted = [1e6 + 3.0, 1e6 + 1.0, 1e6 + 2.5, 1e6];
    let plain = [3.0, 1.0, 2.5, 0.0];
    let (one, other) = (
        feature_cka(&shifted, &a, 4).unwrap(),
        feature_cka(&plain, &a, 4).unwrap(),
    );
    assert!((one - other).abs() < 1e-9, "{one} and {other}");
}

#[test]
fn features_that_are_the_same_for_all_samples_are_refused() {
    // The mean of ten times 0.1 is not 0.1 in f64.
    let (alike, spread) = (
        [0.1; 10],
        [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    );
    for (a, b, name) in [(&alike, &spread, "a"), (&spread, &alike, "b")] {
        let start = format!("spread of {name} = ");
        let message = feature_cka(a, b, 10).unwrap_err().to_string();
        assert!(message.starts_with(&start), "{message}");
        let message = centred_cka(&gram(a, 10), &gram(b, 10), 10)
            .unwrap_err()
            .to_string();
        assert!(message.starts_with(&start), "{message}");
        assert!(message.ends_with(": must be above the rounding of the means"));
    }
}

#[test]
fn the_gap_to_the_linearised_run_is_of_the_largest_the_rms_and_the_mean_difference() {
    let gap = linearised_gap(&[1.0, -2.0, 3.0, 0.0], &[1.0, 1.0, 3.0, 4.0]).unwrap();
    assert_eq!((gap.largest, gap.rms, gap.mean), (4.0, 2.5, 1.75));
    let gap = linearised_gap(&[1.0], &[1.0]).unwrap();
    assert_eq!((gap.largest, gap.rms, gap.mean), (0.0, 0.0, 0.0));
    assert!(linearised_gap(&[], &[]).is_err());
    assert!(linearised_gap(&[1.0], &[1.0, 2.0]).is_err());
    assert!(linearised_gap(&[f64::NAN], &[1.0]).is_err());
    assert!(linearised_gap(&[1.0], &[f64::INFINITY]).is_err());
}

#[test]
fn kernels_that_have_no_direction_are_refused_by_name() {
    let distance = |a: &[f64], b: &[f64]| kernel_distance(a, b).unwrap_err().to_string();
    assert_eq!(
        distance(&[1.0, 2.0], &[1.0]),
        "b has 1 entries: must have 2, like a"
    );
    assert_eq!(
        distance(&[], &[]),
        "a has 0 usable entries: must have at least 1"
    );
    assert_eq!(
        distance(&[1.0], &[0.0]),
        "b = 0: must be not 0 in all entries"
    );
    assert_eq!(
        distance(&[1.0, f64::NAN], &[1.0, 1.0]),
        "a[1] = NaN: must be finite"
    );
    assert_eq!(
        distance(&[1.0], &[f64::INFINITY]),
        "b[0] = inf: must be finite"
    );

    let alignment =
        |kernel: &[f64], y: &[f64]| target_alignment(kernel, y).unwrap_err().to_string();
    assert_eq!(
        alignment(&[1.0, 0.0], &[1.0, 2.0]),
        "kernel has 2 entries: must have 4, like targets, squared"
    );
    assert_eq!(
        alignment(&[1.0], &[0.0]),
        "targets = 0: must be not 0 in all entries"
    );
    assert_eq!(
        alignment(&[0.0], &[1.0]),
        "kernel = 0: must be not 0 in all entries"
    );
    assert!(target_alignment(&[], &[]).is_err());
    assert!(target_alignment(&[f64::NAN], &[1.0]).is_err());

    let cka = |a: &[f64], b: &[f64], rows| feature_cka(a, b, rows).unwrap_err().to_string();
    let pair = [1.0, 2.0];
    assert_eq!(
        cka(&pair, &[1.0, 2.0, 3.0], 2),
        "number of entries of b = 3: must be above 0 and a multiple of rows"
    );
    assert_eq!(
        cka(&[], &pair, 2),
        "number of entries of a = 0: must be above 0 and a multiple of rows"
    );
    assert_eq!(cka(&pair, &pair, 1), "rows = 1: must be at least 2");
    assert_eq!(
        cka(&[0.0; 4], &pair, 2),
        "a = 0: must be not 0 in all entries"
    );
    assert_eq!(
        cka(&[1.0, f64::NAN], &pair, 2),
        "a[1] = NaN: must be finite"
    );
    assert!(centred_cka(&[1.0; 3], &[1.0; 4], 2).is_err());
    assert!(centred_cka(&[1.0; 4], &[1.0; 9], 2).is_err());
    assert!(centred_cka(&[1.0], &[1.0], 1).is_err());
    assert!(centred_cka(&[f64::NAN; 4], &[1.0, 0.0, 0.0, 1.0], 2).is_err());
}

/// A kernel or features: entries of order one, not all small.
fn entries(count: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(-1.0..1.0_f64, count)
        .prop_filter("needs a size", |v| v.iter().any(|x| x.abs() > 0.1))
}

/// Two columns of features `[N, 2]` turned by an angle.
fn turned(features: &[f64], angle: f64) -> Vec<f64> {
    let (sin, cos) = angle.sin_cos();
    features
        .chunks_exact(2)
        .flat_map(|row| [cos * row[0] - sin * row[1], sin * row[0] + cos * row[1]])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_distance_is_one_minus_the_cosine_symmetric_and_blind_to_scale_and_order(
        (a, b) in (1..40_usize).prop_flat_map(|count| (entries(count), entries(count))),
        factor in -3.0..3.0_f64,
    ) {
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let cosine = product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt();
        let distance = kernel_distance(&a, &b).unwrap();
        prop_assert!((distance - (1.0 - cosine)).abs() < ROUNDING);
        prop_assert_eq!(distance, kernel_distance(&b, &a).unwrap());
        let larger = scaled(&b, 10.0_f64.powf(factor));
        prop_assert!((distance - kernel_distance(&a, &larger).unwrap()).abs() < ROUNDING);
        let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
        let other = kernel_distance(&reversed(&a), &reversed(&b)).unwrap();
        prop_assert!((distance - other).abs() < ROUNDING);
    }

    #[test]
    fn alignments_of_features_are_those_of_their_kernels_and_blind_to_rotation_shift_and_scale(
        (rows, a, b) in (3..12_usize).prop_flat_map(|rows| {
            (Just(rows), entries(2 * rows), entries(3 * rows))
        }),
        angle in 0.0..7.0_f64,
        shift in -2.0..2.0_f64,
        factor in 0.1..10.0_f64,
    ) {
        let cka = feature_cka(&a, &b, rows).unwrap();
        prop_assert!((-ROUNDING..=1.0).contains(&cka), "{cka}");
        // Few samples may lie close together: 1e-10.
        let from_kernels = centred_cka(&gram(&a, rows), &gram(&b, rows), rows).unwrap();
        prop_assert!((cka - from_kernels).abs() < 1e-10);
        prop_assert!((cka - feature_cka(&b, &a, rows).unwrap()).abs() < ROUNDING);
        let moved: Vec<f64> = turned(&a, angle).iter().map(|x| factor * x + shift).collect();
        prop_assert!((cka - feature_cka(&moved, &b, rows).unwrap()).abs() < 1e-10);
        prop_assert_eq!(feature_cka(&a, &a, rows).unwrap(), 1.0);
        prop_assert!((feature_cka(&a, &moved, rows).unwrap() - 1.0).abs() < 1e-10);
        // The same order of samples in both.
        let reversed = |v: &[f64], width| v.rchunks(width).flatten().copied().collect::<Vec<_>>();
        let other = feature_cka(&reversed(&a, 2), &reversed(&b, 3), rows).unwrap();
        prop_assert!((cka - other).abs() < ROUNDING);
    }

    #[test]
    fn target_alignment_is_blind_to_scale_and_order_and_bounded(
        (kernel, y) in (1..8_usize).prop_flat_map(|n| (entries(n * n), entries(n))),
        factor in 0.1..10.0_f64,
    ) {
        let alignment = target_alignment(&kernel, &y).unwrap();
        prop_assert!(alignment.abs() <= 1.0 + ROUNDING);
        let larger = target_alignment(&scaled(&kernel, factor), &scaled(&y, -factor)).unwrap();
        prop_assert!((alignment - larger).abs() < ROUNDING);
        let reversed = |v: &[f64]| v.iter().rev().copied().collect::<Vec<_>>();
        let other = target_alignment(&reversed(&kernel), &reversed(&y)).unwrap();
        prop_assert!((alignment - other).abs() < ROUNDING);
    }
}

#[test]
fn patterns_of_independent_signs_differ_in_half_of_the_entries() {
    let numbers = |factor: f64| {
        (1..4001)
            .map(|i| (f64::from(i) * factor).sin())
            .collect::<Vec<_>>()
    };
    let (a, b) = (numbers(1.0), numbers(1.618));
    let distance = |a: &[f64], b: &[f64]| metrics::pattern_distance(a, b).unwrap();
    // Irrational turns fill the square evenly, to about 1/√N.
    assert!((distance(&a, &b) - 0.5).abs() < 0.02);
    assert_eq!(distance(&a, &a), 0.0);
    let flipped: Vec<f64> = a.iter().map(|x| -x).collect();
    assert_eq!(distance(&a, &flipped), 1.0);
    // A rectified pattern is that of its argument.
    let rectified: Vec<f64> = a.iter().map(|x| x.max(0.0)).collect();
    assert_eq!(distance(&rectified, &b), distance(&a, &b));
    assert!(metrics::pattern_distance(&a, &b[1..]).is_err());
    assert!(metrics::pattern_distance(&[], &[]).is_err());
    assert!(metrics::pattern_distance(&[f64::NAN], &[1.0]).is_err());
}

#[test]
fn packed_kernels_have_the_distance_and_the_alignment_of_the_full_ones() {
    let rows = 5;
    let kernel = |seed: u64| {
        let features: Vec<f64> = (0..rows * 3)
            .map(|i| ((i as f64 + 1.0) * (seed as f64 + 0.7)).sin())
            .collect();
        gram(&features, rows)
    };
    let packed = |full: &[f64]| -> Vec<f64> {
        (0..rows)
            .flat_map(|a| (0..=a).map(move |b| (a, b)))
            .map(|(a, b)| full[a * rows + b] * if a == b { 1.0 } else { 2.0_f64.sqrt() })
            .collect()
    };
    let (a, b) = (kernel(1), kernel(2));
    let targets = [1.0, -2.0, 0.5, 0.0, 3.0];
    let distance = kernel_distance(&packed(&a), &packed(&b)).unwrap();
    assert!((distance - kernel_distance(&a, &b).unwrap()).abs() < ROUNDING);
    let alignment = packed_target_alignment(&packed(&a), &targets).unwrap();
    assert!((alignment - target_alignment(&a, &targets).unwrap()).abs() < ROUNDING);
    assert!(packed_target_alignment(&packed(&a), &targets[1..]).is_err());
}
