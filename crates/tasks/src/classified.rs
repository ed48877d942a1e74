//! Common parts of tasks with classes: a fixed training set, a test set, and one-hot targets.

use std::sync::Arc;

use crate::{
    Basis, Batch, Group, KeyError, Pairs, TaskInstance, TaskShape, TrainingStream,
    row_streams::{RowOrder, row_stream},
    stream::StreamKey,
};

/// A split of labelled rows.
pub(crate) struct Classified {
    pub(crate) groups: Vec<Group>,
    pub(crate) training: Arc<Batch>,
    pub(crate) order: RowOrder,
    pub(crate) key: StreamKey,
    pub(crate) test: Batch,
    pub(crate) input_scale: f64,
    pub(crate) pairs: Option<Pairs>,
    pub(crate) whitened: bool,
}

impl TaskInstance for Classified {
    fn groups(&self) -> &[Group] {
        &self.groups
    }

    fn training(&self) -> Box<dyn TrainingStream> {
        row_stream(Arc::clone(&self.training), self.order, self.key.clone())
    }

    fn test(&self) -> Batch {
        self.test.clone()
    }

    fn cube(&self, _group: usize) -> Option<Batch> {
        None
    }

    fn training_set(&self) -> Option<Batch> {
        Some((*self.training).clone())
    }

    fn input_scale(&self) -> f64 {
        self.input_scale
    }

    fn whitened(&self) -> bool {
        self.whitened
    }

    fn pairs(&self) -> Option<&Pairs> {
        self.pairs.as_ref()
    }
}

/// Rows of inputs and dense basis functions with their classes; targets are `target` times the
/// one-hot of `labels`.
pub(crate) fn rows(
    shape: TaskShape,
    inputs: Vec<f64>,
    basis: Vec<f64>,
    classes: Vec<u32>,
    labels: &[u32],
    target: f64,
) -> Batch {
    let mut targets = vec![0.0; labels.len() * shape.outputs];
    for (row, &label) in targets.chunks_exact_mut(shape.outputs).zip(labels) {
        row[label as usize] = target;
    }
    Batch {
        shape,
        rows: labels.len(),
        index: Vec::new(),
        group: classes,
        inputs,
        basis: Basis::Dense(basis),
        targets,
        weights: None,
    }
}

/// One group per class: its share of `labels`, and the target.
pub(crate) fn class_groups(labels: &[u32], classes: usize, target: f64) -> Vec<Group> {
    let mut counts = vec![0_u32; classes];
    for &label in labels {
        counts[label as usize] += 1;
    }
    let group = |count| Group {
        probability: f64::from(count) / labels.len() as f64,
        multiplicity: 1.0,
        target,
        subset: Vec::new(),
    };
    counts.into_iter().map(group).collect()
}

/// Checks that every class of `labels` has at least one of the training rows `train`. `key` =
/// `value` is the setting that determines their number.
pub(crate) fn every_class_is_trained(
    labels: &[u32],
    train: &[u32],
    seed: u64,
    (key, value): (&str, &dyn std::fmt::Display),
) -> Result<(), KeyError> {
    let mut trained: Vec<u32> = train.iter().map(|&row| labels[row as usize]).collect();
    trained.sort_unstable();
    let missing = labels
        .iter()
        .find(|label| trained.binary_search(label).is_err());
    match missing {
        None => Ok(()),
        Some(class) => Err(KeyError::new(
            key,
            value,
            format!("leaves class {class} without a training row at seed {seed}"),
            "Train on more rows, or choose other seeds with training.first_seed.",
        )),
    }
}
