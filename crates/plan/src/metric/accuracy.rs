use metrics::{Crossing, first_record};
use models::Model;
use record::Curve;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, lacks};
use crate::{
    derived::{Derived, ModelCurves},
    times,
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Accuracy>("fit = 0.99\ngeneralised = 0.95").giving(&[&[
Quantity::new("train_accuracy", "share", "Share of the training rows whose largest output is that of their label, with the labels that are trained on, noise included; a tie is wrong"),
Quantity::new("test_accuracy", "share", "Share of the test rows whose largest output is that of their class; a tie is wrong"),
Quantity::new("t_fit", "steps", "First recorded step at which the training accuracy is `fit` or more; infinite when not within the run").from("[Power2022]"),
Quantity::new("t_gen", "steps", "First recorded step at which the test accuracy is `generalised` or more; infinite when not within the run").from("[Power2022]"),
Quantity::new("delay_gap", "steps", "t_gen − t_fit").from("[Power2022]"),
Quantity::new("delay_ratio", "–", "t_gen/t_fit").from("[Power2022]"),
Quantity::new("test_accuracy_at_fit", "share", "Test accuracy at the record t_fit"),
]]);

/// Accuracies, and the steps at which the net fits and generalises.
///
/// Can be read on tasks with classes, with any model. A time that did not come within the run is infinite, and so are
/// gap and ratio then; a time before the first record is minus infinite. Without a fit whose step is known there is no
/// gap, no ratio and no accuracy at the fit.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Accuracy {
    /// Training accuracy from which the rows count as fitted, above 0 and up to 1.
    #[serde(default = "fit")]
    fit: f64,
    /// Test accuracy from which the net counts as generalising, above 0 and up to 1.
    #[serde(default = "generalised")]
    generalised: f64,
}

fn fit() -> f64 {
    0.99
}

fn generalised() -> f64 {
    0.95
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let accuracy: Accuracy = parse_table(table)?;
    for (key, value) in [("fit", accuracy.fit), ("generalised", accuracy.generalised)] {
        if !(value > 0.0 && value <= 1.0) {
            let problem = "must lie above 0 and not above 1";
            return Err(KeyError::new(
                key,
                value,
                problem,
                "Write for example 0.95.",
            ));
        }
    }
    Ok(Box::new(accuracy))
}

/// Checks that a task has classes.
pub(crate) fn needs_classes(kind: &str, task: &dyn Task) -> Result<(), KeyError> {
    let shape = task.shape();
    if shape.outputs > 1 && !task.instance(0).test().group.is_empty() {
        return Ok(());
    }
    Err(lacks(kind, "a task with classes"))
}

/// Accuracy of outputs on rows with one-hot targets.
fn accuracy(outputs: &[f64], rows: &Batch) -> Result<f64, MeasureError> {
    let classes = rows.shape.outputs;
    let labels = metrics::labels(&rows.targets, classes)?;
    Ok(metrics::accuracy(outputs, &labels, classes)?)
}

impl Metric for Accuracy {
    fn resolved(&self) -> toml::Table {
        table_of("accuracy", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["train_accuracy", "test_accuracy"]
    }

    fn derived_metrics(&self) -> &'static [&'static str] {
        &[
            "t_fit",
            "t_gen",
            "delay_gap",
            "delay_ratio",
            "test_accuracy_at_fit",
        ]
    }

    fn derived_from(&self, derived: &str) -> &'static [&'static str] {
        match derived {
            "t_fit" => &["train_accuracy"],
            "t_gen" => &["test_accuracy"],
            _ => self.metrics(),
        }
    }

    fn check(&self, task: &dyn Task, _: &[&dyn Model]) -> Result<(), KeyError> {
        needs_classes("accuracy", task)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let readings = [
            (
                "train_accuracy",
                accuracy(at.training_outputs()?, at.training_rows())?,
            ),
            ("test_accuracy", accuracy(at.outputs()?, at.test)?),
        ];
        out.extend(readings.map(|(metric, value)| Reading {
            metric,
            index: 0,
            value,
        }));
        Ok(())
    }

    fn identity(&self) -> toml::Table {
        // Levels decide what is derived, not what is measured.
        let mut table = self.resolved();
        table.remove("fit");
        table.remove("generalised");
        table
    }

    fn derive(&self, curves: ModelCurves<'_>) -> Vec<Derived> {
        let [train_ends, test_ends] =
            ["train_accuracy", "test_accuracy"].map(|metric| curves.ends(metric, 0));
        let (train, test) = (
            curves.curve("train_accuracy", 0),
            curves.curve("test_accuracy", 0),
        );
        let time = |curve: &Curve, level| {
            let crossing = first_record(&curve.steps, &curve.values, level).ok()?;
            Some(times::seen(crossing, &curve.steps))
        };
        let (fit, generalised) = (time(&train, self.fit), time(&test, self.generalised));
        let at = |metric, (value, end): (f64, usize), ends: [(u64, Option<f64>); 2]| {
            let (step, flow_time) = ends[end];
            Derived {
                metric,
                index: 0,
                step,
                flow_time,
                value,
            }
        };
        // Of a curve that nobody gave nothing is known, not that it never came there.
        let mut derived: Vec<Derived> = (train_ends.into_iter())
            .map(|ends| at("t_fit", times::recorded(fit), ends))
            .chain(test_ends.map(|ends| at("t_gen", times::recorded(generalised), ends)))
            .collect();
        if let (Some(Crossing::At(fit)), Some(test_ends)) = (fit, test_ends) {
            let (generalised, end) = times::recorded(generalised);
            // Before an unknown time there is no gap to it.
            if generalised > f64::NEG_INFINITY {
                derived.push(at("delay_gap", (generalised - fit, end), test_ends));
                if fit > 0.0 {
                    derived.push(at("delay_ratio", (generalised / fit, end), test_ends));
                }
            }
            let at_fit = test.steps.iter().position(|&step| step == fit);
            derived.extend(
                at_fit.map(|place| at("test_accuracy_at_fit", (test.values[place], 1), test_ends)),
            );
        }
        derived
    }
}
