use super::probabilities::probabilities;
use super::{Form, FormError, Inputs, Output, Outputs, Parameter, PointKind};
use crate::MultilinearSkills;
use crate::error::require_positive;

pub(super) const FORM: Form = Form {
    name: "skills",
    summary: "skills that are learned independently, each a sigmoid in time: emergence",
    equation: "strength_k(step) = target / (1 + (target/initial - 1) exp(-2 P_k target lr step)), P_k ~ k^-(alpha + 1)",
    assumes: "plain gradient descent with a small lr on the halved squared error (t = lr * step; lr * target well below 1); skills that decouple",
    source: "[Nam2024]",
    parameters: parameters! {
        "skills": "number of skills", "1", "a whole number from 1 to 1000000";
        "alpha": "P_k ~ k^-(alpha + 1)", "1", "finite and at least -1";
        "lr": "learning rate of gradient descent", "flow time per step", "finite and above 0";
        "target": "S", "strength", "finite and above 0";
        "initial": "s(0)", "strength", "finite and above 0";
    },
    points: &[PointKind::Steps],
    outputs: outputs! {
        "strength": "R_k at the steps: a list over skills of lists over steps", "strength";
        "probability": "P_k, a list over skills, most frequent first", "1";
    },
    numbers,
};

fn numbers(inputs: &Inputs) -> Result<Outputs, FormError> {
    let probabilities = probabilities(inputs)?;
    let learning_rate = inputs.number("lr")?;
    require_positive("lr", learning_rate)?;
    let (target, initial) = (inputs.number("target")?, inputs.number("initial")?);
    let model = MultilinearSkills::new(probabilities.clone(), target, initial, 1.0)?;
    let steps = inputs.points().values();
    let over_steps = |skill| {
        let strength = steps
            .iter()
            .map(|step| model.strength(skill, learning_rate * step));
        strength.collect::<Result<Vec<_>, _>>()
    };
    let strength = (0..probabilities.len()).map(over_steps);
    let strength = strength.collect::<Result<Vec<_>, _>>()?;
    Ok(vec![
        ("strength", strength.into()),
        ("probability", probabilities.into()),
    ])
}
