use nalgebra::DMatrix;

use super::{
    directions::{Directions, directions},
    dot::dot,
    lanes::LANES,
    rounding::{column_sizes, rounding},
    simplex::{SimplexDistance, simplex_distance},
};
use crate::{
    Stored,
    error::{MetricError, require, require_at_least, require_length, require_stored, undefined},
};

/// Labelled features of a layer.
#[derive(Debug, Clone, Copy)]
pub struct LabelledFeatures<'a, T = f64> {
    /// `[N, d]`, row-major, as they are stored; they are not copied.
    pub values: &'a [T],
    /// d.
    pub width: usize,
    /// Class of each row, `[N]`.
    pub labels: &'a [u32],
    /// C: the number of classes. Not all of them need rows.
    pub classes: usize,
    /// Unit roundoff u of the precision in which the values were stored or computed: rounding may
    /// have changed each value by u times its size. See [`FloatFormat::unit_roundoff`].
    ///
    /// [`FloatFormat::unit_roundoff`]: crate::FloatFormat::unit_roundoff
    pub unit_roundoff: f64,
}

impl<T: Stored> LabelledFeatures<'_, T> {
    /// The rows with their classes.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[T], usize)> {
        let labels = self.labels.iter().map(|&label| label as usize);
        self.values.chunks_exact(self.width).zip(labels)
    }

    /// The rows in groups of up to [`LANES`], with their classes.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&[T], &[u32])> {
        let rows = self.values.chunks(LANES * self.width);
        rows.zip(self.labels.chunks(LANES))
    }
}

/// Class means of labelled features. Classes without rows have no mean and are left out of all
/// metrics of the means.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMeans {
    pub(super) width: usize,
    /// C, including classes without rows.
    all_classes: usize,
    present: Vec<u32>,
    counts: Vec<usize>,
    means: Vec<f64>,
    centre: Vec<f64>,
    centred: Vec<f64>,
    /// Bound of the rounding of every row of M/√C, `[d]`.
    rounding: Vec<f64>,
    /// Tr S_b.
    pub(super) between: f64,
    /// Directions of S_b.
    pub(super) directions: Directions,
}

impl ClassMeans {
    /// Computes the means μ_c of the classes with rows, in f64. At least two classes must have
    /// rows.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if shapes do not agree, fewer than 2 classes have rows, a label is not a
    /// class, or a feature is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, FloatFormat, LabelledFeatures};
    /// let unit_roundoff = FloatFormat::F64.unit_roundoff();
    /// let values = [1.0, 3.0, 6.0];
    /// // Class 1 of 3 has no row.
    /// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 0, 2], classes: 3, unit_roundoff };
    /// let means = ClassMeans::of(&features)?;
    /// assert_eq!((means.means(), means.centre()), (&[2.0, 6.0][..], &[4.0][..]));
    /// assert_eq!((means.present(), means.classes(), means.all_classes()), (&[0, 2][..], 2, 3));
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of<T: Stored>(features: &LabelledFeatures<'_, T>) -> Result<Self, MetricError> {
        let &LabelledFeatures {
            values,
            width,
            labels,
            classes: all_classes,
            unit_roundoff,
        } = features;
        require(width > 0, "width of the features", 0.0, "1 or more")?;
        let expected = labels.len() * width;
        require_length("features", values.len(), expected, "labels times width")?;
        require_at_least("labels", labels.len(), 1)?;
        require_stored("features", values, "finite", f64::is_finite)?;
        if let Some(index) = (labels.iter()).position(|&label| label as usize >= all_classes) {
            return Err(MetricError::Entry {
                name: "labels",
                index,
                value: f64::from(labels[index]),
                domain: "below the number of classes",
            });
        }
        let mut present = labels.to_vec();
        present.sort_unstable();
        present.dedup();
        let classes = present.len();
        require(
            classes > 1,
            "number of classes with rows",
            classes as f64,
            "2 or more: one class has no other to collapse against",
        )?;
        let mut counts = vec![0; classes];
        let mut means = vec![0.0; classes * width];
        for (row, label) in features.rows() {
            let class = place(&present, label).expect("every label is among the classes with rows");
            counts[class] += 1;
            let sum = &mut means[class * width..(class + 1) * width];
            sum.iter_mut()
                .zip(row)
                .for_each(|(sum, h)| *sum += h.wide());
        }
        for (mean, &count) in means.chunks_exact_mut(width).zip(&counts) {
            mean.iter_mut().for_each(|sum| *sum /= count as f64);
        }
        let centre: Vec<f64> = (0..width)
            .map(|at| means[at..].iter().step_by(width).sum::<f64>() / classes as f64)
            .collect();
        let off = |(mean, centre): (&f64, &f64)| mean - centre;
        let centred: Vec<f64> = means.iter().zip(centre.iter().cycle()).map(off).collect();
        let weights = features.rows().map(|(row, label)| {
            let count = place(&present, label).map_or(1, |class| counts[class]);
            (row, 1.0 / (classes * count) as f64)
        });
        let relative = rounding(unit_roundoff, labels.len());
        let rounding = column_sizes(weights, width).into_iter();
        let rounding: Vec<f64> = rounding.map(|size| relative * size).collect();
        // Columns A = M_c / √C, so that S_b = A Aᵀ and its eigenvalues are the squares of A's
        // singular values.
        let columns =
            DMatrix::from_column_slice(width, classes, &centred) / (classes as f64).sqrt();
        let scale = means.iter().fold(0.0, |top: f64, h| h.abs().max(top));
        Ok(Self {
            width,
            all_classes,
            present,
            counts,
            centre,
            between: columns.norm_squared(),
            directions: directions(&columns, scale, &rounding),
            means,
            centred,
            rounding,
        })
    }

