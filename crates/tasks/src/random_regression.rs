use nalgebra::DMatrix;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    regression::regression,
    stream,
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "random-regression";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawRegression>("samples = 50\ninputs = 10\noutputs = 3\nwhiten = true");

/// A fixed training set of Gaussian inputs and independent Gaussian targets, all of it at every step.
///
/// The set is its own test set: only the fit is studied.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawRegression {
    /// Number of rows.
    samples: u32,
    /// Number of inputs.
    inputs: u32,
    /// Number of outputs.
    outputs: u32,
    /// Whether inputs are whitened, so that their mean is 0 and (1/N) Σ x xᵀ = I over the rows.
    #[serde(default)]
    whiten: bool,
    /// Standard normal targets are divided by this. Above 0.
    #[serde(default = "one")]
    target_divisor: f64,
}

fn one() -> f64 {
    1.0
}

/// The checked task.
struct RandomRegression {
    raw: RawRegression,
    shape: TaskShape,
}

/// Checks the keys of `kind = "random-regression"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let raw: RawRegression = parse_table(table)?;
    let count =
        |key: &str, value: u32| check::within(key, u64::from(value), 1, u64::from(u32::MAX));
    count("samples", raw.samples)?;
    let inputs = count("inputs", raw.inputs)? as usize;
    let outputs = count("outputs", raw.outputs)? as usize;
    check::positive("target_divisor", raw.target_divisor)?;
    check::fits(
        "samples",
        &raw.samples,
        raw.samples as usize,
        inputs + outputs,
    )?;
    if raw.whiten && raw.samples <= raw.inputs {
        return Err(KeyError::new(
            "samples",
            raw.samples,
            format!("is too few to whiten {inputs} inputs (the mean takes one)"),
            "Write more samples than inputs, or whiten = false.",
        ));
    }
    let shape = TaskShape {
        inputs,
        basis: 0,
        outputs,
    };
    Ok(Box::new(RandomRegression { raw, shape }))
}

/// `values` `[rows, columns]` with mean 0 and (1/N) Σ x xᵀ = I.
///
/// The orthonormal factor of a QR decomposition differs from principal components by a rotation,
/// which Gaussian inputs do not feel.
fn whitened(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let mut matrix = DMatrix::from_row_slice(rows, columns, values);
    for mut column in matrix.column_iter_mut() {
        let mean = column.mean();
        column.add_scalar_mut(-mean);
    }
    let orthonormal = matrix.qr().q() * (rows as f64).sqrt();
    orthonormal.transpose().as_slice().to_vec()
}

impl Task for RandomRegression {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.raw.samples as usize
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let samples = self.batch_rows();
        let mut rows = Batch::zeros(self.shape, samples);
        rows.group.clear();
        let key = stream::StreamKey::new(seed, "random regression");
        stream::standard_normals(&mut key.at(0), &mut rows.inputs);
        stream::standard_normals(&mut key.at(1), &mut rows.targets);
        for target in &mut rows.targets {
            *target /= self.raw.target_divisor;
        }
        if self.raw.whiten {
            rows.inputs = whitened(&rows.inputs, samples, self.shape.inputs);
        }
        Box::new(regression(rows, self.raw.whiten))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::assert_rejects;

    use super::*;

    /// A few roundings of sums over ten rows.
    const ROUNDING: f64 = 1e-13;

    #[test]
    fn whitened_inputs_have_mean_zero_and_the_identity_as_covariance() {
        let spec = "samples = 10\ninputs = 3\noutputs = 2\nwhiten = true";
        let rows = build(spec.parse().unwrap()).unwrap().instance(4).test();
        for i in 0..3 {
            let mean: f64 = rows.inputs.chunks(3).map(|x| x[i]).sum();
            assert!(mean.abs() < ROUNDING, "{mean}");
            for j in 0..3 {
                let product: f64 = rows.inputs.chunks(3).map(|x| x[i] * x[j] / 10.0).sum();
                let expected = f64::from(u8::from(i == j));
                assert!((product - expected).abs() < ROUNDING, "{i} {j}: {product}");
            }
        }
    }

    #[test]
    fn the_divisor_divides_the_targets_and_nothing_else() {
        let rows = |divisor: &str| {
            let spec = format!("samples = 5\ninputs = 8\noutputs = 2\ntarget_divisor = {divisor}");
            build(spec.parse().unwrap()).unwrap().instance(1).test()
        };
        let (one, four) = (rows("1.0"), rows("4.0"));
        assert_eq!(one.inputs, four.inputs);
        let quarter: Vec<f64> = one.targets.iter().map(|y| y / 4.0).collect();
        assert_eq!(quarter, four.targets);
        // Raw inputs do not decouple, so there are no modes.
        let task = build("samples = 5\ninputs = 8\noutputs = 2".parse().unwrap()).unwrap();
        assert!(task.instance(1).groups().is_empty());
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("samples = 5\ninputs = 2", "outputs"),
                ("samples = 0\ninputs = 2\noutputs = 1", "samples"),
                (
                    "samples = 2\ninputs = 2\noutputs = 1\nwhiten = true",
                    "samples",
                ),
                (
                    "samples = 5\ninputs = 2\noutputs = 1\ntarget_divisor = 0",
                    "target_divisor",
                ),
                (
                    "samples = 4000000000\ninputs = 2000000000\noutputs = 1",
                    "samples",
                ),
                ("samples = 5\ninputs = 2\noutputs = 1\nscale = 2", "scale"),
            ],
        );
    }
}
