//! The long table: every measured, derived and predicted number of a run.
//!
//! All readers use [`Observations`]. It holds the rows in recording order, shares their names, and
//! has an index to find the rows of a curve quickly.
//!
//! ```
//! use layerwise_record::{Observation, Observations};
//!
//! let row = |step, value| Observation {
//!     variant: "base".into(),
//!     seed: 0,
//!     model: "net".into(),
//!     metric: "test_loss".into(),
//!     index: 0,
//!     step,
//!     flow_time: None,
//!     value,
//! };
//! let observations: Observations = [row(0, 2.0), row(10, 1.0)].into_iter().collect();
//! let curve = observations.curve(("net", "test_loss"), ("base", 0), 0);
//! assert_eq!((curve.steps, curve.values), (vec![0.0, 10.0], vec![2.0, 1.0]));
//! assert_eq!(observations.models("test_loss"), ["net"]);
//! ```

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    slice,
};

use crate::{Name, Observation};

/// Steps and values of one index of a metric in one cell, in recording order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// Training steps.
    pub steps: Vec<f64>,
    /// Values.
    pub values: Vec<f64>,
}

/// A model or prediction, and a metric.
pub type Source<'a> = (&'a str, &'a str);

/// A variant and a seed.
pub type CellName<'a> = (&'a str, u64);

/// Positions of the rows of one model and metric, by variant and seed.
type ByCell = HashMap<Name, BTreeMap<u64, Vec<usize>>>;

/// All rows of a run, indexed.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    rows: Vec<Observation>,
    names: HashSet<Name>,
    /// Positions of rows by model, then metric.
    index: HashMap<Name, BTreeMap<Name, ByCell>>,
}

impl PartialEq for Observations {
    fn eq(&self, other: &Self) -> bool {
        self.rows == other.rows
    }
}

impl Observations {
    /// All rows, in recording order.
    pub fn rows(&self) -> &[Observation] {
        &self.rows
    }

    /// The rows, without the index.
    pub fn into_rows(self) -> Vec<Observation> {
        self.rows
    }

    /// Appends a row.
    pub fn push(&mut self, mut row: Observation) {
        for name in [&mut row.variant, &mut row.model, &mut row.metric] {
            match self.names.get(&**name) {
                Some(known) => *name = known.clone(),
                None => {
                    self.names.insert(name.clone());
                }
            }
        }
        let metrics = self.index.entry(row.model.clone()).or_default();
        let cells = metrics.entry(row.metric.clone()).or_default();
        let seeds = cells.entry(row.variant.clone()).or_default();
        seeds.entry(row.seed).or_default().push(self.rows.len());
        self.rows.push(row);
    }

    /// Gives the rows of a metric of a model other indices and values; `revise` gets each row with its
    /// place in [`Self::rows`].
    pub fn revise(
        &mut self,
        (model, metric): Source<'_>,
        mut revise: impl FnMut(usize, &Observation) -> (u64, f64),
    ) {
        let Some(cells) = self.index.get(model).and_then(|of| of.get(metric)) else {
            return;
        };
        for &place in cells.values().flat_map(BTreeMap::values).flatten() {
            let row = &mut self.rows[place];
            (row.index, row.value) = revise(place, row);
        }
    }

    fn cells(&self, (model, metric): Source<'_>) -> Option<&ByCell> {
        self.index.get(model)?.get(metric)
    }

