//! The largest gap between two curves, over the cells of a grid.

use plan::spec::Outcome;

use crate::{
    grid::{Grid, Points},
    support::ROUNDING,
};

/// Curves of the net and the twin in two cells, at steps 0, 10 and 20.
fn curves() -> Grid {
    let mut grid = Grid::default();
    let of = |values: [f64; 3]| -> Points { [0, 10, 20].into_iter().zip(values).collect() };
    for (knobs, net, twin) in [
        ("size=1", [1.0, 100.0, 1e-9], [1.5, 50.0, 1e-3]),
        ("size=2", [0.0, 4.0, 2.0], [0.0, 1.0, 4.0]),
    ] {
        grid.cell(knobs);
        grid.rows("net", 1, |_| of(net));
        grid.rows("twin", 1, |_| of(twin));
        grid.rows("net", 2, |_| of([1.0; 3]));
        grid.rows("twin", 2, |_| of([1.25; 3]));
    }
    grid
}

fn gaps(grid: &Grid, more: &str) -> Vec<f64> {
    let gap = format!("kind = 'largest-gap', to = 'twin', metric = 'skill_strength'{more}");
    let parts = grid.0.parts(&gap);
    parts.iter().map(|(_, value, _)| value.unwrap()).collect()
}

#[test]
fn the_largest_gap_is_taken_over_all_cells_of_the_grid() {
    let assert_gaps = |more: &str, expected: [f64; 2]| {
        let found = gaps(&curves(), more);
        assert_eq!(found.len(), 2, "{more}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (found - expected).abs() < ROUNDING,
                "{more}: {found}, {expected}"
            );
        }
    };
    assert_gaps("", [50.0, 0.25]);
    assert_gaps(", at_end = true", [2.0, 0.25]);
    // 4 over 1; at the end 1e-9 over 1e-3.
    assert_gaps(", relative = true", [3.0, 0.2]);
    assert_gaps(", relative = true, at_end = true", [1.0 - 1e-6, 0.2]);
    // 1e-9 and 1e-3 are six decades apart, above 1e-5 two, above 1 none.
    let decades = 1.25_f64.log10();
    assert_gaps(", log10 = true", [6.0, decades]);
    assert_gaps(", log10 = true, floor = 1e-5", [2.0, decades]);
    assert_gaps(", log10 = true, floor = 1.0", [4.0_f64.log10(), decades]);
    assert_gaps(
        ", log10 = true, floor = 1e-5, at_end = true",
        [2.0, decades],
    );
    assert_gaps(", log10 = true, floor = 200.0", [0.0, 0.0]);
    // All indices as one part.
    assert_eq!(gaps(&curves(), ", together = true"), [50.0]);
    assert_eq!(gaps(&curves(), ", together = true, at_end = true"), [2.0]);
}

#[test]
fn the_gap_at_the_end_is_that_of_the_last_step_of_the_own_curve() {
    let mut grid = Grid::default();
    grid.cell("size=1");
    grid.rows("net", 1, |_| vec![(0, 0.0), (20, 1.0)]);
    grid.rows("twin", 1, |_| vec![(0, 5.0), (20, 0.5), (30, 9.0)]);
    assert_eq!(gaps(&grid, ", at_end = true"), [0.5]);
    assert_eq!(gaps(&grid, ""), [5.0]);
    // A time is the same whenever it was recorded.
    grid.rows_of(("twin", "half_time"), 1, |_| vec![(30, 4.0)]);
    let times = "kind = 'largest-gap', to = 'twin', metric = 'half_time', at_end = true";
    assert_eq!(grid.0.parts(times)[0].1, Some(3.0));
    // The other curve ends earlier.
    let gap = "kind = 'largest-gap', metric = 'skill_strength', at_end = true";
    let mut short = Grid::default();
    short.cell("size=1");
    short.rows("net", 1, |_| vec![(0, 0.0), (20, 1.0)]);
    short.rows("twin", 1, |_| vec![(0, 5.0), (10, 0.5)]);
    let parts = short.0.parts(&format!("{gap}, to = 'twin'"));
    assert_eq!(parts[0].1, None);
}

