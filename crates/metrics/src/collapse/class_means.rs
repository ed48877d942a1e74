use crate::error::{MetricError, require, require_at_least, require_entries, require_length};

/// Labelled features of a layer.
#[derive(Debug, Clone, Copy)]
pub struct LabelledFeatures<'a> {
    /// `[N, d]`, row-major.
    pub values: &'a [f64],
    /// d.
    pub width: usize,
    /// Class of each row, `[N]`.
    pub labels: &'a [u32],
    /// C.
    pub classes: usize,
}

impl LabelledFeatures<'_> {
    /// The rows with their classes.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[f64], usize)> {
        let labels = self.labels.iter().map(|&label| label as usize);
        self.values.chunks_exact(self.width).zip(labels)
    }
}

/// Means of the classes of labelled features.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassMeans {
    pub(super) width: usize,
    counts: Vec<usize>,
    means: Vec<f64>,
    centre: Vec<f64>,
    centred: Vec<f64>,
}

impl ClassMeans {
    /// The means μ_c of C ≥ 2 classes, in f64.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if shapes do not agree, for fewer than 2 classes, a class without rows, a label
    /// that is no class, or a feature that is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, LabelledFeatures};
    /// let features = LabelledFeatures { values: &[1.0, 3.0, 6.0], width: 1, labels: &[0, 0, 1], classes: 2 };
    /// let means = ClassMeans::of(&features)?;
    /// assert_eq!((means.means(), means.centre()), (&[2.0, 6.0][..], &[4.0][..]));
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of(features: &LabelledFeatures<'_>) -> Result<Self, MetricError> {
        let &LabelledFeatures {
            values,
            width,
            labels,
            classes,
        } = features;
        require(width > 0, "width of the features", 0.0, "1 or more")?;
        require(
            classes > 1,
            "number of classes",
            classes as f64,
            "2 or more: one class has no other to collapse against",
        )?;
        let expected = labels.len() * width;
        require_length("features", values.len(), expected, "labels times width")?;
        require_at_least("labels", labels.len(), 1)?;
        require_entries("features", values, "finite", f64::is_finite)?;
        if let Some(index) = labels.iter().position(|&label| label as usize >= classes) {
            return Err(MetricError::Entry {
                name: "labels",
                index,
                value: f64::from(labels[index]),
                domain: "below the number of classes",
            });
        }
        let mut counts = vec![0; classes];
        let mut means = vec![0.0; classes * width];
        for (row, class) in features.rows() {
            counts[class] += 1;
            let sum = &mut means[class * width..(class + 1) * width];
            sum.iter_mut().zip(row).for_each(|(sum, h)| *sum += h);
        }
        if let Some(index) = counts.iter().position(|&count| count == 0) {
            return Err(MetricError::Entry {
                name: "rows of class",
                index,
                value: 0.0,
                domain: "1 or more: a class without rows has no mean",
            });
        }
        for (mean, &count) in means.chunks_exact_mut(width).zip(&counts) {
            mean.iter_mut().for_each(|sum| *sum /= count as f64);
        }
        let centre: Vec<f64> = (0..width)
            .map(|at| means[at..].iter().step_by(width).sum::<f64>() / classes as f64)
            .collect();
        let off = |(mean, centre): (&f64, &f64)| mean - centre;
        let centred = means.iter().zip(centre.iter().cycle()).map(off).collect();
        Ok(Self {
            width,
            counts,
            means,
            centre,
            centred,
        })
    }

    /// C.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.counts.len()
    }

    /// d.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows of each class, `[C]`.
    #[must_use]
    pub fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// μ_c, `[C, d]`, in the unit of the features.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.means
    }

    /// μ_G, the mean of the class means, `[d]`.
    #[must_use]
    pub fn centre(&self) -> &[f64] {
        &self.centre
    }

    /// M_c = μ_c − μ_G, `[C, d]`.
    #[must_use]
    pub fn centred(&self) -> &[f64] {
        &self.centred
    }

    /// μ_c of one class.
    pub(super) fn mean(&self, class: usize) -> &[f64] {
        &self.means[class * self.width..(class + 1) * self.width]
    }
}

/// Σ a b.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The error of something that is not defined on these features.
pub(super) fn undefined(name: &'static str, domain: &'static str) -> MetricError {
    MetricError::Domain {
        name,
        value: 0.0,
        domain,
    }
}
