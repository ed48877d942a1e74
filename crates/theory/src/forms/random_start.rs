use super::balanced_network::as_given;
use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::random_start_half_times;

pub(super) const FORM: Form = Form {
    name: "random-start",
    summary: "half-times of the modes of a linear network from a small random start",
    equation: "half_time = ln(4 S/x0 - 1)/(2 S), x0 = |part of u'W2 + (W1 v)' that is orthogonal \
               to those of the faster modes|^2",
    assumes: "gradient flow on the halved squared error; whitened inputs; weights so small that a \
              mode has been learned before a slower one is visible",
    source: "derived here; compared with an integrator of the full flow: within 2 % for weights \
             of size 1e-2 and 0.1 % for 1e-4",
    parameters: parameters! {
        "W1": "first layer at t = 0, h x d (list of rows)",
            "sqrt(strength)", "a matrix of finite numbers";
        "W2": "second layer at t = 0, c x h (list of rows)",
            "sqrt(strength)", "a matrix of finite numbers with as many columns as W1 has rows";
        "correlation": "task E[y x'] of whitened inputs, c x d (list of rows)",
            "strength", "a matrix of finite numbers, c x d";
    },
    points: &[],
    outputs: outputs! {
        "target": "S of every mode, largest first", "strength";
        "half_time": "time at which each mode reaches S/2; infinite if it never does, not a \
                      number if the start is past it",
            "flow time";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let modes = random_start_half_times(
        &inputs.matrix("W1")?,
        &inputs.matrix("W2")?,
        &inputs.matrix("correlation")?,
    )
    .map_err(as_given)?;
    let list = |number: fn(&crate::RandomStartMode) -> f64| {
        modes.iter().map(number).collect::<Vec<_>>().into()
    };
    Ok(vec![
        ("target", list(|mode| mode.target)),
        ("half_time", list(|mode| mode.half_time)),
    ])
}
