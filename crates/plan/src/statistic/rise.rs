use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{CellRows, Component, Measured, Sample, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Rise>("from = \"t_fit\"\nto = \"t_gen\"");

/// How much a metric rises between two moments of training: its value at the later one minus that at the earlier.
///
/// A moment is "start", "end", or a metric whose value is a step, such as t_fit and t_gen; the record nearest to it counts. A
/// moment that did not come within the run is its end. Of a grid, the first cell.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Rise {
    /// The earlier moment.
    from: String,
    /// The later moment.
    to: String,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let rise: Rise = parse_table(table)?;
    if rise.from == rise.to {
        let problem = "is the moment that it is compared with";
        return Err(KeyError::new(
            "from",
            rise.from,
            problem,
            "Name two moments.",
        ));
    }
    Ok(Box::new(rise))
}

impl Rise {
    fn sample(
        table: &Selection<'_>,
        cell: &CellRows<'_>,
        index: u64,
        [from, to]: [&str; 2],
    ) -> Sample {
        let (steps, values) = cell.curve(index);
        let value = |moment: &str| {
            let step = match moment {
                // What a curve begins with later is not its start.
                "start" if steps.first() != Some(&0.0) => return None,
                "start" => f64::NEG_INFINITY,
                "end" if !cell.has_end_of(index) => return None,
                "end" => f64::INFINITY,
                metric => table.final_value_of(cell, metric)?,
            };
            // A moment beyond the records is as far from all of them as infinity.
            let far = |at: &f64| (at - step.clamp(-1.0, cell.last_step() + 1.0)).abs();
            let nearest = steps.iter().zip(&values);
            let nearest = nearest.min_by(|a, b| far(a.0).total_cmp(&far(b.0)));
            nearest.map(|(_, value)| *value)
        };
        match (value(from), value(to)) {
            (Some(from), Some(to)) => Sample::Exact(to - from),
            _ => Sample::Missing,
        }
    }
}

impl Statistic for Rise {
    fn resolved(&self) -> toml::Table {
        table_of("rise", self)
    }

    fn reads(&self) -> Vec<&str> {
        let metric = |moment: &&str| !["start", "end"].contains(moment);
        [&*self.from, &self.to].into_iter().filter(metric).collect()
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let cells = table.per_seed();
        let part = |index| Component {
            label: table.label(index),
            samples: (cells.iter())
                .map(|cell| Self::sample(table, cell, index, [&self.from, &self.to]))
                .collect(),
        };
        Measured {
            components: table.indices().into_iter().map(part).collect(),
            notes: vec![],
        }
    }
}
