use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Group, KeyError, Reference, Task, TaskInstance, TaskShape, check,
    constant::{IndependentGroups, InputColumns},
    table::{parse_table, table_of},
};

/// The name of this kind.
pub(crate) const KIND: &str = "modes";

/// What readers are told of this kind.
pub(crate) const REFERENCE: Reference =
    Reference::of::<RawModes>("input_powers = [4.0, 2.0, 1.0]\ntargets = [1.0, 1.0, 1.0]");

/// The inputs are a dense square matrix.
const MOST_MODES: u64 = 4096;

/// Independent modes: inputs x_i of mean 0 and power v_i, with target Σ_i S_i x_i, as the exact population.
///
/// There is one row per mode, the i-th unit vector with weight v_i = E[x_i²], so that the loss of a linear map w is
/// ½ Σ_i v_i (w_i − S_i)² and gradient descent has no sampling noise.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RawModes {
    /// v_i: the power E[x²] of each input. Above 0.
    input_powers: Vec<f64>,
    /// S_i: the target strength of each mode, as many as there are powers.
    targets: Vec<f64>,
}

/// The checked task.
struct Modes {
    raw: RawModes,
}

/// Checks the keys of `kind = "modes"`.
pub(crate) fn build(table: toml::Table) -> Result<Box<dyn Task>, KeyError> {
    let raw: RawModes = parse_table(table)?;
    let modes = raw.input_powers.len();
    if modes == 0 {
        let hint = "List the input power of each mode.";
        return Err(KeyError::new("input_powers", "[]", "is empty", hint));
    }
    check::within("input_powers", modes as u64, 1, MOST_MODES)?;
    for (i, &power) in raw.input_powers.iter().enumerate() {
        check::positive(&format!("input_powers[{i}]"), power)?;
    }
    if raw.targets.len() != modes {
        return Err(KeyError::new(
            "targets",
            format!("{:?}", raw.targets),
            format!("has {} entries for {modes} input powers", raw.targets.len()),
            "Write one target for each input power.",
        ));
    }
    for (i, &target) in raw.targets.iter().enumerate() {
        if !target.is_finite() {
            let hint = "Write a number.";
            return Err(KeyError::new(
                format!("targets[{i}]"),
                target,
                "must be finite",
                hint,
            ));
        }
    }
    Ok(Box::new(Modes { raw }))
}

impl Task for Modes {
    fn group_name(&self) -> &'static str {
        "mode"
    }

    fn shape(&self) -> TaskShape {
        let modes = self.batch_rows();
        TaskShape {
            inputs: modes,
            basis: modes,
            outputs: 1,
        }
    }

    fn resolved(&self) -> toml::Table {
        table_of(KIND, &self.raw)
    }

    fn batch_rows(&self) -> usize {
        self.raw.input_powers.len()
    }

    fn instance(&self, _seed: u64) -> Box<dyn TaskInstance> {
        let modes = self.raw.input_powers.iter().zip(&self.raw.targets);
        let groups = modes.map(|(&power, &target)| Group {
            probability: power,
            multiplicity: 1.0,
            target,
            subset: Vec::new(),
        });
        Box::new(IndependentGroups {
            groups: groups.collect(),
            inputs: InputColumns::UnitVectors,
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{Basis, Batch, testing::assert_rejects};

    use super::*;

    const SPEC: &str = "input_powers = [1.0, 0.25, 2]\ntargets = [3.0, -1, 0]";

    #[test]
    fn the_population_has_unit_vectors_with_powers_as_weights() {
        let task = build(SPEC.parse().unwrap()).unwrap();
        let instance = task.instance(0);
        let mut stream = instance.training();
        let mut batch = Batch::zeros(task.shape(), 1);
        stream.fill(17, &mut batch);
        assert!(stream.is_constant());
        assert_eq!(batch, instance.test());
        assert_eq!((batch.rows, batch.shape), (3, task.shape()));
        assert_eq!(batch.inputs, [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(batch.basis, Basis::Identity);
        assert_eq!(batch.targets, [3.0, -1.0, 0.0]);
        assert_eq!(batch.weights, Some(vec![1.0, 0.25, 2.0]));
        assert_eq!(batch.group, [0, 1, 2]);
        assert!(instance.cube(0).is_none());
    }

    #[test]
    fn wrong_keys_are_named() {
        assert_rejects(
            build,
            &[
                ("targets = [1.0]", "input_powers"),
                ("input_powers = [1.0]", "targets"),
                ("input_powers = []\ntargets = []", "input_powers"),
                (
                    "input_powers = [1.0, 0]\ntargets = [1, 1]",
                    "input_powers[1]",
                ),
                (
                    "input_powers = [1.0, -1]\ntargets = [1, 1]",
                    "input_powers[1]",
                ),
                ("input_powers = [nan]\ntargets = [1]", "input_powers[0]"),
                ("input_powers = [1.0]\ntargets = [1, 1]", "targets"),
                ("input_powers = [1.0]\ntargets = [inf]", "targets[0]"),
                ("input_powers = [1.0]\ntargets = ['1']", "targets[0]"),
                (
                    "input_powers = [1.0]\ntargets = [1]\npowers = [1]",
                    "powers",
                ),
            ],
        );
    }
}
