use super::{
    Form, FormError, Inputs, Output, Outputs, Parameter, PointKind, Points, STRENGTH_AT_TIMES,
    TIMES_OF_FRACTIONS,
};
use crate::FrozenLayerMode;

pub(super) const FORM: Form = Form {
    name: "frozen-layer",
    summary: "one mode of two layers, one of which is frozen: exponential, as in a linear model",
    equation: "strength(t) = target + (initial - target) exp(-input_power frozen^2 t), initial = frozen learning",
    assumes: "gradient flow on the halved squared error in the other layer; modes that decouple",
    source: "derived here from [Saxe2014], and checked against an adaptive integrator",
    parameters: &[
        Parameter {
            name: "input_power",
            meaning: "v = E[x^2]",
            unit: "1/(strength * flow time)",
            domain: "finite and above 0",
            default: None,
        },
        Parameter {
            name: "target",
            meaning: "S",
            unit: "strength",
            domain: "finite and not 0",
            default: None,
        },
        Parameter {
            name: "frozen",
            meaning: "the layer that stays, whichever it is",
            unit: "sqrt(strength)",
            domain: "finite and not 0",
            default: None,
        },
        Parameter {
            name: "learning",
            meaning: "the other layer at t = 0",
            unit: "sqrt(strength)",
            domain: "finite",
            default: Some(0.0),
        },
    ],
    points: &[PointKind::Times, PointKind::Fractions],
    outputs: &[
        STRENGTH_AT_TIMES,
        Output {
            name: "learning_layer",
            meaning: "the layer that learns at the times",
            unit: "sqrt(strength)",
        },
        TIMES_OF_FRACTIONS,
    ],
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let mode = FrozenLayerMode::new(
        inputs.number("input_power")?,
        inputs.number("target")?,
        inputs.number("frozen")?,
        inputs.number("learning")?,
    )?;
    match inputs.points() {
        Points::Fractions(fractions) => {
            let times = fractions.iter().map(|&q| mode.time_to_fraction(q));
            let times = times.collect::<Result<Vec<_>, _>>()?;
            Ok(vec![("times", times.into())])
        }
        points => {
            let strength = points.values().iter().map(|&t| mode.strength(t));
            let layer = points.values().iter().map(|&t| mode.learning_layer(t));
            Ok(vec![
                ("strength", strength.collect::<Vec<_>>().into()),
                ("learning_layer", layer.collect::<Vec<_>>().into()),
            ])
        }
    }
}
