//! Statistics over the cells of a grid, on tables with known answers.

use plan::spec::Outcome;

use crate::support::{Made, ROUNDING, SEEDS, STRENGTH, not_by, rises_at, written};

/// Cells of a grid over `task.size` and `task.width`, with curves of `net` and `twin`.
#[derive(Default)]
pub(crate) struct Grid(pub(crate) Made);

/// Steps and values.
pub(crate) type Points = Vec<(u64, f64)>;
type Curve<'a> = &'a [(u64, f64)];

impl Grid {
    /// A cell with these knobs (`size=1,width=2`), without rows.
    pub(crate) fn cell(&mut self, knobs: &str) {
        let pair = |knob: &str| format!("'task.{}\n", knob.replace('=', "' = "));
        let table: String = knobs.split(',').map(pair).collect();
        self.0.variant(&format!("base,{knobs}"), "base", &table);
    }

    /// Rows of one index of a metric in the cell made last, for the seeds that `of` gives any.
    pub(crate) fn rows_of(&mut self, source: (&str, &str), index: u64, of: impl Fn(u64) -> Points) {
        let name = self.0.variants.last().unwrap().name.clone();
        for seed in 0..SEEDS {
            self.0.add((&name, seed), source, index, &of(seed));
        }
    }

    /// Rows of strengths.
    pub(crate) fn rows(&mut self, model: &str, index: u64, of: impl Fn(u64) -> Points) {
        self.rows_of((model, STRENGTH), index, of);
    }

    /// A grid over one knob with final values, the same for all seeds; the curves end elsewhere
    /// than they begin.
    fn of_finals(cells: &[(&str, f64)]) -> Self {
        let mut grid = Self::default();
        for &(knobs, value) in cells {
            grid.cell(knobs);
            grid.rows("net", 0, |_| vec![(0, 7.0), (60, value)]);
        }
        grid
    }

    /// The verdict, whose control is met.
    pub(crate) fn outcome(&self, statistic: &str, threshold: &str) -> Outcome {
        let found = self.0.tested(statistic, threshold);
        assert!(found.controls[0].met, "{}", found.reason);
        found.outcome
    }

    /// The only part of a statistic, which is no bound.
    fn only(&self, statistic: &str) -> Option<f64> {
        let (value, bound) = self.0.only(statistic);
        assert!(!bound, "{value:?}");
        value
    }
}

fn assert_close(found: Option<f64>, expected: f64) {
    crate::support::assert_close((found, false), expected, false);
}

const RANK: &str = "kind = 'rank-correlation', knob = 'task.size'";

#[test]
fn the_rank_correlation_of_an_order_is_one_and_of_the_opposite_minus_one() {
    let rising = [("size=1", 0.1), ("size=30", 0.2), ("size=4", 0.15)];
    assert_close(Grid::of_finals(&rising).only(RANK), 1.0);
    let falling = rising.map(|(knob, value)| (knob, -value));
    assert_close(Grid::of_finals(&falling).only(RANK), -1.0);
    // Ranks 1, 2, 3 against 2, 3, 1: 1 − 6·(1 + 1 + 4)/(3·8).
    let mixed = [("size=1", 0.2), ("size=2", 0.3), ("size=3", 0.1)];
    assert_close(Grid::of_finals(&mixed).only(RANK), -0.5);
    // Ranks 1, 2, 3, 4 against 1, 2.5, 2.5, 4: 4.5/√(5·4.5).
    let tied = [
        ("size=1", 0.1),
        ("size=2", 0.2),
        ("size=3", 0.2),
        ("size=4", 0.9),
    ];
    assert_close(Grid::of_finals(&tied).only(RANK), 4.5 / 22.5_f64.sqrt());
}

#[test]
fn the_size_of_a_knob_has_no_sign() {
    let valley = Grid::of_finals(&[
        ("size=-2", 0.1),
        ("size=-0.5", 0.3),
        ("size=0", 0.4),
        ("size=1", 0.2),
        ("size=3", 0.05),
    ]);
    assert_close(valley.only(&format!("{RANK}, absolute = true")), -1.0);
    // Ranks 1 … 5 against 2, 4, 5, 3, 1: 1 − 6·(1 + 4 + 4 + 1 + 16)/(5·24).
    assert_close(valley.only(RANK), -0.3);
    assert_close(valley.only(&format!("{RANK}, absolute = false")), -0.3);
}

