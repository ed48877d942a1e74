use std::ops::{Deref, DerefMut};

use nets::{Engines, Forward};
use tasks::{Build, Kind};

/// All kinds that a spec can name, and the engines that train them. Kinds are a value, so that a
/// crate outside this workspace can add its own.
#[derive(Clone, Default)]
pub struct Kinds {
    /// Tasks, models, metrics, predictions and statistics.
    pub plan: plan::Kinds,
    /// Engines, and the forward functions of models on a device.
    pub engines: Engines,
}

impl Kinds {
    /// Adds a model kind with its forward function. `build` checks the table of the spec and
    /// returns a model of type `M`.
    pub fn register_model<M: Forward>(
        &mut self,
        name: &'static str,
        build: Build<dyn models::Model>,
    ) -> &mut Kind<dyn models::Model> {
        self.engines.forwards_mut().register::<M>();
        self.plan.models.register(name, build)
    }
}

impl Deref for Kinds {
    type Target = plan::Kinds;

    fn deref(&self) -> &plan::Kinds {
        &self.plan
    }
}

impl DerefMut for Kinds {
    fn deref_mut(&mut self) -> &mut plan::Kinds {
        &mut self.plan
    }
}
