//! Flow time: the clock is compared with sums in closed form.

use plan::{Clock, spec::Training};

/// Sums of a hundred terms.
const ROUNDING: f64 = 1e-12;

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
fn the_clock_knows_the_factors_of_loss_and_momentum_and_which_optimizers_have_none() {
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
        ("optimizer = { kind = \"sign\" }", None),
        ("optimizer = { kind = \"muon\" }", None),
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

#[test]
fn the_distance_is_the_sum_of_the_learning_rates_whatever_loss_and_optimizer() {
    for more in [
        "",
        HALVED_SUM,
        "optimizer = { kind = \"muon\" }",
        "optimizer = { kind = \"sgd\", momentum = 0.9 }",
    ] {
        let training = training(&format!(
            "{more}\nschedule = {{ kind = \"steps\", every = 40, factor = 0.5 }}"
        ));
        let clock = Clock::new(&training, 3, &[0, 30, 100]).scaled(0.1);
        for (position, expected) in [0.0, 15.0, 0.5 * (40.0 + 20.0 + 5.0)]
            .into_iter()
            .enumerate()
        {
            let found = clock.distance(position);
            assert!((found - 0.1 * expected).abs() < ROUNDING, "{more}: {found}");
        }
        assert!((clock.rate(&training, 79) - 0.1 * 0.25).abs() < ROUNDING);
        assert!((clock.rate(&training, 80) - 0.1 * 0.125).abs() < ROUNDING);
    }
}
