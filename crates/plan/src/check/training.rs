//! Checks of how models are trained.

use mlp::{Adam, MlpError};
use tasks::KeyError;

use super::stop;
use crate::{
    plan::PlannedModel,
    spec::{LearningRateSchedule, Optimizer, Spec, SpecError, Training},
};

/// Checks steps, rates and constants.
pub(super) fn check_training(spec: &Spec) -> Result<(), SpecError> {
    let t = &spec.training;
    let at_least_one = |key: &str, value: u64| {
        if value > 0 {
            return Ok(());
        }
        Err(KeyError::new(
            format!("training.{key}"),
            value,
            "must be 1 or more",
            "Write a whole number above 0.",
        ))
    };
    at_least_one("seeds", t.seeds)?;
    at_least_one("steps", t.steps)?;
    let number = |key: &str, value: f64, holds: bool, domain: &str| {
        if value.is_finite() && holds {
            return Ok(());
        }
        let problem = format!("must be {domain}");
        Err(KeyError::new(
            format!("training.{key}"),
            value,
            problem,
            "Write a number in its domain.",
        ))
    };
    number("lr", t.lr, t.lr > 0.0, "a finite number above 0")?;
    number(
        "divergence",
        t.divergence,
        t.divergence > 1.0,
        "a finite number above 1",
    )?;
    if let Err(MlpError::Domain {
        name,
        value,
        domain,
    }) = t.optimizer.check()
    {
        number(&format!("optimizer.{name}"), value, false, domain)?;
    }
    // Without epsilon, a vanishing gradient (as for inputs that are always zero) would give zero
    // over zero.
    if let Optimizer::Adam(Adam { epsilon, .. }) = t.optimizer {
        number("optimizer.epsilon", epsilon, epsilon > 0.0, "above 0")?;
    }
    match t.schedule {
        LearningRateSchedule::Steps { every, factor } => {
            at_least_one("schedule.every", every)?;
            number("schedule.factor", factor, factor > 0.0, "above 0")?;
        }
        LearningRateSchedule::Cosine { final_factor } => {
            number(
                "schedule.final_factor",
                final_factor,
                final_factor >= 0.0,
                "0 or more",
            )?;
        }
        LearningRateSchedule::Constant => {}
    }
    stop::check(spec)?;
    Ok(())
}

/// Checks that the weights of every model are matrices, where the optimizer steps matrices.
pub(super) fn check_matrices(spec: &Spec, models: &[PlannedModel]) -> Result<(), SpecError> {
    let mut without = models.iter().filter(|model| !model.model.has_matrices());
    match (spec.training.optimizer.of_matrices(), without.next()) {
        (Some(_), Some(model)) => Err(SpecError::key(
            "training.optimizer.kind",
            "\"muon\"",
            format!("steps matrices, and the model {:?} has none", model.name),
            "Leave the model out (unset = [\"models.NAME\"] in a variant), or write \"sign\", which \
             does the same to single numbers.",
        )),
        _ => Ok(()),
    }
}

/// Checks that a variant does not change keys of the whole run.
pub(crate) fn check_run_wide(run: &Training, variant: &Training) -> Result<(), SpecError> {
    let precision = |t: &Training| format!("\"{:?}\"", t.precision).to_lowercase();
    let keys = [
        ("seeds", run.seeds.to_string(), variant.seeds.to_string()),
        (
            "first_seed",
            run.first_seed.to_string(),
            variant.first_seed.to_string(),
        ),
        ("precision", precision(run), precision(variant)),
    ];
    for (key, run, variant) in keys {
        if run != variant {
            return Err(SpecError::key(
                format!("training.{key}"),
                variant,
                "belongs to the whole run and cannot differ between variants",
                "Set it in [training].",
            ));
        }
    }
    Ok(())
}
