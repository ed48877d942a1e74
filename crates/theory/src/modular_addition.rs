//! An exact network for addition modulo p.

use std::f64::consts::TAU;

use crate::error::{TheoryError, require};

/// Largest p · N for which all weights are counted exactly in f64.
const LARGEST_SIZE: f64 = 1e15;

/// Weights of a two-layer network with squared activation that adds modulo p exactly.
///
/// The network sees a and b one-hot and has N hidden neurons:
/// logit_q(a, b) = Σ_n W_qn (U_na + V_nb)². One neuron for every frequency k = 1 … (p−1)/2 and
/// every pair of phases x, z from the K multiples of 2π/K, with
///
/// U_na = cos(2π k a/p + x), V_nb = cos(2π k b/p + z), W_qn = cos(2π k q/p + x + z),
///
/// so N = K² (p−1)/2. Then logit_q = (K²/4)(p \[q = a + b mod p\] − 1) for every a and b: the
/// product cos(2πk(a+b)/p + x + z) in the square is in phase with W, and the sums over the phases
/// cancel all other terms.
///
/// * `modulus` p: odd, at least 3 (it need not be prime);
/// * `phases` K: at least 3. With two phases, terms with twice the phase do not cancel.
///
/// # Derived here
///
/// Weights of this form with phases drawn at random solve the task for many neurons; the finite
/// set of phases that makes it exact, and the value of the logits, were derived here and checked
/// by evaluation for p = 3 to 23 (`tests/all/modular_addition.rs`).
///
/// [Gromov2023, analytic weights for modular addition]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModularAddition {
    modulus: usize,
    phases: usize,
}

impl ModularAddition {
    /// The network for addition modulo p with K phases.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless p is odd and at least 3, K is at least 3, and p N does not
    /// exceed 1e15.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::ModularAddition::new(7, 3)?.neurons(), 27);
    /// let error = theory::ModularAddition::new(8, 3).unwrap_err();
    /// assert_eq!(error.to_string(), "modulus = 8: must be odd and at least 3");
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn new(modulus: usize, phases: usize) -> Result<Self, TheoryError> {
        require(
            modulus % 2 == 1 && modulus >= 3,
            "modulus",
            modulus as f64,
            "odd and at least 3",
        )?;
        require(
            phases >= 3,
            "phases",
            phases as f64,
            "at least 3 (with 2, the phases do not cancel)",
        )?;
        let size = 0.5 * (phases as f64).powi(2) * (modulus as f64).powi(2);
        require(
            size <= LARGEST_SIZE,
            "phases^2 * modulus^2 / 2",
            size,
            "at most 1e15 (that many weights in a layer)",
        )?;
        Ok(Self { modulus, phases })
    }