#[test]
fn with_two_knobs_the_correlation_is_the_mean_over_the_values_of_the_other() {
    // Orders 1, −1 and −0.5 at widths 1, 2 and 3, whose levels are far apart.
    let lines = [
        ("width=1", [1.0, 2.0, 3.0]),
        ("width=2", [30.0, 20.0, 10.0]),
        ("width=3", [-8.0, -7.0, -9.0]),
    ];
    let mut cells = Vec::new();
    for (width, values) in lines {
        for (size, value) in (1..).zip(values) {
            cells.push((format!("{width},size={size}"), value));
        }
    }
    let cells: Vec<(&str, f64)> = cells.iter().map(|(k, v)| (k.as_str(), *v)).collect();
    assert_close(Grid::of_finals(&cells).only(RANK), -0.5 / 3.0);
    // Along the width the lines are 1, 30, −8 and so on: −0.5 each.
    let width = RANK.replace("size", "width");
    assert_close(Grid::of_finals(&cells).only(&width), -0.5);
}

#[test]
fn constant_values_have_a_correlation_of_zero() {
    let level = [("size=1", 0.1), ("size=2", 0.1), ("size=3", 0.1)];
    assert_close(Grid::of_finals(&level).only(RANK), 0.0);
    assert_eq!(
        Grid::of_finals(&level).outcome(RANK, "above = 0.5"),
        Outcome::Contradicted
    );
    // A line that is level counts in the mean.
    let lines = [
        ("width=1,size=1", 0.1),
        ("width=1,size=2", 0.2),
        ("width=2,size=1", 0.3),
        ("width=2,size=2", 0.3),
    ];
    assert_close(Grid::of_finals(&lines).only(RANK), 0.5);
}

#[test]
fn values_within_the_resolution_are_tied() {
    // The last two differ by 1e-4 of their size, in the wrong order.
    let grid = Grid::of_finals(&[("size=1", 0.1), ("size=2", 0.20002), ("size=3", 0.2)]);
    assert_close(grid.only(RANK), 0.5);
    // Ranks 1, 2, 3 against 1, 2.5, 2.5.
    let tied = 1.5 / (2.0_f64 * 1.5).sqrt();
    assert_close(grid.only(&format!("{RANK}, resolution = 1.1e-4")), tied);
    assert_close(grid.only(&format!("{RANK}, resolution = 0.9e-4")), 0.5);
    // The first is within 60 % of the others.
    assert_close(grid.only(&format!("{RANK}, resolution = 0.6")), 0.0);
}

#[test]
fn every_index_and_every_seed_has_a_correlation_of_its_own() {
    let mut grid = Grid::default();
    for size in 1..=3_u32 {
        grid.cell(&format!("size={size}"));
        let x = f64::from(size);
        grid.rows("net", 1, |_| vec![(60, x)]);
        // Odd seeds fall.
        grid.rows("net", 2, |seed| {
            vec![(60, if seed % 2 == 0 { x } else { -x })]
        });
    }
    let found = grid.0.tested(RANK, "above = 0.5");
    let parts = &found.measured.components;
    assert_eq!((parts.len(), parts[1].label.as_str()), (2, "skill 2"));
    assert!(parts[0].values.iter().all(|value| *value == Some(1.0)));
    let expected = [1.0, -1.0].map(Some).repeat(4);
    assert_eq!(parts[1].values, expected);
}

