//! Neurons that are left out of a step at random.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};

use super::lines::Line;
use super::real::Real;
use crate::error::{MlpError, require};

/// Hidden neurons that are left out of each row of a step at random; what stays is divided by 1 − p, so
/// that the mean is that of the whole net \[Srivastava2014\], as PyTorch's `Dropout` does. Evaluations use
/// the whole net.
///
/// What is left out is a function of the key and the number of the step. A step draws from the ChaCha8 stream
/// of its number: for each block of 96 rows, for each hidden layer, for each sixteen neurons, for each
/// row, one 32-bit word per neuron (sixteen also where a layer ends sooner). A neuron is out if its
/// word is below p 2³².
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dropout {
    /// p, the probability of a neuron to be out of a row; 0 or more, below 1.
    pub rate: f64,
    /// Key of the random stream.
    pub key: [u8; 32],
}

impl Dropout {
    /// # Errors
    /// [`MlpError`] if p is not a probability below 1.
    pub(super) fn check(self) -> Result<(), MlpError> {
        let domain = "0 or more, below 1";
        require(
            (0.0..1.0).contains(&self.rate),
            "dropout",
            self.rate,
            domain,
        )
    }
}

/// The stream of one step.
#[derive(Debug, Clone)]
pub(super) struct Masks {
    dropout: Dropout,
    stream: ChaCha8Rng,
}

impl Masks {
    pub(super) fn new(dropout: Dropout) -> Self {
        let stream = ChaCha8Rng::from_seed(dropout.key);
        Self { dropout, stream }
    }

    /// Begins step `step`, counted from 0.
    pub(super) fn begin(&mut self, step: u64) {
        self.stream = ChaCha8Rng::from_seed(self.dropout.key);
        self.stream.set_stream(step);
    }

    /// Leaves neurons out of one layer and block: φ(Z) and φ'(Z) become 0, or are divided by 1 − p.
    pub(super) fn apply<T: Real>(&mut self, features: &mut [Line<T>], slopes: &mut [Line<T>]) {
        let rate = self.dropout.rate;
        let below = (rate * 2.0_f64.powi(32)) as u32;
        let kept = T::from_f64(1.0 / (1.0 - rate));
        let features = features.as_flattened_mut().iter_mut();
        for (feature, slope) in features.zip(slopes.as_flattened_mut()) {
            let factor = if self.stream.next_u32() < below {
                T::ZERO
            } else {
                kept
            };
            *feature *= factor;
            *slope *= factor;
        }
    }
}
