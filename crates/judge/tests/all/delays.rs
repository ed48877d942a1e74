//! How late a net generalises: statistics on tables with known answers.

use plan::spec::Outcome;

use crate::support::{Made, ROUNDING, SEEDS, STRENGTH};

/// Last recorded step of every cell.
const LAST: u64 = 1000;

/// Not within the run.
const NEVER: f64 = f64::INFINITY;

#[derive(Default)]
struct Run(Made);

impl Run {
    /// A cell of `group` with `knob` = `value` whose net fits and generalises at these steps; its
    /// features rise by one a hundred steps.
    fn cell(mut self, group: &str, knob: &str, value: f64, [fit, generalised]: [f64; 2]) -> Self {
        let name = format!("{group},{knob}={value}");
        self.0.variant(&name, group, &format!("{knob} = {value:?}"));
        let rises: Vec<(u64, f64)> = (0..=10).map(|n| (100 * n, n as f64)).collect();
        for seed in 0..SEEDS {
            let mut add = |metric: &str, points: &[(u64, f64)]| {
                self.0.add((&name, seed), ("net", metric), 0, points);
            };
            add(STRENGTH, &rises);
            add("t_fit", &[(LAST, fit)]);
            add("t_gen", &[(LAST, generalised)]);
            if fit.is_finite() {
                add("test_accuracy_at_fit", &[(LAST, 0.25)]);
            }
        }
        self
    }

    fn value(&self, statistic: &str) -> (Option<f64>, bool) {
        self.0.only(statistic)
    }
}

fn of(quantity: &str) -> String {
    format!("kind = 'delay', of = '{quantity}'")
}

#[test]
fn a_delay_is_read_off_two_times() {
    let run = Run::default().cell("base", "k", 1.0, [40.0, 200.0]);
    assert_eq!(run.value(&of("fit")), (Some(40.0), false));
    assert_eq!(run.value(&of("generalised")), (Some(200.0), false));
    assert_eq!(run.value(&of("gap")), (Some(160.0), false));
    assert_eq!(run.value(&of("ratio")), (Some(5.0), false));
    assert_eq!(run.value(&of("test-at-fit")), (Some(0.25), false));
    // A net may generalise before it fits.
    let early = Run::default().cell("base", "k", 1.0, [200.0, 40.0]);
    assert_eq!(early.value(&of("gap")), (Some(-160.0), false));
    assert_eq!(early.value(&of("ratio")), (Some(0.2), false));
}

#[test]
fn a_time_that_did_not_come_is_a_bound_and_no_large_number() {
    let run = Run::default().cell("base", "k", 1.0, [40.0, NEVER]);
    assert_eq!(run.value(&of("generalised")), (Some(1000.0), true));
    assert_eq!(run.value(&of("gap")), (Some(960.0), true));
    assert_eq!(run.value(&of("ratio")), (Some(25.0), true));
    assert_eq!(run.value(&of("test-at-fit")), (Some(0.25), false));
    // It is later than the threshold or not known to be.
    let outcome = |threshold| run.0.tested(&of("ratio"), threshold).measured.outcome;
    assert_eq!(outcome("above = 20.0"), Outcome::Supported);
    assert_eq!(outcome("above = 30.0"), Outcome::Undecided);
    assert_eq!(outcome("below = 20.0"), Outcome::Contradicted);
    // Without a fit there is no delay, and a fit at step 0 has no ratio.
    let unfit = Run::default().cell("base", "k", 1.0, [NEVER, 500.0]);
    assert_eq!(unfit.value(&of("fit")), (Some(1000.0), true));
    for quantity in ["gap", "ratio", "test-at-fit"] {
        assert_eq!(unfit.value(&of(quantity)), (None, false), "{quantity}");
    }
    let at_once = Run::default().cell("base", "k", 1.0, [0.0, 500.0]);
    assert_eq!(at_once.value(&of("ratio")), (None, false));
    assert_eq!(at_once.value(&of("gap")), (Some(500.0), false));
}

const ORDER: &str = "kind = 'delay-order', knob = 'k', of = 'ratio'";

