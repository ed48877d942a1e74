//! Losses and their gradients with respect to the outputs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::algebra::Algebra;
use crate::error::{MlpError, require, require_length};

/// A loss L = Σ_rows w_r ℓ(f_r, y_r); the weights w_r are 1/N unless given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// Squared error: ℓ = Σ_k (f_k − y_k)², times ½ if `half`, over K for the mean over outputs.
    ///
    /// PyTorch's and burn's mean squared error is the mean over outputs, not halved; the theory's loss
    /// is the halved sum.
    Mse {
        /// Whether the square is halved, as theory has it.
        #[serde(default)]
        half: bool,
        /// Sum or mean over outputs.
        #[serde(default)]
        outputs: Reduction,
    },
    /// Softmax cross-entropy with the probabilities of K ≥ 2 classes as targets, one-hot or soft:
    /// ℓ = Σ_k y_k (ln Σ_j e^{f_j} − f_k) (nats).
    CrossEntropy,
    /// Hinge loss with targets ±1: ℓ = Σ_k max(0, 1 − y_k f_k), over K for the mean over outputs, with
    /// gradient 0 at the kink \[Cortes1995\].
    Hinge {
        /// Sum or mean over outputs.
        #[serde(default)]
        outputs: Reduction,
    },
}

/// Largest deviation of the sum of soft labels from 1: the rounding of 1,000 probabilities in f32.
const SOFT_LABELS_OFF: f64 = 1e-4;

/// Reductions over outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// Mean over outputs.
    #[default]
    Mean,
    /// Sum over outputs.
    Sum,
}

impl Reduction {
    /// Factor on the sum over `outputs` outputs.
    fn share(self, outputs: usize) -> f64 {
        match self {
            Self::Mean => 1.0 / outputs.max(1) as f64,
            Self::Sum => 1.0,
        }
    }
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

/// A loss and its gradient.
#[derive(Debug, Clone, PartialEq)]
pub struct LossValue {
    /// The loss L, in the target's unit squared (square losses) or nats (cross-entropy).
    pub value: f64,
    /// ∂L/∂f, `[N, K]`.
    pub gradient: Vec<f64>,
}

impl Loss {
    /// `c` in flow time = Σ lr · c: the factor of this loss relative to the form in which theory is
    /// written, a sum over `outputs` outputs: ½|f − y|² for squared errors. Cross-entropy and hinge
    /// loss have their own flows, with factor 1 for their sums.
    #[must_use]
    pub fn flow_factor(self, outputs: usize) -> f64 {
        match self {
            Self::Mse {
                half,
                outputs: reduction,
            } => reduction.share(outputs) * if half { 1.0 } else { 2.0 },
            Self::Hinge { outputs: reduction } => reduction.share(outputs),
            Self::CrossEntropy => 1.0,
        }
    }

    /// The loss on rows `[N, K]` with `columns` = K and weights `[N]`, or `None` for 1/N each.
    #[must_use]
    pub fn value(
        self,
        outputs: &[f64],
        targets: &[f64],
        weights: Option<&[f64]>,
        columns: usize,
    ) -> f64 {
        let rows = outputs.len() / columns.max(1);
        let factor = self.flow_factor(columns);
        outputs
            .chunks_exact(columns)
            .zip(targets.chunks_exact(columns))
            .enumerate()
            .map(|(row, (f, y))| {
                let weight = weights.map_or(1.0 / rows as f64, |w| w[row]);
                let pairs = f.iter().zip(y);
                let element = match self {
                    Self::Mse { .. } => {
                        0.5 * factor * pairs.map(|(f, y)| (f - y) * (f - y)).sum::<f64>()
                    }
                    Self::CrossEntropy => {
                        let top = f.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                        let sum: f64 = f.iter().map(|f| (f - top).exp()).sum();
                        pairs.map(|(f, y)| y * (top + sum.ln() - f)).sum()
                    }
                    Self::Hinge { .. } => {
                        factor * pairs.map(|(f, y)| (1.0 - y * f).relu()).sum::<f64>()
                    }
                };
                weight * element
            })
            .sum()
    }

