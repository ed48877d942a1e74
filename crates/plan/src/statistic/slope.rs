use metrics::log_log_slope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Along, Arranged, CellRows, Component, Measured, Sample, Selection, Statistic, selection::Curve,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Slope>("window = [100, 10_000]");

/// The power with which a metric grows with the step or the index: the least-squares slope on log axes, within a window.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Slope {
    /// What the metric is held against.
    #[serde(default)]
    against: Against,
    /// Smallest and largest step or index. Above 0.
    window: [f64; 2],
    /// Number of bins, evenly spaced in the logarithm, in each of which the smallest value over all steps is taken first: the
    /// lower envelope. With 0 every point of the last step is taken.
    #[serde(default)]
    envelope_bins: usize,
    /// Take away the slope in this variant group, seed by seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    minus: Option<String>,
}

#[derive(Clone, Copy, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Against {
    /// The training step.
    #[default]
    Step,
    /// The index of the metric.
    Index,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let slope: Slope = parse_table(table)?;
    let [low, high] = slope.window;
    if !(low > 0.0 && high > low) {
        return Err(KeyError::new(
            "window",
            format!("[{low}, {high}]"),
            "must be two increasing positive numbers",
            "Write for example [100, 10000].",
        ));
    }
    Ok(Box::new(slope))
}

impl Statistic for Slope {
    fn resolved(&self) -> toml::Table {
        table_of("slope", self)
    }

    fn groups(&self) -> Vec<&str> {
        self.minus.as_deref().into_iter().collect()
    }

    fn relates_indices(&self) -> bool {
        self.minus.is_none()
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        if !matches!(self.against, Against::Index) || self.envelope_bins > 0 || self.minus.is_some()
        {
            return None;
        }
        let cells = table.per_seed();
        let points: Vec<Option<Curve>> = cells.iter().map(|cell| self.points(cell)).collect();
        let mut places: Vec<f64> = (points.iter().flatten())
            .flat_map(|(x, _)| x.iter().copied())
            .collect();
        places.sort_by(f64::total_cmp);
        places.dedup();
        let known = places.clone();
        let parts = (vec![String::new()], points.len());
        let samples = move |seed: usize, places: &[f64]| {
            let slope = points[seed].as_ref().and_then(|(x, y)| {
                let place = |x: &f64| known.iter().position(|known| known == x);
                let x = x.iter().map(|x| Some(places[place(x)?]));
                slope(&x.collect::<Option<Vec<f64>>>()?, y)
            });
            vec![slope.map_or(Sample::Missing, Sample::Exact)]
        };
        Some(Arranged::order(Along::Index, places, parts, samples))
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let slopes = |table: &Selection<'_>| -> Vec<Option<f64>> {
            let cells = table.per_seed().into_iter();
            let in_cell = |cell: &CellRows<'_>| {
                let (x, y) = self.points(cell)?;
                slope(&x, &y)
            };
            cells.map(in_cell).collect()
        };
        let mut found = slopes(table);
        if let Some(other) = &self.minus {
            let others = slopes(&table.of_group(other));
            // A group without cells has nothing to take away.
            let others = others.into_iter().chain(std::iter::repeat(None));
            for (slope, other) in found.iter_mut().zip(others) {
                *slope = slope.zip(other).map(|(slope, other)| slope - other);
            }
        }
        let samples = found.into_iter();
        Measured {
            components: vec![Component {
                label: String::new(),
                samples: samples
                    .map(|slope| slope.map_or(Sample::Missing, Sample::Exact))
                    .collect(),
            }],
            notes: vec![],
        }
    }
}

impl Slope {
    /// The points of a cell through which the line goes; `None` where the window was not seen to its
    /// end.
    fn points(&self, cell: &CellRows<'_>) -> Option<Curve> {
        let [low, high] = self.window;
        let (x, y) = match self.against {
            Against::Step => cell.curve(0),
            Against::Index if self.envelope_bins > 0 => cell.at_all_steps(),
            Against::Index => cell.at_end(),
        };
        let (x, y): Curve = (x.into_iter().zip(y))
            .filter(|&(x, y)| x >= low && x <= high && y > 0.0 && y.is_finite())
            .unzip();
        let points = match self.envelope_bins {
            0 => (x, y),
            bins => envelope(&x, &y, self.window, bins),
        };
        let seen = matches!(self.against, Against::Step) && cell.last_step() >= high;
        (cell.has_end() || seen).then_some(points)
    }
}

/// The slope through at least three points.
fn slope(x: &[f64], y: &[f64]) -> Option<f64> {
    let line = (x.len() > 2).then(|| log_log_slope(x, y).ok())?;
    line.map(|line| line.slope)
}

/// The lowest point of each bin that has one.
fn envelope(x: &[f64], y: &[f64], [low, high]: [f64; 2], bins: usize) -> (Vec<f64>, Vec<f64>) {
    let mut lowest: Vec<Option<(f64, f64)>> = vec![None; bins];
    for (&x, &y) in x.iter().zip(y) {
        let place = (x / low).ln() / (high / low).ln() * bins as f64;
        let bin = &mut lowest[(place as usize).min(bins - 1)];
        if bin.is_none_or(|(_, least)| y < least) {
            *bin = Some((x, y));
        }
    }
    lowest.into_iter().flatten().unzip()
}
