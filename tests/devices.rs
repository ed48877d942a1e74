//! Devices as a user asks for them: the available ones, and a clear error for the others. The
//! backends depend on the build and the machine, so that the tests ask the binary first.

use serde_json::Value;

use crate::support::{Workplace, stderr};

fn backends(place: &Workplace) -> Vec<Value> {
    let devices = place.json(&["devices", "--json"]);
    devices["devices"].as_array().unwrap().clone()
}

fn run_on(device: &str) -> [&str; 4] {
    ["run", "tiny.toml", "--device", device]
}

fn name(backend: &Value) -> &str {
    backend["name"].as_str().unwrap()
}

fn is_cpu(backend: &Value) -> bool {
    ["flex", "ndarray"].contains(&name(backend))
}

#[test]
fn the_recommended_device_is_in_every_build_with_both_precisions() {
    let place = Workplace::tiny();
    let flex = &backends(&place)[0];
    assert_eq!(name(flex), "flex");
    let found = &flex["found"][0];
    assert_eq!((&found["f32"], &found["f64"]), (&true.into(), &true.into()));
    let text = place.layerwise(&["devices"]);
    let text = String::from_utf8(text.stdout).unwrap();
    let line = text.lines().next().unwrap();
    assert!(
        line.starts_with("flex") && line.ends_with("recommended"),
        "{line}"
    );
}

#[test]
fn an_unknown_device_names_those_that_there_are() {
    let parts = ["--device tpu", "unknown", "flex", "wgpu", "cuda"];
    Workplace::tiny().refuses(&run_on("tpu"), &parts);
    Workplace::tiny().refuses(&run_on(""), &["unknown", "flex"]);
}

#[test]
fn a_device_that_is_not_built_in_comes_with_the_command_that_builds_it() {
    let place = Workplace::tiny();
    for backend in backends(&place) {
        if backend["built"] == true {
            continue;
        }
        let device = name(&backend);
        // The backends of this build are listed.
        let built = backends(&place);
        let built = built
            .iter()
            .filter(|b| b["built"] == true || name(b) == device);
        let built = built.map(name).filter(|name| *name != "flex");
        let mut features: Vec<&str> = built.collect();
        if cfg!(feature = "parquet") {
            features.push("parquet");
        }
        let command = format!("cargo run --release --features {} --", features.join(","));
        // The cure repeats the user's own command.
        let again = format!("{command} run tiny.toml --device {device}`");
        place.refuses(
            &run_on(device),
            &[&format!("--device {device}"), "not in this build", &again],
        );
        place.refuses(
            &["doctor", "--devices", device],
            &[&format!("--devices {device}"), &format!("{command} doctor")],
        );
        let text = place.layerwise(&["devices"]);
        let text = String::from_utf8(text.stdout).unwrap();
        assert!(text.contains(&format!("{command} devices")), "{text}");
    }
}

#[test]
fn the_error_of_a_missing_device_names_its_requirements() {
    let place = Workplace::tiny();
    for backend in backends(&place) {
        if backend["built"] == true && backend["found"] == Value::Array(Vec::new()) {
            let needs = backend["needs"].as_str().unwrap();
            place.refuses(&run_on(name(&backend)), &["on this machine", needs]);
        }
    }
}

#[test]
fn an_index_must_be_a_number_and_of_a_device_that_has_several() {
    let place = Workplace::tiny();
    place.refuses(
        &run_on("flex:1"),
        &["--device flex:1", "only one", "--device flex"],
    );
    // The run folder would take another spelling of an index for another device.
    for index in ["x", "-1", "", "1.0", "00", "+0"] {
        let device = format!("cuda:{index}");
        place.refuses(&run_on(&device), &["must be a number from 0", "cuda:0"]);
    }
    for backend in backends(&place) {
        let found = backend["found"].as_array().unwrap().len();
        if found > 0 && !is_cpu(&backend) {
            let device = format!("{}:{found}", name(&backend));
            let last = format!("{}:{}", name(&backend), found - 1);
            place.refuses(&run_on(&device), &[&format!("has {found}"), &last]);
        }
    }
}

#[test]
fn f64_on_a_device_without_it_is_refused() {
    let place = Workplace::tiny();
    for backend in backends(&place) {
        for found in backend["found"].as_array().unwrap() {
            if found["f64"] == false && found["index"] == 0 {
                let arguments =
                    [run_on(name(&backend)).as_slice(), &["--precision", "f64"]].concat();
                place.refuses(
                    &arguments,
                    &["does not support f64", "--precision f32", "flex"],
                );
            }
        }
    }
}

#[test]
fn parity_needs_two_devices_that_are_there() {
    let place = Workplace::tiny();
    let parity = |devices| ["parity", "tiny.toml", "--devices", devices];
    place.refuses(&parity("flex"), &["--devices flex", "at least two"]);
    place.refuses(&parity("flex,flex"), &["names flex twice"]);
    place.refuses(&parity("flex,tpu"), &["--devices tpu", "unknown"]);
    let other = [parity("flex,ndarray").as_slice(), &["--tolerance", "0"]].concat();
    place.refuses(&other, &["--tolerance 0", "positive"]);
    place.refuses(
        &["parity", "nothing", "--devices", "flex,ndarray"],
        &["nothing"],
    );
}

