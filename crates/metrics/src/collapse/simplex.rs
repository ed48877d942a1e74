use super::dot::dot;
use crate::error::{MetricError, require, require_entries, require_length, undefined};

/// NC2: distances of C vectors from a simplex equiangular tight frame (ETF), whose C directions are
/// as far apart as possible, with cosine −1/(C − 1) between any two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SimplexDistance {
    /// Coefficient of variation of the norms, with the unbiased standard deviation (over C − 1)
    /// \[Papyan2020\].
    pub equinorm: f64,
    /// Mean over pairs of |cos + 1/(C − 1)| \[Papyan2020\].
    pub equiangular: f64,
    /// Population standard deviation of the cosines over pairs (divided by C (C − 1)/2)
    /// \[Papyan2020\].
    pub cosine_deviation: f64,
    /// |A Aᵀ/|A Aᵀ| − (I − 1 1ᵀ/C)/√(C − 1)|, Frobenius norms \[Zhu2021\].
    pub etf: f64,
}

/// NC2 of C vectors, such as the rows of the classifier without centring. For centred class means,
/// use [`ClassMeans::simplex`], which accounts for their rounding.
///
/// [`ClassMeans::simplex`]: crate::ClassMeans::simplex
///
/// C vectors in fewer than C − 1 dimensions cannot form a simplex; the distance is then above 0.
///
/// # Shapes
///
/// `vectors` `[C, d]`, row-major, `classes` = C ≥ 2.
///
/// # Errors
///
/// [`MetricError`] if rows are incomplete, there are fewer than 2 vectors, an entry is not finite,
/// or a vector is zero and has no angle.
///
/// # Examples
///
/// ```
/// let triangle = [0.0, 2.0, 3.0_f64.sqrt(), -1.0, -3.0_f64.sqrt(), -1.0];
/// let distance = metrics::simplex_distance(&triangle, 3)?;
/// assert!(distance.equinorm < 1e-15 && distance.equiangular < 1e-15 && distance.etf < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn simplex_distance(vectors: &[f64], classes: usize) -> Result<SimplexDistance, MetricError> {
    require(
        classes > 1,
        "number of vectors",
        classes as f64,
        "2 or more",
    )?;
    let width = vectors.len() / classes;
    require_length("vectors", vectors.len(), classes * width, "whole rows")?;
    require(width > 0, "width of the vectors", 0.0, "1 or more")?;
    require_entries("vectors", vectors, "finite", f64::is_finite)?;
    let vector = |class: usize| &vectors[class * width..(class + 1) * width];
    // Division by the largest entry keeps all squares within f64.
    let scale = vectors.iter().fold(0.0, |top, v| v.abs().max(top));
    let scaled = |class: usize| -> Vec<f64> { vector(class).iter().map(|v| v / scale).collect() };
    if scale == 0.0 {
        return Err(undefined("vectors", "different from 0"));
    }
    let rows: Vec<Vec<f64>> = (0..classes).map(scaled).collect();
    let norms: Vec<f64> = rows.iter().map(|row| dot(row, row).sqrt()).collect();
    if norms.contains(&0.0) {
        let domain = "above 0: a class at the centre has no angle to others";
        return Err(undefined("norm of a class vector", domain));
    }
    let count = classes as f64;
    let mean = norms.iter().sum::<f64>() / count;
    let squares: f64 = norms.iter().map(|norm| (norm - mean).powi(2)).sum();
    let simplex = -1.0 / (count - 1.0);

    let mut cosines = Vec::with_capacity(classes * (classes - 1) / 2);
    let mut gram = vec![0.0; classes * classes];
    for (i, a) in rows.iter().enumerate() {
        for (j, b) in rows.iter().enumerate().take(i + 1) {
            let product = dot(a, b);
            gram[i * classes + j] = product;
            gram[j * classes + i] = product;
            if j < i {
                cosines.push(product / (norms[i] * norms[j]));
            }
        }
    }
    let pairs = cosines.len() as f64;
    let mean_cosine = cosines.iter().sum::<f64>() / pairs;
    let spread: f64 = cosines.iter().map(|c| (c - mean_cosine).powi(2)).sum();
    let off: f64 = cosines.iter().map(|cosine| (cosine - simplex).abs()).sum();
    Ok(SimplexDistance {
        equinorm: (squares / (count - 1.0)).sqrt() / mean,
        equiangular: off / pairs,
        cosine_deviation: (spread / pairs).sqrt(),
        etf: etf_distance(&gram, classes)?,
    })
}

/// |G/|G| − (I − 1 1ᵀ/C)/√(C − 1)|, in Frobenius norms, of a matrix `[C, C]`.
pub(super) fn etf_distance(gram: &[f64], classes: usize) -> Result<f64, MetricError> {
    let norm = dot(gram, gram).sqrt();
    if norm == 0.0 || !norm.is_finite() {
        return Err(undefined("products of class vectors", "different from 0"));
    }
    let count = classes as f64;
    let entry = |at: usize| {
        let own = f64::from(u8::from(at / classes == at % classes));
        (own - 1.0 / count) / (count - 1.0).sqrt()
    };
    let square = |(at, g): (usize, &f64)| (g / norm - entry(at)).powi(2);
    Ok(gram.iter().enumerate().map(square).sum::<f64>().sqrt())
}
