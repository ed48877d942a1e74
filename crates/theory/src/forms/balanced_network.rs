use nalgebra::DMatrix;

use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, Value};
use crate::{BalancedNetwork, TheoryError};

pub(super) const FORM: Form = Form {
    name: "balanced-network",
    summary: "two-layer linear network with balanced layers, from any start",
    equation: "(QQ')' = F QQ' + QQ' F - (QQ')^2, Q = [W1'; W2], F = [[-lambda/2, correlation'], \
               [correlation, lambda/2]]",
    assumes: "gradient flow on the halved squared error; whitened inputs; W2'W2 - W1W1' = lambda I",
    source: "[Braun2022; Domine2024]",
    parameters: parameters! {
        "W1": "first layer at t = 0, h x d (list of rows)",
            "sqrt(strength)", "a matrix of finite numbers";
        "W2": "second layer at t = 0, c x h (list of rows)",
            "sqrt(strength)", "a matrix of finite numbers with as many columns as W1 has rows";
        "correlation": "task E[y x'] of whitened inputs, c x d (list of rows)",
            "strength", "a matrix of finite numbers, c x d";
    },
    points: &[PointKind::Times],
    outputs: outputs! {
        "network": "W2 W1 at the times, c x d each", "strength";
        "kernel": "tangent kernel at the d unit inputs at the times, c d x c d each, \
                      output-major",
            "strength";
        "lambda": "imbalance of the layers, one number", "strength";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let first = inputs.matrix("W1")?;
    let network = BalancedNetwork::new(
        &first,
        &inputs.matrix("W2")?,
        &inputs.matrix("correlation")?,
    )
    .map_err(as_given)?;
    let unit_inputs = DMatrix::identity(first.ncols(), first.ncols());
    let (mut products, mut kernels) = (Vec::new(), Vec::new());
    for &t in inputs.points().values() {
        let state = network.at(t);
        products.push(Value::from(state.product()));
        kernels.push(Value::from(&state.kernel(&unit_inputs)?));
    }
    Ok(vec![
        ("network", Value::List(products)),
        ("kernel", Value::List(kernels)),
        ("lambda", network.lambda().into()),
    ])
}

/// An error about the layers, with the parameter names of the user.
pub(super) fn as_given(error: TheoryError) -> TheoryError {
    let given = |name: &'static str| match name {
        "first" => "W1",
        "second" => "W2",
        "|first|^2 + |second|^2" => "|W1|^2 + |W2|^2",
        other => other,
    };
    match error {
        TheoryError::Domain {
            parameter,
            value,
            domain,
        } => TheoryError::Domain {
            parameter: given(parameter),
            value,
            domain,
        },
        TheoryError::Shape {
            matrix,
            rows,
            columns,
            expected,
        } => TheoryError::Shape {
            matrix: given(matrix),
            rows,
            columns,
            expected,
        },
        other => other,
    }
}
