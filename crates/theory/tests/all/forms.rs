//! Closed forms by name: their descriptions, numbers and errors.

use std::collections::BTreeSet;

use theory::forms::{Form, FormError, Inputs, PointKind, Points, Value, form, forms};
use theory::{DeepMode, LambdaMode, ScalarToy, UnconstrainedFeatures};

use crate::support::json::{json, number};

/// Agreement with 40-digit values.
const EXACT: f64 = 1e-12;

/// A form with parameters that it takes.
fn example(name: &str, points: Points) -> (Form, Inputs) {
    let mut inputs = Inputs::new(points);
    let mut set = |pairs: &[(&str, f64)]| {
        for (parameter, value) in pairs {
            inputs.set(parameter, *value);
        }
    };
    let mode = [("input_power", 0.7), ("target", 2.0), ("initial", 0.01)];
    match name {
        "linear-mode" | "balanced-mode" => set(&mode),
        "lambda-mode" => {
            set(&mode);
            set(&[("lambda", -0.3)]);
        }
        "deep-mode" => {
            set(&mode);
            set(&[("depth", 3.0)]);
        }
        "layer-chain" => {
            set(&mode[..2]);
            inputs.set("layers", vec![0.1, 0.1, 1.0]);
        }
        "frozen-layer" => set(&[("input_power", 0.7), ("target", 2.0), ("frozen", 0.1)]),
        "fixed-feedback" => set(&[("input_power", 0.7), ("target", 2.0), ("backward", 0.1)]),
        "muon-mode" => set(&[("target", 2.0), ("first", 0.01), ("second", 0.1)]),
        "skills" => set(&[
            ("skills", 5.0),
            ("alpha", 0.6),
            ("lr", 0.02),
            ("target", 5.0),
            ("initial", 1e-4),
        ]),
        "data-emergence" => set(&[("skills", 5.0), ("alpha", 0.6), ("examples", 1000.0)]),
        "parameter-emergence" => set(&[("skills", 5.0), ("width", 9.0)]),
        "scaling-laws" => set(&[("alpha", 0.3), ("target", 1.0), ("initial", 0.01)]),
        "scalar-toy" => {
            set(&[("target", 30.0)]);
            inputs.set("first", vec![0.3, -0.7, 0.2, 0.9]);
            inputs.set("second", vec![0.5, 0.1, -0.4, 0.6]);
        }
        "unconstrained-features" => set(&[
            ("classes", 10.0),
            ("samples_per_class", 4.0),
            ("initial", 0.01),
            ("inside", 1e-4),
        ]),
        "deep-features" => set(&[
            ("classes", 10.0),
            ("samples_per_class", 4.0),
            ("depth", 3.0),
            ("initial", 0.01),
            ("inside", 1e-4),
        ]),
        "modular-addition" => set(&[("modulus", 7.0), ("phases", 3.0)]),
        _ => return (form(name).unwrap(), inputs),
    }
    (form(name).unwrap(), inputs)
}

/// The scalar forms, which are the ones tested here.
const NAMES: [&str; 16] = [
    "linear-mode",
    "balanced-mode",
    "lambda-mode",
    "deep-mode",
    "layer-chain",
    "frozen-layer",
    "fixed-feedback",
    "muon-mode",
    "skills",
    "data-emergence",
    "parameter-emergence",
    "scaling-laws",
    "scalar-toy",
    "unconstrained-features",
    "deep-features",
    "modular-addition",
];

/// Points of every kind that a form takes.
fn points_of(form: &Form) -> Vec<Points> {
    if form.points.is_empty() {
        return vec![Points::None];
    }
    let points = |kind: &PointKind| match kind {
        PointKind::None => Points::None,
        PointKind::Times => Points::Times(vec![0.0, 0.5, 2.0]),
        PointKind::Fractions => Points::Fractions(vec![0.1, 0.5, 0.9]),
        PointKind::Steps => Points::Steps(vec![0.0, 100.0]),
    };
    form.points.iter().map(points).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Number(number) => vec![*number],
        Value::List(items) => items.iter().flat_map(numbers).collect(),
    }
}

