//! Distances, velocities and alignments of kernels.

use std::f64::consts::SQRT_2;

use nalgebra::DMatrix;

use crate::error::{MetricError, require, require_at_least, require_entries, require_length};
use crate::weights::norm;

/// Kernel distance 1 − ⟨A, B⟩/(|A||B|) (no unit, 0 to 2; 0 to 1 for positive semidefinite kernels)
/// [Fort2020, kernel distance].
///
/// It is evaluated as half the squared distance of A/|A| and B/|B|, because a difference from 1 has
/// no digits below 1e-16. The rounding of the entries, ε = 2⁻⁵³, leaves a distance d an error of
/// the order of ε √d + ε². Equal kernels have the distance 0, proportional ones some ε² (more for
/// large kernels, whose norms gather rounding).
///
/// # Shapes
///
/// `a` and `b`: kernels of one shape, flattened in the same order.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there is no entry, an entry is not finite, or a kernel is 0.
///
/// # Examples
///
/// ```
/// let turned = metrics::kernel_distance(&[1.0, 0.0], &[1.0, 1.0])?;
/// assert!((turned - (1.0 - 0.5_f64.sqrt())).abs() < 1e-15);
/// assert_eq!(metrics::kernel_distance(&[1.0, 2.0], &[2.0, 4.0])?, 0.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn kernel_distance(a: &[f64], b: &[f64]) -> Result<f64, MetricError> {
    require_length("b", b.len(), a.len(), "a")?;
    let (a, b) = (unit("a", a)?, unit("b", b)?);
    let squares = a.iter().zip(&b).map(|(a, b)| (a - b).powi(2));
    Ok(0.5 * squares.sum::<f64>())
}

/// Kernel velocity: the distance of the kernels at t and t + dt, over dt (1 over the unit of `dt`)
/// [Fort2020, kernel velocity].
///
/// The distance grows like dt² while a kernel moves smoothly, so this number falls to 0 with dt:
/// compare velocities at the same dt only.
///
/// # Shapes
///
/// `now` and `later`: kernels of one shape, flattened in the same order; `dt` > 0, steps or flow
/// time.
///
/// # Errors
///
/// As [`kernel_distance`], and for a `dt` that is not finite and above 0.
///
/// # Examples
///
/// ```
/// assert!((metrics::kernel_velocity(&[1.0, 0.0], &[0.0, 1.0], 4.0)? - 0.25).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn kernel_velocity(now: &[f64], later: &[f64], dt: f64) -> Result<f64, MetricError> {
    require(dt.is_finite() && dt > 0.0, "dt", dt, "finite and above 0")?;
    require_length("later", later.len(), now.len(), "now")?;
    Ok(kernel_distance(now, later)? / dt)
}

/// Alignment of a kernel with the targets: yᵀ K y/(|K|_F |y|²) (no unit, −1 to 1)
/// [Cortes2012, kernel–target alignment, here without centring].
///
/// It is 1 for K = y yᵀ, and saturates early where a small network turns towards its task before
/// the loss moves (silent alignment).
///
/// # Shapes
///
/// `kernel` `[N, N]`, `targets` `[N]`, in the kernel's order. For a kernel of K outputs, `[K·N,
/// K·N]`, the targets are output-major as well.
///
/// # Errors
///
/// [`MetricError`] if `kernel` has not N² entries, an entry is not finite, or either is 0.
///
/// # Examples
///
/// ```
/// let aligned = metrics::target_alignment(&[1.0, -1.0, -1.0, 1.0], &[1.0, -1.0])?;
/// assert!((aligned - 1.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn target_alignment(kernel: &[f64], targets: &[f64]) -> Result<f64, MetricError> {
    let rows = targets.len();
    require_length("kernel", kernel.len(), rows * rows, "targets, squared")?;
    let (kernel, targets) = (unit("kernel", kernel)?, unit("targets", targets)?);
    let products = kernel.chunks_exact(rows).zip(&targets);
    Ok(products
        .map(|(row, y)| y * row.iter().zip(&targets).map(|(k, y)| k * y).sum::<f64>())
        .sum())
}

