//! Leaderboards and their panels: what is read, and what is refused with the key that is wrong.

use crate::{
    cases::cases,
    support::{SMALL, assert_holds, load, refusal},
};

const BOARD: &str = r#"
[predictions.linear-model]
kind = "fitted-rise"
shape = "exponential"
calibrate_on = "net"

[predictions.delayed]
kind = "fitted-rise"
shape = "delayed-exponential"
calibrate_on = "net"

[predictions.equal]
kind = "fitted-rise"
shape = "logistic"
calibrate_on = "net"
rate_exponent = 0.0

[predictions.stretched]
kind = "stretched-curve"
calibrate_on = "net"
from = "twin"

[[leaderboards]]
id = "L"
statement = "What explains the net?"
metric = "skill_strength"
model = "net"
explanation = { model = "twin", label = "twin" }
baseline = { model = "linear-model", label = "plain linear model" }
rivals = [{ model = "delayed", label = "delayed" }, { model = "stretched", label = "twin, stretched" }]
controls = [{ model = "equal", label = "equal times" }]

[[pictures]]
name = "board"
title = "Explanations"

[[pictures.panels]]
kind = "leaderboard"
leaderboard = "L"
x_label = "share"
y_label = ""
"#;

#[test]
fn a_leaderboard_is_read_with_the_constants_that_its_explanations_fit() {
    let plan = load(&format!("{SMALL}{BOARD}"));
    let [board] = &plan.claims.leaderboards[..] else {
        panic!("one leaderboard");
    };
    assert_eq!(board.leaderboard.fitted, [1]);
    let constants = [
        ("linear-model", 1),
        ("delayed", 2),
        ("stretched", 1),
        ("equal", 2),
    ];
    for (name, count) in constants {
        assert_eq!(board.constants.get(name), Some(&count), "{name}");
    }
    // A trained model fits nothing.
    assert_eq!(board.constants.get("twin"), None);
    assert_eq!(load(&plan.spec.to_toml()).spec, plan.spec);
}

#[test]
fn leaderboards_name_what_exists_and_can_be_lost() {
    let cases = cases(
        r#"
model = "delayed", label => model = "delay", label => leaderboards[0].explanations = "delay": is not a model or prediction of this spec. Did you mean delayed?
model = "delayed", label => model = "equal", label => leaderboards[0] = model = "equal": competes twice
model = "delayed", label => model = "net", label => leaderboards[0] = model = "net": explains itself
metric = "skill_strength" => metric = "skills" => leaderboards[0].metric = "skills": is not a metric
controls = [{ model = "equal", label = "equal times" }] => controls = [] => leaderboards[0].controls = (none): a leaderboard without a control cannot be trusted
leaderboard = "L" => leaderboard = "M" => pictures[0].panels[0].leaderboard = "M": is not a leaderboard of this spec
leaderboard = "L" => leaderboard = "L"\nmetric = "skill_strength" => pictures[0].panels[0].layers = (given): stands beside a leaderboard
kind = "leaderboard" => kind = "curves"\nmetric = "skill_strength" => pictures[0].panels[0].leaderboard = (given): has an effect in leaderboards only
calibrate_on = "net"\nfrom => calibrate_on = "met"\nfrom => predictions.stretched = "met": reads a model that the spec does not have
from = "twin" => from = "twin"\nlaw = "linear" => predictions.stretched.law = "linear": is for curves of the model itself
rate_exponent = 0.0 => rate_exponent = inf => predictions.equal.rate_exponent = inf: must be a finite number
"#,
    );
    for [old, new, message] in cases {
        assert!(BOARD.contains(&old), "{old}");
        let found = refusal(&format!("{SMALL}{}", BOARD.replacen(&old, &new, 1)));
        assert_holds(&found, &message);
    }
}
