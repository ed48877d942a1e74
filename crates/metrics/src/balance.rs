//! What gradient flow conserves between two linear layers.

use crate::error::{MetricError, require_at_least, require_entries, require_length};
use crate::weights::norm;

/// Λ = W2ᵀW2 − W1W1ᵀ of two linear layers, which gradient flow conserves [Nam2025, Definition 1].
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
    /// `first` `[D, H]` and `second` `[H, K]`, row-major and `[in, out]` as weights are stored here
    /// (the transposes of W1 and W2), `hidden` = H.
    ///
    /// # Errors
    ///
    /// [`MetricError`] for lengths that are no multiple of H, no neuron, and entries that are not
    /// finite.
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
        require_at_least("hidden", hidden, 1)?;
        for (name, layer) in [("first", first), ("second", second)] {
            let whole = layer.len() / hidden * hidden;
            require_length(name, layer.len(), whole, "a multiple of hidden")?;
            require_entries(name, layer, "finite", f64::is_finite)?;
        }
        let outputs = second.len() / hidden;
        let matrix = (0..hidden * hidden).map(|at| {
            let (i, j) = (at / hidden, at % hidden);
            let readout = |neuron: usize| &second[neuron * outputs..(neuron + 1) * outputs];
            let out: f64 = readout(i).iter().zip(readout(j)).map(|(a, b)| a * b).sum();
            let into: f64 = first.chunks_exact(hidden).map(|row| row[i] * row[j]).sum();
            out - into
        });
        Ok(Self {
            matrix: matrix.collect(),
            hidden,
        })
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

    /// |Λ − Λ0|_F/|Λ0|_F (no unit): 0 under gradient flow, of the order of the learning rate under
    /// gradient descent.
    ///
    /// # Errors
    ///
    /// [`MetricError`] for another number of neurons, and for Λ0 = 0, which has no relative drift.
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
        crate::weights::relative_change(&self.matrix, &initial.matrix)
    }
}

/// |w_in|² − q |w_out|² of every hidden neuron, `[H]`: conserved by the gradient flow of any loss
/// under an activation that is homogeneous of degree q (`ReLU`: 1, square: 2; tanh: none).
///
/// # Shapes
///
/// `first` `[D, H]`, `bias` `[H]` or empty (it counts as an input weight), `second` `[H, K]`.
///
/// # Errors
///
/// [`MetricError`] for lengths that do not fit H, and no neuron.
///
/// # Examples
///
/// ```
/// let kept = metrics::neuron_balance(&[1.0, 2.0], &[2.0], &[3.0], 1, 1.0)?;
/// assert_eq!(kept, [0.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
///
/// [Kunin2024, conserved quantities of a neuron]
pub fn neuron_balance(
    first: &[f64],
    bias: &[f64],
    second: &[f64],
    hidden: usize,
    degree: f64,
) -> Result<Vec<f64>, MetricError> {
    require_at_least("hidden", hidden, 1)?;
    for (name, layer) in [("first", first), ("bias", bias), ("second", second)] {
        let whole = layer.len() / hidden * hidden;
        require_length(name, layer.len(), whole, "a multiple of hidden")?;
    }
    let outputs = second.len() / hidden;
    let squares = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>();
    Ok((0..hidden)
        .map(|neuron| {
            let into = first.iter().chain(bias).skip(neuron).step_by(hidden);
            let out = second[neuron * outputs..(neuron + 1) * outputs].iter();
            squares(&mut into.copied()) - degree * squares(&mut out.copied())
        })
        .collect())
}
