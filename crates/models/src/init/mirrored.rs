use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, positive, stream};

use crate::HostArray;

/// Pairs of neurons with the same input weights and opposite output weights, so that a two-layer
/// net without biases starts at f = 0 under any activation: `W_1 = p [A; A]`, `W_2 = q [B, −B]` with
/// standard normal A and B, p = `scale` + max(`imbalance`, 0) and q = `scale` − min(`imbalance`, 0).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mirrored {
    /// Standard deviation of the weights of the lighter layer. Above 0.
    scale: f64,
    /// How much larger the weights of the first layer are (above 0), or of the second (below 0).
    #[serde(default)]
    imbalance: f64,
}

impl Mirrored {
    pub(super) fn check(&self) -> Result<(), KeyError> {
        positive("init.scale", self.scale)?;
        if self.imbalance.is_finite() {
            return Ok(());
        }
        Err(KeyError::new(
            "init.imbalance",
            self.imbalance,
            "must be finite",
            "Write 0.",
        ))
    }

    pub(super) fn check_widths(widths: &[usize]) -> Result<(), KeyError> {
        if matches!(widths, [_, hidden, _] if hidden % 2 == 0) {
            return Ok(());
        }
        Err(KeyError::new(
            "init.kind",
            "\"mirrored\"",
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
        let drawn = |layer: u64, count: usize, scale: f64| {
            let mut values = vec![0.0; count];
            let mut rng = stream::keyed(seed, "mirrored weights", layer);
            stream::standard_normals(&mut rng, &mut values);
            values
                .iter()
                .map(|value| scale * value)
                .collect::<Vec<f64>>()
        };
        let half = hidden / 2;
        let into = drawn(0, inputs * half, self.scale + self.imbalance.max(0.0));
        let out = drawn(1, half * outputs, self.scale - self.imbalance.min(0.0));
        let both = into
            .chunks_exact(half)
            .flat_map(|row| row.iter().chain(row).copied());
        let array = |layer: usize, rows, columns, values| HostArray {
            name: format!("layers.{layer}.weight"),
            rows,
            columns,
            values,
        };
        let opposite = out.iter().map(|value| -value);
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