    /// Checks that these are valid targets of the loss: rows `[N, K]` with `columns` = K.
    ///
    /// # Errors
    ///
    /// [`MlpError::NotDistribution`] for the cross-entropy, [`MlpError::NotSigns`] for the hinge loss.
    pub fn check_targets(self, targets: &[f64], columns: usize) -> Result<(), MlpError> {
        for (row, y) in targets.chunks(columns.max(1)).enumerate() {
            let are = |allowed: [f64; 2]| y.iter().all(|entry| allowed.contains(entry));
            match self {
                Self::Mse { .. } => {}
                Self::CrossEntropy => {
                    // With a single class the softmax is always 1.
                    let classes = y.len() >= 2 && y.iter().all(|entry| *entry >= 0.0);
                    let off = (y.iter().sum::<f64>() - 1.0).abs();
                    if !classes || off > SOFT_LABELS_OFF {
                        return Err(MlpError::NotDistribution { row });
                    }
                }
                Self::Hinge { .. } => {
                    if !are([-1.0, 1.0]) {
                        return Err(MlpError::NotSigns { row });
                    }
                }
            }
        }
        Ok(())
    }

    /// Value and gradient at the outputs.
    ///
    /// # Shapes
    ///
    /// * `outputs` f and `targets` y: `[N, K]`, with `n_outputs` = K;
    /// * `row_weights` w: `[N]`, used as given (for a mean they must sum to 1), or `None` for 1/N
    ///   each. Population rows take the probability of their row here.
    ///
    /// # Errors
    ///
    /// [`MlpError`] if lengths differ, K or N is 0, or targets are not valid for the loss.
    ///
    /// # Examples
    ///
    /// ```
    /// use mlp::{Loss, Reduction};
    /// let loss = Loss::Mse { half: true, outputs: Reduction::Sum };
    /// let found = loss.evaluate(&[3.0, 0.0], &[1.0, 0.0], 1, None)?;
    /// assert_eq!((found.value, found.gradient), (1.0, vec![1.0, 0.0]));
    /// # Ok::<(), mlp::MlpError>(())
    /// ```
    pub fn evaluate(
        self,
        outputs: &[f64],
        targets: &[f64],
        n_outputs: usize,
        row_weights: Option<&[f64]>,
    ) -> Result<LossValue, MlpError> {
        require(n_outputs >= 1, "n_outputs", n_outputs as f64, "at least 1")?;
        require(!outputs.is_empty(), "number of rows", 0.0, "at least 1")?;
        let rows = outputs.len() / n_outputs;
        require_length("outputs", outputs.len(), rows * n_outputs)?;
        require_length("targets", targets.len(), outputs.len())?;
        if let Some(weights) = row_weights {
            require_length("row_weights", weights.len(), rows)?;
        }
        self.check_targets(targets, n_outputs)?;
        let factor = self.flow_factor(n_outputs);
        let mut gradient = Vec::with_capacity(outputs.len());
        let pairs = outputs.chunks(n_outputs).zip(targets.chunks(n_outputs));
        for (row, (f, y)) in pairs.enumerate() {
            let weight = row_weights.map_or(1.0 / rows as f64, |weights| weights[row]);
            let top = f.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let total: f64 = f.iter().map(|f| (f - top).exp()).sum();
            gradient.extend(f.iter().zip(y).map(|(f, y)| {
                let slope = match self {
                    Self::Mse { .. } => f - y,
                    // Shifted by the largest output, so that no exponential overflows.
                    Self::CrossEntropy => (f - top).exp() / total - y,
                    Self::Hinge { .. } => {
                        let margin = (1.0 - y * f).relu();
                        margin.if_positive(-y, margin)
                    }
                };
                weight * factor * slope
            }));
        }
        Ok(LossValue {
            value: self.value(outputs, targets, row_weights, n_outputs),
            gradient,
        })
    }
}
