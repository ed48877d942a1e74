//! Checks of pictures: what they name exists, and each kind of panel has the keys that it needs.

use super::{Names, file_name};
use crate::{
    record::knob_value,
    spec::{Panel, PanelKind, Picture, Scale, SpecError, Transform, Variant, XAxis},
};

/// Checks one picture; `place` is its key.
pub(super) fn check(
    place: &str,
    picture: &Picture,
    claim_ids: &[&str],
    names: &Names<'_>,
    variants: &[Variant],
) -> Result<(), SpecError> {
    file_name(&format!("{place}.name"), &picture.name)?;
    if let Some(titles) = &picture.titles {
        names.one_of(
            &format!("{place}.titles.claim"),
            &titles.claim,
            "a claim of this spec",
            claim_ids,
        )?;
    }
    for (at, panel) in picture.panels.iter().enumerate() {
        check_panel(&format!("{place}.panels[{at}]"), panel, names, variants)?;
    }
    check_shared_scale(place, picture)
}

fn check_panel(
    place: &str,
    panel: &Panel,
    names: &Names<'_>,
    variants: &[Variant],
) -> Result<(), SpecError> {
    names.metric(&format!("{place}.metric"), &panel.metric)?;
    for group in &panel.variants {
        // One cell of a grid can be drawn by its full name.
        if !variants.iter().any(|variant| variant.name == *group) {
            names.group(&format!("{place}.variants"), group)?;
        }
    }
    for (at, layer) in panel.layers.iter().enumerate() {
        names.source(&format!("{place}.layers[{at}].model"), &layer.model)?;
    }
    let labels = panel.variant_labels.len();
    if labels > 0 && labels != panel.variants.len() {
        return Err(SpecError::key(
            format!("{place}.variant_labels"),
            format!("{:?}", panel.variant_labels),
            format!("has {labels} labels for {} variants", panel.variants.len()),
            "Give one label per variant.",
        ));
    }
    if panel.x == XAxis::Knob && panel.knob.is_none() {
        return Err(SpecError::key(
            format!("{place}.knob"),
            "(missing)",
            "is needed with x = \"knob\"",
            "Name a key of [sweep.grid].",
        ));
    }
    if panel.kind == PanelKind::HeatMap {
        let group = panel.variants.first().map_or("base", String::as_str);
        check_heat_map(place, panel, &grid_of(group, variants))
    } else {
        check_no_heat_map(place, panel)
    }
}

/// The values that each knob takes in a variant group, which may have a grid of its own.
fn grid_of(group: &str, variants: &[Variant]) -> toml::Table {
    let mut grid = toml::Table::new();
    for variant in variants.iter().filter(|v| v.group == group) {
        for (key, value) in &variant.knobs {
            let values = grid
                .entry(key)
                .or_insert_with(|| toml::Value::Array(Vec::new()));
            if let Some(values) = values.as_array_mut()
                && !values.contains(value)
            {
                values.push(value.clone());
            }
        }
    }
    grid
}

/// A heat map needs two knobs with several numbers each, and shows one layer of one group.
fn check_heat_map(place: &str, panel: &Panel, grid: &toml::Table) -> Result<(), SpecError> {
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
            let (value, problem) = ("(missing)".to_owned(), "is needed in a heat map");
            return error(key, value, problem, "Name a key of [sweep.grid].");
        };
        check_knob(&format!("{place}.{key}"), knob, scale, grid)?;
    }
    if panel.knob == panel.knob_y {
        let value = format!("{:?}", panel.knob_y.as_deref().unwrap_or_default());
        let hint = "Name another key of [sweep.grid].";
        return error("knob_y", value, "is on the other axis, too", hint);
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
            &format!("leaves {other:?}, which [sweep.grid] varies, too, without an axis"),
            "Vary only the two knobs of the heat map.",
        );
    }
    let counts = [
        ("layers", panel.layers.len(), "model or prediction"),
        ("variants", panel.variants.len(), "variant group"),
        ("indices", panel.indices.len().max(1), "index"),
    ];
    for (key, count, what) in counts {
        if count != 1 {
            let problem = format!("a heat map shows exactly one {what}");
            let hint = "Name one, and give each other one a panel of its own.";
            return error(key, format!("({count} entries)"), &problem, hint);
        }
    }
    let foreign = [
        ("x", !matches!(panel.x, XAxis::Step | XAxis::Knob)),
        ("variant_labels", !panel.variant_labels.is_empty()),
        ("times_probability", panel.times_probability),
        ("x_range", panel.x_range.is_some()),
        ("y_range", panel.y_range.is_some()),
        ("mark_half_times", panel.mark_half_times),
    ];
    if let Some((key, _)) = foreign.into_iter().find(|(_, given)| *given) {
        let (value, problem) = ("(given)".to_owned(), "is not a key of heat maps");
        return error(key, value, problem, "Take it away.");
    }
    check_colours(place, panel)
}

/// A knob of a heat map is in the grid, with at least two numbers that its axis can show.
fn check_knob(key: &str, knob: &str, scale: Scale, grid: &toml::Table) -> Result<(), SpecError> {
    let error = |problem: String, hint: String| {
        Err(SpecError::key(key, format!("{knob:?}"), problem, hint))
    };
    let Some(values) = grid.get(knob).and_then(toml::Value::as_array) else {
        let choices: Vec<&str> = grid.keys().map(String::as_str).collect();
        let hint = if choices.is_empty() {
            "Vary two knobs in [sweep.grid].".to_owned()
        } else {
            format!("Choose one of: {}.", choices.join(", "))
        };
        return error("is not a key of [sweep.grid]".to_owned(), hint);
    };
    for value in values {
        let single = toml::Table::from_iter([(knob.to_owned(), value.clone())]);
        let fits = match knob_value(&single, knob) {
            None => Some("a number"),
            Some(number) if !number.is_finite() => Some("a finite number"),
            Some(number) if scale == Scale::Log && number <= 0.0 => {
                Some("above 0, as a log scale needs")
            }
            Some(_) => None,
        };
        if let Some(domain) = fits {
            let hint = format!("Correct sweep.grid.\"{knob}\".");
            return error(
                format!("has the value {value}, which is not {domain}"),
                hint,
            );
        }
    }
    if values.len() < 2 {
        let hint = format!("Give sweep.grid.\"{knob}\" two values or more.");
        return error("has a single value, which makes no plane".to_owned(), hint);
    }
    Ok(())
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
                Transform::Log10 => "must be finite and above 0, as log10 needs",
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
            "must be finite and lie in colour_range",
            "Give transformed values that the colour scale shows.",
        );
    }
    Ok(())
}

/// Keys of heat maps do nothing elsewhere.
fn check_no_heat_map(place: &str, panel: &Panel) -> Result<(), SpecError> {
    let given = [
        ("knob_y", panel.knob_y.is_some()),
        ("transform", panel.transform != Transform::None),
        ("floor", panel.floor.is_some()),
        ("colour_range", panel.colour_range.is_some()),
        ("contour", !panel.contour.is_empty()),
        ("colour_label", !panel.colour_label.is_empty()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((key, _)) => Err(SpecError::key(
            format!("{place}.{key}"),
            "(given)",
            "is a key of heat maps only",
            "Take it away, or write kind = \"heat-map\".",
        )),
    }
}

/// The heat maps of a picture share one colour scale, so they must agree on it.
fn check_shared_scale(place: &str, picture: &Picture) -> Result<(), SpecError> {
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
                "is needed where heat maps of one picture show several metrics",
                "Say what the colour is, the same in all of them.",
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
                "Give all heat maps of the picture the same.",
            ));
        }
    }
    Ok(())
}
