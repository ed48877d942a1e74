use serde::{Deserialize, Serialize};

use super::Dataset;

/// What is done to the numbers of the files before a net sees them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scaling {
    /// Nothing.
    Raw,
    /// Divided by the largest that the card allows.
    #[default]
    Unit,
    /// The same, minus the mean of each feature over the training rows.
    Centred,
    /// Minus mean, over standard deviation of each feature over the training rows. A feature that
    /// does not vary there is only centred.
    Standardised,
}

impl Scaling {
    /// Shift and factor of every feature, (x − shift) · factor, from the training rows alone.
    pub fn of_features(self, dataset: &Dataset, train: &[u32]) -> Vec<(f64, f64)> {
        let features = dataset.card.features;
        let unit = 1.0 / dataset.card.largest;
        let moments = |feature: usize| {
            let values = train
                .iter()
                .map(|&row| dataset.inputs[row as usize * features + feature]);
            let mean = values.clone().sum::<f64>() / train.len() as f64;
            let variance = values.map(|x| (x - mean).powi(2)).sum::<f64>() / train.len() as f64;
            (mean, variance.sqrt())
        };
        let of_feature = |feature| match self {
            Self::Raw => (0.0, 1.0),
            Self::Unit => (0.0, unit),
            Self::Centred => (moments(feature).0, unit),
            Self::Standardised => match moments(feature) {
                (mean, deviation) if deviation > 0.0 => (mean, 1.0 / deviation),
                (mean, _) => (mean, unit),
            },
        };
        (0..features).map(of_feature).collect()
    }
}
