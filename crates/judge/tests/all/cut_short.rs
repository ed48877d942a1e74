//! Verdicts on cells that stopped early: a net that diverged has no final value.

use layerwise_judge::Judgement;
use plan::spec::Outcome;
use record::{CellSummary, EarlyEnd, FailedCell, StopReason};

use crate::support::{Made, SEEDS};

/// The seed whose net is cut short: with eight seeds, the order-statistics interval needs them all.
const CUT: u64 = 3;
/// Where the curves of the others end.
const LAST: u64 = 60;

/// How the cells of a run ended.
#[derive(Clone, Copy)]
enum Ends {
    AsPlanned,
    /// The cell of [`CUT`] diverged.
    Diverged,
    /// The cell of [`CUT`] could not be trained further.
    Failed,
    /// Curves of the user that stand for the net in the cell of [`CUT`] end at step 20.
    Early,
}

/// The same curve for every seed: model, metric, index, steps and values.
type Curve = (&'static str, &'static str, u64, Vec<(u64, f64)>);

/// The net's own measurement.
fn judged(statistic: &str, threshold: &str, curves: &[Curve], ends: Ends) -> Judgement {
    let mut made = Made::plain();
    for (model, metric, index, points) in curves {
        made.curve((model, metric), *index, points);
    }
    for seed in 0..SEEDS {
        let variant = "base".to_owned();
        let stopped = match ends {
            Ends::Failed if seed == CUT => {
                let error = "a reason".to_owned();
                made.failed.push(FailedCell {
                    variant,
                    seed,
                    error,
                });
                continue;
            }
            Ends::Diverged if seed == CUT => StopReason::Diverged {
                step: 20,
                model: "twin".to_owned(),
                loss: 1e9,
            },
            Ends::Early if seed == CUT => StopReason::EndsEarly {
                curves: vec![EarlyEnd {
                    model: "net".to_owned(),
                    metric: None,
                    indices: Vec::new(),
                    step: 20,
                }],
            },
            _ => StopReason::Finished,
        };
        made.cells.push(CellSummary {
            variant,
            seed,
            steps: LAST,
            seconds: 1.0,
            measuring_seconds: 0.0,
            stopped,
        });
    }
    made.tested(statistic, threshold).measured
}

/// The value of the seed that is cut short, and whether any seed's value is a bound.
fn cut(statistic: &str, curves: &[Curve], ends: Ends) -> (Option<f64>, bool) {
    let measured = judged(statistic, "above = -1.0", curves, ends);
    let [part] = &measured.components[..] else {
        panic!("{measured:?}");
    };
    (part.values[CUT as usize], part.censored > 0)
}

const FINAL: &str = "kind = 'final-value'";

#[test]
fn a_claim_on_final_values_is_undecided_where_a_net_diverged_and_says_so() {
    let rows = [("net", "skill_strength", 1, vec![(0, 0.9), (20, 0.1)])];
    let planned = judged(FINAL, "below = 0.5", &rows, Ends::AsPlanned);
    assert_eq!(planned.outcome, Outcome::Supported);
    assert!(planned.notes.is_empty(), "{:?}", planned.notes);
    for ends in [Ends::Diverged, Ends::Failed] {
        let cut = judged(FINAL, "below = 0.5", &rows, ends);
        assert_eq!(cut.outcome, Outcome::Undecided);
        let values = &cut.components[0].values;
        for seed in 0..SEEDS {
            let expected = (seed != CUT).then_some(0.1);
            assert_eq!(values[seed as usize], expected, "seed {seed}");
        }
        assert!(
            cut.notes[0].starts_with("1 of 8 cells stopped early"),
            "{:?}",
            cut.notes
        );
    }
}

