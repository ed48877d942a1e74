//! Quantities that gradient flow conserves between two layers.

use crate::error::{MetricError, require, require_entries, require_length};
use crate::weights::{norm, relative_change};

/// Λ = W2ᵀW2 − W1W1ᵀ of two linear layers y = W2 W1 x, which gradient flow conserves
/// [Nam2025, Definition 1].
///
/// Weights are stored here as `[in, out]`, the transposes W1ᵀ = `first` and W2ᵀ = `second`, so
/// that Λ = second secondᵀ − firstᵀ first. λ I for λ-balanced layers, which exist only for H ≤ K
/// (λ > 0) or H ≤ D (λ < 0).
///
/// # Examples
///
/// ```
/// use metrics::Balance;
///
/// let initial = Balance::new(&[1.0, 0.0, 0.0, 1.0], &[3.0, 0.0, 0.0, 3.0], 2)?;
/// assert_eq!((initial.lambda(), initial.error()), (8.0, 0.0));
/// let now = Balance::new(&[2.0, 0.0, 0.0, 2.0], &[4.0, 0.0, 0.0, 4.0], 2)?;
/// assert_eq!(now.drift(&initial)?, 0.5);
/// # Ok::<(), metrics::MetricError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    hidden: usize,
    matrix: Vec<f64>,
}

impl Balance {
    /// The balance of two layers.
    ///
    /// # Shapes
    ///
    /// `first` `[D, H]` and `second` `[H, K]`, row-major, `hidden` = H. A bias of the first layer
    /// is the weight of a constant input 1: append it to `first` as one more row, or Λ is not
    /// conserved.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if there are no entries, their number is not a multiple of H, H = 0, or an
    /// entry is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// // One neuron with input weights 1, 2 and output weight 3: 9 − 5.
    /// let balance = metrics::Balance::new(&[1.0, 2.0], &[3.0], 1)?;
    /// assert_eq!(balance.lambda(), 4.0);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn new(first: &[f64], second: &[f64], hidden: usize) -> Result<Self, MetricError> {
        check_layers(first, second, hidden)?;
        let outputs = second.len() / hidden;
        let mut into = vec![0.0; hidden * hidden];
        for row in first.chunks_exact(hidden) {
            for (target, one) in into.chunks_exact_mut(hidden).zip(row) {
                for (slot, other) in target.iter_mut().zip(row) {
                    *slot += one * other;
                }
            }
        }
        let mut matrix = into;
        for (target, one) in matrix
            .chunks_exact_mut(hidden)
            .zip(second.chunks_exact(outputs))
        {
            for (slot, other) in target.iter_mut().zip(second.chunks_exact(outputs)) {
                *slot = one.iter().zip(other).map(|(a, b)| a * b).sum::<f64>() - *slot;
            }
        }
        Ok(Self { hidden, matrix })
    }

    /// Λ, `[H, H]`, row-major and symmetric.
    ///
    /// # Examples
    ///
    /// ```
    /// let balance = metrics::Balance::new(&[1.0, 2.0], &[3.0, 4.0], 2)?;
    /// assert_eq!(balance.matrix(), [8.0, 10.0, 10.0, 12.0]);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    #[must_use]
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// λ = tr Λ/H, the multiple of I that is nearest to Λ (unit of a squared weight).
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(metrics::Balance::new(&[1.0, 2.0], &[3.0, 4.0], 2)?.lambda(), 10.0);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    #[must_use]
    pub fn lambda(&self) -> f64 {
        let diagonal = self.matrix.iter().step_by(self.hidden + 1);
        diagonal.sum::<f64>() / self.hidden as f64
    }

    /// |Λ − λ I|_F: 0 for λ-balanced layers (unit of a squared weight).
    ///
    /// # Examples
    ///
    /// ```
    /// let balance = metrics::Balance::new(&[1.0, 0.0, 0.0, 1.0], &[2.0, 0.0, 0.0, 2.0], 2)?;
    /// assert_eq!(balance.error(), 0.0);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    #[must_use]
    pub fn error(&self) -> f64 {
        let mut rest = self.matrix.clone();
        let lambda = self.lambda();
        for diagonal in rest.iter_mut().step_by(self.hidden + 1) {
            *diagonal -= lambda;
        }
        norm(&rest)
    }

    /// |Λ − Λ0|_F/|Λ0|_F (no unit), with Λ0 = `initial`: 0 under gradient flow, of the order of
    /// the learning rate under gradient descent.
    ///
    /// Small balanced weights have a tiny Λ0, for which even a large drift means little.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if the numbers of neurons differ, or if Λ0 = 0, for which a relative drift
    /// is not defined.
    ///
    /// # Examples
    ///
    /// ```
    /// let initial = metrics::Balance::new(&[1.0], &[3.0], 1)?;
    /// let now = metrics::Balance::new(&[2.0], &[4.0], 1)?;
    /// assert_eq!(now.drift(&initial)?, 0.5);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn drift(&self, initial: &Self) -> Result<f64, MetricError> {
        relative_change(&self.matrix, &initial.matrix)
    }
}

