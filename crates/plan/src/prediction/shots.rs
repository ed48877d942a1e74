use serde::{Deserialize, Serialize};
use tasks::{KeyError, parse_table, positive, table_of};

use super::{CellView, Prediction};
use crate::derived::Derived;

/// Extended D_c-shot and N_c-shot models of data and parameter emergence \[Nam2024\]: final
/// `skill_strength` as a function of a knob.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Dotted key of the knob: the data size D or the hidden width N.
    knob: String,
    /// D_c: samples of a skill needed to learn it in full, or N_c: neurons per skill.
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
