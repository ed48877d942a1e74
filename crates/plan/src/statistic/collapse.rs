use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Reference, parse_table, table_of};

use crate::statistic::{
    Component, Measured, Sample, Selection, Statistic,
    delays::{self, Quantity, delay},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Collapse>(
    "of = \"ratio\"\nknobs = [{ variant = \"base\", knob = \"models.net.weight_scale\", power = 3.0 }, { variant = \"target\", knob = \"task.target\", power = -1.0 }]",
);

/// Whether several knobs are one: the largest factor between the delays that they give where their powers are equal.
///
/// Each variant group varies one knob; its delays are a curve over knob^power, interpolated on log axes between neighbours
/// that both ended within the run. All groups are compared at every place of any of them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Collapse {
    /// Delay that is compared.
    of: Quantity,
    /// The knobs, two or more.
    knobs: Vec<Knob>,
}

/// A knob.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Knob {
    /// Variant group that varies it.
    variant: String,
    /// Dotted key of its grid.
    knob: String,
    /// Power of the knob on the common axis.
    power: f64,
}

/// Places this close to each other, in their logarithm, are the same: powers of rounded numbers.
const SAME_PLACE: f64 = 1e-3;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Statistic>, KeyError> {
    let collapse: Collapse = parse_table(table)?;
    if collapse.knobs.len() < 2 {
        let problem = "names fewer than two knobs";
        let hint = "Name at least two groups of variants, one knob each.";
        return Err(KeyError::new("knobs", collapse.knobs.len(), problem, hint));
    }
    if let Some(at) = collapse.knobs.iter().position(|k| !k.power.is_finite()) {
        return Err(KeyError::new(
            format!("knobs[{at}].power"),
            collapse.knobs[at].power,
            "must be finite",
            "Write for example 3.0.",
        ));
    }
    Ok(Box::new(collapse))
}

/// ln of the common axis, and the delay there.
type Curve = Vec<(f64, Sample)>;

/// ln of the delay at `place`; `None` outside of the curve and next to a delay that is not exact.
fn at(curve: &Curve, place: f64) -> Option<f64> {
    let ln = |sample: &Sample| match sample {
        Sample::Exact(value) if *value > 0.0 => Some(value.ln()),
        _ => None,
    };
    if let Some((_, sample)) = curve.iter().find(|(x, _)| (x - place).abs() < SAME_PLACE) {
        return ln(sample);
    }
    let after = curve.iter().position(|(x, _)| *x > place)?;
    let ((x0, y0), (x1, y1)) = (&curve[after.checked_sub(1)?], &curve[after]);
    let share = (place - x0) / (x1 - x0);
    Some(ln(y0)? * (1.0 - share) + ln(y1)? * share)
}

/// The largest factor between curves; missing where no two of them have a common place.
fn largest_factor(curves: &[Curve]) -> Sample {
    let places = curves.iter().flatten().map(|(x, _)| *x);
    let spreads = places.filter_map(|place| {
        let there: Vec<f64> = curves.iter().filter_map(|curve| at(curve, place)).collect();
        let low = there.iter().copied().reduce(f64::min)?;
        let high = there.iter().copied().reduce(f64::max)?;
        (there.len() > 1).then_some(high - low)
    });
    let largest = spreads.reduce(f64::max);
    largest.map_or(Sample::Missing, |spread| Sample::Exact(spread.exp()))
}

impl Collapse {
    fn sample(&self, groups: &[Selection<'_>], seed: u64) -> Sample {
        let curves = groups.iter().zip(&self.knobs).map(|(table, knob)| {
            let cells = table.of_seed(seed).map(|cell| {
                let place = cell.knob(&knob.knob)?.ln() * knob.power;
                let delay = delay(table, cell, self.of);
                // Passing over what a net that diverged would have shown makes the factor smaller.
                let known = delay != Sample::Missing || !table.is_cut_short(cell);
                known.then_some((place, delay))
            });
            let mut curve = cells.collect::<Option<Curve>>()?;
            curve.sort_by(|a, b| a.0.total_cmp(&b.0));
            Some(curve)
        });
        // A group without its knob, or with a delay that nobody knows, compares nothing.
        match curves.collect::<Option<Vec<_>>>() {
            Some(curves) => largest_factor(&curves),
            None => Sample::Missing,
        }
    }
}

impl Statistic for Collapse {
    fn resolved(&self) -> toml::Table {
        table_of("collapse", self)
    }

    fn knobs(&self) -> Vec<(Option<&str>, &str)> {
        let knobs = self.knobs.iter();
        knobs.map(|k| (Some(&*k.variant), &*k.knob)).collect()
    }

    fn reads(&self) -> Vec<&str> {
        delays::METRICS.to_vec()
    }

    fn measure(&self, table: &Selection<'_>) -> Measured {
        let knobs = self.knobs.iter();
        let groups: Vec<Selection<'_>> = knobs.map(|knob| table.of_group(&knob.variant)).collect();
        let seeds = table.seeds.iter();
        Measured {
            components: vec![Component {
                label: String::new(),
                samples: seeds.map(|&seed| self.sample(&groups, seed)).collect(),
            }],
            notes: vec![],
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// A handful of logarithms and exponentials.
    const ROUNDING: f64 = 1e-12;

    fn power_law(places: &[f64], factor: f64) -> Curve {
        let point = |&x: &f64| (x.ln(), Sample::Exact(factor * x * x));
        places.iter().map(point).collect()
    }

    fn factor(curves: &[Curve]) -> f64 {
        match largest_factor(curves) {
            Sample::Exact(factor) => factor,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn power_laws_are_interpolated_exactly_and_differ_by_their_factor() {
        let one = power_law(&[0.1, 1.0, 10.0], 1.0);
        let same = power_law(&[0.5, 3.0], 1.0);
        let triple = power_law(&[0.2, 2.0], 3.0);
        assert!((factor(&[one.clone(), same.clone()]) - 1.0).abs() < ROUNDING);
        assert!((factor(&[one, same, triple]) - 3.0).abs() < ROUNDING);
    }

    #[test]
    fn curves_that_share_no_place_and_bounds_say_nothing() {
        let low = power_law(&[0.1, 1.0], 1.0);
        let high = power_law(&[2.0, 3.0], 9.0);
        assert_eq!(largest_factor(&[low.clone(), high]), Sample::Missing);
        let mut bounded = power_law(&[0.1, 1.0], 5.0);
        bounded[1].1 = Sample::AtLeast(1.0);
        // Only the place of the exact delay is compared.
        assert!((factor(&[low, bounded]) - 5.0).abs() < ROUNDING);
    }
}
