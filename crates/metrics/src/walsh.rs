//! Walsh coefficients of a function on sign vectors.
//!
//! A function of n signs is given by its 2^n values: bit j of the index belongs to input j, and a
//! set bit means that the input is −1. A mask picks the inputs of a character: bit j of the mask
//! belongs to input j, and χ_mask(index) = (−1)^{popcount(mask & index)}, the product of the
//! inputs picked.

use crate::error::{MetricError, require_at_least};

/// Unnormalised Walsh-Hadamard transform in place: v\[mask\] ← Σ_index χ_mask(index) v\[index\].
///
/// Fast transform, O(n 2^n) additions. Applied twice it multiplies by 2^n.
///
/// # Shapes
///
/// `values`: `[2^n]`, n ≥ 0, in index order.
///
/// # Errors
///
/// [`MetricError`] unless the length is a power of two.
pub fn walsh_hadamard(values: &mut [f64]) -> Result<(), MetricError> {
    require_power_of_two("values", values.len())?;
    transform(values);
    Ok(())
}

/// Transforms both halves first, while they are in the cache, and then takes sums and differences
/// across them.
fn transform(values: &mut [f64]) {
    if values.len() == 8 {
        return values
            .as_chunks_mut()
            .0
            .iter_mut()
            .for_each(transform_eight);
    }
    let (plus, minus) = values.split_at_mut(values.len() / 2);
    if minus.len() > 1 {
        transform(plus);
        transform(minus);
    }
    for (a, b) in plus.iter_mut().zip(minus) {
        (*a, *b) = (*a + *b, *a - *b);
    }
}

/// The last three levels without loops of one or two steps.
fn transform_eight(values: &mut [f64; 8]) {
    for half in [1, 2, 4] {
        for low in (0..8).filter(|index| index & half == 0) {
            let (a, b) = (values[low], values[low + half]);
            (values[low], values[low + half]) = (a + b, a - b);
        }
    }
}

/// Walsh coefficients c\[mask\] = 2^{−n} Σ_index χ_mask(index) f(index), in the unit of f.
///
/// Parseval: Σ c² = mean f². The coefficient of mask 0 is the mean.
///
/// # Shapes
///
/// `values` f: `[2^n]` in index order; the result is `[2^n]` in mask order.
///
/// # Errors
///
/// [`MetricError`] unless the length is a power of two.
///
/// # Examples
///
/// ```
/// // The parity of two signs: index bits 00, 01, 10, 11.
/// let coefficients = metrics::walsh_coefficients(&[1.0, -1.0, -1.0, 1.0])?;
/// assert_eq!(coefficients, [0.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn walsh_coefficients(values: &[f64]) -> Result<Vec<f64>, MetricError> {
    let mut coefficients = values.to_vec();
    walsh_hadamard(&mut coefficients)?;
    // Exact: a power of two.
    let scale = 1.0 / values.len() as f64;
    for coefficient in &mut coefficients {
        *coefficient *= scale;
    }
    Ok(coefficients)
}

/// Energy of every degree: Σ of c\[mask\]² over the masks with that many inputs, unit of f².
///
/// # Shapes
///
/// `coefficients`: `[2^n]` in mask order; the result is `[n + 1]`, degree 0 first.
///
/// # Errors
///
/// [`MetricError`] unless the length is a power of two.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::energy_by_degree(&[1.0, 0.5, 0.5, 2.0])?, [1.0, 0.5, 4.0]);
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn energy_by_degree(coefficients: &[f64]) -> Result<Vec<f64>, MetricError> {
    require_power_of_two("coefficients", coefficients.len())?;
    let inputs = coefficients.len().trailing_zeros() as usize;
    let mut energy = vec![0.0; inputs + 1];
    for (mask, coefficient) in coefficients.iter().enumerate() {
        energy[mask.count_ones() as usize] += coefficient * coefficient;
    }
    Ok(energy)
}

/// The coefficient with the largest absolute value, except that of `target_mask`: its mask and its
/// signed value.
///
/// The mean (mask 0) is included. Among equal sizes the smallest mask wins. NaN coefficients are
/// ignored unless all are NaN.
///
/// # Shapes
///
/// `coefficients`: `[2^n]`, n ≥ 1, in mask order.
///
/// # Errors
///
/// [`MetricError`] unless the length is a power of two of at least 2 and `target_mask` is below it.
///
/// # Examples
///
/// ```
/// assert_eq!(metrics::largest_other(&[0.1, -0.4, 0.3, 1.0], 3)?, (1, -0.4));
/// # Ok::<(), metrics::MetricError>(())
/// ```
pub fn largest_other(
    coefficients: &[f64],
    target_mask: usize,
) -> Result<(usize, f64), MetricError> {
    require_power_of_two("coefficients", coefficients.len())?;
    require_at_least("coefficients", coefficients.len(), 2)?;
    if target_mask >= coefficients.len() {
        return Err(MetricError::Domain {
            name: "target_mask",
            value: target_mask as f64,
            domain: "below the number of coefficients",
        });
    }
    let first = usize::from(target_mask == 0);
    let mut best = (first, coefficients[first]);
    for (mask, &coefficient) in coefficients.iter().enumerate() {
        let larger = coefficient.abs() > best.1.abs() || (best.1.is_nan() && !coefficient.is_nan());
        if mask != target_mask && larger {
            best = (mask, coefficient);
        }
    }
    Ok(best)
}

fn require_power_of_two(name: &'static str, length: usize) -> Result<(), MetricError> {
    if length.is_power_of_two() {
        Ok(())
    } else {
        let (value, domain) = (length as f64, "as many as sign vectors: a power of two");
        let name = if name == "values" {
            "number of values"
        } else {
            "number of coefficients"
        };
        Err(MetricError::Domain {
            name,
            value,
            domain,
        })
    }
}
