use std::{borrow::Cow, ops::RangeInclusive};

use metrics::{
    ClassMeans, Decision, LabelledFeatures, LinearClassifier, MetricError, SelfDuality,
    Variability, WithinClass, class_distance_variance, class_effective_ranks,
    effective_rank_of_power, feature_singular_values, features_vary, hyperspherical_variation,
    simplex_distance, stable_rank, uniform_duality,
};
use models::{HiddenFeatures, HiddenLayer, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Quantity, Reference, Task, parse_table, stream, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, accuracy::needs_classes, at_least, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Collapse>("rows = 1000\npermuted = true\nclass_ranks = true").giving(&[&[
Quantity::new("nc1", "–", "Tr(S_w S_b⁺)/C over the C − 1 directions of the class means, where S_w and S_b are the covariances of features within and between classes: 0 where features lie on their class means").from("[Papyan2020]"),
Quantity::new("nc1_quotient", "–", "Tr S_w/Tr S_b: `nc1` without the inverse"),
Quantity::new("nc1_rank", "–", "Number of directions of the class means that `nc1` kept"),
Quantity::new("nc1_eigenvalue", "feature²", "Smallest eigenvalue of S_b among the directions that `nc1` kept"),
Quantity::new("nc1_dropped", "–", "Number of directions that `nc1` leaves out because rounding could have made them; only where there are some"),
Quantity::new("nc1_all_directions", "–", "`nc1` with the dropped directions; only where it differs by more than a factor of 2"),
Quantity::new("cdnv", "–", "Class-distance normalised variance: mean of (σ_c² + σ_c'²)/(2 |μ_c − μ_c'|²) over the pairs of classes: 0 where features lie on their class means").from("[Galanti2022]"),
Quantity::new("nc2_equinorm_means", "–", "Standard deviation (n − 1) of the norms of the centred class means, over their mean: 0 for a simplex").from("[Papyan2020]"),
Quantity::new("nc2_equiangular_means", "–", "Mean |cos + 1/(C − 1)| over the pairs of the centred class means: 0 for a simplex").from("[Papyan2020]"),
Quantity::new("nc2_etf_means", "–", "Distance of the normalised Gram matrix of the centred class means from that of a simplex: 0 for a simplex").from("[Zhu2021]"),
Quantity::new("nc2_equinorm_weights", "–", "Standard deviation (n − 1) of the norms of the rows of the classifier, over their mean: 0 for a simplex").from("[Papyan2020]"),
Quantity::new("nc2_equiangular_weights", "–", "Mean |cos + 1/(C − 1)| over the pairs of the rows of the classifier: 0 for a simplex").from("[Papyan2020]"),
Quantity::new("nc2_etf_weights", "–", "Distance of the normalised Gram matrix of the rows of the classifier from that of a simplex: 0 for a simplex").from("[Zhu2021]"),
Quantity::new("gnc2_means", "–", "Coefficient of variation, over pairs of classes, of ln(1/distance) of the normalised centred class means: 0 where all pairs are equally far apart, as in a simplex").from("[Liu2023; Wu2024]"),
Quantity::new("gnc2_weights", "–", "The same of the rows of the classifier").from("[Liu2023; Wu2024]"),
Quantity::new("nc3", "–", "|W/|W| − M/|M||, the distance of the classifier W from the matrix M of centred class means: 0 where they agree up to a factor").from("[Papyan2020]"),
Quantity::new("nc3_product", "–", "Distance of the normalised product W Mᵀ from that of a simplex").from("[Zhu2021]"),
Quantity::new("unc3", "–", "Coefficient of variation, over classes, of the cosine between a class's row of the classifier and its centred mean: 0 where all classes are aligned alike").from("[Wu2024]"),
Quantity::new("nc4", "share", "Share of the rows that the classifier does not give to the nearest class mean: 0 when collapsed").from("[Papyan2020]"),
Quantity::new("nearest_mean_accuracy", "share", "Share of the rows whose nearest class mean is that of their class"),
Quantity::new("effective_rank", "–", "Exponential of the entropy of the variances of the centred features: C − 1 when collapsed").from("[Roy2007]"),
Quantity::new("stable_rank", "–", "Σσ²/max σ² of the centred features"),
Quantity::new("within_inside", "feature²", "Tr S_w in the directions that the classifier reads"),
Quantity::new("within_outside", "feature²", "Tr S_w in the directions that the classifier does not read"),
Quantity::new("feature_singular", "feature", "The C + 1 largest singular values of the centred features (index)"),
Quantity::new("class_effective_rank", "–", "Exponential of the entropy of the variances of the rows of a class (index), seen from the centre of the class means: 1 where they lie on their class mean; with class_ranks = true").from("[Roy2007]"),
Quantity::new("nc1_permuted", "–", "`nc1` with the labels permuted among the rows, a control that no net can pass; with permuted = true"),
]]);

/// Neural collapse of the last hidden layer on the training rows, with the labels that are trained on.
///
/// Can be read on tasks with classes, with models that have a hidden layer (`mlp`, `deep-linear`,
/// `unconstrained-features`). A quantity that is not defined (class means that are all the same, features
/// that do not vary) gives no number. Directions of the class means that may be nothing but rounding in the precision of
/// the run are dropped.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Collapse {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
    /// Whether `nc1_permuted` is given, too: `nc1` with the labels permuted among the rows, a control that no net can pass.
    #[serde(default)]
    permuted: bool,
    /// Whether `class_effective_rank` is given, too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    class_ranks: bool,
}

