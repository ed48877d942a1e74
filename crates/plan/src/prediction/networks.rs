use metrics::kernel_distance;
use models::Model;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Reference, Task, parse_table, positive, table_of};
use theory::{AlignedNetwork, BalancedNetwork, NetworkState, balance, full_svd, nalgebra::DMatrix};

use super::{CellView, Prediction, on_whitened_inputs};
use crate::derived::Derived;

/// What readers are told of `aligned-network`.
pub(crate) const ALIGNED: Reference = Reference::of::<Table>("from = \"net\"\nmetrics = [\"output\", \"kernel_distance\"]").about("The exact dynamics of a task-aligned linear net of two layers on whitened inputs [Nam2025, Theorem 2]: every mode of the task moves by itself from the strength that the product of the initial weights has along it, with λ the mean balance of the layers. Held against a net that is neither aligned nor balanced, it fails.");

/// What readers are told of `balanced-network`.
pub(crate) const BALANCED: Reference = Reference::of::<Table>("from = \"net\"\nmetrics = [\"output\", \"kernel_distance\"]").about("The exact dynamics of a λ-balanced linear net of two layers on whitened inputs, in any position to the task [Braun2022; Domine2024]. For layers that are not balanced it gives nothing.");

/// Exact dynamics of linear nets of two layers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Table {
    /// Name of the model whose initial weights the form starts from.
    from: String,
    /// Metrics that are predicted.
    #[serde(default = "output")]
    metrics: Vec<Metric>,
    /// Factor on the flow time, for controls that run too fast or too slow. Above 0.
    #[serde(default = "one")]
    clock: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Metric {
    /// The outputs on the test rows.
    Output,
    /// The distance of the tangent kernel from the start.
    KernelDistance,
}

fn output() -> Vec<Metric> {
    vec![Metric::Output]
}

fn one() -> f64 {
    1.0
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Balanced,
    Aligned,
}

struct Network {
    table: Table,
    form: Form,
}

pub(crate) fn build_balanced(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    build(table, Form::Balanced)
}

pub(crate) fn build_aligned(table: toml::Table) -> Result<Box<dyn Prediction>, KeyError> {
    build(table, Form::Aligned)
}

fn build(table: toml::Table, form: Form) -> Result<Box<dyn Prediction>, KeyError> {
    let table: Table = parse_table(table)?;
    positive("clock", table.clock)?;
    Ok(Box::new(Network { table, form }))
}

impl Network {
    fn kind(&self) -> &'static str {
        match self.form {
            Form::Balanced => "balanced-network",
            Form::Aligned => "aligned-network",
        }
    }

    /// The solution from the model's layers W1 `[h, d]` and W2 `[c, h]`; `None` where it has none.
    fn solution(&self, cell: &CellView<'_>, rows: &Batch) -> Option<Solution> {
        let [first, second] = &cell.layers(&self.table.from)?[..] else {
            return None;
        };
        let products = rows.correlation(&rows.targets);
        let shape = rows.shape;
        let correlation = DMatrix::from_row_slice(shape.outputs, shape.inputs, &products);
        match self.form {
            Form::Balanced => {
                let network = BalancedNetwork::new(first, second, &correlation).ok()?;
                Some(Solution::Balanced(network))
            }
            Form::Aligned => {
                let lambda = balance(first, second).ok()?.lambda();
                let svd = full_svd(&correlation);
                let product = second * first;
                let modes = first.nrows().min(shape.inputs).min(shape.outputs);
                let along = |mode: usize| {
                    svd.left
                        .column(mode)
                        .dot(&(&product * svd.right.column(mode)))
                };
                let strengths: Vec<f64> = (0..modes).map(along).collect();
                let hidden = first.nrows();
                let network = AlignedNetwork::new(&correlation, &strengths, lambda, hidden).ok()?;
                Some(Solution::Aligned(network))
            }
        }
    }
}

enum Solution {
    Balanced(BalancedNetwork),
    Aligned(AlignedNetwork),
}

impl Solution {
    fn at(&self, time: f64) -> NetworkState {
        match self {
            Self::Balanced(network) => network.at(time),
            Self::Aligned(network) => network.at(time),
        }
    }
}

impl Prediction for Network {
    fn resolved(&self) -> toml::Table {
        table_of(self.kind(), &self.table)
    }

    fn metrics(&self) -> &'static [&'static str] {
        let has = |metric| self.table.metrics.contains(&metric);
        match (has(Metric::Output), has(Metric::KernelDistance)) {
            (true, true) => &["output", "kernel_distance"],
            (true, false) => &["output"],
            (false, true) => &["kernel_distance"],
            (false, false) => &[],
        }
    }

    fn index_name(&self, metric: &str) -> &'static str {
        match metric {
            "output" => "output",
            _ => "",
        }
    }

    fn needs_weights_of(&self) -> Option<&str> {
        Some(&self.table.from)
    }

    fn reads(&self) -> Vec<&str> {
        vec![&self.table.from]
    }

    fn check(&self, task: &dyn Task, read: &[&dyn Model]) -> Result<(), KeyError> {
        on_whitened_inputs(self.kind(), task, read)
    }

    fn predict(&self, cell: &CellView<'_>, out: &mut Vec<Derived>) {
        let Some(rows) = cell.constant else { return };
        let Some(solution) = self.solution(cell, rows) else {
            return;
        };
        let inputs =
            DMatrix::from_row_slice(rows.rows, rows.shape.inputs, &rows.inputs).transpose();
        let kernel = |time: f64| solution.at(time).kernel(&inputs).ok();
        let start = kernel(0.0);
        for (at, &step) in cell.clock.steps().iter().enumerate() {
            let Some(time) = cell.clock.time(at).map(|t| t * self.table.clock) else {
                break;
            };
            let mut push = |metric, index, value| {
                out.push(Derived {
                    metric,
                    index,
                    step,
                    flow_time: Some(time),
                    value,
                });
            };
            if self.table.metrics.contains(&Metric::Output) {
                // Column n of the outputs is row n of the task.
                let outputs = solution.at(time).product() * &inputs;
                for (index, &value) in (1..).zip(outputs.as_slice()) {
                    push("output", index, value);
                }
            }
            if self.table.metrics.contains(&Metric::KernelDistance)
                && let (Some(start), Some(now)) = (&start, kernel(time))
                && let Ok(distance) = kernel_distance(start.as_slice(), now.as_slice())
            {
                push("kernel_distance", 0, distance);
            }
        }
    }
}
