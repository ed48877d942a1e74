//! Labels on curves, so that nobody has to look up a legend: above the place where a curve rises
//! (as skills emerge one after another), or beside its end.

use metrics::log_log_slope;
use models::Role;
use plan::spec::{Panel, PanelKind, Scale, XAxis};

use crate::{
    axis::Axis,
    collect::Series,
    font,
    keys::Key,
    number::plain,
    style::{Appearance, LABEL},
};

/// Where the labels of a panel stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// There is nothing to label.
    Nowhere,
    /// In a row above the curves.
    Top,
    /// In a column right of the curves.
    End,
}

/// One line of a label beside the end of curves.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The appearance whose line stands before it, where only that tells which curve is meant.
    pub(crate) swatch: Option<Appearance>,
    /// The text.
    pub(crate) text: String,
}

/// The label of one key.
#[derive(Debug, Clone)]
pub(crate) struct Label {
    /// Position of its key.
    pub(crate) key: usize,
    /// Its lines, from top to bottom.
    pub(crate) lines: Vec<Line>,
    /// Value on the axis along which it can move (x at the top, y at the end).
    pub(crate) at: f64,
}

/// Smallest gap between labels above the curves.
pub(crate) const GAP: f64 = 12.0;
/// Length of a swatch in a label, with its gap.
pub(crate) const SWATCH: f64 = 30.0;
/// Height of one line of a label.
pub(crate) const LINE: f64 = LABEL * 1.2;

impl Line {
    /// Its width in CSS pixels.
    pub(crate) fn width(&self) -> f64 {
        font::width(&self.text, LABEL) + self.swatch.map_or(0.0, |_| SWATCH)
    }
}

/// Which series speaks for a key: its net, or else its first layer; one without any point only
/// where there is no other.
fn speaker(series: &[Series], key: usize) -> Option<&Series> {
    let own = series.iter().filter(|s| s.key == key);
    own.min_by_key(|s| {
        let net = s.appearance.role == Role::Net;
        (s.points.is_empty(), !net)
    })
}

