use mlp::Real;
use tasks::{Basis, Batch};

use crate::{
    Decay, HostArray, Learner, LearnerError, Loss, Model, Optimizer, Precision, Rows, Target,
};

/// The engine of twins on basis functions, f = Σ_k s_k g_k with one output, where every strength s_k
/// is a product of parameters of its own: gradients written out by hand on the host, in f32 or f64.
///
/// A step is two passes over the basis, where a recorded graph would cost many times that in
/// bookkeeping. It trains as [`crate::AutodiffLearner`] does, up to rounding.
pub(crate) struct ProductsLearner<T: Real> {
    model: Box<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    /// The factors of s, `[B]` each.
    factors: Vec<Vec<T>>,
    /// Moments of the optimizer, as the factors.
    first: Vec<Vec<T>>,
    second: Vec<Vec<T>>,
    steps: i32,
    strengths: Vec<T>,
    /// ∂L/∂s `[B]`.
    gradient: Vec<T>,
    /// The factors of one skill; scratch.
    before: Vec<T>,
    /// Factor of the loss: ∂L/∂f is this times (f − y) times the weight of the row.
    loss_factor: f64,
    optimizer: Optimizer,
    lr_scale: f64,
}

/// Why this engine cannot train the model.
pub(crate) fn covers(
    model: &dyn Model,
    initial: &[HostArray],
    loss: Loss,
) -> Result<(), &'static str> {
    if !model.is_product() {
        return Err("trains multilayer perceptrons and products of skills only");
    }
    if initial.iter().any(|array| array.columns != 1) {
        return Err("trains products of skills with one output only");
    }
    if matches!(loss, Loss::Mse { .. }) {
        Ok(())
    } else {
        Err("trains products of skills by squared error only")
    }
}

/// A learner in the precision of the target.
pub(crate) fn products(
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
) -> Box<dyn Learner> {
    match target.precision() {
        Precision::F32 => Box::new(ProductsLearner::<f32>::new(model, initial, loss, optimizer)),
        Precision::F64 => Box::new(ProductsLearner::<f64>::new(model, initial, loss, optimizer)),
    }
}

impl<T: Real> ProductsLearner<T> {
    fn new(
        model: Box<dyn Model>,
        initial: Vec<HostArray>,
        loss: Loss,
        optimizer: Optimizer,
    ) -> Self {
        let cast = |array: &HostArray| {
            array
                .values
                .iter()
                .map(|&value| T::from_f64(value))
                .collect()
        };
        let factors: Vec<Vec<T>> = initial.iter().map(cast).collect();
        let skills = factors.first().map_or(0, Vec::len);
        let zeros = || vec![vec![T::from_f64(0.0); skills]; factors.len()];
        Self {
            first: zeros(),
            second: zeros(),
            steps: 0,
            strengths: vec![T::from_f64(0.0); skills],
            gradient: vec![T::from_f64(0.0); skills],
            before: Vec::with_capacity(factors.len()),
            loss_factor: loss.flow_factor(1),
            optimizer,
            lr_scale: model.lr_scale(),
            model,
            initial,
            factors,
        }
    }

    fn find_strengths(&self, strengths: &mut [T]) {
        for (skill, strength) in strengths.iter_mut().enumerate() {
            let one = T::from_f64(1.0);
            let product = self
                .factors
                .iter()
                .fold(one, |product, factor| product * factor[skill]);
            *strength = product;
        }
    }

    /// ∂L/∂s.
    fn find_gradient(&mut self, rows: &Batch) {
        let even = 1.0 / rows.rows as f64;
        let weight = |row: usize| rows.weights.as_ref().map_or(even, |weights| weights[row]);
        let at_output = |row: usize, f: T| {
            let factor = T::from_f64(self.loss_factor * weight(row));
            factor * (f - T::from_f64(rows.targets[row]))
        };
        let skills = self.strengths.len();
        match &rows.basis {
            Basis::Identity => {
                for (skill, gradient) in self.gradient.iter_mut().enumerate() {
                    *gradient = at_output(skill, self.strengths[skill]);
                }
            }
            Basis::Dense(basis) => {
                self.gradient.fill(T::from_f64(0.0));
                for (row, basis) in basis.chunks_exact(skills).enumerate() {
                    let error = at_output(row, output(basis, &self.strengths));
                    for (gradient, &g) in self.gradient.iter_mut().zip(basis) {
                        *gradient += error * T::from_f64(g);
                    }
                }
            }
        }
    }

