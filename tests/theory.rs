//! Black-box tests of `layerwise theory`: closed forms from the command line.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use safetensors::{Dtype, tensor::TensorView};
use serde_json::{Value, json};
use tempfile::TempDir;
use theory::{
    BalancedNetwork, DeepMode, LambdaMode, LinearMode, MultilinearSkills, ScalarToy, ScalingLaw,
    forms::forms,
    nalgebra::{self, dmatrix},
};

/// Numbers are printed to the last digit; reading them back may cost one.
const PRINTED: f64 = 1e-14;
/// Values that were worked out by hand here, in another order of operations.
const BY_HAND: f64 = 1e-12;

fn layerwise(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_layerwise"))
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = layerwise(arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {errors}");
    assert!(errors.is_empty(), "{arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// The document of `layerwise theory … --json`.
fn json(arguments: &[&str]) -> Value {
    let all = [&["theory"], arguments, &["--json"]].concat();
    serde_json::from_str(&stdout(&all)).unwrap()
}

/// The text of `layerwise theory …`.
fn text(arguments: &[&str]) -> String {
    stdout(&[&["theory"], arguments].concat())
}

/// The arguments must be refused with exit code 2, one error that names all of `parts`, and
/// nothing on standard output, in both formats.
fn refused(arguments: &[&str], parts: &[&str]) {
    for format in [&[][..], &["--json"]] {
        let output = layerwise(&[&["theory"], arguments, format].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {errors}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
        assert_eq!(errors.matches("error:").count(), 1, "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
        for part in parts {
            assert!(errors.contains(part), "{part:?} is not in: {errors}");
        }
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(items) => items.iter().flat_map(numbers).collect(),
        number => vec![number.as_f64().unwrap_or_else(|| panic!("{number}"))],
    }
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len(), "{found:?} {expected:?}");
    for (a, b) in found.iter().zip(expected) {
        assert!(
            (a - b).abs() <= tolerance * b.abs(),
            "{found:?}\n{expected:?}"
        );
    }
}

fn keys(document: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = document
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

const LINEAR: [&str; 5] = ["linear-mode", "-s", "input_power=0.5", "-s", "target=2"];

#[test]
fn the_list_names_every_form_in_a_line() {
    let all = forms();
    let listed = text(&["list"]);
    assert_eq!(listed.lines().count(), all.len());
    let document = json(&["list"]);
    let rows = document["forms"].as_array().unwrap();
    assert_eq!(rows.len(), all.len());
    for ((line, row), form) in listed.lines().zip(rows).zip(&all) {
        assert!(line.starts_with(&format!("{} ", form.name)), "{line}");
        assert!(line.ends_with(form.summary), "{line}");
        assert_eq!(*row, json!({ "name": form.name, "summary": form.summary }));
    }
    assert!(listed.contains("linear-mode") && listed.contains("balanced-network"));
}

#[test]
fn every_form_can_be_shown_with_parameters_points_and_results() {
    for form in forms() {
        let shown = text(&["show", form.name]);
        let document = json(&["show", form.name]);
        for (key, value) in [
            ("name", form.name),
            ("summary", form.summary),
            ("equation", form.equation),
            ("assumes", form.assumes),
            ("source", form.source),
        ] {
            assert_eq!(document[key], value, "{}", form.name);
            assert!(shown.contains(value), "{value:?} is not in: {shown}");
        }
        let parameters = document["parameters"].as_array().unwrap();
        assert_eq!(parameters.len(), form.parameters.len());
        for (row, p) in parameters.iter().zip(form.parameters) {
            let expected = json!({
                "name": p.name, "meaning": p.meaning, "unit": p.unit, "domain": p.domain,
                "default": p.default,
            });
            assert_eq!(*row, expected);
            let line = shown
                .lines()
                .find(|line| line.trim_start().starts_with(&format!("{} ", p.name)));
            let line = line.unwrap_or_else(|| panic!("{} is not in: {shown}", p.name));
            assert!(
                line.contains(p.meaning) && line.contains(p.unit) && line.contains(p.domain),
                "{line}"
            );
        }
        let outputs = document["outputs"].as_array().unwrap();
        assert_eq!(outputs.len(), form.outputs.len());
        for (row, o) in outputs.iter().zip(form.outputs) {
            assert_eq!(
                *row,
                json!({ "name": o.name, "meaning": o.meaning, "unit": o.unit })
            );
            assert!(shown.contains(o.meaning), "{shown}");
        }
    }
    let points = |name: &str| json(&["show", name])["points"].clone();
    assert_eq!(points("linear-mode"), json!(["--times", "--fractions"]));
    assert_eq!(points("skills"), json!(["--steps"]));
    assert_eq!(points("scaling-laws"), json!([]));
    assert!(text(&["show", "linear-mode"]).contains("Where: --times or --fractions"));
    assert!(text(&["show", "linear-mode"]).contains("[default: 0]"));
}

#[test]
fn a_linear_mode_saturates_exponentially() {
    let document = json(&[&LINEAR[..], &["--times", "0,1,4"]].concat());
    assert_eq!(keys(&document), ["name", "parameters", "strength", "times"]);
    assert_eq!(document["name"], "linear-mode");
    assert_eq!(
        document["parameters"],
        json!({ "input_power": 0.5, "target": 2.0, "initial": 0.0 })
    );
    assert_eq!(document["times"], json!([0.0, 1.0, 4.0]));
    let expected = [
        0.0,
        2.0 * (1.0 - (-0.5_f64).exp()),
        2.0 * (1.0 - (-2.0_f64).exp()),
    ];
    assert_close(&numbers(&document["strength"]), &expected, BY_HAND);
    let mode = LinearMode::new(0.5, 2.0, 0.0).unwrap();
    let expected = [0.0, 1.0, 4.0].map(|t| mode.strength(t));
    assert_close(&numbers(&document["strength"]), &expected, PRINTED);
}

#[test]
fn text_is_a_table_with_a_column_per_result() {
    let table = text(&[&LINEAR[..], &["--times", "0,1,4"]].concat());
    let mode = LinearMode::new(0.5, 2.0, 0.0).unwrap();
    let row = |t: f64| format!("{t},{}\n", mode.strength(t));
    assert_eq!(
        table,
        format!("times,strength\n{}{}{}", row(0.0), row(1.0), row(4.0))
    );
    let lambda = [
        "lambda-mode",
        "-s",
        "input_power=1",
        "-s",
        "target=2",
        "-s",
        "initial=0.1",
        "-s",
        "lambda=-0.3",
    ];
    let table = text(&[&lambda[..], &["--times", "0.5"]].concat());
    let mode = LambdaMode::new(1.0, 2.0, 0.1, -0.3).unwrap();
    let (s, a, b) = (
        mode.strength(0.5),
        mode.first_layer(0.5),
        mode.second_layer(0.5),
    );
    assert_eq!(
        table,
        format!("times,strength,first_layer,second_layer\n0.5,{s},{a},{b}\n")
    );
    let table = text(&[&lambda[..], &["--fractions", "0.5,0.9"]].concat());
    let times = [0.5, 0.9].map(|q| mode.time_to_fraction(q).unwrap());
    assert_eq!(
        table,
        format!("fractions,times\n0.5,{}\n0.9,{}\n", times[0], times[1])
    );
}

#[test]
fn a_lambda_mode_has_strength_and_layers_at_times_and_times_at_fractions() {
    let of = |lambda: &str, points: &[&str]| {
        let set = [
            "lambda-mode",
            "-s",
            "input_power=0.7",
            "-s",
            "target=2",
            "-s",
            "initial=0.01",
            "-s",
        ];
        json(&[&set[..], &[lambda], points].concat())
    };
    for lambda in [0.8, -0.8, 0.0] {
        let argument = format!("lambda={lambda}");
        let mode = LambdaMode::new(0.7, 2.0, 0.01, lambda).unwrap();
        let at = |value: &dyn Fn(f64) -> f64| [0.0, 0.5, 3.0].map(value);
        let found = of(&argument, &["--times", "0,0.5,3"]);
        assert_eq!(
            keys(&found),
            [
                "first_layer",
                "name",
                "parameters",
                "second_layer",
                "strength",
                "times"
            ]
        );
        let (strength, first, second) = (
            numbers(&found["strength"]),
            numbers(&found["first_layer"]),
            numbers(&found["second_layer"]),
        );
        assert_close(&strength, &at(&|t| mode.strength(t)), PRINTED);
        assert_close(&first, &at(&|t| mode.first_layer(t)), PRINTED);
        assert_close(&second, &at(&|t| mode.second_layer(t)), PRINTED);
        for ((s, a), b) in strength.iter().zip(&first).zip(&second) {
            assert!((a * b - s).abs() < BY_HAND && (b * b - a * a - lambda).abs() < BY_HAND);
        }
        let found = of(&argument, &["--fractions", "0.1,0.5,0.9"]);
        assert_eq!(keys(&found), ["fractions", "name", "parameters", "times"]);
        assert_eq!(found["fractions"], json!([0.1, 0.5, 0.9]));
        let expected = [0.1, 0.5, 0.9].map(|q| mode.time_to_fraction(q).unwrap());
        assert_close(&numbers(&found["times"]), &expected, PRINTED);
    }
}

#[test]
fn fractions_may_be_negative() {
    // The strength starts at −0.2 of its target and passes −0.1 on its way.
    let set = [
        "lambda-mode",
        "-s",
        "input_power=0.7",
        "-s",
        "target=2",
        "-s",
        "initial=-0.4",
        "-s",
        "lambda=0.5",
        "--fractions",
    ];
    let mode = LambdaMode::new(0.7, 2.0, -0.4, 0.5).unwrap();
    let expected = [-0.1, 0.5].map(|q| mode.time_to_fraction(q).unwrap());
    let found = json(&[&set[..], &["-0.1,0.5"]].concat());
    assert_close(&numbers(&found["times"]), &expected, PRINTED);
}

#[test]
fn a_deep_mode_reaches_its_fractions_in_time() {
    let found = json(&[
        "deep-mode",
        "-s",
        "depth=3",
        "-s",
        "input_power=0.7",
        "-s",
        "target=2",
        "-s",
        "initial=0.01",
        "--fractions",
        "0.1,0.5,0.9",
    ]);
    let mode = DeepMode::new(3, 0.7, 2.0, 0.01).unwrap();
    let expected = [0.1, 0.5, 0.9].map(|q| mode.time_to_fraction(q).unwrap());
    assert_close(&numbers(&found["times"]), &expected, PRINTED);
    // Two layers are the sigmoid: ln((S/s0 − 1)/(1/q − 1))/(2 v S).
    let found = json(&[
        "deep-mode",
        "-s",
        "depth=2",
        "-s",
        "input_power=0.7",
        "-s",
        "target=2",
        "-s",
        "initial=0.01",
        "--fractions",
        "0.5,0.9",
    ]);
    let expected = [199.0_f64.ln() / 2.8, (199.0_f64 * 9.0).ln() / 2.8];
    assert_close(&numbers(&found["times"]), &expected, BY_HAND);
}

#[test]
fn skills_have_a_curve_each_over_the_steps() {
    let found = json(&[
        "skills",
        "-s",
        "skills=3",
        "-s",
        "alpha=0.6",
        "-s",
        "lr=0.02",
        "-s",
        "target=5",
        "-s",
        "initial=0.0001",
        "--steps",
        "0,100,1000,3000",
    ]);
    assert_eq!(
        keys(&found),
        ["name", "parameters", "probability", "steps", "strength"]
    );
    assert_eq!(found["steps"], json!([0.0, 100.0, 1000.0, 3000.0]));
    let probabilities = theory::zipf_probabilities(3, 0.6).unwrap();
    assert_close(&numbers(&found["probability"]), &probabilities, PRINTED);
    assert_close(&[probabilities.iter().sum()], &[1.0], BY_HAND);
    let model = MultilinearSkills::new(probabilities.clone(), 5.0, 1e-4, 1.0).unwrap();
    for (skill, &probability) in probabilities.iter().enumerate() {
        let curve = numbers(&found["strength"][skill]);
        let flow = [0.0, 2.0, 20.0, 60.0];
        let expected = flow.map(|t| model.strength(skill, t).unwrap());
        assert_close(&curve, &expected, PRINTED);
        let sigmoid =
            flow.map(|t| 5.0 / (1.0 + (5.0 / 1e-4 - 1.0) * (-2.0 * probability * 5.0 * t).exp()));
        assert_close(&curve, &sigmoid, BY_HAND);
    }
    // Nested lists are rows with their place in the text.
    let table = text(&[
        "skills",
        "-s",
        "skills=2",
        "-s",
        "alpha=0.6",
        "-s",
        "lr=0.02",
        "-s",
        "target=5",
        "-s",
        "initial=0.0001",
        "--steps",
        "0,100",
    ]);
    let firsts: Vec<&str> = table
        .lines()
        .map(|l| l.rsplit_once(',').unwrap().0)
        .collect();
    assert_eq!(
        firsts,
        [
            "name,index",
            "steps,1",
            "steps,2",
            "strength,1.1",
            "strength,1.2",
            "strength,2.1",
            "strength,2.2",
            "probability,1",
            "probability,2",
        ]
    );
    assert!(
        table.contains("\nsteps,2,100\nstrength,1.1,0.0001"),
        "{table}"
    );
}

#[test]
fn scaling_laws_are_constants_and_exponents() {
    let set = [
        "scaling-laws",
        "-s",
        "alpha=0.6",
        "-s",
        "target=1",
        "-s",
        "initial=0.01",
    ];
    let found = json(&set);
    let law = ScalingLaw::new(0.6, 1.0, 0.01).unwrap();
    let expected = [
        ("zeta", law.zeta(), None),
        ("time_constant", law.time_constant(), None),
        ("data_constant", law.data_constant(), None),
        ("parameter_constant", law.parameter_constant(), None),
        ("time_exponent", law.time_exponent(), Some(-0.375)),
        ("data_exponent", law.data_exponent(), Some(-0.375)),
        ("parameter_exponent", law.parameter_exponent(), Some(-0.6)),
        ("compute_exponent", law.compute_exponent(), Some(-0.6 / 2.6)),
    ];
    let table = text(&set);
    assert!(table.starts_with("name,index,value\n"), "{table}");
    assert_eq!(table.lines().count(), 1 + expected.len());
    for (name, value, by_hand) in expected {
        assert_close(&numbers(&found[name]), &[value], PRINTED);
        if let Some(by_hand) = by_hand {
            assert_close(&[value], &[by_hand], BY_HAND);
        }
        assert!(table.contains(&format!("\n{name},,{value}\n")), "{table}");
    }
    // No points were asked for, so that none are there.
    assert_eq!(found.as_object().unwrap().len(), 2 + expected.len());
    // ζ(2) = π²/6.
    let square = json(&[
        "scaling-laws",
        "-s",
        "alpha=1",
        "-s",
        "target=1",
        "-s",
        "initial=0.01",
    ]);
    let zeta = std::f64::consts::PI.powi(2) / 6.0;
    assert_close(&numbers(&square["zeta"]), &[zeta], BY_HAND);
}

const TOY: [&str; 9] = [
    "scalar-toy",
    "-s",
    "first=[0.3, -0.7]",
    "-s",
    "second=[0.5, 0.1]",
    "-s",
    "normalisation=2",
    "-s",
    "target=3",
];

#[test]
fn the_scalar_toy_has_its_numbers_without_points_and_its_curve_with_times() {
    let found = json(&TOY);
    assert_eq!(
        keys(&found),
        [
            "amplification",
            "amplification_squared",
            "lambda_effective",
            "name",
            "parameters",
            "sigma_final",
            "sigma_initial",
            "strength_initial",
        ]
    );
    assert_eq!(found["parameters"]["first"], json!([0.3, -0.7]));
    // Σ = (0.09 + 0.49 + 0.25 + 0.01)/4, S0 = (0.15 − 0.07)/2.
    let (sigma, start) = (0.21, 0.04_f64);
    assert_close(&numbers(&found["sigma_initial"]), &[sigma], BY_HAND);
    assert_close(&numbers(&found["strength_initial"]), &[start], BY_HAND);
    let conserved = sigma * sigma - start * start;
    let end = (conserved + 9.0).sqrt();
    assert_close(&numbers(&found["sigma_final"]), &[end], BY_HAND);
    let squared = (3.0 + end) / (sigma + start);
    assert_close(
        &numbers(&found["amplification_squared"]),
        &[squared],
        BY_HAND,
    );
    assert_close(
        &numbers(&found["amplification"]),
        &[squared.sqrt()],
        BY_HAND,
    );
    assert_close(
        &numbers(&found["lambda_effective"]),
        &[2.0 * conserved.sqrt()],
        BY_HAND,
    );
    let found = json(&[&TOY[..], &["--times", "0,0.5,2"]].concat());
    assert_eq!(
        keys(&found),
        ["growth", "name", "parameters", "strength", "times"]
    );
    let toy = ScalarToy::new(&[0.3, -0.7], &[0.5, 0.1], 2.0, 3.0).unwrap();
    let times = [0.0, 0.5, 2.0];
    let strength = times.map(|t| toy.strength(t));
    assert_close(&numbers(&found["strength"]), &strength, PRINTED);
    let growth = times.map(|t| toy.amplification_at(t));
    assert_close(&numbers(&found["growth"]), &growth, PRINTED);
}

/// Matrices of a balanced network with λ = 3, as JSON and as numbers.
const MATRICES: &str = r#"{"W1": [[1, 0], [0, 1]], "W2": [[0, 2], [2, 0]],
                           "correlation": [[2, 0.5], [0, 1]], "note": "not a matrix"}"#;

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// `file=PATH` of a file with this content.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        format!("file={}", self.path(name).display())
    }
}

/// A safetensors file with matrices of this type.
fn safetensors_of(matrices: &[(&str, [usize; 2], &[f64])], dtype: Dtype) -> Vec<u8> {
    let bytes: Vec<Vec<u8>> = (matrices.iter())
        .map(|(_, _, values)| match dtype {
            Dtype::F64 => values.iter().flat_map(|v| v.to_le_bytes()).collect(),
            _ => values
                .iter()
                .flat_map(|v| (*v as f32).to_le_bytes())
                .collect(),
        })
        .collect();
    let views = matrices
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| {
            (
                *name,
                TensorView::new(dtype, shape.to_vec(), bytes).unwrap(),
            )
        });
    safetensors::serialize(views, None).unwrap()
}

const TENSORS: [(&str, [usize; 2], &[f64]); 3] = [
    ("W1", [2, 2], &[1.0, 0.0, 0.0, 1.0]),
    ("W2", [2, 2], &[0.0, 2.0, 2.0, 0.0]),
    ("correlation", [2, 2], &[2.0, 0.5, 0.0, 1.0]),
];

#[test]
fn a_balanced_network_is_read_from_json_safetensors_or_parameters() {
    let folder = Folder::new();
    let network = BalancedNetwork::new(
        &dmatrix![1.0, 0.0; 0.0, 1.0],
        &dmatrix![0.0, 2.0; 2.0, 0.0],
        &dmatrix![2.0, 0.5; 0.0, 1.0],
    )
    .unwrap();
    // Row by row, time by time.
    let times = [0.0, 0.3];
    let rows = |matrix: &theory::nalgebra::DMatrix<f64>| matrix.transpose().as_slice().to_vec();
    let products: Vec<f64> = times
        .iter()
        .flat_map(|t| rows(network.at(*t).product()))
        .collect();
    let unit = dmatrix![1.0, 0.0; 0.0, 1.0];
    let kernels: Vec<f64> = (times.iter())
        .flat_map(|t| rows(&network.at(*t).kernel(&unit).unwrap()))
        .collect();
    let files = [
        folder.file("net.json", MATRICES),
        // What the name does not say is JSON.
        folder.file("net.txt", MATRICES),
        folder.file("net.safetensors", safetensors_of(&TENSORS, Dtype::F64)),
        folder.file("single.safetensors", safetensors_of(&TENSORS, Dtype::F32)),
    ];
    for file in &files {
        let found = json(&["balanced-network", "-s", file, "--times", "0,0.3"]);
        let path = file.strip_prefix("file=").unwrap();
        let behind = json(&["balanced-network", path, "--times", "0,0.3"]);
        assert_eq!(behind, found);
        assert_eq!(
            keys(&found),
            ["kernel", "lambda", "name", "network", "parameters", "times"]
        );
        assert_eq!(found["parameters"]["W2"], json!([[0.0, 2.0], [2.0, 0.0]]));
        assert_eq!(
            found["parameters"]["correlation"],
            json!([[2.0, 0.5], [0.0, 1.0]])
        );
        assert_close(&numbers(&found["network"]), &products, PRINTED);
        assert_close(&numbers(&found["kernel"]), &kernels, PRINTED);
        assert_eq!(found["lambda"], 3.0);
        assert_eq!(found["network"][0], json!([[0.0, 2.0], [2.0, 0.0]]));
    }
    let set = json(&[
        "balanced-network",
        "-s",
        "W1=[[1, 0], [0, 1]]",
        "-s",
        "W2 = [[0, 2], [2, 0]]",
        "-s",
        "correlation=[[2, 0.5], [0, 1]]",
        "--times",
        "0,0.3",
    ]);
    let read = json(&["balanced-network", "-s", &files[0], "--times", "0,0.3"]);
    assert_eq!(set, read);
    // What comes later counts.
    let changed = json(&[
        "balanced-network",
        "-s",
        &files[0],
        "-s",
        "correlation=[[0, 0], [0, 0]]",
        "--times",
        "0.3",
    ]);
    assert_eq!(
        changed["parameters"]["correlation"],
        json!([[0.0, 0.0], [0.0, 0.0]])
    );
    let table = text(&["balanced-network", "-s", &files[2], "--times", "0,0.3"]);
    for line in [
        "name,index,value",
        "times,2,0.3",
        "network,1.1.2,2",
        "kernel,1.4.4,5",
        "lambda,,3",
    ] {
        assert!(
            table.lines().any(|found| found == line),
            "{line} is not in: {table}"
        );
    }
}

#[test]
fn the_kernel_of_one_weight_each_is_the_sum_of_their_squares() {
    let set = [
        "balanced-network",
        "-s",
        "W1=[[1]]",
        "-s",
        "W2=[[2]]",
        "-s",
        "correlation=[[3]]",
    ];
    let found = json(&[&set[..], &["--times", "0"]].concat());
    assert_eq!(found["network"], json!([[[2.0]]]));
    assert_eq!(found["kernel"], json!([[[5.0]]]));
    // A single mode: the same as lambda-mode.
    let found = json(&[&set[..], &["--times", "0.25"]].concat());
    let mode = LambdaMode::new(1.0, 3.0, 2.0, 3.0).unwrap();
    assert_close(&numbers(&found["network"]), &[mode.strength(0.25)], BY_HAND);
}

#[test]
fn random_starts_are_read_from_files_too() {
    let folder = Folder::new();
    let file = folder.file("net.json", MATRICES);
    let found = json(&["random-start", "-s", &file]);
    assert_eq!(keys(&found), ["half_time", "name", "parameters", "target"]);
}

#[test]
fn parameters_are_toml_numbers() {
    for (value, expected) in [
        ("1e-3", 1e-3),
        ("2", 2.0),
        ("-0.5", -0.5),
        ("+0.5", 0.5),
        (" 1_000 ", 1000.0),
    ] {
        let set = format!("initial={value}");
        let found = json(&[&LINEAR[..], &["-s", &set, "--times", "0"]].concat());
        assert_eq!(numbers(&found["strength"]), [expected]);
        assert_eq!(numbers(&found["parameters"]["initial"]), [expected]);
    }
    // The last one counts.
    let found = json(&[&LINEAR[..], &["-s", "target=3", "--times", "0"]].concat());
    assert_eq!(found["parameters"]["target"], 3.0);
}

#[test]
fn unknown_names_are_refused_with_those_that_there_are() {
    refused(
        &["linear-modes", "--times", "1"],
        &["\"linear-modes\"", "linear-mode,", "balanced-network"],
    );
    refused(
        &["show", "linear-modes"],
        &["\"linear-modes\"", "linear-mode,"],
    );
    refused(&["show"], &["theory show", "theory list"]);
    refused(&["list", "linear-mode"], &["layerwise theory NAME"]);
    refused(
        &["show", "linear-mode", "-s", "target=1"],
        &["layerwise theory NAME"],
    );
    refused(&["list", "--times", "1"], &["layerwise theory NAME"]);
    refused(
        &["linear-mode", "target=1"],
        &["\"target=1\"", "-s param=value"],
    );
    refused(&[], &["<NAME>"]);
    refused(
        &[&LINEAR[..], &["-s", "power=1", "--times", "1"]].concat(),
        &["linear-mode", "\"power\"", "input_power, target, initial"],
    );
}

#[test]
fn a_missing_parameter_is_named_with_its_domain() {
    refused(
        &["linear-mode", "-s", "target=1", "--times", "1"],
        &[
            "linear-mode",
            "input_power",
            "finite and above 0",
            "-s input_power=",
        ],
    );
    refused(
        &["balanced-network", "--times", "1"],
        &["W1", "-s W1=", ".safetensors file"],
    );
    refused(
        &["balanced-network", "-s", "W1=[[1]]", "--times", "1"],
        &["W2", "as many columns as W1 has rows"],
    );
}

#[test]
fn a_value_outside_of_its_domain_is_named_with_it() {
    for (form, bad, parts) in [
        (
            "linear-mode",
            "input_power=0",
            ["input_power = 0", "finite and above 0"],
        ),
        (
            "linear-mode",
            "input_power=-1",
            ["input_power = -1", "finite and above 0"],
        ),
        (
            "linear-mode",
            "input_power=nan",
            ["input_power = NaN", "finite and above 0"],
        ),
        ("linear-mode", "target=inf", ["target = inf", "finite"]),
        ("deep-mode", "depth=0", ["depth = 0", "at least 1"]),
        (
            "deep-mode",
            "depth=5000000000",
            ["depth = 5000000000", "from 1 to 4294967295"],
        ),
        ("deep-mode", "depth=2.5", ["depth = 2.5", "whole number"]),
        (
            "deep-mode",
            "initial=-1",
            ["initial = -1", "finite and above 0"],
        ),
    ] {
        let mut set = vec![form];
        let given = ["input_power=1", "target=2", "initial=0.1"];
        for pair in given
            .iter()
            .chain((form == "deep-mode").then_some(&"depth=3"))
        {
            set.extend(["-s", pair]);
        }
        set.extend(["-s", bad, "--times", "1"]);
        refused(&set, &parts);
    }
    let laws = ["scaling-laws", "-s", "alpha=0.6", "-s", "target=1", "-s"];
    refused(
        &[&laws[..], &["initial=1"]].concat(),
        &["initial = 1", "below target"],
    );
    let skills = [
        "skills",
        "-s",
        "alpha=0.6",
        "-s",
        "lr=0.1",
        "-s",
        "target=1",
        "-s",
        "initial=0.1",
    ];
    refused(
        &[&skills[..], &["-s", "skills=0", "--steps", "1"]].concat(),
        &["skills = 0", "from 1 to 1000000"],
    );
}

#[test]
fn fields_that_are_not_numbers_are_quoted_in_the_error() {
    for (bad, parts) in [
        ("target=big", &["-s target=big", "a number or a list"][..]),
        ("target=", &["-s target=", "a number or a list"]),
        ("target=true", &["-s target=true", "a number or a list"]),
        ("target=\"1\"", &["-s target=\"1\"", "a number or a list"]),
        (
            "target=[1, \"2\"]",
            &["-s target=[1, \"2\"]", "a number or a list"],
        ),
        ("target", &["-s target", "must be param=value"]),
        ("target=[1, 2]", &["target = [1, 2]", "must be a number"]),
        ("file=net.json", &["file"]),
    ] {
        refused(&[&LINEAR[..], &["-s", bad, "--times", "1"]].concat(), parts);
    }
    for (bad, parts) in [
        ("first=0.3", &["first = 0.3", "a list of numbers"][..]),
        (
            "first=[[0.3, 1]]",
            &["first = [[0.3, 1]]", "a list of numbers"],
        ),
        ("first=[0.3]", &["second", "2"]),
        ("first=[0.3, nan]", &["first", "finite"]),
    ] {
        refused(&[&TOY[..], &["-s", bad]].concat(), parts);
    }
}

#[test]
fn points_that_a_form_does_not_take_are_refused() {
    refused(&LINEAR, &["linear-mode", "needs --times or --fractions"]);
    refused(
        &[&LINEAR[..], &["--steps", "1"]].concat(),
        &["linear-mode", "--steps", "needs --times or --fractions"],
    );
    let laws = [
        "scaling-laws",
        "-s",
        "alpha=0.6",
        "-s",
        "target=1",
        "-s",
        "initial=0.1",
    ];
    refused(
        &[&laws[..], &["--times", "1"]].concat(),
        &["scaling-laws", "takes no points"],
    );
    refused(
        &[&TOY[..], &["--fractions", "0.5"]].concat(),
        &["scalar-toy", "--fractions"],
    );
    refused(
        &[&LINEAR[..], &["--times", "1", "--fractions", "0.5"]].concat(),
        &["--times", "--fractions"],
    );
    refused(
        &[&LINEAR[..], &["--times", "1", "--steps", "1"]].concat(),
        &["--times", "--steps"],
    );
    refused(
        &[&LINEAR[..], &["--times", "1,two"]].concat(),
        &["two", "--times"],
    );
    refused(&[&LINEAR[..], &["--times", ""]].concat(), &["--times"]);
    for (bad, parts) in [
        ("-1", ["--times -1", "0 or more"]),
        ("1,-0.5", ["--times -0.5", "0 or more"]),
        ("inf", ["--times inf", "finite"]),
        ("nan", ["--times NaN", "finite"]),
    ] {
        refused(&[&LINEAR[..], &["--times", bad]].concat(), &parts);
    }
    // Fractions that are never reached, and the target itself.
    for bad in ["1", "1.5", "-0.1"] {
        let fraction = format!("fraction = {bad} is never reached");
        refused(&[&LINEAR[..], &["--fractions", bad]].concat(), &[&fraction]);
    }
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = Folder::new();
    let bad = |file: &str, parts: &[&str]| {
        let path = file.strip_prefix("file=").unwrap();
        let parts = [
            &[path, "W1 [h, d], W2 [c, h] and correlation [c, d]"],
            parts,
        ]
        .concat();
        refused(&["balanced-network", "-s", file, "--times", "1"], &parts);
    };
    let missing = format!("file={}", folder.path("nowhere.json").display());
    bad(&missing, &["cannot be read"]);
    bad(&folder.file("text.json", "W1 = 3"), &["is not JSON"]);
    bad(
        &folder.file("part.json", r#"{"W1": [[1]], "W2": [[1]]}"#),
        &["has no key correlation"],
    );
    bad(&folder.file("list.json", "[[1]]"), &["has no key W1"]);
    let flat = r#"{"W1": [1, 2], "W2": [[1]], "correlation": [[1]]}"#;
    bad(
        &folder.file("flat.json", flat),
        &["W1 is not a list of rows of numbers"],
    );
    bad(
        &folder.file("no.safetensors", MATRICES),
        &["is JSON, not a safetensors file"],
    );
    let bytes = safetensors_of(&TENSORS[..2], Dtype::F64);
    bad(
        &folder.file("part.safetensors", bytes),
        &["has no tensor \"correlation\""],
    );
    let whole = [0_u8; 8];
    let views = TENSORS.map(|(name, shape, _)| {
        (
            name,
            TensorView::new(Dtype::I16, shape.to_vec(), &whole).unwrap(),
        )
    });
    let bytes = safetensors::serialize(views, None).unwrap();
    bad(
        &folder.file("whole.safetensors", bytes),
        &["\"W1\" is of type I16"],
    );
}

#[test]
fn matrices_that_do_not_fit_are_named_as_they_were_given() {
    let with = |first: &str, second: &str, correlation: &str, parts: &[&str]| {
        for form in ["balanced-network", "random-start"] {
            let (w1, w2, c) = (
                format!("W1={first}"),
                format!("W2={second}"),
                format!("correlation={correlation}"),
            );
            let points: &[&str] = if form == "random-start" {
                &[]
            } else {
                &["--times", "1"]
            };
            let set = [form, "-s", &w1, "-s", &w2, "-s", &c];
            refused(&[&set[..], points].concat(), parts);
        }
    };
    let identity = "[[1, 0], [0, 1]]";
    with(
        identity,
        "[[1, 0, 0]]",
        "[[1, 0]]",
        &["W2 is 1x3", "must be"],
    );
    with(
        identity,
        identity,
        "[[1, 0]]",
        &["correlation is 1x2", "2x2"],
    );
    with(
        "[[1, 0], [0]]",
        identity,
        identity,
        &["W1", "rows of one length"],
    );
    with("[]", identity, identity, &["W1", "rows of one length"]);
    with("3", identity, identity, &["W1 = 3", "a matrix"]);
    with("[[1, 0], [0, nan]]", identity, identity, &["W1", "finite"]);
    with(identity, "[[1, 0], [inf, 1]]", identity, &["W2", "finite"]);
    // Neither is this: the layers are not balanced.
    refused(
        &[
            "balanced-network",
            "-s",
            "W1=[[1, 0], [0, 1]]",
            "-s",
            "W2=[[1, 0.5], [0, 1]]",
            "-s",
            "correlation=[[1, 0], [0, 1]]",
            "--times",
            "1",
        ],
        &["not balanced", "lambda = 0.125"],
    );
}