/// What readers are told of `collapse-layers`.
pub(crate) const LAYERS: Reference = Reference::of::<CollapseLayers>("rows = 1000").giving(&[&[
    Quantity::new("layer_nc1", "–", "`nc1` of the features of a hidden layer").from("[Papyan2020]"),
    Quantity::new(
        "layer_nc1_quotient",
        "–",
        "`nc1_quotient` of the features of a hidden layer",
    ),
    Quantity::new(
        "layer_effective_rank",
        "–",
        "`effective_rank` of the features of a hidden layer",
    )
    .from("[Roy2007]"),
    Quantity::new(
        "layer_stable_rank",
        "–",
        "`stable_rank` of the features of a hidden layer",
    ),
    Quantity::new(
        "layer_nearest_mean_accuracy",
        "share",
        "`nearest_mean_accuracy` of the features of a hidden layer",
    ),
]]);

/// Neural collapse of every hidden layer on the training rows.
///
/// Can be read on tasks with classes, with models that have a hidden layer (`mlp`, `deep-linear`,
/// `unconstrained-features`). The index is the layer.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CollapseLayers {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
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
            "cdnv",
            "nc2_equinorm_means",
            "nc2_equiangular_means",
            "nc2_etf_means",
            "nc2_equinorm_weights",
            "nc2_equiangular_weights",
            "nc2_etf_weights",
            "gnc2_means",
            "gnc2_weights",
            "nc3",
            "nc3_product",
            "unc3",
            "nc4",
            "nearest_mean_accuracy",
            "effective_rank",
            "stable_rank",
            "within_inside",
            "within_outside",
            "feature_singular",
            "nc1_permuted",
            "class_effective_rank",
        ];
        const RANKS_ALONE: &[&str] = &{
            let mut names = [""; PLAIN.len() - 1];
            let mut at = 0;
            while at < names.len() {
                names[at] = PLAIN[at];
                at += 1;
            }
            names[PLAIN.len() - 2] = "class_effective_rank";
            names
        };
        match (self.permuted, self.class_ranks) {
            (true, true) => PLAIN,
            (true, false) => &PLAIN[..PLAIN.len() - 1],
            (false, true) => RANKS_ALONE,
            (false, false) => &PLAIN[..PLAIN.len() - 2],
        }
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "feature_singular" => "value",
            "class_effective_rank" => "class",
            _ => "",
        }
    }

    fn indices(&self, metric: &str, task: &dyn Task, _: &dyn Model) -> Option<RangeInclusive<u64>> {
        match metric {
            "feature_singular" => Some(1..=task.shape().outputs as u64 + 1),
            "class_effective_rank" => Some(1..=task.shape().outputs as u64),
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
        if let Some(found) = defined(class_distance_variance(&features, &means))? {
            push("cdnv", 0, found);
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
        if defined(means.simplex())?.is_some()
            && let Some(found) =
                defined(hyperspherical_variation(means.centred(), means.classes()))?
        {
            push("gnc2_means", 0, found);
        }
        if let Some(found) = defined(hyperspherical_variation(&classifier.weight, read.classes()))?
        {
            push("gnc2_weights", 0, found);
        }
        if let Some(found) = defined(uniform_duality(&classifier.weight, &means))? {
            push("unc3", 0, found);
        }
        if self.class_ranks
            && let Some(found) = defined(class_effective_ranks(&features, &means))?
        {
            for (&class, rank) in means.present().iter().zip(found) {
                push("class_effective_rank", u64::from(class) + 1, rank);
            }
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
