//! Balanced networks with random weights and tasks, and how far a solution is from the integrator.

use theory::nalgebra::DMatrix;
use theory::{BalancedNetwork, NetworkState};

use super::{gaussian::Gaussian, matrix_flow::layers_at};

/// (inputs, hidden, outputs)
pub(crate) type Widths = (usize, usize, usize);

/// Shapes without bottleneck; both signs of λ exist for each.
pub(crate) const PLAIN: [Widths; 4] = [(2, 2, 2), (5, 3, 3), (3, 3, 6), (4, 4, 4)];
pub(crate) const LAMBDAS: [f64; 7] = [0.0, 0.5, -0.5, 3.0, -3.0, 50.0, -50.0];
pub(crate) const TIMES: [f64; 6] = [0.0, 0.05, 0.3, 1.0, 3.0, 8.0];

pub(crate) struct Case {
    pub(crate) first: DMatrix<f64>,
    pub(crate) second: DMatrix<f64>,
    pub(crate) task: DMatrix<f64>,
}

impl Case {
    pub(crate) fn new(seed: u64, widths: Widths, lambda: f64) -> Self {
        let mut gaussian = Gaussian(seed);
        let (first, second) = gaussian.balanced(widths, lambda, 0.5);
        Self {
            first,
            second,
            task: gaussian.matrix(widths.2, widths.0),
        }
    }

    pub(crate) fn network(&self) -> BalancedNetwork {
        BalancedNetwork::new(&self.first, &self.second, &self.task).unwrap()
    }

    /// Largest difference of the solution from the integrator at `t`, over the largest entry.
    pub(crate) fn error_at(&self, state: &NetworkState, t: f64) -> f64 {
        let (first, second) = layers_at((&self.first, &self.second), &self.task, t);
        let grams = [first.tr_mul(&first), &second * second.transpose()];
        let size = grams[0].amax().max(grams[1].amax()).max(1.0);
        let parts = [
            state.product() - second * first,
            state.first_gram() - &grams[0],
            state.second_gram() - &grams[1],
        ];
        // NaN stays NaN, which the maximum of two numbers would drop.
        let errors = DMatrix::from_iterator(1, parts.len(), parts.iter().map(largest));
        largest(&errors) / size
    }
}

/// The largest size of an entry; NaN if one is NaN, which amax would hide.
pub(crate) fn largest(matrix: &DMatrix<f64>) -> f64 {
    matrix.iter().fold(0.0, |m: f64, x| {
        if m.is_nan() || x.is_nan() {
            f64::NAN
        } else {
            m.max(x.abs())
        }
    })
}

/// \[W1ᵀW1, (W2W1)ᵀ; W2W1, W2W2ᵀ\].
pub(crate) fn blocks(state: &NetworkState) -> DMatrix<f64> {
    let (outputs, inputs) = state.product().shape();
    let mut all = DMatrix::zeros(inputs + outputs, inputs + outputs);
    let mut put = |row, column, block: &DMatrix<f64>| {
        all.view_mut((row, column), block.shape()).copy_from(block);
    };
    put(0, 0, state.first_gram());
    put(inputs, 0, state.product());
    put(0, inputs, &state.product().transpose());
    put(inputs, inputs, state.second_gram());
    all
}
