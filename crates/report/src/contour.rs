//! Lines of equal value on a grid, by marching squares.

use std::collections::BTreeMap;

use crate::canvas::Place;

/// Between two neighbouring corners: the place where the level lies, named by the first corner
/// and whether the second is the next one across.
type Edge = (usize, usize, bool);

/// The lines on which values given at the places `xs` × `ys` are equal to `level`, interpolated
/// linearly between neighbouring places. `value` answers the value at a column and a row; where
/// there is none, a line ends. A closed line ends where it begins.
pub(crate) fn contour(
    xs: &[f64],
    ys: &[f64],
    value: impl Fn(usize, usize) -> Option<f64>,
    level: f64,
) -> Vec<Vec<Place>> {
    let place = |(column, row, across): Edge| -> Option<Place> {
        let next = (column + usize::from(across), row + usize::from(!across));
        let (a, b) = (value(column, row)?, value(next.0, next.1)?);
        let share = (level - a) / (b - a);
        let between =
            |all: &[f64], from: usize, to: usize| all[from] + share * (all[to] - all[from]);
        Some((between(xs, column, next.0), between(ys, row, next.1)))
    };
    let mut pieces = Vec::new();
    for row in 0..ys.len().saturating_sub(1) {
        for column in 0..xs.len().saturating_sub(1) {
            let corners = [(0, 0), (1, 0), (1, 1), (0, 1)];
            let corners = corners.map(|(right, down)| value(column + right, row + down));
            if let [Some(a), Some(b), Some(c), Some(d)] = corners {
                pieces.extend(square(column, row, [a, b, c, d], level));
            }
        }
    }
    let lines = joined(&pieces).into_iter().map(|line| {
        let mut places: Vec<Place> = line.into_iter().filter_map(place).collect();
        places.dedup();
        places
    });
    lines.filter(|places| places.len() > 1).collect()
}

/// The pieces of the line within one square, whose corners go around from the upper left.
fn square(column: usize, row: usize, corners: [f64; 4], level: f64) -> Vec<(Edge, Edge)> {
    let [top, right, bottom, left] = [
        (column, row, true),
        (column + 1, row, false),
        (column, row + 1, true),
        (column, row, false),
    ];
    // The middle decides which of two opposite corners belong together.
    let middle = corners.iter().sum::<f64>() / 4.0 >= level;
    match corners.map(|corner| corner >= level) {
        [false, false, false, false] | [true, true, true, true] => vec![],
        [true, false, false, false] | [false, true, true, true] => vec![(left, top)],
        [false, true, false, false] | [true, false, true, true] => vec![(top, right)],
        [false, false, true, false] | [true, true, false, true] => vec![(right, bottom)],
        [false, false, false, true] | [true, true, true, false] => vec![(bottom, left)],
        [true, true, false, false] | [false, false, true, true] => vec![(left, right)],
        [false, true, true, false] | [true, false, false, true] => vec![(top, bottom)],
        [upper_left, _, _, _] if upper_left == middle => vec![(top, right), (bottom, left)],
        _ => vec![(left, top), (right, bottom)],
    }
}

