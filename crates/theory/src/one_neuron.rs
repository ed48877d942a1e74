//! One linear neuron with a readout, described by its strength and direction.

use crate::error::{TheoryError, require};

/// Strength and direction of one neuron f(x) = a w·x.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NeuronState {
    /// Strength μ = a |w|, with the sign of the readout.
    pub strength: f64,
    /// Alignment φ, the cosine of the angle between w and the target β*, from −1 to 1.
    pub alignment: f64,
}

/// One neuron f(x) = a w·x that learns β*·x, described by two numbers: strength μ and alignment φ.
///
/// With δ = a² − |w|², which is conserved,
///
/// * dμ/dt = √(δ² + 4μ²) (φ |β*| − μ),
/// * dφ/dt = |β*| (1 − φ²) (δ + √(δ² + 4μ²))/(2μ), the last factor being a/|w|.
///
/// With a heavy readout (δ > 0) the neuron turns before it grows. With a light readout (δ < 0) it
/// grows first, as far as its direction allows, and turns slowly. Its readout may change sign on
/// the way, so μ is signed. Once aligned (φ = 1), μ is the strength of a
/// [`LambdaMode`](crate::LambdaMode) with imbalance δ and input power 1.
///
/// # Assumes
///
/// Gradient flow on ½ E(a w·x − β*·x)² with whitened inputs, E\[x xᵀ\] = I.
///
/// # Derived here
///
/// The reduction was derived again from the flow of a and w, and checked against an adaptive
/// integrator of a and w (`tests/all/one_neuron.rs`).
///
/// [Kunin2024, single hidden neuron]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneNeuron {
    imbalance: f64,
    target: f64,
    start: NeuronState,
}

impl OneNeuron {
    /// The neuron with readout a and input weights w that learns β* = `target`.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless w and β* have the same length, all numbers are finite, and
    /// |w| and |β*| are normal floating-point numbers (weights of 0 have no direction).
    ///
    /// # Examples
    ///
    /// ```
    /// let neuron = theory::OneNeuron::new(2.0, &[0.6, 0.8], &[3.0, 0.0])?;
    /// assert!((neuron.start().strength - 2.0).abs() < 1e-15);
    /// assert!((neuron.start().alignment - 0.6).abs() < 1e-15);
    /// assert!(theory::OneNeuron::new(2.0, &[0.0, 0.0], &[3.0, 0.0]).is_err());
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn new(readout: f64, weights: &[f64], target: &[f64]) -> Result<Self, TheoryError> {
        require(
            weights.len() == target.len(),
            "target.len()",
            target.len() as f64,
            "weights.len()",
        )?;
        let (weight_norm, target_norm) = (norm(weights), norm(target));
        require(
            target_norm.is_normal(),
            "|target|",
            target_norm,
            "finite and above 0",
        )?;
        require(
            weight_norm.is_normal(),
            "|weights|",
            weight_norm,
            "finite and above 0",
        )?;
        let strength = readout * weight_norm;
        require(
            strength.is_finite(),
            "readout * |weights|",
            strength,
            "finite",
        )?;
        let imbalance = (readout.abs() - weight_norm) * (readout.abs() + weight_norm);
        require(
            imbalance.is_finite(),
            "readout^2 - |weights|^2",
            imbalance,
            "finite",
        )?;
        let pairs = weights.iter().zip(target);
        let cosine: f64 = pairs
            .map(|(w, b)| (w / weight_norm) * (b / target_norm))
            .sum();
        Ok(Self {
            imbalance,
            target: target_norm,
            start: NeuronState {
                strength,
                alignment: cosine.clamp(-1.0, 1.0),
            },
        })
    }

    /// The conserved δ = a² − |w|², strength units.
    ///
    /// # Examples
    ///
    /// ```
    /// let neuron = theory::OneNeuron::new(2.0, &[0.0, 1.0], &[3.0, 0.0])?;
    /// assert_eq!(neuron.imbalance(), 3.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Kunin2024, conserved quantity]
    #[must_use]
    pub fn imbalance(&self) -> f64 {
        self.imbalance
    }

    /// Strength of the target, |β*|.
    ///
    /// # Examples
    ///
    /// ```
    /// let neuron = theory::OneNeuron::new(2.0, &[0.0, 1.0], &[3.0, 4.0])?;
    /// assert_eq!(neuron.target(), 5.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn target(&self) -> f64 {
        self.target
    }

    /// Strength and alignment at t = 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let neuron = theory::OneNeuron::new(-2.0, &[0.0, 1.0], &[0.0, 4.0])?;
    /// assert_eq!(neuron.start(), theory::NeuronState { strength: -2.0, alignment: 1.0 });
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn start(&self) -> NeuronState {
        self.start
    }

    /// Rates dμ/dt and dφ/dt, per flow time, at a state.
    ///
    /// `state` has a strength μ that is not 0 unless δ < 0 (for δ ≥ 0 the weights are 0 there and
    /// have no direction), and an alignment φ from −1 to 1.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a state outside that domain.
    ///
    /// # Examples
    ///
    /// ```
    /// // Balanced: a² = |w|² = μ, so φ turns at the rate |β*| (1 − φ²).
    /// let neuron = theory::OneNeuron::new(1.0, &[0.0, 1.0], &[3.0, 0.0])?;
    /// let rate = neuron.rate(theory::NeuronState { strength: 0.1, alignment: 0.5 })?;
    /// assert!((rate.alignment - 3.0 * 0.75).abs() < 1e-15);
    /// assert!((rate.strength - 0.2 * (1.5 - 0.1)).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Kunin2024, single hidden neuron]
    pub fn rate(&self, state: NeuronState) -> Result<NeuronState, TheoryError> {
        let NeuronState {
            strength,
            alignment,
        } = state;
        require(
            strength.is_finite() && (strength != 0.0 || self.imbalance < 0.0),
            "strength",
            strength,
            "finite, and not 0 unless the imbalance is negative",
        )?;
        require(
            (-1.0..=1.0).contains(&alignment),
            "alignment",
            alignment,
            "from -1 to 1",
        )?;
        let root = self.imbalance.hypot(2.0 * strength);
        // a/|w|; for a heavy |w| the sum δ + root cancels and its partner does not.
        let turning = if self.imbalance >= 0.0 {
            (self.imbalance + root) / (2.0 * strength)
        } else {
            2.0 * strength / (root - self.imbalance)
        };
        Ok(NeuronState {
            strength: root * (alignment * self.target - strength),
            alignment: self.target * (1.0 - alignment) * (1.0 + alignment) * turning,
        })
    }
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().fold(0.0, |size: f64, x| size.hypot(*x))
}
