//! Where the points of curves stand, and which of them a page embeds.

use crate::{axis::Axis, collect::Series, figure::PlaceNumbers, packed::Packed};

use super::draws_band;

/// Relative difference below which two rates of time are the same.
const SAME: f64 = 1e-9;
/// Smallest distances between neighbours, in CSS pixels, from the finest to the coarsest.
const APART: [f64; 13] = [
    0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0, 24.0, 40.0, 80.0,
];

/// The horizontal places of some curves, which several curves may share.
#[derive(PartialEq)]
pub(super) struct Places {
    x: Vec<f64>,
    /// The same on the other axis of time; empty where that is not known.
    times: Vec<f64>,
}

/// Positions of the places that are embedded.
#[derive(Clone, Default)]
pub(super) struct Kept {
    /// For medians and bands.
    pub(super) points: Vec<usize>,
    /// For single seeds: some of `points`.
    pub(super) of_seeds: Vec<usize>,
}

impl Places {
    /// The places of all `series`, each once, and which are those of each series.
    pub(super) fn of(series: &[Series]) -> (Vec<Self>, Vec<usize>) {
        let mut all: Vec<Self> = Vec::new();
        let of_series = series.iter().map(|series| {
            let own = Self::new(series);
            let known = all.iter().position(|other| *other == own);
            known.unwrap_or_else(|| {
                all.push(own);
                all.len() - 1
            })
        });
        let of_series = of_series.collect();
        (all, of_series)
    }

    fn new(series: &Series) -> Self {
        let x: Vec<f64> = series.points.iter().map(|p| p.x).collect();
        let mut known = series.other_time.iter();
        // Both are in the order of x.
        let times = x.iter().map_while(|x| {
            let mut same = known.by_ref().skip_while(|(place, _)| place != x);
            same.next().map(|(_, time)| *time)
        });
        let times: Vec<f64> = times.collect();
        let times = if times.len() == x.len() {
            times
        } else {
            Vec::new()
        };
        Self { x, times }
    }

    /// The places that stand `apart` on `axis`, with the first and the last.
    fn kept(&self, axis: &Axis, apart: f64) -> Vec<usize> {
        let mut kept: Vec<usize> = Vec::new();
        let mut end = f64::NEG_INFINITY;
        for (position, &x) in self.x.iter().enumerate() {
            let at = axis.at(x);
            if (at - end).abs() >= apart || position + 1 == self.x.len() {
                kept.push(position);
                end = at;
            }
        }
        kept
    }

    /// As numbers: `rate` where the other time is a multiple of x, else `times`.
    pub(super) fn numbers(&self, kept: &Kept) -> PlaceNumbers {
        let pairs = || self.x.iter().zip(&self.times);
        let rate = pairs().rfind(|(x, _)| **x > 0.0).map(|(x, time)| time / x);
        let holds = |rate: &f64| pairs().all(|(x, t)| (t - rate * x).abs() <= SAME * t.abs());
        let rate = rate.filter(holds);
        let at = |values: &[f64]| -> Packed {
            let kept = kept.points.iter();
            kept.filter_map(|&at| values.get(at).copied()).collect()
        };
        let seeds = kept.of_seeds.iter().filter_map(|at| {
            let place = kept.points.binary_search(at).ok()?;
            Some(place as f64)
        });
        let all = kept.of_seeds.len() == kept.points.len();
        PlaceNumbers {
            x: at(&self.x),
            rate,
            times: match rate {
                Some(_) => Packed::default(),
                None => at(&self.times),
            },
            of_seeds: if all {
                Packed::default()
            } else {
                seeds.collect()
            },
        }
    }
}

/// The places with those of them that are kept, so that medians and bands take a third of `room`
/// numbers at most, and single seeds the rest.
pub(super) fn thinned(
    series: &[Series],
    all: Vec<Places>,
    of_series: &[usize],
    axis: &Axis,
    room: usize,
) -> Vec<(Places, Kept)> {
    let cost = |kept: &[Vec<usize>], each: fn(&Series) -> usize| -> usize {
        let series = series.iter().zip(of_series);
        series.map(|(s, &at)| each(s) * kept[at].len()).sum()
    };
    let choose = |each: fn(&Series) -> usize, room: usize| -> Vec<Vec<usize>> {
        let at = |apart: f64| -> Vec<Vec<usize>> {
            all.iter().map(|places| places.kept(axis, apart)).collect()
        };
        let mut candidates = APART.map(at).into_iter();
        let coarsest = at(APART[APART.len() - 1]);
        candidates
            .find(|kept| cost(kept, each) <= room)
            .unwrap_or(coarsest)
    };
    let points = choose(|s| if draws_band(s) { 3 } else { 1 }, room / 3);
    let seeds = choose(|s| s.seeds, room - room / 3);
    let kept: Vec<Kept> = points
        .into_iter()
        .zip(seeds)
        .map(|(points, seeds)| {
            let both = seeds
                .into_iter()
                .filter(|at| points.binary_search(at).is_ok());
            Kept {
                of_seeds: both.collect(),
                points,
            }
        })
        .collect();
    all.into_iter().zip(kept).collect()
}
