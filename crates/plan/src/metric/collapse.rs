use std::{borrow::Cow, ops::RangeInclusive};

use metrics::{
    ClassMeans, Decision, LabelledFeatures, LinearClassifier, MetricError, SelfDuality,
    Variability, WithinClass, effective_rank_of_power, feature_singular_values, features_vary,
    simplex_distance, stable_rank,
};
use models::{HiddenFeatures, HiddenLayer, Model};
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Task, parse_table, stream, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, accuracy::needs_classes, at_least, lacks};

/// Neural collapse of the last hidden layer on the training rows, with the labels that these are
/// trained on \[Papyan2020; Zhu2021\]: `nc1` with the directions of the class means that it kept
/// (`nc1_rank`) and the smallest eigenvalue of S_b among them (`nc1_eigenvalue`), `nc1_quotient`,
/// the distances of centred class means and of the classifier from a simplex, `nc3`, `nc3_product`, `nc4`, `nearest_mean_accuracy`,
/// `effective_rank`, `stable_rank`, the variance within classes inside and outside the directions
/// that the classifier reads, and the largest singular values of the centred features (the index).
///
/// Directions of the class means that may be nothing but rounding in the precision of the run are
/// dropped: `nc1_dropped` counts them where there are some, and `nc1_all_directions` is `nc1` with
/// them where that differs by more than a factor of 2.
///
/// What is not defined (all class means the same, features that do not vary) gives no number.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Collapse {
    /// Only this many of the training rows, spread evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
    /// Also `nc1_permuted`: `nc1` with the labels permuted among the rows, a control that no net can
    /// pass.
    #[serde(default)]
    permuted: bool,
}

/// The same for every hidden layer (the index): `layer_nc1`, `layer_nc1_quotient`,
/// `layer_effective_rank`, `layer_stable_rank` and `layer_nearest_mean_accuracy`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CollapseLayers {
    /// Only this many of the training rows, spread evenly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let collapse: Collapse = parse_table(table)?;
    at_least("rows", collapse.rows, 2)?;
    Ok(Box::new(collapse))
}

pub(crate) fn build_layers(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let layers: CollapseLayers = parse_table(table)?;
    at_least("rows", layers.rows, 2)?;
    Ok(Box::new(layers))
}

/// Checks that all models have hidden features on a task with classes.
pub(super) fn needs_hidden_features(
    kind: &str,
    task: &dyn Task,
    models: &[&dyn Model],
) -> Result<(), KeyError> {
    needs_classes(kind, task)?;
    let hidden = |model: &&dyn Model| hidden_layers(task, *model).is_some();
    if models.iter().all(hidden) {
        return Ok(());
    }
    let needs = "models with a hidden layer; name them in models";
    Err(lacks(kind, needs))
}

/// Hidden layers of a model that has features.
fn hidden_layers(task: &dyn Task, model: &dyn Model) -> Option<usize> {
    let instance = task.instance(0);
    let initial = model.initial(&*instance, task.shape(), 0);
    let some = instance.test().rows_from(0, 1);
    let features = model.hidden_features(&initial, &some).ok()??;
    Some(features.layers.len())
}

/// Labelled training rows and the model's features on them.
pub(super) struct OnTrainingRows<'a> {
    rows: Cow<'a, Batch>,
    pub(super) labels: Vec<u32>,
    pub(super) features: HiddenFeatures,
    unit_roundoff: f64,
}

impl<'a> OnTrainingRows<'a> {
    /// `None` where the model has no hidden layer.
    pub(super) fn read(at: &Snapshot<'a>, most: Option<u32>) -> Result<Option<Self>, MeasureError> {
        let rows = at.some_training_rows(most);
        let labels = metrics::labels(&rows.targets, rows.shape.outputs)?;
        let model = at.model;
        let features = model.hidden_features(at.parameters()?, &rows)?;
        Ok(features.map(|features| Self {
            rows,
            labels,
            features,
            unit_roundoff: at.format().unit_roundoff(),
        }))
    }

    pub(super) fn classes(&self) -> usize {
        self.rows.shape.outputs
    }

    pub(super) fn last(&self) -> LabelledFeatures<'_> {
        // A model with hidden features has a last one.
        self.of(&self.features.layers[self.features.layers.len() - 1])
    }

    pub(super) fn of<'b>(&'b self, layer: &'b HiddenLayer) -> LabelledFeatures<'b> {
        LabelledFeatures {
            values: &layer.values,
            width: layer.width,
            labels: &self.labels,
            classes: self.classes(),
            unit_roundoff: self.unit_roundoff,
        }
    }
}

/// The means of the classes, or nothing of features that do not vary.
pub(super) fn means_of(
    features: &LabelledFeatures<'_>,
) -> Result<Option<ClassMeans>, MeasureError> {
    let vary = features_vary(features.values, features.width, features.unit_roundoff);
    match defined(vary)? {
        Some(()) => defined(ClassMeans::of(features)),
        None => Ok(None),
    }
}

