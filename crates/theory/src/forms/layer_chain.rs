use super::{Form, FormError, Inputs, Outputs, Parameter, PointKind, STRENGTH_AND_TIMES, of_mode};
use crate::LayerChain;

pub(super) const FORM: Form = Form {
    name: "layer-chain",
    summary: "one mode of layers that start at any strengths: r small layers wait for a power r - 2 of their scale",
    equation: "t = integral of dw/(input_power target strength sum(1/layer^2)), w = ln(strength/(target - strength)); differences of layer^2 are conserved",
    assumes: "gradient flow on the halved squared error; modes that decouple",
    source: "derived here, and checked against an adaptive integrator of separate layers; the powers of small layers are those of [Rawal2026]",
    parameters: parameters! {
        "layers": "strengths of the layers at the start, a list", "strength^(1/L)", "each between 1e-30 and 1e30";
        "input_power": "v = E[x^2]", "1/(strength^(2 - 2/L) * flow time)", "finite and above 0";
        "target": "S", "strength", "finite and above 0";
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: STRENGTH_AND_TIMES,
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let chain = LayerChain::new(
        &inputs.list("layers")?,
        inputs.number("input_power")?,
        inputs.number("target")?,
    )?;
    of_mode(
        inputs,
        |q| chain.time_to_fraction(q),
        &[("strength", &|t| chain.strength(t))],
    )
}
