//! Losses with their gradient at the outputs.

use crate::error::{MlpError, require, require_length};

/// A loss L = Σ_rows w_r ℓ(f_r, y_r); the weights w_r are 1/N unless given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Loss {
    /// ℓ = c Σ_k (f_k − y_k)², c = 1, times ½ if `half`, over K if `mean_over_outputs`.
    ///
    /// PyTorch's and burn's mean squared error is `half: false, mean_over_outputs: true`; the
    /// theory's loss is `half: true, mean_over_outputs: false`.
    MeanSquare {
        /// Whether the square is halved.
        half: bool,
        /// Whether outputs are averaged (true) or summed (false).
        mean_over_outputs: bool,
    },
    /// ℓ = ln Σ_k e^{f_k} − f_class (nats), with one-hot targets.
    CrossEntropy,
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
    /// [`MlpError`] if lengths differ, K or N is 0, or targets of the cross-entropy are not
    /// one-hot.
    ///
    /// # Examples
    ///
    /// ```
    /// let loss = mlp::Loss::MeanSquare { half: true, mean_over_outputs: false };
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
        let mut value = 0.0;
        let mut gradient = vec![0.0; outputs.len()];
        for row in 0..rows {
            let range = row * n_outputs..(row + 1) * n_outputs;
            let weight = row_weights.map_or(1.0 / rows as f64, |weights| weights[row]);
            let (f, y) = (&outputs[range.clone()], &targets[range.clone()]);
            let slots = &mut gradient[range];
            let row_loss = match self {
                Self::MeanSquare {
                    half,
                    mean_over_outputs,
                } => {
                    let halving = if half { 0.5 } else { 1.0 };
                    let share = if mean_over_outputs {
                        1.0 / n_outputs as f64
                    } else {
                        1.0
                    };
                    square_row(f, y, halving * share, slots)
                }
                Self::CrossEntropy => {
                    cross_entropy_row(f, y, slots).ok_or(MlpError::NotOneHot { row })?
                }
            };
            value += weight * row_loss;
            for slot in slots {
                *slot *= weight;
            }
        }
        Ok(LossValue { value, gradient })
    }
}

/// c Σ (f − y)², with 2 c (f − y) written to `gradient`.
fn square_row(f: &[f64], y: &[f64], factor: f64, gradient: &mut [f64]) -> f64 {
    let mut sum = 0.0;
    for ((slot, f), y) in gradient.iter_mut().zip(f).zip(y) {
        let error = f - y;
        sum += error * error;
        *slot = 2.0 * factor * error;
    }
    factor * sum
}

/// ln Σ e^f − f_class, with softmax(f) − y written to `gradient`; `None` unless y is one-hot.
fn cross_entropy_row(f: &[f64], y: &[f64], gradient: &mut [f64]) -> Option<f64> {
    let class = y.iter().position(|&entry| entry == 1.0)?;
    if y.iter()
        .enumerate()
        .any(|(k, &entry)| k != class && entry != 0.0)
    {
        return None;
    }
    // Shifted by the largest output, so that no exponential overflows.
    let largest = f
        .iter()
        .fold(f64::NEG_INFINITY, |largest, &f| largest.max(f));
    let total: f64 = f.iter().map(|f| (f - largest).exp()).sum();
    for ((slot, f), y) in gradient.iter_mut().zip(f).zip(y) {
        *slot = (f - largest).exp() / total - y;
    }
    Some(total.ln() - (f[class] - largest))
}
