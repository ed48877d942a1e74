use mlp::{MlpError, Real, Updater};
use tasks::{Basis, Batch};

use crate::{
    HostArray, Learner, LearnerError, LearnerState, Loss, Model, Optimizer, Precision, Rows,
    Target,
    host::{moments_of, rule, with_moments},
    learner_state::{check_like, joined},
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
    /// The factors of s, `[B]` each, one behind the other.
    factors: Vec<T>,
    /// ∂L/∂ of them.
    gradients: Vec<T>,
    updater: Updater<T>,
    strengths: Vec<T>,
    /// ∂L/∂s `[B]`.
    at_strengths: Vec<T>,
    /// Factor of the loss: ∂L/∂f is this times (f − y) times the weight of the row.
    loss_factor: f64,
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
///
/// # Errors
/// The optimizer has a constant off its domain.
pub(crate) fn products(
    model: Box<dyn Model>,
    initial: Vec<HostArray>,
    loss: Loss,
    optimizer: Optimizer,
    target: &Target,
) -> Result<Box<dyn Learner>, MlpError> {
    Ok(match target.precision() {
        Precision::F32 => Box::new(ProductsLearner::<f32>::new(
            model, initial, loss, optimizer,
        )?),
        Precision::F64 => Box::new(ProductsLearner::<f64>::new(
            model, initial, loss, optimizer,
        )?),
    })
}

impl<T: Real> ProductsLearner<T> {
    fn new(
        model: Box<dyn Model>,
        initial: Vec<HostArray>,
        loss: Loss,
        optimizer: Optimizer,
    ) -> Result<Self, MlpError> {
        let values = initial.iter().flat_map(|array| &array.values);
        let factors: Vec<T> = values.map(|&value| T::from_f64(value)).collect();
        let skills = initial.first().map_or(0, |array| array.values.len());
        let zeros = |count| vec![T::from_f64(0.0); count];
        Ok(Self {
            gradients: zeros(factors.len()),
            updater: Updater::new(rule(optimizer), factors.len())?,
            strengths: zeros(skills),
            at_strengths: zeros(skills),
            loss_factor: loss.flow_factor(1),
            lr_scale: model.lr_scale(),
            model,
            initial,
            factors,
        })
    }

    /// ∂L/∂s.
    fn find_at_strengths(&mut self, rows: &Batch) {
        let even = 1.0 / rows.rows as f64;
        let weight = |row: usize| rows.weights.as_ref().map_or(even, |weights| weights[row]);
        let at_output = |row: usize, f: T| {
            let factor = T::from_f64(self.loss_factor * weight(row));
            factor * (f - T::from_f64(rows.targets[row]))
        };
        let skills = self.strengths.len();
        match &rows.basis {
            Basis::Identity => {
                let pairs = self.at_strengths.iter_mut().zip(&self.strengths);
                for (skill, (at, &strength)) in pairs.enumerate() {
                    *at = at_output(skill, strength);
                }
            }
            Basis::Dense(basis) => {
                self.at_strengths.fill(T::from_f64(0.0));
                for (row, basis) in basis.chunks_exact(skills).enumerate() {
                    let error = at_output(row, output(basis, &self.strengths));
                    for (at, &g) in self.at_strengths.iter_mut().zip(basis) {
                        *at += error * T::from_f64(g);
                    }
                }
            }
        }
    }

    /// ∂L/∂ of every factor: that of the strength times the other factors.
    fn find_gradients(&mut self) {
        let skills = self.strengths.len();
        for (place, gradients) in self.gradients.chunks_exact_mut(skills).enumerate() {
            gradients.copy_from_slice(&self.at_strengths);
            let others = self.factors.chunks_exact(skills).enumerate();
            for (_, other) in others.filter(|(other, _)| *other != place) {
                for (gradient, &factor) in gradients.iter_mut().zip(other) {
                    *gradient *= factor;
                }
            }
        }
    }
}

/// The products of the factors, skill by skill.
fn find_strengths<T: Real>(factors: &[T], strengths: &mut [T]) {
    strengths.fill(T::from_f64(1.0));
    for factor in factors.chunks_exact(strengths.len()) {
        for (strength, &factor) in strengths.iter_mut().zip(factor) {
            *strength *= factor;
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

impl<T: Real> Learner for ProductsLearner<T> {
    fn engine(&self) -> &'static str {
        "host"
    }

    fn model(&self) -> &dyn Model {
        &*self.model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: f64) {
        find_strengths(&self.factors, &mut self.strengths);
        self.find_at_strengths(rows.host(0));
        self.find_gradients();
        let (factors, gradients) = (&mut self.factors, &self.gradients);
        (self.updater.step(factors, gradients, lr * self.lr_scale))
            .expect("there is one gradient for each factor");
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        let mut strengths = self.strengths.clone();
        find_strengths(&self.factors, &mut strengths);
        Ok(match &rows.host(0).basis {
            Basis::Identity => strengths.iter().map(|strength| strength.to_f64()).collect(),
            Basis::Dense(basis) => (basis.chunks_exact(strengths.len()))
                .map(|row| output(row, &strengths).to_f64())
                .collect(),
        })
    }

    fn parameters(&self) -> Result<Vec<HostArray>, LearnerError> {
        let factors = self.factors.chunks_exact(self.strengths.len());
        let arrays = self.initial.iter().zip(factors);
        Ok(arrays
            .map(|(array, factor)| HostArray {
                values: factor.iter().map(|value| value.to_f64()).collect(),
                ..array.clone()
            })
            .collect())
    }

    fn state(&self) -> Result<LearnerState, LearnerError> {
        let moments = self.updater.state();
        Ok(with_moments(&self.initial, self.parameters()?, &moments))
    }

    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError> {
        check_like(&self.initial, &state.parameters)?;
        (self.updater.set_state(&moments_of(state)))
            .map_err(|error| LearnerError::State(error.to_string()))?;
        let values = joined(&state.parameters).into_iter();
        self.factors = values.map(T::from_f64).collect();
        Ok(())
    }
}
