use std::ops::RangeInclusive;

use metrics::ClassPlane;
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{
    MeasureError, Metric, Reading, Snapshot, at_least,
    collapse::{OnTrainingRows, defined, means_of, needs_hidden_features},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Plane>("classes = [0, 1, 2]\nrows = 300")
    .giving(&[&[
        Quantity::new(
            "plane_x",
            "feature",
            "Horizontal coordinate of a training row (index)",
        ),
        Quantity::new(
            "plane_y",
            "feature",
            "Vertical coordinate of a training row (index)",
        ),
        Quantity::new(
            "plane_class",
            "–",
            "Class of a training row (index), from 0",
        ),
    ]]);

/// The last hidden features of three classes in the plane of their means.
///
/// Can be read on tasks with classes, with models that have a hidden layer (`mlp`, `deep-linear`,
/// `unconstrained-features`). The plane is turned so that the first class points up and the others follow
/// clockwise, as in a simplex seen from above.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Plane {
    /// The three classes, counted from 0.
    classes: [u32; 3],
    /// Number of training rows of all classes that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let plane: Plane = parse_table(table)?;
    at_least("rows", plane.rows, 3)?;
    let [a, b, c] = plane.classes;
    if a == b || a == c || b == c {
        let (problem, hint) = ("names a class twice", "Name three classes.");
        let written = format!("{:?}", plane.classes);
        return Err(KeyError::new("classes", written, problem, hint));
    }
    Ok(Box::new(plane))
}

impl Metric for Plane {
    fn resolved(&self) -> toml::Table {
        table_of("class-plane", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["plane_x", "plane_y", "plane_class"]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "row"
    }

    fn indices(&self, _: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        // How many of them are of the three classes is not known before they are drawn.
        let training_set = task.instance(0).training_set();
        let all = training_set.map_or(task.batch_rows(), |rows| rows.rows) as u64;
        Some(1..=self.rows.map_or(all, |most| all.min(most.into())))
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        needs_hidden_features("class-plane", task, models)?;
        let classes = task.shape().outputs;
        let Some(place) = (self.classes.iter()).position(|&class| class as usize >= classes) else {
            return Ok(());
        };
        Err(KeyError::new(
            format!("classes[{place}]"),
            self.classes[place],
            format!("is no class of this task, which has {classes}"),
            "Classes are counted from 0.",
        ))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(read) = OnTrainingRows::read(at, self.rows)? else {
            return Ok(());
        };
        let features = read.last();
        let Some(means) = means_of(&features)? else {
            return Ok(());
        };
        let classes = self.classes.map(|class| class as usize);
        let Some(plane) = defined(ClassPlane::of(&means, classes))? else {
            return Ok(());
        };
        let rows = features.values.chunks_exact(features.width);
        let rows = rows.zip(&read.labels);
        let shown = rows.filter(|(_, label)| self.classes.contains(label));
        for (index, (row, &label)) in (1..).zip(shown) {
            let [x, y] = plane.project(row);
            for (metric, value) in [
                ("plane_x", x),
                ("plane_y", y),
                ("plane_class", f64::from(label)),
            ] {
                out.push(Reading {
                    metric,
                    index,
                    value,
                });
            }
        }
        Ok(())
    }
}
