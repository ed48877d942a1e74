//! Two-layer linear networks f(x) = W2 W1 x as matrices: exact flow, kernels, balance.
//!
//! Column convention throughout: W1 is h×d (d inputs, h hidden units), W2 is c×h (c outputs),
//! inputs are whitened (E\[x xᵀ\] = I), and the task is the correlation Syx = E\[y xᵀ\], c×d, with
//! singular value decomposition Σ_α S_α u_α v_αᵀ. Gradient flow on ½ E|f − y|² is
//! W1' = W2ᵀ(Syx − W2W1), W2' = (Syx − W2W1) W1ᵀ.

mod aligned;
mod balance;
mod end_to_end;
mod exact;
mod graded;
mod half_time;
mod kernel;
mod linearised;
mod state;
mod svd;
mod weights;

pub use aligned::{AlignedNetwork, aligned_weights};
pub use balance::{BALANCE_TOLERANCE, Balance, balance};
pub use end_to_end::end_to_end_rate;
pub use exact::BalancedNetwork;
pub use half_time::{RandomStartMode, random_start_half_times};
pub use kernel::{linear_ntk, linear_ntk_of_grams};
pub use linearised::LinearisedNetwork;
pub use state::NetworkState;
pub use svd::{FullSvd, full_svd};
pub use weights::{balanced_weights, random_orthogonal};

use nalgebra::DMatrix;

use crate::error::{TheoryError, require};

/// `Ok` if `matrix` is `rows`×`columns`, all numbers finite and neither size 0.
fn require_matrix(
    name: &'static str,
    matrix: &DMatrix<f64>,
    (rows, columns): (usize, usize),
    meaning: &str,
) -> Result<(), TheoryError> {
    if matrix.shape() == (rows, columns) && rows > 0 && columns > 0 {
        return require_finite(name, matrix.as_slice());
    }
    Err(TheoryError::Shape {
        matrix: name,
        rows: matrix.nrows(),
        columns: matrix.ncols(),
        expected: format!("{}x{} ({meaning}), no size 0", rows.max(1), columns.max(1)),
    })
}

fn require_finite(name: &'static str, numbers: &[f64]) -> Result<(), TheoryError> {
    match numbers.iter().find(|number| !number.is_finite()) {
        None => Ok(()),
        Some(&number) => require(false, name, number, "finite in every entry"),
    }
}

/// Checks that the layers fit together and fit the task; returns (d, h, c).
fn require_layers(
    first: &DMatrix<f64>,
    second: &DMatrix<f64>,
) -> Result<(usize, usize, usize), TheoryError> {
    let (hidden, inputs) = first.shape();
    let outputs = second.nrows();
    require_matrix("first", first, (hidden, inputs), "hidden x inputs")?;
    require_matrix("second", second, (outputs, hidden), "outputs x hidden")?;
    Ok((inputs, hidden, outputs))
}
