use nalgebra::{DMatrix, DVector};

use super::require_matrix;
use super::svd::full_svd;
use crate::error::{TheoryError, require};

/// Rate of change of the product W = W2W1 of a λ-balanced network, from the product alone: W' = E
/// √(λ²/4 + WᵀW) + √(λ²/4 + WWᵀ) E with E = Syx − W.
///
/// * `product` W, c×d with c = d, strength units;
/// * `correlation` Syx, same shape;
/// * `lambda` λ, strength units.
///
/// The result has unit strength / flow time.
///
/// Derived here: the flow is W' = E W1ᵀW1 + W2W2ᵀ E, and WᵀW = W1ᵀ(W1W1ᵀ + λ)W1 gives
/// W1ᵀW1 = √(λ²/4 + WᵀW) − λ/2, likewise W2W2ᵀ with + λ/2; the two halves of λ cancel, so the rate
/// depends on |λ| only. Checked against the layers' own rate and the slope of the exact solution.
///
/// # Assumes
///
/// Square and no bottleneck (d = h = c, or h ≥ d = c with λ = 0), whitened inputs,
/// W2ᵀW2 − W1W1ᵀ = λ I. With other shapes the product does not determine the layers' Gram matrices.
///
/// # Errors
///
/// [`TheoryError::Shape`] unless both matrices are square and of one size, [`TheoryError::Domain`]
/// for an entry or λ that is not finite.
///
/// # Examples
///
/// ```
/// // One mode: s' = √(λ² + 4s²) (S − s).
/// use theory::nalgebra::dmatrix;
/// let rate = theory::end_to_end_rate(&dmatrix![2.0], &dmatrix![5.0], 3.0)?;
/// assert!((rate[(0, 0)] - 5.0 * 3.0).abs() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Domine2024, λ-balanced dynamics]
pub fn end_to_end_rate(
    product: &DMatrix<f64>,
    correlation: &DMatrix<f64>,
    lambda: f64,
) -> Result<DMatrix<f64>, TheoryError> {
    let size = product.nrows();
    require_matrix("product", product, (size, size), "square")?;
    require_matrix("correlation", correlation, (size, size), "as product")?;
    require(lambda.is_finite(), "lambda", lambda, "finite")?;
    let svd = full_svd(product);
    let roots = svd.values.iter().map(|value| value.hypot(0.5 * lambda));
    let roots = DMatrix::from_diagonal(&DVector::from_iterator(size, roots));
    let root = |basis: &DMatrix<f64>| basis * &roots * basis.transpose();
    let error = correlation - product;
    Ok(&error * root(&svd.right) + root(&svd.left) * &error)
}
