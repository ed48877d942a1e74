use models::Model;
use tasks::{Registry, Task};

use crate::{
    metric::{self, Metric},
    prediction::{self, Prediction},
    statistic::{self, Statistic},
};

/// All kinds that a spec can name. Kinds are a value, so that a crate outside this workspace can
/// add its own.
#[derive(Clone)]
pub struct Kinds {
    /// Task kinds.
    pub tasks: Registry<dyn Task>,
    /// Model kinds.
    pub models: Registry<dyn Model>,
    /// Metric kinds.
    pub metrics: Registry<dyn Metric>,
    /// Closed forms.
    pub predictions: Registry<dyn Prediction>,
    /// Statistics of claims.
    pub statistics: Registry<dyn Statistic>,
}

impl Default for Kinds {
    /// All kinds of this workspace.
    fn default() -> Self {
        Self {
            tasks: tasks::kinds(),
            models: models::kinds(),
            metrics: metrics(),
            predictions: predictions(),
            statistics: statistics(),
        }
    }
}

fn metrics() -> Registry<dyn Metric> {
    use metric::{
        accuracy, amplification, balance, class_norms, class_plane, class_sum, collapse, compute,
        conserved, curvature, features, fourier, gradients, kernel, key_frequencies,
        linearised_gap, logits, loss, mode_sizes, modes, outputs, patterns, ranks, scales, skills,
        walsh, weights,
    };
    Registry::new(
        "metric kind",
        [
            ("skills", skills::build, skills::REFERENCE),
            ("loss", loss::build, loss::REFERENCE),
            ("weights", weights::build, weights::REFERENCE),
            ("walsh", walsh::build, walsh::REFERENCE),
            ("compute", compute::build, compute::REFERENCE),
            ("kernel", kernel::build, kernel::REFERENCE),
            ("modes", modes::build, modes::REFERENCE),
            ("mode-sizes", mode_sizes::build, mode_sizes::REFERENCE),
            ("outputs", outputs::build, outputs::REFERENCE),
            (
                "amplification",
                amplification::build,
                amplification::REFERENCE,
            ),
            ("features", features::build, features::REFERENCE),
            ("patterns", patterns::build, patterns::REFERENCE),
            ("accuracy", accuracy::build, accuracy::REFERENCE),
            ("logits", logits::build, logits::REFERENCE),
            ("fourier", fourier::build, fourier::REFERENCE),
            (
                "fourier-spectrum",
                fourier::build_spectrum,
                fourier::SPECTRUM,
            ),
            (
                "key-frequencies",
                key_frequencies::build,
                key_frequencies::REFERENCE,
            ),
            ("conserved", conserved::build, conserved::REFERENCE),
            ("scales", scales::build, scales::REFERENCE),
            ("collapse", collapse::build, collapse::REFERENCE),
            ("collapse-layers", collapse::build_layers, collapse::LAYERS),
            ("class-plane", class_plane::build, class_plane::REFERENCE),
            ("class-norms", class_norms::build, class_norms::REFERENCE),
            ("class-sum", class_sum::build, class_sum::REFERENCE),
            ("balance", balance::build, balance::REFERENCE),
            ("ranks", ranks::build, ranks::REFERENCE),
            ("gradients", gradients::build, gradients::REFERENCE),
            ("curvature", curvature::build, curvature::REFERENCE),
            (
                "linearised-gap",
                linearised_gap::build,
                linearised_gap::REFERENCE,
            ),
        ],
    )
}

