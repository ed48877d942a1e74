use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{Component, Measured, Sample, Selection, Statistic, times::half_times};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<TimeRatio>("of = 2\nto = 1");

/// The half-time of one index over that of another; one part per cell of the grid.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TimeRatio {
    /// Index of the half-time above.
    of: u64,
    /// Index of the half-time below.
    to: u64,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let ratio: TimeRatio = parse_table(table)?;
    if ratio.of == ratio.to {
        let problem = "is the index that it is compared with";
        return Err(KeyError::new("of", ratio.of, problem, "Name two indices."));
    }
    Ok(Box::new(ratio))
}

impl Statistic for TimeRatio {
    fn resolved(&self) -> toml::Table {
        table_of("time-ratio", self)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let per_seed: Vec<Vec<(String, Sample)>> = (table.seeds.iter())
            .map(|&seed| {
                let cells = table.of_seed(seed).map(|cell| {
                    let times = half_times(cell, &[self.of, self.to]);
                    let ratio = match times[..] {
                        // What was there at the start has no ratio to anything.
                        [_, Sample::Exact(to)] if to <= 0.0 => Sample::Missing,
                        [Sample::Exact(of), Sample::Exact(to)] => Sample::Exact(of / to),
                        [Sample::AtLeast(of), Sample::Exact(to)]
                        | [Sample::Exact(of) | Sample::AtLeast(of), Sample::AtMost(to)] => {
                            Sample::AtLeast(of / to)
                        }
                        [Sample::AtMost(of), Sample::Exact(to) | Sample::AtLeast(to)] => {
                            Sample::AtMost(of / to)
                        }
                        _ => Sample::Missing,
                    };
                    (cell.variant.name.clone(), ratio)
                });
                cells.collect()
            })
            .collect();
        let parts = per_seed.first().map_or(0, Vec::len);
        let components = (0..parts).map(|part| Component {
            label: if parts == 1 {
                String::new()
            } else {
                per_seed[0][part].0.clone()
            },
            samples: per_seed.iter().map(|cells| cells[part].1).collect(),
        });
        Measured {
            components: components.collect(),
            notes: vec![format!(
                "half-time of {} over that of {}",
                table.label(self.of),
                table.label(self.to)
            )],
        }
    }
}