#[test]
fn a_correlation_needs_an_order_and_a_value_in_every_cell() {
    let cells = [("size=1", 0.1), ("size=2", 0.2), ("size=3", 0.3)];
    assert_eq!(Grid::of_finals(&cells[..1]).only(RANK), None);
    let same = [("size=2,width=1", 0.1), ("size=2,width=2", 0.2)];
    assert_eq!(Grid::of_finals(&same).only(RANK), None);
    // The knob is not in the grid.
    let other = RANK.replace("size", "depth");
    assert_eq!(Grid::of_finals(&cells).only(&other), None);
    // A cell that was never recorded must not be left out silently.
    let mut holed = Grid::of_finals(&cells);
    holed.cell("size=4");
    assert_eq!(holed.only(RANK), None);
    assert_eq!(holed.outcome(RANK, "above = 0.5"), Outcome::Undecided);
    // The same for a line of its own.
    let mut lined = Grid::of_finals(&[("size=1,width=1", 0.1), ("size=2,width=1", 0.2)]);
    lined.cell("size=1,width=2");
    lined.cell("size=2,width=2");
    assert_eq!(lined.only(RANK), None);
    // One seed without the last cell is one seed less.
    let mut partly = Grid::of_finals(&cells);
    partly.cell("size=4");
    partly.rows(
        "net",
        0,
        |seed| if seed == 5 { vec![] } else { vec![(60, 0.4)] },
    );
    let found = partly.0.tested(RANK, "above = 0.5");
    assert_eq!(found.measured.components[0].seeds, 7);
    assert_eq!(found.measured.components[0].values[5], None);
}

#[test]
fn a_correlation_of_the_wrong_sign_contradicts() {
    let rising = Grid::of_finals(&[
        ("size=1", 0.1),
        ("size=2", 0.2),
        ("size=3", 0.3),
        ("size=4", 0.4),
        ("size=5", 0.5),
    ]);
    assert_eq!(rising.outcome(RANK, "above = 0.9"), Outcome::Supported);
    assert_eq!(rising.outcome(RANK, "below = -0.9"), Outcome::Contradicted);
}

#[test]
fn each_side_of_a_knob_has_an_order_of_its_own() {
    // Rises below zero and falls above it; what is at zero is on no side.
    let peak = Grid::of_finals(&[
        ("size=-2", 0.1),
        ("size=-0.5", 0.3),
        ("size=0", 9.0),
        ("size=1", 0.2),
        ("size=3", 0.25),
        ("size=4", 0.05),
    ]);
    let side = |side: &str| format!("{RANK}, side = '{side}'");
    assert_close(peak.only(&side("negative")), 1.0);
    assert_close(
        peak.only(&format!("{}, absolute = true", side("negative"))),
        -1.0,
    );
    // Ranks 1, 2, 3 against 2, 3, 1.
    assert_close(peak.only(&side("positive")), -0.5);
    // One value has no order.
    let one = Grid::of_finals(&[("size=-1", 0.1), ("size=1", 0.2), ("size=2", 0.3)]);
    assert_eq!(one.only(&side("negative")), None);
}

/// Correlates strengths with losses.
const WITH: &str = "kind = 'metric-correlation', with = 'train_loss'";

/// Cells with these pairs of last values: strength and loss.
fn pairs(values: &[(f64, f64)]) -> Grid {
    let mut grid = Grid::default();
    for (size, &(strength, loss)) in (1..).zip(values) {
        grid.cell(&format!("size={size}"));
        grid.rows("net", 0, |_| vec![(0, 7.0), (60, strength)]);
        grid.rows_of(("net", "train_loss"), 0, |_| vec![(0, 3.0), (60, loss)]);
    }
    grid
}

#[test]
fn two_metrics_are_correlated_over_the_cells_of_a_grid() {
    // The order of the knob does not matter: strengths 1, 2, 3 have losses 20, 30, 10.
    let mixed = pairs(&[(3.0, 10.0), (1.0, 20.0), (2.0, 30.0)]);
    assert_close(mixed.only(WITH), -0.5);
    assert_close(
        pairs(&[(1.0, -5.0), (2.0, 0.0), (9.0, 0.1)]).only(WITH),
        1.0,
    );
    // What does not change, or only within the resolution, has no order.
    assert_close(pairs(&[(1.0, 2.0), (2.0, 2.0)]).only(WITH), 0.0);
    let close = pairs(&[(1.0, 2.0), (1.001, 1.0)]);
    assert_close(close.only(WITH), -1.0);
    assert_close(close.only(&format!("{WITH}, resolution = 0.01")), 0.0);
    // One cell has no order, and a cell without the other metric may not be left out in silence.
    assert_eq!(pairs(&[(1.0, 2.0)]).only(WITH), None);
    let mut holed = pairs(&[(1.0, 2.0), (2.0, 3.0)]);
    holed.cell("size=9");
    holed.rows("net", 0, |_| vec![(60, 9.0)]);
    assert_eq!(holed.only(WITH), None);
}

