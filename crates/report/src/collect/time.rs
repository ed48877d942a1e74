//! Curves in training time.

use std::collections::{BTreeMap, BTreeSet};

use plan::{Crossing, half_time, spec::XAxis};
use record::{Observation, VariantInfo};

use crate::quantile::median;

use super::{OfSeed, Series, Source, point};

impl Source<'_, '_> {
    /// The curve of one index in training time.
    pub(super) fn over_time(&self) -> Series {
        // step → (seed, x, value)
        let mut steps: BTreeMap<u64, Vec<(u64, f64, f64)>> = BTreeMap::new();
        // step → where its seeds stand on the other axis of time
        let mut others: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
        let mut last: BTreeMap<u64, u64> = BTreeMap::new();
        let mut early: BTreeSet<u64> = BTreeSet::new();
        let mut curves: BTreeMap<u64, Vec<(f64, f64)>> = BTreeMap::new();
        for variant in &self.key.variants {
            for o in self.rows(variant) {
                let Some(x) = time(o, variant, self.panel.x) else {
                    continue;
                };
                steps.entry(o.step).or_default().push((o.seed, x, o.value));
                if let Some(other) = time(o, variant, other_axis(self.panel.x)) {
                    others.entry(o.step).or_default().push(other);
                }
                let end = last.entry(o.seed).or_default();
                *end = (*end).max(o.step);
                if self.table.ends_early(o) {
                    early.insert(o.seed);
                }
                if o.value.is_finite() {
                    curves.entry(o.seed).or_default().push((x, o.value));
                }
            }
        }
        let mut points = Vec::new();
        let (mut of_seeds, mut other_time) = (Vec::new(), Vec::new());
        for (step, rows) in &steps {
            // A seed that stopped early is measured on its last step, where the others are not.
            let running = last.values().filter(|&&end| end >= *step).count();
            if rows.len() < running {
                continue;
            }
            let finite = rows.iter().map(|r| r.2).filter(|value| value.is_finite());
            let xs: Vec<f64> = rows.iter().map(|r| r.1).collect();
            if let Some(point) = median(&xs).and_then(|x| point(x, &finite.collect::<Vec<_>>())) {
                points.push(point);
                of_seeds.extend(rows.iter().map(|&(seed, _, value)| OfSeed {
                    seed,
                    x: point.x,
                    value,
                }));
                let other = others.get(step).and_then(|times| median(times));
                other_time.extend(other.map(|other| (point.x, other)));
            }
        }
        if other_time.len() < points.len() {
            other_time.clear();
        }
        let half_times = curves
            .iter_mut()
            .filter_map(|(seed, curve)| {
                curve.sort_by(|a, b| a.0.total_cmp(&b.0));
                let (times, values): (Vec<f64>, Vec<f64>) = curve.iter().copied().unzip();
                match half_time(&times, &values) {
                    Ok(Crossing::At(time)) => Some(time),
                    Ok(Crossing::Before(time)) if time <= 0.0 => Some(time),
                    Ok(Crossing::Before(_)) => Some(f64::NEG_INFINITY),
                    // It may have come after the end of what was read.
                    Ok(Crossing::After(_)) | Err(_) => {
                        Some(f64::INFINITY).filter(|_| !early.contains(seed))
                    }
                }
            })
            .collect();
        Series {
            points,
            of_seeds,
            other_time,
            half_times,
            seeds: last.len(),
            ..Series::default()
        }
    }
}

/// Flow time for steps, steps for flow time.
fn other_axis(axis: XAxis) -> XAxis {
    match axis {
        XAxis::FlowTime => XAxis::Step,
        _ => XAxis::FlowTime,
    }
}

/// Where a row stands on an axis of time.
pub(crate) fn time(o: &Observation, variant: &VariantInfo, axis: XAxis) -> Option<f64> {
    if axis == XAxis::FlowTime {
        o.flow_time
            .or_else(|| variant.flow_per_step.map(|flow| flow * o.step as f64))
    } else {
        Some(o.step as f64)
    }
}
