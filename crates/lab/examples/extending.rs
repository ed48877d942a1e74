//! A task, a model, a metric and a claim from outside the workspace, through the public API alone.
//!
//! `cargo run --release --example extending` trains a net of cosines on the sign of a product, beside
//! a linear model that cannot learn it, and prints the verdict.

use std::{error::Error, path::Path};

use lab::{
    Kinds,
    measure::{Measure, MeasureError, Reading, Snapshot},
    record::RunFolder,
    run::{Observer, Provenance, Recorded, Settings, run, spec_hash},
    spec::{Options, load_source},
};
use layerwise_lab as lab;
use nets::{DeviceBatch, HostArray, Model, Needs, burn::tensor::Tensor};
use serde::{Deserialize, Serialize};
use tasks::{
    Batch, FixedRows, KeyError, Task, TaskInstance, TaskShape, parse_table, stream, table_of,
};

/// A task: y = sign(x₁ x₂) of standard normal inputs. Its keys are the fields.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignOfProduct {
    inputs: u32,
    train: u32,
    test: u32,
}

impl Task for SignOfProduct {
    fn shape(&self) -> TaskShape {
        TaskShape {
            inputs: self.inputs as usize,
            basis: 0,
            outputs: 1,
        }
    }

    fn resolved(&self) -> toml::Table {
        table_of("sign-of-product", self)
    }

    fn batch_rows(&self) -> usize {
        self.train as usize
    }

    // Everything random comes from a stream of the seed and a purpose: the same on every machine.
    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let draw = |purpose: &'static str, count: u32| {
            let mut rows = Batch::zeros(self.shape(), count as usize);
            stream::standard_normals(&mut stream::keyed(seed, purpose, 0), &mut rows.inputs);
            let inputs = rows.inputs.chunks_exact(self.inputs as usize);
            rows.targets = inputs.map(|x| (x[0] * x[1]).signum()).collect();
            rows
        };
        let test = draw("sign: test", self.test);
        Box::new(FixedRows::new(draw("sign: train", self.train), test))
    }
}

/// A model: f(x) = Σ_j a_j cos(w_j · x + b_j).
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
        tasks::positive("width", self.width as f64).map(drop)
    }

    fn initial(&self, _task: &dyn TaskInstance, shape: TaskShape, seed: u64) -> Vec<HostArray> {
        let sizes = [
            ("w", shape.inputs, self.width, 1.0),
            ("b", 1, self.width, 1.0),
            ("a", self.width, 1, 0.1),
        ];
        let arrays = sizes
            .into_iter()
            .zip(0..)
            .map(|((name, rows, columns, std), place)| {
                let mut values = vec![0.0; rows * columns];
                stream::standard_normals(&mut stream::keyed(seed, "cosines", place), &mut values);
                values.iter_mut().for_each(|value| *value *= std);
                HostArray {
                    name: name.to_owned(),
                    rows,
                    columns,
                    values,
                }
            });
        arrays.collect()
    }

    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        let x = batch.inputs.clone().expect("the model needs inputs");
        (x.matmul(parameters[0].clone()) + parameters[1].clone())
            .cos()
            .matmul(parameters[2].clone())
    }
}

/// A metric: the share of the targets' variance that the outputs explain on the test rows.
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
        let (missed, all) = rows.fold((0.0, 0.0), |(missed, all), (f, y)| {
            (missed + (f - y) * (f - y), all + y * y)
        });
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
task = { kind = "sign-of-product", inputs = 2, train = 400, test = 400 }

[models]
net = { kind = "cosines", width = 50 }
linear = { kind = "mlp", widths = [] }

[training]
seeds = 6
steps = 500
lr = 0.01
optimizer = { kind = "adam" }

[[measure]]
kind = "explained"
schedule = { kind = "log", points = 20 }

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
    kinds.tasks.register("sign-of-product", |table| {
        Ok(Box::new(parse_table::<SignOfProduct>(table)?))
    });
    kinds.models.register("cosines", |table| {
        Ok(Box::new(parse_table::<Cosines>(table)?))
    });
    kinds.measures.register("explained", |table| {
        Ok(Box::new(parse_table::<Explained>(table)?))
    });
    kinds
}

struct Silent;

impl Observer for Silent {}

/// Runs the spec into a folder, where pictures, tables and verdicts are as in any run.
pub(crate) fn run_into(folder: &Path) -> Result<Recorded, Box<dyn Error>> {
    let kinds = kinds();
    let loaded = load_source(SPEC, "extending.toml", &Options::default(), &kinds)?;
    let settings = Settings {
        device: "flex".to_owned(),
        engine: "auto".to_owned(),
        threads: 2,
        together: None,
        quick: false,
    };
    let hash = spec_hash(&loaded, &settings.device, &settings.engine);
    let open = RunFolder::create(folder, &loaded.spec, &hash)?;
    Ok(run(
        &loaded,
        &settings,
        &Provenance::default(),
        &kinds,
        open,
        &Silent,
    )?)
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
