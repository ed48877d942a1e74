use metrics::log_log_slope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Arranged, Measured, Selection, Statistic,
    arranged::measured,
    knob_lines::{self, Rule},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<KnobSlope>("knob = \"models.net.output_scale\"");

/// The power with which a metric grows along a knob: the least-squares slope of ln(last value) against ln(knob).
///
/// Where other knobs vary, the mean over them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct KnobSlope {
    /// Dotted key of \[sweep.grid\].
    knob: String,
    /// Only these values of the knob, three or more; all if left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<f64>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let slope: KnobSlope = parse_table(table)?;
    if (1..3).contains(&slope.values.len()) {
        let hint = "Write three values of the knob or more, or leave it out.";
        let found = format!("{:?}", slope.values);
        return Err(KeyError::new(
            "values",
            found,
            "is too few for a slope",
            hint,
        ));
    }
    Ok(Box::new(slope))
}

impl Statistic for KnobSlope {
    fn resolved(&self) -> toml::Table {
        table_of("knob-slope", self)
    }

    fn knob(&self) -> Option<&str> {
        Some(&self.knob)
    }

    fn knob_values(&self) -> &[f64] {
        &self.values
    }

    fn arranged<'t>(&'t self, table: &Selection<'_>) -> Option<Arranged<'t>> {
        let rule = Rule {
            knobs: Box::new(|knobs: &[f64]| Some(knobs.to_vec())),
            values: Box::new(Some),
            number: |knobs, values: &Vec<f64>| Some(log_log_slope(knobs?, values).ok()?.slope),
            finish: |mean| mean,
        };
        // Any values along few places have some slope.
        Some(Arranged {
            is_order: true,
            ..knob_lines::arranged_where(
                table,
                &self.knob,
                |knob| self.values.is_empty() || self.values.contains(&knob),
                rule,
            )
        })
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        measured(self.arranged(table))
    }
}
