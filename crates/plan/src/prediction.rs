//! Predictions: closed forms laid over what was measured.
//!
//! A [`Prediction`] gets a recorded cell ([`CellView`]) and gives numbers on its steps. Predictions are
//! evaluated after a cell was recorded: they are no part of its identity, so that a new closed form never
//! trains anything. Each kind is one file here and one line in [`crate::Kinds`].

pub(crate) mod aligned_chains;
mod clockwork;
pub(crate) mod decay_alone;
pub(crate) mod feedback_skills;
pub(crate) mod fitted_rise;
pub(crate) mod free_features;
pub(crate) mod limits;
pub(crate) mod linear_skills;
pub(crate) mod muon_modes;
pub(crate) mod networks;
pub(crate) mod power_laws;
pub(crate) mod random_start;
pub(crate) mod scalar_toy;
pub(crate) mod shots;
pub(crate) mod skills;
pub(crate) mod stretched_curve;
pub(crate) mod toy_amplification;

use models::{HostArray, Model};
use record::Observations;
use tasks::{Batch, Group, KeyError, Task};
use theory::nalgebra::DMatrix;

use crate::{clock::Clock, derived::Derived, spec::Training};

/// A recorded cell, as a prediction sees it.
pub struct CellView<'a> {
    /// Name of its variant.
    pub variant: &'a str,
    /// Its seed.
    pub seed: u64,
    /// How its models were trained.
    pub training: &'a Training,
    /// Grid knobs of its variant.
    pub knobs: &'a toml::Table,
    /// Skills, modes or classes.
    pub groups: &'a [Group],
    /// Whether measured strengths are those of the singular modes of the training rows, and not of
    /// `groups`.
    pub singular: bool,
    /// Flow time at each recorded step, on the clock of the model that the prediction follows; `None`
    /// where the optimizer has none.
    pub clock: &'a Clock,
    /// L2 decay of the parameters per unit of that time.
    pub decay: f64,
    /// What was measured, and what follows from the curves of models.
    pub observations: &'a Observations,
    /// Where the models that the prediction starts from started.
    pub initial: &'a [(String, Vec<HostArray>)],
    /// The training rows, where every step has the same.
    pub constant: Option<&'a Batch>,
}

impl CellView<'_> {
    /// The recorded curve of one index: steps and values.
    pub fn curve(&self, model: &str, metric: &str, index: u64) -> (Vec<f64>, Vec<f64>) {
        let cell = (self.variant, self.seed);
        let curve = self.observations.curve((model, metric), cell, index);
        (curve.steps, curve.values)
    }

    /// Initial weights of a net without biases as matrices `[out, in]`, first layer first.
    pub fn layers(&self, model: &str) -> Option<Vec<DMatrix<f64>>> {
        let (_, arrays) = self.initial.iter().find(|(name, _)| name == model)?;
        // Row-major [in, out] is column-major [out, in].
        let map = |a: &HostArray| DMatrix::from_column_slice(a.columns, a.rows, &a.values);
        Some(arrays.iter().map(map).collect())
    }
}

/// A closed form. It sees what the cell recorded, because some forms start from the actual initial
/// weights or calibrate their one constant on the first skill.
pub trait Prediction: Send + Sync {
    /// The spec table with every default written out, `kind` included.
    fn resolved(&self) -> toml::Table;

    /// The version of its formula. A form whose numbers change gets the next one, so that what was kept
    /// of earlier ones is computed again.
    fn version(&self) -> u32 {
        1
    }

    /// Names of the metrics that it gives.
    fn metrics(&self) -> &'static [&'static str];

    /// What an index of one of its metrics counts (`skill`, `mode`); empty where it has none.
    fn index_name(&self, _metric: &str) -> &'static str {
        ""
    }

    /// How many constants it fits to what was recorded, per seed and variant.
    fn constants(&self) -> u32 {
        0
    }

    /// Models that it reads. It follows the clock of the first.
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
    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>);
}

/// Checks that a closed form of linear nets, by its kind, applies: inputs are white and stay the same,
/// and every model that it reads is a linear net of two layers.
fn on_whitened_inputs(kind: &str, task: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
    whitened(kind, task)?;
    let mut read = read.iter();
    read.try_for_each(|model| two_linear_layers(*model, task, 1.0))
}

/// Checks that inputs are white and stay the same.
fn whitened(kind: &str, task: &dyn Task) -> Result<(), KeyError> {
    if task.instance(0).whitened() {
        return Ok(());
    }
    Err(KeyError::new(
        "kind",
        format!("{kind:?}"),
        "is for whitened inputs that are the same at every step only",
        "Use linear-map, random-regression with whiten = true, or a data set with components and \
         every row in each step.",
    ))
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
