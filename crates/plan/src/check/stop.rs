use crate::{
    plan::PlannedModel,
    spec::{Spec, SpecError, StopWhen},
};

/// Key of the condition at `position`; a single condition has no list.
fn place(all: &[StopWhen], position: usize) -> String {
    match all.len() {
        1 => "training.stop_when".to_owned(),
        _ => format!("training.stop_when[{position}]"),
    }
}

/// Checks that the conditions for early stopping name models and bounds.
pub(super) fn check(spec: &Spec) -> Result<(), SpecError> {
    let all = &spec.training.stop_when;
    for (position, stop) in all.iter().enumerate() {
        let place = place(all, position);
        if !spec.models.contains_key(&stop.model) {
            return Err(SpecError::key(
                format!("{place}.model"),
                format!("{:?}", stop.model),
                "is not a model of this spec",
                "Name a table of [models].",
            ));
        }
        if stop.above.is_none() && stop.below.is_none() {
            return Err(SpecError::key(
                place,
                "(no bound)",
                "needs above or below",
                "Write for example above = 0.95.",
            ));
        }
    }
    Ok(())
}

/// Checks that the conditions read metrics that are `measured` on their models during training.
pub(super) fn check_measured(
    spec: &Spec,
    measured: impl Fn(&str) -> Vec<&'static str>,
) -> Result<(), SpecError> {
    let all = &spec.training.stop_when;
    for (position, stop) in all.iter().enumerate() {
        let choices = measured(&stop.model);
        if !choices.contains(&stop.metric.as_str()) {
            return Err(SpecError::key(
                format!("{}.metric", place(all, position)),
                format!("{:?}", stop.metric),
                "is not measured during training of this model, so the condition would never hold",
                format!("Choose one of: {}.", choices.join(", ")),
            ));
        }
    }
    Ok(())
}

/// Checks that layers which learn until a condition holds read metrics that are `measured` on their
/// model during training.
pub(super) fn check_freezes(
    models: &[PlannedModel],
    measured: impl Fn(&str) -> Vec<&'static str>,
) -> Result<(), SpecError> {
    for model in models {
        let freeze = model.model.interventions().freeze;
        for (position, freeze) in freeze.iter().enumerate() {
            let Some(condition) = &freeze.when else {
                continue;
            };
            let choices = measured(&model.name);
            if !choices.contains(&condition.metric.as_str()) {
                return Err(SpecError::key(
                    format!("models.{}.freeze[{position}].when.metric", model.name),
                    format!("{:?}", condition.metric),
                    "is not measured during training of this model, so the layer would never freeze",
                    format!("Choose one of: {}.", choices.join(", ")),
                ));
            }
        }
    }
    Ok(())
}
