use nalgebra::DMatrix;

use super::require_layers;
use crate::error::{TheoryError, require};

/// Largest deviation of W2ᵀW2 − W1W1ᵀ from λ I, relative to |W1|² + |W2|², that counts as balanced.
///
/// The exact solution errs by about this much of its size for such a start. Weights that were
/// written with 12 digits pass; weights that are only nearly balanced do not.
pub const BALANCE_TOLERANCE: f64 = 1e-9;

/// An imbalance below this part of |W1|² + |W2|² is rounding and counts as λ = 0.
const ROUNDING: f64 = 8.0 * f64::EPSILON;

/// Imbalance of the two layers of a linear network: Λ = W2ᵀW2 − W1W1ᵀ (h×h).
///
/// Λ is conserved by gradient flow for every task and input distribution. The network is
/// λ-balanced if Λ = λ I.
///
/// [Saxe2014, conserved difference of the layers; Nam2025, λ-balanced layers]
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    matrix: DMatrix<f64>,
    lambda: f64,
    deviation: f64,
}

impl Balance {
    /// Λ = W2ᵀW2 − W1W1ᵀ, h×h, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let balance = theory::balance(&dmatrix![1.0, 0.0], &dmatrix![2.0; 1.0])?;
    /// assert_eq!(balance.matrix(), &dmatrix![4.0]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn matrix(&self) -> &DMatrix<f64> {
        &self.matrix
    }

    /// The λ of the nearest multiple of the identity, tr Λ / h, strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let balance = theory::balance(&dmatrix![1.0, 0.0; 0.0, 1.0], &dmatrix![2.0, 0.0; 0.0, 2.0])?;
    /// assert_eq!(balance.lambda(), 3.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// |Λ − λ I|_F / (|W1|_F² + |W2|_F²), no unit: 0 if balanced, at most 1.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let balance = theory::balance(&dmatrix![0.0; 0.0], &dmatrix![1.0, 0.0])?;
    /// assert!((balance.deviation() - 0.5_f64.sqrt()).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn deviation(&self) -> f64 {
        self.deviation
    }

    /// λ, if the layers are balanced to [`BALANCE_TOLERANCE`].
    ///
    /// # Errors
    ///
    /// [`TheoryError::Unbalanced`] with the deviation.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let identity = dmatrix![1.0, 0.0; 0.0, 1.0];
    /// assert_eq!(theory::balance(&identity, &(2.0 * &identity))?.require_balanced()?, 3.0);
    /// let skew = dmatrix![1.0, 0.5; 0.0, 1.0];
    /// assert!(theory::balance(&identity, &skew)?.require_balanced().is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn require_balanced(&self) -> Result<f64, TheoryError> {
        if self.deviation <= BALANCE_TOLERANCE {
            return Ok(self.lambda);
        }
        Err(TheoryError::Unbalanced {
            deviation: self.deviation,
            lambda: self.lambda,
            tolerance: BALANCE_TOLERANCE,
        })
    }
}

/// Balance of the layers W1 (`first`, h×d) and W2 (`second`, c×h).
///
/// A λ within rounding of 0 (8 ε of |W1|² + |W2|²) is given as 0.
///
/// # Errors
///
/// [`TheoryError::Shape`] if the layers do not fit together, [`TheoryError::Domain`] for a weight
/// that is not finite or whose square is not.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// let balance = theory::balance(&dmatrix![1.0, 0.0; 0.0, 1.0], &dmatrix![0.0, 2.0; 2.0, 0.0])?;
/// assert_eq!((balance.lambda(), balance.deviation()), (3.0, 0.0));
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Saxe2014, conserved difference of the layers]
pub fn balance(first: &DMatrix<f64>, second: &DMatrix<f64>) -> Result<Balance, TheoryError> {
    let (_, hidden, _) = require_layers(first, second)?;
    let size = first.norm_squared() + second.norm_squared();
    require(
        size.is_finite(),
        "|first|^2 + |second|^2",
        size,
        "finite (the weights are too large to be squared)",
    )?;
    let matrix = second.tr_mul(second) - first * first.transpose();
    let lambda = matrix.trace() / hidden as f64;
    let lambda = if lambda.abs() <= ROUNDING * size {
        0.0
    } else {
        lambda
    };
    let identity = DMatrix::identity(hidden, hidden);
    let rest = (&matrix - identity * lambda).norm();
    let deviation = if size > 0.0 { rest / size } else { 0.0 };
    Ok(Balance {
        matrix,
        lambda,
        deviation,
    })
}
