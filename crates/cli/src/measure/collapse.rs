use metrics::{
    ClassMeans, Decision, LabelledFeatures, LinearClassifier, SelfDuality, Variability,
    WithinClass, effective_rank_of_power, feature_singular_values, nearest_mean_accuracy,
    simplex_distance, stable_rank,
};

use super::Numbers;

/// Neural collapse of one layer.
#[derive(Debug)]
pub(crate) struct Collapse {
    pub(crate) rows: usize,
    pub(crate) classes: usize,
    pub(crate) width: usize,
    /// What features and labels alone say.
    pub(crate) features: Numbers,
    /// What needs the classifier.
    pub(crate) classifier: Numbers,
}

impl Collapse {
    /// Everything that is defined. A missing classifier comes with the reason.
    pub(crate) fn of(
        features: &LabelledFeatures<'_>,
        classifier: &Result<LinearClassifier<'_>, String>,
    ) -> Result<Self, String> {
        let means = ClassMeans::of(features).map_err(|error| error.to_string())?;
        Ok(Self {
            rows: features.labels.len(),
            classes: features.classes,
            width: features.width,
            features: of_features(features, &means),
            classifier: of_classifier(features, &means, classifier),
        })
    }

    /// Everything, in the order in which it is shown.
    pub(crate) fn numbers(&self) -> Numbers {
        self.features.followed_by(&self.classifier)
    }
}

fn of_features(features: &LabelledFeatures<'_>, means: &ClassMeans) -> Numbers {
    let mut numbers = Numbers::default();
    let variability = Variability::of(features, means);
    numbers.put_all(
        ["nc1", "nc1_papyan", "nc1_quotient"],
        variability
            .as_ref()
            .map(|v| [v.nc1, v.nc1_papyan, v.nc1_quotient]),
    );
    numbers.put("rank", variability.as_ref().map_or(0, |v| v.rank));
    numbers.put_all(
        ["smallest_eigenvalue"],
        variability.as_ref().map(|v| [v.smallest_eigenvalue]),
    );
    numbers.put_all(
        [
            "nc2_equinorm_means",
            "nc2_equiangular_means",
            "nc2_cosine_deviation_means",
            "nc2_etf_means",
        ],
        simplex_distance(means.centred(), means.classes())
            .map(|d| [d.equinorm, d.equiangular, d.cosine_deviation, d.etf]),
    );
    numbers.put_all(
        ["nearest_mean_accuracy"],
        nearest_mean_accuracy(features, means).map(|accuracy| [accuracy]),
    );
    let singular = feature_singular_values(features.values, features.width);
    let ranks = singular.and_then(|s| Ok([effective_rank_of_power(&s)?, stable_rank(&s)?]));
    numbers.put_all(["effective_rank", "stable_rank"], ranks);
    numbers
}

fn of_classifier(
    features: &LabelledFeatures<'_>,
    means: &ClassMeans,
    classifier: &Result<LinearClassifier<'_>, String>,
) -> Numbers {
    /// A number that is not defined, with the reason.
    type Maybe<T> = Result<T, String>;
    fn told<T>(result: Result<T, metrics::MetricError>) -> Maybe<T> {
        result.map_err(|error| error.to_string())
    }
    let classifier = classifier.as_ref().map_err(Clone::clone);
    let weight = classifier.clone().map(|classifier| classifier.weight);
    let mut numbers = Numbers::default();
    let simplex = weight
        .clone()
        .and_then(|w| told(simplex_distance(w, means.classes())));
    numbers.put_all(
        [
            "nc2_equinorm_weights",
            "nc2_equiangular_weights",
            "nc2_cosine_deviation_weights",
            "nc2_etf_weights",
        ],
        simplex.map(|d| [d.equinorm, d.equiangular, d.cosine_deviation, d.etf]),
    );
    let duality = weight.clone().and_then(|w| told(SelfDuality::of(w, means)));
    numbers.put_all(
        ["nc3", "nc3_squared", "nc3_product"],
        duality.map(|d| [d.nc3, d.nc3_squared, d.nc3_product]),
    );
    let decision = classifier.and_then(|c| told(Decision::of(features, means, c)));
    numbers.put_all(
        ["nc4", "nc4_as_is", "bias_gap", "accuracy"],
        decision.map(|d| [d.nc4, d.nc4_as_is, d.bias_gap, d.accuracy]),
    );
    let within = weight.and_then(|w| told(WithinClass::of(features, means, w)));
    numbers.put_all(
        ["within_inside", "within_outside"],
        within.map(|w| [w.inside, w.outside]),
    );
    numbers
}
