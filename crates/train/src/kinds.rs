use std::ops::{Deref, DerefMut};

use nets::{Attention, ConvNet, Engines, Forward, FromModule, ModuleKind, ResidualMlp};
use tasks::{Build, Kind, Reference};

/// All kinds that a spec can name, and the engines that train them. Kinds are a value, so that a
/// crate outside this workspace can add its own.
#[derive(Clone)]
pub struct Kinds {
    /// Tasks, models, metrics, predictions and statistics.
    pub plan: plan::Kinds,
    /// Engines, and the forward functions of models on a device.
    pub engines: Engines,
}

impl Default for Kinds {
    /// All kinds of this workspace, with the models that are burn modules.
    fn default() -> Self {
        let mut kinds = Self {
            plan: plan::Kinds::default(),
            engines: Engines::default(),
        };
        kinds.register_module::<ResidualMlp>();
        kinds.register_module::<ConvNet>();
        kinds.register_module::<Attention>();
        kinds
    }
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

    /// Adds a model kind whose function is a burn module. The doc comments of `K` and of its fields
    /// are what `layerwise show` prints of it.
    pub fn register_module<K: ModuleKind>(&mut self) {
        let kind = self.register_model::<FromModule<K>>(K::NAME, FromModule::<K>::boxed);
        kind.document(Reference::of::<K>(K::EXAMPLE));
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
