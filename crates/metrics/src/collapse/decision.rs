use super::{ClassMeans, LabelledFeatures, dot::dot};
use crate::error::{MetricError, require_entries, require_length};

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
    pub fn logits(&self, features: &LabelledFeatures<'_>) -> Result<Vec<f64>, MetricError> {
        let &LabelledFeatures { width, classes, .. } = features;
        let expected = classes * width;
        require_length("weight", self.weight.len(), expected, "classes times width")?;
        require_entries("weight", self.weight, "finite", f64::is_finite)?;
        if let Some(bias) = self.bias {
            require_length("bias", bias.len(), classes, "classes")?;
            require_entries("bias", bias, "finite", f64::is_finite)?;
        }
        let rows = features.values.chunks_exact(width);
        let of_row = |row| (0..classes).map(move |class| self.logit(class, row));
        Ok(rows.flat_map(of_row).collect())
    }

    /// One output on one row.
    fn logit(&self, class: usize, row: &[f64]) -> f64 {
        let weight = &self.weight[class * row.len()..(class + 1) * row.len()];
        dot(weight, row) + self.bias.map_or(0.0, |bias| bias[class])
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
    pub fn of(
        features: &LabelledFeatures<'_>,
        means: &ClassMeans,
        classifier: &LinearClassifier<'_>,
    ) -> Result<Self, MetricError> {
        let (classes, width) = (means.all_classes(), means.width);
        require_length("width", features.width, width, "that of the means")?;
        let all = classifier.logits(features)?;
        let unbiased = LinearClassifier {
            bias: None,
            ..*classifier
        };
        let at_centre: Vec<f64> = (0..classes)
            .map(|class| unbiased.logit(class, means.centre()))
            .collect();
        let (mut disagree, mut disagree_as_is, mut right, mut near) = (0_u64, 0_u64, 0_u64, 0_u64);
        for ((row, label), logits) in features.rows().zip(all.chunks_exact(classes)) {
            let (chosen, nearest) = (largest(logits), nearest_mean(row, means));
            right += u64::from(chosen == Some(label));
            near += u64::from(nearest == Some(label));
            disagree_as_is += u64::from(chosen.is_none() || chosen != nearest);
            let centred = if classifier.bias.is_some() {
                chosen
            } else {
                let shifted = logits.iter().zip(&at_centre);
                largest(&shifted.map(|(f, shift)| f - shift).collect::<Vec<_>>())
            };
            disagree += u64::from(centred.is_none() || centred != nearest);
        }
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
pub fn nearest_mean_accuracy(
    features: &LabelledFeatures<'_>,
    means: &ClassMeans,
) -> Result<f64, MetricError> {
    require_length("width", features.width, means.width, "that of the means")?;
    means.differ()?;
    let near = features.rows();
    let near = near.filter(|(row, label)| nearest_mean(row, means) == Some(*label));
    Ok(near.count() as f64 / features.labels.len() as f64)
}

/// The class with the nearest mean, if it is unique.
fn nearest_mean(row: &[f64], means: &ClassMeans) -> Option<usize> {
    let closeness = |mean: &[f64]| {
        let squares = row.iter().zip(mean);
        -squares.map(|(h, m)| (h - m) * (h - m)).sum::<f64>()
    };
    let all = means.means().chunks_exact(means.width).map(closeness);
    let place = largest(&all.collect::<Vec<f64>>())?;
    Some(means.present()[place] as usize)
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
