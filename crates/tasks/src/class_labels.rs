use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Basis, Batch, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    classified::class_groups,
    constant::ConstantRows,
    split::{check_imbalance, step_imbalance},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "class-labels";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<RawLabels>("per_class = [50, 50, 50]");

/// Every row has features of its own.
const MOST_ROWS: u64 = 1_000_000;

/// Labelled rows without inputs, for models whose features are free (`unconstrained-features`).
///
/// The target of a row is τ times the one-hot of its class, minus the mean over all rows if `centred`. Every row
/// counts 1 in the loss, so that with the halved squared error summed over outputs the loss is ½ |F − Y|². The rows are
/// their own test set.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawLabels {
    /// Number of rows of each class, one entry per class; two classes or more.
    per_class: Vec<u32>,
    /// R, 1 or more: half of the classes keep one row in R.
    #[serde(default = "one")]
    imbalance: f64,
    /// Whether the mean over all rows is subtracted from the targets.
    #[serde(default = "yes")]
    centred: bool,
    /// τ: the target of the right class; the others have target 0. Above 0.
    #[serde(default = "one")]
    target: f64,
}

fn yes() -> bool {
    true
}

fn one() -> f64 {
    1.0
}

/// The checked task. Row i has the i-th unit vector as its basis.
struct ClassLabels {
    raw: RawLabels,
    /// Rows of each class.
    counts: Vec<u32>,
    labels: Vec<u32>,
}

/// Checks the keys of `kind = "class-labels"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let raw: RawLabels = parse_table(table)?;
    check::positive("target", raw.target)?;
    check_imbalance(raw.imbalance)?;
    let written = || format!("{:?}", raw.per_class);
    let hint = "Write the number of rows of each class, for example [50, 50, 50].";
    if raw.per_class.len() < 2 {
        return Err(KeyError::new(
            "per_class",
            written(),
            "must name two classes or more",
            hint,
        ));
    }
    if raw.per_class.contains(&0) {
        let problem = "leaves a class without rows";
        return Err(KeyError::new("per_class", written(), problem, hint));
    }
    let rows = raw.per_class.iter().map(|&count| u64::from(count)).sum();
    check::within("per_class", rows, 2, MOST_ROWS)?;
    check::fits("per_class", &written(), rows as usize, raw.per_class.len())?;
    let mut counts = raw.per_class.clone();
    step_imbalance(&mut counts, raw.imbalance);
    let labels = (0..).zip(&counts);
    let labels = labels.flat_map(|(class, &count)| std::iter::repeat_n(class, count as usize));
    Ok(Box::new(ClassLabels {
        labels: labels.collect(),
        counts,
        raw,
    }))
}

impl Task for ClassLabels {
    fn shape(&self) -> TaskShape {
        TaskShape {
            inputs: 0,
            basis: self.labels.len(),
            outputs: self.raw.per_class.len(),
        }
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.labels.len()
    }

    fn instance(&self, _seed: u64) -> Box<dyn TaskInstance> {
        let (shape, rows, tau) = (self.shape(), self.labels.len(), self.raw.target);
        let means: Vec<f64> = (self.counts.iter())
            .map(|&count| match self.raw.centred {
                true => tau * f64::from(count) / rows as f64,
                false => 0.0,
            })
            .collect();
        let row = |&label: &u32| {
            let own = move |(class, mean): (usize, &f64)| match class == label as usize {
                true => tau - mean,
                false => -mean,
            };
            means.iter().enumerate().map(own)
        };
        Box::new(ConstantRows {
            whitened: false,
            groups: class_groups(&self.labels, shape.outputs, tau),
            rows: Batch {
                shape,
                rows,
                index: Vec::new(),
                group: self.labels.clone(),
                inputs: Vec::new(),
                basis: Basis::Identity,
                targets: self.labels.iter().flat_map(row).collect(),
                weights: Some(vec![1.0; rows]),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::assert_rejects;

    use super::*;

    fn rows(spec: &str) -> Batch {
        build(spec.parse().unwrap()).unwrap().instance(0).test()
    }

    #[test]
    fn centred_targets_are_the_one_hot_labels_minus_their_mean() {
        let rows = rows("per_class = [1, 3]\ntarget = 4.0");
        assert_eq!(rows.group, [0, 1, 1, 1]);
        assert_eq!(rows.targets, [3.0, -3.0, -1.0, 1.0, -1.0, 1.0, -1.0, 1.0]);
        assert_eq!(rows.weights, Some(vec![1.0; 4]));
        assert_eq!(rows.basis_row(2), [0.0, 0.0, 1.0, 0.0]);
        let plain = super::tests::rows("per_class = [1, 2]\ncentred = false");
        assert_eq!(plain.targets, [1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("centred = true", "per_class"),
                ("per_class = [5]", "per_class"),
                ("per_class = [5, 0]", "per_class"),
                ("per_class = [5, 4000000000]", "per_class"),
                ("per_class = [5, 5]\ntarget = 0", "target"),
                ("per_class = [5, 5]\nimbalance = 0.5", "imbalance"),
                ("per_class = [5, 5]\nclasses = 2", "classes"),
            ],
        );
    }
}
