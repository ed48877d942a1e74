//! A metric against its index at every moment of training, as bars: a spectrum that condenses.

use std::collections::BTreeMap;

use crate::{panel::Curves, quantile::median, style::colour, table::Table};

use super::{Scene, clock::Clock, group, replaced};

/// Share of the room of an index that its bar takes.
const WIDTH: f64 = 0.6;

/// The panel with a bar for every index of its first layer, over its lines, which grow faint.
pub(super) fn moving(scene: &Scene<'_>, curves: &Curves<'_>, part: &str) -> Option<String> {
    let whole = group(part, "curves")?;
    let lines: Vec<&str> = whole.lines().collect();
    // The group and the part that cuts off stand around the elements.
    let (head, elements) = (lines.get(..2)?, lines.get(2..lines.len().checked_sub(2)?)?);
    let frames = frames(scene, curves)?;
    let indices: Vec<u64> = frames.last()?.keys().copied().collect();
    let axes = scene.axes;
    let places: Vec<f64> = indices
        .iter()
        .map(|index| axes.x.at(*index as f64))
        .collect();
    let gaps = places.windows(2).map(|pair| pair[1] - pair[0]);
    let room = gaps.fold(f64::INFINITY, f64::min).min(40.0);
    let floor = axes.y.pixels()[0];
    let mut bars = String::new();
    for (index, place) in indices.iter().zip(&places) {
        let tops: Vec<f64> = frames
            .iter()
            .map(|values| {
                let value = values.get(index).copied().unwrap_or(f64::NAN);
                let top = axes.y.at(value);
                // What has no value, or none that the scale shows, has no bar.
                if top.is_finite() {
                    top.clamp(axes.inner.top, floor)
                } else {
                    floor
                }
            })
            .collect();
        let text = |values: &mut dyn Iterator<Item = f64>| -> Vec<String> {
            values.map(|value| format!("{value:.1}")).collect()
        };
        let ys = text(&mut tops.iter().copied());
        let heights = text(&mut tops.iter().map(|top| floor - top));
        bars.push_str(&format!(
            "<rect x=\"{:.1}\" width=\"{:.1}\" fill=\"{}\" fill-opacity=\"0.75\">{}{}</rect>\n",
            place - WIDTH * room / 2.0,
            WIDTH * room,
            colour(0),
            Clock::animate("y", &ys, true),
            Clock::animate("height", &heights, true),
        ));
    }
    let label = scene
        .clock
        .label((axes.inner.right - 4.0, axes.inner.top + 14.0));
    let elements = elements.join("\n");
    let new = format!(
        "{}\n<g class=\"still\">\n{elements}\n</g>\n<g class=\"moving\">\n<g opacity=\"0.3\">\n{elements}\n</g>\n\
         {bars}{label}</g>\n</svg>\n</g>",
        head.join("\n"),
    );
    replaced(part, whole, &new)
}

/// The values of every frame by index, as the median over seeds of the newest records; `None` where
/// fewer than two moments are recorded.
fn frames(scene: &Scene<'_>, curves: &Curves<'_>) -> Option<Vec<BTreeMap<u64, f64>>> {
    let panel = scene.panel;
    let layer = panel.layers.first()?;
    let metric = panel.metric_of(layer)?;
    let table = Table::new(scene.run, panel);
    // step → index → values of seeds
    let mut records: BTreeMap<u64, BTreeMap<u64, Vec<f64>>> = BTreeMap::new();
    for variant in curves.variants() {
        for o in table.rows(metric, &layer.model, &variant.name, None) {
            let asked = &panel.indices;
            if asked.is_empty() || asked.iter().any(|&index| u64::from(index) == o.index) {
                let at = records.entry(o.step).or_default();
                at.entry(o.index).or_default().push(o.value);
            }
        }
    }
    if records.len() < 2 {
        return None;
    }
    let medians = |by_index: &BTreeMap<u64, Vec<f64>>| -> BTreeMap<u64, f64> {
        let by_index = by_index.iter();
        by_index
            .filter_map(|(index, values)| Some((*index, median(values)?)))
            .collect()
    };
    let records: BTreeMap<u64, BTreeMap<u64, f64>> = records
        .iter()
        .map(|(step, all)| (*step, medians(all)))
        .collect();
    let first = records.values().next()?;
    let frames = scene.clock.steps.iter().map(|&step| {
        let until = records.range(..=step.round() as u64);
        until.last().map_or(first, |(_, values)| values).clone()
    });
    Some(frames.collect())
}
