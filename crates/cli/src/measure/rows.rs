use std::sync::Arc;

use serde_json::{Value, json};
use tasks::{
    dataset::{Dataset, FeatureScale, Scaling},
    split::stratified_split,
    stream::keyed,
};

/// Labelled rows on which a net is measured.
#[derive(Debug)]
pub(crate) struct Rows {
    /// Name of the data set.
    pub(crate) name: String,
    /// Inputs of the net, `[N, D]`.
    pub(crate) inputs: Vec<f64>,
    /// D.
    pub(crate) width: usize,
    pub(crate) labels: Vec<u32>,
    pub(crate) classes: usize,
    /// Assumptions about the rows, one sentence each.
    pub(crate) notes: Vec<String>,
    /// Origin of the rows, for the JSON output.
    pub(crate) origin: Value,
}

/// Choice and scaling of the rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen {
    pub(crate) scaling: Scaling,
    /// Seed and number of training rows; `None` for all rows.
    pub(crate) split: Option<(u64, u32)>,
}

impl Rows {
    pub(crate) fn of(dataset: &Arc<Dataset>, name: &str, chosen: Chosen) -> Result<Self, String> {
        let count = u32::try_from(dataset.labels.len())
            .map_err(|_| "has too many rows: at most 4,294,967,295".to_owned())?;
        let classes = dataset.card.classes.len();
        let rows = match chosen.split {
            None => (0..count).collect(),
            Some((_, train)) if train == 0 || train >= count => {
                return Err(format!(
                    "has {count} rows, so --train {train} is out of range: must be 1 to {}",
                    count.saturating_sub(1)
                ));
            }
            // The same split as in the task `dataset`.
            Some((seed, train)) => {
                stratified_split(
                    &mut keyed(seed, "split", 0),
                    &dataset.labels,
                    classes,
                    train,
                )
                .0
            }
        };
        let width = dataset.card.features;
        let transform = chosen.scaling.of_features(dataset, &rows);
        let mut inputs = Vec::with_capacity(rows.len() * width);
        for &row in &rows {
            let own = dataset.inputs[row as usize * width..].iter();
            let scaled = own.zip(&transform);
            inputs.extend(scaled.map(|(x, scale)| scale.apply(*x)));
        }
        let those = |of: fn(&FeatureScale) -> bool| -> Vec<usize> {
            (0..width).filter(|x| of(&transform[*x])).collect()
        };
        let mut notes = dataset.notes.clone();
        let (constant, doubtful) = (those(|scale| scale.constant), those(|scale| scale.doubtful));
        notes.extend(chosen.scaling.note(dataset, &constant, "these rows"));
        notes.extend((chosen.scaling).note_of_doubt(dataset, &doubtful, "these rows"));
        let labels: Vec<u32> = (rows.iter())
            .map(|&row| dataset.labels[row as usize])
            .collect();
        let (seed, train) = chosen.split.unzip();
        Ok(Self {
            name: name.to_owned(),
            inputs,
            width,
            labels,
            classes,
            notes,
            origin: json!({
                "name": name,
                "rows": rows.len(),
                "inputs": chosen.scaling,
                "split_seed": seed,
                "train": train,
            }),
        })
    }
}
