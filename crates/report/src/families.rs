//! Which cells of a sweep belong to one curve, and what tells them apart.

use judge::Run;
use plan::spec::{Panel, XAxis};
use record::{VariantInfo, lies_at};

use crate::{number::short, subscript::subscripts};

/// Variants that belong to one curve.
pub(crate) struct Family<'a> {
    /// The cells: one, or one per place on an axis of a knob or a metric.
    pub(crate) variants: Vec<&'a VariantInfo>,
    /// What it is called; empty when there is nothing to tell apart.
    pub(crate) label: String,
    /// A shorter name for where there is no room.
    pub(crate) short: String,
    /// What tells it from the other families: names of knobs with its values, as text.
    pub(crate) told_by: Vec<(String, String)>,
    group: &'a str,
    /// Position of the panel's entry that asks for it, and what that is called.
    entry: usize,
    called: &'a str,
    /// The knobs that may tell it from others.
    knobs: toml::Table,
}

/// The variants of the panel's groups: one family each, except that the values of the knob on
/// the horizontal axis belong together, and where a metric is that axis, all cells of an entry.
pub(crate) fn families<'a>(run: &'a Run, panel: &'a Panel) -> Vec<Family<'a>> {
    let axis_knob = panel
        .knob
        .as_deref()
        .filter(|_| panel.x_axis() == XAxis::Knob);
    let mut families: Vec<Family<'a>> = Vec::new();
    for (entry, name) in panel.variants.iter().enumerate() {
        let label = panel.variant_labels.get(entry);
        let drawn = |v: &&VariantInfo| {
            (v.group == *name || v.name == *name) && lies_at(&v.knobs, &panel.at)
        };
        for variant in run.manifest.variants.iter().filter(drawn) {
            let mut knobs = variant.knobs.clone();
            if let Some(knob) = axis_knob {
                knobs.remove(knob);
            }
            if panel.x_metric.is_some() {
                knobs.clear();
            }
            let same = |f: &&mut Family<'a>| match (&panel.x_metric, axis_knob) {
                (Some(_), _) => f.entry == entry,
                (None, Some(_)) => f.group == variant.group && f.knobs == knobs,
                (None, None) => false,
            };
            match families.iter_mut().find(same) {
                Some(family) => family.variants.push(variant),
                None => families.push(Family {
                    variants: vec![variant],
                    label: String::new(),
                    short: String::new(),
                    told_by: Vec::new(),
                    group: &variant.group,
                    entry,
                    called: label.unwrap_or(&variant.group),
                    knobs,
                }),
            }
        }
    }
    let labels: Vec<(String, String)> = families
        .iter()
        .map(|family| match &panel.colour_knob {
            Some(knob) => value_of(family, knob, &panel.knob_label),
            None => {
                let name = name_of(family, &families);
                (name.clone(), name)
            }
        })
        .collect();
    let told_by: Vec<_> = families
        .iter()
        .map(|family| told_by(panel, family, &families))
        .collect();
    for ((family, (label, short)), told_by) in families.iter_mut().zip(labels).zip(told_by) {
        family.label = label;
        family.short = short;
        family.told_by = told_by;
    }
    families
}

/// What tells a family from the others: the label of its entry or else its group, and the knobs
/// that differ (within its entry, where that has a label).
fn name_of(family: &Family<'_>, all: &[Family<'_>]) -> String {
    let mut parts = Vec::new();
    if all.iter().any(|other| other.called != family.called) {
        parts.push(subscripts(family.called));
    }
    let labelled = family.called != family.group;
    let others = all.iter().filter(|f| !labelled || f.entry == family.entry);
    for key in family.knobs.keys() {
        let differs = |other: &Family<'_>| other.knobs.get(key) != family.knobs.get(key);
        if others.clone().any(differs) {
            parts.push(format!("{} = {}", knob_name(key), written(family, key)));
        }
    }
    parts.join(", ")
}

/// The knobs that differ between families, with the values of this one; what a knob is called follows
/// the panel.
fn told_by(panel: &Panel, family: &Family<'_>, all: &[Family<'_>]) -> Vec<(String, String)> {
    let differs = |key: &&String| {
        let own = family.knobs.get(key.as_str());
        all.iter().any(|other| other.knobs.get(key.as_str()) != own)
    };
    let name = |key: &str| match &panel.colour_knob {
        Some(knob) if knob == key && !panel.knob_label.is_empty() => subscripts(&panel.knob_label),
        _ => knob_name(key),
    };
    let knobs = family.knobs.keys().filter(differs);
    knobs.map(|key| (name(key), written(family, key))).collect()
}

/// The value of the knob that is the colour, with and without what the knob is called.
fn value_of(family: &Family<'_>, knob: &str, label: &str) -> (String, String) {
    let value = written(family, knob);
    let name = if label.is_empty() {
        knob_name(knob)
    } else {
        subscripts(label)
    };
    (format!("{name} = {value}"), value)
}

/// What a knob is called that has no label.
pub(crate) fn knob_name(key: &str) -> String {
    match key.rsplit('.').next().unwrap_or(key) {
        "lambda" => "λ".to_owned(),
        name => name.replace('_', " "),
    }
}

/// The value of a family's knob as text.
fn written(family: &Family<'_>, key: &str) -> String {
    (family.knobs.get(key)).map_or_else(|| "none".to_owned(), value_text)
}

/// The value of a knob as text.
pub(crate) fn value_text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Integer(number) => number.to_string(),
        toml::Value::Float(number) => short(*number),
        toml::Value::Array(values) => match values.as_slice() {
            [only @ (toml::Value::Integer(_) | toml::Value::Float(_))] => value_text(only),
            _ => value.to_string(),
        },
        value => value.to_string(),
    }
}