#[test]
fn a_cell_that_cannot_be_compared_leaves_the_largest_gap_open() {
    let mut grid = curves();
    grid.cell("size=3");
    grid.rows("net", 1, |_| vec![(0, 1.0)]);
    grid.rows("net", 2, |_| vec![(0, 1.0)]);
    let gap = "kind = 'largest-gap', to = 'twin', metric = 'skill_strength'";
    assert!(
        grid.0
            .parts(gap)
            .iter()
            .all(|(_, value, _)| value.is_none())
    );
    assert_eq!(grid.outcome(gap, "below = 100.0"), Outcome::Undecided);
}

#[test]
fn equal_values_have_no_gap_and_nan_has_an_infinite_one() {
    let of = |net: f64, twin: f64, more: &str| {
        let mut grid = Grid::default();
        grid.cell("size=1");
        grid.rows("net", 1, |_| vec![(0, 1.0), (10, net)]);
        grid.rows("twin", 1, |_| vec![(0, 1.0), (10, twin)]);
        gaps(&grid, more)[0]
    };
    for more in ["", ", relative = true", ", log10 = true"] {
        assert_eq!(of(0.0, 0.0, more), 0.0, "{more}");
        assert_eq!(of(0.5, f64::NAN, more), f64::INFINITY, "{more}");
    }
    assert_eq!(
        of(0.5, f64::NAN, ", log10 = true, floor = 0.1"),
        f64::INFINITY
    );
    assert_eq!(of(0.5, 0.0, ", relative = true"), f64::INFINITY);
    assert_eq!(of(0.5, 0.0, ", log10 = true"), f64::INFINITY);
    assert_eq!(of(-1.0, -2.0, ", log10 = true"), f64::INFINITY);
}

#[test]
fn a_gap_in_one_cell_contradicts() {
    let gap = "kind = 'largest-gap', to = 'twin', metric = 'skill_strength'";
    assert_eq!(curves().outcome(gap, "below = 51.0"), Outcome::Supported);
    assert_eq!(curves().outcome(gap, "below = 49.0"), Outcome::Contradicted);
    let decades = format!("{gap}, log10 = true, floor = 1e-5, at_end = true");
    assert_eq!(
        curves().outcome(&decades, "below = 2.1"),
        Outcome::Supported
    );
    assert_eq!(
        curves().outcome(&decades, "below = 1.9"),
        Outcome::Contradicted
    );
}

#[test]
fn a_gap_over_that_of_another_group_is_their_ratio_seed_by_seed() {
    let mut grid = curves();
    grid.0.variant("other", "other", "");
    for seed in 0..crate::support::SEEDS {
        for (index, net, twin) in [(1, 8.0, 3.0), (2, 1.0, 1.5)] {
            for (model, value) in [("net", net), ("twin", twin)] {
                let source = (model, crate::support::STRENGTH);
                grid.0.add(("other", seed), source, index, &[(0, value)]);
            }
        }
    }
    let gap = "kind = 'largest-gap', to = 'twin', metric = 'skill_strength', over";
    let found = |more: &str| -> Vec<Option<f64>> {
        let parts = grid.0.parts(&format!("{gap} = {more}")).into_iter();
        parts.map(|part| part.1).collect()
    };
    // 50 over 5 and 0.25 over 0.5.
    assert_eq!(found("'other'"), [Some(10.0), Some(0.5)]);
    assert_eq!(found("'other', together = true"), [Some(10.0)]);
    // A group that was not recorded, and one without a gap.
    assert_eq!(found("'nowhere'"), [None, None]);
    let mut same = curves();
    same.0.variant("other", "other", "");
    for seed in 0..crate::support::SEEDS {
        for model in ["net", "twin"] {
            let source = (model, crate::support::STRENGTH);
            same.0.add(("other", seed), source, 1, &[(0, 1.0)]);
        }
    }
    let parts = same.0.parts(&format!("{gap} = 'other'"));
    assert_eq!(parts[0].1, None);
}