    /// Modulus p: inputs and outputs run from 0 to p − 1.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::ModularAddition::new(7, 3)?.modulus(), 7);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn modulus(&self) -> usize {
        self.modulus
    }

    /// Phases K of each of the two inputs.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::ModularAddition::new(7, 3)?.phases(), 3);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn phases(&self) -> usize {
        self.phases
    }

    /// Hidden neurons, N = K² (p − 1)/2.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::ModularAddition::new(23, 4)?.neurons(), 176);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn neurons(&self) -> usize {
        self.phases * self.phases * (self.modulus / 2)
    }

    /// Weights of the first input, U, as N rows of p numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// let u = theory::ModularAddition::new(5, 3)?.first_weights();
    /// assert_eq!((u.len(), u[0].len(), u[0][0]), (18, 5, 1.0));
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Gromov2023, analytic weights for modular addition]
    #[must_use]
    pub fn first_weights(&self) -> Vec<Vec<f64>> {
        self.rows(|neuron| neuron.first_phase)
    }

    /// Weights of the second input, V, as N rows of p numbers.
    ///
    /// # Examples
    ///
    /// ```
    /// let v = theory::ModularAddition::new(5, 3)?.second_weights();
    /// assert_eq!((v.len(), v[0].len(), v[0][0]), (18, 5, 1.0));
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Gromov2023, analytic weights for modular addition]
    #[must_use]
    pub fn second_weights(&self) -> Vec<Vec<f64>> {
        self.rows(|neuron| neuron.second_phase)
    }

    /// Weights of the readout, W, as N rows of p numbers (one row per neuron, one column per
    /// output).
    ///
    /// # Examples
    ///
    /// ```
    /// let w = theory::ModularAddition::new(5, 3)?.readout_weights();
    /// assert_eq!((w.len(), w[0].len(), w[0][0]), (18, 5, 1.0));
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    ///
    /// [Gromov2023, analytic weights for modular addition]
    #[must_use]
    pub fn readout_weights(&self) -> Vec<Vec<f64>> {
        self.rows(|neuron| neuron.first_phase + neuron.second_phase)
    }

    /// The p logits of the network for inputs a and b, summed over its neurons.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless a and b are below p.
    ///
    /// # Examples
    ///
    /// ```
    /// let logits = theory::ModularAddition::new(7, 3)?.logits(5, 4)?;
    /// assert!((logits[2] - 13.5).abs() < 1e-12 && (logits[3] + 2.25).abs() < 1e-12);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn logits(&self, a: usize, b: usize) -> Result<Vec<f64>, TheoryError> {
        for (name, input) in [("a", a), ("b", b)] {
            require(
                input < self.modulus,
                name,
                input as f64,
                "a whole number below modulus",
            )?;
        }
        let mut logits = vec![0.0; self.modulus];
        for neuron in self.all() {
            let first = self.weight(neuron.frequency, a, neuron.first_phase);
            let second = self.weight(neuron.frequency, b, neuron.second_phase);
            let hidden = (first + second).powi(2);
            let phase = neuron.first_phase + neuron.second_phase;
            for (q, logit) in logits.iter_mut().enumerate() {
                *logit += hidden * self.weight(neuron.frequency, q, phase);
            }
        }
        Ok(logits)
    }

    /// The logit that [`ModularAddition::logits`] has in exact arithmetic: (K²/4)(p − 1) for the
    /// right output, −K²/4 for every other.
    ///
    /// # Examples
    ///
    /// ```
    /// let network = theory::ModularAddition::new(7, 3)?;
    /// assert_eq!((network.exact_logit(true), network.exact_logit(false)), (13.5, -2.25));
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn exact_logit(&self, right: bool) -> f64 {
        let scale = (self.phases as f64).powi(2) / 4.0;
        if right {
            scale * (self.modulus - 1) as f64
        } else {
            -scale
        }
    }

    fn all(&self) -> impl Iterator<Item = Neuron> + use<> {
        let phases = self.phases;
        (1..=self.modulus / 2).flat_map(move |frequency| {
            (0..phases * phases).map(move |pair| Neuron {
                frequency,
                first_phase: pair / phases,
                second_phase: pair % phases,
            })
        })
    }

    fn rows(&self, phase: impl Fn(&Neuron) -> usize) -> Vec<Vec<f64>> {
        let row = |neuron: Neuron| {
            (0..self.modulus)
                .map(|index| self.weight(neuron.frequency, index, phase(&neuron)))
                .collect()
        };
        self.all().map(row).collect()
    }

    /// cos(2π (k i/p + m/K)): whole turns are removed in whole numbers.
    fn weight(&self, frequency: usize, index: usize, phase: usize) -> f64 {
        let turns = (frequency * index % self.modulus) as f64 / self.modulus as f64;
        let phase_turns = (phase % self.phases) as f64 / self.phases as f64;
        (TAU * (turns + phase_turns)).cos()
    }
}

/// Frequency k and phases (multiples of 2π/K) of one neuron.
#[derive(Debug, Clone, Copy)]
struct Neuron {
    frequency: usize,
    first_phase: usize,
    second_phase: usize,
}
