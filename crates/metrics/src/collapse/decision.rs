use super::{
    ClassMeans, LabelledFeatures,
    dot::dot,
    lanes::{Block, LANES, Lanes, vectorised},
};
use crate::{
    Stored,
    error::{MetricError, require_entries, require_length},
};

/// The last layer, logits = W h + b.
#[derive(Debug, Clone, Copy)]
pub struct LinearClassifier<'a> {
    /// W `[C, d]`, row-major.
    pub weight: &'a [f64],
    /// b `[C]`, if there is one.
    pub bias: Option<&'a [f64]>,
}

impl LinearClassifier<'_> {
    /// W h + b of every row, `[N, C]`.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if shapes do not agree or an entry is not finite.
    pub fn logits<T: Stored>(
        &self,
        features: &LabelledFeatures<'_, T>,
    ) -> Result<Vec<f64>, MetricError> {
        self.check(features)?;
        let mut logits = Vec::with_capacity(features.labels.len() * features.classes);
        let rows: Vec<&[f64]> = self.weight.chunks_exact(features.width).collect();
        let mut block = Block::new(features.width);
        let mut sums = vec![[0.0; LANES]; rows.len()];
        vectorised(
            #[inline(always)]
            || {
                for (group, labels) in features.groups() {
                    block.fill(group);
                    block.dots(&rows, &mut sums);
                    for lane in 0..labels.len() {
                        logits.extend(self.with_bias(&sums, lane));
                    }
                }
            },
        );
        Ok(logits)
    }

    /// Checks the shapes and numbers of the classifier.
    fn check<T>(&self, features: &LabelledFeatures<'_, T>) -> Result<(), MetricError> {
        let &LabelledFeatures { width, classes, .. } = features;
        let expected = classes * width;
        require_length("weight", self.weight.len(), expected, "classes times width")?;
        require_entries("weight", self.weight, "finite", f64::is_finite)?;
        if let Some(bias) = self.bias {
            require_length("bias", bias.len(), classes, "classes")?;
            require_entries("bias", bias, "finite", f64::is_finite)?;
        }
        Ok(())
    }

    /// The outputs on one of several rows, from the products W h `[C][LANES]`.
    fn with_bias(&self, products: &[Lanes], lane: usize) -> impl Iterator<Item = f64> {
        let bias = |class: usize| self.bias.map_or(0.0, |bias| bias[class]);
        (products.iter().enumerate()).map(move |(class, sums)| sums[lane] + bias(class))
    }
}

/// NC4: whether the classifier decides as the nearest class mean would.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decision {
    /// Share of rows whose class by the classifier is not that of the nearest class mean
    /// \[Papyan2020\].
    ///
    /// A classifier without bias is applied to h − μ_G, because uncentred features shift the logits
    /// by W μ_G, which would spoil NC4 even under perfect collapse.
    pub nc4: f64,
    /// The same for the unchanged logits, W h + b.
    pub nc4_as_is: f64,
    /// Share of rows that the classifier W h + b puts into their class.
    pub accuracy: f64,
    /// Share of rows whose nearest class mean is that of their class.
    pub nearest_mean_accuracy: f64,
    /// |W μ_G + b − its mean over classes|, in the unit of the logits: 0 if the bias cancels the
    /// global mean of the features. A shift that all classes share changes no decision.
    pub bias_gap: f64,
}