fn predictions() -> Registry<dyn Prediction> {
    use prediction::{
        aligned_chains, decay_alone, feedback_skills, fitted_rise, free_features, limits,
        linear_skills, muon_modes, networks, power_laws, random_start, scalar_toy, shots, skills,
        stretched_curve, toy_amplification,
    };
    Registry::new(
        "prediction kind",
        [
            ("multilinear-skills", skills::build, skills::REFERENCE),
            (
                "linear-skills",
                linear_skills::build,
                linear_skills::REFERENCE,
            ),
            (
                "feedback-skills",
                feedback_skills::build,
                feedback_skills::REFERENCE,
            ),
            ("fitted-rise", fitted_rise::build, fitted_rise::REFERENCE),
            (
                "stretched-curve",
                stretched_curve::build,
                stretched_curve::REFERENCE,
            ),
            ("data-shot", shots::build_data, shots::DATA),
            ("parameter-shot", shots::build_parameters, shots::PARAMETERS),
            ("resource-limits", limits::build, limits::REFERENCE),
            ("power-laws", power_laws::build, power_laws::REFERENCE),
            (
                "aligned-network",
                networks::build_aligned,
                networks::ALIGNED,
            ),
            (
                "balanced-network",
                networks::build_balanced,
                networks::BALANCED,
            ),
            (
                "aligned-chains",
                aligned_chains::build,
                aligned_chains::REFERENCE,
            ),
            ("random-start", random_start::build, random_start::REFERENCE),
            ("muon-modes", muon_modes::build, muon_modes::REFERENCE),
            ("decay-alone", decay_alone::build, decay_alone::REFERENCE),
            ("scalar-toy", scalar_toy::build, scalar_toy::REFERENCE),
            (
                "toy-amplification",
                toy_amplification::build,
                toy_amplification::REFERENCE,
            ),
            (
                "unconstrained-features",
                free_features::build,
                free_features::REFERENCE,
            ),
        ],
    )
}

fn statistics() -> Registry<dyn Statistic> {
    use statistic::{
        collapse, delay, delay_order, explained_share, final_value, half_time_agreement,
        half_time_exponent, half_time_law, half_time_order, knob_ratio, knob_slope, knob_threshold,
        largest_gap, metric_correlation, metric_slope, rank_correlation, rise, saturation_ratio,
        shape, slope, time_ratio,
    };
    Registry::new(
        "statistic",
        [
            (
                "half-time-order",
                half_time_order::build,
                half_time_order::REFERENCE,
            ),
            (
                "half-time-exponent",
                half_time_exponent::build,
                half_time_exponent::REFERENCE,
            ),
            ("half-time-law", half_time_law::build, half_time_law::LAW),
            (
                "half-time-constant",
                half_time_law::build_constant,
                half_time_law::CONSTANT,
            ),
            ("shape", shape::build, shape::REFERENCE),
            (
                "knob-threshold-spread",
                knob_threshold::build_spread,
                knob_threshold::SPREAD,
            ),
            (
                "knob-threshold-order",
                knob_threshold::build_order,
                knob_threshold::ORDER,
            ),
            (
                "knob-threshold",
                knob_threshold::build,
                knob_threshold::VALUES,
            ),
            ("slope", slope::build, slope::REFERENCE),
            (
                "explained-share",
                explained_share::build,
                explained_share::SHARE,
            ),
            (
                "explained-margin",
                explained_share::build_margin,
                explained_share::MARGIN,
            ),
            ("final-value", final_value::build, final_value::REFERENCE),
            ("largest-gap", largest_gap::build, largest_gap::REFERENCE),
            ("knob-ratio", knob_ratio::build, knob_ratio::REFERENCE),
            (
                "metric-correlation",
                metric_correlation::build,
                metric_correlation::REFERENCE,
            ),
            ("metric-slope", metric_slope::build, metric_slope::REFERENCE),
            (
                "rank-correlation",
                rank_correlation::build,
                rank_correlation::REFERENCE,
            ),
            ("time-ratio", time_ratio::build, time_ratio::REFERENCE),
            ("delay", delay::build, delay::REFERENCE),
            ("delay-order", delay_order::build, delay_order::REFERENCE),
            ("collapse", collapse::build, collapse::REFERENCE),
            ("rise", rise::build, rise::REFERENCE),
            (
                "half-time-agreement",
                half_time_agreement::build,
                half_time_agreement::REFERENCE,
            ),
            ("knob-slope", knob_slope::build, knob_slope::REFERENCE),
            (
                "saturation-ratio",
                saturation_ratio::build,
                saturation_ratio::REFERENCE,
            ),
        ],
    )
}
