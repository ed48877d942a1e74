use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, positive, table_of};

use super::{CellView, Prediction};
use crate::derived::Derived;

/// What readers are told of `data-shot`.
pub(crate) const DATA: Reference = Reference::of::<Table>("knob = \"task.data.size\"\nshots = 270").about("Final strength of each skill against the size of the training set: a skill is learned in full from D_c of its samples on, the extended D_c-shot model [Nam2024]. The size is a key of [sweep.grid].");

/// What readers are told of `parameter-shot`.
pub(crate) const PARAMETERS: Reference = Reference::of::<Table>("knob = \"models.net.widths\"\nshots = 4").about("Final strength of each skill against the width of the net: skills get N_c neurons each in the order of their frequency, the extended N_c-shot model [Nam2024]. The width is a key of [sweep.grid].");

/// Both shot models.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Dotted key of the knob: the data size or the hidden width.
    knob: String,
    /// D_c: the samples of a skill that are needed to learn it in full; or N_c: the neurons of a skill. Above 0.
    shots: f64,
}

struct Shots {
    table: Table,
    kind: &'static str,
}

pub(crate) fn build_data(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    build(table, "data-shot")
}

pub(crate) fn build_parameters(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    build(table, "parameter-shot")
}

fn build(table: toml::Table, kind: &'static str) -> Result<Box<dyn Prediction>, KeyError> {
    let table: Table = parse_table(table)?;
    positive("shots", table.shots)?;
    Ok(Box::new(Shots { table, kind }))
}

impl Prediction for Shots {
    fn resolved(&self) -> toml::Table {
        table_of(self.kind, &self.table)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["skill_strength"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "skill"
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(knob) = record::knob_value(cell.knobs, &self.table.knob) else {
            return;
        };
        let Some(&step) = cell.clock.steps().last() else {
            return;
        };
        for (k, group) in cell.groups.iter().enumerate() {
            let value = if self.kind == "data-shot" {
                theory::data_shot(knob * group.probability, self.table.shots)
            } else {
                theory::parameter_shot(knob, k + 1, self.table.shots)
            };
            let Ok(value) = value else { continue };
            out.push(Derived {
                metric: "skill_strength",
                index: k as u64 + 1,
                step,
                flow_time: None,
                value,
            });
        }
    }
}
