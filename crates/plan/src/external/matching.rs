//! Matches curves with the metrics and indices of a spec.

use std::{
    collections::{BTreeMap, HashSet},
    ops::RangeInclusive,
};

use crate::{
    plan::{Plan, Variant},
    spec::SpecError,
};

use super::{
    curves::{CurveRow, Curves},
    exports::{first_of, metric_of},
};

/// The indices that an entry of `[[measure]]` gives a metric; `None` if the spec does not determine
/// them.
type Known = Option<RangeInclusive<u64>>;

/// The metrics that a variant measures for a model.
pub(super) struct Measured<'a> {
    model: &'a str,
    /// By metric: the name of its index, and the indices.
    metrics: BTreeMap<&'static str, (&'static str, Vec<Known>)>,
    /// Metrics that are derived from whole curves, with the metrics of these curves.
    derived: BTreeMap<&'static str, &'static [&'static str]>,
}

impl<'a> Measured<'a> {
    pub(super) fn of(variant: &Variant, model: &'a str) -> Self {
        let mut all = Self {
            model,
            metrics: BTreeMap::new(),
            derived: BTreeMap::new(),
        };
        let Some(planned) = variant.model(model) else {
            return all;
        };
        let entries = variant.metrics.iter();
        for entry in entries.filter(|entry| entry.covers(model, &variant.group)) {
            let metric = &*entry.metric;
            for name in metric.metrics() {
                let indices = metric.indices(name, &*variant.task, &*planned.model);
                let index_name = metric.index_name(name);
                let known = all.metrics.entry(name);
                known.or_insert((index_name, Vec::new())).1.push(indices);
            }
            let derived = metric.derived_metrics().iter();
            all.derived
                .extend(derived.map(|name| (*name, metric.derived_from(name))));
        }
        all
    }

    /// Sorted names of the metrics that are measured on the model.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.metrics.keys().copied().collect()
    }

    /// Whether a metric is derived from whole curves.
    pub(super) fn derives(&self, metric: &str) -> bool {
        self.derived.contains_key(metric)
    }

    /// Checks that derived metrics come with their curves. Derived metrics are computed again from
    /// the curves, so they cannot be used alone.
    pub(super) fn check_derived(&self, rows: &[CurveRow]) -> Result<(), SpecError> {
        let (derived, given): (Vec<&CurveRow>, Vec<&CurveRow>) =
            rows.iter().partition(|row| self.derives(&row.metric));
        if derived.is_empty() {
            return Ok(());
        }
        let of_seed = given.iter().map(|row| (row.seed, &*row.metric, None));
        let of_index = (given.iter()).map(|row| (row.seed, &*row.metric, Some(self.index(row))));
        let there: HashSet<(u64, &str, Option<u64>)> = of_seed.chain(of_index).collect();
        for row in derived {
            self.check_sources(row, |source| there.contains(&(row.seed, source, row.index)))?;
        }
        Ok(())
    }

    fn check_sources(
        &self,
        row: &CurveRow,
        is_there: impl Fn(&str) -> bool,
    ) -> Result<(), SpecError> {
        let sources = self.derived.get(&*row.metric).copied().unwrap_or_default();
        let Some(missing) = sources.iter().find(|source| !is_there(source)) else {
            return Ok(());
        };
        let of = row.index.filter(|index| *index > 0);
        let of = of.map_or(String::new(), |index| format!(" {index}"));
        Err(row.refuse(
            "metric",
            format!(
                "is computed from {}, but there is no {missing}{of} for seed {}",
                sources.join(" and "),
                row.seed
            ),
            format!(
                "Give the curve of {missing}{of}; {} may be left out.",
                row.metric
            ),
        ))
    }

    /// Whether the spec determines the indices of a metric.
    pub(super) fn knows_indices(&self, metric: &str) -> bool {
        let known = self.metrics.get(metric);
        known.is_some_and(|(_, ranges)| ranges.iter().all(Option::is_some))
    }

    /// The index of a row. If the file does not give it, it is the only index of the metric, or
    /// else 0.
    pub(super) fn index(&self, row: &CurveRow) -> u64 {
        row.index.unwrap_or_else(|| {
            let known = self.metrics.get(&*row.metric);
            match known.map(|(_, ranges)| &ranges[..]) {
                Some([Some(range)]) if range.start() == range.end() => *range.start(),
                _ => 0,
            }
        })
    }

    /// Checks metric and index of a row. Returns a note if an index was assumed.
    pub(super) fn check(&self, row: &CurveRow) -> Result<Option<String>, SpecError> {
        let (model, metric) = (self.model, &row.metric);
        let Some((name, ranges)) = self.metrics.get(&**metric) else {
            let problem = format!("is not a metric that this spec measures of {model}");
            let hint = format!("Choose one of: {}.", self.names().join(", "));
            return Err(row.refuse("metric", problem, hint));
        };
        // If the indices of a metric are not known, any index is valid.
        let Some(ranges) = ranges.iter().cloned().collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let index = self.index(row);
        if ranges.iter().any(|range| range.contains(&index)) {
            let assumed = row.index.is_none() && index > 0;
            return Ok(assumed.then(|| {
                format!("{model}: the curves of {metric} are read as those of {name} {index}, the only one")
            }));
        }
        let range = &ranges[0];
        let (first, last) = (range.start(), range.end());
        let (problem, hint) = match *name {
            "" => (
                format!("is given as an index, but {metric} has no index"),
                "Write 0, or leave the index out.".to_owned(),
            ),
            name if range.is_empty() => (
                format!("is no {name} of {metric}, which has none of {model}"),
                "Leave its rows out.".to_owned(),
            ),
            name if row.index.is_none() => (
                format!("is missing, but {metric} has one value for each {name}"),
                format!("Write {first} to {last} in a column index, or after the metric."),
            ),
            name if first == last => (
                format!("is no {name} of {metric}, where the only one is {first}"),
                format!("Count each {name} from {first}."),
            ),
            name => (
                format!("is no {name} of {metric}, where they are {first} to {last}"),
                format!("Count each {name} from {first}."),
            ),
        };
        Err(row.refuse("index", problem, hint))
    }
}

