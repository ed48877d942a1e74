use std::thread;

use metrics::{
    ClassMeans, Decision, LabelledFeatures, LinearClassifier, MetricError, SelfDuality, Stored,
    Variability, WithinClass, class_distance_variance, effective_rank_of_power,
    feature_singular_values, features_vary, hyperspherical_variation, nearest_mean_accuracy,
    simplex_distance, stable_rank, uniform_duality,
};
use serde_json::{Map, json};

use super::Numbers;

/// Neural collapse of one layer.
#[derive(Debug)]
pub(crate) struct Collapse {
    pub(crate) rows: usize,
    /// Number of classes, including classes without rows.
    pub(crate) classes: usize,
    /// The first few classes without rows, and the number of all classes without rows.
    without_rows: (Vec<usize>, usize),
    pub(crate) width: usize,
    unit_roundoff: f64,
    /// Metrics that need only features and labels.
    pub(crate) features: Numbers,
    /// Metrics that need the classifier.
    pub(crate) classifier: Numbers,
}

/// A number, or the reason why it is not defined.
type Maybe<T> = Result<T, String>;

fn told<T>(result: Result<T, MetricError>) -> Maybe<T> {
    result.map_err(|error| error.to_string())
}

impl Collapse {
    /// Measures all metrics that are defined. A missing classifier comes with the reason. A
    /// classifier with one output decides between two classes by its sign.
    pub(crate) fn of<T: Stored>(
        features: &LabelledFeatures<'_, T>,
        classifier: &Maybe<LinearClassifier<'_>>,
    ) -> Self {
        /// Number of classes that fit on a line.
        const NAMED: usize = 20;
        let vary = told(features_vary(
            features.values,
            features.width,
            features.unit_roundoff,
        ));
        let mut present = features.labels.to_vec();
        present.sort_unstable();
        present.dedup();
        let has_row = |class: &usize| {
            u32::try_from(*class).is_ok_and(|class| present.binary_search(&class).is_ok())
        };
        let missing = (0..features.classes).filter(|class| !has_row(class));
        let without_rows = (
            missing.take(NAMED).collect(),
            features.classes - present.len(),
        );
        let mut collapse = Self {
            rows: features.labels.len(),
            classes: features.classes,
            without_rows,
            width: features.width,
            unit_roundoff: features.unit_roundoff,
            features: Numbers::default(),
            classifier: Numbers::default(),
        };
        let complete = collapse.says_without_rows().map_or(Ok(()), |without| {
            Err(format!("{without}: a class without rows has no mean"))
        });
        let of_classes = || {
            let means = vary.clone().and_then(|()| told(ClassMeans::of(features)));
            let (of_classifier, decision) = of_classifier(features, &means, &complete, classifier);
            (of_means(features, &means, decision), of_classifier)
        };
        let of_spectrum = || {
            let singular = feature_singular_values(features.values, features.width)?;
            Ok([effective_rank_of_power(&singular)?, stable_rank(&singular)?])
        };
        let of_spectrum = || vary.clone().and_then(|()| told(of_spectrum()));
        let (ranks, (of_means, of_classifier)) = if features.values.len() < WORTH_A_THREAD {
            (of_spectrum(), of_classes())
        } else {
            thread::scope(|scope| {
                let ranks = scope.spawn(of_spectrum);
                let of_classes = of_classes();
                (joined(ranks), of_classes)
            })
        };
        collapse.features = of_means;
        collapse
            .features
            .put_all(["effective_rank", "stable_rank"], ranks);
        collapse.classifier = of_classifier;
        collapse
    }

    /// All numbers in the order in which they are printed.
    pub(crate) fn numbers(&self) -> Numbers {
        self.features.followed_by(&self.classifier)
    }

    /// A sentence about the classes without rows, if there are any.
    pub(crate) fn says_without_rows(&self) -> Option<String> {
        let (named, count) = &self.without_rows;
        let list: Vec<String> = named.iter().map(usize::to_string).collect();
        let list = list.join(", ");
        match (count, count - named.len()) {
            (0, _) => None,
            (1, _) => Some(format!("class {list} of {} has no rows", self.classes)),
            (_, 0) => Some(format!("classes {list} of {} have no rows", self.classes)),
            (_, more) => Some(format!(
                "classes {list} and {more} more of {} have no rows",
                self.classes
            )),
        }
    }