/// Decides where labels stand, before pixels are known: above when most curves rise and end so
/// close together that their ends cannot tell them apart, and when the labels fit into `room`.
pub(crate) fn side(
    panel: &Panel,
    keys: &[Key<'_>],
    series: &[Series],
    y: [f64; 2],
    room: f64,
) -> Side {
    if panel.kind == PanelKind::PowerLaw {
        return Side::End;
    }
    if keys.iter().all(|key| key.label.is_empty()) {
        return Side::Nowhere;
    }
    let speakers: Vec<&Series> = (0..keys.len())
        .filter_map(|key| speaker(series, key))
        .collect();
    let rising = speakers.iter().filter(|s| rises(s, y)).count();
    let all_drawn = speakers.iter().all(|s| !s.points.is_empty());
    if all_drawn
        && panel.x_axis() != XAxis::Index
        && panel.scales().1 == Scale::Linear
        && 2 * rising > speakers.len()
    {
        let mut ends: Vec<f64> = speakers.iter().map(|s| share(last(s), y)).collect();
        ends.sort_by(f64::total_cmp);
        let apart = ends.windows(2).all(|pair| pair[1] - pair[0] > 0.06);
        let widths: f64 = keys
            .iter()
            .map(|key| font::width(&key.short, LABEL) + GAP)
            .sum();
        if (!apart || ends.len() == 1) && widths < room {
            return Side::Top;
        }
    }
    Side::End
}

fn share(value: f64, [low, high]: [f64; 2]) -> f64 {
    (value - low) / (high - low)
}

/// The last value; infinite where nothing happened in time.
fn last(series: &Series) -> f64 {
    series.points.last().map_or(f64::INFINITY, |p| p.median)
}

fn rises(series: &Series, y: [f64; 2]) -> bool {
    let Some(first) = series.points.first() else {
        return false;
    };
    share(last(series), y) - share(first.median, y) > 0.3
}

/// The labels above the curves: each at the half height of its own curve, and at the right edge
/// for a curve that did not rise.
pub(crate) fn top(keys: &[Key<'_>], series: &[Series], x: &Axis, y: [f64; 2]) -> Vec<Label> {
    let labelled = (0..keys.len()).filter_map(|key| {
        let series = speaker(series, key)?;
        let half = 0.5 * (series.points.first()?.median + last(series));
        let crossing = series.points.iter().position(|p| p.median >= half);
        let at = match crossing {
            Some(after) if rises(series, y) => {
                let (from, to) = (series.points[after.saturating_sub(1)], series.points[after]);
                let share = if from.median < half {
                    (half - from.median) / (to.median - from.median)
                } else {
                    1.0
                };
                (from.x + share * (to.x - from.x)).clamp(x.low, x.high)
            }
            _ => x.high,
        };
        Some((key, at))
    });
    labelled
        .map(|(key, at)| Label {
            key,
            lines: vec![Line {
                swatch: None,
                text: keys[key].label.clone(),
            }],
            at,
        })
        .collect()
}

/// The labels beside the ends of the curves, broken at `room`; in a power law, with the slope of
/// each layer over the points for which `drawn` holds.
pub(crate) fn end(
    panel: &Panel,
    keys: &[Key<'_>],
    series: &[Series],
    drawn: impl Fn(f64, f64) -> bool,
    room: f64,
) -> Vec<Label> {
    let labelled = (0..keys.len()).filter_map(|key| {
        let at = last(speaker(series, key)?);
        let mut lines = Vec::new();
        let name = font::wrap(&keys[key].label, LABEL, room);
        lines.extend(name.into_iter().map(|text| Line { swatch: None, text }));
        if panel.kind == PanelKind::PowerLaw {
            lines.extend(slopes(series, key, &drawn));
        }
        (!lines.is_empty()).then_some(Label { key, lines, at })
    });
    labelled.collect()
}

fn slopes(series: &[Series], key: usize, drawn: impl Fn(f64, f64) -> bool) -> Vec<Line> {
    let own = series.iter().filter(|s| s.key == key);
    own.filter_map(|s| {
        let inside = s.points.iter().map(|p| (p.x, p.median));
        let (xs, ys): (Vec<f64>, Vec<f64>) = inside.filter(|&(x, y)| drawn(x, y)).unzip();
        let slope = log_log_slope(&xs, &ys).ok()?.slope;
        Some(Line {
            swatch: Some(s.appearance),
            text: format!("slope {}", plain(slope, 3)),
        })
    })
    .collect()
}

/// Gives neighbours that are less than `gap` apart the same centre, so that [`spread`] leaves them
/// in the order in which they came.
pub(crate) fn together(centres: &mut [f64], gap: f64) {
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by(|&a, &b| centres[a].total_cmp(&centres[b]));
    let near = |a: &usize, b: &usize| centres[*b] - centres[*a] < gap;
    let clusters: Vec<Vec<usize>> = order.chunk_by(near).map(<[usize]>::to_vec).collect();
    for cluster in clusters {
        let mean = cluster.iter().map(|&i| centres[i]).sum::<f64>() / cluster.len() as f64;
        for member in cluster {
            centres[member] = mean;
        }
    }
}

/// Moves things of the given sizes, wanted around `centres`, apart from each other within `low`
/// to `high`, as little as possible. Answers their centres in the same order, or nothing when
/// there is no room.
pub(crate) fn spread(
    centres: &[f64],
    sizes: &[f64],
    gap: f64,
    low: f64,
    high: f64,
) -> Option<Vec<f64>> {
    let total: f64 = sizes.iter().sum::<f64>() + gap * sizes.len().saturating_sub(1) as f64;
    if total > high - low {
        return None;
    }
    let mut order: Vec<usize> = (0..centres.len()).collect();
    order.sort_by(|&a, &b| centres[a].total_cmp(&centres[b]));
    // A cluster of touching things: its members, its length, and the sum of the starts it wants.
    let mut clusters: Vec<(Vec<usize>, f64, f64)> = Vec::new();
    let start = |(members, length, wanted): &(Vec<usize>, f64, f64)| {
        (wanted / members.len() as f64).clamp(low, (high - length).max(low))
    };
    for item in order {
        let mut cluster = (vec![item], sizes[item], centres[item] - sizes[item] / 2.0);
        while let Some(before) = clusters.last() {
            if start(before) + before.1 + gap <= start(&cluster) {
                break;
            }
            let shift = before.1 + gap;
            let wanted = before.2 + cluster.2 - shift * cluster.0.len() as f64;
            let mut members = before.0.clone();
            members.append(&mut cluster.0);
            cluster = (members, shift + cluster.1, wanted);
            clusters.pop();
        }
        clusters.push(cluster);
    }
    let mut placed = centres.to_vec();
    for cluster in &clusters {
        let mut at = start(cluster);
        for &member in &cluster.0 {
            placed[member] = at + sizes[member] / 2.0;
            at += sizes[member] + gap;
        }
    }
    Some(placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_touch_stays_where_it_is() {
        let placed = spread(&[10.0, 50.0], &[10.0, 10.0], 2.0, 0.0, 100.0).unwrap();
        assert_eq!(placed, [10.0, 50.0]);
    }

    #[test]
    fn what_touches_moves_apart_by_the_same_amount() {
        let placed = spread(&[50.0, 50.0], &[10.0, 10.0], 2.0, 0.0, 100.0).unwrap();
        assert_eq!(placed, [44.0, 56.0]);
    }

    #[test]
    fn what_nearly_coincides_keeps_its_order() {
        let mut centres = [52.0, 50.0, 51.0, 90.0];
        together(&mut centres, 5.0);
        assert_eq!(centres, [51.0, 51.0, 51.0, 90.0]);
        let placed = spread(&centres, &[10.0; 4], 2.0, 0.0, 200.0).unwrap();
        assert!(placed.is_sorted(), "{placed:?}");
    }

    #[test]
    fn nothing_leaves_the_room_or_overlaps() {
        let centres = [98.0, 97.0, 1.0, 2.0, 99.0];
        let placed = spread(&centres, &[10.0; 5], 2.0, 0.0, 100.0).unwrap();
        let mut sorted = placed.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted[0] >= 5.0 && sorted[4] <= 95.0, "{placed:?}");
        assert!(
            sorted
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= 12.0 - 1e-9),
            "{placed:?}"
        );
        assert_eq!(spread(&[0.0; 9], &[12.0; 9], 0.0, 0.0, 100.0), None);
    }
}