/// [`target_alignment`] for a packed kernel: only the lower triangle, row by row, with off-diagonal
/// entries times √2, as from [`mlp::Mlp::ntk_packed`]. [`kernel_distance`] accepts such packed
/// vectors directly.
///
/// # Shapes
///
/// `packed` `[n (n + 1)/2]`, `targets` `[n]`, in the kernel's order.
///
/// # Errors
///
/// As [`target_alignment`].
///
/// # Examples
///
/// ```
/// let packed = [1.0, -(2.0_f64.sqrt()), 1.0];
/// let aligned = metrics::packed_target_alignment(&packed, &[1.0, -1.0])?;
/// assert!((aligned - 1.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn packed_target_alignment(packed: &[f64], targets: &[f64]) -> Result<f64, MetricError> {
    let rows = targets.len();
    let expected = rows * (rows + 1) / 2;
    require_length("packed", packed.len(), expected, "targets, paired")?;
    let (kernel, targets) = (unit("packed", packed)?, unit("targets", targets)?);
    let mut rest = &kernel[..];
    let mut alignment = 0.0;
    for (row, y) in targets.iter().enumerate() {
        let (own, after) = rest.split_at(row + 1);
        let below: f64 = own.iter().zip(&targets[..row]).map(|(k, y)| k * y).sum();
        alignment += y * (SQRT_2 * below + own[row] * y);
        rest = after;
    }
    Ok(alignment)
}

/// Centred kernel alignment of two kernels: ⟨HAH, HBH⟩/(|HAH||HBH|) with H = I − 11ᵀ/N (no unit,
/// −1 to 1; 0 to 1 for positive semidefinite kernels)
/// [Cortes2012, centred alignment; Kornblith2019, linear CKA].
///
/// For Gram matrices of features it is the linear centred kernel alignment (CKA). For features, use
/// [`feature_cka`], which keeps more digits.
///
/// # Shapes
///
/// `a` and `b`: `[N, N]`, `rows` = N ≥ 2.
///
/// # Errors
///
/// [`MetricError`] if a length is wrong, an entry is not finite, or only rounding is left of a
/// kernel after centring, because its features are the same for all samples.
///
/// # Examples
///
/// ```
/// let gram = [1.0, 0.0, 0.0, 2.0];
/// assert_eq!(metrics::centred_cka(&gram, &gram, 2)?, 1.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn centred_cka(a: &[f64], b: &[f64], rows: usize) -> Result<f64, MetricError> {
    require(rows >= 2, "rows", rows as f64, "at least 2")?;
    require_length("a", a.len(), rows * rows, "rows, squared")?;
    require_length("b", b.len(), rows * rows, "rows, squared")?;
    let centred = |name, spread, kernel| -> Result<Vec<f64>, MetricError> {
        // Rows, then columns; H is symmetric.
        let kernel = unit(name, kernel)?;
        let half = transposed(&without_column_means(&kernel, rows), rows);
        varying(spread, without_column_means(&half, rows), rows)
    };
    alignment(
        &centred("a", "spread of a", a)?,
        &centred("b", "spread of b", b)?,
    )
}

/// Linear centred kernel alignment (CKA) of two sets of features of the same samples (no unit, 0
/// to 1) [Kornblith2019, linear CKA].
///
/// Rotations, shifts and a common scale of either set do not change it. It is [`centred_cka`] of
/// the Gram matrices, but the features are centred before they are multiplied, so that a large mean
/// costs few digits. Takes two matrices `[N, N]` of memory.
///
/// # Shapes
///
/// `a` `[N, D]`, `b` `[N, E]`, row-major, `rows` = N ≥ 2.
///
/// # Errors
///
/// [`MetricError`] if there are no entries, their number is not a multiple of N, an entry is not
/// finite, or the features are the same for all samples up to rounding.
///
/// # Examples
///
/// ```
/// let (a, b) = ([1.0, 2.0, 4.0], [3.0, 0.0, 6.0, 0.0, 12.0, 0.0]);
/// assert!((metrics::feature_cka(&a, &b, 3)? - 1.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn feature_cka(a: &[f64], b: &[f64], rows: usize) -> Result<f64, MetricError> {
    require(rows >= 2, "rows", rows as f64, "at least 2")?;
    for (name, features) in [("number of entries of a", a), ("number of entries of b", b)] {
        require(
            !features.is_empty() && features.len().is_multiple_of(rows),
            name,
            features.len() as f64,
            "above 0 and a multiple of rows",
        )?;
    }
    let gram = |name, spread, features: &[f64]| -> Result<Vec<f64>, MetricError> {
        let width = features.len() / rows;
        let centred = without_column_means(&unit(name, features)?, width);
        // Rescaled to size 1, because squares of a small spread would underflow.
        let centred = unit(spread, &varying(spread, centred, rows)?)?;
        let matrix = DMatrix::from_row_slice(rows, width, &centred);
        Ok((&matrix * matrix.transpose()).as_slice().to_vec())
    };
    alignment(&gram("a", "spread of a", a)?, &gram("b", "spread of b", b)?)
}

