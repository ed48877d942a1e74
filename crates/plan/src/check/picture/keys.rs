//! Which keys belong to which kinds of panel.

use crate::spec::{Panel, PanelKind, SpecError, Transform, XAxis};

/// The name of a kind in messages, and in a spec.
fn called(kind: PanelKind) -> (&'static str, &'static str) {
    match kind {
        PanelKind::Curves => ("curves", "curves"),
        PanelKind::Knob => ("knob panels", "knob"),
        PanelKind::PowerLaw => ("power laws", "power-law"),
        PanelKind::HeatMap => ("heat maps", "heat-map"),
        PanelKind::Moments => ("moments", "moments"),
        PanelKind::Scatter => ("scatter panels", "scatter"),
        PanelKind::Leaderboard => ("leaderboards", "leaderboard"),
    }
}

/// Rejects keys that have no effect in this kind of panel.
pub(super) fn check(place: &str, panel: &Panel) -> Result<(), SpecError> {
    let given = [
        ("knob_y", panel.knob_y.is_some(), PanelKind::HeatMap),
        (
            "transform",
            panel.transform != Transform::None,
            PanelKind::HeatMap,
        ),
        ("floor", panel.floor.is_some(), PanelKind::HeatMap),
        (
            "colour_range",
            panel.colour_range.is_some(),
            PanelKind::HeatMap,
        ),
        ("contour", !panel.contour.is_empty(), PanelKind::HeatMap),
        (
            "colour_label",
            !panel.colour_label.is_empty(),
            PanelKind::HeatMap,
        ),
        ("metrics", !panel.metrics.is_empty(), PanelKind::Curves),
        (
            "metric_labels",
            !panel.metric_labels.is_empty(),
            PanelKind::Curves,
        ),
        (
            "colour_knob",
            panel.colour_knob.is_some(),
            PanelKind::Curves,
        ),
        (
            "knob_label",
            !panel.knob_label.is_empty(),
            PanelKind::Curves,
        ),
        ("marks", !panel.marks.is_empty(), PanelKind::Curves),
        ("moments", !panel.moments.is_empty(), PanelKind::Moments),
        (
            "moment_labels",
            !panel.moment_labels.is_empty(),
            PanelKind::Moments,
        ),
        ("moment", panel.moment.is_some(), PanelKind::Scatter),
        (
            "colour_metric",
            panel.colour_metric.is_some(),
            PanelKind::Scatter,
        ),
        (
            "class_names",
            !panel.class_names.is_empty(),
            PanelKind::Scatter,
        ),
        (
            "leaderboard",
            panel.leaderboard.is_some(),
            PanelKind::Leaderboard,
        ),
        ("rays", panel.rays.is_some(), PanelKind::Scatter),
    ];
    for (key, given, kind) in given {
        if given && kind != panel.kind {
            let (called, written) = called(kind);
            return Err(SpecError::key(
                format!("{place}.{key}"),
                "(given)",
                format!("has an effect in {called} only"),
                format!("Remove it, or write kind = \"{written}\"."),
            ));
        }
    }
    if panel.x_metric.is_some() && !matches!(panel.kind, PanelKind::Knob | PanelKind::Scatter) {
        return Err(SpecError::key(
            format!("{place}.x_metric"),
            "(given)",
            "has an effect in knob panels and scatter panels only",
            "Remove it, or write kind = \"knob\" or kind = \"scatter\".",
        ));
    }
    match panel.kind {
        PanelKind::Moments => check_moments(place, panel),
        _ => Ok(()),
    }
}

/// Rejects keys that have no effect in a panel of moments, whose horizontal axis is the index and
/// whose colours are times of training.
fn check_moments(place: &str, panel: &Panel) -> Result<(), SpecError> {
    let foreign = [
        ("x", !matches!(panel.x, XAxis::Step | XAxis::Index)),
        ("knob", panel.knob.is_some()),
        ("times_probability", panel.times_probability),
        ("mark_half_times", panel.mark_half_times),
        ("variant_labels", !panel.variant_labels.is_empty()),
    ];
    match foreign.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((key, _)) => Err(SpecError::key(
            format!("{place}.{key}"),
            "(given)",
            "is not a key of moments",
            "Remove it.",
        )),
    }
}