    fn update(&mut self, lr: f64) {
        self.steps += 1;
        let skills = self.strengths.len();
        let rule = Rule::new(self.optimizer, lr, self.steps);
        for skill in 0..skills {
            // All factors of a skill move at once: their gradients are those before the step.
            let before = &mut self.before;
            before.clear();
            before.extend(self.factors.iter().map(|factor| factor[skill]));
            for place in 0..before.len() {
                let others = before
                    .iter()
                    .enumerate()
                    .filter(|(other, _)| *other != place);
                let product = others.fold(self.gradient[skill], |product, (_, &factor)| {
                    product * factor
                });
                let moments = (
                    &mut self.first[place][skill],
                    &mut self.second[place][skill],
                );
                self.factors[place][skill] = rule.step(before[place], product, moments);
            }
        }
    }
}

/// Σ_k s_k g_k of one row.
fn output<T: Real>(basis: &[f64], strengths: &[T]) -> T {
    let pairs = basis.iter().zip(strengths);
    pairs.fold(T::from_f64(0.0), |sum, (&g, &strength)| {
        sum + T::from_f64(g) * strength
    })
}

/// The update of one number, with the constants of one step in the number type.
struct Rule<T> {
    optimizer: Optimizer,
    first_step: bool,
    lr: T,
    decay: T,
    /// Momentum and 1 − dampening, or β1 and 1 − β1.
    keep1: T,
    take1: T,
    /// β2 and 1 − β2.
    keep2: T,
    take2: T,
    /// lr over the correction of the first moment, and one over the root of that of the second.
    rate: T,
    root: T,
    epsilon: T,
    shrink: T,
}

impl<T: Real> Rule<T> {
    fn new(optimizer: Optimizer, lr: f64, step: i32) -> Self {
        let t = T::from_f64;
        let mut rule = Self {
            optimizer,
            first_step: step == 1,
            lr: t(lr),
            decay: t(0.0),
            keep1: t(0.0),
            take1: t(1.0),
            keep2: t(0.0),
            take2: t(1.0),
            rate: t(lr),
            root: t(1.0),
            epsilon: t(0.0),
            shrink: t(1.0),
        };
        match optimizer {
            Optimizer::Sgd {
                momentum,
                dampening,
                weight_decay,
                ..
            } => {
                rule.decay = t(weight_decay);
                rule.keep1 = t(momentum);
                rule.take1 = t(1.0 - dampening);
            }
            Optimizer::Adam {
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decay,
            } => {
                match decay {
                    Decay::Coupled => rule.decay = t(weight_decay),
                    Decay::Decoupled => rule.shrink = t(1.0 - lr * weight_decay),
                }
                (rule.keep1, rule.take1) = (t(beta1), t(1.0 - beta1));
                (rule.keep2, rule.take2) = (t(beta2), t(1.0 - beta2));
                rule.rate = t(lr / (1.0 - beta1.powi(step)));
                rule.root = t(1.0 / (1.0 - beta2.powi(step)).sqrt());
                rule.epsilon = t(epsilon);
            }
        }
        rule
    }

    fn step(&self, parameter: T, gradient: T, (first, second): (&mut T, &mut T)) -> T {
        match self.optimizer {
            Optimizer::Sgd {
                momentum, nesterov, ..
            } => {
                let gradient = gradient + self.decay * parameter;
                if momentum == 0.0 {
                    return parameter - self.lr * gradient;
                }
                // PyTorch: the first buffer is the gradient itself, undampened.
                *first = if self.first_step {
                    gradient
                } else {
                    self.keep1 * *first + self.take1 * gradient
                };
                let direction = if nesterov {
                    gradient + self.keep1 * *first
                } else {
                    *first
                };
                parameter - self.lr * direction
            }
            Optimizer::Adam { .. } => {
                let gradient = gradient + self.decay * parameter;
                *first = self.keep1 * *first + self.take1 * gradient;
                *second = self.keep2 * *second + self.take2 * gradient * gradient;
                let root = T::from_f64(second.to_f64().sqrt());
                let update = *first / (root * self.root + self.epsilon);
                self.shrink * parameter - self.rate * update
            }
        }
    }
}

impl<T: Real> Learner for ProductsLearner<T> {
    fn engine(&self) -> &'static str {
        "host"
    }

    fn model(&self) -> &dyn Model {
        &*self.model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: f64) {
        let mut strengths = std::mem::take(&mut self.strengths);
        self.find_strengths(&mut strengths);
        self.strengths = strengths;
        self.find_gradient(rows.host(0));
        self.update(lr * self.lr_scale);
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        let mut strengths = self.strengths.clone();
        self.find_strengths(&mut strengths);
        let strength = |&strength: &T| strength.to_f64();
        Ok(match &rows.host(0).basis {
            Basis::Identity => strengths.iter().map(strength).collect(),
            Basis::Dense(basis) => (basis.chunks_exact(strengths.len()))
                .map(|row| output(row, &strengths).to_f64())
                .collect(),
        })
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        let arrays = self.initial.iter().zip(&self.factors);
        Ok(arrays
            .map(|(array, factor)| HostArray {
                values: factor.iter().map(|&value| value.to_f64()).collect(),
                ..array.clone()
            })
            .collect())
    }
}
