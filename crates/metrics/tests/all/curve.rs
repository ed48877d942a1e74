//! Crossings and shapes of curves with known times, complete and censored.

use metrics::{Crossing, Ratio, first_crossing, half_time, shape_ratio};
use proptest::prelude::*;

const TIMES: [f64; 5] = [0.0, 1.0, 2.0, 4.0, 8.0];

#[test]
fn a_crossing_is_interpolated_between_the_records_around_it() {
    let values = [0.0, 0.25, 0.5, 1.0, 1.0];
    for (level, time) in [
        (0.125, 0.5),
        (0.25, 1.0),
        (0.5, 2.0),
        (0.75, 3.0),
        (1.0, 4.0),
    ] {
        assert_eq!(
            first_crossing(&TIMES, &values, level).unwrap(),
            Crossing::At(time)
        );
    }
    assert_eq!(half_time(&TIMES, &values).unwrap().observed(), Some(2.0));
}

#[test]
fn only_the_first_passage_counts() {
    let values = [0.0, 0.8, 0.2, 0.9, 0.1];
    assert_eq!(
        first_crossing(&TIMES, &values, 0.4).unwrap(),
        Crossing::At(0.5)
    );
    let second = first_crossing(&TIMES, &values, 0.85)
        .unwrap()
        .observed()
        .unwrap();
    assert!((second - (2.0 + 2.0 * 0.65 / 0.7)).abs() < 1e-14);
}

#[test]
fn what_the_record_does_not_show_is_censored() {
    let values = [0.3, 0.4, 0.5, 0.6, 0.7];
    assert_eq!(
        first_crossing(&TIMES, &values, 0.8).unwrap(),
        Crossing::After(8.0)
    );
    assert_eq!(
        first_crossing(&TIMES, &values, 0.1).unwrap(),
        Crossing::Before(0.0)
    );
    assert_eq!(
        first_crossing(&TIMES, &values, 0.3).unwrap(),
        Crossing::At(0.0)
    );
    assert_eq!(Crossing::After(8.0).observed(), None);
}

#[test]
fn a_nan_or_infinite_value_ends_the_curve() {
    for end in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let values = [0.0, 0.4, 0.45, end, 1.0];
        assert_eq!(
            first_crossing(&TIMES, &values, 0.2).unwrap(),
            Crossing::At(0.5)
        );
        assert_eq!(half_time(&TIMES, &values).unwrap(), Crossing::After(2.0));
        assert!(half_time(&TIMES, &[end, 0.0, 0.0, 1.0, 1.0]).is_err());
    }
}

#[test]
fn shapes_of_complete_curves_are_exact() {
    assert_eq!(
        shape_ratio(&TIMES, &[0.0, 0.1, 0.3, 0.9, 1.0]).unwrap(),
        Ratio::Exact(4.0)
    );
    // The known shape of an exponential saturation.
    let times: Vec<f64> = (0..4000).map(|i| f64::from(i) * 1e-3).collect();
    let values: Vec<f64> = times.iter().map(|t| -(-t).exp_m1()).collect();
    let Ratio::Exact(ratio) = shape_ratio(&times, &values).unwrap() else {
        panic!("the curve is complete");
    };
    assert!((ratio - 21.854_345).abs() < 1e-4, "{ratio}");
}

#[test]
fn shapes_of_censored_curves_are_lower_bounds_or_unknown() {
    let late = [1.0, 2.0, 4.0, 8.0];
    for (times, values, expected) in [
        // Neither, t90, t10, and both cut off.
        (&late, [0.0, 0.1, 0.9, 1.0], Ratio::Exact(2.0)),
        (&late, [0.0, 0.1, 0.5, 0.8], Ratio::AtLeast(4.0)),
        (&late, [0.5, 0.6, 0.9, 1.0], Ratio::AtLeast(4.0)),
        (&late, [0.5, 0.6, 0.7, 0.8], Ratio::AtLeast(8.0)),
        (&late, [0.0, 0.02, 0.05, 0.09], Ratio::Unknown),
        (&late, [0.95, 1.0, 1.0, 1.0], Ratio::Unknown),
        // A level that the first record equals may have been reached earlier.
        (&late, [0.1, 0.5, 0.9, 1.0], Ratio::AtLeast(4.0)),
        // Diverged after 10 %.
        (&late, [0.0, 0.1, f64::NAN, 1.0], Ratio::AtLeast(1.0)),
    ] {
        assert_eq!(shape_ratio(times, &values).unwrap(), expected, "{values:?}");
    }
    // From time 0 there is no time to 10 % of a curve that starts there or above.
    for first in [0.1, 0.5, 0.95] {
        let ratio = shape_ratio(&[0.0, 1.0], &[first, 1.0]).unwrap();
        assert_eq!(ratio, Ratio::Unknown, "starts at {first}");
    }
    assert_eq!(
        shape_ratio(&[-1.0, 1.0], &[0.1, 1.0]).unwrap(),
        Ratio::Unknown
    );
}

#[test]
fn records_that_are_no_curve_are_refused_by_name() {
    let text = |times: &[f64], values: &[f64], level| {
        first_crossing(times, values, level)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        text(&[], &[], 0.5),
        "values has 0 usable entries: must have at least 1"
    );
    assert_eq!(
        text(&[1.0], &[1.0, 2.0], 0.5),
        "values has 2 entries: must have 1, like times"
    );
    assert_eq!(
        text(&[0.0, 2.0, 2.0], &[0.0; 3], 0.5),
        "times[2] = 2: must be above the time before it"
    );
    assert_eq!(
        text(&[0.0, f64::NAN], &[0.0; 2], 0.5),
        "times[1] = NaN: must be finite"
    );
    assert_eq!(
        text(&[0.0], &[0.0], f64::NAN),
        "level = NaN: must be finite"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn crossings_lie_between_their_records_and_scale_with_time(
        steps in prop::collection::vec((1e-3..10.0_f64, -1e308..1e308_f64), 2..20),
        level in -1e308..1e308_f64,
    ) {
        let times: Vec<f64> =
            steps.iter().scan(0.0, |sum, step| { *sum += step.0; Some(*sum) }).collect();
        let values: Vec<f64> = steps.iter().map(|step| step.1).collect();
        let scaled: Vec<f64> = times.iter().map(|time| 4.0 * time).collect();
        match (
            first_crossing(&times, &values, level).unwrap(),
            first_crossing(&scaled, &values, level).unwrap(),
        ) {
            (Crossing::At(time), Crossing::At(other)) => {
                prop_assert_eq!(4.0 * time, other);
                let next = times.iter().position(|&t| t >= time).unwrap();
                prop_assert!(values[next] >= level);
                prop_assert!(values[..next].iter().all(|&value| value < level));
            }
            (Crossing::After(time), Crossing::After(other)) => {
                prop_assert_eq!(4.0 * time, other);
                prop_assert!(values.iter().all(|&value| value < level));
            }
            (Crossing::Before(time), Crossing::Before(_)) => {
                prop_assert!(time == times[0] && values[0] > level);
            }
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