    /// The precision of the numbers that were measured.
    pub(crate) fn precision(&self) -> &'static str {
        // The values of `unit_roundoff` in `tasks::tensors::Array`.
        match -self.unit_roundoff.log2() as u32 {
            8 => "bf16",
            11 => "f16",
            24 => "f32",
            _ => "f64",
        }
    }

    /// Writes the number of rows, classes and features, and the precision.
    pub(crate) fn write_rows(&self, document: &mut Map<String, serde_json::Value>) {
        let mut put = |name: &str, value| document.insert(name.to_owned(), value);
        let (named, count) = &self.without_rows;
        put("rows", json!(self.rows));
        put("classes", json!(self.classes));
        put("classes_with_rows", json!(self.classes - count));
        put("classes_without_rows", json!(named));
        put("width", json!(self.width));
        put("precision", json!(self.precision()));
    }
}

/// Number of features from which on a second thread saves time. The two halves of the work take about
/// the same time, and the numbers do not depend on how it is shared.
const WORTH_A_THREAD: usize = 50_000;

/// What a thread returned; its panic goes on.
fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Metrics that need only features and labels, except ranks. `decision` is known if there is a
/// classifier.
fn of_means<T: Stored>(
    features: &LabelledFeatures<'_, T>,
    means: &Maybe<ClassMeans>,
    decision: Option<Decision>,
) -> Numbers {
    let mut numbers = Numbers::default();
    let means = means.as_ref().map_err(Clone::clone);
    let variability = means
        .clone()
        .and_then(|m| told(Variability::of(features, m)));
    let of = |value: fn(&Variability) -> f64| {
        let value = variability.as_ref().map(|v| [value(v)]);
        value.map_err(Clone::clone)
    };
    numbers.put_all(["nc1"], of(|v| v.nc1));
    if variability
        .as_ref()
        .is_ok_and(Variability::rounding_matters)
    {
        numbers.put_all(["nc1_all_directions"], of(|v| v.nc1_all_directions));
    }
    numbers.put_all(["nc1_papyan"], of(|v| v.nc1_papyan));
    numbers.put_all(["nc1_quotient"], of(|v| v.nc1_quotient));
    let pairs = means.clone();
    let pairs = pairs.and_then(|m| told(class_distance_variance(features, m)));
    numbers.put_all(["cdnv"], pairs.map(|value| [value]));
    numbers.put("rank", variability.as_ref().map_or(0, |v| v.rank));
    numbers.put_all(["smallest_eigenvalue"], of(|v| v.smallest_eigenvalue));
    let dropped = means.as_ref().map(|m| m.dropped_eigenvalues());
    let dropped = dropped.unwrap_or_default();
    numbers.put("dropped_directions", dropped.len());
    if let Some(largest) = dropped.first() {
        numbers.put("largest_dropped_eigenvalue", *largest);
    }
    numbers.put_all(
        [
            "nc2_equinorm_means",
            "nc2_equiangular_means",
            "nc2_cosine_deviation_means",
            "nc2_etf_means",
        ],
        (means.clone())
            .and_then(|m| told(m.simplex()))
            .map(|d| [d.equinorm, d.equiangular, d.cosine_deviation, d.etf]),
    );
    let uniformity = (means.clone())
        .and_then(|m| told(m.simplex()).map(|_| m))
        .and_then(|m| told(hyperspherical_variation(m.centred(), m.classes())));
    numbers.put_all(["gnc2_means"], uniformity.map(|value| [value]));
    let nearest = |means| match decision {
        Some(decision) => Ok(decision.nearest_mean_accuracy),
        None => told(nearest_mean_accuracy(features, means)),
    };
    numbers.put_all(
        ["nearest_mean_accuracy"],
        means
            .and_then(|means| told(means.differ()).map(|()| means))
            .and_then(nearest)
            .map(|accuracy| [accuracy]),
    );
    numbers
}

