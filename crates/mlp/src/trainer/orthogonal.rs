//! Steps of a weight along the polar factor of its gradient.

use super::layer::Layer;
use super::lines::Line;
use super::real::Real;
use crate::Muon;

/// The lines of a step: of all parameters, with the gradients before the layer's multiplier.
pub(super) struct Step<'a, T> {
    pub(super) parameters: &'a mut [Line<T>],
    pub(super) gradients: &'a [Line<T>],
    /// Momentum; not used without momentum.
    pub(super) first: &'a mut [Line<T>],
}

impl<T: Real> Step<'_, T> {
    /// Steps the weight of a layer. The polar factor is computed in f64, whatever the precision.
    pub(super) fn of_weight(self, muon: Muon, layer: &Layer<T>, rate: f64) {
        let momentum = T::from_f64(muon.momentum);
        let places = || layer.places().take(layer.inputs * layer.outputs);
        let buffer: Vec<f64> = places()
            .map(|(line, lane)| {
                let gradient = layer.weight_multiplier * self.gradients[line][lane];
                if muon.momentum == 0.0 {
                    return gradient.to_f64();
                }
                let moment = &mut self.first[line][lane];
                *moment = momentum * *moment + gradient;
                moment.to_f64()
            })
            .collect();
        let direction = Muon::direction(&buffer, layer.inputs, layer.outputs, T::EPSILON);
        let kept = T::from_f64(1.0 - rate * muon.weight_decay);
        for ((line, lane), direction) in places().zip(direction) {
            let parameter = &mut self.parameters[line][lane];
            *parameter = kept * *parameter - T::from_f64(rate * direction);
        }
    }
}
