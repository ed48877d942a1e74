//! Last values against a knob, another metric, or the index.

use std::collections::BTreeSet;

use plan::spec::XAxis;
use record::{Observation, VariantInfo, knob_value};

use crate::{quantile::median, table::newest};

use super::{OfSeed, Series, Source, point};

impl Source<'_, '_> {
    /// The curve of the last recorded values.
    pub(super) fn at_the_end(&self) -> Series {
        // A place and its values. Cells of a knob meet at equal places; cells at a measured place
        // stay apart, however close.
        let mut places: Vec<(f64, Vec<f64>)> = Vec::new();
        let mut seeds = BTreeSet::new();
        let mut of_seeds = Vec::new();
        for variant in &self.key.variants {
            let measured = self.measured_place(variant);
            let own = places.len();
            for o in newest(self.rows(variant), |o| (o.seed, o.index)).into_values() {
                let x = match &self.panel.x_metric {
                    Some(_) => measured,
                    None => self.place(o, variant),
                };
                let shown = self.draws(o.index) && !self.table.ends_early(o);
                let Some(x) = x.filter(|_| shown) else {
                    continue;
                };
                seeds.insert(o.seed);
                of_seeds.push(OfSeed {
                    seed: o.seed,
                    x,
                    value: o.value,
                });
                let from = if measured.is_some() { own } else { 0 };
                match places[from..].iter_mut().find(|(other, _)| *other == x) {
                    Some((_, values)) => values.push(o.value),
                    None => places.push((x, vec![o.value])),
                }
            }
        }
        places.sort_by(|a, b| a.0.total_cmp(&b.0));
        let (mut points, mut missed, mut before) = (Vec::new(), Vec::new(), Vec::new());
        for (x, values) in places {
            match point(x, &values) {
                Some(point) if point.median.is_finite() => points.push(point),
                Some(point) if point.median < 0.0 => before.push(x),
                Some(_) => missed.push(x),
                None => {}
            }
        }
        Series {
            points,
            of_seeds,
            missed,
            before,
            seeds: seeds.len(),
            ..Series::default()
        }
    }

    /// Where the panel's `x_metric` puts a cell: the median over seeds of its last value. A
    /// prediction that does not have this metric stands where the first layer that has it does.
    fn measured_place(&self, variant: &VariantInfo) -> Option<f64> {
        let metric = self.panel.x_metric.as_deref()?;
        let layers = self.panel.layers.iter().map(|layer| layer.model.as_str());
        let mut models = std::iter::once(self.model).chain(layers);
        let model = models.find(|model| self.table.has(metric, model))?;
        let last = self.table.last(metric, model, &variant.name);
        let last: Vec<f64> = last.into_values().collect();
        median(&last).filter(|x| x.is_finite())
    }

    fn place(&self, o: &Observation, variant: &VariantInfo) -> Option<f64> {
        if self.panel.x_axis() == XAxis::Index {
            return Some(o.index as f64);
        }
        let value = knob_value(&variant.knobs, self.panel.knob.as_deref()?)?;
        if !self.panel.times_probability {
            return Some(value);
        }
        let skill = usize::try_from(o.index).ok()?.checked_sub(1)?;
        Some(value * variant.probabilities.get(skill)?)
    }
}
