//! How far a kernel has moved, and what it points at.

use nalgebra::DMatrix;

use crate::error::{MetricError, require_at_least, require_entries, require_length};
use crate::weights::norm;

/// Kernel distance 1 − ⟨A, B⟩/(|A||B|) (no unit, 0 to 2; 0 to 1 for positive semidefinite kernels).
///
/// Between the tangent kernels at two times it is the distance moved, between neighbouring times
/// the kernel velocity times the step. Evaluated as half the squared distance of A/|A| and B/|B|,
/// which keeps its digits down to about 1e-32 where the difference from 1 would lose them at 1e-16.
///
/// # Shapes
///
/// `a` and `b`: kernels of one shape, flattened.
///
/// # Errors
///
/// [`MetricError`] if lengths differ, there is no entry, an entry is not finite, or a kernel is 0.
///
/// # Examples
///
/// ```
/// assert!((metrics::kernel_distance(&[1.0, 0.0], &[1.0, 1.0])? - (1.0 - 0.5_f64.sqrt())).abs() < 1e-15);
/// assert_eq!(metrics::kernel_distance(&[1.0, 2.0], &[2.0, 4.0])?, 0.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
///
/// [Kunin2024, kernel distance; Nam2025, lazy and rich regimes]
pub fn kernel_distance(a: &[f64], b: &[f64]) -> Result<f64, MetricError> {
    require_length("b", b.len(), a.len(), "a")?;
    let (size_a, size_b) = (size("a", a)?, size("b", b)?);
    let squares = a
        .iter()
        .zip(b)
        .map(|(a, b)| (a / size_a - b / size_b).powi(2));
    Ok(0.5 * squares.sum::<f64>())
}

/// Alignment of a kernel with the targets: yᵀ K y/(|K|_F |y|²) (no unit, −1 to 1).
///
/// It is 1 for K = y yᵀ, and saturates early where a small network turns towards its task before
/// the loss moves (silent alignment).
///
/// # Shapes
///
/// `kernel` `[N, N]`, `targets` `[N]`, in the kernel's order.
///
/// # Errors
///
/// [`MetricError`] if `kernel` has not N² entries, an entry is not finite, or either is 0.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::target_alignment(&[1.0, -1.0, -1.0, 1.0], &[1.0, -1.0])?, 1.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
///
/// [Cortes2012, kernel–target alignment]
pub fn target_alignment(kernel: &[f64], targets: &[f64]) -> Result<f64, MetricError> {
    let rows = targets.len();
    require_length("kernel", kernel.len(), rows * rows, "targets, squared")?;
    let (kernel_size, target_size) = (size("kernel", kernel)?, size("targets", targets)?);
    let products = kernel.chunks_exact(rows).zip(targets).map(|(row, target)| {
        let along: f64 = row
            .iter()
            .zip(targets)
            .map(|(k, y)| k / kernel_size * (y / target_size))
            .sum();
        target / target_size * along
    });
    Ok(products.sum())
}

/// Centred kernel alignment of two kernels: ⟨HAH, HBH⟩/(|HAH||HBH|) with H = I − 11ᵀ/N (no unit,
/// −1 to 1; 0 to 1 for positive semidefinite kernels).
///
/// Of the Gram matrices of features it is the linear centred kernel alignment (CKA), see
/// [`feature_cka`].
///
/// # Shapes
///
/// `a` and `b`: `[N, N]`, `rows` = N ≥ 2.
///
/// # Errors
///
/// [`MetricError`] for other lengths, entries that are not finite, and a kernel that is constant
/// (0 after centring).
///
/// # Examples
///
/// ```
/// let gram = [1.0, 0.0, 0.0, 2.0];
/// assert!((metrics::centred_cka(&gram, &gram, 2)? - 1.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
///
/// [Cortes2012; Kornblith2019]
pub fn centred_cka(a: &[f64], b: &[f64], rows: usize) -> Result<f64, MetricError> {
    require_at_least("rows", rows, 2)?;
    require_length("a", a.len(), rows * rows, "rows, squared")?;
    require_length("b", b.len(), a.len(), "a")?;
    let (a, b) = (centred(a, rows), centred(b, rows));
    let (size_a, size_b) = (size("a, centred", &a)?, size("b, centred", &b)?);
    Ok(a.iter()
        .zip(&b)
        .map(|(a, b)| a / size_a * (b / size_b))
        .sum())
}

/// Linear centred kernel alignment (CKA) of two sets of features of the same samples (no unit, 0
/// to 1); rotations and a common scale of either do not change it.
///
/// # Shapes
///
/// `a` `[N, D]`, `b` `[N, E]`, row-major, `rows` = N ≥ 2.
///
/// # Errors
///
/// [`MetricError`] for lengths that are no multiple of N, entries that are not finite, and features
/// that are the same for all samples.
///
/// # Examples
///
/// ```
/// let (a, b) = ([1.0, 2.0, 4.0], [3.0, 0.0, 6.0, 0.0, 12.0, 0.0]);
/// assert!((metrics::feature_cka(&a, &b, 3)? - 1.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
///
/// [Kornblith2019]
pub fn feature_cka(a: &[f64], b: &[f64], rows: usize) -> Result<f64, MetricError> {
    require_at_least("rows", rows, 2)?;
    let gram = |name: &'static str, features: &[f64]| {
        let width = features.len() / rows;
        require_length(name, features.len(), width * rows, "a multiple of rows")?;
        let matrix = DMatrix::from_row_slice(rows, width, features);
        Ok::<_, MetricError>((&matrix * matrix.transpose()).as_slice().to_vec())
    };
    centred_cka(&gram("a", a)?, &gram("b", b)?, rows)
}

/// H K H.
fn centred(kernel: &[f64], rows: usize) -> Vec<f64> {
    let count = rows as f64;
    let row_means: Vec<f64> = (kernel.chunks_exact(rows))
        .map(|row| row.iter().sum::<f64>() / count)
        .collect();
    let column_means: Vec<f64> = (0..rows)
        .map(|column| kernel[column..].iter().step_by(rows).sum::<f64>() / count)
        .collect();
    let mean = row_means.iter().sum::<f64>() / count;
    let entries = kernel.iter().enumerate();
    entries
        .map(|(at, k)| k - row_means[at / rows] - column_means[at % rows] + mean)
        .collect()
}

/// Frobenius norm of what must be finite and not 0.
fn size(name: &'static str, values: &[f64]) -> Result<f64, MetricError> {
    require_at_least(name, values.len(), 1)?;
    require_entries(name, values, "finite", f64::is_finite)?;
    let size = norm(values);
    if size > 0.0 {
        return Ok(size);
    }
    Err(MetricError::Domain {
        name,
        value: 0.0,
        domain: "not 0 in all entries",
    })
}