/// The value, or nothing where it is not defined.
pub(super) fn defined<T>(value: Result<T, MetricError>) -> Result<Option<T>, MeasureError> {
    match value {
        Ok(value) => Ok(Some(value)),
        Err(MetricError::Domain { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Labels in an order drawn once and for all.
fn permuted(labels: &[u32]) -> Vec<u32> {
    let mut keys = vec![0.0; labels.len()];
    stream::standard_normals(&mut stream::keyed(0, "permuted labels", 0), &mut keys);
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]));
    order.into_iter().map(|row| labels[row]).collect()
}

/// Ranks of centred features.
fn ranks(singular: &[f64]) -> Result<Option<[f64; 2]>, MeasureError> {
    let effective = defined(effective_rank_of_power(singular))?;
    Ok(effective
        .zip(defined(stable_rank(singular))?)
        .map(|(e, s)| [e, s]))
}

impl Metric for Collapse {
    fn resolved(&self) -> toml::Table {
        table_of("collapse", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        const PLAIN: &[&str] = &[
            "nc1",
            "nc1_quotient",
            "nc1_rank",
            "nc1_eigenvalue",
            "nc1_dropped",
            "nc1_all_directions",
            "nc2_equinorm_means",
            "nc2_equiangular_means",
            "nc2_etf_means",
            "nc2_equinorm_weights",
            "nc2_equiangular_weights",
            "nc2_etf_weights",
            "nc3",
            "nc3_product",
            "nc4",
            "nearest_mean_accuracy",
            "effective_rank",
            "stable_rank",
            "within_inside",
            "within_outside",
            "feature_singular",
            "nc1_permuted",
        ];
        match self.permuted {
            true => PLAIN,
            false => &PLAIN[..PLAIN.len() - 1],
        }
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "feature_singular" => "value",
            _ => "",
        }
    }

    fn indices(&self, metric: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        match metric {
            "feature_singular" => Some(1..=task.shape().outputs as u64 + 1),
            _ => Some(0..=0),
        }
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        needs_hidden_features("collapse", task, models)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(read) = OnTrainingRows::read(at, self.rows)? else {
            return Ok(());
        };
        let (features, classifier) = (read.last(), &read.features.classifier);
        let Some(means) = means_of(&features)? else {
            return Ok(());
        };
        let mut push = |metric, index, value| {
            out.push(Reading {
                metric,
                index,
                value,
            });
        };
        if let Some(found) = defined(Variability::of(&features, &means))? {
            push("nc1", 0, found.nc1);
            push("nc1_quotient", 0, found.nc1_quotient);
            push("nc1_rank", 0, found.rank as f64);
            push("nc1_eigenvalue", 0, found.smallest_eigenvalue);
            let dropped = means.dropped_eigenvalues().len();
            if dropped > 0 {
                push("nc1_dropped", 0, dropped as f64);
            }
            if found.rounding_matters() {
                push("nc1_all_directions", 0, found.nc1_all_directions);
            }
        }
        if let Some(found) = defined(means.simplex())? {
            push("nc2_equinorm_means", 0, found.equinorm);
            push("nc2_equiangular_means", 0, found.equiangular);
            push("nc2_etf_means", 0, found.etf);
        }
        if let Some(found) = defined(simplex_distance(&classifier.weight, read.classes()))? {
            push("nc2_equinorm_weights", 0, found.equinorm);
            push("nc2_equiangular_weights", 0, found.equiangular);
            push("nc2_etf_weights", 0, found.etf);
        }
        if let Some(found) = defined(SelfDuality::of(&classifier.weight, &means))? {
            push("nc3", 0, found.nc3);
            push("nc3_product", 0, found.nc3_product);
        }
        let linear = LinearClassifier {
            weight: &classifier.weight,
            bias: classifier.bias.as_deref(),
        };
        let decision = Decision::of(&features, &means, &linear)?;
        if defined(means.differ())?.is_some() {
            push("nc4", 0, decision.nc4);
            push("nearest_mean_accuracy", 0, decision.nearest_mean_accuracy);
        }
        if let Some(found) = defined(WithinClass::of(&features, &means, &classifier.weight))? {
            push("within_inside", 0, found.inside);
            push("within_outside", 0, found.outside);
        }
        let singular = feature_singular_values(features.values, features.width)?;
        if let Some([effective, stable]) = ranks(&singular)? {
            push("effective_rank", 0, effective);
            push("stable_rank", 0, stable);
        }
        // The C − 1 of a collapsed net, and two that should vanish.
        let shown = singular.iter().take(read.classes() + 1);
        for (index, &value) in (1..).zip(shown) {
            push("feature_singular", index, value);
        }
        if self.permuted {
            let labels = permuted(&read.labels);
            let features = LabelledFeatures {
                labels: &labels,
                ..features
            };
            if let Some(means) = means_of(&features)?
                && let Some(found) = defined(Variability::of(&features, &means))?
            {
                push("nc1_permuted", 0, found.nc1);
            }
        }
        Ok(())
    }
}

impl Metric for CollapseLayers {
    fn resolved(&self) -> toml::Table {
        table_of("collapse-layers", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "layer_nc1",
            "layer_nc1_quotient",
            "layer_effective_rank",
            "layer_stable_rank",
            "layer_nearest_mean_accuracy",
        ]
    }

    fn index_name(&self, _: &str) -> &'static str {
        "layer"
    }

    fn indices(&self, _: &str, task: &dyn Task, model: &dyn Model) -> Option<RangeInclusive<u64>> {
        Some(1..=hidden_layers(task, model)? as u64)
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        needs_hidden_features("collapse-layers", task, models)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(read) = OnTrainingRows::read(at, self.rows)? else {
            return Ok(());
        };
        for (index, layer) in (1..).zip(&read.features.layers) {
            let features = read.of(layer);
            let Some(means) = means_of(&features)? else {
                continue;
            };
            let mut push = |metric, value| {
                out.push(Reading {
                    metric,
                    index,
                    value,
                });
            };
            if let Some(found) = defined(Variability::of(&features, &means))? {
                push("layer_nc1", found.nc1);
                push("layer_nc1_quotient", found.nc1_quotient);
            }
            let singular = feature_singular_values(features.values, features.width)?;
            if let Some([effective, stable]) = ranks(&singular)? {
                push("layer_effective_rank", effective);
                push("layer_stable_rank", stable);
            }
            if let Some(accuracy) = defined(metrics::nearest_mean_accuracy(&features, &means))? {
                push("layer_nearest_mean_accuracy", accuracy);
            }
        }
        Ok(())
    }
}
