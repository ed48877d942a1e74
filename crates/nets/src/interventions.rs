//! Interventions on a model, array by array, as engines carry them out.

use models::{HostArray, Model};

/// What is done to each array of the parameters of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Treated {
    /// The step from which on an array stays as it is.
    pub(crate) frozen_from: Vec<Option<u64>>,
    /// The norm that an array keeps.
    pub(crate) norms: Vec<Option<f64>>,
}

impl Treated {
    /// `None` for a model whose arrays all follow their gradients, so that a step asks nothing more.
    pub(crate) fn of(model: &dyn Model, initial: &[HostArray]) -> Option<Self> {
        let interventions = model.interventions();
        if interventions.is_none() {
            return None;
        }
        let places = || (0..initial.len()).map(|place| (place, model.layer_of(place)));
        let frozen = places().map(|(_, layer)| interventions.frozen_from(layer));
        // A norm of its own was given to the start already.
        let norms = places().map(|(place, layer)| {
            let clamped = interventions.norm_of(layer).is_some() && !initial[place].is_bias();
            clamped.then(|| initial[place].norm())
        });
        Some(Self {
            frozen_from: frozen.collect(),
            norms: norms.collect(),
        })
    }

    /// Freezes the arrays of a layer, counted from 0, from a step on, unless they are frozen earlier.
    pub(crate) fn freeze(&mut self, model: &dyn Model, layer: usize, from: u64) {
        for (place, frozen) in self.frozen_from.iter_mut().enumerate() {
            if model.layer_of(place) == layer {
                *frozen = Some(frozen.map_or(from, |earlier| earlier.min(from)));
            }
        }
    }

    /// Whether an array stays as it is in step `step`, counted from 0.
    pub(crate) fn freezes(&self, place: usize, step: u64) -> bool {
        self.frozen_from[place].is_some_and(|from| step >= from)
    }
}
