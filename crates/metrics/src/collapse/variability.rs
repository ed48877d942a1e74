use nalgebra::{DMatrix, DVector};

use super::{
    ClassMeans, LabelledFeatures,
    directions::{Direction, Directions, directions},
    lanes::{Block, LANES, vectorised},
    rounding::{column_sizes, rounding},
};
use crate::{
    Stored,
    error::{
        MetricError, require_at_least, require_entries, require_length, require_stored, undefined,
    },
};

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
    pub fn of<T: Stored>(
        features: &LabelledFeatures<'_, T>,
        means: &ClassMeans,
    ) -> Result<Self, MetricError> {
        fits(features, means)?;
        means.differ()?;
        let classes = means.classes() as f64;
        let Directions { kept, dropped } = &means.directions;
        let between = means.between;
        let all: Vec<&Direction> = kept.iter().chain(dropped).collect();
        let mut within = 0.0;
        let mut along = vec![0.0; all.len()];
        // A direction without extent has no unit vector.
        let extended = |direction: &&&Direction| direction.singular > 0.0;
        let extended = all.iter().take_while(extended).count();
        let units: Vec<&[f64]> = all[..extended].iter().map(|d| &d.unit[..]).collect();
        let mut block = Block::new(means.width);
        let mut dots = vec![[0.0; LANES]; units.len()];
        vectorised(
            #[inline(always)]
            || {
                for (rows, labels) in features.groups() {
                    let own = labels
                        .iter()
                        .filter_map(|&label| means.mean(label as usize));
                    block.fill_differences(rows, own);
                    let squares = block.squares();
                    block.dots(&units, &mut dots);
                    for lane in 0..labels.len() {
                        within += squares[lane];
                        for (sum, dots) in along.iter_mut().zip(&dots) {
                            *sum += dots[lane] * dots[lane];
                        }
                    }
                }
            },
        );
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
    pub fn of<T: Stored>(
        features: &LabelledFeatures<'_, T>,
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
        let units: Vec<&[f64]> = kept.iter().map(|direction| &direction.unit[..]).collect();
        let mut block = Block::new(width);
        let mut along = vec![[0.0; LANES]; units.len()];
        vectorised(
            #[inline(always)]
            || {
                for (rows, labels) in features.groups() {
                    let own = labels
                        .iter()
                        .filter_map(|&label| means.mean(label as usize));
                    block.fill_differences(rows, own);
                    block.take_out(&units, &mut along);
                    let rest = block.squares();
                    for lane in 0..labels.len() {
                        for along in &along {
                            inside += along[lane] * along[lane];
                        }
                        outside += rest[lane];
                    }
                }
            },
        );
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
pub fn feature_singular_values<T: Stored>(
    features: &[T],
    width: usize,
) -> Result<Vec<f64>, MetricError> {
    require_at_least("width", width, 1)?;
    let rows = features.len() / width;
    require_length("features", features.len(), rows * width, "whole rows")?;
    require_at_least("features", rows, 1)?;
    require_stored("features", features, "finite", f64::is_finite)?;
    let gram = small_gram(features, width);
    let mut values: Vec<f64> = (gram.symmetric_eigenvalues().iter())
        .map(|value| value.max(0.0).sqrt())
        .collect();
    values.sort_by(|a, b| b.total_cmp(a));
    Ok(values)
}

/// The Gram matrix of the centred features, of the smaller side. Wide features `[N, d]` with N < d are
/// copied in f64; long ones are read piece by piece.
fn small_gram<T: Stored>(features: &[T], width: usize) -> DMatrix<f64> {
    let rows = features.len() / width;
    let mut mean = DVector::zeros(width);
    let share = 1.0 / rows as f64;
    for row in features.chunks_exact(width) {
        for (mean, h) in mean.iter_mut().zip(row) {
            *mean += share * h.wide();
        }
    }
    // Rows as columns.
    let centred = |rows: &[T]| {
        let numbers = rows.iter().map(|h| h.wide());
        let mut columns = DMatrix::from_iterator(width, rows.len() / width, numbers);
        for mut column in columns.column_iter_mut() {
            column -= &mean;
        }
        columns
    };
    if width > rows {
        let columns = centred(features);
        return columns.transpose() * columns;
    }
    /// Rows of a piece. Matrix products add up in pieces of 256 rows anyhow, so this gives the same bits
    /// as all rows at once.
    const PIECE: usize = 256;
    let mut gram = DMatrix::zeros(width, width);
    let mut rest = features;
    while !rest.is_empty() {
        // The last piece is long, because products of a few rows would use other sums.
        let count = if rest.len() >= 2 * PIECE * width {
            PIECE * width
        } else {
            rest.len()
        };
        let (piece, after) = rest.split_at(count);
        add_gram(&mut gram, &centred(piece));
        rest = after;
    }
    gram.fill_upper_triangle_with_lower_triangle();
    gram
}

/// Adds the lower triangle of A Aᵀ. Products are of panels of columns, of which only the rows from the
/// diagonal on are computed.
fn add_gram(gram: &mut DMatrix<f64>, columns: &DMatrix<f64>) {
    /// Columns of a panel, a few tiles of the product.
    const PANEL: usize = 64;
    let width = columns.nrows();
    let transposed = columns.transpose();
    // The product of a matrix with few rows or columns uses other sums than that of a large one.
    if width <= 2 * PANEL {
        gram.gemm(1.0, columns, &transposed, 1.0);
        return;
    }
    let mut start = 0;
    while start < width {
        let panel = if width - start < 2 * PANEL {
            width - start
        } else {
            PANEL
        };
        let left = columns.rows(start, width - start);
        let right = transposed.columns(start, panel);
        gram.view_mut((start, start), (width - start, panel))
            .gemm(1.0, &left, &right, 1.0);
        start += panel;
    }
}

/// Checks that means belong to such features.
pub(super) fn fits<T>(
    features: &LabelledFeatures<'_, T>,
    means: &ClassMeans,
) -> Result<(), MetricError> {
    require_length("width", features.width, means.width, "that of the means")?;
    let classes = means.all_classes();
    require_length("classes", features.classes, classes, "those of the means")?;
    let rows: usize = means.counts().iter().sum();
    require_length("labels", features.labels.len(), rows, "rows of the means")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gram_matrix_in_pieces_has_the_bits_of_one_product() {
        for (rows, width) in [
            (9, 4),
            (300, 7),
            (1500, 70),
            (2047, 129),
            (2048, 200),
            (2051, 140),
            (5001, 33),
            (7000, 3),
        ] {
            let number = |i: usize| (i as f64 * 12.9898).sin() as f32 * 3.0 + 1.0;
            let features: Vec<f32> = (0..rows * width).map(number).collect();
            let wide: Vec<f64> = features.iter().map(|h| f64::from(*h)).collect();
            let mut columns = DMatrix::from_column_slice(width, rows, &wide);
            let mean = columns.column_mean();
            for mut column in columns.column_iter_mut() {
                column -= &mean;
            }
            let whole = &columns * columns.transpose();
            let pieces = small_gram(&features, width);
            assert!(pieces == whole, "{rows} rows of {width}");
        }
    }
}
