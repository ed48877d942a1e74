//! What colours mean in a panel: indices (skills, modes) of one variant, or variants.

use std::collections::BTreeSet;

use lab::{
    record::{Run, VariantInfo},
    spec::{Panel, PanelKind, XAxis},
};

use crate::{
    number::{plain, trim},
    style,
    subscript::subscripts,
};

/// One colour of a panel.
#[derive(Debug, Clone)]
pub(crate) struct Key<'a> {
    /// The variants whose points make one curve: one, or one per knob value.
    pub(crate) variants: Vec<&'a VariantInfo>,
    /// The index it shows; `None` when the index is the horizontal axis.
    pub(crate) index: Option<u64>,
    /// Position in the list of colours.
    pub(crate) colour: usize,
    /// What it is called; empty when there is nothing to tell apart.
    pub(crate) label: String,
    /// A shorter name for where there is no room.
    pub(crate) short: String,
}

/// What a panel's horizontal axis shows; its kind may decide.
pub(crate) fn x_axis(panel: &Panel) -> XAxis {
    if panel.kind == PanelKind::Knob {
        XAxis::Knob
    } else {
        panel.x
    }
}

/// The keys of a panel, in the order of variants, then indices.
pub(crate) fn keys<'a>(run: &'a Run, panel: &'a Panel) -> Vec<Key<'a>> {
    let families = families(run, panel);
    let several = families.len() > 1;
    if x_axis(panel) == XAxis::Index {
        return families
            .into_iter()
            .enumerate()
            .map(|(colour, family)| Key {
                variants: family.variants,
                index: None,
                colour,
                short: family.label.clone(),
                label: family.label,
            })
            .collect();
    }
    let indices = indices(run, panel, several);
    let named = |index: u64| match index {
        0 => String::new(),
        index => format!("{} {index}", panel.index_name),
    };
    let by_index = indices.iter().all(|&index| index <= style::DISTINCT as u64);
    let mut keys = Vec::new();
    for (position, family) in families.iter().enumerate() {
        for (place, &index) in indices.iter().enumerate() {
            let (colour, label, short) = if several && indices.len() > 1 {
                let label = format!("{}, {}", family.label, named(index));
                (position, label.clone(), label)
            } else if several {
                (position, family.label.clone(), family.label.clone())
            } else if by_index {
                let colour = index.saturating_sub(1) as usize;
                (colour, named(index), index.to_string())
            } else {
                (place, named(index), index.to_string())
            };
            keys.push(Key {
                variants: family.variants.clone(),
                index: Some(index),
                colour,
                label,
                short,
            });
        }
    }
    keys
}

/// Variants that belong to one curve.
struct Family<'a> {
    variants: Vec<&'a VariantInfo>,
    group: &'a str,
    /// Position of the panel's entry that asks for it, and what that is called.
    entry: usize,
    called: &'a str,
    knobs: toml::Table,
    label: String,
}

/// The variants of the panel's groups: one family each, except that the values of the knob on
/// the horizontal axis belong together.
fn families<'a>(run: &'a Run, panel: &'a Panel) -> Vec<Family<'a>> {
    let axis_knob = panel
        .knob
        .as_deref()
        .filter(|_| x_axis(panel) == XAxis::Knob);
    let mut families: Vec<Family<'a>> = Vec::new();
    for (entry, name) in panel.variants.iter().enumerate() {
        let label = panel.variant_labels.get(entry);
        let drawn = |v: &&VariantInfo| v.group == *name || v.name == *name;
        for variant in run.manifest.variants.iter().filter(drawn) {
            let mut knobs = variant.knobs.clone();
            if let Some(knob) = axis_knob {
                knobs.remove(knob);
            }
            let same = |f: &&mut Family<'a>| {
                axis_knob.is_some() && f.group == variant.group && f.knobs == knobs
            };
            match families.iter_mut().find(same) {
                Some(family) => family.variants.push(variant),
                None => families.push(Family {
                    variants: vec![variant],
                    group: &variant.group,
                    entry,
                    called: label.unwrap_or(&variant.group),
                    knobs,
                    label: String::new(),
                }),
            }
        }
    }
    let labels: Vec<String> = families.iter().map(|f| name_of(f, &families)).collect();
    for (family, label) in families.iter_mut().zip(labels) {
        family.label = label;
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
    for (key, value) in &family.knobs {
        if others
            .clone()
            .any(|other| other.knobs.get(key) != Some(value))
        {
            let last = key.rsplit('.').next().unwrap_or(key);
            let value = match value {
                toml::Value::String(text) => text.clone(),
                toml::Value::Float(number) => trim(&plain(*number, 6)),
                other => other.to_string(),
            };
            let name = match last {
                "lambda" => "λ".to_owned(),
                name => name.replace('_', " "),
            };
            parts.push(format!("{name} = {value}"));
        }
    }
    parts.join(", ")
}

/// The indices that are drawn: those asked for, or all (the first when colours are variants).
fn indices(run: &Run, panel: &Panel, several: bool) -> Vec<u64> {
    let models: BTreeSet<&str> = panel.layers.iter().map(|l| l.model.as_str()).collect();
    let present: BTreeSet<u64> = run
        .observations
        .iter()
        .filter(|o| o.metric == panel.metric && models.contains(o.model.as_str()))
        .map(|o| o.index)
        .collect();
    let asked: Vec<u64> = panel.indices.iter().map(|&i| u64::from(i)).collect();
    match (asked.is_empty(), several) {
        (false, _) => asked.into_iter().filter(|i| present.contains(i)).collect(),
        (true, true) => present.into_iter().take(1).collect(),
        (true, false) => present.into_iter().collect(),
    }
}
