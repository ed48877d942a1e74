//! Which keys belong to which kinds of panel.

use crate::spec::{Panel, PanelKind, SpecError, Transform, XAxis};

/// The name of a kind in messages, and in a spec.
fn called(kind: PanelKind) -> (&'static str, &'static str) {
    match kind {
        PanelKind::Curves => ("curves", "curves"),
        PanelKind::Knob => ("knob panels", "knob"),
        PanelKind::PowerLaw => ("power laws", "power-law"),
        PanelKind::HeatMap => ("heat maps", "heat-map"),
        PanelKind::Phases => ("phase diagrams", "phases"),
        PanelKind::Moments => ("moments", "moments"),
        PanelKind::Scatter => ("scatter panels", "scatter"),
        PanelKind::Leaderboard => ("leaderboards", "leaderboard"),
    }
}

/// Keys of one kind (or two), which do nothing in the others.
const OWN: [(&str, &[PanelKind]); 20] = [
    ("metrics", &[PanelKind::Curves, PanelKind::Phases]),
    ("metric_labels", &[PanelKind::Curves]),
    ("colour_knob", &[PanelKind::Curves]),
    ("knob_label", &[PanelKind::Curves]),
    ("marks", &[PanelKind::Curves]),
    ("knob_y", &[PanelKind::HeatMap, PanelKind::Phases]),
    ("delay", &[PanelKind::Phases]),
    ("transform", &[PanelKind::HeatMap]),
    ("floor", &[PanelKind::HeatMap]),
    ("colour_range", &[PanelKind::HeatMap]),
    ("contour", &[PanelKind::HeatMap]),
    ("colour_label", &[PanelKind::HeatMap]),
    ("moments", &[PanelKind::Moments]),
    ("moment_labels", &[PanelKind::Moments]),
    ("moment", &[PanelKind::Scatter]),
    ("colour_metric", &[PanelKind::Scatter]),
    ("class_names", &[PanelKind::Scatter]),
    ("rays", &[PanelKind::Scatter]),
    ("leaderboard", &[PanelKind::Leaderboard]),
    ("x_metric", &[PanelKind::Knob, PanelKind::Scatter]),
];

/// Planes of two knobs.
const PLANES: [PanelKind; 2] = [PanelKind::HeatMap, PanelKind::Phases];

/// Kinds without an axis of time.
const TIMELESS: [PanelKind; 4] = [
    PanelKind::HeatMap,
    PanelKind::Phases,
    PanelKind::Moments,
    PanelKind::Scatter,
];

/// Keys of several kinds that some kind does not have.
const FOREIGN: [(&str, &[PanelKind]); 7] = [
    ("x", &TIMELESS),
    ("knob", &[PanelKind::Moments, PanelKind::Scatter]),
    ("times_probability", &TIMELESS),
    ("mark_half_times", &TIMELESS),
    ("variant_labels", &TIMELESS),
    ("x_range", &PLANES),
    ("y_range", &PLANES),
];

/// Whether a key is one of other kinds than this.
pub(crate) fn is_of_others(key: &str, kind: PanelKind) -> bool {
    let own = OWN.iter().find(|(name, _)| *name == key);
    own.is_some_and(|(_, kinds)| !kinds.contains(&kind))
}

/// Whether a key does something in a panel of this kind.
pub(crate) fn belongs(key: &str, kind: PanelKind) -> bool {
    let foreign = FOREIGN.iter().find(|(name, _)| *name == key);
    !is_of_others(key, kind) && foreign.is_none_or(|(_, kinds)| !kinds.contains(&kind))
}

/// Whether the spec gives a key of [`OWN`] or [`FOREIGN`]; a default is as good as nothing.
fn is_given(panel: &Panel, key: &str) -> bool {
    match key {
        "metrics" => !panel.metrics.is_empty(),
        "metric_labels" => !panel.metric_labels.is_empty(),
        "colour_knob" => panel.colour_knob.is_some(),
        "knob_label" => !panel.knob_label.is_empty(),
        "marks" => !panel.marks.is_empty(),
        "knob_y" => panel.knob_y.is_some(),
        "delay" => panel.delay.is_some(),
        "transform" => panel.transform != Transform::None,
        "floor" => panel.floor.is_some(),
        "colour_range" => panel.colour_range.is_some(),
        "contour" => !panel.contour.is_empty(),
        "colour_label" => !panel.colour_label.is_empty(),
        "moments" => !panel.moments.is_empty(),
        "moment_labels" => !panel.moment_labels.is_empty(),
        "moment" => panel.moment.is_some(),
        "colour_metric" => panel.colour_metric.is_some(),
        "class_names" => !panel.class_names.is_empty(),
        "rays" => panel.rays.is_some(),
        "leaderboard" => panel.leaderboard.is_some(),
        "x_metric" => panel.x_metric.is_some(),
        "x" => match panel.kind {
            PanelKind::HeatMap | PanelKind::Phases => !matches!(panel.x, XAxis::Step | XAxis::Knob),
            PanelKind::Moments => !matches!(panel.x, XAxis::Step | XAxis::Index),
            _ => panel.x != XAxis::Step,
        },
        "knob" => panel.knob.is_some(),
        "times_probability" => panel.times_probability,
        "mark_half_times" => panel.mark_half_times,
        "variant_labels" => !panel.variant_labels.is_empty(),
        "x_range" => panel.x_range.is_some(),
        "y_range" => panel.y_range.is_some(),
        _ => false,
    }
}

/// Checks that a panel has no key that does nothing in it.
pub(super) fn check(place: &str, panel: &Panel) -> Result<(), SpecError> {
    let refuse = |key: &str, problem: String, hint: String| {
        Err(SpecError::key(
            format!("{place}.{key}"),
            "(given)",
            problem,
            hint,
        ))
    };
    let does_nothing = |key: &&str| !belongs(key, panel.kind) && is_given(panel, key);
    for (key, kinds) in OWN {
        if does_nothing(&key) {
            let names: Vec<&str> = kinds.iter().map(|kind| called(*kind).0).collect();
            let written = kinds
                .iter()
                .map(|kind| format!("kind = \"{}\"", called(*kind).1));
            let written: Vec<String> = written.collect();
            return refuse(
                key,
                format!("has an effect in {} only", names.join(" and ")),
                format!("Remove it, or write {}.", written.join(" or ")),
            );
        }
    }
    match FOREIGN.iter().map(|(key, _)| *key).find(does_nothing) {
        None => Ok(()),
        Some(key) => {
            let problem = format!("is not a key of {}", called(panel.kind).0);
            refuse(key, problem, "Remove it.".to_owned())
        }
    }
}
