//! Checks of heat maps.

use crate::{
    plan::Variant,
    spec::{Panel, PanelKind, Picture, SpecError, Transform},
};

use super::cells::{check_number, grid_of};

/// Checks a heat map or a phase diagram, which needs two knobs with several numbers each, and shows one layer of one
/// group.
pub(super) fn check(place: &str, panel: &Panel, cells: &[&Variant]) -> Result<(), SpecError> {
    let grid = &grid_of(cells);
    let [what, all] = match panel.kind {
        PanelKind::Phases => ["a phase diagram", "phase diagrams"],
        _ => ["a heat map", "heat maps"],
    };
    let error = |key: &str, value: String, problem: &str, hint: &str| {
        Err(SpecError::key(
            format!("{place}.{key}"),
            value,
            problem,
            hint,
        ))
    };
    let knobs = [
        ("knob", &panel.knob, panel.x_scale),
        ("knob_y", &panel.knob_y, panel.y_scale),
    ];
    for (key, knob, scale) in knobs {
        let Some(knob) = knob else {
            let (value, problem) = ("(missing)".to_owned(), format!("is needed in {what}"));
            return error(key, value, &problem, "Name a key of [sweep.grid].");
        };
        let key = format!("{place}.{key}");
        check_number(&key, knob, scale, grid)?;
        if grid[knob].as_array().is_none_or(|values| values.len() < 2) {
            return Err(SpecError::key(
                key,
                format!("{knob:?}"),
                format!("has a single value, but an axis of {what} needs several"),
                format!("Give sweep.grid.\"{knob}\" two values or more."),
            ));
        }
    }
    if panel.knob == panel.knob_y {
        let value = format!("{:?}", panel.knob_y.as_deref().unwrap_or_default());
        let hint = "Name another key of [sweep.grid].";
        return error("knob_y", value, "is also on the other axis", hint);
    }
    let several = |values: &toml::Value| values.as_array().is_some_and(|v| v.len() > 1);
    let shown = [&panel.knob, &panel.knob_y].map(Option::as_deref);
    if let Some((other, _)) = grid
        .iter()
        .find(|(key, values)| !shown.contains(&Some(key)) && several(values))
    {
        return error(
            "knob_y",
            format!("{:?}", panel.knob_y.as_deref().unwrap_or_default()),
            &format!("leaves no axis for {other:?}, which [sweep.grid] also varies"),
            "Vary only its two knobs, or fix the others with `at`.",
        );
    }
    let counts = [
        ("layers", panel.layers.len(), "model or prediction"),
        ("variants", panel.variants.len(), "variant group"),
        ("indices", panel.indices.len().max(1), "index"),
    ];
    for (key, count, thing) in counts {
        if count != 1 {
            let problem = format!("{what} shows exactly one {thing}");
            let hint = "Name one, and show the others in other panels.";
            return error(key, format!("({count} entries)"), &problem, hint);
        }
    }
    if panel.layers.iter().any(|layer| layer.metric.is_some()) {
        let problem = format!("is not a key of {all}");
        return error(
            "layers[0].metric",
            "(given)".to_owned(),
            &problem,
            "Remove it.",
        );
    }
    check_colours(place, panel)
}

/// The colour scale of a heat map.
fn check_colours(place: &str, panel: &Panel) -> Result<(), SpecError> {
    let error = |key: &str, value: String, problem: &str, hint: &str| {
        Err(SpecError::key(
            format!("{place}.{key}"),
            value,
            problem,
            hint,
        ))
    };
    if let Some(floor) = panel.floor {
        let positive = panel.transform == Transform::None || floor > 0.0;
        if !floor.is_finite() || !positive {
            let domain = match panel.transform {
                Transform::None => "must be finite",
                Transform::Log10 => "must be finite and above 0, which log10 needs",
            };
            return error(
                "floor",
                floor.to_string(),
                domain,
                "Write for example 1e-6.",
            );
        }
    }
    if let Some([low, high]) = panel.colour_range
        && !(low.is_finite() && high.is_finite() && low < high)
    {
        return error(
            "colour_range",
            format!("[{low}, {high}]"),
            "must be two finite, increasing numbers",
            "Write for example [-4.0, 0.0], in transformed units.",
        );
    }
    let [low, high] = panel.colour_range.unwrap_or([f64::MIN, f64::MAX]);
    if let Some(value) = panel.contour.iter().find(|v| !(low..=high).contains(*v)) {
        return error(
            "contour",
            value.to_string(),
            "must be finite and within colour_range",
            "Give transformed values within the colour scale.",
        );
    }
    Ok(())
}

/// Checks that all heat maps of a picture, which share one colour scale, have the same scale keys.
pub(super) fn check_shared_scale(place: &str, picture: &Picture) -> Result<(), SpecError> {
    let panels = picture.panels.iter().enumerate();
    let mut maps = panels.filter(|(_, panel)| panel.kind == PanelKind::HeatMap);
    let Some((first, model)) = maps.next() else {
        return Ok(());
    };
    for (at, panel) in maps {
        if panel.metric != model.metric && panel.colour_label.is_empty() {
            return Err(SpecError::key(
                format!("{place}.panels[{at}].colour_label"),
                "(missing)",
                "is needed if the heat maps of one picture show several metrics",
                "Write a label for the shared colour scale, the same in all heat maps.",
            ));
        }
        let differs = [
            ("transform", panel.transform != model.transform),
            ("floor", panel.floor != model.floor),
            ("colour_range", panel.colour_range != model.colour_range),
            ("colour_label", panel.colour_label != model.colour_label),
        ];
        if let Some((key, _)) = differs.into_iter().find(|(_, differs)| *differs) {
            return Err(SpecError::key(
                format!("{place}.panels[{at}].{key}"),
                "(another value)",
                format!("differs from that of panels[{first}], whose colour scale it shares"),
                "Give all heat maps of the picture the same value.",
            ));
        }
    }
    Ok(())
}
