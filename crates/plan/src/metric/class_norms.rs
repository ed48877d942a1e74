use metrics::ClassMeans;
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{
    MeasureError, Metric, Reading, Snapshot, at_least,
    collapse::{OnTrainingRows, defined, needs_hidden_features},
};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<ClassNorms>("").giving(&[&[
    Quantity::new(
        "class_mean_norm",
        "feature",
        "|μ_c|: norm of the mean of the last hidden features of a class",
    ),
    Quantity::new(
        "class_weight_norm",
        "weight",
        "|w_c|: norm of the row of the classifier of a class",
    ),
    Quantity::new(
        "mean_norm_ratio",
        "–",
        "Mean of |μ_c| over the rarer half of the classes, over that of the other half",
    )
    .from("[Fang2021]"),
    Quantity::new(
        "centred_mean_norm_ratio",
        "–",
        "The same of |μ_c − μ|, with μ the mean of the class means: what all classes share hides by how much they differ",
    ),
    Quantity::new(
        "weight_norm_ratio",
        "–",
        "Mean of |w_c| over the rarer half of the classes, over that of the other half",
    )
    .from("[Fang2021]"),
]]);

/// Norms of the feature means and of the classifier, class by class: what unequal class sizes do to the last layer.
///
/// Can be read on tasks with classes, with models that have a hidden layer (`mlp`, `deep-linear`,
/// `unconstrained-features`).
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ClassNorms {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let norms: ClassNorms = parse_table(table)?;
    at_least("rows", norms.rows, 2)?;
    Ok(Box::new(norms))
}

/// Norms of the rows of a matrix of this width.
fn norms(values: &[f64], width: usize) -> Vec<f64> {
    let norm = |row: &[f64]| row.iter().map(|v| v * v).sum::<f64>().sqrt();
    values.chunks_exact(width).map(norm).collect()
}

/// Rows of a matrix of this width minus their mean.
fn centred(values: &[f64], width: usize) -> Vec<f64> {
    let rows = values.len() as f64 / width as f64;
    let mean = |column: usize| values.iter().skip(column).step_by(width).sum::<f64>() / rows;
    let means: Vec<f64> = (0..width).map(mean).collect();
    let rows = values.chunks_exact(width);
    rows.flat_map(|row| row.iter().zip(&means).map(|(v, mean)| v - mean))
        .collect()
}

impl Metric for ClassNorms {
    fn resolved(&self) -> toml::Table {
        table_of("class-norms", self)
    }

    fn identity(&self) -> toml::Table {
        // Cells that were recorded before the kind gave all of its metrics lack some of them.
        let mut table = self.resolved();
        table.insert("version".to_owned(), 2.into());
        table
    }

    fn metrics(&self) -> &'static [&'static str] {
        &[
            "class_mean_norm",
            "class_weight_norm",
            "mean_norm_ratio",
            "centred_mean_norm_ratio",
            "weight_norm_ratio",
        ]
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "class_mean_norm" | "class_weight_norm" => "class",
            _ => "",
        }
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        needs_hidden_features("class-norms", task, models)
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(read) = OnTrainingRows::read(at, self.rows)? else {
            return Ok(());
        };
        let features = read.last();
        let Some(means) = defined(ClassMeans::of(&features))? else {
            return Ok(());
        };
        // Those that have rows.
        let classes = means.present();
        let all_weights = norms(&read.features.classifier.weight, features.width);
        let weights = classes.iter().map(|&class| all_weights[class as usize]);
        // Commonest first; equals stay in order.
        let mut order: Vec<usize> = (0..means.classes()).collect();
        order.sort_by_key(|&class| std::cmp::Reverse(means.counts()[class]));
        let (common, rare) = order.split_at(order.len() / 2);
        for (metric, ratio, norms) in [
            (
                Some("class_mean_norm"),
                "mean_norm_ratio",
                norms(means.means(), features.width),
            ),
            (
                None,
                "centred_mean_norm_ratio",
                norms(&centred(means.means(), features.width), features.width),
            ),
            (
                Some("class_weight_norm"),
                "weight_norm_ratio",
                weights.collect(),
            ),
        ] {
            let mut push = |metric, index, value: f64| {
                // All features zero: there is no ratio.
                if value.is_finite() {
                    out.push(Reading {
                        metric,
                        index,
                        value,
                    });
                }
            };
            if let Some(metric) = metric {
                for (&class, &norm) in classes.iter().zip(&norms) {
                    push(metric, u64::from(class) + 1, norm);
                }
            }
            let mean = |classes: &[usize]| {
                classes.iter().map(|&class| norms[class]).sum::<f64>() / classes.len() as f64
            };
            push(ratio, 0, mean(rare) / mean(common));
        }
        Ok(())
    }
}
