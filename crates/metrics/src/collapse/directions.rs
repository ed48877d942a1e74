use nalgebra::{DMatrix, DVector};

/// A direction counts if its singular value, relative to the largest entry, is above this number
/// times the larger side of the matrix. Smaller singular values are rounding of the entries.
const RANK_TOLERANCE: f64 = 4.0 * f64::EPSILON;

/// Two directions count as orthogonal below this cosine, which changes nc1 by less than its square.
const ORTHOGONAL: f64 = 1e-8;

/// Largest number of sweeps; each sweep squares the remaining cosines.
const SWEEPS: usize = 30;

/// A unit vector `[d]` with its singular value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Direction {
    pub(super) singular: f64,
    pub(super) unit: Vec<f64>,
}

/// Directions spanned by centred columns.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Directions {
    /// Largest singular value first.
    pub(super) kept: Vec<Direction>,
    /// Directions that may be rounding, largest first.
    pub(super) dropped: Vec<Direction>,
}

/// The directions that centred columns `[d, C]` span, at most C − 1. The columns are differences of
/// numbers of size `scale`, and `rounding` `[d]` bounds the rounding of each row of the matrix.
///
/// They come from the eigenvectors v of the C × C Gram matrix, as A v. The singular value is |A v|
/// rather than the root of the eigenvalue, so that values down to 1e-8 of the largest keep their
/// digits. For smaller ones the Gram matrix mixes directions, and one-sided Jacobi rotations
/// separate them.
///
/// A direction u is kept if its singular value is above Σ_j |u_j| r_j, which is how much the
/// rounding r of the rows can change a singular value of 0.
pub(super) fn directions(columns: &DMatrix<f64>, scale: f64, rounding: &[f64]) -> Directions {
    let (width, classes) = columns.shape();
    let eigen = (columns.transpose() * columns).symmetric_eigen();
    let vectors = eigen.eigenvectors.column_iter();
    let mut images: Vec<DVector<f64>> = vectors.map(|vector| columns * vector).collect();
    orthogonalise(&mut images);
    let mut found: Vec<Direction> = (images.into_iter())
        .map(|image| {
            let singular = image.norm();
            let unit = image.iter().map(|value| value / singular).collect();
            Direction { singular, unit }
        })
        .collect();
    found.sort_by(|a, b| b.singular.total_cmp(&a.singular));
    found.truncate(width.min(classes - 1));
    let side = classes.max(width) as f64;
    let floor = RANK_TOLERANCE * side * scale.max(columns.amax());
    let counts = |direction: &Direction| {
        let along = direction
            .unit
            .iter()
            .zip(rounding)
            .map(|(u, r)| u.abs() * r);
        direction.singular > floor && direction.singular > along.sum()
    };
    let (kept, dropped) = found.into_iter().partition(counts);
    Directions { kept, dropped }
}

/// Makes vectors orthogonal by one-sided Jacobi rotations of pairs, which preserve their span.
fn orthogonalise(vectors: &mut [DVector<f64>]) {
    for _ in 0..SWEEPS {
        let mut rotated = false;
        for second in 1..vectors.len() {
            let (before, rest) = vectors.split_at_mut(second);
            let b = &mut rest[0];
            for a in before {
                let (aa, bb, ab) = (a.norm_squared(), b.norm_squared(), a.dot(b));
                if ab.abs() <= ORTHOGONAL * (aa * bb).sqrt() {
                    continue;
                }
                rotated = true;
                let zeta = (bb - aa) / (2.0 * ab);
                let tangent = zeta.signum() / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                for (a, b) in a.iter_mut().zip(b.iter_mut()) {
                    (*a, *b) = (cosine * *a - sine * *b, sine * *a + cosine * *b);
                }
            }
        }
        if !rotated {
            return;
        }
    }
}
