use std::ops::{Deref, DerefMut};

use nets::{Engines, Forward};
use tasks::{Build, Kind};

/// Everything that can be named in a spec, and the engines that train it. A value, so that a crate
/// outside this workspace can extend it.
#[derive(Clone, Default)]
pub struct Kinds {
    /// Tasks, models, metrics, predictions and statistics.
    pub plan: plan::Kinds,
    /// Engines, and the functions of models on a device.
    pub engines: Engines,
}

impl Kinds {
    /// Adds a model kind with its function: `build` checks its table, and `M` is the type that it makes.
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