    /// The rows of a metric of a model in one cell, in recording order, all indices.
    pub fn of_cell<'a>(
        &'a self,
        source: Source<'_>,
        (variant, seed): CellName<'_>,
    ) -> impl DoubleEndedIterator<Item = &'a Observation> + Clone + use<'a> {
        let seeds = self.cells(source).and_then(|cells| cells.get(variant));
        let places = seeds.and_then(|seeds| seeds.get(&seed));
        self.at(places.map_or(&[][..], Vec::as_slice))
    }

    /// The rows of a metric of a model in all seeds of a variant, seed by seed.
    pub fn of_variant<'a>(
        &'a self,
        source: Source<'_>,
        variant: &str,
    ) -> impl Iterator<Item = &'a Observation> + use<'a> {
        let seeds = self.cells(source).and_then(|cells| cells.get(variant));
        seeds
            .into_iter()
            .flatten()
            .flat_map(|(_, places)| self.at(places))
    }

    fn at<'a>(
        &'a self,
        places: &'a [usize],
    ) -> std::iter::Map<
        slice::Iter<'a, usize>,
        impl FnMut(&'a usize) -> &'a Observation + Clone + use<'a>,
    > {
        places.iter().map(|&place| &self.rows[place])
    }

    /// The curve of one index in one cell; empty if nothing was recorded.
    pub fn curve(&self, source: Source<'_>, cell: CellName<'_>, index: u64) -> Curve {
        let rows = self.of_cell(source, cell).filter(|row| row.index == index);
        let (steps, values) = rows.map(|row| (row.step as f64, row.value)).unzip();
        Curve { steps, values }
    }

    /// The indices at which a metric of a model has rows, in any cell.
    pub fn indices(&self, source: Source<'_>) -> BTreeSet<u64> {
        let cells = self.cells(source).into_iter().flat_map(HashMap::values);
        let places = cells.flat_map(BTreeMap::values).flatten();
        places.map(|&place| self.rows[place].index).collect()
    }

    /// Whether a metric of a model has any row.
    pub fn has(&self, source: Source<'_>) -> bool {
        self.cells(source).is_some()
    }

    /// Every metric of every model in every variant, in the order in which they were first recorded.
    pub fn groups(&self) -> Vec<(Source<'_>, &str)> {
        let mut groups = Vec::new();
        for (model, metrics) in &self.index {
            for (metric, variants) in metrics {
                for (variant, seeds) in variants {
                    let first = seeds.values().filter_map(|places| places.first()).min();
                    groups.push((first, ((&**model, &**metric), &**variant)));
                }
            }
        }
        groups.sort_unstable_by_key(|(first, _)| *first);
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The seeds in which a metric of a model has rows in a variant.
    pub fn seeds(&self, source: Source<'_>, variant: &str) -> impl Iterator<Item = u64> {
        let seeds = self.cells(source).and_then(|cells| cells.get(variant));
        seeds.into_iter().flat_map(|seeds| seeds.keys().copied())
    }

    /// Models and predictions that have a metric, by name.
    pub fn models(&self, metric: &str) -> Vec<&str> {
        let having = self
            .index
            .iter()
            .filter(|(_, metrics)| metrics.contains_key(metric));
        let mut models: Vec<&str> = having.map(|(model, _)| &**model).collect();
        models.sort_unstable();
        models
    }
}

impl Extend<Observation> for Observations {
    fn extend<I: IntoIterator<Item = Observation>>(&mut self, rows: I) {
        for row in rows {
            self.push(row);
        }
    }
}

impl FromIterator<Observation> for Observations {
    fn from_iter<I: IntoIterator<Item = Observation>>(rows: I) -> Self {
        let mut all = Self::default();
        all.extend(rows);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_cell_and_index_and_stay_in_order() {
        let row = |variant: &str, seed, model: &str, index, step| Observation {
            variant: variant.into(),
            seed,
            model: model.into(),
            metric: "skill_strength".into(),
            index,
            step,
            flow_time: None,
            value: step as f64 + index as f64,
        };
        let rows = [
            row("base", 0, "net", 1, 0),
            row("base", 0, "net", 2, 0),
            row("base", 0, "net", 1, 5),
            row("base", 1, "net", 1, 0),
            row("wide", 0, "twin", 3, 7),
        ];
        let all: Observations = rows.iter().cloned().collect();
        assert_eq!(all.rows(), rows);
        let source = ("net", "skill_strength");
        assert_eq!(all.curve(source, ("base", 0), 1).steps, [0.0, 5.0]);
        assert_eq!(all.of_variant(source, "base").count(), 4);
        assert_eq!(all.of_cell(source, ("base", 0)).next_back(), Some(&rows[2]));
        assert_eq!(all.indices(source), BTreeSet::from([1, 2]));
        assert!(all.curve(source, ("wide", 0), 1).steps.is_empty());
        assert_eq!(all.models("skill_strength"), ["net", "twin"]);
        let twin = ("twin", "skill_strength");
        assert_eq!(all.groups(), [(source, "base"), (twin, "wide")]);
        assert_eq!(all.seeds(source, "base").collect::<Vec<_>>(), [0, 1]);
        assert!(!all.has(("net", "loss")));
        let mut revised = all.clone();
        revised.revise(source, |place, row| (row.index + 10, place as f64));
        assert_eq!(revised.indices(source), BTreeSet::from([11, 12]));
        let moved = revised.curve(source, ("base", 0), 11);
        assert_eq!(
            (moved.steps, moved.values),
            (vec![0.0, 5.0], vec![0.0, 2.0])
        );
        assert_eq!(revised.rows()[4], all.rows()[4]);
        // Names are stored once.
        assert!(std::ptr::eq(&*all.rows()[0].model, &*all.rows()[3].model));
    }
}
