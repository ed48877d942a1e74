use nalgebra::DMatrix;

use super::{require_finite, require_matrix};
use crate::error::{TheoryError, require};

/// Largest entry of UᵀU − I for which U counts as orthogonal.
const ORTHOGONAL: f64 = 1e-9;

/// λ-balanced layers W1 = R S1 Vᵀ (h×d) and W2 = U S2 Rᵀ (c×h) with W2W1 = U diag(s) Vᵀ.
///
/// * `left` U (c×c), `middle` R (h×h), `right` V (d×d): orthogonal, see [`random_orthogonal`];
/// * `strengths` s: min(c, h, d) numbers, strength units, either sign;
/// * `lambda` λ: strength units; W2ᵀW2 − W1W1ᵀ = λ I_h.
///
/// S1 and S2 are zero off the diagonal; on it S2 = √((√(λ² + 4s²) + λ)/2) and S1 = s/S2 for
/// λ ≥ 0, the other way round below. Hidden units past the last strength get √|λ| in the heavier
/// layer and 0 in the other.
///
/// With the singular vectors of the task for U and V the start is task-aligned; with random ones
/// it is a random start with the given strengths.
///
/// # Errors
///
/// [`TheoryError::NoBalancedShape`]: λ > 0 needs h ≤ c, λ < 0 needs h ≤ d (the rank of λ I + W1W1ᵀ
/// is h, that of W2ᵀW2 at most c). [`TheoryError::Shape`] and [`TheoryError::Domain`] for matrices
/// that are not square, not orthogonal or not finite, and the wrong number of strengths.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::{DMatrix, dmatrix};
/// let identity = DMatrix::identity(2, 2);
/// let swap = dmatrix![0.0, 1.0; 1.0, 0.0];
/// let (first, second) = theory::balanced_weights(&swap, &identity, &identity, &[0.5, 0.1], 2.0)?;
/// assert!((&second * &first - dmatrix![0.0, 0.1; 0.5, 0.0]).amax() < 1e-15);
/// assert!((theory::balance(&first, &second)?.require_balanced()? - 2.0).abs() < 1e-15);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Domine2024, λ-balanced initialisation; Nam2025, λ-balanced layers]
pub fn balanced_weights(
    left: &DMatrix<f64>,
    middle: &DMatrix<f64>,
    right: &DMatrix<f64>,
    strengths: &[f64],
    lambda: f64,
) -> Result<(DMatrix<f64>, DMatrix<f64>), TheoryError> {
    require_orthogonal("left", left, "deviation of left from orthogonality")?;
    require_orthogonal("middle", middle, "deviation of middle from orthogonality")?;
    require_orthogonal("right", right, "deviation of right from orthogonality")?;
    let (outputs, hidden, inputs) = (left.nrows(), middle.nrows(), right.nrows());
    require_balanced_shape((inputs, hidden, outputs), strengths, lambda)?;

    let mut first = DMatrix::zeros(hidden, inputs);
    let mut second = DMatrix::zeros(outputs, hidden);
    for unit in 0..hidden {
        let strength = strengths.get(unit).copied().unwrap_or(0.0);
        let (one, two) = layer_strengths(strength, lambda);
        // Past the last strength only the heavier layer has room, and λ = 0 needs none.
        if unit < inputs {
            first[(unit, unit)] = one;
        }
        if unit < outputs {
            second[(unit, unit)] = two;
        }
    }
    Ok((
        middle * first * right.transpose(),
        left * second * middle.transpose(),
    ))
}

/// An orthogonal matrix from a square one of independent standard normal numbers.
///
/// The Q of the QR decomposition whose R has a positive diagonal; it is uniformly (Haar)
/// distributed if the entries are standard normal. This crate draws no random numbers itself.
///
/// # Errors
///
/// [`TheoryError::Shape`] unless the matrix is square and not empty, [`TheoryError::Domain`] for
/// an entry that is not finite or linearly dependent columns.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::{DMatrix, dmatrix};
/// let rotation = theory::random_orthogonal(&dmatrix![0.3, -1.2; 0.8, 0.1])?;
/// assert!((rotation.tr_mul(&rotation) - DMatrix::identity(2, 2)).amax() < 1e-15);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Domine2024, random λ-balanced initialisation]
pub fn random_orthogonal(gaussian: &DMatrix<f64>) -> Result<DMatrix<f64>, TheoryError> {
    let size = gaussian.nrows();
    require_matrix("gaussian", gaussian, (size, size), "square")?;
    // This decomposition has a nonnegative diagonal in R, which makes it unique.
    let (factor, triangle) = gaussian.clone().qr().unpack();
    let smallest = triangle.diagonal().min();
    require(
        smallest > f64::EPSILON * gaussian.amax(),
        "diagonal of R in the QR decomposition of gaussian",
        smallest,
        "above 0 (the columns are linearly dependent)",
    )?;
    Ok(factor)
}

/// Strengths (S1, S2) of the layers with S1 S2 = s and S2² − S1² = λ; the heavier one is ≥ 0.
pub(super) fn layer_strengths(strength: f64, lambda: f64) -> (f64, f64) {
    let heavy = (0.5 * (lambda.hypot(2.0 * strength) + lambda.abs())).sqrt();
    // Not from the square root of a difference, which would cancel.
    let light = if heavy > 0.0 { strength / heavy } else { 0.0 };
    if lambda >= 0.0 {
        (light, heavy)
    } else {
        (heavy, light)
    }
}

/// Checks that λ-balanced layers of these widths (d, h, c) exist, with one strength per mode.
pub(super) fn require_balanced_shape(
    (inputs, hidden, outputs): (usize, usize, usize),
    strengths: &[f64],
    lambda: f64,
) -> Result<(), TheoryError> {
    require(lambda.is_finite(), "lambda", lambda, "finite")?;
    require(hidden >= 1, "hidden", hidden as f64, "at least 1")?;
    if (lambda > 0.0 && hidden > outputs) || (lambda < 0.0 && hidden > inputs) {
        return Err(TheoryError::NoBalancedShape {
            inputs,
            hidden,
            outputs,
            lambda,
        });
    }
    let modes = inputs.min(hidden).min(outputs);
    if strengths.len() != modes {
        return Err(TheoryError::Shape {
            matrix: "strengths",
            rows: strengths.len(),
            columns: 1,
            expected: format!("{modes}x1 (min(inputs, hidden, outputs) numbers)"),
        });
    }
    require_finite("strengths", strengths)
}

fn require_orthogonal(
    name: &'static str,
    matrix: &DMatrix<f64>,
    deviation_name: &'static str,
) -> Result<(), TheoryError> {
    let size = matrix.nrows();
    require_matrix(name, matrix, (size, size), "square")?;
    let deviation = (matrix.tr_mul(matrix) - DMatrix::identity(size, size)).amax();
    require(
        deviation <= ORTHOGONAL,
        deviation_name,
        deviation,
        "at most 1e-9 in every entry",
    )
}
