use nalgebra::{DMatrix, DVector};

use super::require_matrix;
use crate::error::{TheoryError, require};

/// Largest asymmetry of a kernel, and largest size of a negative eigenvalue, relative to its
/// largest entry. A kernel that was summed in single precision passes.
const KERNEL_TOLERANCE: f64 = 1e-5;

/// A network replaced by its tangent at the start: f(t) = Y + e^{−K t/n}(f₀ − Y).
///
/// Gradient flow of (1/2n)|f − Y|² with a constant kernel K, the "lazy" counterpart of any network.
/// K is cN×cN (outputs and examples may be in any order that is the same in K, f and Y); n is
/// usually the number of examples N.
///
/// # Assumes
///
/// Constant K; exact for models that are linear in their parameters.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::{dmatrix, dvector};
/// let network = theory::LinearisedNetwork::new(
///     &dmatrix![2.0, 0.0; 0.0, 0.0], &dvector![0.0, 0.5], &dvector![1.0, 1.0], 2)?;
/// let outputs = network.at(1.0);
/// assert!((outputs[0] - (1.0 - (-1.0_f64).exp())).abs() < 1e-15);
/// assert_eq!(outputs[1], 0.5);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Jacot2018, training with a constant kernel]
#[derive(Debug, Clone, PartialEq)]
pub struct LinearisedNetwork {
    initial: DVector<f64>,
    /// Eigenvalues of K/n, 0 or more.
    rates: Vec<f64>,
    vectors: DMatrix<f64>,
    /// Y − f₀ in the coordinates of the eigenvectors.
    missing: DVector<f64>,
}

impl LinearisedNetwork {
    /// From the kernel K, the outputs f₀ at t = 0, the targets Y and n ≥ 1 of the loss
    /// (1/2n)|f − Y|².
    ///
    /// Decomposes K once, O((cN)³); [`at`](Self::at) is then one product with a vector.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Shape`] if K is not square or the vectors do not fit,
    /// [`TheoryError::Domain`] for an entry that is not finite, n = 0, and a kernel that is not
    /// symmetric or has a negative eigenvalue (beyond 1e-5 of its largest entry; smaller ones
    /// count as 0).
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::{dmatrix, dvector};
    /// let zero = dvector![0.0, 0.0];
    /// let skew = dmatrix![1.0, 0.5; 0.0, 1.0];
    /// assert!(theory::LinearisedNetwork::new(&skew, &zero, &zero, 2).is_err());
    /// ```
    pub fn new(
        kernel: &DMatrix<f64>,
        initial: &DVector<f64>,
        targets: &DVector<f64>,
        examples: usize,
    ) -> Result<Self, TheoryError> {
        let size = kernel.nrows();
        require_matrix("kernel", kernel, (size, size), "square")?;
        require_vector("initial", initial, size)?;
        require_vector("targets", targets, size)?;
        require(
            examples >= 1,
            "examples",
            examples as f64,
            "at least 1 (the loss is divided by it)",
        )?;
        let tolerance = KERNEL_TOLERANCE * kernel.amax();
        let skew = (kernel - kernel.transpose()).amax();
        require(
            skew <= tolerance,
            "largest |kernel - kernel'|",
            skew,
            "at most 1e-5 of the kernel's largest entry (a kernel is symmetric)",
        )?;
        let symmetric = (kernel + kernel.transpose()) * 0.5;
        let decomposition = symmetric.symmetric_eigen();
        let lowest = decomposition.eigenvalues.min();
        require(
            lowest >= -tolerance,
            "smallest eigenvalue of kernel",
            lowest,
            "0 or more, to 1e-5 of the kernel's largest entry",
        )?;
        let rates = decomposition.eigenvalues.iter();
        Ok(Self {
            initial: initial.clone(),
            rates: rates.map(|rate| rate.max(0.0) / examples as f64).collect(),
            missing: decomposition.eigenvectors.tr_mul(&(targets - initial)),
            vectors: decomposition.eigenvectors,
        })
    }

    /// Outputs f(t) at flow time `t` ≥ 0, in the order of the kernel's rows; `t` may be infinite.
    ///
    /// NaN in every entry for a negative or NaN `t`.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::{dmatrix, dvector};
    /// let kernel = dmatrix![2.0, 1.0; 1.0, 2.0];
    /// let network = theory::LinearisedNetwork::new(
    ///     &kernel, &dvector![0.0, 0.0], &dvector![1.0, 3.0], 1)?;
    /// assert!((network.at(f64::INFINITY) - dvector![1.0, 3.0]).amax() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn at(&self, t: f64) -> DVector<f64> {
        if t.is_nan() || t < 0.0 {
            return DVector::from_element(self.initial.len(), f64::NAN);
        }
        let mut learned = self.missing.clone();
        for (part, &rate) in learned.iter_mut().zip(&self.rates) {
            // 0 · ∞ would be NaN, but a component without a rate is never learned.
            *part *= if rate > 0.0 {
                -(-rate * t).exp_m1()
            } else {
                0.0
            };
        }
        &self.initial + &self.vectors * learned
    }
}

fn require_vector(
    name: &'static str,
    vector: &DVector<f64>,
    size: usize,
) -> Result<(), TheoryError> {
    let column = DMatrix::from_column_slice(vector.len(), 1, vector.as_slice());
    require_matrix(name, &column, (size, 1), "one number per row of kernel")
}
