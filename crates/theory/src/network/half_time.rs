use nalgebra::{DMatrix, DVector};

use super::svd::full_svd;
use super::{require_layers, require_matrix};
use crate::error::TheoryError;

/// A squared overlap below this share of its size before projection is rounding.
const ROUNDING: f64 = 1e-28;

/// The time at which a network from a small random start has learned half of one mode of the task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RandomStartMode {
    /// Target S_α, a singular value of the correlation, strength units.
    pub target: f64,
    /// Overlap x₀ = |uᵀW2 + (W1 v)ᵀ|² of the start with the growing direction, strength units.
    pub overlap: f64,
    /// The part of the overlap that is orthogonal to the faster modes, strength units.
    pub free_overlap: f64,
    /// Flow time at which the mode reaches S/2; infinite for a target or free overlap of 0, NaN if
    /// the start is already past the half (x₀ > 2S: not a small start).
    pub half_time: f64,
}

impl RandomStartMode {
    /// The strength at flow time `time` relative to the target, 1/(1 + (4 S/x₀ − 1) e^(−2 S t)):
    /// the sigmoid with this half-time.
    ///
    /// NaN where the half-time is, 0 where it is infinite.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let modes = theory::random_start_half_times(&dmatrix![0.1], &dmatrix![0.1], &dmatrix![2.0])?;
    /// let exact = theory::BalancedMode::new(1.0, 2.0, 0.01)?;
    /// assert!((modes[0].strength(1.3) - exact.strength(1.3) / 2.0).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn strength(&self, time: f64) -> f64 {
        if self.half_time == f64::INFINITY {
            return 0.0;
        }
        1.0 / (1.0 + (2.0 * self.target * (self.half_time - time)).exp())
    }
}

/// Half-times of all modes from a small, random, *not* aligned start: t = ln(4S/x₀ − 1)/(2S).
///
/// * `first` W1 (h×d), `second` W2 (c×h): the start, which need not be balanced;
/// * `correlation` Syx (c×d) with singular values S and vectors u, v.
///
/// One result per singular value, largest first. Mode α grows along the hidden vector
/// y_α = W2ᵀu_α + W1 v_α. x₀ is the squared length of the part of y_α that is orthogonal to the
/// vectors of all faster modes (`free_overlap`), because a mode that has been learned holds its
/// hidden direction. For the first mode, or many more hidden units than modes, that is nearly
/// |y_α|² (`overlap`). Beyond a bottleneck no overlap remains, and the half-time is infinite.
///
/// If singular values are equal, the vectors and thus the overlaps are not determined.
///
/// Derived here: while W is small, y_α grows as e^{S t} and W1 v − W2ᵀu shrinks; a mode is then the
/// balanced sigmoid that starts at s = x₀/4. Nothing is fitted. Compared with an integrator of the
/// full flow (8 modes, S from 4 to 0.2, 10 hidden units, 8 random starts per size): the half-times
/// are within 2 % for weights of size 1e-2, 0.1 % for 1e-4 and 0.01 % for 1e-6. With
/// |y_α|² instead they are up to 25 % too early.
///
/// # Assumes
///
/// Whitened inputs, halved squared error, weights so small that a mode has been learned before a
/// slower one is visible.
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
    // Orthonormal hidden directions of the modes so far.
    let mut taken: Vec<DVector<f64>> = Vec::new();
    let modes = svd.values.iter().enumerate().map(|(index, &target)| {
        let growing = second.tr_mul(&svd.left.column(index)) + first * svd.right.column(index);
        let overlap = growing.norm_squared();
        let mut free = growing;
        // Twice is enough for orthogonality to rounding.
        for direction in taken.iter().chain(&taken) {
            let along = direction.dot(&free);
            free.axpy(-along, direction, 1.0);
        }
        let free_overlap = free.norm_squared();
        // If all hidden directions are taken, the rest is rounding.
        let free_overlap = if free_overlap > ROUNDING * overlap {
            taken.push(free.normalize());
            free_overlap
        } else {
            0.0
        };
        // A zero of either would give 0/0.
        let half_time = if target > 0.0 && free_overlap > 0.0 {
            (4.0 * target / free_overlap - 1.0).ln() / (2.0 * target)
        } else {
            f64::INFINITY
        };
        RandomStartMode {
            target,
            overlap,
            free_overlap,
            half_time: if half_time < 0.0 { f64::NAN } else { half_time },
        }
    });
    Ok(modes.collect())
}
