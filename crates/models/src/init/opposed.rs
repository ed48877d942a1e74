use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, positive, stream};

use crate::HostArray;

/// Pairs of neurons of which one has the negative weights of the other, so that a two-layer `ReLU` net without
/// biases starts as a linear map: `W_1 = std [A, −A]`, `W_2 = std [B; −B]` with standard normal A and B.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Opposed {
    /// Standard deviation of the weights. Above 0.
    std: f64,
}

impl Opposed {
    pub(super) fn check(&self) -> Result<(), KeyError> {
        positive("init.std", self.std)?;
        Ok(())
    }

    pub(super) fn check_widths(widths: &[usize]) -> Result<(), KeyError> {
        if matches!(widths, [_, hidden, _] if hidden % 2 == 0) {
            return Ok(());
        }
        Err(KeyError::new(
            "init.kind",
            "\"opposed\"",
            format!("is for nets with one hidden layer of pairs of neurons, not {widths:?}"),
            "Use one even hidden width.",
        ))
    }

    /// The two layers `[D, H]` and `[H, K]`.
    pub(super) fn layers(
        &self,
        [inputs, hidden, outputs]: [usize; 3],
        seed: u64,
    ) -> Vec<HostArray> {
        let half = hidden / 2;
        let drawn = |layer: u64, count: usize| {
            let mut values = vec![0.0; count];
            let mut rng = stream::keyed(seed, "opposed weights", layer);
            stream::standard_normals(&mut rng, &mut values);
            values.iter_mut().for_each(|value| *value *= self.std);
            values
        };
        let into = drawn(0, inputs * half);
        let both = into.chunks_exact(half).flat_map(|row| {
            let opposite = row.iter().map(|value| -value);
            row.iter().copied().chain(opposite)
        });
        let out = drawn(1, half * outputs);
        let opposite = out.iter().map(|value| -value);
        let array = |layer: usize, rows, columns, values| HostArray {
            name: format!("layers.{layer}.weight"),
            rows,
            columns,
            values,
        };
        vec![
            array(0, inputs, hidden, both.collect()),
            array(
                1,
                hidden,
                outputs,
                out.iter().copied().chain(opposite).collect(),
            ),
        ]
    }
}
