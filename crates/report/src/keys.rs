//! What colours mean in a panel: indices (skills, modes) of one variant, variants, metrics, or
//! moments of training.

use std::collections::BTreeSet;

use judge::Run;
use plan::spec::{Panel, PanelKind, XAxis};
use record::VariantInfo;

use crate::{
    families::{Family, families},
    style,
    subscript::subscripts,
    table::Table,
};

/// One colour of a panel.
#[derive(Debug, Clone)]
pub(crate) struct Key<'a> {
    /// The variants whose points make one curve: one, or one per knob value.
    pub(crate) variants: Vec<&'a VariantInfo>,
    /// Position of the family that these variants are.
    pub(crate) family: usize,
    /// The metric that every layer shows in this colour; `None` where a layer decides.
    pub(crate) metric: Option<&'a str>,
    /// The moment of training that it shows; `None` where that is not what colours are.
    pub(crate) moment: Option<&'a str>,
    /// The index it shows; `None` when the index is the horizontal axis.
    pub(crate) index: Option<u64>,
    /// Position in the list of colours.
    pub(crate) colour: usize,
    /// What it is called; empty when there is nothing to tell apart.
    pub(crate) label: String,
    /// A shorter name for where there is no room.
    pub(crate) short: String,
    /// What tells its cells from those of other keys: names of knobs with values, as text.
    pub(crate) told_by: Vec<(String, String)>,
}

/// The keys of a panel, in the order of variants, then metrics, moments or indices.
pub(crate) fn keys<'a>(run: &'a Run, panel: &'a Panel, table: Table<'_>) -> Vec<Key<'a>> {
    let families = families(run, panel);
    let families = families.iter().enumerate();
    if panel.kind == PanelKind::Moments {
        return families.flat_map(|family| moments(panel, family)).collect();
    }
    if !panel.metrics.is_empty() {
        return families
            .flat_map(|family| metrics(panel, table, family))
            .collect();
    }
    if panel.x_axis() == XAxis::Index {
        return families
            .map(|(colour, family)| Key {
                colour,
                short: family.short.clone(),
                ..key((colour, family), family.label.clone())
            })
            .collect();
    }
    let several = families.len() > 1 || panel.colour_knob.is_some();
    let indices = indices(panel, table, several);
    let noun = index_name(run, panel);
    let named = |index: u64| match index {
        0 => String::new(),
        index => format!("{noun} {index}"),
    };
    let by_index = indices.iter().all(|&index| index <= style::DISTINCT as u64);
    let mut keys = Vec::new();
    for (position, family) in families {
        for (place, &index) in indices.iter().enumerate() {
            let (colour, label, short) = if several && indices.len() > 1 {
                let label = format!("{}, {}", family.label, named(index));
                (position, label.clone(), label)
            } else if several {
                (position, family.label.clone(), family.short.clone())
            } else if by_index {
                let colour = index.saturating_sub(1) as usize;
                (colour, named(index), index.to_string())
            } else {
                (place, named(index), index.to_string())
            };
            keys.push(Key {
                index: Some(index),
                colour,
                short,
                ..key((position, family), label)
            });
        }
    }
    keys
}

/// A key of a family, whose index is the horizontal axis, in the first colour.
fn key<'a>((position, family): (usize, &Family<'a>), label: String) -> Key<'a> {
    Key {
        variants: family.variants.clone(),
        family: position,
        metric: None,
        moment: None,
        index: None,
        colour: 0,
        short: label.clone(),
        label,
        told_by: family.told_by.clone(),
    }
}

/// One key per moment of training.
fn moments<'a>(panel: &'a Panel, family: (usize, &Family<'a>)) -> Vec<Key<'a>> {
    let moments = panel.moments.iter().enumerate();
    moments
        .map(|(colour, moment)| Key {
            moment: Some(moment),
            colour,
            ..key(family, called(moment, panel.moment_labels.get(colour)))
        })
        .collect()
}

/// One key per metric, at the index that is asked for or else at its lowest.
fn metrics<'a>(panel: &'a Panel, table: Table<'_>, family: (usize, &Family<'a>)) -> Vec<Key<'a>> {
    let metrics = panel.metrics.iter().enumerate();
    metrics
        .map(|(colour, metric)| {
            let asked = panel.indices.first().map(|&index| u64::from(index));
            let models = panel.layers.iter().map(|layer| &layer.model);
            let mut lowest = models.filter_map(|model| table.indices(metric, model).pop_first());
            let index = asked.or_else(|| lowest.next());
            Key {
                metric: Some(metric),
                index: index.filter(|_| panel.x_axis() != XAxis::Index),
                colour,
                ..key(family, called(metric, panel.metric_labels.get(colour)))
            }
        })
        .collect()
}

/// What a metric or moment is called: its label, or its name as words.
pub(crate) fn called(name: &str, label: Option<&String>) -> String {
    label.map_or_else(|| name.replace('_', " "), |label| subscripts(label))
}

/// What an index is called: as the panel says, or else as the metric does.
fn index_name<'a>(run: &'a Run, panel: &'a Panel) -> &'a str {
    let mut metrics = panel
        .layers
        .iter()
        .filter_map(|layer| panel.metric_of(layer));
    let recorded = metrics.find_map(|metric| run.manifest.metrics.get(metric));
    let recorded = recorded
        .map(|metric| metric.index.as_str())
        .filter(|name| !name.is_empty());
    panel.index_name.as_deref().or(recorded).unwrap_or("index")
}

/// The indices that are drawn: those asked for, or all (the first when colours are variants).
fn indices(panel: &Panel, table: Table<'_>, several: bool) -> Vec<u64> {
    let layers = panel.layers.iter();
    let present: BTreeSet<u64> = layers
        .filter_map(|layer| Some((panel.metric_of(layer)?, layer)))
        .flat_map(|(metric, layer)| table.indices(metric, &layer.model))
        .collect();
    let asked: Vec<u64> = panel.indices.iter().map(|&i| u64::from(i)).collect();
    match (asked.is_empty(), several) {
        (false, _) => asked.into_iter().filter(|i| present.contains(i)).collect(),
        (true, true) => present.into_iter().take(1).collect(),
        (true, false) => present.into_iter().collect(),
    }
}