    /// Number of classes that have rows.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// C, including the classes without rows.
    #[must_use]
    pub fn all_classes(&self) -> usize {
        self.all_classes
    }

    /// The classes that have rows, ascending.
    #[must_use]
    pub fn present(&self) -> &[u32] {
        &self.present
    }

    /// d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows of each class with rows.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// μ_c of the classes that have rows, `[classes, d]`, in the unit of the features.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// μ_G, the mean of the class means, `[d]`.
    #[must_use]
    pub fn centre(&self) -> &[f64] {
        &self.centre
    }

    /// M_c = μ_c − μ_G of the classes that have rows, `[classes, d]`.
    #[must_use]
    pub fn centred(&self) -> &[f64] {
        &self.centred
    }

    /// Eigenvalues of S_b that may be rounding, largest first. Together with the counted
    /// eigenvalues, their number is the smaller of d and the number of classes with rows minus 1.
    #[must_use]
    pub fn dropped_eigenvalues(&self) -> Vec<f64> {
        let dropped = self.directions.dropped.iter();
        dropped.map(|d| d.singular * d.singular).collect()
    }

    /// Checks that the class means differ by more than rounding.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if they do not; metrics relative to the differences are then not defined.
    pub fn differ(&self) -> Result<(), MetricError> {
        if self.directions.kept.is_empty() {
            let domain = "above the rounding of the features: all classes have the same mean";
            return Err(undefined("Tr S_b", domain));
        }
        Ok(())
    }

    /// NC2 of the centred class means M.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if the means do not differ by more than rounding, or if a mean equals their
    /// centre up to rounding, because it then has no angle to the others.
    pub fn simplex(&self) -> Result<SimplexDistance, MetricError> {
        self.differ()?;
        for mean in self.centred.chunks_exact(self.width) {
            // Compares |M_c|² with the rounding along M_c, times |M_c|.
            let moved = mean.iter().zip(&self.rounding).map(|(m, r)| m.abs() * r);
            if dot(mean, mean) <= moved.sum() {
                let domain = "above its rounding: a class at the centre has no angle to others";
                return Err(undefined("norm of a centred class mean", domain));
            }
        }
        simplex_distance(&self.centred, self.classes())
    }

    /// The place of a class among those with rows.
    pub(super) fn place(&self, class: usize) -> Option<usize> {
        place(&self.present, class)
    }

    /// |μ_a − μ_b|² of two classes, by their places among those with rows; `None` where it may be rounding.
    pub(super) fn squared_distance(&self, a: usize, b: usize) -> Option<f64> {
        let row = |place: usize| &self.means[place * self.width..(place + 1) * self.width];
        let difference: Vec<f64> = row(a).iter().zip(row(b)).map(|(a, b)| a - b).collect();
        // As for the norms of centred means, with the rounding of two of them.
        let moved = difference
            .iter()
            .zip(&self.rounding)
            .map(|(d, r)| d.abs() * 2.0 * r);
        let squared = dot(&difference, &difference);
        (squared > moved.sum()).then_some(squared)
    }

    /// μ_c of a class.
    pub(super) fn mean(&self, class: usize) -> Option<&[f64]> {
        let place = place(&self.present, class)?;
        Some(&self.means[place * self.width..(place + 1) * self.width])
    }
}

/// The position of a class among those with rows.
fn place(present: &[u32], class: usize) -> Option<usize> {
    let class = u32::try_from(class).ok()?;
    present.binary_search(&class).ok()
}