/// Pieces that meet, as lines: first those with ends, then closed ones.
fn joined(pieces: &[(Edge, Edge)]) -> Vec<Vec<Edge>> {
    let mut meeting: BTreeMap<Edge, Vec<usize>> = BTreeMap::new();
    for (position, &(from, to)) in pieces.iter().enumerate() {
        meeting.entry(from).or_default().push(position);
        meeting.entry(to).or_default().push(position);
    }
    let mut used = vec![false; pieces.len()];
    let mut follow = |start: Edge| {
        let mut line = vec![start];
        let mut at = start;
        while let Some(&next) = meeting[&at].iter().find(|&&piece| !used[piece]) {
            used[next] = true;
            let (from, to) = pieces[next];
            at = if from == at { to } else { from };
            line.push(at);
        }
        line
    };
    let ends = meeting.iter().filter(|(_, pieces)| pieces.len() == 1);
    let starts = ends.map(|(edge, _)| edge).chain(meeting.keys());
    let lines = starts.map(|&start| follow(start));
    lines.filter(|line| line.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(count: usize, low: f64, high: f64) -> Vec<f64> {
        let step = (high - low) / (count - 1) as f64;
        (0..count).map(|n| low + step * n as f64).collect()
    }

    fn of(xs: &[f64], ys: &[f64], f: impl Fn(f64, f64) -> f64, level: f64) -> Vec<Vec<Place>> {
        contour(xs, ys, |column, row| Some(f(xs[column], ys[row])), level)
    }

    #[test]
    fn the_contour_of_a_plane_is_one_straight_line() {
        let (xs, ys) = (places(7, 0.0, 3.0), places(5, -1.0, 1.0));
        let lines = of(&xs, &ys, |x, y| x + 2.0 * y, 1.3);
        assert_eq!(lines.len(), 1);
        assert!(lines[0].len() > 6, "{lines:?}");
        for &(x, y) in &lines[0] {
            assert!((x + 2.0 * y - 1.3).abs() < 1e-12, "{x}, {y}");
        }
        // From edge to edge.
        let (first, last) = (lines[0][0], lines[0][lines[0].len() - 1]);
        assert!(first.1 == 1.0 || first.0 == 0.0, "{first:?}");
        assert!(last.1 == -1.0 || last.0 == 3.0, "{last:?}");
    }

    #[test]
    fn the_contour_of_a_cone_is_a_closed_circle() {
        let xs = places(41, -1.0, 1.0);
        let half_a_cell = 0.025;
        let lines = of(&xs, &xs, f64::hypot, 0.7);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].first(), lines[0].last());
        assert!(lines[0].len() > 80);
        for &(x, y) in &lines[0] {
            assert!((x.hypot(y) - 0.7).abs() < half_a_cell, "{x}, {y}");
        }
        let length: f64 = lines[0]
            .windows(2)
            .map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1))
            .sum();
        assert!((length / (2.0 * std::f64::consts::PI * 0.7) - 1.0).abs() < 0.01);
    }

    #[test]
    fn places_need_not_be_evenly_spaced() {
        let lines = of(&[1.0, 10.0, 100.0], &[5.0, 2.0], |x, _| x, 55.0);
        assert_eq!(lines, [[(55.0, 5.0), (55.0, 2.0)]]);
    }

    #[test]
    fn a_line_ends_where_there_is_no_value() {
        let xs = places(5, 0.0, 4.0);
        let value = |column: usize, row: usize| (row != 2).then_some(column as f64);
        let lines = contour(&xs, &xs, value, 1.5);
        assert_eq!(lines, [[(1.5, 0.0), (1.5, 1.0)], [(1.5, 3.0), (1.5, 4.0)]]);
    }

    #[test]
    fn the_middle_of_a_saddle_decides() {
        let saddle = |corners: [f64; 4], level| {
            let value = |column: usize, row: usize| Some(corners[2 * row + column]);
            contour(&[0.0, 1.0], &[0.0, 1.0], value, level)
        };
        // High at the upper left and the lower right: joined when the middle is high, too.
        let joins_upper_left = |lines: &[Vec<Place>]| {
            let upper_left = |line: &Vec<Place>| line.contains(&(0.0, 0.5));
            let line = lines.iter().find(|line| upper_left(line)).unwrap();
            line.contains(&(0.5, 1.0))
        };
        assert!(joins_upper_left(&saddle([3.0, 1.0, 1.0, 3.0], 2.0)));
        let apart = saddle([2.2, 0.0, 0.0, 2.2], 1.2);
        assert_eq!(apart.len(), 2);
        assert!(
            apart
                .iter()
                .flatten()
                .all(|&(x, y)| (x - 0.5).abs() > 0.01 || (y - 0.5).abs() > 0.01)
        );
        let near = |line: &Vec<Place>| line.iter().all(|&(x, y)| x + y < 1.0);
        assert_eq!(apart.iter().filter(|line| near(line)).count(), 1);
    }

    #[test]
    fn nothing_is_drawn_where_the_level_is_not_reached() {
        let xs = places(4, 0.0, 1.0);
        assert!(of(&xs, &xs, |x, y| x + y, 9.0).is_empty());
        assert!(of(&xs, &xs, |_, _| 1.0, 1.0).is_empty());
        assert!(of(&[0.0], &[0.0, 1.0], |_, y| y, 0.5).is_empty());
    }
}
