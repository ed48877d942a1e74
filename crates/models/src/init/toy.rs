use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tasks::{KeyError, positive, stream};

use crate::HostArray;

/// Weights of the scalar toy f(x) = x Σ a_i b_i / Z (one input, one output; Z is one over the
/// model's `output_scale`) with exact weight norm and strength at the start \[Nam2025\]:
/// Σ(a² + b²)/(2Z) = `sigma` and Σ a b / Z = `correlation` · `sigma`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Toy {
    /// Σ_0: half the squared norm of the weights over Z. Above 0.
    sigma: f64,
    /// S_0/Σ_0, from −1 to 1; 0 starts at f = 0.
    #[serde(default)]
    correlation: f64,
}

impl Toy {
    pub(super) fn check(&self) -> Result<(), KeyError> {
        positive("init.sigma", self.sigma)?;
        if (-1.0..=1.0).contains(&self.correlation) {
            return Ok(());
        }
        let problem = "must lie from -1 to 1";
        let hint = "Write 0 for a product that starts at zero.";
        Err(KeyError::new(
            "init.correlation",
            self.correlation,
            problem,
            hint,
        ))
    }

    pub(super) fn check_widths(&self, widths: &[usize]) -> Result<(), KeyError> {
        if matches!(widths, [1, hidden, 1] if *hidden >= 2) {
            return Ok(());
        }
        Err(KeyError::new(
            "init.kind",
            "\"toy\"",
            format!(
                "is for nets of one input, one hidden layer of 2 or more and one output, not {widths:?}"
            ),
            "Use another init, or a task such as kind = \"modes\" with one mode.",
        ))
    }

    /// The two layers `[1, N]` and `[N, 1]`.
    pub(super) fn layers(&self, hidden: usize, output_scale: f64, seed: u64) -> Vec<HostArray> {
        let drawn = |side: u64, squared: f64| {
            let mut values = vec![0.0; hidden];
            stream::standard_normals(&mut stream::keyed(seed, "toy weights", side), &mut values);
            let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
            let factor = squared.max(0.0).sqrt() / norm;
            values.iter().map(|v| v * factor).collect::<Vec<f64>>()
        };
        // |a + b|² = 2Z(Σ + S) and |a − b|² = 2Z(Σ − S).
        let unit = 2.0 / output_scale * self.sigma;
        let sum = drawn(0, unit * (1.0 + self.correlation));
        let difference = drawn(1, unit * (1.0 - self.correlation));
        let half = |sign: f64| -> Vec<f64> {
            let pairs = sum.iter().zip(&difference);
            pairs.map(|(p, m)| 0.5 * (p + sign * m)).collect()
        };
        let array = |layer: usize, rows, columns, values| HostArray {
            name: format!("layers.{layer}.weight"),
            rows,
            columns,
            values,
        };
        vec![
            array(0, 1, hidden, half(1.0)),
            array(1, hidden, 1, half(-1.0)),
        ]
    }
}
