use nalgebra::DMatrix;

use super::require_matrix;
use super::state::NetworkState;
use super::svd::{FullSvd, full_svd};
use super::weights::{balanced_weights, layer_strengths, require_balanced_shape};
use crate::error::TheoryError;
use crate::lambda_mode::LambdaMode;

/// A λ-balanced network whose start is aligned with its task, so that every mode evolves
/// independently.
///
/// W2W1(t) = U diag(s_α(t)) Vᵀ, where U, V are the singular vectors of the task Syx and every
/// s_α solves s' = √(λ² + 4s²)(S_α − s): a sigmoid for λ = 0, an exponential for large |λ|.
///
/// Derived here in explicit form: x = 2s + √(4s² + λ²) is logistic. Compared with an adaptive
/// Runge–Kutta integrator of W1 and W2 (6 inputs, 4 hidden units, 4 outputs and other shapes,
/// |λ| ≤ 20): the difference is below 1e-11 of the largest entry, off-diagonals included.
///
/// Modes beyond the hidden width of a bottleneck have no neuron and stay 0.
///
/// # Assumes
///
/// Whitened inputs, halved squared error, layers as from [`aligned_weights`].
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// let task = dmatrix![3.0, 0.0; 0.0, 1.0];
/// let network = theory::AlignedNetwork::new(&task, &[0.01, 0.01], 0.0, 2)?;
/// let sigmoid = theory::BalancedMode::new(1.0, 3.0, 0.01)?;
/// assert!((network.strengths(0.8)[0] / sigmoid.strength(0.8) - 1.0).abs() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2025, Theorem 2; Domine2024, task-aligned λ-balanced dynamics]
#[derive(Debug, Clone)]
pub struct AlignedNetwork {
    svd: FullSvd,
    modes: Vec<LambdaMode>,
    lambda: f64,
    hidden: usize,
}

impl AlignedNetwork {
    /// The network of [`aligned_weights`], which has the same parameters and errors.
    ///
    /// # Errors
    ///
    /// See [`aligned_weights`].
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let error = theory::AlignedNetwork::new(&dmatrix![1.0], &[0.1], 2.0, 3).unwrap_err();
    /// assert!(error.to_string().contains("lambda > 0 needs hidden <= outputs"));
    /// ```
    pub fn new(
        correlation: &DMatrix<f64>,
        strengths: &[f64],
        lambda: f64,
        hidden: usize,
    ) -> Result<Self, TheoryError> {
        let (outputs, inputs) = correlation.shape();
        require_matrix(
            "correlation",
            correlation,
            (outputs, inputs),
            "outputs x inputs",
        )?;
        require_balanced_shape((inputs, hidden, outputs), strengths, lambda)?;
        let svd = full_svd(correlation);
        let modes = svd.values.iter().zip(strengths);
        Ok(Self {
            modes: modes
                .map(|(&target, &initial)| LambdaMode::new(1.0, target, initial, lambda))
                .collect::<Result<_, _>>()?,
            svd,
            lambda,
            hidden,
        })
    }

    /// Singular values S_α of the task, largest first; min(c, d) numbers, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::AlignedNetwork::new(&dmatrix![0.0, -3.0], &[0.1], 0.0, 1)?;
    /// assert_eq!(network.targets(), [3.0]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn targets(&self) -> &[f64] {
        &self.svd.values
    }

    /// Strengths s_α(t) of the min(c, h, d) modes that have a neuron, at flow time `t` ≥ 0.
    ///
    /// NaN for a negative or NaN `t`, which may be infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::AlignedNetwork::new(&dmatrix![2.0], &[0.1], -5.0, 1)?;
    /// assert_eq!(network.strengths(f64::INFINITY), [2.0]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, Theorem 2]
    #[must_use]
    pub fn strengths(&self, t: f64) -> Vec<f64> {
        self.modes.iter().map(|mode| mode.strength(t)).collect()
    }

    /// The network at flow time `t` ≥ 0, which may be infinite; NaN for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let task = dmatrix![1.0, 2.0; 0.5, -1.0];
    /// let network = theory::AlignedNetwork::new(&task, &[0.1, 0.2], 1.0, 2)?;
    /// assert!((network.at(f64::INFINITY).product() - &task).amax() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Nam2025, Theorem 2]
    #[must_use]
    pub fn at(&self, t: f64) -> NetworkState {
        let (outputs, inputs) = (self.svd.left.nrows(), self.svd.right.nrows());
        let mut first = DMatrix::zeros(inputs, self.hidden);
        let mut second = DMatrix::zeros(outputs, self.hidden);
        if t.is_nan() || t < 0.0 {
            return NetworkState::unknown(inputs, outputs);
        }
        let strengths = self.strengths(t);
        for unit in 0..self.hidden {
            let (one, two) =
                layer_strengths(strengths.get(unit).copied().unwrap_or(0.0), self.lambda);
            if unit < inputs {
                first.set_column(unit, &(self.svd.right.column(unit) * one));
            }
            if unit < outputs {
                second.set_column(unit, &(self.svd.left.column(unit) * two));
            }
        }
        NetworkState::of_layers(&first, &second)
    }
}

/// Task-aligned λ-balanced layers (W1, W2): W2W1 = U diag(s) Vᵀ with the singular vectors of Syx.
///
/// * `correlation` Syx, c×d;
/// * `strengths` s: min(c, h, d) numbers, largest singular value first, strength units;
/// * `lambda` λ: strength units;
/// * `hidden` h ≥ 1.
///
/// The hidden basis is the identity; multiply W1 from the left by an orthogonal R and W2 from the
/// right by Rᵀ for another. A bottleneck has only the h leading modes. See [`balanced_weights`] for
/// the diagonals.
///
/// # Errors
///
/// [`TheoryError::NoBalancedShape`]: λ > 0 needs h ≤ c, λ < 0 needs h ≤ d.
/// [`TheoryError::Shape`] and [`TheoryError::Domain`] for an empty or not finite matrix and the
/// wrong number of strengths.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// let task = dmatrix![2.0, 0.0, 0.0; 0.0, 1.0, 0.0];
/// let (first, second) = theory::aligned_weights(&task, &[0.3, 0.1], -1.0, 3)?;
/// let product = &second * &first;
/// assert!((product - dmatrix![0.3, 0.0, 0.0; 0.0, 0.1, 0.0]).amax() < 1e-15);
/// assert!((theory::balance(&first, &second)?.require_balanced()? + 1.0).abs() < 1e-15);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2025, Theorem 2; Domine2024, task-aligned initialisation]
pub fn aligned_weights(
    correlation: &DMatrix<f64>,
    strengths: &[f64],
    lambda: f64,
    hidden: usize,
) -> Result<(DMatrix<f64>, DMatrix<f64>), TheoryError> {
    let (outputs, inputs) = correlation.shape();
    require_matrix(
        "correlation",
        correlation,
        (outputs, inputs),
        "outputs x inputs",
    )?;
    require_balanced_shape((inputs, hidden, outputs), strengths, lambda)?;
    let svd = full_svd(correlation);
    let middle = DMatrix::identity(hidden, hidden);
    balanced_weights(&svd.left, &middle, &svd.right, strengths, lambda)
}
