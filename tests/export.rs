//! Black-box tests of `export weights`.

use std::fs;

use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

use crate::support::{Workplace, stderr};

/// A folder with the tiny spec and a run of two seeds.
fn with_run(more: &[&str]) -> Workplace {
    let place = Workplace::tiny();
    let run = [
        "run",
        "tiny.toml",
        "--out",
        "run",
        "--seeds",
        "2",
        "--quick",
    ];
    place.succeeds(&[&run, more].concat());
    place
}

fn bytes_of(place: &Workplace, name: &str) -> Vec<u8> {
    fs::read(place.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Shape and numbers of a tensor.
fn tensor(bytes: &[u8], name: &str) -> (Vec<usize>, Vec<f64>) {
    let file = SafeTensors::deserialize(bytes).unwrap();
    let view = file.tensor(name).unwrap();
    assert_eq!(view.dtype(), Dtype::F64);
    let values = view.data().chunks_exact(8);
    let values = values.map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()));
    (view.shape().to_vec(), values.collect())
}

fn metadata(bytes: &[u8], key: &str) -> String {
    let (_, header) = SafeTensors::read_metadata(bytes).unwrap();
    header.metadata().as_ref().unwrap()[key].clone()
}

#[test]
fn initial_weights_of_any_run_are_exported_for_pytorch() {
    let place = with_run(&[]);
    let output = place.succeeds(&["--json", "export", "weights", "run", "--initial"]);
    let written: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Two variants of two seeds; the twins have no layers that PyTorch knows.
    assert_eq!(written["files"].as_array().unwrap().len(), 4);
    let warnings = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warnings.contains("twin") && warnings.contains("--format layerwise"));
    let bytes = bytes_of(
        &place,
        "run/export/pytorch/base-seed-1-net-initial.safetensors",
    );
    let (shape, weight) = tensor(&bytes, "0.weight");
    // 2 skills and 6 bits.
    assert_eq!(shape, [16, 8]);
    assert_eq!(tensor(&bytes, "2.weight").0, [1, 16]);
    assert_eq!(tensor(&bytes, "2.bias").0, [1]);
    for (key, value) in [
        ("variant", "base"),
        ("seed", "1"),
        ("model", "net"),
        ("moment", "initial"),
        ("layout", "pytorch"),
        ("activation", "relu"),
    ] {
        assert_eq!(metadata(&bytes, key), value);
    }
    place.succeeds(&[
        "export",
        "weights",
        "run",
        "--initial",
        "--format",
        "layerwise",
    ]);
    let own = bytes_of(
        &place,
        "run/export/layerwise/base-seed-1-net-initial.safetensors",
    );
    let (shape, values) = tensor(&own, "layers.0.weight");
    assert_eq!(shape, [8, 16]);
    let transposed: Vec<f64> = (0..16)
        .flat_map(|out| values[out..].iter().step_by(16).copied())
        .collect();
    assert_eq!(transposed, weight);
    // All models have our own layout.
    let files = fs::read_dir(place.path("run/export/layerwise")).unwrap();
    assert_eq!(files.count(), 2 * 2 * 3);
}

#[test]
fn a_run_from_exported_weights_records_the_same_in_both_layouts() {
    let place = with_run(&["--precision", "f64"]);
    for format in ["pytorch", "layerwise"] {
        let out = format!("--out={format}");
        let export = [
            "export",
            "weights",
            "run",
            "--initial",
            "--format",
            format,
            &out,
        ];
        place.succeeds(&[&export[..], &["--model", "net"]].concat());
        let init = format!(
            "models.net.init={{kind='file', file='{format}/base-seed-{{seed}}-net-initial.safetensors'}}"
        );
        let again = format!("again-{format}");
        let run = [
            "run",
            "tiny.toml",
            "--quick",
            "--seeds",
            "2",
            "--precision",
            "f64",
        ];
        place.succeeds(&[&run[..], &["-s", &init, "--out", &again]].concat());
        let recorded = |run: &str| bytes_of(&place, &format!("{run}/observations.jsonl"));
        assert!(recorded(&again) == recorded("run"), "{format}");
    }
    let measured = place.succeeds(&[
        "--json",
        "measure",
        "layerwise/base-seed-0-net-initial.safetensors",
        "--metrics",
        "norms",
    ]);
    let text = String::from_utf8_lossy(&measured.stdout).into_owned();
    assert!(text.contains("layers.0.weight"), "{text}");
}

#[test]
fn a_choice_is_exported_alone() {
    let place = with_run(&[]);
    place.succeeds(&[
        "export",
        "weights",
        "run",
        "--initial",
        "--variant",
        "uniform",
        "--seed",
        "0",
        "--model",
        "net",
        "--out",
        "here",
    ]);
    let files: Vec<_> = fs::read_dir(place.path("here")).unwrap().collect();
    assert_eq!(files.len(), 1);
    assert!(
        place
            .path("here/uniform-seed-0-net-initial.safetensors")
            .is_file()
    );
}