/// A cell whose modes have these sizes and strengths.
fn modes(values: &[(f64, f64)]) -> Grid {
    let mut grid = Grid::default();
    grid.cell("size=1");
    for (index, &(size, strength)) in (1..).zip(values) {
        grid.rows("net", index, |_| vec![(0, 7.0), (60, strength)]);
        grid.rows_of(("net", "mode_size"), index, |_| vec![(60, size)]);
    }
    grid
}

const SLOPE_WITH: &str = "kind = 'metric-slope', with = 'mode_size'";

#[test]
fn the_slope_between_two_metrics_is_the_power_with_which_one_goes_with_the_other() {
    let law = |size: f64| (size, 3.0 * size.powf(-1.5));
    let sizes = [4.0, 2.5, 1.0, 0.3];
    assert_close(modes(&sizes.map(law)).only(SLOPE_WITH), -1.5);
    // The order of the indices does not matter.
    let mixed = [0.3, 4.0, 1.0, 2.5];
    assert_close(modes(&mixed.map(law)).only(SLOPE_WITH), -1.5);
    assert_close(modes(&sizes.map(|size| (size, 2.0))).only(SLOPE_WITH), 0.0);
    // A mode without a time may not be left out in silence, nor one without a size.
    for wrong in [f64::INFINITY, 0.0, -1.0] {
        assert_eq!(
            modes(&[law(4.0), law(1.0), (0.3, wrong)]).only(SLOPE_WITH),
            None
        );
    }
    let mut holed = modes(&[law(4.0), law(1.0)]);
    holed.rows("net", 3, |_| vec![(60, 9.0)]);
    assert_eq!(holed.only(SLOPE_WITH), None);
    // One size has no slope.
    assert_eq!(modes(&[law(4.0), law(4.0)]).only(SLOPE_WITH), None);
}

const RATIO: &str = "kind = 'knob-ratio', knob = 'task.size'";

#[test]
fn the_knob_ratio_of_a_power_law_is_the_power_of_the_ends() {
    // 3 size^-2 from 2 to 50; the grid is out of order.
    let value = |size: f64| 3.0 * size.powi(-2);
    let cells = [
        ("size=10", value(10.0)),
        ("size=50", value(50.0)),
        ("size=2", value(2.0)),
    ];
    assert_close(Grid::of_finals(&cells).only(RATIO), 1.0 / 625.0);
    // What lies between the ends does not matter.
    let bent = [cells[1], ("size=10", 99.0), cells[2]];
    assert_close(Grid::of_finals(&bent).only(RATIO), 1.0 / 625.0);
    // Two negative values have a ratio, too.
    let negative = cells.map(|(knob, value)| (knob, -value));
    assert_close(Grid::of_finals(&negative).only(RATIO), 1.0 / 625.0);
    // −4 is the smallest knob, not the one of the smallest size.
    let signed = [("size=-4", 8.0), ("size=0.5", 1.0), ("size=1", 2.0)];
    assert_close(Grid::of_finals(&signed).only(RATIO), 0.25);
}

#[test]
fn with_two_knobs_the_ratio_is_the_geometric_mean_over_the_other() {
    let grid = Grid::of_finals(&[
        ("size=1,width=1", 1.0),
        ("size=2,width=1", 4.0),
        ("size=1,width=2", 10.0),
        ("size=2,width=2", 90.0),
    ]);
    // Ratios 4 and 9, and along the width 10 and 22.5.
    assert_close(grid.only(RATIO), 6.0);
    assert_close(grid.only(&RATIO.replace("size", "width")), 15.0);
}

#[test]
fn a_ratio_needs_both_ends_and_one_sign() {
    for cells in [
        &[("size=1", 1.0)][..],
        &[("size=1", 1.0), ("size=2", -1.0)],
        &[("size=1", 0.0), ("size=2", 1.0)],
        &[("size=1", 1.0), ("size=2", 0.0)],
        &[("size=1,width=1", 1.0), ("size=1,width=2", 2.0)],
    ] {
        assert_eq!(Grid::of_finals(cells).only(RATIO), None, "{cells:?}");
    }
    // The largest size was never recorded: 4 over 1 is not its ratio.
    let mut holed = Grid::of_finals(&[("size=1", 1.0), ("size=4", 4.0)]);
    assert_close(holed.only(RATIO), 4.0);
    holed.cell("size=100");
    assert_eq!(holed.only(RATIO), None);
    assert_eq!(holed.outcome(RATIO, "above = 2.0"), Outcome::Undecided);
}