#[test]
fn times_reached_before_a_divergence_count_and_others_are_unknown() {
    let skill = |index, points: &[(u64, f64)]| ("net", "skill_strength", index, points.to_vec());
    let reached: &[(u64, f64)] = &[(0, 0.0), (20, 1.0)];
    let not_reached: &[(u64, f64)] = &[(0, 0.0), (20, 0.1)];
    let both = [skill(1, reached), skill(2, &[(0, 0.0), (40, 1.0)])];
    let one = [skill(1, reached), skill(2, not_reached)];
    let ratio = "kind = 'time-ratio', of = 2, to = 1";
    assert_eq!(cut(ratio, &both, Ends::Diverged), (Some(2.0), false));
    assert_eq!(cut(ratio, &one, Ends::AsPlanned), (Some(2.0), true));
    assert_eq!(cut(ratio, &one, Ends::Diverged).0, None);
    let order = "kind = 'half-time-order'";
    assert_eq!(cut(order, &both, Ends::Diverged), (Some(1.0), false));
    assert_eq!(cut(order, &one, Ends::Diverged).0, None);
    let shape = "kind = 'shape'";
    assert!(cut(shape, &both, Ends::Diverged).0.is_some());
    assert_eq!(cut(shape, &one, Ends::Diverged).0, None);
}

#[test]
fn a_time_that_a_diverged_net_had_not_reached_is_not_infinite() {
    let delays = |generalised: f64| {
        [
            ("net", "skill_strength", 1, vec![(0, 0.0), (LAST, 0.1)]),
            ("net", "t_fit", 0, vec![(LAST, 10.0)]),
            ("net", "t_gen", 0, vec![(LAST, generalised)]),
        ]
    };
    let never = f64::INFINITY;
    let gap = "kind = 'delay', of = 'gap'";
    let fit = "kind = 'delay', of = 'fit'";
    assert_eq!(cut(gap, &delays(30.0), Ends::Diverged), (Some(20.0), false));
    assert_eq!(
        cut(gap, &delays(never), Ends::AsPlanned),
        (Some(50.0), true)
    );
    assert_eq!(cut(gap, &delays(never), Ends::Diverged).0, None);
    assert_eq!(
        cut(fit, &delays(never), Ends::Diverged),
        (Some(10.0), false)
    );
}

#[test]
fn a_gap_up_to_a_divergence_bounds_the_largest_from_below() {
    let rows = [
        ("net", "skill_strength", 1, vec![(0, 0.0), (20, 0.25)]),
        ("twin", "skill_strength", 1, vec![(0, 0.0), (20, 0.5)]),
    ];
    let gap = "kind = 'largest-gap', to = 'twin', metric = 'skill_strength'";
    assert_eq!(cut(gap, &rows, Ends::AsPlanned), (Some(0.25), false));
    let close = |ends| judged(gap, "below = 0.3", &rows, ends).outcome;
    assert_eq!(close(Ends::AsPlanned), Outcome::Supported);
    assert_eq!(close(Ends::Diverged), Outcome::Undecided);
    assert_eq!(cut(gap, &rows, Ends::Diverged), (Some(0.25), true));
    let at_end = format!("{gap}, at_end = true");
    assert_eq!(cut(&at_end, &rows, Ends::Diverged).0, None);
}

#[test]
fn rises_and_slopes_need_the_end_that_they_read() {
    let rows = [(
        "net",
        "skill_strength",
        0,
        vec![(0, 1.0), (10, 1.0), (20, 2.0), (40, 4.0)],
    )];
    let rise = "kind = 'rise', from = 'start', to = 'end'";
    assert_eq!(cut(rise, &rows, Ends::AsPlanned).0, Some(3.0));
    assert_eq!(cut(rise, &rows, Ends::Diverged).0, None);
    let slope = |window: &str| format!("kind = 'slope', window = {window}");
    assert!(cut(&slope("[10, 40]"), &rows, Ends::Diverged).0.is_some());
    assert!(cut(&slope("[10, 60]"), &rows, Ends::AsPlanned).0.is_some());
    assert_eq!(cut(&slope("[10, 60]"), &rows, Ends::Diverged).0, None);
}

