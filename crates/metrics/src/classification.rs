//! Metrics of class outputs: accuracy, margins, cross-entropy and softmax collapse.

use crate::error::{MetricError, require, require_length};

/// Class of every row of one-hot targets τ e_y: the position of the largest entry.
///
/// # Shapes
///
/// `targets` `[N, K]`, row-major, `classes` = K; the result is `[N]`.
///
/// # Errors
///
/// [`MetricError`] unless the entries fill rows of `classes` columns, and for a row whose largest
/// entry is not unique.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::labels(&[0.0, 3.0, 3.0, 0.0], 2)?, [1, 0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn labels(targets: &[f64], classes: usize) -> Result<Vec<u32>, MetricError> {
    let rows = rows_of("targets", targets, classes)?;
    let mut labels = Vec::with_capacity(targets.len() / classes);
    for (index, row) in rows.enumerate() {
        match predicted(row) {
            Some(label) => labels.push(label),
            None => {
                return Err(MetricError::Entry {
                    name: "targets",
                    index: index * classes,
                    value: row[0],
                    domain: "in a row with one largest entry",
                });
            }
        }
    }
    Ok(labels)
}

/// Share of rows whose largest output is that of their class (no unit).
///
/// A row whose largest output is not unique, or that contains a NaN, counts as wrong, so that a net
/// with zero outputs has accuracy 0.
///
/// # Shapes
///
/// `outputs` `[N, K]`, row-major; `labels` `[N]`, below K = `classes`.
///
/// # Errors
///
/// [`MetricError`] if shapes do not agree, there are no rows, or a label is not a class.
///
/// # Examples
///
/// ```
/// let outputs = [0.9, 0.1, 0.2, 0.8, 0.5, 0.5];
/// assert_eq!(metrics::accuracy(&outputs, &[0, 0, 1], 2)?, 1.0 / 3.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn accuracy(outputs: &[f64], labels: &[u32], classes: usize) -> Result<f64, MetricError> {
    let rows = labelled("outputs", outputs, labels, classes)?;
    let right = rows.filter(|&(row, label)| predicted(row) == Some(label as u32));
    Ok(right.count() as f64 / labels.len() as f64)
}

/// Margins of the rows, f_y − max_{j≠y} f_j: above 0 where the row is right. `[N]`, in the unit of
/// the outputs. With one class there is no other, and the margins are infinite.
///
/// # Shapes
///
/// As [`accuracy`].
///
/// # Errors
///
/// As [`accuracy`].
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::margins(&[1.0, 4.0, 2.0], &[1], 3)?, [2.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn margins(outputs: &[f64], labels: &[u32], classes: usize) -> Result<Vec<f64>, MetricError> {
    let rows = labelled("outputs", outputs, labels, classes)?;
    Ok(rows
        .map(|(row, label)| {
            let others = row.iter().enumerate().filter(|&(class, _)| class != label);
            let largest = others.map(|(_, f)| *f).fold(f64::NEG_INFINITY, larger);
            row[label] - largest
        })
        .collect())
}

/// Mean softmax cross-entropy (nats), from shifted logits.
///
/// # Shapes
///
/// As [`accuracy`].
///
/// # Errors
///
/// As [`accuracy`].
///
/// # Examples
///
/// ```
/// let loss = metrics::cross_entropy(&[0.0, 0.0], &[1], 2)?;
/// assert!((loss - 2.0_f64.ln()).abs() < 1e-15);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn cross_entropy(outputs: &[f64], labels: &[u32], classes: usize) -> Result<f64, MetricError> {
    let rows = labelled("outputs", outputs, labels, classes)?;
    let losses = rows.map(|(row, label)| {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, larger);
        let sum: f64 = row.iter().map(|f| (f - top).exp()).sum();
        top + sum.ln() - row[label]
    });
    Ok(losses.sum::<f64>() / labels.len() as f64)
}