#[test]
fn a_ratio_on_the_other_side_contradicts() {
    let grid = Grid::of_finals(&[("size=1", 1.0), ("size=10", 0.1)]);
    assert_eq!(grid.outcome(RATIO, "below = 0.2"), Outcome::Supported);
    assert_eq!(grid.outcome(RATIO, "below = 0.05"), Outcome::Contradicted);
}

/// A grid of half-time curves, two indices per cell.
fn timed(cells: &[(&str, Curve<'_>, Curve<'_>)]) -> Grid {
    let mut grid = Grid::default();
    for (knobs, first, second) in cells {
        grid.cell(knobs);
        grid.rows("net", 1, |_| first.to_vec());
        grid.rows("net", 2, |_| second.to_vec());
    }
    grid
}

const TIME: &str = "kind = 'time-ratio', of = 2, to = 1";

#[test]
fn the_ratio_of_half_times_is_taken_in_every_cell() {
    let grid = timed(&[
        ("size=1", &rises_at(10), &rises_at(40)),
        ("size=2", &rises_at(20), &rises_at(30)),
        ("size=3", &rises_at(10), &rises_at(5)),
    ]);
    let expected = [
        ("base,size=1", 4.0),
        ("base,size=2", 1.5),
        ("base,size=3", 0.5),
    ];
    let of = |pairs: [(&str, f64); 3]| pairs.map(|(l, v)| (l.to_owned(), Some(v), false));
    assert_eq!(grid.0.parts(TIME), of(expected));
    let swapped = expected.map(|(label, ratio)| (label, 1.0 / ratio));
    let found = grid.0.parts("kind = 'time-ratio', of = 1, to = 2");
    for ((label, value, _), (expected_label, expected)) in found.iter().zip(swapped) {
        assert_eq!(label, expected_label);
        assert_close(*value, expected);
    }
    let notes = grid.0.tested(TIME, "above = 0.0").measured.notes;
    assert_eq!(notes, ["half-time of skill 2 over that of skill 1"]);
    let single = timed(&[("size=1", &rises_at(10), &rises_at(40))]);
    assert_close(single.only(TIME), 4.0);
}

#[test]
fn an_unrecorded_half_time_bounds_the_ratio_from_below_or_leaves_it_unknown() {
    let grid = timed(&[
        ("size=1", &rises_at(10), &not_by(60)),
        ("size=2", &not_by(60), &rises_at(10)),
        ("size=3", &not_by(60), &not_by(60)),
        ("size=4", &rises_at(10), &[]),
        // There from the start: no time to compare with.
        ("size=5", &[(0, 0.7), (60, 1.0)], &rises_at(10)),
        ("size=6", &[(0, 0.7), (60, 1.0)], &not_by(60)),
    ]);
    let parts = grid.0.parts(TIME);
    let found: Vec<_> = parts
        .iter()
        .map(|(_, value, bound)| (*value, *bound))
        .collect();
    let nothing = (None, false);
    assert_eq!(
        found,
        [
            (Some(6.0), true),
            nothing,
            nothing,
            nothing,
            nothing,
            nothing
        ]
    );
}

#[test]
fn one_cell_with_another_ratio_contradicts() {
    let grid = |third: u64| {
        timed(&[
            ("size=1", &rises_at(10), &rises_at(40)),
            ("size=2", &rises_at(20), &rises_at(80)),
            ("size=3", &rises_at(10), &rises_at(third)),
        ])
    };
    let within = "within = [3.5, 4.5]";
    assert_eq!(grid(40).outcome(TIME, within), Outcome::Supported);
    assert_eq!(grid(60).outcome(TIME, within), Outcome::Contradicted);
    let found = grid(60).0.tested(TIME, within);
    assert!(
        found.reason.starts_with("base,size=3: 6.000"),
        "{}",
        found.reason
    );
    // A lower bound contradicts an upper limit below it, and leaves a limit above it undecided.
    let late = timed(&[("size=1", &rises_at(10), &not_by(60))]);
    assert_eq!(late.outcome(TIME, "below = 5.0"), Outcome::Contradicted);
    assert_eq!(late.outcome(TIME, "below = 7.0"), Outcome::Undecided);
    assert_eq!(late.outcome(TIME, "above = 5.0"), Outcome::Supported);
}

