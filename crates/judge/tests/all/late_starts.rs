//! Verdicts on curves of the user that begin after step 0. If the first record is beyond a level,
//! the level was reached at an unknown time, at most that of the record.

use crate::support::{Made, assert_close, rises_at};

/// Above one half already at the first record.
const BY_10: [(u64, f64); 2] = [(10, 0.6), (40, 1.0)];

#[test]
fn a_half_time_before_the_first_record_is_a_bound_from_above() {
    let made = Made::with_curves(&[&BY_10, &rises_at(20)]);
    let ratio = |of: u64, to: u64| format!("kind = 'time-ratio', of = {of}, to = {to}");
    assert_close(made.only(&ratio(1, 2)), 0.5, true);
    assert_close(made.only(&ratio(2, 1)), 2.0, true);
    // From above and from below: only the first is an upper bound.
    let part = |statistic: &str, threshold: &str| {
        let verdict = made.tested(statistic, threshold);
        (verdict.measured.components[0].clone(), verdict.outcome)
    };
    use plan::spec::Outcome::{Supported, Undecided};
    let (above, outcome) = part(&ratio(1, 2), "below = 0.6");
    assert_eq!((above.censored, above.at_most, outcome), (8, 8, Supported));
    assert_eq!((above.low, above.high), (None, Some(0.5)));
    assert_eq!(part(&ratio(1, 2), "below = 0.4").1, Undecided);
    assert_eq!(part(&ratio(1, 2), "above = 0.1").1, Undecided);
    let (below, outcome) = part(&ratio(2, 1), "above = 1.9");
    assert_eq!((below.censored, below.at_most, outcome), (8, 0, Supported));
}

#[test]
fn a_half_time_at_the_first_record_is_one_before_it() {
    let made = Made::with_curves(&[&[(10, 0.5), (40, 1.0)], &rises_at(20)]);
    assert_close(made.only("kind = 'time-ratio', of = 1, to = 2"), 0.5, true);
    // If the record is at step 0, its time is exact.
    let made = Made::with_curves(&[&[(0, 0.7), (40, 1.0)], &rises_at(20)]);
    assert_close(made.only("kind = 'time-ratio', of = 1, to = 2"), 0.0, false);
}

#[test]
fn orders_and_laws_treat_a_bound_as_a_bound() {
    let order = "kind = 'half-time-order'";
    assert_close(
        Made::with_curves(&[&BY_10, &rises_at(20)]).only(order),
        1.0,
        false,
    );
    assert_close(
        Made::with_curves(&[&rises_at(20), &BY_10]).only(order),
        -1.0,
        false,
    );
    // The order of these is unknown.
    let open = Made::with_curves(&[&BY_10, &BY_10]);
    assert_close(open.only(order), -1.0, true);
    let open = Made::with_curves(&[&BY_10, &rises_at(5)]);
    assert_close(open.only(order), -1.0, true);
    let agreement = "kind = 'half-time-agreement'";
    let known = Made::with_curves(&[&BY_10, &rises_at(20), &rises_at(30)]);
    assert_close(known.only(agreement), 1.0, false);
    assert_eq!(open.only(agreement).0, None);
    // t_2 = 2 t_1 or more predicts 20 or less for 40: off by a factor of 2 at least.
    let law = "kind = 'half-time-law', exponent = 1.0";
    let made = Made::with_curves(&[&BY_10, &rises_at(40)]);
    assert_eq!(made.parts(law), [("skill 2".to_owned(), Some(1.0), true)]);
    // 40 is predicted and 10 at most: off by 3/4 at least.
    let made = Made::with_curves(&[&rises_at(20), &BY_10]);
    assert_eq!(made.parts(law), [("skill 2".to_owned(), Some(0.75), true)]);
    let constant = "kind = 'half-time-constant', exponent = 1.0";
    let made = Made::with_curves(&[&BY_10, &rises_at(40)]);
    assert_close(made.only(constant), 2.0, true);
}

#[test]
fn the_first_record_of_a_late_curve_is_not_its_start() {
    let made = Made::with_curves(&[&BY_10]);
    let parts = made.parts("kind = 'rise', from = 'start', to = 'end'");
    assert_eq!(parts, [("skill 1".to_owned(), None, false)]);
}

#[test]
fn a_fit_before_the_first_record_bounds_the_delay() {
    let mut made = Made::with_curves(&[&BY_10]);
    made.curve(("net", "t_fit"), 0, &[(10, f64::NEG_INFINITY)]);
    made.curve(("net", "t_gen"), 0, &[(60, 30.0)]);
    let delay = |of: &str| made.only(&format!("kind = 'delay', of = '{of}'"));
    assert_close(delay("fit"), 10.0, true);
    assert_close(delay("generalised"), 30.0, false);
    // The first time is at most 10, so that the gap is at least 20.
    assert_close(delay("gap"), 20.0, true);
    assert_close(delay("ratio"), 3.0, true);
    assert_eq!(delay("test-at-fit").0, None);
}
