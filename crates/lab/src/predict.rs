//! Closed forms laid over measured runs. A prediction kind is one file and one line in [`kinds`].

mod clock;
mod free_features;
mod limits;
mod linear_skills;
mod networks;
mod power_laws;
mod random_start;
mod scalar_toy;
mod shots;
mod skills;
mod toy_amplification;

use nets::{HostArray, Model};
use tasks::{Batch, Group, KeyError, Registry, Task};
use theory::nalgebra::DMatrix;

use crate::record::Observation;

pub use clock::Clock;

/// One predicted number.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicted {
    /// Metric.
    pub metric: &'static str,
    /// Skill, mode or class, counted from 1; 0 where the metric has none.
    pub index: u64,
    /// Training step.
    pub step: u64,
    /// Flow time on the prediction's own clock.
    pub flow_time: Option<f64>,
    /// The value.
    pub value: f64,
}

/// A recorded cell, as a prediction sees it.
pub struct CellView<'a> {
    /// Its seed.
    pub seed: u64,
    /// Grid knobs of its variant.
    pub knobs: &'a toml::Table,
    /// Skills, modes or classes.
    pub groups: &'a [Group],
    /// Flow time of the run at each recorded step; `None` where the optimizer has none.
    pub clock: &'a Clock,
    /// What was measured, in recording order.
    pub observations: &'a [Observation],
    /// Where each model started.
    pub initial: &'a [(String, Vec<HostArray>)],
    /// The training rows, where every step has the same.
    pub constant: Option<&'a Batch>,
}

impl CellView<'_> {
    /// The recorded curve of one index: steps and values.
    pub fn curve(&self, model: &str, metric: &str, index: u64) -> (Vec<f64>, Vec<f64>) {
        self.observations
            .iter()
            .filter(|o| o.index == index && o.model == model && o.metric == metric)
            .map(|o| (o.step as f64, o.value))
            .unzip()
    }

    /// Initial weights of a net without biases as matrices `[out, in]`, first layer first.
    pub fn layers(&self, model: &str) -> Option<Vec<DMatrix<f64>>> {
        let (_, arrays) = self.initial.iter().find(|(name, _)| name == model)?;
        // Row-major [in, out] is column-major [out, in].
        let map = |a: &HostArray| DMatrix::from_column_slice(a.columns, a.rows, &a.values);
        Some(arrays.iter().map(map).collect())
    }
}

/// A closed form. It sees what the cell recorded, because some forms start from the
/// actual initial weights or calibrate their one constant on the first skill.
pub trait Prediction: Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// Names of the metrics that it gives.
    fn metrics(&self) -> &'static [&'static str];

    /// Models that it reads.
    fn reads(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The model whose initial weights it starts from, if there is one.
    fn needs_weights_of(&self) -> Option<&str> {
        None
    }

    /// Checks that it applies to this task and to the models that it reads.
    ///
    /// # Errors
    /// What they lack.
    fn check(&self, _task: &dyn Task, _read: &[&dyn Model]) -> Result<(), KeyError> {
        Ok(())
    }

    /// The predicted numbers. A calibration that is not possible (the first skill was never
    /// learned) gives none.
    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Predicted>);
}

/// Checks that `model` is a linear net of two layers without biases whose output has the factor
/// `scale`: what closed forms of two-layer nets start from.
fn two_linear_layers(model: &dyn Model, task: &dyn Task, scale: f64) -> Result<(), KeyError> {
    /// Of 1/Z for a Z that was written in decimals.
    const ROUNDING: f64 = 1e-9;
    let refuse =
        |problem: String, hint: &str| Err(KeyError::new("from", "(a model)", problem, hint));
    let initial = model.initial(&*task.instance(0), task.shape(), 0);
    let plain = model.host(&initial).filter(|host| {
        let layers = &host.net.layers;
        layers.len() == 2 && layers.iter().all(|layer| layer.bias.is_none()) && host.is_standard()
    });
    match plain {
        Some(host) if host.net.activation == mlp::Activation::Identity && !model.centred() => {
            if (host.output_scale / scale - 1.0).abs() < ROUNDING {
                return Ok(());
            }
            let found = host.output_scale;
            let problem = format!("has output_scale {found}, and this form is for {scale}");
            refuse(problem, "Make the two agree.")
        }
        _ => {
            let problem = "must be a linear net of two layers, without biases, centre_output or parametrisation";
            refuse(
                problem.to_owned(),
                "Use kind = \"deep-linear\" with one hidden width.",
            )
        }
    }
}

/// The prediction kinds of this crate.
pub fn kinds() -> Registry<dyn Prediction> {
    Registry::new(
        "prediction kind",
        [
            ("multilinear-skills", skills::build),
            ("linear-skills", linear_skills::build),
            ("data-shot", shots::build_data),
            ("parameter-shot", shots::build_parameters),
            ("resource-limits", limits::build),
            ("power-laws", power_laws::build),
            ("aligned-network", networks::build_aligned),
            ("balanced-network", networks::build_balanced),
            ("random-start", random_start::build),
            ("scalar-toy", scalar_toy::build),
            ("toy-amplification", toy_amplification::build),
            ("unconstrained-features", free_features::build),
        ],
    )
}
