use burn::tensor::{Tensor, activation::log_softmax};
use serde::{Deserialize, Serialize};

/// Loss conventions. Every row counts `1/N`, or its weight where the batch has weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// Squared error.
    Mse {
        /// Whether the square is halved, as theory has it.
        #[serde(default)]
        half: bool,
        /// Sum or mean over outputs.
        #[serde(default)]
        outputs: Reduction,
    },
    /// Softmax cross-entropy with one-hot targets.
    CrossEntropy,
}

/// Reductions over outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// Mean over outputs.
    #[default]
    Mean,
    /// Sum over outputs.
    Sum,
}

impl Default for Loss {
    /// PyTorch's `MSELoss`: not halved, mean over outputs.
    fn default() -> Self {
        Self::Mse {
            half: false,
            outputs: Reduction::Mean,
        }
    }
}

impl Loss {
    /// `c` in flow time = Σ lr · c: the factor of this loss relative to ½|f − y|² summed over
    /// `outputs` outputs, in which theory is written. Cross-entropy is its own flow (1).
    pub fn flow_factor(self, outputs: usize) -> f64 {
        match self {
            Self::Mse {
                half,
                outputs: reduction,
            } => {
                let per_output = match reduction {
                    Reduction::Mean => 1.0 / outputs.max(1) as f64,
                    Reduction::Sum => 1.0,
                };
                per_output * if half { 1.0 } else { 2.0 }
            }
            Self::CrossEntropy => 1.0,
        }
    }

    /// The sum over members of their losses, as a tensor of one element: no member feels another, so
    /// that its gradient is that of every member.
    ///
    /// # Shapes
    /// - `outputs`, `targets`: `[M, N, K]`; `weights`: `[M, N, 1]`; result: `[1]`
    pub(crate) fn of(
        self,
        outputs: Tensor<3>,
        targets: Tensor<3>,
        weights: Option<Tensor<3>>,
    ) -> Tensor<1> {
        let [_, rows, columns] = outputs.dims();
        let (elements, factor) = match self {
            Self::Mse { .. } => (
                (outputs - targets).square(),
                0.5 * self.flow_factor(columns),
            ),
            Self::CrossEntropy => (log_softmax(outputs, 2) * targets, -1.0),
        };
        match weights {
            Some(weights) => (elements * weights).sum().mul_scalar(factor),
            None => elements.sum().mul_scalar(factor / rows as f64),
        }
    }

    /// The same loss on host rows in f64, row-major `[N, K]`.
    pub fn value(
        self,
        outputs: &[f64],
        targets: &[f64],
        weights: Option<&[f64]>,
        columns: usize,
    ) -> f64 {
        let rows = outputs.len() / columns.max(1);
        let factor = 0.5 * self.flow_factor(columns);
        outputs
            .chunks_exact(columns)
            .zip(targets.chunks_exact(columns))
            .enumerate()
            .map(|(row, (f, y))| {
                let weight = weights.map_or(1.0 / rows as f64, |w| w[row]);
                let element = match self {
                    Self::Mse { .. } => {
                        factor * f.iter().zip(y).map(|(f, y)| (f - y) * (f - y)).sum::<f64>()
                    }
                    Self::CrossEntropy => {
                        let top = f.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        let sum: f64 = f.iter().map(|f| (f - top).exp()).sum();
                        f.iter().zip(y).map(|(f, y)| y * (top + sum.ln() - f)).sum()
                    }
                };
                weight * element
            })
            .sum()
    }
}