fn output(name: &str, points: Points, which: &str) -> Vec<f64> {
    let (form, inputs) = example(name, points);
    let outputs = form.evaluate(&inputs).unwrap();
    let found = outputs.iter().find(|(output, _)| *output == which);
    numbers(&found.unwrap().1)
}

#[test]
fn every_form_explains_itself_and_its_name_is_its_own() {
    let all = forms();
    let names: BTreeSet<&str> = all.iter().map(|form| form.name).collect();
    assert_eq!(names.len(), all.len());
    for name in NAMES {
        assert!(names.contains(name), "{name}");
    }
    for form in &all {
        for text in [form.summary, form.equation, form.assumes, form.source] {
            assert!(!text.is_empty(), "{}", form.name);
        }
        assert!(!form.outputs.is_empty(), "{}", form.name);
        let parameters: BTreeSet<&str> = form.parameters.iter().map(|p| p.name).collect();
        assert_eq!(parameters.len(), form.parameters.len(), "{}", form.name);
    }
}

#[test]
fn every_form_gives_the_outputs_that_it_names_in_their_order() {
    for name in NAMES {
        let form = form(name).unwrap();
        let listed: Vec<&str> = form.outputs.iter().map(|output| output.name).collect();
        let mut given = BTreeSet::new();
        for points in points_of(&form) {
            let (form, inputs) = example(name, points);
            let outputs = form.evaluate(&inputs).unwrap();
            let places: Vec<usize> = outputs
                .iter()
                .map(|(output, _)| listed.iter().position(|listed| listed == output).unwrap())
                .collect();
            assert!(places.is_sorted(), "{name}: {places:?}");
            for (output, value) in &outputs {
                let numbers = numbers(value);
                assert!(!numbers.is_empty(), "{name}: {output}");
                assert!(
                    numbers.iter().all(|number| number.is_finite()),
                    "{name}: {output}"
                );
            }
            given.extend(outputs.iter().map(|(output, _)| *output));
        }
        assert_eq!(given, listed.into_iter().collect(), "{name}");
    }
}

#[test]
fn modes_give_the_numbers_of_their_types() {
    let times = vec![0.0, 0.5, 2.0];
    let fractions = vec![0.1, 0.5, 0.9];
    let mode = LambdaMode::new(0.7, 2.0, 0.01, -0.3).unwrap();
    let at = |which| output("lambda-mode", Points::Times(times.clone()), which);
    assert_eq!(
        at("strength"),
        times.iter().map(|&t| mode.strength(t)).collect::<Vec<_>>()
    );
    assert_eq!(
        at("first_layer"),
        times
            .iter()
            .map(|&t| mode.first_layer(t))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        at("second_layer"),
        times
            .iter()
            .map(|&t| mode.second_layer(t))
            .collect::<Vec<_>>()
    );
    let reached = output("lambda-mode", Points::Fractions(fractions.clone()), "times");
    for (fraction, time) in fractions.iter().zip(reached) {
        assert_eq!(mode.time_to_fraction(*fraction).unwrap(), time);
    }
    let mode = DeepMode::new(3, 0.7, 2.0, 0.01).unwrap();
    let strength = output("deep-mode", Points::Times(times.clone()), "strength");
    assert_eq!(
        strength,
        times.iter().map(|&t| mode.strength(t)).collect::<Vec<_>>()
    );
    let model = UnconstrainedFeatures::new(10, 4, 0.01).unwrap();
    let quotient = output(
        "unconstrained-features",
        Points::Times(times.clone()),
        "nc1_quotient",
    );
    let expected = times
        .iter()
        .map(|&t| model.nc1_quotient(t, 1e-4, 0.0).unwrap());
    assert_eq!(quotient, expected.collect::<Vec<_>>());
}

