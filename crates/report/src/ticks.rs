//! Where an axis is labelled: few ticks at round numbers, as many as have room.

use plan::spec::Scale;

use crate::number::{plain, power_of_ten, trim};

/// Most labels on one axis.
const MOST: usize = 7;

/// The ticks of an axis.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Ticks {
    /// Values with their labels.
    pub(crate) labelled: Vec<(f64, String)>,
    /// Values of unlabelled ticks between them (log axes only).
    pub(crate) minor: Vec<f64>,
}

impl Ticks {
    /// Leaves only whole numbers, where some are not: there is no index between 1 and 2.
    pub(crate) fn keep_whole(&mut self) {
        let whole = |value: f64| value.fract() == 0.0;
        if self.labelled.iter().all(|(value, _)| whole(*value)) {
            return;
        }
        self.labelled.retain(|(value, _)| whole(*value));
        self.minor.retain(|value| whole(*value));
        for (value, text) in &mut self.labelled {
            *text = plain(*value, 0);
        }
    }
}

/// Ticks for the range from `low` to `high`; `fits` says whether labels have room.
pub(crate) fn ticks(
    scale: Scale,
    low: f64,
    high: f64,
    fits: impl Fn(&[(f64, String)]) -> bool,
) -> Ticks {
    if scale == Scale::Log
        && let Some(ticks) = log_ticks(low, high, &fits)
    {
        return ticks;
    }
    let candidates = (2..=6).rev().map(|count| linear(low, high, count));
    let coarse = (2..=10).map(|count| ends(&linear(low, high, count)));
    let labelled = choose(candidates.chain(coarse.clone()), &fits);
    Ticks {
        labelled: labelled
            .or_else(|| coarse.clone().find(|labels| labels.len() > 1))
            .unwrap_or_default(),
        minor: Vec::new(),
    }
}

fn log_ticks(low: f64, high: f64, fits: impl Fn(&[(f64, String)]) -> bool) -> Option<Ticks> {
    let exponents = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let inside = |value: &f64| *value >= low * (1.0 - 1e-9) && *value <= high * (1.0 + 1e-9);
    let values = |multiples: &[f64], stride: i32| -> Vec<f64> {
        exponents
            .clone()
            .filter(|e| e.rem_euclid(stride) == 0)
            .flat_map(|e| multiples.iter().map(move |m| decimal(*m, e)))
            .filter(inside)
            .collect()
    };
    let (fifths, thirds) = (values(&[1.0, 2.0, 5.0], 1), values(&[1.0, 3.0], 1));
    let fine = [fifths.clone(), thirds.clone()];
    let powers = [1, 2, 3, 5].map(|stride| values(&[1.0], stride));
    let (plain, scientific): (Vec<_>, Vec<_>) = fine.into_iter().partition(|v| is_plain(v));
    // Powers of ten are easier to read than their multiples, where there are enough of them.
    let enough = powers.clone().into_iter().filter(|v| v.len() > 2);
    let candidates = plain
        .into_iter()
        .chain(enough)
        .chain(scientific)
        .chain(powers.clone());
    // Where nothing else has room, two labels far apart still tell the scale.
    let far = [&powers[0], &thirds, &fifths];
    let far = far.map(|v| ends(&label_log(v)));
    let labelled = choose(candidates.map(|v| label_log(&v)).chain(far.clone()), fits);
    let labelled = labelled.or_else(|| far.into_iter().find(|labels| labels.len() > 1))?;
    let decades = (high / low).log10();
    let minor = if decades > 6.0 {
        values(&[1.0], 1)
    } else {
        values(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], 1)
    };
    let minor = minor
        .into_iter()
        .filter(|value| labelled.iter().all(|(tick, _)| tick != value))
        .collect();
    Some(Ticks { labelled, minor })
}

/// `m·10^e` as the nearest number to its decimal form.
fn decimal(m: f64, e: i32) -> f64 {
    if e < 0 {
        m / 10f64.powi(-e)
    } else {
        m * 10f64.powi(e)
    }
}

