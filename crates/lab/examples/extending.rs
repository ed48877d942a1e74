//! A task, a model, a metric and a claim from outside the workspace, through the public API alone.
//!
//! `cargo run --release --example extending` trains a net of cosines on the sign of a product, beside
//! a linear model that cannot learn it, and prints the verdict.

use std::{error::Error, path::Path};

use lab::measure::{Measure, MeasureError, Reading, Snapshot};
use lab::run::{Observer, Provenance, Recorded, Settings, Storing, run, run_identity};
use lab::{Kinds, record::RunFolder, spec};
use layerwise_lab as lab;
use nets::{DeviceBatch, HostArray, Model, Needs, burn::tensor::Tensor};
use serde::{Deserialize, Serialize};
use tasks::{Batch, FixedRows, KeyError, Task, TaskInstance, TaskShape};
use tasks::{parse_table, positive, stream::keyed, stream::standard_normals, table_of};

/// A task: y = sign(x₁ x₂) of standard normal inputs. Its keys are the fields.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignOfProduct {
    train: usize,
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

    // Everything random comes from a stream of the seed and a purpose: the same on every machine.
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

/// A model: f(x) = Σ_j a_j cos(w_j · x).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cosines {
    width: usize,
}

impl Model for Cosines {
    fn resolved(&self) -> toml::Table {
        table_of("cosines", self)
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

    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        let x = batch.inputs.clone().expect("the model needs inputs");
        x.matmul(parameters[0].clone())
            .cos()
            .matmul(parameters[1].clone())
    }
}

/// A metric: the share of the targets' squares that the outputs explain on the test rows.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Explained {}

impl Measure for Explained {
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

/// A claim, with a control whose verdict is known: no linear model explains a product.
pub(crate) const SPEC: &str = r#"
name = "extending"
title = "A net of cosines learns the sign of a product"
summary = "An example of a task, a model, a metric and a claim from outside."
source = "none"
minutes = 0.1
task = { kind = "sign-of-product", train = 400, test = 400 }
models.net = { kind = "cosines", width = 50 }
models.linear = { kind = "mlp", widths = [] }
training = { seeds = 6, steps = 500, lr = 0.01, optimizer = { kind = "adam" } }
measure = [{ kind = "explained", schedule = { kind = "log", points = 20 } }]

[[claims]]
id = "X1"
statement = "A net of cosines explains more than 40 % of the sign of a product"
source = "none"
metric = "explained"
model = "net"
statistic = { kind = "final-value" }
threshold = { above = 0.4 }
controls = [{ name = "a linear model", model = "linear", must = "contradicted" }]
"#;

/// Everything that the workspace knows, and the three kinds of this file.
pub(crate) fn kinds() -> Kinds {
    let mut kinds = Kinds::default();
    let task = |table| Ok(Box::new(parse_table::<SignOfProduct>(table)?) as Box<dyn Task>);
    kinds.tasks.register("sign-of-product", task);
    let model = |table| Ok(Box::new(parse_table::<Cosines>(table)?) as Box<dyn Model>);
    kinds.models.register("cosines", model);
    let metric = |table| Ok(Box::new(parse_table::<Explained>(table)?) as Box<dyn Measure>);
    kinds.measures.register("explained", metric);
    kinds
}

struct Silent;

impl Observer for Silent {}

/// Runs the spec into a folder, where pictures, tables and verdicts are as in any run.
pub(crate) fn run_into(folder: &Path) -> Result<Recorded, Box<dyn Error>> {
    let (kinds, made) = (kinds(), Provenance::default());
    let loaded = spec::load_source(SPEC, "extending.toml", &spec::Options::default(), &kinds)?;
    let settings = Settings {
        device: "flex".to_owned(),
        engine: "auto".to_owned(),
        threads: 2,
        together: None,
        quick: false,
        storing: Storing::default(),
    };
    let hash = run_identity(&loaded, &settings.device, &settings.engine);
    let open = RunFolder::open(folder, &loaded.spec, &hash)?;
    Ok(run(&loaded, &settings, &made, &kinds, open, &Silent)?)
}

#[allow(dead_code, reason = "the test has no main")]
#[allow(clippy::print_stdout, reason = "an example prints")]
fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    for claim in run_into(folder.path())?.verdict.claims {
        println!(
            "{} {}: {}\n  {}",
            claim.id, claim.outcome, claim.statement, claim.reason
        );
    }
    Ok(())
}