#[test]
fn skills_are_those_of_the_table_of_40_digit_arithmetic() {
    let table = json(include_str!("../fixtures/ref_msp_time_mp.json"));
    let rows = table["rows"].as_array().unwrap();
    let steps: Vec<f64> = rows.iter().map(|row| number(&row["T"])).collect();
    let (form, inputs) = example("skills", Points::Steps(steps));
    let outputs = form.evaluate(&inputs).unwrap();
    let Value::List(skills) = &outputs[0].1 else {
        panic!("{outputs:?}")
    };
    assert_eq!(skills.len(), 5);
    for (k, skill) in skills.iter().enumerate() {
        for (row, strength) in rows.iter().zip(numbers(skill)) {
            let expected = 5.0 * number(&row["R_over_S"][k]);
            assert!(
                (strength / expected - 1.0).abs() < EXACT,
                "{k} {row}: {strength}"
            );
        }
    }
    for (probability, expected) in numbers(&outputs[1].1)
        .iter()
        .zip(table["P"].as_array().unwrap())
    {
        assert!((probability / number(expected) - 1.0).abs() < EXACT);
    }
}

#[test]
fn scaling_laws_and_the_scalar_network_are_those_of_the_tables() {
    let table = json(include_str!("../fixtures/scaling_constants_mp.json"));
    let row = &table["alpha=0.3,S=1,R0=0.01"];
    for (which, key) in [
        ("zeta", "zeta"),
        ("time_constant", "A_T"),
        ("data_constant", "A_D"),
        ("parameter_constant", "A_N"),
    ] {
        let value = output("scaling-laws", Points::None, which)[0];
        assert!(
            (value / number(&row[key]) - 1.0).abs() < EXACT,
            "{which}: {value}"
        );
    }
    assert_eq!(
        output("scaling-laws", Points::None, "parameter_exponent"),
        [-0.3]
    );

    let table = json(include_str!("../fixtures/ref_toy_sec7_mp.json"));
    let row = &table["rows"][2];
    assert_eq!(number(&row["S"]), 30.0);
    for (which, key) in [
        ("sigma_initial", "Sigma0"),
        ("strength_initial", "S0"),
        ("amplification", "amp_plus"),
        ("amplification_squared", "gamma_plus_sq"),
        ("sigma_final", "Sigma_final"),
    ] {
        let value = output("scalar-toy", Points::None, which)[0];
        assert!(
            (value / number(&row[key]) - 1.0).abs() < EXACT,
            "{which}: {value}"
        );
    }
    let toy = ScalarToy::new(&[0.3, -0.7, 0.2, 0.9], &[0.5, 0.1, -0.4, 0.6], 1.0, 30.0).unwrap();
    let growth = output("scalar-toy", Points::Times(vec![0.0, 0.2]), "growth");
    assert_eq!(growth, [1.0, toy.amplification_at(0.2)]);
}

#[test]
fn resources_and_modular_addition_have_their_values() {
    let fraction = output("parameter-emergence", Points::None, "fraction");
    assert_eq!(fraction, [1.0, 1.0, 0.25, 0.0, 0.0]);
    let fraction = output("data-emergence", Points::None, "fraction");
    let probability = output("data-emergence", Points::None, "probability");
    for (fraction, probability) in fraction.iter().zip(probability) {
        let expected = 1.0 - (1.0 - 1000.0 * probability / 800.0).max(0.0).sqrt();
        assert!((fraction - expected).abs() < EXACT);
    }
    let at = |which| output("modular-addition", Points::None, which)[0];
    assert_eq!(
        [at("neurons"), at("logit_right"), at("logit_wrong")],
        [27.0, 13.5, -2.25]
    );
}

fn refusal(name: &str, points: Points, change: impl FnOnce(&mut Inputs)) -> FormError {
    let (form, mut inputs) = example(name, points);
    change(&mut inputs);
    form.evaluate(&inputs).unwrap_err()
}

