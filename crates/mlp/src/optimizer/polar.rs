//! The orthogonal polar factor of a matrix of any rank.

/// Passes of rotations at most; random matrices need 5 to 8.
const SWEEPS: usize = 60;

/// U Vᵀ of M = U Σ Vᵀ `[rows, columns]`, row-major: the matrix with the same singular vectors, whose
/// singular values are 1, or 0 where those of M are at most `floor` times the largest.
///
/// An orthonormal basis of the shorter side's span is found first (Gram-Schmidt with pivoting), so that
/// a matrix of low rank costs little; one-sided Jacobi rotations then make the coordinates orthogonal,
/// which keeps the digits of small singular values. The factor of 0 is 0. A matrix with an entry that is
/// not finite gives NaN.
pub(super) fn polar_factor(matrix: &[f64], rows: usize, columns: usize, floor: f64) -> Vec<f64> {
    let largest = matrix.iter().fold(0.0_f64, |top, x| top.max(x.abs()));
    if matrix.iter().any(|x| !x.is_finite()) {
        return vec![f64::NAN; matrix.len()];
    }
    if largest == 0.0 {
        return vec![0.0; matrix.len()];
    }
    // The vectors of the shorter side, scaled so that no square overflows.
    let by_rows = rows <= columns;
    let entry = |vector: usize, at: usize| match by_rows {
        true => vector * columns + at,
        false => at * columns + vector,
    };
    let (count, length) = (rows.min(columns), rows.max(columns));
    let vectors: Vec<Vec<f64>> = (0..count)
        .map(|vector| {
            let entries = (0..length).map(|at| matrix[entry(vector, at)] / largest);
            entries.collect()
        })
        .collect();

    let basis = orthonormal_basis(&vectors);
    // Row k: coordinates of all vectors along direction k.
    let mut coordinates: Vec<Vec<f64>> = (basis.iter())
        .map(|direction| vectors.iter().map(|v| dot(direction, v)).collect())
        .collect();
    let mut directions = basis;
    make_orthogonal(&mut coordinates, &mut directions);

    let values: Vec<f64> = coordinates.iter().map(|row| norm(row)).collect();
    let strongest = values.iter().copied().fold(0.0, f64::max);
    let mut factor = vec![0.0; matrix.len()];
    for ((row, direction), value) in coordinates.iter().zip(&directions).zip(&values) {
        if *value <= floor * strongest {
            continue;
        }
        for (vector, coordinate) in row.iter().enumerate() {
            let share = coordinate / value;
            for (at, direction) in direction.iter().enumerate() {
                factor[entry(vector, at)] += share * direction;
            }
        }
    }
    factor
}

/// Orthonormal directions whose span holds all vectors to rounding, the longest remainder first.
fn orthonormal_basis(vectors: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let longest = vectors.iter().map(|v| norm(v)).fold(0.0, f64::max);
    let length = vectors.first().map_or(0, Vec::len);
    // Remainders below this have no direction but that of rounding.
    let floor = length as f64 * f64::EPSILON * longest;
    let mut rest = vectors.to_vec();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    while basis.len() < vectors.len() {
        let norms: Vec<f64> = rest.iter().map(|v| norm(v)).collect();
        let pivot = (0..rest.len()).max_by(|&a, &b| norms[a].total_cmp(&norms[b]));
        let Some(pivot) = pivot.filter(|&pivot| norms[pivot] > floor) else {
            break;
        };
        let mut direction = rest.swap_remove(pivot);
        // Once more against all, because the remainder may be small.
        for known in &basis {
            subtract_along(&mut direction, known);
        }
        let size = norm(&direction);
        if size <= floor {
            continue;
        }
        direction.iter_mut().for_each(|x| *x /= size);
        for other in &mut rest {
            subtract_along(other, &direction);
        }
        basis.push(direction);
    }
    basis
}

/// Rotates pairs of rows of `matrix` until they are orthogonal, and pairs of `directions` alike, which
/// leaves the sum of their products as it is.
fn make_orthogonal(matrix: &mut [Vec<f64>], directions: &mut [Vec<f64>]) {
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for q in 1..matrix.len() {
            for p in 0..q {
                if let Some((cosine, sine)) = rotation(&matrix[p], &matrix[q]) {
                    rotate(matrix, p, q, cosine, sine);
                    rotate(directions, p, q, cosine, sine);
                    rotated = true;
                }
            }
        }
        if !rotated {
            return;
        }
    }
}

/// Cosine and sine of the rotation that makes two vectors orthogonal; `None` if they are.
fn rotation(p: &[f64], q: &[f64]) -> Option<(f64, f64)> {
    let (square_p, square_q, overlap) = (dot(p, p), dot(q, q), dot(p, q));
    // Not orthogonal beyond the rounding of a sum of as many terms.
    let rounding = p.len() as f64 * f64::EPSILON;
    if overlap.abs() <= rounding * (square_p * square_q).sqrt() {
        return None;
    }
    let cotangent = (square_q - square_p) / (2.0 * overlap);
    let tangent = cotangent.signum() / (cotangent.abs() + cotangent.hypot(1.0));
    let cosine = 1.0 / tangent.hypot(1.0);
    Some((cosine, cosine * tangent))
}

fn rotate(rows: &mut [Vec<f64>], p: usize, q: usize, cosine: f64, sine: f64) {
    let (before, after) = rows.split_at_mut(q);
    for (p, q) in before[p].iter_mut().zip(&mut after[0]) {
        (*p, *q) = (cosine * *p - sine * *q, sine * *p + cosine * *q);
    }
}

fn subtract_along(vector: &mut [f64], direction: &[f64]) {
    let along = dot(vector, direction);
    for (x, direction) in vector.iter_mut().zip(direction) {
        *x -= along * direction;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(vector: &[f64]) -> f64 {
    dot(vector, vector).sqrt()
}
