use std::f64::consts::PI;

use nalgebra::DMatrix;

use super::dot::dot;
use crate::{
    ClassMeans,
    error::{MetricError, undefined},
};

/// Three means count as collinear if the squared singular values of their triangle differ by this
/// factor, a few roundings of the larger.
const FLAT: f64 = 1e-15;

/// The plane of three class means. It is rotated so that the means point as nearly as possible to
/// the corners of a regular triangle, the first up and the others clockwise.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassPlane {
    centre: Vec<f64>,
    across: Vec<f64>,
    up: Vec<f64>,
}

impl ClassPlane {
    /// The plane of three of the classes.
    ///
    /// Its axes are the orthonormal pair closest to Mᵀ T, where T are the corners of the regular
    /// triangle and M the three means minus their mean.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if a class does not exist or has no rows, or if the means are collinear.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, ClassPlane, FloatFormat, LabelledFeatures};
    /// let unit_roundoff = FloatFormat::F64.unit_roundoff();
    /// let values = [3.0, 0.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 3.0];
    /// let features = LabelledFeatures { values: &values, width: 3, labels: &[0, 1, 2], classes: 3, unit_roundoff };
    /// let plane = ClassPlane::of(&ClassMeans::of(&features)?, [0, 1, 2])?;
    /// let [across, up] = plane.project(&values[..3]);
    /// assert!(across.abs() < 1e-14 && (up - 6.0_f64.sqrt()).abs() < 1e-14);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of(means: &ClassMeans, classes: [usize; 3]) -> Result<Self, MetricError> {
        let width = means.width;
        let mut rows: [&[f64]; 3] = [&[]; 3];
        for (row, class) in rows.iter_mut().zip(classes) {
            *row = means.mean(class).ok_or(MetricError::Domain {
                name: "class",
                value: class as f64,
                domain: "a class that has rows",
            })?;
        }
        let centre: Vec<f64> = (0..width)
            .map(|at| rows.iter().map(|row| row[at]).sum::<f64>() / 3.0)
            .collect();
        let mut product = DMatrix::<f64>::zeros(width, 2);
        for (corner, row) in rows.iter().enumerate() {
            let angle = PI / 2.0 - 2.0 * PI / 3.0 * corner as f64;
            for (at, (mean, centre)) in row.iter().zip(&centre).enumerate() {
                product[(at, 0)] += (mean - centre) * angle.cos();
                product[(at, 1)] += (mean - centre) * angle.sin();
            }
        }
        // The closest orthonormal pair to A is A (Aᵀ A)^(−1/2).
        let eigen = (product.transpose() * &product).symmetric_eigen();
        let [first, second] = [eigen.eigenvalues.max(), eigen.eigenvalues.min()];
        if second <= FLAT * first {
            return Err(undefined("area between three class means", "above 0"));
        }
        let vectors = &eigen.eigenvectors;
        let roots = DMatrix::from_diagonal(&eigen.eigenvalues.map(|value: f64| 1.0 / value.sqrt()));
        let axes = product * (vectors * roots * vectors.transpose());
        Ok(Self {
            centre,
            across: axes.column(0).iter().copied().collect(),
            up: axes.column(1).iter().copied().collect(),
        })
    }

    /// Coordinates of a row of features (across, up), in the unit of the features, with the centre
    /// of the three means as the origin.
    #[must_use]
    pub fn project(&self, row: &[f64]) -> [f64; 2] {
        let off: Vec<f64> = row.iter().zip(&self.centre).map(|(h, c)| h - c).collect();
        [dot(&off, &self.across), dot(&off, &self.up)]
    }
}
