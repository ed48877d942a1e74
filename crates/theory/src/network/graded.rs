//! Orthonormal columns of a matrix whose rows differ by astronomical factors.

use nalgebra::DMatrix;

/// The first rows of an orthonormal basis of the columns of M = [diag(e^τ) Y; I_h].
///
/// `rows` is Y (n×h) and `logs` τ (n numbers, as large as 1e300). The result T (n×h) has
/// T Tᵀ = B (I + BᵀB)⁻¹ Bᵀ with B = diag(e^τ) Y; it is unique up to a rotation from the right.
///
/// Reflections from the right make Y lower trapezoidal; the pivot of each step is the row with the
/// largest rest, e^τ included. Rotating and scaling columns leaves their span alone, so every
/// column may then be divided by its pivot: all entries are at most 1, only differences of τ are
/// exponentiated, and nothing overflows or is capped.
pub(super) fn top_of_orthonormal_columns(rows: &DMatrix<f64>, logs: &[f64]) -> DMatrix<f64> {
    let (modes, hidden) = rows.shape();
    let total = modes + hidden;
    let log = |row: usize| logs.get(row).copied().unwrap_or(0.0);
    // Transposed: one column per row of M, which is contiguous.
    let mut lower = DMatrix::<f64>::zeros(hidden, total);
    for row in 0..modes {
        lower.column_mut(row).tr_copy_from(&rows.row(row));
    }
    lower.columns_mut(modes, hidden).fill_with_identity();

    let mut left: Vec<usize> = (0..total).collect();
    let mut scaled = DMatrix::<f64>::zeros(total, hidden);
    let mut mirror = vec![0.0; hidden];
    for step in 0..hidden {
        let rest = |row: usize| log(row) + norm(&lower.column(row).as_slice()[step..]).ln();
        let (mut place, mut largest) = (0, f64::NEG_INFINITY);
        for (candidate, &row) in left.iter().enumerate() {
            let size = rest(row);
            if size > largest {
                (place, largest) = (candidate, size);
            }
        }
        let pivot = left.swap_remove(place);
        let diagonal = reflect(&mut lower, pivot, step, &left, &mut mirror);
        scaled[(pivot, step)] = 1.0;
        for &row in &left {
            let ratio = lower[(step, row)] / diagonal;
            scaled[(row, step)] = times_exp(ratio, log(row) - log(pivot));
        }
    }
    let top = scaled.rows(0, modes).transpose();
    let triangle = scaled.qr().unpack_r();
    // The unit pivots keep the triangle far from singular.
    triangle
        .tr_solve_upper_triangular(&top)
        .unwrap_or_else(|| DMatrix::from_element(hidden, modes, f64::NAN))
        .transpose()
}

/// Reflects so that row `pivot` has one number from column `step` on, and gives that number.
fn reflect(
    lower: &mut DMatrix<f64>,
    pivot: usize,
    step: usize,
    others: &[usize],
    mirror: &mut [f64],
) -> f64 {
    let hidden = lower.nrows();
    let norm = norm(&lower.column(pivot).as_slice()[step..]);
    let head = lower[(step, pivot)];
    // The sign without cancellation.
    let diagonal = if head > 0.0 { -norm } else { norm };
    for index in step..hidden {
        mirror[index] = lower[(index, pivot)] / norm;
    }
    mirror[step] = (head - diagonal) / norm;
    let factor = -norm / (diagonal * mirror[step]);
    for &row in others {
        let mut column = lower.column_mut(row);
        let overlap: f64 = (step..hidden).map(|i| mirror[i] * column[i]).sum();
        for index in step..hidden {
            column[index] -= factor * overlap * mirror[index];
        }
    }
    diagonal
}

/// x e^{log}, where the factor may overflow if x is tiny; a row that is exactly zero stays so.
fn times_exp(x: f64, log: f64) -> f64 {
    if x == 0.0 {
        return 0.0;
    }
    // Two halves reach from the smallest x to 1.
    let half = (0.5 * log).exp();
    x * half * half
}

/// Euclidean norm whose squares neither overflow nor vanish.
fn norm(numbers: &[f64]) -> f64 {
    let largest = numbers.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let squares: f64 = numbers.iter().map(|x| (x / largest).powi(2)).sum();
    largest * squares.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_numbers_may_have_the_largest_factors() {
        // Subnormal numbers have few digits left.
        const DIGITS: f64 = 1e-9;
        let (x, log) = (1e-312_f64, 712.0_f64);
        let b = (x.ln() + log).exp();
        let top = top_of_orthonormal_columns(&DMatrix::from_element(1, 1, x), &[log]);
        let expected = b / b.hypot(1.0);
        assert!((top[(0, 0)].abs() / expected - 1.0).abs() < DIGITS, "{top}");
    }
}
