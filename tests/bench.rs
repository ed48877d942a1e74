//! `layerwise bench` as a user calls it. The tests check that times are printed, not how long they
//! are.

use std::{fs, path::Path};

use serde_json::Value;

use crate::support::{Workplace, stderr};

fn json(place: &Workplace, arguments: &[&str]) -> Value {
    place.json(&[&["bench"], arguments].concat())
}

fn assert_positive(value: &Value, key: &str) {
    let number = value[key].as_f64();
    let positive = number.is_some_and(|number| number.is_finite() && number > 0.0);
    assert!(positive, "{key} is no positive number in {value:#}");
}

#[test]
fn every_row_has_positive_times() {
    let place = Workplace::empty();
    let page = json(&place, &["--quick", "--json", "--markdown", "bench.md"]);
    let rows = page["steps"].as_array().unwrap();
    let engines = |name: &str| rows.iter().filter(|row| row["engine"] == name).count();
    assert_eq!(engines("mlp"), 6);
    assert_eq!(engines("autodiff on flex"), 6);
    for row in rows {
        for key in [
            "micros_one_thread",
            "micros_two_at_once",
            "share_of_limit_one_thread",
            "share_of_limit_two_at_once",
        ] {
            assert_positive(row, key);
        }
    }
    for key in ["gigaflops_one_thread", "gigaflops_two_threads"] {
        assert_positive(&page["limit"], key);
    }
    for key in ["micros_sampling", "micros_preparing", "micros_stepping"] {
        assert_positive(&page["data_path"], key);
    }
    assert_positive(&page["machine"], "cores");
    let markdown = fs::read_to_string(place.path("bench.md")).unwrap();
    let table = markdown.lines().filter(|line| line.starts_with('|'));
    assert_eq!(table.count(), 2 + rows.len(), "{markdown}");
}

#[test]
fn one_net_alone_can_be_asked_for() {
    let place = Workplace::empty();
    let arguments = ["--quick", "--json", "--only", "64×40", "--repeats", "1"];
    let page = json(&place, &arguments);
    let rows = page["steps"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows.iter().all(|row| row["net"] == "64×40→128→1"));
}

#[test]
fn whole_experiments_are_timed_as_processes() {
    let place = Workplace::empty();
    let arguments = ["--whole", "--quick", "--json", "--repeats", "1"];
    let page = json(&place, &arguments);
    let rows = page["whole"].as_array().unwrap();
    let cells: Vec<_> = (rows.iter())
        .map(|row| (row["experiment"].as_str().unwrap(), row["cells"].as_u64()))
        .collect();
    let expected = [("emergence-mlp", Some(4)), ("grokking-64", Some(64))];
    assert_eq!(cells, expected);
    for row in rows {
        for key in ["median_seconds", "cell_steps_per_second", "measuring_share"] {
            assert_positive(row, key);
        }
        assert_eq!(row["cell_steps"], 100 * row["cells"].as_u64().unwrap());
        if cfg!(target_os = "linux") {
            assert_positive(row, "peak_memory_bytes");
        }
        assert!(row["jax"].is_null());
    }
    assert_eq!(fs::read_dir(place.folder()).unwrap().count(), 0);
}

/// A stand-in for a Python without any modules.
#[cfg(unix)]
fn bare_python(folder: &Path) -> String {
    use std::os::unix::fs::PermissionsExt;

    let python = folder.join("bare-python");
    fs::write(&python, "#!/bin/sh\necho ModuleNotFoundError >&2\nexit 1\n").unwrap();
    fs::set_permissions(&python, fs::Permissions::from_mode(0o755)).unwrap();
    python.to_str().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn a_peer_that_is_not_installed_is_skipped_with_a_line() {
    let place = Workplace::empty();
    let python = bare_python(place.folder());
    for python in [python.as_str(), "no-such-python"] {
        let output = place.succeeds(&[
            "bench",
            "--peers",
            "--python",
            python,
            "--quick",
            "--json",
            "--only",
            "64×40",
            "--repeats",
            "1",
        ]);
        let problem = stderr(&output);
        assert_eq!(problem.lines().count(), 2, "{problem}");
        for peer in ["jax is skipped: ", "torch is skipped: "] {
            assert!(problem.contains(peer), "{problem}");
        }
        assert!(problem.contains("--python PATH"), "{problem}");
        let page: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(page["skipped"].as_array().unwrap().len(), 2);
        assert!(page["peers"].as_object().unwrap().is_empty());
    }
}

#[test]
fn wrong_usage_exits_with_code_2_and_says_what_is_wrong() {
    let place = Workplace::empty();
    let cases: [(&[&str], &str); 6] = [
        (&["--devices", "abacus"], "abacus"),
        (&["--repeats", "0"], "1 or more"),
        (&["--python", "python3"], "--peers"),
        (&["--only", "7×7"], "64×40→128→1"),
        (&["--whole", "--only", "nothing"], "emergence-mlp"),
        (&["--speed", "fast"], "--speed"),
    ];
    for (arguments, part) in cases {
        place.refuses(&[&["bench"], arguments].concat(), &[part]);
    }
}