/// The first candidate that has at least two labels, not too many, and room for them.
fn choose(
    candidates: impl Iterator<Item = Vec<(f64, String)>>,
    fits: impl Fn(&[(f64, String)]) -> bool,
) -> Option<Vec<(f64, String)>> {
    let mut candidates = candidates.filter(|labels| (2..=MOST).contains(&labels.len()));
    candidates.find(|labels| fits(labels))
}

/// The first and the last of several labels.
fn ends(labels: &[(f64, String)]) -> Vec<(f64, String)> {
    match labels {
        [first, .., last] => vec![first.clone(), last.clone()],
        _ => Vec::new(),
    }
}

fn linear(low: f64, high: f64, count: usize) -> Vec<(f64, String)> {
    let raw = (high - low) / count as f64;
    let magnitude = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|m| m * magnitude)
        .into_iter()
        .find(|step| *step >= raw * (1.0 - 1e-9))
        .unwrap_or(10.0 * magnitude);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    let decimals = (0..12)
        .find(|&d| {
            let scaled = step * 10f64.powi(d);
            (scaled - scaled.round()).abs() < 1e-6 * scaled.abs()
        })
        .unwrap_or(0) as usize;
    (first..=last)
        .map(|n| {
            let value = n as f64 * step;
            (value, plain(value, decimals))
        })
        .collect()
}

/// Whether values are short when written out.
fn is_plain(values: &[f64]) -> bool {
    values.iter().all(|value| (0.9e-4..1.1e6).contains(value))
}

fn label_log(values: &[f64]) -> Vec<(f64, String)> {
    let plainly = is_plain(values);
    values
        .iter()
        .map(|&value| {
            let label = if plainly {
                trim(&plain(value, 4))
            } else {
                let exponent = (value.log10() + 1e-9).floor() as i32;
                let multiple = (value / 10f64.powi(exponent)).round();
                if multiple == 1.0 {
                    power_of_ten(exponent)
                } else {
                    format!("{multiple}·{}", power_of_ten(exponent))
                }
            };
            (value, label)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, low: f64, high: f64) -> Vec<String> {
        let ticks = ticks(scale, low, high, |_| true);
        ticks.labelled.into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn linear_ticks_are_round_and_few() {
        let unit = labels(Scale::Linear, 0.0, 1.0);
        assert_eq!(unit, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(labels(Scale::Linear, 0.0, 10_000.0)[1], "2,000");
        assert_eq!(
            labels(Scale::Linear, -1.0, 1.0),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
    }

    #[test]
    fn log_ticks_are_plain_numbers_where_those_are_short() {
        assert_eq!(
            labels(Scale::Log, 150.0, 9000.0),
            ["200", "500", "1,000", "2,000", "5,000"]
        );
        assert_eq!(
            labels(Scale::Log, 0.001, 10.0),
            ["0.001", "0.01", "0.1", "1", "10"]
        );
        assert_eq!(
            labels(Scale::Log, 1e-8, 1.0),
            ["10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]
        );
    }

    #[test]
    fn a_log_axis_over_less_than_a_decade_is_still_labelled() {
        assert!(labels(Scale::Log, 0.42, 0.93).len() >= 2);
    }

    #[test]
    fn a_log_axis_in_a_narrow_panel_has_two_labels() {
        let narrow = |low, high| {
            let fits = |labels: &[(f64, String)]| labels.len() < 3;
            ticks(Scale::Log, low, high, fits).labelled.len()
        };
        for (low, high) in [(10.0, 3_000.0), (3.0, 10_000.0), (4e-4, 0.1), (0.42, 0.93)] {
            assert_eq!(narrow(low, high), 2, "{low} to {high}");
        }
        assert_eq!(
            ticks(Scale::Log, 10.0, 3_000.0, |_| false).labelled.len(),
            2
        );
    }

    #[test]
    fn labels_without_room_are_thinned() {
        let few = ticks(Scale::Linear, 0.0, 1.0, |labels| labels.len() <= 3);
        assert_eq!(few.labelled.len(), 3);
    }
}
