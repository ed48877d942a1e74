//! Which metric and which index of a spec a curve is of.

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

/// The indices that an entry of `[[measure]]` gives a metric, as far as the spec tells.
type Known = Option<RangeInclusive<u64>>;

/// What a variant measures of a model.
pub(super) struct Measured<'a> {
    model: &'a str,
    /// By metric: what its index is called, and which there are.
    metrics: BTreeMap<&'static str, (&'static str, Vec<Known>)>,
    /// Metrics that follow from whole curves, with those that they follow from.
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

    /// Names of the metrics that are read off the model, sorted.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.metrics.keys().copied().collect()
    }

    /// Whether a metric follows from whole curves.
    pub(super) fn derives(&self, metric: &str) -> bool {
        self.derived.contains_key(metric)
    }

    /// Checks that what follows from whole curves has these beside it: a time alone is no curve, and
    /// what is computed anew would have nothing to be computed from.
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
                "is computed from {}, and there is no {missing}{of} of seed {}",
                sources.join(" and "),
                row.seed
            ),
            format!(
                "Give the curve of {missing}{of}; {} may be left out.",
                row.metric
            ),
        ))
    }

    /// Whether the spec tells which indices a metric has.
    pub(super) fn knows_indices(&self, metric: &str) -> bool {
        let known = self.metrics.get(metric);
        known.is_some_and(|(_, ranges)| ranges.iter().all(Option::is_some))
    }

    /// The index of a row: where the file does not say, the only one that there is, or else 0.
    pub(super) fn index(&self, row: &CurveRow) -> u64 {
        row.index.unwrap_or_else(|| {
            let known = self.metrics.get(&*row.metric);
            match known.map(|(_, ranges)| &ranges[..]) {
                Some([Some(range)]) if range.start() == range.end() => *range.start(),
                _ => 0,
            }
        })
    }

    /// Checks metric and index of a row. Gives what was assumed of the index.
    pub(super) fn check(&self, row: &CurveRow) -> Result<Option<String>, SpecError> {
        let (model, metric) = (self.model, &row.metric);
        let Some((name, ranges)) = self.metrics.get(&**metric) else {
            let problem = format!("is not a metric that this spec measures of {model}");
            let hint = format!("Choose one of: {}.", self.names().join(", "));
            return Err(row.refuse("metric", problem, hint));
        };
        // A metric that does not say which indices it has takes any.
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
                format!("is an index of {metric}, which has none"),
                "Write 0, or leave the index out.".to_owned(),
            ),
            name if range.is_empty() => (
                format!("is no {name} of {metric}, which has none of {model}"),
                "Leave its rows out.".to_owned(),
            ),
            name if row.index.is_none() => (
                format!("is missing, and {metric} has one value for each {name}"),
                format!("Write {first} to {last} in a column index, or behind the metric."),
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

/// All rows of the curves of a model, those of exports under the names of the spec, and what was assumed
/// about these.
pub(super) fn matched(
    plan: &Plan,
    curves: &Curves,
    model: &str,
) -> Result<(Vec<CurveRow>, Vec<String>), SpecError> {
    let mut rows = curves.rows.clone();
    // Exports do not know of variants.
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
            format!("does not say which metric of {model} it is"),
            format!(
                "Write it behind the file, as {}:{}/1; this spec measures {}.",
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
        ("left out, as no metric of this spec is called so", left_out),
    ] {
        if !list.is_empty() {
            notes.push(format!("{model}: {what}: {}", first_of(&list)));
        }
    }
    Ok((rows, notes))
}