#[test]
fn the_slope_along_a_knob_is_the_power_of_the_knob() {
    let slope = "kind = 'knob-slope', knob = 'task.size'";
    let power = Grid::of_finals(&[
        ("size=2", 3.0 / 4.0),
        ("size=10", 0.03),
        ("size=4", 3.0 / 16.0),
    ]);
    assert_close(power.only(slope), -2.0);
    // Of these values alone: the fourth is off the line.
    let bent = Grid::of_finals(&[
        ("size=2", 3.0 / 4.0),
        ("size=3", 7.0),
        ("size=10", 0.03),
        ("size=4", 3.0 / 16.0),
    ]);
    let some = format!("{slope}, values = [2.0, 4.0, 10.0]");
    assert_close(bent.only(&some), -2.0);
    assert!((bent.only(slope).unwrap() + 2.0).abs() > 0.1);
    // With two knobs, the mean over the other.
    let lines = Grid::of_finals(&[
        ("size=1,width=1", 1.0),
        ("size=4,width=1", 4.0),
        ("size=1,width=2", 1.0),
        ("size=4,width=2", 1.0),
    ]);
    assert_close(lines.only(slope), 0.5);
    // A number that is not above 0 has no logarithm.
    let zero = Grid::of_finals(&[("size=1", 0.0), ("size=2", 1.0)]);
    assert_eq!(
        zero.0.tested(slope, "above = 0.0").measured.components[0].seeds,
        0
    );
}

/// One cell with curves of several indices that cross one half at these steps; 0 never does.
fn crossings(net: &[u64], twin: &[u64]) -> Grid {
    let mut grid = Grid::default();
    grid.cell("size=1");
    for (model, times) in [("net", net), ("twin", twin)] {
        for (index, &time) in (1..).zip(times) {
            grid.rows(model, index, |_| match time {
                0 => vec![(0, 0.0), (1000, 0.25)],
                time => rises_at(time).to_vec(),
            });
        }
    }
    grid
}

#[test]
fn half_times_agree_by_their_ranks_with_another_model_or_with_the_index() {
    let (to_twin, to_index) = (
        "kind = 'half-time-agreement', to = 'twin'",
        "kind = 'half-time-agreement'",
    );
    let same = crossings(&[30, 10, 20], &[300, 100, 200]);
    assert_close(same.only(to_twin), 1.0);
    // Ranks 3, 1, 2 against 1, 2, 3: 1 − 6·(4 + 1 + 1)/24.
    assert_close(same.only(to_index), -0.5);
    let opposite = crossings(&[10, 20, 30], &[30, 20, 10]);
    assert_close(opposite.only(to_twin), -1.0);
    // What never comes is last.
    assert_close(crossings(&[10, 20, 0], &[1, 2, 3]).only(to_twin), 1.0);
    // Times that are all the same have no order.
    assert_close(crossings(&[10, 10, 10], &[1, 2, 3]).only(to_twin), 0.0);
}

/// One cell: the net's strength saturates while another of its metrics falls.
fn saturating(rise: &[(u64, f64)], fall: &[(u64, f64)]) -> Grid {
    let mut grid = Grid::default();
    grid.cell("size=1");
    grid.rows_of(("net", "train_loss"), 0, |_| fall.to_vec());
    grid.rows("net", 0, |_| rise.to_vec());
    grid
}

#[test]
fn saturation_is_timed_against_the_loss() {
    let ratio = "kind = 'saturation-ratio', than = 'train_loss'";
    let falls = [(0, 2.0), (100, 1.0)];
    // 90 % of the way from 0.2 to 0.6 at step 9, a tenth of the loss gone at step 20.
    let rises = [(0, 0.2), (10, 0.6), (50, 0.5)];
    assert_close(saturating(&rises, &falls).only(ratio), 9.0 / 20.0);
    let half = format!("{ratio}, level = 0.5, drop = 0.5");
    assert_close(saturating(&rises, &falls).only(&half), 5.0 / 100.0);
    // A rise of less than `least` is none: later than the end.
    let flat = saturating(&[(0, 0.2), (60, 0.205)], &falls);
    assert_eq!(
        flat.0.parts(ratio),
        [(String::new(), Some(60.0 / 20.0), true)]
    );
    // A constant loss gives no time.
    let stays = saturating(&rises, &[(0, 2.0), (100, 1.99)]);
    assert_eq!(
        stays.0.tested(ratio, "above = 0.0").measured.components[0].seeds,
        0
    );
}

