use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Batch, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    regression::regression,
    stream,
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "linear-map";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference = Reference::of::<RawLinearMap>("inputs = 5\noutputs = 3");

/// Rows are a dense square matrix.
const MOST_INPUTS: u64 = 4096;

/// A linear map M to be learned on the exact population of whitened inputs, E[x xᵀ] = I.
///
/// There is one row per input, the i-th unit vector with weight 1 and target M x, so that the loss of a linear net W
/// is ½ |W − M|² and gradient descent has no sampling noise. Give `target`, or the size of a random map.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawLinearMap {
    /// The map M, row by row: `outputs` lists of `inputs` numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    target: Vec<Vec<f64>>,
    /// Number of inputs of a random map, up to 4096.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inputs: Option<u32>,
    /// Number of outputs of a random map.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outputs: Option<u32>,
    /// Standard deviation of the entries of a random map. Above 0.
    #[schemars(extend("default" = 1.0))]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    std: Option<f64>,
}

/// The checked task.
struct LinearMap {
    raw: RawLinearMap,
    shape: TaskShape,
}

/// Checks the keys of `kind = "linear-map"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let mut raw: RawLinearMap = parse_table(table)?;
    let (inputs, outputs) = if raw.target.is_empty() {
        let required = |key: &str, value: Option<u32>| {
            let hint = "Write target = [[…]], or the sizes of a random map.";
            let missing = || KeyError::new(key, "(missing)", "is required without target", hint);
            check::within(key, u64::from(value.ok_or_else(missing)?), 1, MOST_INPUTS)
        };
        let sizes = (
            required("inputs", raw.inputs)?,
            required("outputs", raw.outputs)?,
        );
        check::positive("std", *raw.std.get_or_insert(1.0))?;
        sizes
    } else {
        let given = [
            ("inputs", raw.inputs.map(f64::from)),
            ("outputs", raw.outputs.map(f64::from)),
            ("std", raw.std),
        ];
        for (key, value) in given {
            if let Some(value) = value {
                let problem = "has no effect beside target";
                return Err(KeyError::new(key, value, problem, "Remove it."));
            }
        }
        check_target(&raw.target)?;
        (raw.target[0].len() as u64, raw.target.len() as u64)
    };
    let shape = TaskShape {
        inputs: inputs as usize,
        basis: 0,
        outputs: outputs as usize,
    };
    Ok(Box::new(LinearMap { raw, shape }))
}

fn check_target(target: &[Vec<f64>]) -> Result<(), KeyError> {
    let width = target[0].len();
    check::within("target", target.len() as u64, 1, MOST_INPUTS)?;
    check::within("target[0]", width as u64, 1, MOST_INPUTS)?;
    for (i, row) in target.iter().enumerate() {
        if row.len() != width {
            let problem = format!("has {} entries and row 0 has {width}", row.len());
            let hint = "Write rows of one length.";
            return Err(KeyError::new(
                format!("target[{i}]"),
                format!("{row:?}"),
                problem,
                hint,
            ));
        }
        if let Some(j) = row.iter().position(|value| !value.is_finite()) {
            let key = format!("target[{i}][{j}]");
            return Err(KeyError::new(
                key,
                row[j],
                "must be finite",
                "Write a number.",
            ));
        }
    }
    Ok(())
}

impl Task for LinearMap {
    fn shape(&self) -> TaskShape {
        self.shape
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.shape.inputs
    }

    fn instance(&self, seed: u64) -> Box<dyn TaskInstance> {
        let TaskShape {
            inputs, outputs, ..
        } = self.shape;
        let map: Vec<f64> = match self.raw.std {
            None => self.raw.target.concat(),
            Some(std) => {
                let mut values = vec![0.0; inputs * outputs];
                stream::standard_normals(&mut stream::keyed(seed, "linear map", 0), &mut values);
                values.iter().map(|value| std * value).collect()
            }
        };
        let mut rows = Batch::zeros(self.shape, inputs);
        rows.group.clear();
        rows.weights = Some(vec![1.0; inputs]);
        for row in 0..inputs {
            rows.inputs[row * inputs + row] = 1.0;
            for output in 0..outputs {
                rows.targets[row * outputs + output] = map[output * inputs + row];
            }
        }
        Box::new(regression(rows, true))
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::assert_rejects;

    use super::*;

    #[test]
    fn rows_are_unit_vectors_and_targets_the_columns_of_the_map() {
        let task = build("target = [[3, 0, 0], [0, 0, -4]]".parse().unwrap()).unwrap();
        let instance = task.instance(5);
        let rows = instance.test();
        assert_eq!(rows.inputs, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(rows.targets, [3.0, 0.0, 0.0, 0.0, 0.0, -4.0]);
        assert_eq!(rows.weights, Some(vec![1.0; 3]));
        let modes: Vec<f64> = instance.groups().iter().map(|mode| mode.target).collect();
        // Singular values of a diagonal matrix, to rounding.
        assert!(
            (modes[0] - 4.0).abs() < 1e-14 && (modes[1] - 3.0).abs() < 1e-14,
            "{modes:?}"
        );
        assert_eq!(modes.len(), 2);
        let mut batch = Batch::zeros(task.shape(), 1);
        let mut stream = instance.training();
        stream.fill(3, &mut batch);
        assert!(stream.is_constant());
        assert_eq!(batch, rows);
    }

    #[test]
    fn a_random_map_depends_on_the_seed_alone_and_scales_with_its_std() {
        let of = |spec: &str, seed| {
            build(spec.parse().unwrap())
                .unwrap()
                .instance(seed)
                .test()
                .targets
        };
        let one = of("inputs = 4\noutputs = 3", 7);
        assert_eq!(one, of("inputs = 4\noutputs = 3", 7));
        assert_ne!(one, of("inputs = 4\noutputs = 3", 8));
        let half: Vec<f64> = one.iter().map(|value| 0.5 * value).collect();
        assert_eq!(half, of("inputs = 4\noutputs = 3\nstd = 0.5", 7));
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("", "inputs"),
                ("inputs = 3", "outputs"),
                ("inputs = 0\noutputs = 1", "inputs"),
                ("inputs = 2\noutputs = 2\nstd = 0", "std"),
                ("target = [[1, 2], [3]]", "target[1]"),
                ("target = [[]]", "target[0]"),
                ("target = [[nan]]", "target[0][0]"),
                ("target = [[1]]\nstd = 2", "std"),
                ("target = [[1]]\ninputs = 1", "inputs"),
                ("target = [['a']]", "target[0][0]"),
                ("map = [[1]]", "map"),
            ],
        );
    }
}
