use super::{CellRows, Selection};
use crate::log_time::{grid_of, interpolated};

/// How well models and closed forms explain the curves of a model that they were not fitted to.
///
/// Curves are compared on a grid that is uniform in the logarithm of time, from the first record of
/// the explained curve after step 0 to its last. If there is a grid of variants, the first cell of
/// each seed is used.
pub struct Explanations<'a> {
    table: &'a Selection<'a>,
    /// The explained curves of each seed; `None` where one is missing or cut short.
    seeds: Vec<Option<Vec<Explained>>>,
}

/// A curve to explain.
struct Explained {
    index: u64,
    grid: Vec<f64>,
    values: Vec<f64>,
}

/// How well one explanation does in one seed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Mean squared gap over curves and log time, in units of the metric squared.
    pub error: f64,
    /// 1 − error / (variance of the explained values around their mean).
    pub r_squared: f64,
    /// Typical factor by which the explanation is early or late. It is e to the power of the root
    /// mean square of the best shifts in log time, one shift per curve.
    pub clock: f64,
    /// `r_squared` after each curve is shifted by its best shift. It measures the shape alone.
    pub shape_r_squared: f64,
}

/// Shifts in log time that are tried: up to a factor of 4 to each side, in steps of 1 %.
const LARGEST_SHIFT: f64 = 1.386;
const SHIFT: f64 = 0.01;

impl<'a> Explanations<'a> {
    /// The curves to explain: those that `table` selects, at all indices except `fitted`.
    pub fn new(table: &'a Selection<'a>, fitted: &[u64]) -> Self {
        let mut indices = table.indices();
        indices.retain(|index| !fitted.contains(index));
        let curve = |cell: &CellRows<'_>, index: u64| {
            let (times, values) = cell.curve(index);
            let grid = grid_of(&times).filter(|_| cell.has_end_of(index))?;
            let values = on(&grid, &times, &values)?;
            Some(Explained {
                index,
                grid,
                values,
            })
        };
        let of_cell = |cell: &CellRows<'_>| -> Option<Vec<Explained>> {
            let curves: Option<Vec<_>> = indices.iter().map(|&i| curve(cell, i)).collect();
            curves.filter(|curves| !curves.is_empty())
        };
        let seeds = table.per_seed().into_iter().map(of_cell).collect();
        Self { table, seeds }
    }

    /// Scores of a model or prediction, one per seed; `None` where it has no curve to compare.
    pub fn of(&self, model: &str) -> Vec<Option<Score>> {
        self.each(|cell, explained| {
            let (times, values) =
                (self.table).rows_of(cell, model, self.table.metric(), explained.index);
            (!times.is_empty()).then_some((times, values))
        })
    }

    /// Scores of the mean of the other seeds, the best explanation possible without knowing the
    /// seed. If another seed stopped earlier, its last value is continued.
    pub fn of_other_seeds(&self) -> Vec<Option<Score>> {
        let cells = self.table.per_seed();
        self.each(|own, explained| {
            let mut sum = vec![0.0; explained.grid.len()];
            let mut count = 0_u32;
            for other in cells.iter().filter(|cell| cell.seed != own.seed) {
                let (times, values) = other.curve(explained.index);
                let Some(values) = on(&explained.grid, &times, &values) else {
                    continue;
                };
                sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
                count += 1;
            }
            let mean = sum.into_iter().map(|sum| sum / f64::from(count));
            (count > 0).then(|| (explained.grid.clone(), mean.collect()))
        })
    }

    fn each(
        &self,
        curve: impl Fn(&CellRows<'_>, &Explained) -> Option<(Vec<f64>, Vec<f64>)>,
    ) -> Vec<Option<Score>> {
        let cells = self.table.per_seed().into_iter().zip(&self.seeds);
        let score = |(cell, curves): (&CellRows<'_>, &Option<Vec<Explained>>)| {
            let pairs = curves.as_ref()?.iter().map(|explained| {
                let (times, values) = curve(cell, explained)?;
                Some((explained, times, values))
            });
            score(&pairs.collect::<Option<Vec<_>>>()?)
        };
        cells.map(score).collect()
    }
}

/// The values of a curve at the times of a grid.
fn on(grid: &[f64], times: &[f64], values: &[f64]) -> Option<Vec<f64>> {
    let at = |&time: &f64| interpolated(times, values, time).filter(|value| value.is_finite());
    grid.iter().map(at).collect()
}

/// Mean squared gap of one curve to the explained one, shifted by `shift` in log time.
fn gap(explained: &Explained, times: &[f64], values: &[f64], shift: f64) -> Option<f64> {
    let factor = shift.exp();
    let grid: Vec<f64> = explained.grid.iter().map(|time| time * factor).collect();
    let found = on(&grid, times, values)?;
    let gaps = found
        .iter()
        .zip(&explained.values)
        .map(|(a, b)| (a - b) * (a - b));
    Some(gaps.sum::<f64>() / explained.grid.len() as f64)
}

fn score(pairs: &[(&Explained, Vec<f64>, Vec<f64>)]) -> Option<Score> {
    let count = pairs.len() as f64;
    let all = || pairs.iter().flat_map(|(explained, ..)| &explained.values);
    let points = all().count() as f64;
    let mean = all().sum::<f64>() / points;
    let variance = all()
        .map(|value| (value - mean) * (value - mean))
        .sum::<f64>()
        / points;
    let (mut error, mut shape, mut shifts) = (0.0, 0.0, 0.0);
    for (explained, times, values) in pairs {
        let own = gap(explained, times, values, 0.0)?;
        let mut best = (own, 0.0);
        let steps = (LARGEST_SHIFT / SHIFT) as i32;
        for step in -steps..=steps {
            let shift = SHIFT * f64::from(step);
            let found = gap(explained, times, values, shift)?;
            if found < best.0 {
                best = (found, shift);
            }
        }
        error += own / count;
        shape += best.0 / count;
        shifts += best.1 * best.1 / count;
    }
    Some(Score {
        error,
        r_squared: 1.0 - error / variance,
        clock: shifts.sqrt().exp(),
        shape_r_squared: 1.0 - shape / variance,
    })
}

/// The share that an explanation explains of the error that the null leaves, with the ceiling as 1;
/// `None` if the null is as good as the ceiling.
pub fn explained_share(explanation: Score, null: Score, ceiling: Score) -> Option<f64> {
    let room = null.error - ceiling.error;
    (room > 0.0).then(|| (null.error - explanation.error) / room)
}

/// How much better an explanation is than another, in bits: log₂ of the ratio of their errors.
pub fn margin_bits(explanation: Score, other: Score) -> f64 {
    (other.error / explanation.error).log2()
}
