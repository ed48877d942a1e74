//! Fixed streams of standard normal numbers, so that tests need no random number crate.

use theory::nalgebra::{DMatrix, DVector};

/// SplitMix64 and the Box-Muller transform.
pub(crate) struct Gaussian(pub(crate) u64);

impl Gaussian {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        ((bits >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn number(&mut self) -> f64 {
        let radius = (-2.0 * self.uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    pub(crate) fn matrix(&mut self, rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |_, _| self.number())
    }

    pub(crate) fn vector(&mut self, size: usize) -> DVector<f64> {
        DVector::from_fn(size, |_, _| self.number())
    }

    pub(crate) fn orthogonal(&mut self, size: usize) -> DMatrix<f64> {
        theory::random_orthogonal(&self.matrix(size, size)).unwrap()
    }

    /// Balanced layers in random bases; strengths are `scale` times normal numbers.
    pub(crate) fn balanced(
        &mut self,
        (inputs, hidden, outputs): (usize, usize, usize),
        lambda: f64,
        scale: f64,
    ) -> (DMatrix<f64>, DMatrix<f64>) {
        let (left, middle) = (self.orthogonal(outputs), self.orthogonal(hidden));
        let right = self.orthogonal(inputs);
        let modes = inputs.min(hidden).min(outputs);
        let strengths: Vec<f64> = (0..modes).map(|_| scale * self.number()).collect();
        theory::balanced_weights(&left, &middle, &right, &strengths, lambda).unwrap()
    }
}
