//! Runs of models on exact populations.

use layerwise_nets::{Precision, Rows};
use models::{HostArray, Loss, Optimizer};
use tasks::Group;

use super::start::Start;

/// An error that is first order in the learning rate halves with it: order 1 within 10 %.
const FIRST_ORDER: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// `error` at lr, lr/2 and lr/4 for the same flow time: both observed orders.
pub(crate) fn assert_first_order(lr: f64, steps: u64, error: impl Fn(f64, u64) -> f64) {
    let errors = [1, 2, 4].map(|parts| error(lr / parts as f64, steps * parts));
    for pair in errors.windows(2) {
        let order = (pair[0] / pair[1]).log2();
        assert!(FIRST_ORDER.contains(&order), "order {order} of {errors:?}");
    }
    // A constant that is hidden in an error of this size would be no oracle.
    assert!(errors[2] < 0.02, "{errors:?}");
}

impl Start {
    pub(crate) fn groups(&self) -> &[Group] {
        self.instance.groups()
    }

    /// The largest of `error`(step, weights) before, during and after `steps` steps of plain
    /// gradient descent on the recorded graph.
    pub(crate) fn largest(
        &self,
        loss: Loss,
        lr: f64,
        steps: u64,
        error: impl Fn(u64, &[HostArray]) -> f64,
    ) -> f64 {
        let target = super::flex(Precision::F64);
        let (model, weights) = (self.model(), self.weights.clone());
        let rows = Rows::new(&self.rows, model.needs(), &target);
        let plain = Optimizer::default();
        let learner = super::learner("autodiff", model, weights, loss, plain, &target, None);
        let mut learner = learner.unwrap();
        let mut largest = error(0, &self.weights);
        for step in 1..=steps {
            learner.step(&rows, lr);
            let found = error(step, &learner.parameters().unwrap());
            assert!(found.is_finite(), "step {step}");
            largest = largest.max(found);
        }
        largest
    }
}
