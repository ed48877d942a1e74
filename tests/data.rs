//! Black-box tests of `layerwise data`: cards and checksums of the shipped data sets.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::support::{Workplace, stderr};

fn layerwise(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_layerwise"))
        .arg("data")
        .args(arguments)
        .output()
        .unwrap()
}

fn stdout(arguments: &[&str]) -> String {
    let output = layerwise(arguments);
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(arguments: &[&str]) -> Value {
    serde_json::from_str(&stdout(&[arguments, &["--json"]].concat())).unwrap()
}

/// The folder of the repository.
fn folder() -> String {
    concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets").to_owned()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_list_names_every_set_with_its_shape() {
    let text = stdout(&["list"]);
    assert!(text.contains("digits") && text.contains("1797"), "{text}");
    let list = json(&["list"]);
    let names: Vec<&str> = (list["datasets"].as_array().unwrap().iter())
        .map(|set| set["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "iris",
            "wine",
            "breast-cancer",
            "penguins",
            "digits",
            "mnist-5k"
        ]
    );
    assert_eq!(list["datasets"][5]["features"], 784);
}

#[test]
fn a_card_shows_source_licence_and_class_counts() {
    let text = stdout(&["show", "digits"]);
    for part in [
        "scikit-learn 1.9.1",
        "CC BY 4.0",
        "0: 178",
        "09f66e6d",
        "8 × 8",
        "from 0 to 16",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let card = json(&["show", "mnist-5k"]);
    assert_eq!(card["class_counts"][9], 500);
    assert_eq!(card["card"]["files"][0]["bytes"], 806_409);
}

#[test]
fn an_unknown_set_is_refused_with_the_names_that_exist() {
    let output = layerwise(&["show", "cifar"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.matches("error:").count(), 1);
    assert!(
        error.contains("\"cifar\"") && error.contains("digits, mnist-5k"),
        "{error}"
    );
}

#[test]
fn a_changed_file_is_found_and_named() {
    assert_eq!(json(&["verify"])["sound"], true);
    assert!(stdout(&["verify", "--folder", &folder()]).contains("digits        sound"));
    let damaged = tempfile::tempdir().unwrap();
    copy(Path::new(&folder()), damaged.path());
    let labels = damaged.path().join("mnist-5k/labels.idx1-ubyte.gz");
    let mut bytes = fs::read(&labels).unwrap();
    bytes[30] ^= 4;
    fs::write(&labels, bytes).unwrap();
    fs::remove_file(damaged.path().join("digits.csv.gz")).unwrap();
    let path = damaged.path().display().to_string();
    let output = layerwise(&["verify", "--folder", &path]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "labels.idx1-ubyte.gz was changed",
        "0bd1c3eb",
        "digits.csv.gz cannot be read",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let output = layerwise(&["verify", "--folder", &path, "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["sound"], false);
    assert_eq!(document["datasets"][4]["sound"], false);
}

#[test]
fn own_rows_are_shown_and_their_mistakes_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.csv");
    let file = path.to_str().unwrap();
    let show = |text: &str, label: &str| {
        fs::write(&path, text).unwrap();
        layerwise(&["show", file, "--label", label, "--json"])
    };
    let output = show("length,kind,width\n1,cat,2\n2,dog,3\n3,cat,4\n", "kind");
    assert!(output.status.success(), "{output:?}");
    let card: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(card["card"]["classes"], serde_json::json!(["cat", "dog"]));
    assert_eq!(card["class_counts"], serde_json::json!([2, 1]));
    for (text, label, says) in [
        (
            "length,kind\n1,cat\n,dog\n",
            "kind",
            "line 3, column \"length\"",
        ),
        ("length,kind\n1,cat\n2,dog\n", "sort", "no column \"sort\""),
        (
            "length,kind\n1,cat\nlong,dog\n",
            "kind",
            "\"long\" in line 3",
        ),
        ("length,kind\n1,cat\n2\n", "kind", "1 fields in line 3"),
    ] {
        let output = show(text, label);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{error}");
        assert!(
            error.starts_with("error: ") && error.lines().count() == 1,
            "{error}"
        );
        assert!(error.contains(says) && error.contains("own.csv"), "{error}");
        assert!(output.stdout.is_empty());
    }
    let missing = layerwise(&["show", "./nowhere.csv", "--label", "y"]);
    assert_eq!(missing.status.code(), Some(2));
    let unlabelled = layerwise(&["show", file]);
    assert_eq!(unlabelled.status.code(), Some(2));
}

/// The output of `data show` for a file with these bytes, and its notes on standard error.
fn shown(folder: &Path, name: &str, bytes: &[u8], options: &[&str]) -> (Value, String) {
    let path = folder.join(name);
    fs::write(&path, bytes).unwrap();
    let output = layerwise(&[&["show", path.to_str().unwrap(), "--json"], options].concat());
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{notes}");
    (serde_json::from_slice(&output.stdout).unwrap(), notes)
}

#[test]
fn assumptions_about_a_table_are_printed_and_can_be_overridden() {
    let folder = tempfile::tempdir().unwrap();
    let show = |name: &str, text: &str, options: &str| {
        let options: Vec<&str> = options.split(' ').collect();
        shown(folder.path(), name, text.as_bytes(), &options)
    };
    let german = "sep=;\n;len;species\n0;5,1;a\n1;4,9;b\n2;6,2;a\n";
    let (card, notes) = show("IRIS.CSV", german, "--label species");
    assert_eq!(card["card"]["feature_names"], serde_json::json!(["len"]));
    assert_eq!(card["largest"], 6.2);
    assert_eq!(notes.matches("note: IRIS.CSV ").count(), 2, "{notes}");
    assert_eq!(card["notes"].as_array().unwrap().len(), 2);
    let options = "--label species --separator ; --decimal , --keep-index";
    let (card, notes) = show("iris.tsv", german, options);
    assert_eq!((card["card"]["features"].clone(), &*notes), (2.into(), ""));
    let (card, _) = show(
        "iris.data",
        "5.1,3.5,a\n4.9,3.0,b\n",
        "--label 3 --header false",
    );
    assert_eq!(card["class_counts"], serde_json::json!([1, 1]));
    let (card, notes) = show("floats.csv", "x,y\n1,10.0\n2,9.0\n3,1e1\n", "--label y");
    assert_eq!(card["card"]["classes"], serde_json::json!(["9.0", "10.0"]));
    assert!(notes.contains("10.0 and 1e1") && notes.contains("9.0, 10.0; they are counted"));
    let options = ["show", "iris", "--separator", ";"];
    assert_eq!(layerwise(&options).status.code(), Some(2));
}

#[test]
fn a_run_notes_its_assumptions_and_changed_rows() {
    let place = Workplace::empty();
    let rows = |last: &str| {
        let rows = (0..20).map(|row| format!("{row};{},5;0,1;{}\n", row * row, 1 + row % 2));
        format!("Unnamed: 0;a;b;y\n{}{last}", rows.collect::<String>())
    };
    place.write("rows.csv", &rows(""));
    place.write(
        "spec.toml",
        "name = 'rows'\ntitle = 't'\nsummary = 's'\nsource = 's'\nminutes = 0.01\n\
         [task]\nkind = 'dataset'\nfile = 'rows.csv'\nlabel = 'y'\ntrain = 12\n\
         inputs = 'standardised'\n\
         [models.net]\nkind = 'mlp'\nwidths = [4]\ninit = { kind = 'he' }\n\
         [training]\nseeds = 2\nsteps = 5\nlr = 0.1\n\
         [[measure]]\nkind = 'loss'\nschedule = { kind = 'ends' }\n",
    );
    let output = place.succeeds(&["run", "spec.toml", "--out", "out"]);
    let said = stderr(&output);
    for part in [
        "note: rows.csv is read with the separator \";\"",
        "note: rows.csv has numbers or names of rows in column \"Unnamed: 0\"",
        "note: rows.csv has the classes 1, 2;",
        "note: rows.csv: column \"b\" is constant over the training rows",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let manifest: Value = serde_json::from_str(&place.read("out/manifest.json")).unwrap();
    assert_eq!(manifest["notes"].as_array().unwrap().len(), 4);
    place.write("rows.csv", &rows("20;3,5;0,1;2\n"));
    let changed = [
        "the rows of rows.csv changed since the run",
        "Restore the file",
        "--out",
    ];
    place.refuses(&["run", "spec.toml", "--out", "out"], &changed);
    let changed = &changed[..2];
    place.refuses(&["verdict", "out", "--spec", "spec.toml"], changed);
    place.refuses(
        &["run", "out/spec.toml", "--out", "out"],
        &["rows.csv", "was changed since"],
    );
    place.succeeds(&["run", "spec.toml", "--out", "other"]);
}
