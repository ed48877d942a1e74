use metrics::largest_eigenvalue;
use models::{HostNet, Model};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, Quantity, Reference, Task, parse_table, stream, table_of};

use super::{MeasureError, Metric, Reading, Snapshot, collapse::defined, lacks};

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<Curvature>("").giving(&[&[Quantity::new(
        "sharpness",
        "loss/weight²",
        "Largest eigenvalue of the Hessian of the training loss in the parameters that are trained. Plain gradient descent of rate η is stable where it is below 2/η",
    )
    .from("[Cohen2021]")]]);

/// Curvature of the training loss, in f64: exact products of its Hessian with vectors, and Lanczos's iteration
/// \[Pearlmutter1994; Lanczos1950\].
///
/// Can be read on multilayer perceptrons and deep linear nets, not linearised, on tasks with inputs. The loss is that of
/// all training rows, where there is a training set, or else of the rows of the step, without weight decay. One reading
/// costs as much as 20 to 100 steps on these rows. The value is right to five digits; where the iteration has not settled
/// after 400 products, there is none.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Curvature {}

pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Metric>, KeyError> {
    Ok(Box::new(parse_table::<Curvature>(table)?))
}

/// The net at its initial parameters, if its output is subtracted there.
pub(super) fn start(at: &Snapshot<'_>) -> Option<HostNet> {
    let centred = at.model.centred();
    centred.then(|| at.model.host(at.initial)).flatten()
}

impl Metric for Curvature {
    fn resolved(&self) -> toml::Table {
        table_of("curvature", self)
    }

    fn metrics(&self) -> &'static [&'static str] {
        &["sharpness"]
    }

    fn check(&self, _: &dyn Task, models: &[&dyn Model]) -> Result<(), KeyError> {
        if models.iter().all(|model| model.host(&[]).is_some()) {
            return Ok(());
        }
        let needs = "multilayer perceptrons or linear nets; name them in models";
        Err(lacks("curvature", needs))
    }

    fn measure(&self, at: &Snapshot<'_>, out: &mut Vec<Reading>) -> Result<(), MeasureError> {
        let Some(host) = at.model.host(at.parameters()?) else {
            return Ok(());
        };
        let hessian = host.loss_hessian(at.loss, at.training_rows(), start(at).as_ref())?;
        let mut direction = vec![0.0; hessian.size()];
        stream::standard_normals(&mut stream::keyed(0, "curvature", 0), &mut direction);
        // Errors of the products are bugs of ours, of the iteration a missing number.
        let times = |v: &[f64]| -> Result<_, MeasureError> { Ok(hessian.times(v)?) };
        let found = match largest_eigenvalue(&direction, times) {
            Ok(value) => Some(value),
            Err(MeasureError::Metric(error)) => defined(Err(error))?,
            Err(error) => return Err(error),
        };
        if let Some(value) = found {
            out.push(Reading {
                metric: "sharpness",
                index: 0,
                value,
            });
        }
        Ok(())
    }
}
