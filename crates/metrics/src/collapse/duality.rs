use super::{ClassMeans, dot::dot, simplex::etf_distance};
use crate::error::{MetricError, require_entries, require_length, undefined};

/// NC3: whether the classifier and the centred class means are the same up to a factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SelfDuality {
    /// |W/|W| − M/|M||, Frobenius norms, from 0 to 2 \[Papyan2020\].
    pub nc3: f64,
    /// The square of `nc3`, which the notebook of \[Papyan2020\] prints.
    pub nc3_squared: f64,
    /// |W Mᵀ/|W Mᵀ| − (I − 1 1ᵀ/C)/√(C − 1)| \[Zhu2021\].
    pub nc3_product: f64,
}

impl SelfDuality {
    /// NC3 of a classifier `[C, d]`.
    ///
    /// # Errors
    ///
    /// [`MetricError`] if shapes do not agree, an entry is not finite, weights are all zero, means do
    /// not differ by more than rounding, or a class has no rows.
    ///
    /// # Examples
    ///
    /// ```
    /// use metrics::{ClassMeans, FloatFormat, LabelledFeatures, SelfDuality};
    /// let (values, unit_roundoff) = ([5.0, 3.0], FloatFormat::F64.unit_roundoff());
    /// let features = LabelledFeatures { values: &values, width: 1, labels: &[0, 1], classes: 2, unit_roundoff };
    /// let duality = SelfDuality::of(&[2.0, -2.0], &ClassMeans::of(&features)?)?;
    /// assert!(duality.nc3 < 1e-15 && duality.nc3_product < 1e-15);
    /// # Ok::<(), metrics::MetricError>(())
    /// ```
    pub fn of(weight: &[f64], means: &ClassMeans) -> Result<Self, MetricError> {
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
        means.differ()?;
        let unit = |values: &[f64], name| -> Result<Vec<f64>, MetricError> {
            let top = values.iter().fold(0.0, |top, v| v.abs().max(top));
            if top == 0.0 {
                return Err(undefined(name, "different from 0"));
            }
            let scaled: Vec<f64> = values.iter().map(|v| v / top).collect();
            let norm = dot(&scaled, &scaled).sqrt();
            Ok(scaled.into_iter().map(|v| v / norm).collect())
        };
        let weight = unit(weight, "classifier")?;
        let centred = unit(means.centred(), "centred class means")?;
        let square = |(w, m): (&f64, &f64)| (w - m).powi(2);
        let nc3_squared: f64 = weight.iter().zip(&centred).map(square).sum();
        let products: Vec<f64> = (weight.chunks_exact(width))
            .flat_map(|w| centred.chunks_exact(width).map(move |m| dot(w, m)))
            .collect();
        Ok(Self {
            nc3: nc3_squared.sqrt(),
            nc3_squared,
            nc3_product: etf_distance(&products, classes)?,
        })
    }
}
