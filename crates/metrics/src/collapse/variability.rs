use nalgebra::DMatrix;

use super::{
    ClassMeans, LabelledFeatures,
    directions::{Direction, Directions, directions},
    dot::dot,
    rounding::{column_sizes, rounding},
};
use crate::error::{MetricError, require_at_least, require_entries, require_length, undefined};

/// NC1: variability within classes relative to variability between classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Variability {
    /// Tr(S_w S_b⁺)/C [Zhu2021; Han2022], no unit: it goes to 0 as features collapse onto their
    /// class means, in the directions that the means span by more than rounding.
    pub nc1: f64,
    /// The same with all directions, including those that may be rounding
    /// ([`ClassMeans::dropped_eigenvalues`]); only directions with eigenvalue exactly 0 are left
    /// out.
    pub nc1_all_directions: f64,
    /// Tr(S_w S_b⁺), as printed by the notebook of \[Papyan2020\].
    pub nc1_papyan: f64,
    /// Tr S_w/Tr S_b, no unit. All directions count, and nothing is divided by a small eigenvalue.
    pub nc1_quotient: f64,
    /// Tr S_w, in the squared unit of the features.
    pub within: f64,
    /// Tr S_b.
    pub between: f64,
    /// Number of kept directions of S_b, at most C − 1 and at most d, where C counts the classes
    /// with rows.
    pub rank: usize,
    /// The smallest kept eigenvalue of S_b, in the squared unit of the features.
    pub smallest_eigenvalue: f64,
}

impl Variability {
    /// Whether `nc1` and `nc1_all_directions` differ by more than a factor of 2.
    #[must_use]
    pub fn rounding_matters(&self) -> bool {
        self.nc1_all_directions > 2.0 * self.nc1
    }

    /// NC1 of features around their class means.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if the means do not belong to such features, or all class means are equal up
    /// to rounding, so that there is no variability between classes to compare with.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, FloatFormat, LabelledFeatures, Variability};
    /// let (values, unit_roundoff) = ([1.0, 3.0, -1.0, -3.0], FloatFormat::F64.unit_roundoff());
    /// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 0, 1, 1], classes: 2, unit_roundoff };
    /// let variability = Variability::of(&features, &ClassMeans::of(&features)?)?;
    /// // S_w = 1 and S_b = 4.
    /// assert!((variability.nc1 - 0.125).abs() < 1e-15 && (variability.nc1_quotient - 0.25).abs() < 1e-15);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of(features: &LabelledFeatures<'_>, means: &ClassMeans) -> Result<Self, MetricError> {
        fits(features, means)?;
        means.differ()?;
        let classes = means.classes() as f64;
        let Directions { kept, dropped } = &means.directions;
        let between = means.between;
        let all: Vec<&Direction> = kept.iter().chain(dropped).collect();
        let mut within = 0.0;
        let mut along = vec![0.0; all.len()];
        let mut deviation = vec![0.0; means.width];
        for (row, mean) in means.with_means(features) {
            for ((deviation, h), mean) in deviation.iter_mut().zip(row).zip(mean) {
                *deviation = h - mean;
            }
            within += dot(&deviation, &deviation);
            for (sum, direction) in along.iter_mut().zip(&all) {
                if direction.singular > 0.0 {
                    *sum += dot(&deviation, &direction.unit).powi(2);
                }
            }
        }
        let rows = features.labels.len() as f64;
        let trace = |count: usize| -> f64 {
            let some = all[..count].iter().zip(&along);
            let some = some.filter(|(direction, _)| direction.singular > 0.0);
            some.map(|(direction, along)| along / rows / direction.singular.powi(2))
                .sum()
        };
        let (trace, with_dropped) = (trace(kept.len()), trace(all.len()));
        Ok(Self {
            nc1: trace / classes,
            nc1_all_directions: with_dropped / classes,
            nc1_papyan: trace,
            nc1_quotient: within / rows / between,
            within: within / rows,
            between,
            rank: kept.len(),
            smallest_eigenvalue: kept[kept.len() - 1].singular.powi(2),
        })
    }
}

/// Tr S_w, split into the directions that the classifier reads and the rest. The classifier reads
/// the directions of its rows minus their mean, which alone decide between classes.
///
/// In the unconstrained-features model, gradient flow shrinks the inside part and never changes the
/// outside part \[Mixon2020\].
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
        let (classes, width) = (means.all_classes(), means.width);
        let expected = classes * width;
        require_length("weight", weight.len(), expected, "classes times width")?;
        require_entries("weight", weight, "finite", f64::is_finite)?;
        let mut columns = DMatrix::from_column_slice(width, classes, weight);
        let relative = rounding(features.unit_roundoff, classes);
        let sizes = column_sizes(weight.chunks_exact(width).map(|row| (row, 1.0)), width);
        let rounding: Vec<f64> = sizes.into_iter().map(|size| relative * size).collect();
        let scale = columns.amax();
        for mut row in columns.row_iter_mut() {
            let mean = row.mean();
            row.add_scalar_mut(-mean);
        }
        let kept = directions(&columns, scale, &rounding).kept;
        if kept.is_empty() {
            return Err(undefined("classifier", "different from class to class"));
        }
        let (mut inside, mut outside) = (0.0, 0.0);
        for (row, mean) in means.with_means(features) {
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
/// They come from the smaller Gram matrix, so values below 1e-8 of the largest are rounding.
/// Squared and divided by N they are the variances along the principal components; see
/// [`crate::effective_rank_of_power`] and [`crate::stable_rank`] for ranks.
///
/// # Shapes
///
/// `features` `[N, d]`, row-major, `width` = d.
///
/// # Errors
///
/// [`MetricError`] if rows are incomplete, there are no rows, or an entry is not finite.
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
    let classes = means.all_classes();
    require_length("classes", features.classes, classes, "those of the means")?;
    let rows: usize = means.counts().iter().sum();
    require_length("labels", features.labels.len(), rows, "rows of the means")
}
