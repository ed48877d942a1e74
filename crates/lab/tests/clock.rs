//! Flow time: the clock against sums in closed form, and runs against the linear mode.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use layerwise_lab::{
    Kinds,
    predict::Clock,
    record::{Observation, Run, RunFolder},
    run::{Observer, Provenance, Settings, Storing, run, run_identity},
    spec::Training,
};
use support::load;

/// Sums of a hundred terms.
const ROUNDING: f64 = 1e-12;
/// An error that is first order in the learning rate halves with it: order 1 within 10 %.
const FIRST_ORDER: std::ops::RangeInclusive<f64> = 0.9..=1.1;
/// What is left of it at the smaller learning rate.
const SMALL_ERROR: f64 = 0.01;

fn training(more: &str) -> Training {
    toml::from_str(&format!("steps = 100\nlr = 0.5\n{more}")).unwrap()
}

/// Flow time after `step` steps.
fn time(more: &str, outputs: usize, step: u64) -> Option<f64> {
    Clock::new(&training(more), outputs, &[0, step]).time(1)
}

const HALVED_SUM: &str = "loss = { kind = \"mse\", half = true, outputs = \"sum\" }";

#[test]
fn the_clock_adds_up_the_learning_rates_of_every_schedule() {
    let at = |schedule: &str, step: u64| {
        time(&format!("{HALVED_SUM}\nschedule = {schedule}"), 3, step).unwrap()
    };
    let cases = [
        ("{ kind = \"constant\" }", 100, 50.0),
        // 40 full, 40 half, 20 quarter steps.
        (
            "{ kind = \"steps\", every = 40, factor = 0.5 }",
            100,
            0.5 * (40.0 + 20.0 + 5.0),
        ),
        (
            "{ kind = \"steps\", every = 40, factor = 0.5 }",
            41,
            0.5 * 40.5,
        ),
        // Half a period of the cosine adds up to (N + 1)/2.
        ("{ kind = \"cosine\" }", 100, 0.5 * 50.5),
        (
            "{ kind = \"cosine\", final_factor = 0.2 }",
            100,
            0.5 * (20.0 + 0.8 * 50.5),
        ),
    ];
    for (schedule, step, expected) in cases {
        let found = at(schedule, step);
        assert!((found - expected).abs() < ROUNDING, "{schedule}: {found}");
    }
}

#[test]
fn the_clock_knows_the_factors_of_loss_and_momentum_and_that_adam_has_none() {
    let cases = [
        (HALVED_SUM, Some(5.0)),
        (
            "loss = { kind = \"mse\", half = false, outputs = \"sum\" }",
            Some(10.0),
        ),
        (
            "loss = { kind = \"mse\", half = false, outputs = \"mean\" }",
            Some(10.0 / 3.0),
        ),
        (
            "loss = { kind = \"mse\", half = true, outputs = \"mean\" }",
            Some(5.0 / 3.0),
        ),
        ("loss = { kind = \"cross-entropy\" }", Some(5.0)),
        // PyTorch's convention is the default.
        ("", Some(10.0 / 3.0)),
        (
            "optimizer = { kind = \"sgd\", momentum = 0.9 }",
            Some(100.0 / 3.0),
        ),
        (
            "optimizer = { kind = \"sgd\", momentum = 0.9, dampening = 0.5 }",
            Some(50.0 / 3.0),
        ),
        ("optimizer = { kind = \"adam\" }", None),
    ];
    for (more, expected) in cases {
        match (time(more, 3, 10), expected) {
            (Some(found), Some(expected)) => {
                assert!((found - expected).abs() < ROUNDING, "{more}: {found}");
            }
            (found, expected) => assert_eq!(found, expected, "{more}"),
        }
    }
}

#[test]
fn times_between_recorded_steps_are_interpolated_and_none_lie_beyond_the_last() {
    let clock = Clock::new(&training(HALVED_SUM), 1, &[0, 10, 30]);
    for (step, expected) in [
        (0.0, 0.0),
        (5.0, 2.5),
        (10.0, 5.0),
        (25.0, 12.5),
        (30.0, 15.0),
    ] {
        assert!((clock.time_at(step).unwrap() - expected).abs() < ROUNDING);
    }
    assert_eq!(clock.time_at(30.5), None);
    assert_eq!(clock.steps(), [0, 10, 30]);
}

struct Silent;

impl Observer for Silent {}

/// Rows of a run of the linear model on an exact population in f64, measured every so many steps.
fn rows(training: &str, every: u64) -> Vec<Observation> {
    let text = format!(
        "name = \"flow\"\ntitle = \"\"\nsummary = \"\"\nsource = \"\"\nminutes = 0.1\n\
         [task]\nkind = \"modes\"\ninput_powers = [0.5, 1.5]\ntargets = [2.0, -1.0]\n\
         [models.linear]\nkind = \"linear-skills\"\n\
         [models.slow]\nkind = \"linear-skills\"\nlr_scale = 0.5\n\
         [predictions.theory]\nkind = \"linear-skills\"\n\
         [training]\nseeds = 1\nprecision = \"f64\"\n{training}\n\
         [[measure]]\nkind = \"skills\"\nschedule = {{ kind = \"linear\", every = {every} }}\n"
    );
    let loaded = load(&text);
    let settings = Settings {
        device: "flex".to_owned(),
        engine: "autodiff".to_owned(),
        threads: 1,
        together: None,
        quick: false,
        storing: Storing::default(),
    };
    let folder = tempfile::tempdir().unwrap();
    let hash = run_identity(&loaded, &settings.device, &settings.engine);
    let open = RunFolder::open(folder.path(), &loaded.spec, &hash).unwrap();
    let (provenance, kinds) = (Provenance::default(), Kinds::default());
    run(&loaded, &settings, &provenance, &kinds, open, &Silent).unwrap();
    Run::read(folder.path()).unwrap().observations
}

/// Largest distance of the recorded strengths to the linear mode at their recorded flow times.
fn error(rows: &[Observation], model: &str) -> f64 {
    let curve: Vec<&Observation> = rows
        .iter()
        .filter(|o| o.model == model && o.metric == "skill_strength")
        .collect();
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
        |_| "{ kind = \"constant\" }".to_owned(),
        |steps| {
            format!(
                "{{ kind = \"steps\", every = {}, factor = 0.5 }}",
                steps / 4
            )
        },
        |_| "{ kind = \"cosine\", final_factor = 0.1 }".to_owned(),
    ];
    let conventions = [
        (HALVED_SUM, 0.04),
        (
            "loss = { kind = \"mse\", half = false, outputs = \"mean\" }",
            0.02,
        ),
        (
            "loss = { kind = \"mse\", half = true, outputs = \"sum\" }\n\
             optimizer = { kind = \"sgd\", momentum = 0.5 }",
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
    let rows = rows(
        "lr = 0.01\nsteps = 100\noptimizer = { kind = \"adam\" }",
        10,
    );
    assert!(rows.iter().any(|o| o.model == "linear"));
    assert!(
        rows.iter()
            .all(|o| o.flow_time.is_none() && o.model != "theory")
    );
}
