use super::{
    ClassMeans, LabelledFeatures,
    lanes::{Block, vectorised},
    variability::fits,
};
use crate::{
    Stored,
    error::{MetricError, undefined},
};

/// The class-distance normalised variance, the mean of (σ_c² + σ_c'²)/(2 |μ_c − μ_c'|²) over pairs of classes
/// with rows, where σ_c² is the mean of |h − μ_c|² over the rows of class c [Galanti2022, Sec. 3]. No unit: 0
/// where features lie on their class means.
///
/// Unlike [`crate::Variability`] it needs no inverse, and a pair of classes that are close counts as much as
/// one that is far apart.
///
/// # Errors
///
/// [`MetricError`] if the means do not belong to such features, or two classes have the same mean up to
/// rounding.
///
/// # Examples
///
/// ```
/// use metrics::{ClassMeans, FloatFormat, LabelledFeatures, class_distance_variance};
/// let (values, unit_roundoff) = ([1.0, 3.0, -1.0, -3.0], FloatFormat::F64.unit_roundoff());
/// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 0, 1, 1], classes: 2, unit_roundoff };
/// // Both variances are 1, and the means are 4 apart.
/// assert_eq!(class_distance_variance(&features, &ClassMeans::of(&features)?)?, 1.0 / 16.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn class_distance_variance<T: Stored>(
    features: &LabelledFeatures<'_, T>,
    means: &ClassMeans,
) -> Result<f64, MetricError> {
    fits(features, means)?;
    let mut variances = vec![0.0; means.classes()];
    let mut block = Block::new(means.width);
    vectorised(
        #[inline(always)]
        || {
            for (rows, labels) in features.groups() {
                let own = labels
                    .iter()
                    .filter_map(|&label| means.mean(label as usize));
                block.fill_differences(rows, own);
                for (&label, square) in labels.iter().zip(block.squares()) {
                    if let Some(place) = means.place(label as usize) {
                        variances[place] += square;
                    }
                }
            }
        },
    );
    for (variance, &count) in variances.iter_mut().zip(means.counts()) {
        *variance /= count as f64;
    }
    let (mut sum, mut pairs) = (0.0, 0.0);
    for a in 0..variances.len() {
        for b in 0..a {
            let Some(distance) = means.squared_distance(a, b) else {
                let domain = "above its rounding: two classes have the same mean";
                return Err(undefined("distance of two class means", domain));
            };
            sum += (variances[a] + variances[b]) / (2.0 * distance);
            pairs += 1.0;
        }
    }
    Ok(sum / pairs)
}
