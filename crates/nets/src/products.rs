use std::sync::Arc;

use mlp::{MlpError, Real, Updater, rescale};
use models::{HostArray, Interventions, LearnerState, Loss, Model, Optimizer, Precision};
use tasks::{Basis, Batch};

use crate::{
    LearnerError, Learners, Member, Rows, TrainingSetup,
    autodiff::{NO_DROPOUT, NO_MATRICES},
    engine::{Coverage, Engine},
    interventions::Treated,
    learner_state::{check_count, check_like, joined, moments_of, with_moments},
};

/// The engine of twins on basis functions, f = Σ_k s_k g_k with one output, where every strength s_k
/// is a product of parameters of its own: gradients written out by hand on the CPU, in f32 or f64.
///
/// A step is two passes over the basis, where a recorded graph would cost many times that in
/// bookkeeping. It trains as `autodiff` does, up to rounding.
pub(crate) struct Products;

impl Engine for Products {
    fn name(&self) -> &'static str {
        "products"
    }

    fn coverage(&self) -> Coverage {
        Coverage {
            models: "multilinear, linear-skills, and linear-basis with one output",
            losses: "mse",
            optimizers: "all but muon",
            precisions: "f32, f64",
            devices: "CPU",
            interventions: "freeze, feedback, clamp",
        }
    }

    fn covers(&self, setup: &TrainingSetup<'_>) -> Result<(), &'static str> {
        let Member { model, initial, .. } = setup.first();
        // All that there are; a new one has to be carried out here, or refused.
        let Interventions {
            freeze: _,
            feedback: _,
            clamp: _,
            balance: _,
            dropout,
        } = model.interventions();
        if dropout.is_some() {
            return Err(NO_DROPOUT);
        }
        if !model.is_product() {
            return Err("trains products of skills only");
        }
        if initial.iter().any(|array| array.columns != 1) {
            return Err("trains products of skills with one output only");
        }
        if setup.optimizer.of_matrices().is_some() {
            return Err(NO_MATRICES);
        }
        if matches!(setup.loss, Loss::Mse { .. }) {
            Ok(())
        } else {
            Err("trains by squared error only")
        }
    }

    fn start(&self, setup: TrainingSetup<'_>) -> Result<Box<dyn Learners>, LearnerError> {
        let refused = |error: MlpError| LearnerError::Refused(error.to_string());
        Ok(match setup.target.precision() {
            Precision::F32 => Box::new(ProductLearners::<f32>::new(setup).map_err(refused)?),
            Precision::F64 => Box::new(ProductLearners::<f64>::new(setup).map_err(refused)?),
        })
    }
}

/// Members, one after another.
struct ProductLearners<T: Real>(Vec<ProductMember<T>>);

struct ProductMember<T: Real> {
    model: Arc<dyn Model>,
    /// Names and shapes, with the initial values.
    initial: Vec<HostArray>,
    /// The concatenated factors of s, `[B]` each.
    factors: Vec<T>,
    /// Gradients by the factors.
    gradients: Vec<T>,
    updater: Updater<T>,
    strengths: Vec<T>,
    /// ∂L/∂s `[B]`.
    at_strengths: Vec<T>,
    /// Factor of the loss: ∂L/∂f is this times (f − y) times the weight of the row.
    loss_factor: f64,
    /// In place of the last factor in the gradients of the others, `[B]`.
    backward: Option<Vec<T>>,
    treated: Option<Treated>,
    /// Steps taken.
    steps: u64,
    /// The factors before a step, where some of them are frozen.
    before: Vec<T>,
}

impl<T: Real> ProductLearners<T> {
    fn new(setup: TrainingSetup<'_>) -> Result<Self, MlpError> {
        let (loss, optimizer) = (setup.loss, setup.optimizer);
        let members = setup.members.into_iter();
        let members = members.map(|member| ProductMember::new(member, loss, optimizer));
        Ok(Self(members.collect::<Result<_, _>>()?))
    }
}

impl<T: Real> ProductMember<T> {
    fn new(
        Member {
            model,
            initial,
            backward,
            ..
        }: Member,
        loss: Loss,
        optimizer: Optimizer,
    ) -> Result<Self, MlpError> {
        let values = initial.iter().flat_map(|array| &array.values);
        let factors: Vec<T> = values.map(|&value| T::from_f64(value)).collect();
        let skills = initial.first().map_or(0, |array| array.values.len());
        let zeros = |count| vec![T::from_f64(0.0); count];
        Ok(Self {
            gradients: zeros(factors.len()),
            updater: Updater::new(optimizer, factors.len())?,
            strengths: zeros(skills),
            at_strengths: zeros(skills),
            loss_factor: loss.flow_factor(1),
            backward: backward.map(|array| array.values.into_iter().map(T::from_f64).collect()),
            treated: Treated::of(&*model, &initial),
            steps: 0,
            before: Vec::new(),
            model,
            initial,
            factors,
        })
    }

