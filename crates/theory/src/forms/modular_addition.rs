use super::{Form, FormError, Inputs, Output, Outputs, Parameter};
use crate::ModularAddition;

pub(super) const FORM: Form = Form {
    name: "modular-addition",
    summary: "weights of a two-layer network that adds modulo p exactly",
    equation: "logit_q(a, b) = (phases^2/4) (modulus [q = a + b mod modulus] - 1)",
    assumes: "two layers, squared activation, one-hot inputs; one neuron per frequency and pair of phases",
    source: "[Gromov2023] for the form of the weights; the finite set of phases that is exact was derived here and checked by evaluation",
    parameters: parameters! {
        "modulus": "p", "1", "a whole number, odd and at least 3";
        "phases": "K, phases of each input", "1", "a whole number, at least 3" = 3.0;
    },
    points: &[],
    outputs: outputs! {
        "neurons": "hidden neurons, K^2 (p - 1)/2", "1";
        "logit_right": "logit of the right output", "1";
        "logit_wrong": "logit of every other output", "1";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let network = ModularAddition::new(inputs.count("modulus")?, inputs.count("phases")?)?;
    Ok(vec![
        ("neurons", (network.neurons() as f64).into()),
        ("logit_right", network.exact_logit(true).into()),
        ("logit_wrong", network.exact_logit(false).into()),
    ])
}
