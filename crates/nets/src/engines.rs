//! The registry of engines, and the choice of an engine for each model.

use std::{collections::BTreeMap, sync::Arc};

use models::{HostArray, Loss, Model, Optimizer};

use crate::{
    Forwards, LearnerError, Learners, Target,
    autodiff::Autodiff,
    checkpoints::CheckpointLearners,
    engine::{Engine, Member, TrainingSetup},
    moments::Moments,
    perceptron::Perceptron,
    products::Products,
};

/// Name that selects the fastest engine for each model.
pub const AUTO: &str = "auto";

/// The device on which `auto` may choose an engine that computes without a backend. A user who
/// names another device wants that device to compute.
const RECOMMENDED: &str = "flex";

/// The engines in the order in which `auto` tries them, and the forward functions of models.
#[derive(Clone)]
pub struct Engines {
    engines: Vec<Arc<dyn Engine>>,
    forwards: Forwards,
}

impl Default for Engines {
    /// The engines of this workspace.
    fn default() -> Self {
        Self {
            engines: vec![
                Arc::new(Moments),
                Arc::new(Perceptron),
                Arc::new(Products),
                Arc::new(Autodiff),
            ],
            forwards: Forwards::default(),
        }
    }
}

impl Engines {
    /// Adds an engine that `auto` tries before all others.
    pub fn register(&mut self, engine: impl Engine + 'static) {
        self.engines.insert(0, Arc::new(engine));
    }

    /// The forward functions of models on a device.
    pub fn forwards(&self) -> &Forwards {
        &self.forwards
    }

    /// The forward functions, for adding models.
    pub fn forwards_mut(&mut self) -> &mut Forwards {
        &mut self.forwards
    }

    /// All engines, in the order in which `auto` tries them.
    pub fn iter(&self) -> impl Iterator<Item = &dyn Engine> {
        self.engines.iter().map(|engine| &**engine)
    }

    /// The names of all engines, `auto` first.
    pub fn names(&self) -> Vec<&'static str> {
        let engines = self.engines.iter().map(|engine| engine.name());
        std::iter::once(AUTO).chain(engines).collect()
    }

    /// The engine that trains this setup, by name or `auto`.
    ///
    /// # Errors
    /// The engine is unknown or does not cover the setup.
    pub fn choose(
        &self,
        name: &str,
        setup: &TrainingSetup<'_>,
    ) -> Result<&dyn Engine, LearnerError> {
        let recommended = setup.target.backend.name == RECOMMENDED;
        if name == AUTO {
            let mut last = (AUTO, "has no engine for this device");
            for engine in self.iter().filter(|e| recommended || e.uses_device()) {
                match engine.covers(setup) {
                    Ok(()) => return Ok(engine),
                    Err(lacks) => last = (engine.name(), lacks),
                }
            }
            let (engine, reason) = last;
            return Err(LearnerError::NoEngine { engine, reason });
        }
        let Some(engine) = self.iter().find(|engine| engine.name() == name) else {
            return Err(LearnerError::UnknownEngine {
                name: name.to_owned(),
                known: self.names().join(", "),
            });
        };
        let covered = if engine.uses_device() || setup.target.is_host() {
            engine.covers(setup)
        } else {
            Err("computes on the CPU")
        };
        match covered {
            Ok(()) => Ok(engine),
            Err(reason) => Err(LearnerError::NotCovered {
                engine: name.to_owned(),
                reason,
            }),
        }
    }

    /// Creates learners of the named engine before their first step.
    ///
    /// # Errors
    /// Errors of [`Engines::choose`] and of the engine.
    pub fn start(
        &self,
        name: &str,
        setup: TrainingSetup<'_>,
    ) -> Result<Box<dyn Learners>, LearnerError> {
        self.choose(name, &setup)?.start(setup)
    }

    /// Creates learners that replay parameters from another trainer, by step, in the order of
    /// [`Model::initial`]. The first parameters serve as the initial ones.
    ///
    /// # Errors
    /// The model has no forward function on a device.
    pub fn replay(
        &self,
        model: Arc<dyn Model>,
        checkpoints: BTreeMap<u64, Vec<HostArray>>,
        loss: Loss,
        target: &Target,
    ) -> Result<Box<dyn Learners>, LearnerError> {
        let initial = checkpoints.values().next().cloned().unwrap_or_default();
        let setup = TrainingSetup {
            members: vec![Member::untouched(model, initial)],
            loss,
            optimizer: Optimizer::default(),
            target,
            constant: None,
            forwards: &self.forwards,
        };
        Ok(Box::new(CheckpointLearners::new(setup, checkpoints)?))
    }
}
