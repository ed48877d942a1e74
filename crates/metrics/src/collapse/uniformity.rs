use nalgebra::DMatrix;

use super::{ClassMeans, LabelledFeatures, dot::dot, variability::fits};
use crate::{
    Stored,
    error::{MetricError, require, require_entries, require_length, undefined},
    spectrum::effective_rank_of_power,
};

/// GNC2, hyperspherical uniformity of C directions: the coefficient of variation, over pairs of classes, of
/// K = ln(1/|û_c − û_c'|), the logarithmic kernel of the normalised vectors \[Liu2023; Wu2024, Sec. 3.5\]. No unit: 0 where
/// every pair is as far apart as any other, as in a simplex.
///
/// The standard deviation is unbiased (over the number of pairs minus 1), and the mean is taken in size: K is negative for
/// directions that are more than 60° apart. Unlike the distance from a simplex it makes sense for more classes than
/// dimensions plus one.
///
/// # Shapes
///
/// `vectors` `[C, d]`, row-major, `classes` = C ≥ 3.
///
/// # Errors
///
/// [`MetricError`] if rows are incomplete, there are fewer than 3 vectors, an entry is not finite, a vector is zero, two
/// have the same direction, or the mean of K is 0.
///
/// # Examples
///
/// ```
/// // Angles of 90°, 90° and 180°: distances √2, √2 and 2.
/// let found = metrics::hyperspherical_variation(&[1.0, 0.0, 0.0, 3.0, -2.0, 0.0], 3)?;
/// // K is −½ ln 2, −½ ln 2 and −ln 2: deviations from their mean are in the ratio 1 : 1 : −2.
/// assert!((found - 3.0_f64.sqrt() / 4.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn hyperspherical_variation(vectors: &[f64], classes: usize) -> Result<f64, MetricError> {
    require(
        classes > 2,
        "number of vectors",
        classes as f64,
        "3 or more: one pair has no variation",
    )?;
    let width = vectors.len() / classes;
    require_length("vectors", vectors.len(), classes * width, "whole rows")?;
    require(width > 0, "width of the vectors", 0.0, "1 or more")?;
    require_entries("vectors", vectors, "finite", f64::is_finite)?;
    let rows: Result<Vec<_>, _> = vectors.chunks_exact(width).map(direction).collect();
    let rows = rows?;
    let mut kernel = Vec::with_capacity(classes * (classes - 1) / 2);
    for (at, a) in rows.iter().enumerate() {
        for b in &rows[..at] {
            let apart: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            let squared = dot(&apart, &apart);
            if squared == 0.0 {
                let domain = "above 0: two classes have the same direction";
                return Err(undefined("distance of two directions", domain));
            }
            kernel.push(-0.5 * squared.ln());
        }
    }
    coefficient_of_variation("mean of ln(1/distance)", &kernel)
}

/// UNC3, uniform duality: the coefficient of variation over classes of cos(w_c, M_c), the alignment of a class's row of the
/// classifier with its centred mean \[Wu2024, Sec. 3.6\]. No unit: 0 where all classes are aligned alike, which NC3 implies.
///
/// The standard deviation is unbiased, as in the authors' published code, and the mean is taken in size.
///
/// # Errors
///
/// [`MetricError`] if shapes do not agree, an entry is not finite, a row or a centred mean is 0, means do not differ by
/// more than rounding, a class has no rows, or the mean of the cosines is 0.
///
/// # Examples
///
/// ```
/// use metrics::{ClassMeans, FloatFormat, LabelledFeatures, uniform_duality};
/// let (values, unit_roundoff) = ([5.0, 3.0], FloatFormat::F64.unit_roundoff());
/// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 1], classes: 2, unit_roundoff };
/// // Both rows point against their means: aligned alike.
/// assert_eq!(uniform_duality(&[-2.0, 7.0], &ClassMeans::of(&features)?)?, 0.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn uniform_duality(weight: &[f64], means: &ClassMeans) -> Result<f64, MetricError> {
    let (classes, width) = (means.all_classes(), means.width);
    let expected = classes * width;
    require_length("weight", weight.len(), expected, "classes times width")?;
    require_entries("weight", weight, "finite", f64::is_finite)?;
    if means.classes() < classes {
        return Err(MetricError::Domain {
            name: "number of classes with rows",
            value: means.classes() as f64,
            domain: "that of all classes: a class without rows has no mean to compare with",
        });
    }
    // Its own error for means within rounding of their centre.
    means.simplex()?;
    let pairs = weight
        .chunks_exact(width)
        .zip(means.centred().chunks_exact(width));
    let cosines: Result<Vec<f64>, _> = pairs
        .map(|(w, m)| Ok(dot(&direction(w)?, &direction(m)?)))
        .collect();
    coefficient_of_variation("mean cosine of rows and class means", &cosines?)
}