/// Distances to a linearised run, in the unit of the outputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearisedGap {
    /// max |f − f_lin|.
    pub largest: f64,
    /// Root of the mean of (f − f_lin)².
    pub rms: f64,
    /// Mean of |f − f_lin|.
    pub mean: f64,
}

/// Gap to the linearised run.
///
/// # Shapes
///
/// `outputs` and `linearised`: of one shape, flattened in the same order.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there is no entry, or an entry is not finite.
///
/// # Examples
///
/// ```
/// let gap = metrics::linearised_gap(&[1.0, 2.0, 0.0, 3.0], &[1.0, 2.0, 0.0, 7.0])?;
/// assert_eq!((gap.largest, gap.rms, gap.mean), (4.0, 2.0, 1.0));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn linearised_gap(outputs: &[f64], linearised: &[f64]) -> Result<LinearisedGap, MetricError> {
    require_length("linearised", linearised.len(), outputs.len(), "outputs")?;
    require_at_least("outputs", outputs.len(), 1)?;
    require_entries("outputs", outputs, "finite", f64::is_finite)?;
    require_entries("linearised", linearised, "finite", f64::is_finite)?;
    let gaps: Vec<f64> = (outputs.iter().zip(linearised))
        .map(|(f, g)| (f - g).abs())
        .collect();
    let count = gaps.len() as f64;
    Ok(LinearisedGap {
        largest: gaps.iter().copied().fold(0.0, f64::max),
        rms: norm(&gaps) / count.sqrt(),
        mean: gaps.iter().sum::<f64>() / count,
    })
}

/// ⟨A, B⟩/(|A||B|), computed from the distance, so that equal kernels give exactly 1 and no result
/// exceeds 1.
fn alignment(a: &[f64], b: &[f64]) -> Result<f64, MetricError> {
    Ok(1.0 - kernel_distance(a, b)?)
}

/// The entries over their Euclidean norm; they must be finite and not all 0.
fn unit(name: &'static str, values: &[f64]) -> Result<Vec<f64>, MetricError> {
    require_at_least(name, values.len(), 1)?;
    require_entries(name, values, "finite", f64::is_finite)?;
    let size = norm(values);
    require(size > 0.0, name, size, "not 0 in all entries")?;
    if size.is_finite() && size.recip().is_finite() {
        return Ok(values.iter().map(|value| value / size).collect());
    }
    // Entries near the ends of the range of f64 would lose digits in the norm, so the largest is
    // scaled to 1 first.
    let largest = values
        .iter()
        .fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let scaled: Vec<f64> = values.iter().map(|value| value / largest).collect();
    let size = norm(&scaled);
    Ok(scaled.iter().map(|value| value / size).collect())
}

/// Every column minus its mean, for rows of `width` entries.
fn without_column_means(values: &[f64], width: usize) -> Vec<f64> {
    let mut means = vec![0.0; width];
    for row in values.chunks_exact(width) {
        for (mean, value) in means.iter_mut().zip(row) {
            *mean += value;
        }
    }
    let count = (values.len() / width) as f64;
    let rows = values.chunks_exact(width);
    rows.flat_map(|row| {
        row.iter()
            .zip(&means)
            .map(|(value, sum)| value - sum / count)
    })
    .collect()
}

/// The transpose of a square matrix.
fn transposed(square: &[f64], rows: usize) -> Vec<f64> {
    (0..rows * rows)
        .map(|at| square[at % rows * rows + at / rows])
        .collect()
}

/// The centred values of something of size 1, if they exceed the rounding of the means.
fn varying(spread: &'static str, centred: Vec<f64>, rows: usize) -> Result<Vec<f64>, MetricError> {
    let size = norm(&centred);
    require(
        size > rows as f64 * f64::EPSILON,
        spread,
        size,
        "above the rounding of the means",
    )?;
    Ok(centred)
}
