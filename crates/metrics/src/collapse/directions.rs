use nalgebra::DMatrix;

/// A direction counts where its singular value is above this, times the larger side of the matrix,
/// relative to the largest entry: below lies the rounding of the entries.
const RANK_TOLERANCE: f64 = 4.0 * f64::EPSILON;

/// A unit vector `[d]` and the singular value that belongs to it.
pub(super) struct Direction {
    pub(super) singular: f64,
    pub(super) unit: Vec<f64>,
}

/// The directions that centred columns `[d, C]` span, largest singular value first, at most C − 1.
/// `scale` is the size of the numbers that the columns are differences of.
///
/// From the C × C Gram matrix, whose eigenvectors v give A v. The singular value is |A v| itself and
/// not the root of the eigenvalue, so that values down to 1e-8 of the largest keep their digits.
pub(super) fn directions(columns: &DMatrix<f64>, scale: f64) -> Vec<Direction> {
    let (width, classes) = columns.shape();
    let eigen = (columns.transpose() * columns).symmetric_eigen();
    let mut found: Vec<Direction> = (eigen.eigenvectors.column_iter())
        .map(|vector| {
            let image = columns * vector;
            let singular = image.norm();
            let unit = image.iter().map(|value| value / singular).collect();
            Direction { singular, unit }
        })
        .collect();
    found.sort_by(|a, b| b.singular.total_cmp(&a.singular));
    found.truncate(width.min(classes - 1));
    let side = classes.max(width) as f64;
    let floor = RANK_TOLERANCE * side * scale.max(columns.amax());
    found.retain(|direction| direction.singular > floor);
    found
}
