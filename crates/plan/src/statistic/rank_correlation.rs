use metrics::{centred_ranks, correlation_of_ranks};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Arranged, CORRELATION, Measured, Selection, Statistic,
    arranged::measured,
    knob_lines::{self, Rule},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RankCorrelation>("knob = \"models.net.weight_scale\"");

/// Spearman's rank correlation of the last value with a knob.
///
/// It is computed per index among cells that share all other knobs; over these others it is the mean. Values that do not change
/// with the knob count as 0.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RankCorrelation {
    /// Dotted key of \[sweep.grid\].
    knob: String,
    /// Whether the size of the knob counts, whatever its sign.
    #[serde(default)]
    absolute: bool,
    /// Sign of the knob: only the cells where the knob has it count; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    side: Option<Side>,
    /// Values this close to each other, relatively, count as equal. From 0 to below 1.
    #[serde(default)]
    resolution: f64,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Side {
    Positive,
    Negative,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let correlation: RankCorrelation = parse_table(table)?;
    within_one(correlation.resolution)?;
    Ok(Box::new(correlation))
}

/// Refuses a relative resolution outside of [0, 1).
pub(crate) fn within_one(resolution: f64) -> Result<(), KeyError> {
    if (0.0..1.0).contains(&resolution) {
        return Ok(());
    }
    let problem = "must be 0 or more and below 1";
    let hint = "Write for example 1e-6.";
    Err(KeyError::new("resolution", resolution, problem, hint))
}

/// Values with each run of neighbours closer than `resolution` replaced by its smallest.
pub(crate) fn merged(values: &[f64], resolution: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut merged = values.to_vec();
    for pair in order.windows(2) {
        let (lower, upper) = (values[pair[0]], values[pair[1]]);
        if upper - lower <= resolution * upper.abs() {
            merged[pair[1]] = merged[pair[0]];
        }
    }
    merged
}

/// The values of a line.
enum Line {
    /// What stays the same has no order at all.
    Flat,
    /// Their ranks.
    Ranks(Vec<f64>),
}

impl RankCorrelation {
    /// Whether the cells at a knob value count.
    fn counts(&self, knob: f64) -> bool {
        match self.side {
            Some(Side::Positive) => knob > 0.0,
            Some(Side::Negative) => knob < 0.0,
            None => true,
        }
    }
}

impl Statistic for RankCorrelation {
    fn resolved(&self) -> toml::Table {
        table_of("rank-correlation", self)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.knob)
    }

    fn range(&self) -> Option<[f64; 2]> {
        Some(CORRELATION)
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let size = |knob: &f64| if self.absolute { knob.abs() } else { *knob };
        let knobs = move |knobs: &[f64]| {
            let sizes: Vec<f64> = knobs.iter().map(size).collect();
            centred_ranks("knobs", &sizes).ok()
        };
        let values = |values: Vec<f64>| {
            let values = merged(&values, self.resolution);
            match values.as_slice() {
                [] | [_] => None,
                [first, rest @ ..] if rest.iter().all(|value| value == first) => Some(Line::Flat),
                values => Some(Line::Ranks(centred_ranks("values", values).ok()?)),
            }
        };
        let number = |knobs: Option<&Vec<f64>>, line: &Line| match line {
            Line::Flat => Some(0.0),
            Line::Ranks(ranks) => Some(correlation_of_ranks(knobs?, ranks)),
        };
        let rule = Rule {
            knobs: Box::new(knobs),
            values: Box::new(values),
            number,
            finish: |mean| mean,
        };
        Some(Arranged {
            is_order: true,
            ..knob_lines::arranged_where(table, &self.knob, |knob| self.counts(knob), rule)
        })
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        measured(self.arranged(table))
    }
}
