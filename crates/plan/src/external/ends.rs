//! Finds curves and checkpoints of the user that end before the run, or begin late, and writes
//! notes about them.

use std::collections::BTreeMap;

use record::{EarlyEnd, Observation};

use crate::{
    plan::{ExternalContent, Variant},
    spec::StopWhen,
};

use super::matching::Measured;

impl Variant {
    /// The user's curves and checkpoints in the cell of a seed that end before step `last`, so that
    /// their last records do not describe the end of training.
    pub fn early_ends(&self, seed: u64, last: u64) -> Vec<EarlyEnd> {
        let mut ends = Vec::new();
        for (model, external) in &self.external {
            match &external.content {
                ExternalContent::Checkpoints(seeds) => {
                    let end = seeds.get(&seed).and_then(|steps| steps.keys().next_back());
                    ends.extend(end.filter(|step| **step < last).map(|&step| EarlyEnd {
                        model: model.clone(),
                        metric: None,
                        indices: Vec::new(),
                        step,
                    }));
                }
                ExternalContent::Curves(rows) => {
                    let rows: Vec<_> = rows.iter().filter(|row| row.seed == seed).collect();
                    if !self.stops(model, &rows) {
                        ends.extend(self.ends_of(model, &rows, last));
                    }
                }
            }
        }
        ends
    }

    fn ends_of(&self, model: &str, rows: &[&Observation], last: u64) -> Vec<EarlyEnd> {
        let measured = Measured::of(self, model);
        // An index counts as its own curve only if the spec knows the indices; a compute budget,
        // for example, does not.
        let mut curves: BTreeMap<(&str, Option<u64>), u64> = BTreeMap::new();
        for row in rows {
            let index = Some(row.index).filter(|_| measured.knows_indices(&row.metric));
            let end = curves.entry((&row.metric, index)).or_default();
            *end = row.step.max(*end);
        }
        let mut ends: BTreeMap<(&str, u64), Vec<u64>> = BTreeMap::new();
        for ((metric, index), step) in curves.into_iter().filter(|(_, step)| *step < last) {
            ends.entry((metric, step)).or_default().extend(index);
        }
        let ends = ends.into_iter().map(|((metric, step), indices)| EarlyEnd {
            model: model.to_owned(),
            metric: Some(metric.to_owned()),
            indices,
            step,
        });
        ends.collect()
    }

    /// Whether the curves end at a step where the stop condition of the spec holds for them; that
    /// counts as their planned end.
    fn stops(&self, model: &str, rows: &[&Observation]) -> bool {
        let Some(last) = rows.iter().map(|row| row.step).max() else {
            return false;
        };
        let holds = |condition: &StopWhen| {
            let values = rows
                .iter()
                .filter(|row| row.step == last && *row.metric == condition.metric)
                .map(|row| row.value);
            let values: Vec<f64> = values.collect();
            condition.model == model
                && !values.is_empty()
                && values.into_iter().all(|value| condition.holds(value))
        };
        let conditions = &self.training.stop_when;
        !conditions.is_empty() && conditions.iter().all(holds)
    }
}

/// Notes about early ends: for each model, which seeds end at which step.
pub(super) fn notes(
    variant: &Variant,
    model: &str,
    seeds: impl Iterator<Item = u64>,
) -> Vec<String> {
    let last = variant.training.steps;
    // Seeds by what ends, and at which step.
    let mut ends: BTreeMap<(String, u64), Vec<u64>> = BTreeMap::new();
    let mut all = 0;
    for seed in seeds {
        all += 1;
        let own = variant.early_ends(seed, last).into_iter();
        for end in own.filter(|end| end.model == model) {
            let what = match (&end.metric, &end.indices[..]) {
                (None, _) => "checkpoints".to_owned(),
                (Some(metric), []) => metric.clone(),
                (Some(metric), indices) => {
                    let indices: Vec<String> = indices.iter().map(u64::to_string).collect();
                    format!("{metric} {}", indices.join(", "))
                }
            };
            let seeds = ends.entry((what, end.step)).or_default();
            if !seeds.contains(&seed) {
                seeds.push(seed);
            }
        }
    }
    let of = match variant.name.as_str() {
        "base" => String::new(),
        name => format!(" in {name}"),
    };
    let notes = ends.into_iter().map(|((what, step), seeds)| {
        let end = if what == "checkpoints" { "end" } else { "ends" };
        let (who, cure) = if seeds.len() == all {
            let cure = format!(". With -s training.steps={step} this would be the end");
            ("all seeds".to_owned(), cure)
        } else {
            let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
            let seed = if seeds.len() == 1 { "seed" } else { "seeds" };
            (format!("{seed} {}", seeds.join(", ")), String::new())
        };
        format!(
            "{model}{of}: {what} of {who} {end} at step {step}, before the last step {last}: \
             their final values are missing, and times that they did not reach are lower \
             bounds{cure}"
        )
    });
    notes.collect()
}

/// Notes about curves that begin after step 0 and above one half.
pub(super) fn late_starts(model: &str, rows: &[Observation]) -> Vec<String> {
    let mut first: BTreeMap<(&str, u64, u64), &Observation> = BTreeMap::new();
    for row in rows {
        let first = first
            .entry((&row.metric, row.index, row.seed))
            .or_insert(row);
        if row.step < first.step {
            *first = row;
        }
    }
    // Number of curves by metric and first step.
    let mut late: BTreeMap<(&str, u64), usize> = BTreeMap::new();
    for ((metric, ..), row) in first {
        let is_level = crate::times::LEVELLED.contains(&metric);
        if is_level && row.step > 0 {
            *late.entry((metric, row.step)).or_default() += 1;
        }
    }
    let notes = late.into_iter().map(|((metric, step), count)| {
        let (curves, begin) = if count == 1 {
            ("curve", "begins")
        } else {
            ("curves", "begin")
        };
        format!(
            "{model}: {count} {curves} of {metric} {begin} at step {step}, not at 0: for a \
             level that is already reached there, only this upper bound of its step is known"
        )
    });
    notes.collect()
}
