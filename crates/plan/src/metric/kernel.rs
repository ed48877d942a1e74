use metrics::{kernel_distance, kernel_velocity, packed_target_alignment};
use models::{HostArray, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{Batch, KeyError, Quantity, Reference, Task, parse_table, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, at_least, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<Kernel>("rows = 200\nvelocity = true").giving(&[&[
Quantity::new("kernel_distance", "–", "1 − ⟨K_0, K_t⟩/(|K_0||K_t|) with the kernel K_0 at the start: 0 in a lazy net, at most 1").from("[Jacot2018]"),
Quantity::new("target_alignment", "–", "yᵀ K y/(|K| |y|²) of the kernel with the targets, from 0 to 1").from("[Jacot2018]"),
Quantity::new("kernel_velocity", "1/step", "Kernel distance from the kernel of the record before, over the steps between; with velocity = true").from("[Fort2020]"),
]]);

/// The exact tangent kernel K on the training rows, in f64.
///
/// Can be read on multilayer perceptrons and deep linear nets, not linearised, on tasks with inputs. Rows times outputs are at
/// most 5,000: the kernel then takes 400 MB.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Kernel {
    /// Number of training rows that are looked at, spread evenly; all of them if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rows: Option<u32>,
    /// Whether `kernel_velocity` is given, too, which takes one more kernel.
    #[serde(default)]
    velocity: bool,
}

/// Rows times outputs: the kernel is a square matrix of this size.
///
/// 400 MB of memory: two triangles of 100 MB, and their copies of size 1.
const MOST: usize = 5000;

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    let kernel: Kernel = parse_table(table)?;
    at_least("rows", kernel.rows, 1)?;
    Ok(Box::new(kernel))
}

impl Metric for Kernel {
    fn resolved(&self) -> toml::Table {
        table_of("kernel", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        if self.velocity {
            &["kernel_distance", "target_alignment", "kernel_velocity"]
        } else {
            &["kernel_distance", "target_alignment"]
        }
    }

    fn remembers(&self) -> bool {
        self.velocity
    }

    fn check(&self, task: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        if models.iter().any(|model| model.host(&[]).is_none()) {
            return Err(lacks(
                "kernel",
                "multilayer perceptrons or linear nets; name them in models",
            ));
        }
        let most = MOST / task.shape().outputs.max(1);
        let rows = self.rows.map_or(task.batch_rows(), |rows| rows as usize);
        if rows <= most {
            return Ok(());
        }
        Err(KeyError::new(
            "rows",
            rows,
            format!(
                "makes a kernel of more than {MOST} × {MOST}: each row has {} outputs",
                task.shape().outputs
            ),
            format!("Write {most} or less."),
        ))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let rows = &*at.some_training_rows(self.rows);
        let kernel = |parameters| kernel(at, rows, parameters);
        let Some(now) = kernel(at.parameters()?)? else {
            return Ok(());
        };
        let outputs = rows.shape.outputs;
        // The kernel's rows go through all samples of one output, then of the next.
        let targets: Vec<f64> = (0..outputs)
            .flat_map(|output| rows.targets[output..].iter().step_by(outputs).copied())
            .collect();
        let mut push = |metric, value| {
            out.push(Reading {
                metric,
                index: 0,
                value,
            });
        };
        // One other kernel at a time: at 5,000 rows each takes 100 MB.
        if let Some(start) = kernel(at.initial)? {
            push("kernel_distance", kernel_distance(&start, &now)?);
        }
        push("target_alignment", packed_target_alignment(&now, &targets)?);
        if let Some((step, parameters)) = &at.previous
            && let Some(before) = kernel(parameters)?
        {
            let steps = (at.step - step) as f64;
            push("kernel_velocity", kernel_velocity(&before, &now, steps)?);
        }
        Ok(())
    }
}

/// The packed kernel without the factor α² of the output scale, which no metric here feels.
fn kernel(
    at: &Snapshot<'_>,
    rows: &Batch,
    parameters: &[HostArray],
) -> Result<Option<Vec<f64>>, MeasureError> {
    let Some(host) = at.model.host(parameters) else {
        return Ok(None);
    };
    Ok(Some(host.kernel(&rows.inputs, rows.rows)?))
}
