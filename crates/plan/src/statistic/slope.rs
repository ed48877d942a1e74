use metrics::log_log_slope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{CellRows, Component, Measured, Sample, Selection, Statistic};

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

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let slopes = |table: &Selection<'_>| -> Vec<Option<f64>> {
            let cells = table.per_seed().into_iter();
            cells.map(|cell| self.in_cell(cell)).collect()
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
    fn in_cell(&self, cell: &CellRows<'_>) -> Option<f64> {
        let [low, high] = self.window;
        let (x, y) = match self.against {
            Against::Step => cell.curve(0),
            Against::Index if self.envelope_bins > 0 => cell.at_all_steps(),
            Against::Index => cell.at_end(),
        };
        let (x, y): (Vec<f64>, Vec<f64>) = x
            .into_iter()
            .zip(y)
            .filter(|&(x, y)| x >= low && x <= high && y > 0.0 && y.is_finite())
            .unzip();
        let (x, y) = match self.envelope_bins {
            0 => (x, y),
            bins => envelope(&x, &y, self.window, bins),
        };
        // The window must have been seen to its end.
        let seen = matches!(self.against, Against::Step) && cell.last_step() >= high;
        if x.len() < 3 || !(cell.has_end() || seen) {
            return None;
        }
        log_log_slope(&x, &y).ok().map(|line| line.slope)
    }
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