#[test]
fn values_off_their_domain_are_refused_by_parameter_value_and_domain() {
    let times = || Points::Times(vec![1.0]);
    for (name, points, parameter, value) in [
        ("balanced-mode", times(), "initial", -0.5),
        ("lambda-mode", times(), "input_power", 0.0),
        ("deep-mode", times(), "depth", 0.0),
        ("deep-mode", times(), "depth", 1e11),
        ("skills", Points::Steps(vec![1.0]), "skills", 0.0),
        ("skills", Points::Steps(vec![1.0]), "skills", 1e9),
        ("skills", Points::Steps(vec![1.0]), "lr", -0.5),
        ("data-emergence", Points::None, "examples", -3.0),
        ("parameter-emergence", Points::None, "skills", 1e9),
        ("scaling-laws", Points::None, "alpha", -0.5),
        ("scalar-toy", Points::None, "normalisation", 0.0),
        ("unconstrained-features", times(), "classes", 1.0),
        ("unconstrained-features", times(), "outside", -1.0),
        ("modular-addition", Points::None, "modulus", 8.0),
        ("modular-addition", Points::None, "phases", 2.0),
    ] {
        let error = refusal(name, points, |inputs| inputs.set(parameter, value)).to_string();
        assert!(
            error.starts_with(&format!("{parameter} = {value}: must be ")),
            "{name}: {error}"
        );
    }
    for (name, parameter) in [
        ("deep-mode", "depth"),
        ("unconstrained-features", "classes"),
    ] {
        for value in [0.5, -1.0, f64::NAN, f64::INFINITY, 1e13] {
            let error = refusal(name, times(), |inputs| inputs.set(parameter, value));
            let expected = format!("{parameter} = {value}: must be a whole number, 0 or more");
            assert_eq!(error.to_string(), expected);
        }
    }
    let error = refusal("scalar-toy", Points::None, |inputs| {
        inputs.set("first", 1.0);
    });
    assert!(
        error
            .to_string()
            .starts_with("first = 1: must be a list of numbers"),
        "{error}"
    );
    let error = refusal("lambda-mode", times(), |inputs| {
        inputs.set("lambda", vec![1.0]);
    });
    assert_eq!(error.to_string(), "lambda = [1]: must be a number");
}

#[test]
fn unknown_missing_and_misplaced_things_are_refused_with_what_there_is() {
    let error = form("sigmoid").unwrap_err().to_string();
    assert!(
        error.contains("\"sigmoid\"") && error.contains("balanced-mode"),
        "{error}"
    );
    let error = refusal("deep-mode", Points::Times(vec![1.0]), |inputs| {
        inputs.set("width", 3.0);
    });
    assert!(
        error
            .to_string()
            .contains("deep-mode has no parameter \"width\""),
        "{error}"
    );
    let error = form("deep-mode")
        .unwrap()
        .evaluate(&Inputs::new(Points::Times(vec![1.0])))
        .unwrap_err();
    assert!(
        error.to_string().contains("deep-mode needs depth"),
        "{error}"
    );
    for (name, points, expected) in [
        (
            "skills",
            Points::Times(vec![1.0]),
            "skills cannot be evaluated with --times; it needs --steps",
        ),
        (
            "deep-mode",
            Points::None,
            "deep-mode needs --times or --fractions",
        ),
        (
            "scalar-toy",
            Points::Fractions(vec![0.5]),
            "scalar-toy cannot be evaluated with --fractions; it needs no points or --times",
        ),
        (
            "modular-addition",
            Points::Times(vec![1.0]),
            "modular-addition cannot be evaluated with --times; it takes no points: leave --times, \
             --fractions and --steps out",
        ),
    ] {
        assert_eq!(refusal(name, points, |_| ()).to_string(), expected);
    }
    for bad in [-1.0, f64::NAN, f64::INFINITY] {
        let error = refusal("scalar-toy", Points::Times(vec![0.0, bad]), |_| ());
        assert!(
            error.to_string().starts_with(&format!("--times {bad}: ")),
            "{error}"
        );
    }
    let error = refusal("deep-mode", Points::Fractions(vec![2.0]), |_| ());
    assert!(
        error
            .to_string()
            .starts_with("fraction = 2 is never reached"),
        "{error}"
    );
}