/// Effective rank of the rows of every class with rows, in the order of [`ClassMeans::present`]: the exponential of the
/// entropy of σ²/Σσ² of the rows h − μ_G, seen from the centre of the class means \[Roy2007\]. No unit: 1 where the rows
/// lie on their class mean.
///
/// # Errors
///
/// [`MetricError`] if the means do not belong to such features, or all rows of a class are at the centre.
///
/// # Examples
///
/// ```
/// use metrics::{ClassMeans, FloatFormat, LabelledFeatures, class_effective_ranks};
/// let unit_roundoff = FloatFormat::F64.unit_roundoff();
/// // Class 0 has two directions of the same size around the centre 0, class 1 has one.
/// let values = [1.0, 1.0, 1.0, -1.0, -1.0, 0.0, -1.0, 0.0];
/// let features = LabelledFeatures { values: &values, width: 2, labels: &[0, 0, 1, 1], classes: 2, unit_roundoff };
/// let ranks = class_effective_ranks(&features, &ClassMeans::of(&features)?)?;
/// assert!((ranks[0] - 2.0).abs() < 1e-15 && (ranks[1] - 1.0).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn class_effective_ranks<T: Stored>(
    features: &LabelledFeatures<'_, T>,
    means: &ClassMeans,
) -> Result<Vec<f64>, MetricError> {
    fits(features, means)?;
    let of_class = |&class: &u32| {
        let own = features
            .rows()
            .filter(|(_, label)| *label == class as usize);
        let rows: Vec<f64> = own
            .flat_map(|(row, _)| row.iter().map(|h| h.wide()))
            .collect();
        effective_rank_of_power(&singular_values_around(&rows, means.centre()))
    };
    means.present().iter().map(of_class).collect()
}

/// Singular values of rows `[n, d]` after a shift of the origin to `centre` `[d]`, from the Gram matrix of the smaller side.
fn singular_values_around(rows: &[f64], centre: &[f64]) -> Vec<f64> {
    let width = centre.len();
    let shifted = (rows.iter().zip(centre.iter().cycle())).map(|(h, centre)| h - centre);
    let columns = DMatrix::from_iterator(width, rows.len() / width, shifted);
    let gram = if width > columns.ncols() {
        columns.tr_mul(&columns)
    } else {
        &columns * columns.transpose()
    };
    let eigenvalues = gram.symmetric_eigenvalues();
    eigenvalues
        .iter()
        .map(|value| value.max(0.0).sqrt())
        .collect()
}

/// Unbiased standard deviation over the size of the mean.
fn coefficient_of_variation(mean_of: &'static str, values: &[f64]) -> Result<f64, MetricError> {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let largest = values.iter().fold(0.0, |top, v| v.abs().max(top));
    // A mean of rounding would give a variation of rounding.
    if mean.abs() <= count * f64::EPSILON * largest {
        return Err(undefined(mean_of, "different from 0"));
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Ok((squares / (count - 1.0)).sqrt() / mean.abs())
}

/// The vector over its norm, without overflow.
fn direction(vector: &[f64]) -> Result<Vec<f64>, MetricError> {
    let top = vector.iter().fold(0.0, |top, v| v.abs().max(top));
    if top == 0.0 {
        let domain = "above 0: a vector of zeros has no direction";
        return Err(undefined("norm of a class vector", domain));
    }
    let scaled: Vec<f64> = vector.iter().map(|v| v / top).collect();
    let norm = dot(&scaled, &scaled).sqrt();
    Ok(scaled.into_iter().map(|v| v / norm).collect())
}
