use metrics::{Crossing, first_crossing};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Quantity, Reference, parse_table, positive, table_of};

use super::{MeasureError, Metric, Reading, Snapshot};
use crate::{
    derived::{Derived, ModelCurves},
    times,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Losses>("fit = 0.01\ngeneralised = 0.25").giving(&[&[
Quantity::new("train_loss", "loss", "The training loss on the batch of the step, in the convention of the run"),
Quantity::new("test_loss", "target²", "½ Σ_k P_k mean_k |f − y|² on the test rows of the groups k (skills, modes or classes) with probabilities P_k, whatever the training loss is"),
Quantity::new("test_criterion", "loss", "The training loss on the test rows, which count equally unless the task weighs them"),
Quantity::new("loss_t_fit", "steps", "Step at which the training loss first falls to `fit`, between records by interpolation; infinite when not within the run. With fit"),
Quantity::new("loss_t_gen", "steps", "Step at which the test loss first falls to `generalised`, between records by interpolation; infinite when not within the run. With generalised"),
Quantity::new("loss_gap", "steps", "loss_t_gen − loss_t_fit: how late the model generalises. With both levels"),
]]);

/// Training and test losses, and the steps at which they fall to given levels.
///
/// Can be read on every task and model. A time that did not come within the run is infinite, and so is the gap; a time before
/// the first record is minus infinite, and gives no gap.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Losses {
    /// Training loss down to which the rows count as fitted, in the convention of the run. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fit: Option<f64>,
    /// Test loss `test_loss` down to which the model counts as generalising. Above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    generalised: Option<f64>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let losses: Losses = parse_table(table)?;
    for (key, level) in [("fit", losses.fit), ("generalised", losses.generalised)] {
        level.map_or(Ok(()), |level| positive(key, level).map(|_| ()))?;
    }
    Ok(Box::new(losses))
}

/// The step at which a recorded curve first falls to a level; `None` without a curve.
fn fall(curves: ModelCurves<'_>, metric: &str, level: f64) -> Option<Crossing> {
    let curve = curves.curve(metric, 0);
    let below: Vec<f64> = curve.values.iter().map(|loss| -loss).collect();
    let crossing = first_crossing(&curve.steps, &below, -level).ok()?;
    Some(times::seen(crossing, &curve.steps))
}

impl Metric for Losses {
    fn resolved(&self) -> toml::Table {
        table_of("loss", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["train_loss", "test_loss", "test_criterion"]
    }

    fn derived_metrics(&self) -> &'static [&'static str] {
        match (self.fit, self.generalised) {
            (None, None) => &[],
            (Some(_), None) => &["loss_t_fit"],
            (None, Some(_)) => &["loss_t_gen"],
            (Some(_), Some(_)) => &["loss_t_fit", "loss_t_gen", "loss_gap"],
        }
    }

    fn derived_from(&self, derived: &str) -> &'static [&'static str] {
        match derived {
            "loss_t_fit" => &["train_loss"],
            "loss_t_gen" => &["test_loss"],
            _ => &["train_loss", "test_loss"],
        }
    }

    fn identity(&self) -> toml::Table {
        // Levels decide what is derived, not what is measured.
        let mut table = self.resolved();
        table.remove("fit");
        table.remove("generalised");
        table
    }

    fn derive(&self, curves: ModelCurves<'_>) -> Vec<Derived> {
        let mut derived = Vec::new();
        let mut push = |metric, of: &str, (value, end): (f64, usize)| {
            if let Some(ends) = curves.ends(of, 0) {
                let (step, flow_time) = ends[end];
                derived.push(Derived {
                    metric,
                    index: 0,
                    step,
                    flow_time,
                    value,
                });
            }
        };
        let at = |metric, level: Option<f64>| fall(curves, metric, level?);
        let fit = at("train_loss", self.fit);
        let generalised = at("test_loss", self.generalised);
        if self.fit.is_some() {
            push("loss_t_fit", "train_loss", times::recorded(fit));
        }
        if self.generalised.is_some() {
            push("loss_t_gen", "test_loss", times::recorded(generalised));
        }
        if let (Some(Crossing::At(fit)), Some(Crossing::At(_) | Crossing::After(_))) =
            (fit, generalised)
        {
            let (time, end) = times::recorded(generalised);
            push("loss_gap", "test_loss", (time - fit, end));
        }
        derived
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let criterion = |outputs: &[f64], rows: &Batch| {
            let weights = rows.weights.as_deref();
            let columns = rows.shape.outputs;
            at.loss.value(outputs, &rows.targets, weights, columns)
        };
        let mut put = |metric, value| {
            out.push(Reading {
                metric,
                index: 0,
                value,
            });
        };
        put("train_loss", criterion(at.batch_outputs()?, at.batch));
        put("test_loss", at.test_loss()?);
        put("test_criterion", criterion(at.outputs()?, at.test));
        Ok(())
    }
}
