use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::ScalingLaw;

pub(super) const FORM: Form = Form {
    name: "scaling-laws",
    summary: "power laws of the loss in time, data, parameters and compute",
    equation: "loss = (1/2) sum_k P_k (target - R_k)^2 over infinitely many skills, P_k = k^-(alpha + 1)/zeta",
    assumes: "infinitely many skills that decouple; gradient flow on the halved squared error",
    source: "[Nam2024]",
    parameters: parameters! {
        "alpha": "P_k ~ k^-(alpha + 1)", "1", "finite and above 0";
        "target": "S", "strength", "finite and above 0";
        "initial": "R(0) of every skill", "strength", "above 0 and below target";
    },
    points: &[],
    outputs: outputs! {
        "zeta": "zeta(1 + alpha), the sum of k^-(alpha + 1)", "1";
        "time_constant": "A_T in L = A_T t^time_exponent (t is flow time: learning rate 1)",
            "strength^2 * flow time^-time_exponent";
        "data_constant": "A_D in L = A_D D^data_exponent", "strength^2";
        "parameter_constant": "A_N in L = A_N N^parameter_exponent", "strength^2";
        "time_exponent": "-alpha/(alpha + 1)", "1";
        "data_exponent": "-alpha/(alpha + 1)", "1";
        "parameter_exponent": "-alpha", "1";
        "compute_exponent": "-alpha/(alpha + 2), compute = width * time", "1";
    },
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