impl Decision {
    /// Compares the decisions of a classifier with those of the nearest class mean. A class without
    /// rows has no mean and is never nearest, but the classifier may choose it. A row whose largest
    /// logit or whose nearest mean is not unique counts as wrong, and as a disagreement.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if shapes do not agree or an entry is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, Decision, FloatFormat, LabelledFeatures, LinearClassifier};
    /// let (values, unit_roundoff) = ([11.0, 9.0], FloatFormat::F64.unit_roundoff());
    /// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 1], classes: 2, unit_roundoff };
    /// let classifier = LinearClassifier { weight: &[1.0, -1.0], bias: Some(&[-10.0, 10.0]) };
    /// let decision = Decision::of(&features, &ClassMeans::of(&features)?, &classifier)?;
    /// assert_eq!((decision.nc4, decision.accuracy, decision.bias_gap), (0.0, 1.0, 0.0));
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of<T: Stored>(
        features: &LabelledFeatures<'_, T>,
        means: &ClassMeans,
        classifier: &LinearClassifier<'_>,
    ) -> Result<Self, MetricError> {
        let (classes, width) = (means.all_classes(), means.width);
        require_length("width", features.width, width, "that of the means")?;
        classifier.check(features)?;
        let weights: Vec<&[f64]> = classifier.weight.chunks_exact(width).collect();
        let at_centre: Vec<f64> = weights.iter().map(|row| dot(row, means.centre())).collect();
        let centres: Vec<&[f64]> = means.means().chunks_exact(width).collect();
        let (mut disagree, mut disagree_as_is, mut right, mut near) = (0_u64, 0_u64, 0_u64, 0_u64);
        let mut block = Block::new(width);
        let mut products = vec![[0.0; LANES]; classes];
        let mut distances = vec![[0.0; LANES]; centres.len()];
        let (mut logits, mut shifted) = (vec![0.0; classes], vec![0.0; classes]);
        vectorised(
            #[inline(always)]
            || {
                for (rows, labels) in features.groups() {
                    block.fill(rows);
                    block.dots(&weights, &mut products);
                    block.distances(&centres, &mut distances);
                    for (lane, &label) in labels.iter().enumerate() {
                        let label = label as usize;
                        for (logit, f) in
                            logits.iter_mut().zip(classifier.with_bias(&products, lane))
                        {
                            *logit = f;
                        }
                        let chosen = largest(&logits);
                        let nearest = nearest(&distances, lane, means);
                        right += u64::from(chosen == Some(label));
                        near += u64::from(nearest == Some(label));
                        disagree_as_is += u64::from(chosen.is_none() || chosen != nearest);
                        let centred = if classifier.bias.is_some() {
                            chosen
                        } else {
                            let pairs = logits.iter().zip(&at_centre);
                            for (shifted, (f, shift)) in shifted.iter_mut().zip(pairs) {
                                *shifted = f - shift;
                            }
                            largest(&shifted)
                        };
                        disagree += u64::from(centred.is_none() || centred != nearest);
                    }
                }
            },
        );
        let share = |count: u64| count as f64 / features.labels.len() as f64;
        let gaps: Vec<f64> = (0..classes)
            .map(|class| at_centre[class] + classifier.bias.map_or(0.0, |bias| bias[class]))
            .collect();
        let common = gaps.iter().sum::<f64>() / classes as f64;
        let squares = gaps.iter().map(|gap| (gap - common).powi(2));
        Ok(Self {
            nc4: share(disagree),
            nc4_as_is: share(disagree_as_is),
            accuracy: share(right),
            nearest_mean_accuracy: share(near),
            bias_gap: squares.sum::<f64>().sqrt(),
        })
    }
}

/// Share of rows whose nearest class mean is that of their class, as in [`Decision`]; needs no
/// classifier.
///
/// # Errors
///
/// [`MetricError`] if the means do not belong to such features, or do not differ by more than
/// rounding.
pub fn nearest_mean_accuracy<T: Stored>(
    features: &LabelledFeatures<'_, T>,
    means: &ClassMeans,
) -> Result<f64, MetricError> {
    require_length("width", features.width, means.width, "that of the means")?;
    means.differ()?;
    let centres: Vec<&[f64]> = means.means().chunks_exact(means.width).collect();
    let mut block = Block::new(means.width);
    let mut distances = vec![[0.0; LANES]; centres.len()];
    let mut near = 0_u64;
    vectorised(
        #[inline(always)]
        || {
            for (rows, labels) in features.groups() {
                block.fill(rows);
                block.distances(&centres, &mut distances);
                for (lane, &label) in labels.iter().enumerate() {
                    let nearest = nearest(&distances, lane, means);
                    near += u64::from(nearest == Some(label as usize));
                }
            }
        },
    );
    Ok(near as f64 / features.labels.len() as f64)
}

/// The class with the nearest mean, if it is unique, from the squared distances `[classes][LANES]` of
/// several rows.
fn nearest(distances: &[Lanes], lane: usize, means: &ClassMeans) -> Option<usize> {
    let closest = distances
        .iter()
        .map(|sums| sums[lane])
        .fold(f64::INFINITY, f64::min);
    let mut places = (distances.iter().enumerate()).filter(|(_, sums)| sums[lane] == closest);
    match (places.next(), places.next()) {
        (Some((place, _)), None) => Some(means.present()[place] as usize),
        _ => None,
    }
}

/// The position of the largest entry, if it is unique.
fn largest(values: &[f64]) -> Option<usize> {
    let top = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut places = (values.iter().enumerate()).filter(|(_, value)| **value == top);
    match (places.next(), places.next()) {
        (Some((place, _)), None) => Some(place),
        _ => None,
    }
}
