//! Closed forms laid over measured runs. A prediction kind is one file and one line in [`kinds`].

mod clock;
mod limits;
mod linear_skills;
mod networks;
mod power_laws;
mod scalar_toy;
mod shots;
mod skills;

use nets::HostArray;
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

    /// Checks that it applies to this task.
    ///
    /// # Errors
    /// What the task lacks.
    fn check(&self, _task: &dyn Task) -> Result<(), KeyError> {
        Ok(())
    }

    /// The predicted numbers. A calibration that is not possible (the first skill was never
    /// learned) gives none.
    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Predicted>);
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
            ("scalar-toy", scalar_toy::build),
        ],
    )
}
