//! Optimizers with PyTorch's update formulas; no constant has a default.

use crate::error::{MlpError, require, require_length};

/// A rule that moves parameters against their gradients. One object serves one parameter vector.
pub trait Optimizer {
    /// One update in place.
    ///
    /// # Shapes
    ///
    /// `parameters` and `gradients`: `[P]`, the same P and order at every step.
    ///
    /// # Errors
    ///
    /// [`MlpError::Length`] if lengths differ from each other or from the first step's.
    fn step(&mut self, parameters: &mut [f64], gradients: &[f64]) -> Result<(), MlpError>;

    /// Changes the learning rate from the next step on (for schedules).
    fn set_learning_rate(&mut self, learning_rate: f64);
}

/// Constants of [`Sgd`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdConfig {
    /// Learning rate η ≥ 0.
    pub learning_rate: f64,
    /// Momentum μ ≥ 0; 0 for plain gradient descent.
    pub momentum: f64,
    /// Dampening d of the momentum: new gradients enter with factor 1 − d, except the first.
    pub dampening: f64,
    /// Nesterov's look-ahead; needs μ > 0 and d = 0.
    pub nesterov: bool,
    /// Coupled weight decay λ ≥ 0: g ← g + λ θ.
    pub weight_decay: f64,
}

/// Stochastic gradient descent with momentum, as `torch.optim.SGD`.
///
/// g ← g + λ θ; b ← μ b + (1 − d) g, at the first step b ← g; θ ← θ − η b, with Nesterov
/// θ ← θ − η (g + μ b).
#[derive(Debug, Clone, PartialEq)]
pub struct Sgd {
    config: SgdConfig,
    buffer: Option<Vec<f64>>,
}

impl Sgd {
    /// An optimizer at its first step.
    ///
    /// # Errors
    ///
    /// [`MlpError::Domain`] for a constant off its domain.
    pub fn new(config: SgdConfig) -> Result<Self, MlpError> {
        require_not_negative("learning_rate", config.learning_rate)?;
        require_momentum(config.momentum, config.dampening, config.nesterov)?;
        require_not_negative("weight_decay", config.weight_decay)?;
        Ok(Self {
            config,
            buffer: None,
        })
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, parameters: &mut [f64], gradients: &[f64]) -> Result<(), MlpError> {
        let SgdConfig {
            learning_rate,
            momentum,
            dampening,
            nesterov,
            weight_decay,
        } = self.config;
        require_length("gradients", gradients.len(), parameters.len())?;
        if let Some(buffer) = &self.buffer {
            require_length("parameters", parameters.len(), buffer.len())?;
        }
        let decayed: Vec<f64> = gradients
            .iter()
            .zip(&*parameters)
            .map(|(g, p)| g + weight_decay * p)
            .collect();
        let buffer = match self.buffer.take() {
            None => decayed.clone(),
            Some(old) => old
                .iter()
                .zip(&decayed)
                .map(|(b, g)| momentum * b + (1.0 - dampening) * g)
                .collect(),
        };
        for ((parameter, g), b) in parameters.iter_mut().zip(&decayed).zip(&buffer) {
            let direction = match (momentum == 0.0, nesterov) {
                (true, _) => *g,
                (false, true) => g + momentum * b,
                (false, false) => *b,
            };
            *parameter -= learning_rate * direction;
        }
        self.buffer = Some(buffer);
        Ok(())
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }
}

/// Constants of [`Adam`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamConfig {
    /// Learning rate η ≥ 0.
    pub learning_rate: f64,
    /// Decay β1 of the mean of gradients, from 0 to below 1.
    pub beta1: f64,
    /// Decay β2 of the mean of squared gradients, from 0 to below 1.
    pub beta2: f64,
    /// ε ≥ 0, added to the root of the corrected second moment.
    pub epsilon: f64,
    /// Weight decay λ ≥ 0.
    pub weight_decay: f64,
    /// False: Adam, g ← g + λ θ (enters the moments). True: AdamW, θ ← (1 − η λ) θ first.
    pub decoupled: bool,
}

/// Adam and AdamW, as `torch.optim.Adam` and `torch.optim.AdamW` (without `amsgrad`).
///
/// m ← β1 m + (1 − β1) g; v ← β2 v + (1 − β2) g²;
/// θ ← θ − η/(1 − β1^t) · m/(√v/√(1 − β2^t) + ε), t = 1, 2, …
#[derive(Debug, Clone, PartialEq)]
pub struct Adam {
    config: AdamConfig,
    steps: i32,
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    /// An optimizer at its first step.
    ///
    /// # Errors
    ///
    /// [`MlpError::Domain`] for a constant off its domain.
    pub fn new(config: AdamConfig) -> Result<Self, MlpError> {
        require_not_negative("learning_rate", config.learning_rate)?;
        for (name, beta) in [("beta1", config.beta1), ("beta2", config.beta2)] {
            require((0.0..1.0).contains(&beta), name, beta, "from 0 to below 1")?;
        }
        require_not_negative("epsilon", config.epsilon)?;
        require_not_negative("weight_decay", config.weight_decay)?;
        Ok(Self {
            config,
            steps: 0,
            mean: Vec::new(),
            square: Vec::new(),
        })
    }
}

impl Optimizer for Adam {
    fn step(&mut self, parameters: &mut [f64], gradients: &[f64]) -> Result<(), MlpError> {
        let AdamConfig {
            learning_rate,
            beta1,
            beta2,
            epsilon,
            weight_decay,
            decoupled,
        } = self.config;
        require_length("gradients", gradients.len(), parameters.len())?;
        if self.steps == 0 {
            self.mean = vec![0.0; parameters.len()];
            self.square = vec![0.0; parameters.len()];
        }
        require_length("parameters", parameters.len(), self.mean.len())?;
        // Beyond 2^31 steps both corrections are 1 anyway.
        self.steps = self.steps.saturating_add(1);
        let step_size = learning_rate / (1.0 - beta1.powi(self.steps));
        let square_correction = (1.0 - beta2.powi(self.steps)).sqrt();
        let moments = self.mean.iter_mut().zip(&mut self.square);
        for ((parameter, gradient), (mean, square)) in
            parameters.iter_mut().zip(gradients).zip(moments)
        {
            let mut g = *gradient;
            if decoupled {
                *parameter *= 1.0 - learning_rate * weight_decay;
            } else {
                g += weight_decay * *parameter;
            }
            *mean = beta1 * *mean + (1.0 - beta1) * g;
            *square = beta2 * *square + (1.0 - beta2) * g * g;
            *parameter -= step_size * *mean / (square.sqrt() / square_correction + epsilon);
        }
        Ok(())
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }
}

/// `Ok` if momentum and dampening are in their domains and fit Nesterov's form, if that is used.
pub(crate) fn require_momentum(
    momentum: f64,
    dampening: f64,
    nesterov: bool,
) -> Result<(), MlpError> {
    require_not_negative("momentum", momentum)?;
    require(dampening.is_finite(), "dampening", dampening, "finite")?;
    if nesterov {
        require(
            momentum > 0.0,
            "momentum",
            momentum,
            "above 0 with nesterov",
        )?;
        require(dampening == 0.0, "dampening", dampening, "0 with nesterov")?;
    }
    Ok(())
}

/// `Ok` if `value` is finite and at least 0.
pub(crate) fn require_not_negative(name: &'static str, value: f64) -> Result<(), MlpError> {
    require(
        value.is_finite() && value >= 0.0,
        name,
        value,
        "finite and at least 0",
    )
}
