//! The largest eigenvalue of a symmetric linear map that is known by its products alone.

use nalgebra::DMatrix;

use crate::error::{MetricError, require_at_least, require_entries, require_length, undefined};

/// Largest residual |A x − θ x| of the answer, relative to the largest |eigenvalue| found. An eigenvalue
/// lies within the residual of θ, so that θ has five digits or more.
const RESIDUAL: f64 = 1e-5;

/// Products after which the iteration gives up. Spectra of small nets need 10 to 60.
const MOST_PRODUCTS: usize = 400;

/// A new direction this much smaller than the map is rounding: the directions found so far are invariant.
const INVARIANT: f64 = 1e-12;

/// The largest eigenvalue (with its sign) of a symmetric map, by Lanczos's iteration with full
/// orthogonalisation \[Lanczos1950\].
///
/// `times` gives the product of the map with a vector of the length of `start`. A random `start` misses no
/// eigenvector; one that is orthogonal to an eigenvector does.
///
/// # Memory
///
/// One vector per product.
///
/// # Errors
///
/// [`MetricError`] if `start` is empty, zero or not finite, a product has another length or is not finite, or
/// the iteration does not settle within 400 products; and the errors of `times`.
///
/// # Examples
///
/// ```
/// use metrics::{MetricError, largest_eigenvalue};
/// let times = |v: &[f64]| Ok::<_, MetricError>(vec![2.0 * v[0] + v[1], v[0] + 2.0 * v[1]]);
/// assert!((largest_eigenvalue(&[1.0, 0.3], times)? - 3.0).abs() < 1e-12);
/// # Ok::<(), MetricError>(())
/// ```
pub fn largest_eigenvalue<E: From<MetricError>>(
    start: &[f64],
    mut times: impl FnMut(&[f64]) -> Result<Vec<f64>, E>,
) -> Result<f64, E> {
    require_at_least("start", start.len(), 1)?;
    require_entries("start", start, "finite", f64::is_finite)?;
    let length = norm(start);
    if length == 0.0 {
        return Err(undefined("norm of start", "above 0").into());
    }
    let mut basis = vec![scaled(start, 1.0 / length)];
    // Of the tridiagonal matrix of the map in this basis.
    let (mut diagonal, mut beside): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    let most = start.len().min(MOST_PRODUCTS);
    loop {
        let last = &basis[basis.len() - 1];
        let mut next = times(last)?;
        require_length("product", next.len(), start.len(), "start")?;
        require_entries("product", &next, "finite", f64::is_finite)?;
        let size = norm(&next);
        diagonal.push(dot(last, &next));
        // Twice is enough.
        for _ in 0..2 {
            for unit in &basis {
                let along = dot(unit, &next);
                next.iter_mut().zip(unit).for_each(|(n, u)| *n -= along * u);
            }
        }
        let rest = norm(&next);
        let (largest, residual, scale) = top(&diagonal, &beside, rest);
        let invariant = rest <= INVARIANT * size.max(scale);
        if invariant || residual <= RESIDUAL * scale || basis.len() == start.len() {
            return Ok(largest);
        }
        if basis.len() == most {
            let domain = "small: the largest eigenvalue has not settled";
            return Err(MetricError::Domain {
                name: "residual of the eigenvalue",
                value: residual,
                domain,
            }
            .into());
        }
        beside.push(rest);
        basis.push(scaled(&next, 1.0 / rest));
    }
}

/// The largest eigenvalue of a tridiagonal matrix, its residual for the whole map where `rest` is the size
/// of what the next direction would add, and the largest |eigenvalue|.
fn top(diagonal: &[f64], beside: &[f64], rest: f64) -> (f64, f64, f64) {
    let size = diagonal.len();
    let matrix = DMatrix::from_fn(size, size, |row, column| match row.abs_diff(column) {
        0 => diagonal[row],
        1 => beside[row.min(column)],
        _ => 0.0,
    });
    let eigen = matrix.symmetric_eigen();
    let (place, largest) = eigen.eigenvalues.argmax();
    let residual = rest * eigen.eigenvectors[(size - 1, place)].abs();
    (largest, residual, eigen.eigenvalues.amax())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

fn scaled(a: &[f64], factor: f64) -> Vec<f64> {
    a.iter().map(|a| a * factor).collect()
}