/// Metrics that need the classifier, and its decisions if they are defined.
fn of_classifier<T: Stored>(
    features: &LabelledFeatures<'_, T>,
    means: &Maybe<ClassMeans>,
    complete: &Maybe<()>,
    classifier: &Maybe<LinearClassifier<'_>>,
) -> (Numbers, Option<Decision>) {
    let means = means.as_ref().map_err(Clone::clone);
    let classifier = classifier.as_ref().map_err(Clone::clone);
    let mut numbers = Numbers::default();
    let one_output = classifier
        .as_ref()
        .is_ok_and(|c| c.weight.len() == features.width && features.classes == 2);
    let by_class = if one_output {
        Err("the classifier has one output, not one for each of the two classes".to_owned())
    } else {
        classifier.clone().map(|c| c.weight)
    };
    // Two logits that make the same decisions as the one output.
    let halves = |values: &[f64]| -> Vec<f64> {
        let half = |sign: f64| values.iter().map(move |value| sign * value / 2.0);
        half(-1.0).chain(half(1.0)).collect()
    };
    let two = classifier
        .clone()
        .ok()
        .filter(|_| one_output)
        .map(|c| (halves(c.weight), c.bias.map(halves)));
    let classifier = match &two {
        Some((weight, bias)) => Ok(LinearClassifier {
            weight,
            bias: bias.as_deref(),
        }),
        None => classifier.copied(),
    };
    let simplex = by_class
        .clone()
        .and_then(|w| told(simplex_distance(w, features.classes)));
    numbers.put_all(
        [
            "nc2_equinorm_weights",
            "nc2_equiangular_weights",
            "nc2_cosine_deviation_weights",
            "nc2_etf_weights",
        ],
        simplex.map(|d| [d.equinorm, d.equiangular, d.cosine_deviation, d.etf]),
    );
    let uniformity = by_class
        .clone()
        .and_then(|w| told(hyperspherical_variation(w, features.classes)));
    numbers.put_all(["gnc2_weights"], uniformity.map(|value| [value]));
    // Metrics that need the mean and the classifier row of every class.
    let all_classes = by_class.and_then(|w| {
        let means = means.clone()?;
        complete.clone().map(|()| (w, means))
    });
    let duality = (all_classes.clone()).and_then(|(w, means)| told(SelfDuality::of(w, means)));
    numbers.put_all(
        ["nc3", "nc3_squared", "nc3_product"],
        duality.map(|d| [d.nc3, d.nc3_squared, d.nc3_product]),
    );
    let uniform = (all_classes.clone()).and_then(|(w, means)| told(uniform_duality(w, means)));
    numbers.put_all(["unc3"], uniform.map(|value| [value]));
    let decision = classifier.clone().and_then(|c| {
        let means = means.clone()?;
        told(Decision::of(features, means, &c))
    });
    let differ = means.clone().and_then(|m| told(m.differ()));
    let nc4 = decision.clone().and_then(|d| differ.map(|()| d));
    numbers.put_all(["nc4", "nc4_as_is"], nc4.map(|d| [d.nc4, d.nc4_as_is]));
    let known = decision.clone().ok();
    let gap = all_classes.and(decision);
    numbers.put_all(["bias_gap"], gap.map(|d| [d.bias_gap]));
    let accuracy = classifier.clone().and_then(|c| {
        if let Some(decision) = known {
            return Ok(decision.accuracy);
        }
        let logits = told(c.logits(features))?;
        told(metrics::accuracy(
            &logits,
            features.labels,
            features.classes,
        ))
    });
    numbers.put_all(["accuracy"], accuracy.map(|accuracy| [accuracy]));
    let within = classifier.and_then(|c| {
        let means = means.clone()?;
        told(WithinClass::of(features, means, c.weight))
    });
    numbers.put_all(
        ["within_inside", "within_outside"],
        within.map(|w| [w.inside, w.outside]),
    );
    (numbers, known)
}
