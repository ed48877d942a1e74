//! Exact equivalences: changes of scale that do not change training.

use crate::error::{TheoryError, require, require_positive};

/// Exact equivalences of initial scale, target scale and learning rate of a homogeneous model.
///
/// Let the model be homogeneous of degree D in its parameters, f(c θ) = c^D f(θ), and the loss a
/// mean square. Training from κ θ0 on the target τ y then gives, step by step, τ times the
/// predictions of training from κ τ^{−1/D} θ0 on y, at a learning rate (and for Adam an ε and a
/// weight decay) that is mapped by the methods below; the parameters are τ^{1/D} times those. Only
/// the weight-to-target ratio κ^D/τ therefore matters.
///
/// | model | D |
/// |---|---|
/// | two layers, linear or ReLU, no bias | 2 |
/// | L layers, linear or ReLU, no bias | L |
/// | two layers with squared activation | 3 |
///
/// # Assumes
///
/// Homogeneity (a tanh network has it only in its linear range) and a squared error.
///
/// # Derived here
///
/// From the degrees of the loss's gradient: L scales by τ², θ by τ^{1/D}. Checked step by step on
/// gradient descent, Adam and decoupled weight decay (`tests/all/scale_equivalence.rs`).
///
/// [Nam2025, weight-to-target ratio]
///
/// # Examples
///
/// ```
/// let linear = theory::ScaleEquivalence::new(2.0)?;
/// // Ten times the target is the same as weights smaller by √10 …
/// assert!((linear.init_at_unit_target(1.0, 10.0)? - 0.1_f64.sqrt()).abs() < 1e-15);
/// // … at ten times the learning rate.
/// assert!((linear.descent_learning_rate(0.01, 10.0)? - 0.1).abs() < 1e-15);
/// # Ok::<(), theory::TheoryError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScaleEquivalence {
    degree: f64,
}

impl ScaleEquivalence {
    /// The equivalences of a model of degree D.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] unless D is finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// assert!(theory::ScaleEquivalence::new(3.0).is_ok());
    /// assert!(theory::ScaleEquivalence::new(0.0).is_err());
    /// ```
    pub fn new(degree: f64) -> Result<Self, TheoryError> {
        require_positive("degree", degree)?;
        Ok(Self { degree })
    }

    /// Degree D of homogeneity, no unit.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(theory::ScaleEquivalence::new(3.0)?.degree(), 3.0);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    #[must_use]
    pub fn degree(&self) -> f64 {
        self.degree
    }

