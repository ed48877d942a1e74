//! The plan of a run: a spec with every kind built, checked and ready.
//!
//! Nothing behind a plan handles a TOML table or an error of a key: training, recording, deriving,
//! judging and drawing take what they need from here.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use models::{HostArray, Model, Role};
use record::{ExternalSource, MetricInfo, Observation};
use tasks::Task;

use crate::{
    metric::Metric,
    prediction::Prediction,
    spec::{Claim, Leaderboard, Number, Schedule, Spec, Training},
    statistic::Statistic,
    times,
};

/// What metrics and closed forms call an index of the groups of a task.
const SKILL: &str = "skill";

/// What is trained, measured, predicted, judged and drawn.
#[derive(Clone)]
pub struct Plan {
    /// The spec with every default written, as it is kept beside the run.
    pub spec: Spec,
    /// Its variants, `base` first.
    pub variants: Vec<Variant>,
    /// Claims and numbers.
    pub claims: Claims,
    /// What the base variant trains, without the sweep: part of the identity of the run.
    pub(crate) base: String,
}

/// One variant of a spec, all kinds built.
#[derive(Clone)]
pub struct Variant {
    /// Unique name (`base`, or `base,task.data.size=500`).
    pub name: String,
    /// Group (`base` or the name of a variant change).
    pub group: String,
    /// Grid knobs by dotted key.
    pub knobs: toml::Table,
    /// The task.
    pub task: Arc<dyn Task>,
    /// The models that are trained, in the order of the spec.
    pub models: Vec<PlannedModel>,
    /// What is measured when.
    pub metrics: Vec<PlannedMetric>,
    /// The closed forms laid over the models, in the order of the spec.
    pub predictions: Vec<PlannedPrediction>,
    /// How the models are trained.
    pub training: Training,
    /// Models that are read in place of training them.
    pub external: BTreeMap<String, ExternalModel>,
}

/// A model of a variant.
#[derive(Clone)]
pub struct PlannedModel {
    /// Its name in the spec.
    pub name: String,
    /// The model.
    pub model: Arc<dyn Model>,
    /// What it is: as its kind says, or its table.
    pub role: Role,
}

/// An entry of `[[measure]]`: a metric, its schedule, and what it looks at.
#[derive(Clone)]
pub struct PlannedMetric {
    /// The metric kind.
    pub metric: Arc<dyn Metric>,
    /// When it is read.
    pub schedule: Schedule,
    /// Models it looks at; empty means all.
    pub models: Vec<String>,
    /// Variant groups it is read in; empty means all.
    pub variants: Vec<String>,
}

impl PlannedMetric {
    /// The table with every default written out.
    pub fn resolved(&self) -> toml::Table {
        self.with_schedule(self.metric.resolved())
    }

    /// The part of the table that decides what is measured.
    pub(crate) fn identity(&self) -> toml::Table {
        self.with_schedule(self.metric.identity())
    }

    fn with_schedule(&self, mut table: toml::Table) -> toml::Table {
        let schedule = toml::Value::try_from(&self.schedule).expect("a schedule is a TOML table");
        table.insert("schedule".to_owned(), schedule);
        for (key, names) in [("models", &self.models), ("variants", &self.variants)] {
            let names = names.iter().cloned().map(toml::Value::String).collect();
            table.insert(key.to_owned(), toml::Value::Array(names));
        }
        table
    }

    /// Whether it looks at `model` in the variant group `group`.
    pub fn covers(&self, model: &str, group: &str) -> bool {
        let among =
            |names: &[String], name: &str| names.is_empty() || names.iter().any(|n| n == name);
        among(&self.models, model) && among(&self.variants, group)
    }
}

/// A closed form of a variant.
#[derive(Clone)]
pub struct PlannedPrediction {
    /// Its name in the spec.
    pub name: String,
    /// The closed form.
    pub form: Arc<dyn Prediction>,
    /// What it is: theory, unless its table says otherwise.
    pub role: Role,
}

/// What stands in for a model that is not trained here.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalModel {
    /// What was read.
    pub content: ExternalContent,
    /// Where it came from.
    pub source: ExternalSource,
    /// What a reader of the run must know of it, one sentence each.
    pub notes: Vec<String>,
}

/// The content of an external model.
#[derive(Debug, Clone, PartialEq)]
pub enum ExternalContent {
    /// What was measured elsewhere, as the rows of the long table.
    Curves(Vec<Observation>),
    /// Parameters at training steps, by seed.
    Checkpoints(BTreeMap<u64, BTreeMap<u64, Vec<HostArray>>>),
}

/// Claims and numbers with their statistics.
#[derive(Clone, Default)]
pub struct Claims {
    /// What is judged.
    pub claims: Vec<PlannedClaim>,
    /// What is reported without judging.
    pub numbers: Vec<PlannedNumber>,
    /// Explanations that compete.
    pub leaderboards: Vec<PlannedLeaderboard>,
}

