use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::ScalingLaw;

pub(super) const FORM: Form = Form {
    name: "scaling-laws",
    summary: "power laws of the loss in time, data, parameters and compute",
    equation: "loss = (1/2) sum_k P_k (target - R_k)^2 over infinitely many skills, P_k = k^-(alpha + 1)/zeta",
    assumes: "infinitely many skills that decouple; gradient flow on the halved squared error",
    source: "[Nam2024]",
    parameters: &[
        Parameter {
            name: "alpha",
            meaning: "P_k ~ k^-(alpha + 1)",
            unit: "1",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "target",
            meaning: "S",
            unit: "strength",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "initial",
            meaning: "R(0) of every skill",
            unit: "strength",
            domain: "above 0 and below target",
            default: None,
        },
    ],
    points: &[],
    outputs: &[
        Output {
            name: "zeta",
            meaning: "zeta(1 + alpha), the sum of k^-(alpha + 1)",
            unit: "1",
        },
        Output {
            name: "time_constant",
            meaning: "A_T in L = A_T t^time_exponent (t is flow time: learning rate 1)",
            unit: "strength^2 * flow time^-time_exponent",
        },
        Output {
            name: "data_constant",
            meaning: "A_D in L = A_D D^data_exponent",
            unit: "strength^2",
        },
        Output {
            name: "parameter_constant",
            meaning: "A_N in L = A_N N^parameter_exponent",
            unit: "strength^2",
        },
        Output {
            name: "time_exponent",
            meaning: "-alpha/(alpha + 1)",
            unit: "1",
        },
        Output {
            name: "data_exponent",
            meaning: "-alpha/(alpha + 1)",
            unit: "1",
        },
        Output {
            name: "parameter_exponent",
            meaning: "-alpha",
            unit: "1",
        },
        Output {
            name: "compute_exponent",
            meaning: "-alpha/(alpha + 2), compute = width * time",
            unit: "1",
        },
    ],
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let law = ScalingLaw::new(
        inputs.number("alpha")?,
        inputs.number("target")?,
        inputs.number("initial")?,
    )?;
    Ok(vec![
        ("zeta", law.zeta().into()),
        ("time_constant", law.time_constant().into()),
        ("data_constant", law.data_constant().into()),
        ("parameter_constant", law.parameter_constant().into()),
        ("time_exponent", law.time_exponent().into()),
        ("data_exponent", law.data_exponent().into()),
        ("parameter_exponent", law.parameter_exponent().into()),
        ("compute_exponent", law.compute_exponent().into()),
    ])
}