#[test]
fn the_error_names_what_cannot_be_exported() {
    let place = with_run(&[]);
    let export = |more: &[&'static str]| [&["export", "weights", "run"], more].concat();
    place.refuses(
        &export(&[]),
        &["final weights of net", "--keep-weights", "--initial"],
    );
    for (more, parts) in [
        (["--variant", "other"], ["--variant other", "base, uniform"]),
        (["--seed", "5"], ["--seed 5", "0, 1"]),
        (["--model", "other"], ["--model other", "net, twin, linear"]),
        (["--model", "twin"], ["twin", "--format layerwise"]),
    ] {
        place.refuses(&export(&[&["--initial"], &more[..]].concat()), &parts);
    }
    place.refuses(
        &["export", "weights", "nowhere"],
        &["nowhere", "cannot be read"],
    );
}

#[test]
fn a_cell_that_failed_does_not_keep_the_others_from_being_exported() {
    let place = Workplace::tiny_with(
        "set = { \"task.probabilities\" = [0.5, 0.5] }",
        "set = { \"task.probabilities\" = [0.5, 0.5], \"training.lr\" = 1e300 }",
    );
    let run = [
        "run",
        "tiny.toml",
        "--quick",
        "--seeds",
        "1",
        "--keep-weights",
        "--out",
        "run",
    ];
    assert_eq!(place.layerwise(&run).status.code(), Some(1));
    let export = ["export", "weights", "run", "--model", "net"];
    let output = place.succeeds(&export);
    let warning = stderr(&output);
    assert!(warning.contains("uniform, seed 0, net"), "{warning}");
    assert!(
        place
            .path("run/export/pytorch/base-seed-0-net-final.safetensors")
            .is_file()
    );
    place.refuses(
        &[&export[..], &["--variant", "uniform"]].concat(),
        &["training failed in 1 cases", "manifest.json"],
    );
}

#[test]
fn a_net_that_is_more_than_its_weights_is_no_state_dict() {
    for key in ["linearised", "centre_output"] {
        let place = Workplace::tiny_with("[models.net]", &format!("[models.net]\n{key} = true"));
        place.succeeds(&[
            "run",
            "tiny.toml",
            "--quick",
            "--seeds",
            "1",
            "--out",
            "run",
        ]);
        let export = ["export", "weights", "run", "--initial", "--model", "net"];
        place.refuses(
            &export,
            &["net", "depend on the initial weights", "--format layerwise"],
        );
        place.succeeds(&[&export[..], &["--format", "layerwise"]].concat());
    }
}

#[test]
fn keeping_weights_does_not_change_the_identity_of_a_run() {
    let place = with_run(&[]);
    let hash = || {
        let manifest: Value =
            serde_json::from_slice(&bytes_of(&place, "run/manifest.json")).unwrap();
        manifest["spec_hash"].clone()
    };
    let before = hash();
    let run = [
        "run",
        "tiny.toml",
        "--out",
        "run",
        "--seeds",
        "2",
        "--quick",
        "--keep-weights",
    ];
    place.succeeds(&run);
    assert_eq!(hash(), before);
    let spec = String::from_utf8(bytes_of(&place, "run/spec.toml")).unwrap();
    assert!(spec.contains("keep_weights = true"));
}

#[test]
fn kept_weights_are_those_of_the_last_step_and_go_on_from_there() {
    let place = with_run(&["--precision", "f64", "--keep-weights"]);
    // Three models of two variants and two seeds, twice each.
    let kept = fs::read_dir(place.path("run/weights")).unwrap();
    assert_eq!(kept.count(), 2 * 2 * 3 * 2);
    for format in ["pytorch", "layerwise"] {
        place.succeeds(&["export", "weights", "run", "--format", format]);
        let file = format!("run/export/{format}/base-seed-1-net-final.safetensors");
        assert_eq!(metadata(&bytes_of(&place, &file), "moment"), "final");
    }
    let kept = bytes_of(&place, "run/weights/base-seed-1-net-final.safetensors");
    let exported = bytes_of(
        &place,
        "run/export/layerwise/base-seed-1-net-final.safetensors",
    );
    let name = "layers.0.weight";
    assert_eq!(tensor(&kept, name), tensor(&exported, name));
    assert_ne!(
        tensor(&kept, name),
        tensor(
            &bytes_of(&place, "run/weights/base-seed-1-net-initial.safetensors"),
            name
        )
    );
    // A run that starts there measures at its first step what this one measured at its last.
    let file = "run/export/pytorch/base-seed-{seed}-net-final.safetensors";
    let init = format!("models.net.init={{kind='file', file='{file}'}}");
    let run = [
        "run",
        "tiny.toml",
        "--quick",
        "--seeds",
        "2",
        "--precision",
        "f64",
        "--out",
        "on",
    ];
    place.succeeds(&[&run[..], &["-s", &init]].concat());
    let skills = |run: &str, step: u64| -> Vec<f64> {
        let rows =
            String::from_utf8(bytes_of(&place, &format!("{run}/observations.jsonl"))).unwrap();
        let rows = rows
            .lines()
            .map(|row| serde_json::from_str::<Value>(row).unwrap());
        rows.filter(|row| {
            row["model"] == "net"
                && row["metric"] == "skill_strength"
                && row["variant"] == "base"
                && row["step"] == step
        })
        .map(|row| row["value"].as_f64().unwrap())
        .collect()
    };
    let (ended, began) = (skills("run", 20), skills("on", 0));
    assert_eq!(ended.len(), 4);
    assert_eq!(ended, began);
}
