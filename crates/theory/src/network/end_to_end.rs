use nalgebra::DMatrix;

use super::require_matrix;
use super::svd::full_svd;
use crate::error::{TheoryError, require};

/// How fast the product W = W2W1 of a λ-balanced network moves, from the product alone:
/// W' = E A + B E with E = Syx − W, A = √(λ²/4 + WᵀW) − λ/2, B = √(λ²/4 + WWᵀ) + λ/2.
///
/// * `product` W, c×d with c = d, strength units;
/// * `correlation` Syx, same shape;
/// * `lambda` λ, strength units.
///
/// The result has unit strength / flow time. A is W1ᵀW1 and B is W2W2ᵀ, because
/// WᵀW = W1ᵀ(W1W1ᵀ + λ)W1; derived here and checked against W1'W2 + W2'W1 and against the slope of
/// the exact solution.
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
    let half = 0.5 * lambda;
    // √(λ²/4 + s²) ∓ λ/2, the one that would cancel as s² over the other.
    let pairs: Vec<(f64, f64)> = svd
        .values
        .iter()
        .map(|&value| {
            let heavy = value.hypot(half) + half.abs();
            let light = if heavy > 0.0 {
                value * (value / heavy)
            } else {
                0.0
            };
            if half >= 0.0 {
                (light, heavy)
            } else {
                (heavy, light)
            }
        })
        .collect();
    let gram = |basis: &DMatrix<f64>, squares: Vec<f64>| {
        basis * DMatrix::from_diagonal(&squares.into()) * basis.transpose()
    };
    let first_gram = gram(&svd.right, pairs.iter().map(|pair| pair.0).collect());
    let second_gram = gram(&svd.left, pairs.iter().map(|pair| pair.1).collect());
    let error = correlation - product;
    Ok(&error * first_gram + second_gram * &error)
}