/// All rows of the curves of a model, with the names of exports replaced by those of the spec, and
/// notes about assumptions.
pub(super) fn matched(
    plan: &Plan,
    curves: &Curves,
    model: &str,
) -> Result<(Vec<CurveRow>, Vec<String>), SpecError> {
    let mut rows = curves.rows.clone();
    // Exports have no variants, so they belong to the base variant.
    let variant = &plan.variants[0];
    let measured = Measured::of(variant, model);
    let names = measured.names();
    let [mut read, mut seeds, mut left_out] = [Vec::new(), Vec::new(), Vec::new()];
    let push = |notes: &mut Vec<String>, note: String| {
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    for export in &curves.exports {
        for column in &export.columns {
            let found = match &column.said {
                Some((metric, index)) => Some((&**metric, *index)),
                None => metric_of(&column.tag, model, &names),
            };
            let Some((metric, index)) = found else {
                push(&mut left_out, format!("{:?}", column.tag));
                continue;
            };
            if column.said.is_none() {
                let index = index.map_or(String::new(), |index| format!("/{index}"));
                push(&mut read, format!("{:?} as {metric}{index}", column.tag));
            }
            if !column.run.is_empty() {
                push(&mut seeds, format!("{:?} as {}", column.run, column.seed));
            }
            rows.extend(column.points.iter().map(|&(line, step, value)| CurveRow {
                file: export.file.clone(),
                line,
                variant: variant.name.clone(),
                seed: column.seed,
                metric: metric.to_owned(),
                index,
                step,
                flow_time: None,
                value,
            }));
        }
    }
    if let ([export, ..], true) = (&curves.exports[..], rows.is_empty()) {
        return Err(SpecError::key(
            &*export.file,
            first_of(&left_out),
            format!("does not name a metric of {model}"),
            format!(
                "Append the metric to the file, as in {}:{}/1; this spec measures {}.",
                export.file,
                names.first().unwrap_or(&"METRIC"),
                names.join(", ")
            ),
        ));
    }
    let mut notes = Vec::new();
    for (what, list) in [
        ("curves are read by their names", read),
        ("runs are read as seeds", seeds),
        (
            "left out, because this spec measures no metric of this name",
            left_out,
        ),
    ] {
        if !list.is_empty() {
            notes.push(format!("{model}: {what}: {}", first_of(&list)));
        }
    }
    Ok((rows, notes))
}
