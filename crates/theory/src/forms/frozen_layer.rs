use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, of_mode};
use crate::FrozenLayerMode;

pub(super) const FORM: Form = Form {
    name: "frozen-layer",
    summary: "one mode of two layers, one of which is frozen: exponential, as in a linear model",
    equation: "strength(t) = target + (initial - target) exp(-input_power frozen^2 t), initial = frozen learning",
    assumes: "gradient flow on the halved squared error in the other layer; modes that decouple",
    source: "derived here from [Saxe2014], and checked against an adaptive integrator",
    parameters: parameters! {
        "input_power": "v = E[x^2]", "1/(strength * flow time)", "finite and above 0";
        "target": "S", "strength", "finite and not 0";
        "frozen": "the layer that stays, whichever it is", "sqrt(strength)", "finite and not 0";
        "learning": "the other layer at t = 0", "sqrt(strength)", "finite" = 0.0;
    },
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: outputs! {
        "strength": "s at the times", "strength";
        "learning_layer": "the layer that learns at the times", "sqrt(strength)";
        "times": "t at which s is the fraction of the target", "flow time";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = FrozenLayerMode::new(
        inputs.number("input_power")?,
        inputs.number("target")?,
        inputs.number("frozen")?,
        inputs.number("learning")?,
    )?;
    of_mode(
        inputs,
        |q| mode.time_to_fraction(q),
        &[
            ("strength", &|t| mode.strength(t)),
            ("learning_layer", &|t| mode.learning_layer(t)),
        ],
    )
}