#[test]
fn a_factor_and_its_inverse_are_as_far_from_one() {
    // Delays grow with the distance from 1 on either side, and have no order from end to end.
    let valley = Run::default()
        .cell("base", "k", 0.25, [10.0, 400.0])
        .cell("base", "k", 0.5, [10.0, 200.0])
        .cell("base", "k", 1.0, [10.0, 100.0])
        .cell("base", "k", 3.0, [10.0, 300.0]);
    let symmetric = format!("{ORDER}, symmetric = true");
    assert_eq!(valley.value(&symmetric), (Some(1.0), false));
    // 400, 200, 100, 300: four of six pairs fall.
    let (found, _) = valley.value(ORDER);
    assert!((found.unwrap() + 1.0 / 3.0).abs() < ROUNDING, "{found:?}");
}

#[test]
fn delays_are_ordered_along_their_knob() {
    let rising = Run::default()
        .cell("base", "k", 10.0, [10.0, 100.0])
        .cell("base", "k", 2.0, [10.0, 20.0])
        .cell("base", "k", 3.0, [10.0, 30.0]);
    assert_eq!(rising.value(ORDER), (Some(1.0), false));
    // One bound above all others still makes a full order.
    let open = rising.cell("base", "k", 20.0, [10.0, NEVER]);
    assert_eq!(open.value(ORDER), (Some(1.0), false));
    // The order of two bounds is unknown and counts as wrong: 9 of 10 pairs, less one.
    let two = open.cell("base", "k", 30.0, [10.0, NEVER]);
    assert_eq!(two.value(ORDER), (Some(0.8), true));
    // A net that never fits leaves the order open.
    let unfit = two.cell("base", "k", 40.0, [NEVER, NEVER]);
    assert_eq!(unfit.value(ORDER), (None, false));
    let falling = Run::default()
        .cell("base", "k", 1.0, [10.0, 50.0])
        .cell("base", "k", 2.0, [10.0, 30.0])
        .cell("base", "k", 3.0, [10.0, 20.0]);
    assert_eq!(falling.value(ORDER), (Some(-1.0), false));
    let descending = format!("{ORDER}, descending = true");
    assert_eq!(falling.value(&descending), (Some(1.0), false));
    let level =
        Run::default()
            .cell("base", "k", 1.0, [10.0, 20.0])
            .cell("base", "k", 2.0, [20.0, 40.0]);
    assert_eq!(level.value(ORDER), (Some(0.0), false));
}

#[test]
fn knobs_collapse_on_the_axis_of_their_powers_only() {
    // The ratio is the fourth power of 10 k³ and of 10/t.
    let mut run = Run::default().cell("base", "k", 1.0, [1.0, 1.0]);
    for place in [1.0_f64, 0.5, 0.25] {
        let delay = [1.0, (10.0 * place).powi(4)];
        run = run.cell("weights", "k", place.cbrt(), delay);
    }
    for place in [0.9_f64, 0.3] {
        run = run.cell("target", "t", 1.0 / place, [1.0, (10.0 * place).powi(4)]);
    }
    let collapse = |power: f64| {
        let (value, bound) = run.value(&format!(
            "kind = 'collapse', of = 'ratio', knobs = \
             [{{ variant = 'weights', knob = 'k', power = {power:?} }}, \
             {{ variant = 'target', knob = 't', power = -1.0 }}]"
        ));
        assert!(!bound);
        value.unwrap()
    };
    assert!((collapse(3.0) - 1.0).abs() < ROUNDING, "{}", collapse(3.0));
    // With k alone the largest distance is at the lowest common place, k = 0.25^(1/3).
    let low = 0.25_f64.cbrt();
    let expected = (low / 0.25).powi(4);
    assert!((collapse(1.0) / expected - 1.0).abs() < ROUNDING);
}

#[test]
fn a_rise_is_taken_between_the_records_nearest_to_its_moments() {
    let rise = |run: &Run, from: &str, to: &str| {
        run.value(&format!("kind = 'rise', from = '{from}', to = '{to}'"))
    };
    let run = Run::default().cell("base", "k", 1.0, [140.0, 590.0]);
    assert_eq!(rise(&run, "t_fit", "t_gen"), (Some(5.0), false));
    assert_eq!(rise(&run, "start", "t_fit"), (Some(1.0), false));
    assert_eq!(rise(&run, "t_gen", "end"), (Some(4.0), false));
    // The end of the run stands for a time that was not reached.
    let never = Run::default().cell("base", "k", 1.0, [140.0, NEVER]);
    assert_eq!(rise(&never, "t_fit", "t_gen"), (Some(9.0), false));
    assert_eq!(rise(&never, "t_fit", "test_accuracy"), (None, false));
}