/// Significand of the arithmetic in which a softmax is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FloatFormat {
    /// 24 bits.
    F32,
    /// 53 bits.
    F64,
}

impl FloatFormat {
    /// Unit roundoff u: rounding to nearest moves a number by at most u times its size.
    #[must_use]
    pub fn unit_roundoff(self) -> f64 {
        match self {
            Self::F32 => f64::from(f32::EPSILON) / 2.0,
            Self::F64 => f64::EPSILON / 2.0,
        }
    }
}

/// Share of rows whose softmax has collapsed [Prieto2025, softmax collapse]: in this arithmetic,
/// the sum of the exponentials of the shifted logits equals the term of the own class, so the loss
/// and its gradient are exactly zero.
///
/// This needs all other logits to be lower by about ln 2²⁴ = 16.6 (f32) or ln 2⁵³ = 36.7 (f64).
///
/// # Shapes
///
/// As [`accuracy`].
///
/// # Errors
///
/// As [`accuracy`].
///
/// # Examples
///
/// ```
/// use metrics::{FloatFormat, softmax_collapse};
/// let outputs = [20.0, 0.0, 5.0, 0.0];
/// assert_eq!(softmax_collapse(&outputs, &[0, 0], 2, FloatFormat::F32)?, 0.5);
/// assert_eq!(softmax_collapse(&outputs, &[0, 0], 2, FloatFormat::F64)?, 0.0);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn softmax_collapse(
    outputs: &[f64],
    labels: &[u32],
    classes: usize,
    format: FloatFormat,
) -> Result<f64, MetricError> {
    let rows = labelled("outputs", outputs, labels, classes)?;
    let collapsed = rows.filter(|&(row, label)| {
        let top = row.iter().copied().fold(f64::NEG_INFINITY, larger);
        let alone = row[label] == top;
        alone
            && match format {
                FloatFormat::F32 => {
                    let shifted = row.iter().map(|f| (*f as f32 - top as f32).exp());
                    shifted.sum::<f32>() == 1.0
                }
                FloatFormat::F64 => row.iter().map(|f| (f - top).exp()).sum::<f64>() == 1.0,
            }
    });
    Ok(collapsed.count() as f64 / labels.len() as f64)
}

/// The larger of two numbers; NaN if one is NaN, which `f64::max` would ignore.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// The position of the largest entry, if it is unique.
fn predicted(row: &[f64]) -> Option<u32> {
    let top = row.iter().copied().fold(f64::NEG_INFINITY, larger);
    let mut places = row.iter().enumerate().filter(|(_, f)| **f == top);
    match (places.next(), places.next()) {
        (Some((place, _)), None) => Some(place as u32),
        _ => None,
    }
}

fn rows_of<'a>(
    name: &'static str,
    values: &'a [f64],
    classes: usize,
) -> Result<std::slice::ChunksExact<'a, f64>, MetricError> {
    require(classes > 0, "classes", classes as f64, "1 or more")?;
    let rest = values.len() % classes;
    require(
        rest == 0,
        name,
        values.len() as f64,
        "a number of whole rows",
    )?;
    Ok(values.chunks_exact(classes))
}

/// Rows with their labels, checked.
fn labelled<'a>(
    name: &'static str,
    outputs: &'a [f64],
    labels: &'a [u32],
    classes: usize,
) -> Result<impl Iterator<Item = (&'a [f64], usize)>, MetricError> {
    let rows = rows_of(name, outputs, classes)?;
    require_length("labels", labels.len(), rows.len(), "rows of outputs")?;
    crate::error::require_at_least("labels", labels.len(), 1)?;
    if let Some(index) = labels.iter().position(|&label| label as usize >= classes) {
        return Err(MetricError::Entry {
            name: "labels",
            index,
            value: f64::from(labels[index]),
            domain: "below the number of classes",
        });
    }
    Ok(rows.zip(labels.iter().map(|&label| label as usize)))
}
