use nalgebra::{DMatrix, DVector};

/// A direction counts where its singular value is above this, times the larger side of the matrix,
/// relative to the largest entry: below lies the rounding of the entries.
const RANK_TOLERANCE: f64 = 4.0 * f64::EPSILON;

/// Two directions are as good as orthogonal below this cosine: it changes nc1 by less than its square.
const ORTHOGONAL: f64 = 1e-8;

/// Each sweep squares what is left of the cosines.
const SWEEPS: usize = 30;

/// A unit vector `[d]` and the singular value that belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Direction {
    pub(super) singular: f64,
    pub(super) unit: Vec<f64>,
}

/// What centred columns span.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Directions {
    /// Largest singular value first.
    pub(super) kept: Vec<Direction>,
    /// Those that may be nothing but rounding, largest first.
    pub(super) dropped: Vec<Direction>,
}

/// The directions that centred columns `[d, C]` span, at most C − 1. `scale` is the size of the
/// numbers that the columns are differences of, and `rounding` `[d]` how far their rounding may have
/// moved each row of the matrix.
///
/// From the C × C Gram matrix, whose eigenvectors v give A v. The singular value is |A v| itself and
/// not the root of the eigenvalue, so that values down to 1e-8 of the largest keep their digits; where
/// the Gram matrix mixes directions of smaller ones, one-sided Jacobi rotations part them.
///
/// A direction u is kept where its singular value is above Σ_j |u_j| r_j: by so much the rounding of
/// the rows, r, can move one that is 0.
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

/// Makes vectors orthogonal by one-sided Jacobi rotations of pairs, which keep what they span together.
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
