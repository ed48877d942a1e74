use nalgebra::DMatrix;

use super::{
    ClassMeans, LabelledFeatures,
    class_means::{dot, undefined},
    directions::directions,
};
use crate::error::{MetricError, require_at_least, require_entries, require_length};

/// NC1: variability within the classes against that between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variability {
    /// Tr(S_w S_b⁺)/C [Zhu2021; Han2022], no unit: goes to 0 as features collapse onto their class
    /// means, *in the directions that the means span*.
    pub nc1: f64,
    /// Tr(S_w S_b⁺), as printed by the notebook of \[Papyan2020\].
    pub nc1_papyan: f64,
    /// Tr S_w/Tr S_b, no unit: all directions count, and none is divided by a small eigenvalue.
    pub nc1_quotient: f64,
    /// Tr S_w, in the squared unit of the features.
    pub within: f64,
    /// Tr S_b.
    pub between: f64,
    /// Directions of S_b that were kept, at most C − 1 (and at most d).
    pub rank: usize,
    /// The smallest eigenvalue of S_b that was kept, in the squared unit of the features.
    pub smallest_eigenvalue: f64,
}

impl Variability {
    /// NC1 of features around their class means.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if the means are not those of such features, or all class means are the same
    /// (nothing lies between the classes, and no variability can be compared with it).
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, LabelledFeatures, Variability};
    /// let values = [1.0, 3.0, -1.0, -3.0];
    /// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 0, 1, 1], classes: 2 };
    /// let variability = Variability::of(&features, &ClassMeans::of(&features)?)?;
    /// // S_w = 1 and S_b = 4.
    /// assert!((variability.nc1 - 0.125).abs() < 1e-15 && (variability.nc1_quotient - 0.25).abs() < 1e-15);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of(features: &LabelledFeatures<'_>, means: &ClassMeans) -> Result<Self, MetricError> {
        fits(features, means)?;
        let (classes, width) = (means.classes(), means.width);
        // Columns A = M_c / √C, so that S_b = A Aᵀ and its eigenvalues are the squares of A's
        // singular values.
        let root = (classes as f64).sqrt();
        let columns = DMatrix::from_column_slice(width, classes, means.centred()) / root;
        let scale = means.means().iter().fold(0.0, |top, h| h.abs().max(top));
        let between = columns.norm_squared();
        let kept = directions(&columns, scale);
        let Some(last) = kept.last() else {
            return Err(undefined(
                "Tr S_b",
                "above 0: all classes have the same mean",
            ));
        };
        let mut within = 0.0;
        let mut along = vec![0.0; kept.len()];
        let mut deviation = vec![0.0; width];
        for (row, class) in features.rows() {
            for ((deviation, h), mean) in deviation.iter_mut().zip(row).zip(means.mean(class)) {
                *deviation = h - mean;
            }
            within += dot(&deviation, &deviation);
            for (sum, direction) in along.iter_mut().zip(&kept) {
                *sum += dot(&deviation, &direction.unit).powi(2);
            }
        }
        let rows = features.labels.len() as f64;
        let trace: f64 = (kept.iter().zip(&along))
            .map(|(direction, along)| along / rows / direction.singular.powi(2))
            .sum();
        Ok(Self {
            nc1: trace / classes as f64,
            nc1_papyan: trace,
            nc1_quotient: within / rows / between,
            within: within / rows,
            between,
            rank: kept.len(),
            smallest_eigenvalue: last.singular.powi(2),
        })
    }
}

/// Tr S_w, split by the directions that the classifier reads: those of its rows minus their mean,
/// which alone decide between classes.
///
/// In the unconstrained-features model gradient flow shrinks the inside and never moves the outside
/// \[Mixon2020\].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WithinClass {
    /// Tr(P S_w), P the projector on those directions, in the squared unit of the features.
    pub inside: f64,
    /// Tr S_w − `inside`.
    pub outside: f64,
}

impl WithinClass {
    /// The split for a classifier `[C, d]`.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if shapes do not agree, or all rows of the classifier are the same.
    pub fn of(
        features: &LabelledFeatures<'_>,
        means: &ClassMeans,
        weight: &[f64],
    ) -> Result<Self, MetricError> {
        fits(features, means)?;
        let (classes, width) = (means.classes(), means.width);
        let expected = classes * width;
        require_length("weight", weight.len(), expected, "classes times width")?;
        require_entries("weight", weight, "finite", f64::is_finite)?;
        let mut columns = DMatrix::from_column_slice(width, classes, weight);
        let scale = columns.amax();
        for mut row in columns.row_iter_mut() {
            let mean = row.mean();
            row.add_scalar_mut(-mean);
        }
        let kept = directions(&columns, scale);
        if kept.is_empty() {
            return Err(undefined("classifier", "different from class to class"));
        }
        let (mut inside, mut outside) = (0.0, 0.0);
        for (row, class) in features.rows() {
            let mean = means.mean(class);
            let mut rest: Vec<f64> = row.iter().zip(mean).map(|(h, m)| h - m).collect();
            for direction in &kept {
                let along = dot(&rest, &direction.unit);
                inside += along * along;
                let taken = rest.iter_mut().zip(&direction.unit);
                taken.for_each(|(rest, u)| *rest -= along * u);
            }
            outside += dot(&rest, &rest);
        }
        let rows = features.labels.len() as f64;
        Ok(Self {
            inside: inside / rows,
            outside: outside / rows,
        })
    }
}

/// Singular values of features minus their mean row, largest first, min(N, d) of them.
///
/// From the smaller Gram matrix, so that those below 1e-8 of the largest are rounding. Squared and
/// divided by N they are the variances along the principal components; see
/// [`crate::effective_rank_of_power`] and [`crate::stable_rank`] for ranks.
///
/// # Shapes
///
/// `features` `[N, d]`, row-major, `width` = d.
///
/// # Errors
///
/// [`MetricError`] for rows that are not full, no rows, or entries that are not finite.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::feature_singular_values(&[5.0, 1.0, 5.0, 3.0], 2)?[0], 2.0_f64.sqrt());
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn feature_singular_values(features: &[f64], width: usize) -> Result<Vec<f64>, MetricError> {
    require_at_least("width", width, 1)?;
    let rows = features.len() / width;
    require_length("features", features.len(), rows * width, "whole rows")?;
    require_at_least("features", rows, 1)?;
    require_entries("features", features, "finite", f64::is_finite)?;
    // Rows as columns.
    let mut columns = DMatrix::from_column_slice(width, rows, features);
    let mean = columns.column_mean();
    for mut column in columns.column_iter_mut() {
        column -= &mean;
    }
    let transposed = columns.transpose();
    let gram = if width <= rows {
        columns * transposed
    } else {
        transposed * columns
    };
    let mut values: Vec<f64> = (gram.symmetric_eigenvalues().iter())
        .map(|value| value.max(0.0).sqrt())
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Ok(values)
}

fn fits(features: &LabelledFeatures<'_>, means: &ClassMeans) -> Result<(), MetricError> {
    require_length("width", features.width, means.width, "that of the means")?;
    let classes = means.classes();
    require_length("classes", features.classes, classes, "those of the means")?;
    let rows: usize = means.counts().iter().sum();
    require_length("labels", features.labels.len(), rows, "rows of the means")
}
