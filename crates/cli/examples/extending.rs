//! Defines a task, a model, a metric and a statistic outside the workspace, and gives them every
//! command of `layerwise`.
//!
//! The spec beside this file trains a net of cosines on the sign of a product, next to a linear model
//! that cannot learn it, and judges a claim:
//!
//! ```text
//! cargo run --release --example extending -- run crates/cli/examples/extending.toml --out extending
//! cargo run --release --example extending -- report extending
//! cargo run --release --example extending -- show task sign-of-product
//! ```

use std::process::ExitCode;

use layerwise::Kinds;
use models::{HostArray, Model, Needs, Role};
use nets::{DeviceBatch, Forward, burn::tensor::Tensor};
use plan::{CellRows, Component, Measured, Sample, Selection, Statistic};
use plan::{MeasureError, Metric, Reading, Snapshot};
use serde::{Deserialize, Serialize};
use tasks::schemars::{self, JsonSchema};
use tasks::{Batch, FixedRows, KeyError, Quantity, Reference, Task, TaskInstance, TaskShape};
use tasks::{parse_table, positive, stream::keyed, stream::standard_normals, table_of};

// The fields of this struct are the keys of the task, and its comments are what `show` prints.
/// The sign of a product: y = sign(x₁ x₂) of standard normal inputs.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignOfProduct {
    /// Number of training rows.
    train: usize,
    /// Number of test rows.
    test: usize,
}

impl Task for SignOfProduct {
    fn shape(&self) -> TaskShape {
        TaskShape {
            inputs: 2,
            basis: 0,
            outputs: 1,
        }
    }

    fn resolved(&self) -> toml::Table {
        table_of("sign-of-product", self)
    }

    fn batch_rows(&self) -> usize {
        self.train
    }

    // Random numbers come from a stream that the seed and a purpose determine, so every machine
    // draws the same numbers.
    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let draw = |purpose, count| {
            let mut rows = Batch::zeros(self.shape(), count);
            standard_normals(&mut keyed(seed, purpose, 0), &mut rows.inputs);
            let inputs = rows.inputs.chunks_exact(2);
            rows.targets = inputs.map(|x| (x[0] * x[1]).signum()).collect();
            rows
        };
        let (train, test) = (
            draw("sign: train", self.train),
            draw("sign: test", self.test),
        );
        Box::new(FixedRows::new(train, test))
    }
}

/// A net of cosines, f(x) = Σ_j a_j cos(w_j · x).
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Cosines {
    /// Number of cosines.
    width: usize,
}

impl Model for Cosines {
    fn resolved(&self) -> toml::Table {
        table_of("cosines", self)
    }

    fn role(&self) -> Role {
        Role::Net
    }

    fn needs(&self) -> Needs {
        Needs {
            inputs: true,
            basis: false,
        }
    }

    fn lr_scale(&self) -> f64 {
        1.0
    }

    fn check(&self, _shape: TaskShape) -> Result<(), KeyError> {
        positive("width", self.width as f64).map(drop)
    }

    fn initial(&self, _task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let draw = |name: &str, rows, columns, std: f64| {
            let mut values = vec![0.0; rows * columns];
            standard_normals(&mut keyed(seed, name, 0), &mut values);
            HostArray {
                name: name.to_owned(),
                rows,
                columns,
                values: values.iter().map(|value| std * value).collect(),
            }
        };
        let first = draw("cosines: w", shape.inputs, self.width, 1.0);
        vec![first, draw("cosines: a", self.width, 1, 0.1)]
    }
}

impl Forward for Cosines {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        let x = batch.inputs.clone().expect("the model needs inputs");
        x.matmul(parameters[0].clone())
            .cos()
            .matmul(parameters[1].clone())
    }
}

/// A metric: the share of the squared targets that the outputs explain on the test rows.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Explained {}

impl Metric for Explained {
    fn resolved(&self) -> toml::Table {
        table_of("explained", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["explained"]
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let rows = at.outputs()?.iter().zip(&at.test.targets);
        let missed: f64 = rows.map(|(f, y)| (f - y).powi(2)).sum();
        let all: f64 = at.test.targets.iter().map(|y| y.powi(2)).sum();
        out.push(Reading {
            metric: "explained",
            index: 0,
            value: 1.0 - missed / all,
        });
        Ok(())
    }
}

/// The mean of a curve from a step on.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct LateMean {
    /// First step that counts.
    from: u64,
}

impl Statistic for LateMean {
    fn resolved(&self) -> toml::Table {
        table_of("late-mean", self)
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let sample = |cell: &&CellRows<'_>| {
            let (steps, values) = cell.curve(0);
            let late = steps.partition_point(|step| *step < self.from as f64);
            match &values[late..] {
                [] => Sample::Missing,
                late => Sample::Exact(late.iter().sum::<f64>() / late.len() as f64),
            }
        };
        Measured {
            components: vec![Component {
                label: String::new(),
                samples: table.per_seed().iter().map(sample).collect(),
            }],
            notes: Vec::new(),
        }
    }
}

/// What `show metric explained` says of the number that the metric gives.
const EXPLAINED: Quantity = Quantity::new(
    "explained",
    "share",
    "1 − Σ (f − y)²/Σ y² on the test rows: 1 when all is explained, 0 for outputs of 0",
);

/// All kinds of the workspace, and the four kinds of this file.
pub(crate) fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    let task = |table| Ok(Box::new(parse_table::<SignOfProduct>(table)?) as Box<dyn Task>);
    let kind = kinds.tasks.register("sign-of-product", task);
    kind.document(Reference::of::<SignOfProduct>("train = 400\ntest = 400"));
    let model = |table| Ok(Box::new(parse_table::<Cosines>(table)?) as Box<dyn Model>);
    let kind = kinds.register_model::<Cosines>("cosines", model);
    kind.document(Reference::of::<Cosines>("width = 50"));
    let metric = |table| Ok(Box::new(parse_table::<Explained>(table)?) as Box<dyn Metric>);
    let kind = kinds.metrics.register("explained", metric);
    kind.document(Reference::of::<Explained>("").giving(&[&[EXPLAINED]]));
    let statistic = |table| Ok(Box::new(parse_table::<LateMean>(table)?) as Box<dyn Statistic>);
    let kind = kinds.statistics.register("late-mean", statistic);
    kind.document(Reference::of::<LateMean>("from = 250"));
    kinds
}

#[allow(dead_code, reason = "the test of this file has no main")]
fn main() -> ExitCode {
    layerwise::main(kinds())
}
