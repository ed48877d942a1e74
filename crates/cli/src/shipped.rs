//! The experiments that are compiled into the binary.

use std::path::Path;

use plan::{Options, Plan, SpecError, load, load_source};
use train::Kinds;

/// Name and text of every shipped experiment, in reading order.
pub(crate) const SPECS: &[(&str, &str)] = &[
    (
        "saturation",
        include_str!("../../../experiments/saturation.toml"),
    ),
    ("depth", include_str!("../../../experiments/depth.toml")),
    (
        "saddle-to-saddle",
        include_str!("../../../experiments/saddle-to-saddle.toml"),
    ),
    (
        "small-layers",
        include_str!("../../../experiments/small-layers.toml"),
    ),
    (
        "balanced-network",
        include_str!("../../../experiments/balanced-network.toml"),
    ),
    (
        "weight-to-target",
        include_str!("../../../experiments/weight-to-target.toml"),
    ),
    (
        "sparse-parity",
        include_str!("../../../experiments/sparse-parity.toml"),
    ),
    (
        "mode-overlay",
        include_str!("../../../experiments/mode-overlay.toml"),
    ),
    (
        "skip-connections",
        include_str!("../../../experiments/skip-connections.toml"),
    ),
    (
        "init-by-theory",
        include_str!("../../../experiments/init-by-theory.toml"),
    ),
    (
        "emergence",
        include_str!("../../../experiments/emergence.toml"),
    ),
    (
        "rate-control",
        include_str!("../../../experiments/rate-control.toml"),
    ),
    (
        "break-feedback",
        include_str!("../../../experiments/break-feedback.toml"),
    ),
    (
        "muon-order",
        include_str!("../../../experiments/muon-order.toml"),
    ),
    (
        "skill-orders",
        include_str!("../../../experiments/skill-orders.toml"),
    ),
    (
        "symmetric-rows",
        include_str!("../../../experiments/symmetric-rows.toml"),
    ),
    (
        "emergence-data",
        include_str!("../../../experiments/emergence-data.toml"),
    ),
    (
        "emergence-parameters",
        include_str!("../../../experiments/emergence-parameters.toml"),
    ),
    (
        "scaling-laws",
        include_str!("../../../experiments/scaling-laws.toml"),
    ),
    (
        "neural-collapse",
        include_str!("../../../experiments/neural-collapse.toml"),
    ),
    (
        "collapse-scales",
        include_str!("../../../experiments/collapse-scales.toml"),
    ),
    (
        "collapse-decay",
        include_str!("../../../experiments/collapse-decay.toml"),
    ),
    (
        "classifier-law",
        include_str!("../../../experiments/classifier-law.toml"),
    ),
    (
        "collapse-by-layer",
        include_str!("../../../experiments/collapse-by-layer.toml"),
    ),
    (
        "collapse-conv",
        include_str!("../../../experiments/collapse-conv.toml"),
    ),
    (
        "frozen-classifier",
        include_str!("../../../experiments/frozen-classifier.toml"),
    ),
    (
        "collapse-imbalanced",
        include_str!("../../../experiments/collapse-imbalanced.toml"),
    ),
    (
        "collapse-mnist",
        include_str!("../../../experiments/collapse-mnist.toml"),
    ),
    (
        "kernel-regimes",
        include_str!("../../../experiments/kernel-regimes.toml"),
    ),
    (
        "lazy-rich",
        include_str!("../../../experiments/lazy-rich.toml"),
    ),
    (
        "lighter-layer",
        include_str!("../../../experiments/lighter-layer.toml"),
    ),
    (
        "frozen-kernel",
        include_str!("../../../experiments/frozen-kernel.toml"),
    ),
    (
        "restored-balance",
        include_str!("../../../experiments/restored-balance.toml"),
    ),
    (
        "edge-of-stability",
        include_str!("../../../experiments/edge-of-stability.toml"),
    ),
    (
        "lazy-rich-parity",
        include_str!("../../../experiments/lazy-rich-parity.toml"),
    ),
    (
        "kernel-limit",
        include_str!("../../../experiments/kernel-limit.toml"),
    ),
    (
        "silent-alignment",
        include_str!("../../../experiments/silent-alignment.toml"),
    ),
    ("width", include_str!("../../../experiments/width.toml")),
    (
        "grokking-modular",
        include_str!("../../../experiments/grokking-modular.toml"),
    ),
    (
        "grokking-knobs",
        include_str!("../../../experiments/grokking-knobs.toml"),
    ),
    (
        "grokking-digits",
        include_str!("../../../experiments/grokking-digits.toml"),
    ),
    (
        "grokking-twins",
        include_str!("../../../experiments/grokking-twins.toml"),
    ),
    (
        "imbalance-grokking",
        include_str!("../../../experiments/imbalance-grokking.toml"),
    ),
    (
        "frozen-grokking",
        include_str!("../../../experiments/frozen-grokking.toml"),
    ),
    (
        "linear-grokking",
        include_str!("../../../experiments/linear-grokking.toml"),
    ),
    (
        "grokking-mnist",
        include_str!("../../../experiments/grokking-mnist.toml"),
    ),
    (
        "emergence-paper",
        include_str!("../../../experiments/emergence-paper.toml"),
    ),
];

/// Loads a spec by name or path.
pub(crate) fn find(experiment: &str, options: &Options, kinds: &Kinds) -> Result<Plan, SpecError> {
    let is_toml = Path::new(experiment)
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("toml"));
    if is_toml || experiment.contains('/') {
        return load(Path::new(experiment), options, kinds);
    }
    match SPECS.iter().find(|(name, _)| *name == experiment) {
        Some((name, source)) => {
            load_source(source, &format!("experiments/{name}.toml"), options, kinds)
        }
        None => {
            let names: Vec<&str> = SPECS.iter().map(|(name, _)| *name).collect();
            Err(SpecError::key(
                "EXPERIMENT",
                format!("{experiment:?}"),
                "is neither a shipped experiment nor a file ending in .toml",
                tasks::choose_one_of(experiment, &names),
            ))
        }
    }
}