/// A backend of this build that is not the recommended one, so that two devices can be compared.
fn another(place: &Workplace) -> Option<String> {
    let backends = backends(place);
    let mut there = backends.iter().filter(|b| b["available"] == true);
    there.nth(1).map(|backend| name(backend).to_owned())
}

/// A device that the user names also computes in f64.
#[test]
fn auto_trains_on_the_device_that_was_named() {
    let place = Workplace::tiny();
    for backend in backends(&place).iter().skip(1) {
        let Some(found) = backend["found"].get(0) else {
            continue;
        };
        for precision in ["f32", "f64"] {
            if found[precision] != true {
                continue;
            }
            let (device, folder) = (name(backend), format!("{}-{precision}", name(backend)));
            let run = [
                "run",
                "tiny.toml",
                "--quick",
                "--device",
                device,
                "--precision",
                precision,
            ];
            place.succeeds(&[&run[..], &["--out", &folder]].concat());
            let manifest = place.read(&format!("{folder}/manifest.json"));
            let manifest: Value = serde_json::from_str(&manifest).unwrap();
            let engines = manifest["engines"].as_object().unwrap();
            assert!(!engines.is_empty());
            for (model, engine) in engines {
                assert_eq!(engine, "autodiff", "{model} on {folder}");
            }
        }
    }
}

#[test]
fn the_engine_of_the_cpu_is_refused_elsewhere_before_anything_is_written() {
    let place = Workplace::tiny();
    for backend in backends(&place) {
        if backend["available"] == true && !is_cpu(&backend) {
            let arguments = [&run_on(name(&backend))[..], &["--engine", "mlp"]].concat();
            place.refuses(
                &arguments,
                &["engine \"mlp\"", "computes on the CPU", "--engine auto"],
            );
        }
    }
}

#[test]
fn the_option_steps_also_limits_variants_with_their_own_steps() {
    let place = Workplace::tiny_with(
        "set = { \"task.probabilities\" = [0.5, 0.5] }",
        "set = { \"task.probabilities\" = [0.5, 0.5], \"training.steps\" = 5000 }",
    );
    let Some(other) = another(&place) else { return };
    let devices = format!("flex,{other}");
    place.succeeds(&[
        "parity",
        "tiny.toml",
        "--devices",
        &devices,
        "--steps",
        "7",
        "--out",
        "out",
    ]);
    let manifest: Value = serde_json::from_str(&place.read("out/flex/manifest.json")).unwrap();
    for cell in manifest["cells"].as_array().unwrap() {
        assert_eq!(cell["steps"], 7, "{cell:#}");
    }
    // The spec in the folder records the device.
    assert!(!place.read("out/flex/spec.toml").contains("5000"));
}

#[test]
fn a_device_on_which_training_fails_fails_the_parity() {
    let place = Workplace::tiny();
    let Some(other) = another(&place) else { return };
    let devices = format!("flex,{other}");
    let diverging = "training.lr=1e9";
    let output = place.layerwise(&[
        "parity",
        "tiny.toml",
        "--devices",
        &devices,
        "-s",
        diverging,
        "--out",
        "out",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("lower training.lr"), "{text}");
    assert!(place.path("out/parity.json").is_file());
}

#[test]
fn numbers_without_meaning_are_refused() {
    let place = Workplace::tiny();
    for seconds in ["0", "-1", "nan"] {
        let arguments = ["doctor", &format!("--seconds={seconds}")];
        place.refuses(&arguments, &["--seconds", "positive"]);
    }
    let together = [run_on("flex").as_slice(), &["--together", "0"]].concat();
    place.refuses(&together, &["--together 0", "1 or more"]);
}

/// Every device of this build and machine gives the same verdicts and, at the start, the same
/// numbers to the digits of f32.
#[test]
fn devices_agree_on_a_small_run() {
    let place = Workplace::tiny();
    let backends = backends(&place);
    let there = backends.iter().filter(|b| b["available"] == true).map(name);
    let there: Vec<&str> = there.collect();
    if there.len() < 2 {
        return;
    }
    let document = place.json(&[
        "parity",
        "tiny.toml",
        "--devices",
        &there.join(","),
        "--json",
        "--out",
        "parity",
    ]);
    assert_eq!(document["pairs"].as_array().unwrap().len(), there.len() - 1);
    for pair in document["pairs"].as_array().unwrap() {
        assert_eq!(
            pair["verdict_changes"],
            Value::Array(Vec::new()),
            "{pair:#}"
        );
        for metric in pair["metrics"].as_array().unwrap() {
            assert_eq!(metric["missing"], 0, "{metric:#}");
            assert!(metric["parts_at"] != 0, "{metric:#}");
        }
    }
    for device in there {
        let folder = place.path("parity").join(device);
        assert!(folder.join("DONE").is_file(), "{device}");
    }
    assert!(place.path("parity/parity.json").is_file());
}
