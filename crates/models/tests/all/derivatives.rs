//! Gradient and Hessian of the training loss in the parameters that are trained, against central differences
//! of the loss itself.

use models::{HostArray, Loss, Model, Reduction};
use tasks::Batch;

use crate::start::{Start, flat};

/// Central differences of the loss: steps of 1e-4 leave 1e-8 of rounding in second differences, and as much in
/// fourth derivatives.
const STEP: f64 = 1e-4;
const DIFFERENCE: f64 = 1e-6;

const TASK: &str = "kind = 'random-regression'\nsamples = 7\ninputs = 3\noutputs = 2";
const LOSS: Loss = Loss::Mse {
    half: false,
    outputs: Reduction::Mean,
};

/// The loss as the formula of the model says: α times the net, minus that at the start if it is centred.
fn loss_at(model: &dyn Model, parameters: &[HostArray], start: &[HostArray], rows: &Batch) -> f64 {
    let outputs = |parameters: &[HostArray]| {
        let host = model.host(parameters).unwrap();
        let outputs = host.net.forward(&rows.inputs, rows.rows).unwrap();
        outputs
            .iter()
            .map(|f| host.output_scale * f)
            .collect::<Vec<f64>>()
    };
    let mut f = outputs(parameters);
    if model.centred() {
        f.iter_mut()
            .zip(outputs(start))
            .for_each(|(f, f0)| *f -= f0);
    }
    LOSS.value(
        &f,
        &rows.targets,
        rows.weights.as_deref(),
        rows.shape.outputs,
    )
}

fn moved(parameters: &[HostArray], index: usize, by: f64) -> Vec<HostArray> {
    let mut parameters = parameters.to_vec();
    let mut rest = index;
    for array in &mut parameters {
        if rest < array.values.len() {
            array.values[rest] += by;
            break;
        }
        rest -= array.values.len();
    }
    parameters
}

#[test]
fn they_are_those_of_the_trained_parameters_with_all_scales() {
    for table in [
        "activation = 'tanh'",
        "activation = 'tanh'\noutput_scale = 1.7\ncentre_output = true",
        "activation = 'quadratic'\nparametrisation = 'ntk'\nbase_width = 2",
        "activation = 'softplus'\nparametrisation = 'mean-field'\nbase_width = 2\noutput_scale = 0.6",
    ] {
        let start = Start::new(TASK, &format!("kind = 'mlp'\nwidths = [4]\n{table}"), 5);
        let model = start.model();
        // Not where a centred output is 0.
        let mut now = start.weights.clone();
        for (at, value) in now.iter_mut().flat_map(|a| &mut a.values).enumerate() {
            *value += 0.2 * (at as f64).sin();
        }
        let rows = &start.rows;
        let host = model.host(&now).unwrap();
        let first = model.centred().then(|| model.host(&start.weights).unwrap());
        let gradient = host.loss_gradient(LOSS, rows, first.as_ref()).unwrap();
        assert_eq!(gradient.len(), 2);
        let gradient = gradient.concat();
        let hessian = host.loss_hessian(LOSS, rows, first.as_ref()).unwrap();
        let size = flat(&now).len();
        assert_eq!((gradient.len(), hessian.size()), (size, size));
        let at = |a: usize, by: f64, b: usize, also: f64| {
            let parameters = moved(&moved(&now, a, by), b, also);
            loss_at(&*model, &parameters, &start.weights, rows)
        };
        for a in 0..size {
            let slope = (at(a, STEP, a, 0.0) - at(a, -STEP, a, 0.0)) / (2.0 * STEP);
            let gap = (slope - gradient[a]).abs();
            assert!(gap < DIFFERENCE, "{table} {a}: {} but {slope}", gradient[a]);
            let mut unit = vec![0.0; size];
            unit[a] = 1.0;
            for (b, entry) in hessian.times(&unit).unwrap().into_iter().enumerate() {
                let corners = at(a, STEP, b, STEP) - at(a, STEP, b, -STEP) - at(a, -STEP, b, STEP)
                    + at(a, -STEP, b, -STEP);
                let expected = corners / (4.0 * STEP * STEP);
                let gap = (entry - expected).abs();
                assert!(
                    gap < DIFFERENCE * 10.0,
                    "{table} {a} {b}: {entry} but {expected}"
                );
            }
        }
    }
}