    /// The weight-to-target ratio κ^D/τ, no unit.
    ///
    /// `init` κ multiplies the initial weights, `target` τ the target; both above 0.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a multiplier that is not finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let squared = theory::ScaleEquivalence::new(3.0)?;
    /// assert_eq!(squared.ratio(2.0, 8.0)?, squared.ratio(1.0, 1.0)?);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn ratio(&self, init: f64, target: f64) -> Result<f64, TheoryError> {
        require_positive("init", init)?;
        require_positive("target", target)?;
        Ok(init.powf(self.degree) / target)
    }

    /// Initial multiplier on the target y that replaces κ on τ y: κ τ^{−1/D}.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a multiplier that is not finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let squared = theory::ScaleEquivalence::new(3.0)?;
    /// assert!((squared.init_at_unit_target(1.0, 8.0)? - 0.5).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn init_at_unit_target(&self, init: f64, target: f64) -> Result<f64, TheoryError> {
        self.mapped("init", init, target, -1.0 / self.degree)
    }

    /// Learning rate of plain gradient descent on y that replaces η on τ y: η τ^{2−2/D}.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a learning rate or multiplier that is not finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let squared = theory::ScaleEquivalence::new(3.0)?;
    /// assert!((squared.descent_learning_rate(0.1, 8.0)? - 1.6).abs() < 1e-14);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn descent_learning_rate(
        &self,
        learning_rate: f64,
        target: f64,
    ) -> Result<f64, TheoryError> {
        let power = 2.0 - 2.0 / self.degree;
        self.mapped("learning_rate", learning_rate, target, power)
    }

    /// Learning rate of Adam or AdamW on y that replaces η on τ y: η τ^{−1/D}.
    ///
    /// Adam's step has the size of the learning rate whatever the loss: it scales like a weight.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a learning rate or multiplier that is not finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let squared = theory::ScaleEquivalence::new(3.0)?;
    /// assert!((squared.adam_learning_rate(0.1, 8.0)? - 0.05).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn adam_learning_rate(&self, learning_rate: f64, target: f64) -> Result<f64, TheoryError> {
        self.mapped("learning_rate", learning_rate, target, -1.0 / self.degree)
    }

    /// ε of Adam or AdamW on y that replaces ε on τ y: ε τ^{−(2−1/D)}, the scale of a gradient.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for an ε below 0 or a multiplier that is not finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let squared = theory::ScaleEquivalence::new(3.0)?;
    /// assert!((squared.adam_epsilon(3.2e-7, 8.0)? - 1e-8).abs() < 1e-22);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn adam_epsilon(&self, epsilon: f64, target: f64) -> Result<f64, TheoryError> {
        let power = 1.0 / self.degree - 2.0;
        self.mapped("epsilon", epsilon, target, power)
    }

    /// Decoupled weight decay of AdamW on y that replaces ω on τ y: ω τ^{1/D}, so that η ω stays.
    ///
    /// # Errors
    ///
    /// [`TheoryError::Domain`] for a decay below 0 or a multiplier that is not finite and above 0.
    ///
    /// # Examples
    ///
    /// ```
    /// let squared = theory::ScaleEquivalence::new(3.0)?;
    /// assert!((squared.adam_weight_decay(0.1, 8.0)? - 0.2).abs() < 1e-15);
    /// # Ok::<(), theory::TheoryError>(())
    /// ```
    pub fn adam_weight_decay(&self, weight_decay: f64, target: f64) -> Result<f64, TheoryError> {
        self.mapped("weight_decay", weight_decay, target, 1.0 / self.degree)
    }

    fn mapped(
        &self,
        name: &'static str,
        value: f64,
        target: f64,
        power: f64,
    ) -> Result<f64, TheoryError> {
        require(
            value.is_finite() && value >= 0.0,
            name,
            value,
            "finite and at least 0",
        )?;
        require_positive("target", target)?;
        Ok(value * target.powf(power))
    }
}

/// Target multiplier and learning rate that replace an output multiplier α: (τ/α, η α²).
///
/// Gradient descent on ½|α f − τ y|² from any start takes, step by step, the parameters of
/// gradient descent on ½|f − (τ/α) y|² at learning rate η α², for any model. An input multiplier
/// is an output multiplier too, see [`input_as_output_scale`].
///
/// # Assumes
///
/// Plain gradient descent on a squared error.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a number that is not finite and above 0.
///
/// # Examples
///
/// ```
/// // A tenth of the output is ten times the target, at a hundredth of the learning rate.
/// let (target, learning_rate) = theory::output_as_target_scale(0.1, 1.0, 0.5)?;
/// assert!((target - 10.0).abs() < 1e-14 && (learning_rate - 0.005).abs() < 1e-17);
/// # Ok::<(), theory::TheoryError>(())
/// ```
///
/// [Nam2025, weight-to-target ratio]
pub fn output_as_target_scale(
    output: f64,
    target: f64,
    learning_rate: f64,
) -> Result<(f64, f64), TheoryError> {
    require_positive("output", output)?;
    require_positive("target", target)?;
    require_positive("learning_rate", learning_rate)?;
    Ok((target / output, learning_rate * output * output))
}

/// Output multiplier ξ^q that replaces an input multiplier ξ of a first layer of degree q.
///
/// Activations of degree q without bias give φ(W ξ x) = ξ^q φ(W x): the same function of the
/// same parameters, so the equivalence holds for any optimiser.
///
/// # Errors
///
/// [`TheoryError::Domain`] for a number that is not finite and above 0.
///
/// # Examples
///
/// ```
/// assert_eq!(theory::input_as_output_scale(3.0, 2.0)?, 9.0);
/// # Ok::<(), theory::TheoryError>(())
/// ```
pub fn input_as_output_scale(input: f64, activation_degree: f64) -> Result<f64, TheoryError> {
    require_positive("input", input)?;
    require_positive("activation_degree", activation_degree)?;
    Ok(input.powf(activation_degree))
}