/// A claim with its statistics.
#[derive(Clone)]
pub struct PlannedClaim {
    /// The claim.
    pub claim: Claim,
    /// Its statistic.
    pub statistic: Arc<dyn Statistic>,
    /// The statistic of each control.
    pub controls: Vec<Arc<dyn Statistic>>,
}

/// A leaderboard with the number of constants that each explanation fits.
#[derive(Clone)]
pub struct PlannedLeaderboard {
    /// The leaderboard.
    pub leaderboard: Leaderboard,
    /// Fitted constants of each prediction that fits any.
    pub constants: BTreeMap<String, u32>,
}

/// A number with its statistic.
#[derive(Clone)]
pub struct PlannedNumber {
    /// The number.
    pub number: Number,
    /// Its statistic.
    pub statistic: Arc<dyn Statistic>,
}

impl Variant {
    /// A model by name.
    pub fn model(&self, name: &str) -> Option<&PlannedModel> {
        self.models.iter().find(|model| model.name == name)
    }

    /// Names of its models and predictions.
    pub fn sources(&self) -> impl Iterator<Item = &str> {
        let models = self.models.iter().map(|model| &*model.name);
        models.chain(self.predictions.iter().map(|prediction| &*prediction.name))
    }

    /// The metrics that it reads, on their schedules: those that look at this variant's group.
    pub fn measured(&self) -> impl Iterator<Item = &PlannedMetric> {
        let here = |entry: &&PlannedMetric| {
            entry.variants.is_empty() || entry.variants.contains(&self.group)
        };
        self.metrics.iter().filter(here)
    }

    /// The steps at which something is recorded in the cell of a seed, increasing.
    pub fn recorded_steps(&self, seed: u64) -> Vec<u64> {
        let last = self.training.steps;
        let due = self
            .metrics
            .iter()
            .flat_map(|entry| entry.schedule.steps(last));
        let checkpoints = self
            .external
            .values()
            .filter_map(|model| match &model.content {
                ExternalContent::Curves(_) => None,
                ExternalContent::Checkpoints(seeds) => Some(seeds.get(&seed)?.keys().copied()),
            });
        let checkpoints = checkpoints.flatten();
        let mut steps: Vec<u64> = due.chain(checkpoints).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}

impl Plan {
    /// Names of the models of all variants.
    pub fn models(&self) -> BTreeSet<String> {
        let models = self.variants.iter().flat_map(|variant| &variant.models);
        models.map(|model| model.name.clone()).collect()
    }

    /// The seeds of the run.
    pub fn seeds(&self) -> impl Iterator<Item = u64> + Clone + use<> {
        let training = &self.spec.training;
        (training.first_seed..).take(training.seeds as usize)
    }

    /// What was assumed about files of the user, and what they lack: one sentence each.
    pub fn notes(&self) -> Vec<String> {
        let mut notes: Vec<String> = Vec::new();
        let seeds: Vec<u64> = self.seeds().collect();
        for variant in &self.variants {
            let external = variant.external.values();
            let external = external.flat_map(|model| model.notes.iter().cloned());
            for note in variant.task.notes(&seeds).into_iter().chain(external) {
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        notes
    }

    /// What each model and prediction is; where variants disagree, as in the first that has it.
    pub fn roles(&self) -> BTreeMap<String, Role> {
        let mut roles = BTreeMap::new();
        for variant in &self.variants {
            let models = variant.models.iter().map(|model| (&model.name, model.role));
            let predictions = variant.predictions.iter();
            let predictions = predictions.map(|prediction| (&prediction.name, prediction.role));
            for (name, role) in models.chain(predictions) {
                roles.entry(name.clone()).or_insert(role);
            }
        }
        roles
    }

    /// What each metric is; where two give one of the same name, as the first says.
    pub fn metrics(&self) -> BTreeMap<String, MetricInfo> {
        let mut metrics: BTreeMap<String, MetricInfo> = BTreeMap::new();
        // Whatever speaks of skills means the groups of the task, which may be modes.
        let groups = self.variants[0].task.group_name();
        let mut add = |name: &str, index: &str, whole_curve: bool| {
            metrics
                .entry(name.to_owned())
                .or_insert_with(|| MetricInfo {
                    index: if index == SKILL { groups } else { index }.to_owned(),
                    whole_curve,
                });
        };
        for variant in &self.variants {
            for PlannedMetric { metric, .. } in variant.measured() {
                for name in metric.metrics() {
                    add(name, metric.index_name(name), false);
                }
                // Times are those of the strengths, index by index.
                let of_strengths = metric
                    .metrics()
                    .first()
                    .map_or("", |name| metric.index_name(name));
                for name in metric.derived_metrics() {
                    add(name, of_strengths, true);
                }
            }
        }
        for variant in &self.variants {
            for PlannedPrediction { form, .. } in &variant.predictions {
                for name in form.metrics() {
                    add(name, form.index_name(name), false);
                }
                let of_strengths = form
                    .metrics()
                    .first()
                    .map_or("", |name| form.index_name(name));
                for name in times::METRICS {
                    add(name, of_strengths, true);
                }
            }
        }
        metrics
    }
}
