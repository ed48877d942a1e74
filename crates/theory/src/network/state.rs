use nalgebra::DMatrix;

use super::kernel::linear_ntk_of_grams;
use crate::error::TheoryError;

/// State of a two-layer linear network at one time, up to rotations of its hidden units.
///
/// * `product` W2W1, c×d: the network's function;
/// * `first_gram` W1ᵀW1, d×d, and `second_gram` W2W2ᵀ, c×c, from which its tangent kernel follows.
///
/// All three are the blocks of Q Qᵀ, Q = \[W1ᵀ; W2\]; the weights themselves are not determined.
///
/// [Braun2022, matrix QQᵀ of the exact learning dynamics]
#[derive(Debug, Clone, PartialEq)]
pub struct NetworkState {
    product: DMatrix<f64>,
    first_gram: DMatrix<f64>,
    second_gram: DMatrix<f64>,
}

impl NetworkState {
    /// From the two layers W1ᵀ (d×h) and W2 (c×h), known up to a common rotation.
    pub(super) fn of_layers(first_transposed: &DMatrix<f64>, second: &DMatrix<f64>) -> Self {
        Self {
            product: second * first_transposed.transpose(),
            first_gram: first_transposed * first_transposed.transpose(),
            second_gram: second * second.transpose(),
        }
    }

    /// NaN in every entry, for an invalid time.
    pub(super) fn unknown(inputs: usize, outputs: usize) -> Self {
        let unknown = |rows, columns| DMatrix::from_element(rows, columns, f64::NAN);
        Self {
            product: unknown(outputs, inputs),
            first_gram: unknown(inputs, inputs),
            second_gram: unknown(outputs, outputs),
        }
    }

    /// The network's matrix W2W1 (c×d), strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let start = dmatrix![0.1, 0.0; 0.0, 0.1];
    /// let network = theory::BalancedNetwork::new(&start, &start, &dmatrix![2.0, 0.0; 0.0, 1.0])?;
    /// assert!((network.at(0.0).product()[(0, 0)] - 0.01).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn product(&self) -> &DMatrix<f64> {
        &self.product
    }

    /// W1ᵀW1 (d×d), strength units: how the first layer weights the inputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::BalancedNetwork::new(
    ///     &dmatrix![1.0, 0.0], &dmatrix![2.0], &dmatrix![3.0, 0.0])?;
    /// assert_eq!(network.at(0.0).first_gram(), &dmatrix![1.0, 0.0; 0.0, 0.0]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn first_gram(&self) -> &DMatrix<f64> {
        &self.first_gram
    }

    /// W2W2ᵀ (c×c), strength units: how the second layer weights the outputs.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::BalancedNetwork::new(
    ///     &dmatrix![1.0, 0.0], &dmatrix![2.0], &dmatrix![3.0, 0.0])?;
    /// assert_eq!(network.at(0.0).second_gram(), &dmatrix![4.0]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn second_gram(&self) -> &DMatrix<f64> {
        &self.second_gram
    }

    /// The tangent kernel at inputs X (d×N): (c·N)×(c·N), see
    /// [`linear_ntk`](crate::linear_ntk).
    ///
    /// # Errors
    ///
    /// [`TheoryError::Shape`] unless X has d rows and at least one column, and
    /// [`TheoryError::Domain`] for an entry that is not finite.
    ///
    /// # Examples
    ///
    /// ```
    /// use theory::nalgebra::dmatrix;
    /// let network = theory::BalancedNetwork::new(&dmatrix![1.0], &dmatrix![2.0], &dmatrix![3.0])?;
    /// // One scalar input x = 2: x² (a² + b²).
    /// assert_eq!(network.at(0.0).kernel(&dmatrix![2.0])?, dmatrix![20.0]);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn kernel(&self, inputs: &DMatrix<f64>) -> Result<DMatrix<f64>, TheoryError> {
        linear_ntk_of_grams(&self.first_gram, &self.second_gram, inputs)
    }
}