/// |w_in|² − q |w_out|² of every hidden neuron (unit of a squared weight): conserved by the gradient
/// flow of any loss under an activation that is homogeneous of degree q (`ReLU` and identity 1,
/// square 2; tanh none) [Du2018, layers balanced by gradient flow, for degree 1].
///
/// Any q follows from z φ'(z) = q φ(z), which makes w_in · ∂L/∂w_in = q w_out · ∂L/∂w_out. For q = 1
/// it is the diagonal of −Λ, see [`Balance`].
///
/// # Shapes
///
/// `first` `[D, H]`, `bias` `[H]` if there is one (it counts as an input weight), `second`
/// `[H, K]`, row-major, `hidden` = H; the result is `[H]`.
///
/// # Errors
///
/// The same as [`Balance::new`]; also if a bias does not have H entries, or `degree` is not above
/// 0.
///
/// # Examples
///
/// ```
/// // 1² + 2² + 2² − 3².
/// let kept = metrics::neuron_balance(&[1.0, 2.0], Some(&[2.0]), &[3.0], 1, 1.0)?;
/// assert_eq!(kept, [0.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn neuron_balance(
    first: &[f64],
    bias: Option<&[f64]>,
    second: &[f64],
    hidden: usize,
    degree: f64,
) -> Result<Vec<f64>, MetricError> {
    check_layers(first, second, hidden)?;
    if let Some(bias) = bias {
        require(
            bias.len() == hidden,
            "number of entries of bias",
            bias.len() as f64,
            "hidden",
        )?;
        require_entries("bias", bias, "finite", f64::is_finite)?;
    }
    require(
        degree.is_finite() && degree > 0.0,
        "degree",
        degree,
        "finite and above 0",
    )?;
    Ok(squares(first, bias, second, hidden, -degree))
}

/// |w_in|² + q |w_out|² of every hidden neuron (unit of a squared weight): the scale of the
/// difference in [`neuron_balance`].
///
/// # Shapes
///
/// As [`neuron_balance`].
///
/// # Errors
///
/// As [`neuron_balance`].
///
/// # Examples
///
/// ```
/// // 1² + 2² + 2·3².
/// assert_eq!(metrics::neuron_sizes(&[1.0, 2.0], None, &[3.0], 1, 2.0)?, [23.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn neuron_sizes(
    first: &[f64],
    bias: Option<&[f64]>,
    second: &[f64],
    hidden: usize,
    degree: f64,
) -> Result<Vec<f64>, MetricError> {
    // The balance checks the arguments.
    neuron_balance(first, bias, second, hidden, degree)?;
    Ok(squares(first, bias, second, hidden, degree))
}

/// |w_in|² + `factor` |w_out|² of every neuron.
fn squares(
    first: &[f64],
    bias: Option<&[f64]>,
    second: &[f64],
    hidden: usize,
    factor: f64,
) -> Vec<f64> {
    let mut sums = vec![0.0; hidden];
    for row in first.chunks_exact(hidden).chain(bias) {
        for (slot, weight) in sums.iter_mut().zip(row) {
            *slot += weight * weight;
        }
    }
    let outputs = second.len() / hidden;
    for (slot, row) in sums.iter_mut().zip(second.chunks_exact(outputs)) {
        *slot += factor * row.iter().map(|weight| weight * weight).sum::<f64>();
    }
    sums
}

/// Drift of |w_in|² − q |w_out|² from `initial`: the root mean square of its change over the
/// neurons, relative to the root mean square of |w_in|² + q |w_out|² at the start (no unit). 0
/// under gradient flow, of the order of the learning rate under gradient descent. `kept` and
/// `initial` are from [`neuron_balance`], `size` is that of [`neuron_sizes`] at the start, all
/// `[H]`.
///
/// Balanced neurons keep a difference near 0; the sum gives the drift a scale.
///
/// # Errors
///
/// [`MetricError`] if the numbers of neurons differ, there are no neurons, or every `size` is 0.
///
/// # Examples
///
/// ```
/// // From 1 to 2 in neurons of size 4.
/// assert_eq!(metrics::neuron_balance_drift(&[2.0], &[1.0], &[4.0])?, 0.25);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn neuron_balance_drift(
    kept: &[f64],
    initial: &[f64],
    size: &[f64],
) -> Result<f64, MetricError> {
    require_length("initial", initial.len(), kept.len(), "kept")?;
    require_length("size", size.len(), kept.len(), "kept")?;
    let scale = norm(size);
    require(scale > 0.0, "norm of size", scale, "above 0")?;
    let moved: Vec<f64> = kept.iter().zip(initial).map(|(a, b)| a - b).collect();
    Ok(norm(&moved) / scale)
}

/// Checks that both layers have finite entries, whose number fits `hidden` neurons.
fn check_layers(first: &[f64], second: &[f64], hidden: usize) -> Result<(), MetricError> {
    require(hidden >= 1, "hidden", hidden as f64, "at least 1")?;
    for (name, layer) in [
        ("number of entries of first", first),
        ("number of entries of second", second),
    ] {
        require(
            !layer.is_empty() && layer.len().is_multiple_of(hidden),
            name,
            layer.len() as f64,
            "above 0 and a multiple of hidden",
        )?;
    }
    require_entries("first", first, "finite", f64::is_finite)?;
    require_entries("second", second, "finite", f64::is_finite)
}