    fn step(&mut self, batch: &Batch, lr: f64) {
        find_strengths(&self.factors, &mut self.strengths);
        self.find_at_strengths(batch);
        self.find_gradients();
        if self.treated.is_some() {
            self.before.clone_from(&self.factors);
        }
        (self.updater.step(&mut self.factors, &self.gradients, lr))
            .expect("there is one gradient for each factor");
        self.treat();
        self.steps += 1;
    }

    /// Puts frozen factors back, and restores norms.
    fn treat(&mut self) {
        let Some(treated) = &self.treated else { return };
        let skills = self.strengths.len();
        let factors = self.factors.chunks_exact_mut(skills);
        let before = self.before.chunks_exact(skills);
        for (place, (factor, before)) in factors.zip(before).enumerate() {
            if treated.freezes(place, self.steps) {
                factor.copy_from_slice(before);
            }
            if let Some(norm) = treated.norms[place] {
                rescale(factor, norm);
            }
        }
    }

    fn outputs(&self, batch: &Batch) -> Vec<f64> {
        let mut strengths = self.strengths.clone();
        find_strengths(&self.factors, &mut strengths);
        match &batch.basis {
            Basis::Identity => strengths.iter().map(|strength| strength.to_f64()).collect(),
            Basis::Dense(basis) => (basis.chunks_exact(strengths.len()))
                .map(|row| output(row, &strengths).to_f64())
                .collect(),
        }
    }

    fn parameters(&self) -> Vec<HostArray> {
        let factors = self.factors.chunks_exact(self.strengths.len());
        let arrays = self.initial.iter().zip(factors);
        arrays
            .map(|(array, factor)| HostArray {
                values: factor.iter().map(|value| value.to_f64()).collect(),
                ..array.clone()
            })
            .collect()
    }

    fn state(&self) -> LearnerState {
        let moments = self.updater.state();
        with_moments(&self.initial, self.parameters(), &moments)
    }

    fn set_state(&mut self, state: &LearnerState) -> Result<(), LearnerError> {
        (self.updater.set_state(&moments_of(state)))
            .map_err(|error| LearnerError::State(error.to_string()))?;
        let values = joined(&state.parameters).into_iter();
        self.factors = values.map(T::from_f64).collect();
        self.steps = state.steps;
        Ok(())
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

    /// Gradient by each factor: ∂L/∂s times the other factors.
    fn find_gradients(&mut self) {
        let skills = self.strengths.len();
        let last = self.factors.len() / skills - 1;
        for (place, gradients) in self.gradients.chunks_exact_mut(skills).enumerate() {
            gradients.copy_from_slice(&self.at_strengths);
            let others = self.factors.chunks_exact(skills).enumerate();
            for (at, other) in others.filter(|(other, _)| *other != place) {
                let other = match &self.backward {
                    Some(backward) if at == last => &backward[..],
                    _ => other,
                };
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

impl<T: Real> Learners for ProductLearners<T> {
    fn engine(&self) -> &'static str {
        Products.name()
    }

    fn model(&self, member: usize) -> &dyn Model {
        &*self.0[member].model
    }

    fn step(&mut self, rows: &Rows<'_>, lr: &[f64]) {
        for (place, (member, &lr)) in self.0.iter_mut().zip(lr).enumerate() {
            member.step(rows.host(place), lr);
        }
    }

    fn freeze(&mut self, member: usize, layer: usize, from: u64) {
        let ProductMember { model, treated, .. } = &mut self.0[member];
        if let Some(treated) = treated {
            treated.freeze(&**model, layer, from);
        }
    }

    fn outputs(&self, rows: &Rows<'_>) -> Result<Vec<Vec<f64>>, LearnerError> {
        let members = self.0.iter().enumerate();
        Ok(members
            .map(|(place, member)| member.outputs(rows.host(place)))
            .collect())
    }

    fn outputs_of(&self, member: usize, rows: &Rows<'_>) -> Result<Vec<f64>, LearnerError> {
        Ok(self.0[member].outputs(rows.host(0)))
    }

    fn parameters(&self) -> Result<Vec<Vec<HostArray>>, LearnerError> {
        Ok(self.0.iter().map(ProductMember::parameters).collect())
    }

    fn states(&self) -> Result<Vec<LearnerState>, LearnerError> {
        Ok(self.0.iter().map(ProductMember::state).collect())
    }

    fn set_states(&mut self, states: &[LearnerState]) -> Result<(), LearnerError> {
        check_count(states, self.0.len())?;
        for (member, state) in self.0.iter().zip(states) {
            check_like(&member.initial, &state.parameters)?;
        }
        let mut members = self.0.iter_mut().zip(states);
        members.try_for_each(|(member, state)| member.set_state(state))
    }
}