#[test]
fn the_statistic_of_other_models_is_shown_and_does_not_affect_the_verdict() {
    let mut grid = Grid::default();
    grid.cell("size=1");
    grid.rows("net", 0, |_| vec![(0, 1.0)]);
    grid.rows("twin", 0, |_| vec![(0, 5.0)]);
    let found = grid.0.tested("kind = 'final-value'", "below = 2.0");
    assert_eq!(found.outcome, Outcome::Supported);
    let [beside] = found.alongside.as_slice() else {
        panic!("{:?}", found.alongside);
    };
    assert_eq!(
        (beside.model.as_str(), beside.outcome),
        ("twin", Outcome::Contradicted)
    );
    assert_eq!(beside.components[0].centre, Some(5.0));
    // All eight seeds on one side: 2/2^8.
    assert!((found.p_value.unwrap() - 2.0 / 256.0).abs() < ROUNDING);
}

/// The learning rate and λ of cells of one group, and a batch size of another, as final values.
fn of_two_groups() -> Made {
    let mut made = Made::default();
    let mut cell = |group: &str, knobs: &str, value: f64| {
        let name = format!("{group},{knobs}");
        made.variant(&name, group, knobs);
        made.numbers(&name, "net", &[value; SEEDS as usize]);
    };
    for lr in [0.1, 0.2, 0.3] {
        for lambda in [1.0, 3.0, 9.0] {
            let knobs = format!("'training.lr' = {lr:?}\n'models.twin.lambda' = {lambda:?}");
            cell("base", &knobs, lr + lambda / 100.0);
        }
    }
    for batch in [5, 10] {
        cell(
            "own",
            &format!("'task.data.batch' = {batch}"),
            f64::from(batch),
        );
    }
    for (activation, value) in [("relu", 0.0), ("tanh", 1.0)] {
        cell(
            "words",
            &format!("'models.net.activation' = '{activation}'"),
            value,
        );
    }
    made
}

#[test]
fn a_claim_is_judged_at_the_cells_that_it_names() {
    for (at, expected) in [
        ("'training.lr' = 0.2, 'models.twin.lambda' = 3", 0.23),
        ("'training.lr' = 0.3, 'models.twin.lambda' = 9.0", 0.39),
        // The order of keys does not matter.
        ("'models.twin.lambda' = 1.0, 'training.lr' = 0.1", 0.11),
        // One knob leaves the first of three cells.
        ("'models.twin.lambda' = 9.0", 0.19),
        ("", 0.11),
    ] {
        let found = of_two_groups().judged(&format!(
            "statistic = {{ kind = 'final-value' }}\nthreshold = {{ above = 0.5 }}\nat = {{ {at} }}\n\
             controls = [{{ name = 'elsewhere', must = 'contradicted', \
             at = {{ 'training.lr' = 0.3, 'models.twin.lambda' = 1 }} }}]"
        ));
        let centre = |parts: &[layerwise_judge::ComponentJudgement]| {
            assert_eq!(parts.len(), 1);
            parts[0].centre
        };
        assert_close(centre(&found.measured.components), expected);
        // A control has cells of its own.
        assert_close(centre(&found.controls[0].judgement.components), 0.31);
    }
    // So has a number. Knobs whose values are words select cells, too.
    for (variant, at, expected) in [
        ("own", "'task.data.batch' = 10.0", 10.0),
        ("words", "'models.net.activation' = 'tanh'", 1.0),
    ] {
        let number = written(&format!(
            "[[numbers]]\nid = 'N'\nstatement = 'A number'\nmetric = 'skill_strength'\n\
             model = 'net'\nvariant = '{variant}'\nat = {{ {at} }}\n\
             statistic = {{ kind = 'final-value' }}\n"
        ));
        let found = of_two_groups().judge(&number, None);
        assert_close(found.numbers[0].components[0].centre, expected);
    }
}
