//! Skill strengths of constructed outputs.

use metrics::{MetricError, exact_strengths, skill_stats};
use proptest::prelude::*;

/// Sums of a few hundred terms of order one.
const ROUNDING: f64 = 1e-12;

/// All sign patterns of 3 bits: the parity of the first two, and of all three.
fn parities() -> (Vec<f64>, Vec<f64>) {
    let sign = |index: u32, mask: u32| 1.0 - 2.0 * f64::from((index & mask).count_ones() % 2);
    (
        (0..8).map(|i| sign(i, 0b011)).collect(),
        (0..8).map(|i| sign(i, 0b111)).collect(),
    )
}

#[test]
fn a_skill_plus_an_offset_and_another_parity_is_split_into_its_parts() {
    // f = 2 g + 0.5 + 3 h on the whole population of one skill, S = 4.
    let (g, h) = parities();
    let outputs: Vec<f64> = g
        .iter()
        .zip(&h)
        .map(|(g, h)| 2.0 * g + 0.5 + 3.0 * h)
        .collect();
    let stats = skill_stats(&outputs, &g, &[0; 8], 1, &[4.0]).unwrap();
    assert_eq!(stats[0].count, 8);
    assert!((stats[0].strength - 0.5).abs() < ROUNDING);
    assert!((stats[0].off_skill_energy - (0.25 + 9.0) / 16.0).abs() < ROUNDING);
}

#[test]
fn groups_are_kept_apart_and_have_their_own_targets() {
    let (g, _) = parities();
    let groups = [0, 2, 0, 2, 0, 2, 0, 2];
    // Skill 0 sees g of the even indices, skill 2 of the odd ones; skill 1 has no rows.
    let outputs: Vec<f64> = g
        .iter()
        .zip(groups)
        .map(|(g, group)| if group == 0 { 5.0 * g } else { -g })
        .collect();
    let stats = skill_stats(&outputs, &g, &groups, 3, &[5.0, 1.0, -2.0]).unwrap();
    assert!((stats[0].strength - 1.0).abs() < ROUNDING);
    assert!(stats[0].off_skill_energy.abs() < ROUNDING);
    assert!(stats[1].strength.is_nan() && stats[1].off_skill_energy.is_nan());
    assert!((stats[2].strength - 0.5).abs() < ROUNDING);
    assert_eq!(stats.iter().map(|s| s.count).collect::<Vec<_>>(), [4, 0, 4]);
}

#[test]
fn centring_removes_an_offset_that_an_unbalanced_sample_would_count_as_skill() {
    // Three rows of +1 and one of −1: the offset 10 has a mean product of 5 with g.
    let g = [1.0, 1.0, 1.0, -1.0];
    let stats = skill_stats(&[10.0; 4], &g, &[0; 4], 1, &[1.0]).unwrap();
    assert_eq!(stats[0].strength, 0.0);
    assert_eq!(stats[0].off_skill_energy, 100.0);
}

#[test]
fn nothing_is_clamped_and_nan_stays_in_its_skill() {
    let stats = skill_stats(
        &[-7.0, 7.0, f64::NAN],
        &[1.0, -1.0, 1.0],
        &[0, 0, 1],
        2,
        &[5.0, 5.0],
    )
    .unwrap();
    assert!((stats[0].strength + 1.4).abs() < ROUNDING);
    assert!(stats[1].strength.is_nan());
    let exact = exact_strengths(&[-1.0, -10.0], &[5.0, -4.0]).unwrap();
    assert_eq!((exact[0].strength, exact[1].strength), (-0.2, 2.5));
    assert_eq!((exact[1].off_skill_energy, exact[1].count), (0.0, 1));
}

#[test]
fn wrong_lengths_signs_groups_and_targets_are_refused_by_name() {
    let text =
        |result: Result<Vec<metrics::SkillStats>, MetricError>| result.unwrap_err().to_string();
    assert_eq!(
        text(skill_stats(&[1.0], &[1.0, 1.0], &[0], 1, &[1.0])),
        "basis_sign has 2 entries: must have 1, like outputs"
    );
    assert_eq!(
        text(skill_stats(&[1.0, 1.0], &[1.0, 0.5], &[0, 0], 1, &[1.0])),
        "basis_sign[1] = 0.5: must be 1 or -1"
    );
    assert_eq!(
        text(skill_stats(&[1.0], &[1.0], &[3], 3, &[1.0; 3])),
        "groups[0] = 3: must be below n_groups"
    );
    assert_eq!(
        text(exact_strengths(&[1.0], &[0.0])),
        "target[0] = 0: must be finite and not 0"
    );
    assert!(skill_stats(&[1.0], &[1.0], &[0, 0], 1, &[1.0]).is_err());
    assert!(skill_stats(&[1.0], &[1.0], &[0], 1, &[1.0, 1.0]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn off_skill_energy_is_not_negative_and_rows_may_be_reordered(
        rows in prop::collection::vec((-10.0..10.0_f64, prop::bool::ANY, 0..3_u32), 1..60),
        target in 0.1..10.0_f64,
    ) {
        let measure = |rows: &[(f64, bool, u32)]| {
            let outputs: Vec<f64> = rows.iter().map(|row| row.0).collect();
            let signs: Vec<f64> = rows.iter().map(|row| if row.1 { 1.0 } else { -1.0 }).collect();
            let groups: Vec<u32> = rows.iter().map(|row| row.2).collect();
            skill_stats(&outputs, &signs, &groups, 3, &[target; 3]).unwrap()
        };
        let stats = measure(&rows);
        let mut reversed = rows;
        reversed.reverse();
        for (one, other) in stats.iter().zip(measure(&reversed)) {
            prop_assert_eq!(one.count, other.count);
            if one.count > 0 {
                let size = 1.0 + one.strength.powi(2) + one.off_skill_energy;
                prop_assert!(one.off_skill_energy >= -ROUNDING * size);
                prop_assert!((one.strength - other.strength).abs() < ROUNDING * size);
            }
        }
    }
}
