//! Interventions on a model, listed per parameter array for engines.

use models::{HostArray, Model};

/// The interventions on each parameter array of a model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Treated {
    /// The step from which an array does not change.
    pub(crate) frozen_from: Vec<Option<u64>>,
    /// The norm that an array keeps.
    pub(crate) norms: Vec<Option<f64>>,
}

impl Treated {
    /// The interventions on a model; `None` if there are none.
    pub(crate) fn of(model: &dyn Model, initial: &[HostArray]) -> Option<Self> {
        let interventions = model.interventions();
        if interventions.is_none() {
            return None;
        }
        let places = || (0..initial.len()).map(|place| (place, model.layer_of(place)));
        let frozen = places().map(|(_, layer)| interventions.frozen_from(layer));
        // The initial weights have been rescaled to a given norm already, so their norm is the one
        // to keep.
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

    /// Whether an array does not change in step `step`, counted from 0.
    pub(crate) fn freezes(&self, place: usize, step: u64) -> bool {
        self.frozen_from[place].is_some_and(|from| step >= from)
    }
}
