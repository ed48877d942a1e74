use models::Model;
use tasks::{Registry, Task};

use crate::{
    metric::{self, Metric},
    prediction::{self, Prediction},
    statistic::{self, Statistic},
};

/// Everything that can be named in a spec. A value, so that a crate outside this workspace can
/// extend it.
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
        accuracy, amplification, balance, class_norms, class_plane, collapse, compute, conserved,
        features, fourier, kernel, key_frequencies, linearised_gap, logits, loss, modes, outputs,
        patterns, ranks, scales, skills, walsh, weights,
    };
    Registry::new(
        "metric kind",
        [
            ("skills", skills::build),
            ("loss", loss::build),
            ("weights", weights::build),
            ("walsh", walsh::build),
            ("compute", compute::build),
            ("kernel", kernel::build),
            ("modes", modes::build),
            ("outputs", outputs::build),
            ("amplification", amplification::build),
            ("features", features::build),
            ("patterns", patterns::build),
            ("accuracy", accuracy::build),
            ("logits", logits::build),
            ("fourier", fourier::build),
            ("fourier-spectrum", fourier::build_spectrum),
            ("key-frequencies", key_frequencies::build),
            ("conserved", conserved::build),
            ("scales", scales::build),
            ("collapse", collapse::build),
            ("collapse-layers", collapse::build_layers),
            ("class-plane", class_plane::build),
            ("class-norms", class_norms::build),
            ("balance", balance::build),
            ("ranks", ranks::build),
            ("linearised-gap", linearised_gap::build),
        ],
    )
}

fn predictions() -> Registry<dyn Prediction> {
    use prediction::{
        feedback_skills, free_features, limits, linear_skills, networks, power_laws, random_start,
        scalar_toy, shots, skills, toy_amplification,
    };
    Registry::new(
        "prediction kind",
        [
            ("multilinear-skills", skills::build),
            ("linear-skills", linear_skills::build),
            ("feedback-skills", feedback_skills::build),
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

fn statistics() -> Registry<dyn Statistic> {
    use statistic::{
        collapse, delay, delay_order, final_value, half_time_agreement, half_time_law,
        half_time_order, knob_ratio, knob_slope, knob_threshold, largest_gap, rank_correlation,
        rise, saturation_ratio, shape, slope, time_ratio,
    };
    Registry::new(
        "statistic",
        [
            ("half-time-order", half_time_order::build),
            ("half-time-law", half_time_law::build),
            ("half-time-constant", half_time_law::build_constant),
            ("shape", shape::build),
            ("knob-threshold-spread", knob_threshold::build_spread),
            ("knob-threshold-order", knob_threshold::build_order),
            ("knob-threshold", knob_threshold::build),
            ("slope", slope::build),
            ("final-value", final_value::build),
            ("largest-gap", largest_gap::build),
            ("knob-ratio", knob_ratio::build),
            ("rank-correlation", rank_correlation::build),
            ("time-ratio", time_ratio::build),
            ("delay", delay::build),
            ("delay-order", delay_order::build),
            ("collapse", collapse::build),
            ("rise", rise::build),
            ("half-time-agreement", half_time_agreement::build),
            ("knob-slope", knob_slope::build),
            ("saturation-ratio", saturation_ratio::build),
        ],
    )
}
