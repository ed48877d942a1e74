use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{Component, Measured, Selection, Statistic};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<FinalValue>("");

/// The last recorded value of every index, or of one.
///
/// Of a time that did not come within the run, the bound.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FinalValue {
    /// The only index that is read; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    Ok(Box::new(parse_table::<FinalValue>(table)?))
}

impl Statistic for FinalValue {
    fn resolved(&self) -> toml::Table {
        table_of("final-value", self)
    }

    fn relates_indices(&self) -> bool {
        self.index.is_none()
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let components = table
            .indices()
            .into_iter()
            .filter(|index| self.index.is_none_or(|only| only == *index))
            .map(|index| Component {
                label: table.label(index),
                samples: table
                    .per_seed()
                    .into_iter()
                    .map(|cell| cell.final_sample(index))
                    .collect(),
            })
            .collect();
        Measured {
            components,
            notes: vec![],
        }
    }
}
