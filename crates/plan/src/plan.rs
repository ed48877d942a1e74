//! The plan of a run: a spec with every kind checked and built.
//!
//! Training, recording, deriving, judging and drawing read the plan, and never handle TOML tables
//! or errors of keys.

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

/// Name that metrics and closed forms use for an index over the groups of a task.
const SKILL: &str = "skill";

/// What is trained, measured, predicted, judged and drawn.
#[derive(Clone)]
pub struct Plan {
    /// The spec with every default written out, as stored in the run folder.
    pub spec: Spec,
    /// The variants, `base` first.
    pub variants: Vec<Variant>,
    /// Claims and numbers.
    pub claims: Claims,
    /// Everything that the base variant trains, without the sweep. It is part of the identity of
    /// the run.
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
    /// The metrics and their schedules.
    pub metrics: Vec<PlannedMetric>,
    /// The closed forms laid over the models, in the order of the spec.
    pub predictions: Vec<PlannedPrediction>,
    /// How the models are trained.
    pub training: Training,
    /// Models that are read from files instead of being trained.
    pub external: BTreeMap<String, ExternalModel>,
}

/// A model of a variant.
#[derive(Clone)]
pub struct PlannedModel {
    /// Its name in the spec.
    pub name: String,
    /// The model.
    pub model: Arc<dyn Model>,
    /// Its role, from its kind or from its table.
    pub role: Role,
}

/// An entry of `[[measure]]`: a metric, its schedule, and the models and variants in which it is
/// measured.
#[derive(Clone)]
pub struct PlannedMetric {
    /// The metric kind.
    pub metric: Arc<dyn Metric>,
    /// When the metric is measured.
    pub schedule: Schedule,
    /// Models on which it is measured; empty means all.
    pub models: Vec<String>,
    /// Variant groups in which it is measured; empty means all.
    pub variants: Vec<String>,
}

impl PlannedMetric {
    /// The table with every default written out.
    pub fn resolved(&self) -> toml::Table {
        self.with_schedule(self.metric.resolved())
    }

    /// The part of the table that affects the measured rows.
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

    /// Whether it is measured on `model` in the variant group `group`.
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
    /// Its role: theory, unless its table sets another.
    pub role: Role,
}

/// The replacement of a model that is not trained by this run.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalModel {
    /// The content that was read.
    pub content: ExternalContent,
    /// The source of the content.
    pub source: ExternalSource,
    /// Notes for readers of the run, one sentence each.
    pub notes: Vec<String>,
}

/// The content of an external model.
#[derive(Debug, Clone, PartialEq)]
pub enum ExternalContent {
    /// Curves of another program, as rows of the long table.
    Curves(Vec<Observation>),
    /// Parameters at training steps, by seed.
    Checkpoints(BTreeMap<u64, BTreeMap<u64, Vec<HostArray>>>),
}

/// Claims and numbers with their statistics.
#[derive(Clone, Default)]
pub struct Claims {
    /// The claims that are judged.
    pub claims: Vec<PlannedClaim>,
    /// The numbers that are reported without judging.
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

    /// The metrics that are measured in the group of this variant, with their schedules.
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

    /// Assumptions about the user's files, and what is missing in them, one sentence each.
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

    /// The role of each model and prediction. If variants disagree, the first variant that has it
    /// decides.
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

    /// The description of each metric. If two kinds give a metric of the same name, the first
    /// decides.
    pub fn metrics(&self) -> BTreeMap<String, MetricInfo> {
        let mut metrics: BTreeMap<String, MetricInfo> = BTreeMap::new();
        // An index called skill means the groups of the task, which may be modes.
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
                // Times have the same indices as the strengths.
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
