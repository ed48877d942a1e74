//! The largest eigenvalue against a dense decomposition.

use metrics::{MetricError, largest_eigenvalue};
use nalgebra::{DMatrix, DVector};

/// Five digits are promised; errors go as the square of the residual over the gap, so that there are more.
const PROMISED: f64 = 1e-5;
/// Roundings of a few hundred products.
const EXACT: f64 = 1e-11;

/// Numbers in (−1, 1).
fn numbers(seed: u64, count: usize) -> Vec<f64> {
    let number = |at: usize| ((at as f64 + 1.0) * (seed as f64 + 1.7) * 12.9898).sin();
    (0..count).map(number).collect()
}

fn largest(matrix: &DMatrix<f64>) -> Result<f64, MetricError> {
    let start = numbers(9, matrix.nrows());
    largest_eigenvalue(&start, |v| {
        Ok((matrix * DVector::from_column_slice(v)).as_slice().to_vec())
    })
}

#[test]
fn it_is_that_of_a_dense_decomposition() {
    for (seed, size) in [(1, 2), (2, 3), (3, 20), (4, 150), (5, 300)] {
        let matrix = DMatrix::from_vec(size, size, numbers(seed, size * size));
        for matrix in [
            &matrix + matrix.transpose(),
            &matrix * matrix.transpose(),
            -(&matrix * matrix.transpose()),
        ] {
            let eigenvalues = matrix.symmetric_eigenvalues();
            let (expected, scale) = (eigenvalues.max(), eigenvalues.amax());
            let found = largest(&matrix).unwrap();
            assert!(
                (found - expected).abs() < PROMISED * scale,
                "{size}: {found} {expected}"
            );
        }
    }
}

#[test]
fn maps_that_end_the_iteration_early_have_exact_answers() {
    let size = 40;
    let vector = DVector::from_vec(numbers(3, size));
    let one = &vector * vector.transpose();
    let expected = vector.norm_squared();
    assert!((largest(&one).unwrap() / expected - 1.0).abs() < EXACT);
    assert!(largest(&-one).unwrap().abs() < EXACT * expected);
    let same = DMatrix::identity(size, size) * 3.0;
    assert!((largest(&same).unwrap() - 3.0).abs() < EXACT);
    assert_eq!(largest(&DMatrix::zeros(size, size)).unwrap(), 0.0);
    assert_eq!(largest(&DMatrix::from_element(1, 1, -7.0)).unwrap(), -7.0);
}

#[test]
fn what_has_no_answer_is_refused() {
    let zero = largest_eigenvalue(&[0.0; 3], |v| Ok::<_, MetricError>(v.to_vec()));
    assert!(zero.unwrap_err().to_string().contains("norm of start"));
    let short = largest_eigenvalue(&[1.0; 3], |_| Ok::<_, MetricError>(vec![1.0]));
    assert!(short.unwrap_err().to_string().contains("product"));
    let nan = largest_eigenvalue(&[1.0; 3], |_| Ok::<_, MetricError>(vec![f64::NAN; 3]));
    assert!(nan.unwrap_err().to_string().contains("finite"));
    assert!(largest_eigenvalue(&[], |v| Ok::<_, MetricError>(v.to_vec())).is_err());
}
