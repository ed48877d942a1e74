use nalgebra::DMatrix;

use super::{require_layers, require_matrix};
use crate::error::TheoryError;

/// Tangent kernel of f(x) = W2 W1 x at the inputs X: K = I_c ⊗ XᵀW1ᵀW1X + W2W2ᵀ ⊗ XᵀX.
///
/// * `first` W1 (h×d), `second` W2 (c×h);
/// * `inputs` X, d×N: one input per column.
///
/// The result is (c·N)×(c·N), symmetric and positive semidefinite; the row of output i at example
/// a is i N + a (output-major). Any layers: they need not be balanced.
///
/// # Errors
///
/// [`TheoryError::Shape`] if the matrices do not fit together, [`TheoryError::Domain`] for an entry
/// that is not finite.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// // One output, two inputs: XᵀW1ᵀW1X + |W2|² XᵀX.
/// let kernel = theory::linear_ntk(&dmatrix![1.0, 2.0], &dmatrix![3.0], &dmatrix![1.0, 0.0; 0.0, 1.0])?;
/// assert_eq!(kernel, dmatrix![10.0, 2.0; 2.0, 13.0]);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Jacot2018, tangent kernel; Braun2022, tangent kernel of a two-layer linear network]
pub fn linear_ntk(
    first: &DMatrix<f64>,
    second: &DMatrix<f64>,
    inputs: &DMatrix<f64>,
) -> Result<DMatrix<f64>, TheoryError> {
    require_layers(first, second)?;
    linear_ntk_of_grams(&first.tr_mul(first), &(second * second.transpose()), inputs)
}

/// The same as [`linear_ntk`], from the Gram matrices W1ᵀW1 (`first_gram`, d×d) and W2W2ᵀ
/// (`second_gram`, c×c) that the exact solution gives.
///
/// # Errors
///
/// [`TheoryError::Shape`] if the matrices do not fit together, [`TheoryError::Domain`] for an entry
/// that is not finite.
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// let kernel = theory::linear_ntk_of_grams(&dmatrix![4.0], &dmatrix![9.0], &dmatrix![1.0, 2.0])?;
/// assert_eq!(kernel, dmatrix![13.0, 26.0; 26.0, 52.0]);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Jacot2018, tangent kernel; Braun2022, tangent kernel of a two-layer linear network]
pub fn linear_ntk_of_grams(
    first_gram: &DMatrix<f64>,
    second_gram: &DMatrix<f64>,
    inputs: &DMatrix<f64>,
) -> Result<DMatrix<f64>, TheoryError> {
    let (width, outputs, examples) = (first_gram.nrows(), second_gram.nrows(), inputs.ncols());
    require_matrix("first_gram", first_gram, (width, width), "inputs x inputs")?;
    require_matrix(
        "second_gram",
        second_gram,
        (outputs, outputs),
        "outputs x outputs",
    )?;
    require_matrix("inputs", inputs, (width, examples), "inputs x examples")?;
    let mut kernel = second_gram.kronecker(&inputs.tr_mul(inputs));
    let features = inputs.tr_mul(&(first_gram * inputs));
    for output in 0..outputs {
        let corner = (output * examples, output * examples);
        let mut block = kernel.view_mut(corner, (examples, examples));
        block += &features;
    }
    Ok(kernel)
}
