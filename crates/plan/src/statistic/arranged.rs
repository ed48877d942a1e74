use super::{Component, Measured, Sample};

/// What the places of a statistic are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Along {
    /// Values of a knob, by its dotted key.
    Knob(String),
    /// Indices of the metric (skills, modes).
    Index,
}

/// A statistic along a knob or along the indices, cut in two: everything that it reads off the record,
/// and what it makes of the places at which it was read. Other places for the same readings cost little,
/// so that one can ask what a statistic says when the places are permuted.
pub struct Arranged<'t> {
    /// What the places are.
    pub along: Along,
    /// The places, increasing and without repetition.
    pub places: Vec<f64>,
    /// Whether the statistic is of the order, or of a slope, which any values have along few places.
    /// Seeds repeat it; they are no evidence that it has anything to do with the places.
    pub is_order: bool,
    /// What it is where nothing depends on the places: 0 for correlations and slopes, 1 for ratios.
    pub unordered: f64,
    /// Labels of the parts.
    pub(super) labels: Vec<String>,
    pub(super) seeds: usize,
    pub(super) samples: Box<Samples<'t>>,
}

/// Samples of all parts for one seed (by its position), with these values for the places.
type Samples<'t> = dyn Fn(usize, &[f64]) -> Vec<Sample> + 't;

impl<'t> Arranged<'t> {
    /// A statistic of the order.
    pub fn order(
        along: Along,
        places: Vec<f64>,
        (labels, seeds): (Vec<String>, usize),
        samples: impl Fn(usize, &[f64]) -> Vec<Sample> + 't,
    ) -> Self {
        Self {
            along,
            places,
            is_order: true,
            unordered: 0.0,
            labels,
            seeds,
            samples: Box::new(samples),
        }
    }

    /// The parts with other values for the places; `of_seed` gives those of a seed by its position.
    pub fn with_places<'p>(&self, of_seed: impl Fn(usize) -> &'p [f64]) -> Vec<Component> {
        let empty = |label: &String| Component {
            label: label.clone(),
            samples: Vec::with_capacity(self.seeds),
        };
        let mut components: Vec<Component> = self.labels.iter().map(empty).collect();
        for seed in 0..self.seeds {
            let samples = (self.samples)(seed, of_seed(seed));
            for (component, sample) in components.iter_mut().zip(samples) {
                component.samples.push(sample);
            }
        }
        components
    }

    /// One part alone, by its position.
    pub(crate) fn only(self, part: usize) -> Self {
        let (samples, labels) = (self.samples, self.labels);
        Self {
            labels: labels.into_iter().skip(part).take(1).collect(),
            samples: Box::new(move |seed, places| {
                samples(seed, places)
                    .into_iter()
                    .skip(part)
                    .take(1)
                    .collect()
            }),
            ..self
        }
    }

    /// Number of seeds.
    pub fn seeds(&self) -> usize {
        self.seeds
    }
}

/// A statistic at the places as they were recorded.
pub(crate) fn measured(arranged: Option<Arranged<'_>>) -> Measured {
    let components = arranged.map(|arranged| arranged.with_places(|_| &arranged.places));
    Measured {
        components: components.unwrap_or_default(),
        notes: Vec::new(),
    }
}

/// Readings in the order of their places.
pub(crate) fn by_place<T: Copy>(readings: impl Iterator<Item = (f64, T)>) -> Vec<T> {
    let mut readings: Vec<(f64, T)> = readings.collect();
    readings.sort_by(|a, b| a.0.total_cmp(&b.0));
    readings.into_iter().map(|(_, reading)| reading).collect()
}
