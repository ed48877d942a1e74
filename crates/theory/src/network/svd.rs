//! Singular value decomposition with complete orthogonal factors.

use nalgebra::DMatrix;

/// Largest number of sweeps of rotations; random matrices need 5 to 8.
const SWEEPS: usize = 60;

/// M = U diag(S) Vᵀ with square U (rows × rows), V (columns × columns) and S falling.
#[derive(Debug, Clone, PartialEq)]
pub struct FullSvd {
    /// U; column k belongs to the k-th value.
    pub left: DMatrix<f64>,
    /// S, min(rows, columns) of them, in the unit of the matrix; values within rounding are set to
    /// 0.
    pub values: Vec<f64>,
    /// V; column k belongs to the k-th value.
    pub right: DMatrix<f64>,
}

/// The singular value decomposition of a matrix of any rank with finite entries.
///
/// It uses one-sided Jacobi rotations, so small singular values keep their digits, and the null
/// vectors of both sides, which the exact solution needs, are included. (The vectors of nalgebra's
/// own decomposition are wrong by up to 10 % for matrices that are not of full rank.)
///
/// # Examples
///
/// ```
/// use theory::nalgebra::dmatrix;
/// let svd = theory::full_svd(&dmatrix![0.0, 2.0; 0.0, 0.0]);
/// assert_eq!(svd.values, [2.0, 0.0]);
/// assert_eq!(svd.right.column(0).abs().as_slice(), [0.0, 1.0]);
/// ```
pub fn full_svd(matrix: &DMatrix<f64>) -> FullSvd {
    if matrix.nrows() < matrix.ncols() {
        let flipped = full_svd(&matrix.transpose());
        return FullSvd {
            left: flipped.right,
            values: flipped.values,
            right: flipped.left,
        };
    }
    let (rows, columns) = matrix.shape();
    // Scaled, so that no square overflows.
    let scale = matrix.amax();
    let scale = if scale > 0.0 { scale } else { 1.0 };
    let mut image = matrix / scale;
    let mut right = DMatrix::identity(columns, columns);
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for p in 0..columns {
            for q in p + 1..columns {
                rotated |= rotate(&mut image, &mut right, p, q);
            }
        }
        if !rotated {
            break;
        }
    }
    let norms: Vec<f64> = image.column_iter().map(|column| column.norm()).collect();
    let mut order: Vec<usize> = (0..columns).collect();
    order.sort_by(|&p, &q| norms[q].total_cmp(&norms[p]));
    // Columns below this norm are rounding, and their direction has no meaning.
    let floor = rows as f64 * f64::EPSILON * norms[order[0]];
    let mut left = DMatrix::zeros(rows, rows);
    let mut values = vec![0.0; columns];
    let mut found = 0;
    for (rank, &source) in order.iter().enumerate() {
        if norms[source] > floor {
            values[rank] = norms[source] * scale;
            left.set_column(rank, &(image.column(source) / norms[source]));
            found += 1;
        }
    }
    complete(&mut left, found);
    FullSvd {
        left,
        values,
        right: right.select_columns(&order),
    }
}

/// Makes columns p and q of `image` orthogonal; false if they were.
fn rotate(image: &mut DMatrix<f64>, right: &mut DMatrix<f64>, p: usize, q: usize) -> bool {
    let (square_p, square_q) = (
        image.column(p).norm_squared(),
        image.column(q).norm_squared(),
    );
    let overlap = image.column(p).dot(&image.column(q));
    if overlap.abs() <= f64::EPSILON * (square_p * square_q).sqrt() {
        return false;
    }
    let cotangent = (square_q - square_p) / (2.0 * overlap);
    let tangent = cotangent.signum() / (cotangent.abs() + cotangent.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    let sine = cosine * tangent;
    for matrix in [image, right] {
        for row in 0..matrix.nrows() {
            let (x, y) = (matrix[(row, p)], matrix[(row, q)]);
            matrix[(row, p)] = cosine * x - sine * y;
            matrix[(row, q)] = sine * x + cosine * y;
        }
    }
    true
}

/// Fills the columns from `found` on so that all are orthonormal.
fn complete(basis: &mut DMatrix<f64>, found: usize) {
    let rows = basis.nrows();
    for next in found..rows {
        // The unit vector that the columns cover least so far, so that nothing cancels.
        let covered = |row: usize| basis.row(row).norm_squared();
        let start = (0..rows).min_by(|&a, &b| covered(a).total_cmp(&covered(b)));
        let mut vector = nalgebra::DVector::zeros(rows);
        vector[start.unwrap_or(0)] = 1.0;
        // Twice is enough for orthogonality to rounding.
        for _ in 0..2 {
            for column in 0..next {
                let overlap = basis.column(column).dot(&vector);
                vector.axpy(-overlap, &basis.column(column), 1.0);
            }
            vector.normalize_mut();
        }
        basis.set_column(next, &vector);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few hundred roundings of numbers of order one.
    const ROUNDING: f64 = 1e-13;

    fn check(matrix: &DMatrix<f64>) -> FullSvd {
        let svd = full_svd(matrix);
        let (rows, columns) = matrix.shape();
        let mut middle = DMatrix::zeros(rows, columns);
        for (i, &value) in svd.values.iter().enumerate() {
            middle[(i, i)] = value;
        }
        let scale = matrix.amax().max(f64::MIN_POSITIVE);
        let back = &svd.left * middle * svd.right.transpose();
        assert!((back - matrix).amax() < ROUNDING * scale, "{matrix}");
        for factor in [&svd.left, &svd.right] {
            let size = factor.nrows();
            let gram = factor.transpose() * factor - DMatrix::identity(size, size);
            assert!(gram.amax() < ROUNDING, "{factor}");
        }
        assert!(svd.values.is_sorted_by(|a, b| a >= b));
        svd
    }

    fn wavy(rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |i, j| {
            // sin(a i + b j) alone would have rank 2.
            (3.7 * i as f64 + 1.3 * (j * j * (i + 1)) as f64 + 0.4).sin()
        })
    }

    #[test]
    fn it_multiplies_back_for_every_shape() {
        for (rows, columns) in [
            (1, 1),
            (2, 2),
            (3, 5),
            (5, 3),
            (1, 4),
            (4, 1),
            (10, 20),
            (7, 7),
        ] {
            check(&wavy(rows, columns));
            check(&(wavy(rows, columns) * 1e200));
        }
    }

    #[test]
    fn null_directions_are_exact_zeros_with_orthonormal_vectors() {
        for rank in 0..4 {
            let matrix = wavy(6, rank) * wavy(rank, 5);
            let svd = check(&matrix);
            let zeros = svd.values.iter().filter(|value| **value == 0.0).count();
            assert_eq!(zeros, 5 - rank);
        }
    }

    #[test]
    fn small_singular_values_keep_their_digits() {
        let matrix = DMatrix::from_row_slice(2, 2, &[1.0, 1e-12, 0.0, 1e-12]);
        let svd = check(&matrix);
        assert!((svd.values[1] / 1e-12 - 1.0).abs() < ROUNDING);
    }
}
