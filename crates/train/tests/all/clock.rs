//! Flow time: runs of every convention against the linear mode.

use judge::Run;
use record::Observation;

use crate::{
    runs::{on, recorded_of},
    specs::load,
};

/// The closed form on its own clock.
const ROUNDING: f64 = 1e-12;
/// An error that is first order in the learning rate halves with it: order 1 within 10 %.
const FIRST_ORDER: std::ops::RangeInclusive<f64> = 0.9..=1.1;
/// What is left of it at the smaller learning rate.
const SMALL_ERROR: f64 = 0.01;

const HALVED_SUM: &str = "loss = { kind = 'mse', half = true, outputs = 'sum' }";

/// Rows of a run of the linear model on an exact population in f64, measured every so many steps.
fn rows(training: &str, every: u64) -> Run {
    let text = format!(
        "name = 'flow'\ntitle = ''\nsummary = ''\nsource = ''\nminutes = 0.1\n\
         [task]\nkind = 'modes'\ninput_powers = [0.5, 1.5]\ntargets = [2.0, -1.0]\n\
         [models.linear]\nkind = 'linear-skills'\n\
         [models.slow]\nkind = 'linear-skills'\nlr_scale = 0.5\n\
         [predictions.theory]\nkind = 'linear-skills'\n\
         [training]\nseeds = 1\nprecision = 'f64'\n{training}\n\
         [[measure]]\nkind = 'skills'\nschedule = {{ kind = 'linear', every = {every} }}\n"
    );
    recorded_of(&load(&text), &on("autodiff"))
}

/// Largest distance of the recorded strengths to the linear mode at their recorded flow times.
fn error(run: &Run, model: &str) -> f64 {
    let rows = run
        .observations
        .of_variant((model, "skill_strength"), "base");
    let curve: Vec<&Observation> = rows.collect();
    assert!(curve.len() > 20);
    curve
        .iter()
        .map(|row| {
            let power = if row.index == 1 { 0.5 } else { 1.5 };
            let mode = theory::LinearMode::new(power, 1.0, 0.0).unwrap();
            (row.value - mode.strength(row.flow_time.unwrap())).abs()
        })
        .fold(0.0, f64::max)
}

#[test]
fn runs_of_every_convention_follow_the_linear_mode_at_their_recorded_flow_time() {
    let schedules: [fn(u64) -> String; 3] = [
        |_| "{ kind = 'constant' }".to_owned(),
        |steps| format!("{{ kind = 'steps', every = {}, factor = 0.5 }}", steps / 4),
        |_| "{ kind = 'cosine', final_factor = 0.1 }".to_owned(),
    ];
    let conventions = [
        (HALVED_SUM, 0.04),
        (
            "loss = { kind = 'mse', half = false, outputs = 'mean' }",
            0.02,
        ),
        (
            "loss = { kind = 'mse', half = true, outputs = 'sum' }\n\
             optimizer = { kind = 'sgd', momentum = 0.5 }",
            0.01,
        ),
    ];
    for schedule in schedules {
        for (convention, lr) in conventions {
            let of = |parts: u64| {
                let (lr, steps) = (lr / parts as f64, 100 * parts);
                let schedule = schedule(steps);
                let training =
                    format!("{convention}\nlr = {lr}\nsteps = {steps}\nschedule = {schedule}");
                rows(&training, 5 * parts)
            };
            let (coarse, fine) = (of(2), of(4));
            for model in ["linear", "slow"] {
                let errors = [error(&coarse, model), error(&fine, model)];
                let order = (errors[0] / errors[1]).log2();
                let place = format!("{convention}, {}, {model}", schedule(100));
                assert!(
                    FIRST_ORDER.contains(&order),
                    "{place}: order {order}, {errors:?}"
                );
                assert!(errors[1] < SMALL_ERROR, "{place}: {errors:?}");
            }
            // The shipped closed form is evaluated on the same clock.
            assert!(error(&fine, "theory") < ROUNDING);
        }
    }
}

#[test]
fn adam_records_no_flow_time_and_predictions_of_time_stay_away() {
    let rows = rows("lr = 0.01\nsteps = 100\noptimizer = { kind = 'adam' }", 10);
    let rows = rows.observations.rows();
    assert!(rows.iter().any(|o| o.model == "linear"));
    assert!(
        rows.iter()
            .all(|o| o.flow_time.is_none() && o.model != "theory")
    );
}
