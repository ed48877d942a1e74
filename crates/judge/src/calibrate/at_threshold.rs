//! Null data for claims without a knob or index to permute: values at the threshold. Each seed
//! deviates from it by its recorded distance from the median, with a random sign.

use plan::{Component, Sample, spec::Threshold};
use tasks::stream::{keyed, uniform};

use super::{
    result::{Null, NullRate},
    subject::{Subject, Tally},
};

/// Up to this many seeds, all combinations of signs are enumerated.
const ENUMERATED: usize = 12;

/// The largest rate among the parts, each placed at the threshold on its own. `None` if every part
/// has bounds or no spread.
pub(super) fn null(subject: &Subject<'_>) -> Option<NullRate> {
    let parts = subject.recorded();
    let tallies = parts.iter().map(|part| {
        let deviations = deviations(part)?;
        let seeds = deviations.len();
        let exact = seeds <= ENUMERATED;
        let mut tally = Tally::default();
        let mut add = |up: &dyn Fn(usize) -> bool| {
            let part = placed(part, &deviations, subject.claim.threshold, up);
            tally.add(subject.support(&[part], None));
        };
        if exact {
            for signs in 0..1_u32 << seeds {
                add(&|seed| signs >> seed & 1 == 1);
            }
        } else {
            let purpose = subject.purpose("signs");
            for draw in 0..subject.draws {
                let mut rng = keyed(0, &purpose, draw);
                let signs: Vec<bool> = (0..seeds).map(|_| uniform(&mut rng) < 0.5).collect();
                add(&|seed| signs[seed]);
            }
        }
        Some((tally, exact))
    });
    let tallies: Vec<(Tally, bool)> = tallies.flatten().collect();
    let worst = (tallies.into_iter()).max_by(|a, b| a.0.supported().total_cmp(&b.0.supported()));
    worst.map(|(tally, exact)| NullRate {
        null: Null::AtThreshold,
        supported: tally.supported(),
        by_interval: tally.by_interval(),
        of: tally.of,
        exact,
        counts: true,
    })
}

/// Distances from the median. A seed at the median gets the smallest other distance, so that its
/// sign has an effect. `None` for bounds, and if all seeds agree.
fn deviations(part: &Component) -> Option<Vec<f64>> {
    let exact = part.samples.iter().map(|sample| match *sample {
        Sample::Exact(value) if value.is_finite() => Some(value),
        _ => None,
    });
    let values = exact.collect::<Option<Vec<f64>>>()?;
    let centre = median(&values)?;
    let sizes: Vec<f64> = values.iter().map(|value| (value - centre).abs()).collect();
    let positive = sizes.iter().copied().filter(|size| *size > 0.0);
    let least = positive.reduce(f64::min)?;
    Some(sizes.into_iter().map(|size| size.max(least)).collect())
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (
        sorted.get((sorted.len().max(1) - 1) / 2)?,
        sorted.get(sorted.len() / 2)?,
    );
    Some(f64::midpoint(*low, *high))
}

/// The part moved to the edge of the threshold that is nearest to its recorded median. `up` gives
/// the sign of each seed's deviation.
fn placed(
    part: &Component,
    deviations: &[f64],
    threshold: Threshold,
    up: &dyn Fn(usize) -> bool,
) -> Component {
    let edge = match threshold {
        Threshold::Above(edge) | Threshold::Below(edge) => edge,
        Threshold::Within([low, high]) => {
            let values = part.samples.iter().filter_map(|sample| match *sample {
                Sample::Exact(value) => Some(value),
                _ => None,
            });
            let centre = median(&values.collect::<Vec<_>>()).unwrap_or(low);
            if (centre - low).abs() < (centre - high).abs() {
                low
            } else {
                high
            }
        }
    };
    let sample =
        |(seed, size): (usize, &f64)| Sample::Exact(edge + if up(seed) { *size } else { -size });
    Component {
        label: part.label.clone(),
        samples: deviations.iter().enumerate().map(sample).collect(),
    }
}
