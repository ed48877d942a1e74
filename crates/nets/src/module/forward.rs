use burn::tensor::Tensor;

use super::{FromModule, ModuleKind};
use crate::{DeviceBatch, Forward};

impl<K: ModuleKind> Forward for FromModule<K> {
    fn forward(&self, parameters: &[Tensor<3>], batch: &DeviceBatch) -> Tensor<3> {
        self.run(parameters, batch, false).0
    }

    fn forward_training(
        &self,
        parameters: &[Tensor<3>],
        batch: &DeviceBatch,
    ) -> (Tensor<3>, Vec<(usize, Tensor<3>)>) {
        self.run(parameters, batch, true)
    }
}

impl<K: ModuleKind> FromModule<K> {
    /// The outputs `[M, N, K]` of one member after another, and the arrays that training replaces.
    fn run(
        &self,
        parameters: &[Tensor<3>],
        batch: &DeviceBatch,
        training: bool,
    ) -> (Tensor<3>, Vec<(usize, Tensor<3>)>) {
        let inputs = batch.inputs.as_ref();
        let inputs = inputs.expect("the batch carries what the model needs");
        let [members, rows, width] = inputs.dims();
        let outputs = batch.targets.dims()[2];
        let layout = self.layout(width, outputs);
        let (mut found, mut replaced) = (Vec::new(), Vec::new());
        for member in 0..members {
            let own = |all: &Tensor<3>| match members {
                1 => all.clone(),
                _ => all.clone().narrow(0, member, 1),
            };
            let arrays = parameters.iter().map(own).collect();
            let module = layout.filled(&self.kind, arrays, &inputs.device(), training);
            let x = own(inputs).reshape([rows, width]);
            // Layers such as batch norm ask the device of their inputs whether they are trained.
            let x = if training { x.autodiff() } else { x };
            found.push(self.kind.forward(&module, x).reshape([1, rows, outputs]));
            if training && layout.has_untrained() {
                replaced.push(layout.untrained(&module));
            }
        }
        (Tensor::cat(found, 0), stacked(replaced))
    }
}

/// The arrays of all members, place by place.
fn stacked(members: Vec<Vec<(usize, Tensor<3>)>>) -> Vec<(usize, Tensor<3>)> {
    let places: Vec<usize> = (members.first().into_iter().flatten())
        .map(|(place, _)| *place)
        .collect();
    let mut members: Vec<_> = members.into_iter().map(Vec::into_iter).collect();
    let arrays = places.into_iter().map(|place| {
        let arrays = members.iter_mut().filter_map(Iterator::next);
        (
            place,
            Tensor::cat(arrays.map(|(_, array)| array).collect(), 0),
        )
    });
    arrays.collect()
}