#[test]
fn curves_of_the_user_that_end_early_have_no_end_and_times_beyond_them_are_bounds() {
    let skill = |index, points: &[(u64, f64)]| ("net", "skill_strength", index, points.to_vec());
    let one = [skill(1, &[(0, 0.0), (20, 0.1)])];
    // The last value of a seed that ends early is unknown, whatever the other seeds are.
    let early = judged(FINAL, "below = 0.5", &one, Ends::Early);
    assert_eq!(early.outcome, Outcome::Undecided);
    let part = &early.components[0];
    assert_eq!((part.seeds, part.values[CUT as usize]), (7, None));
    assert!(
        early.notes[0].starts_with("in 1 of 8 cells the curves of net end before the last step"),
        "{:?}",
        early.notes
    );
    // The curve had not reached one half by step 20. Unlike after a divergence, this is a valid
    // bound.
    let both = [
        skill(1, &[(0, 0.0), (20, 1.0)]),
        skill(2, &[(0, 0.0), (20, 0.1)]),
    ];
    let ratio = "kind = 'time-ratio', of = 2, to = 1";
    assert_eq!(cut(ratio, &both, Ends::Early), (Some(2.0), true));
    assert_eq!(
        cut("kind = 'half-time-order'", &both, Ends::Early),
        (Some(1.0), false)
    );
    // The last of two times may be 21 as well as 61.
    let later = [
        skill(1, &[(0, 0.0), (20, 0.1)]),
        skill(2, &[(0, 0.0), (60, 1.0)]),
    ];
    let agreement = "kind = 'half-time-agreement'";
    assert_eq!(cut(agreement, &later, Ends::Early).0, None);
    let rise = "kind = 'rise', from = 'start', to = 'end'";
    assert_eq!(cut(rise, &one, Ends::Early).0, None);
    let slope = "kind = 'slope', against = 'index', window = [1, 3]";
    assert_eq!(cut(slope, &both, Ends::Early).0, None);
}

#[test]
fn only_the_curves_that_end_early_lack_their_end() {
    let rows = [
        ("net", "skill_strength", 1, vec![(0, 0.0), (LAST, 0.1)]),
        ("net", "skill_strength", 2, vec![(0, 0.0), (20, 0.1)]),
    ];
    let mut made = Made::plain();
    for (model, metric, index, points) in &rows {
        made.curve((model, metric), *index, points);
    }
    made.curve(("twin", "skill_strength"), 1, &rows[0].3);
    made.curve(("net", "t_fit"), 0, &[(LAST, 10.0)]);
    made.curve(("net", "t_gen"), 0, &[(20, f64::INFINITY)]);
    for seed in 0..SEEDS {
        made.cells.push(CellSummary {
            variant: "base".to_owned(),
            seed,
            steps: LAST,
            seconds: 1.0,
            measuring_seconds: 0.0,
            stopped: StopReason::EndsEarly {
                curves: vec![EarlyEnd {
                    model: "net".to_owned(),
                    metric: Some("skill_strength".to_owned()),
                    indices: vec![2],
                    step: 20,
                }],
            },
        });
    }
    let parts = made.parts(FINAL);
    let values: Vec<Option<f64>> = parts.iter().map(|part| part.1).collect();
    assert_eq!(values, [Some(0.1), None]);
    // The bound on a delay that was not reached is the end of its curve, not that of the run.
    assert_eq!(
        made.only("kind = 'delay', of = 'generalised'"),
        (Some(20.0), true)
    );
    assert_eq!(made.only("kind = 'delay', of = 'gap'"), (Some(10.0), true));
    assert_eq!(made.only("kind = 'delay', of = 'fit'"), (Some(10.0), false));
    let claim = "statistic = { kind = 'final-value' }\nthreshold = { above = 0.0 }";
    let of_twin = &made
        .judge(
            &crate::support::spec(&claim.replace("statistic", "compare = ['twin']\nstatistic")),
            None,
        )
        .claims[0]
        .compared[0];
    assert_eq!(of_twin.components[0].seeds, 8);
    assert!(of_twin.notes.is_empty(), "{:?}", of_twin.notes);
}
