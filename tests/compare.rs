//! Two runs side by side, and what a run recorded in formats of other programs.

use std::fs;

use crate::support::Workplace;

#[test]
fn a_run_compared_with_itself_is_the_same_to_the_bit() {
    let place = Workplace::tiny();
    for out in ["one", "two"] {
        place.succeeds(&["run", "tiny.toml", "--out", out, "--seeds", "3"]);
    }
    let found = place.json(&["--json", "compare", "one", "two"]);
    let comparison = &found["comparison"];
    for key in ["spec", "only_first", "only_second", "verdicts"] {
        assert_eq!(comparison[key].as_array().unwrap().len(), 0, "{key}");
    }
    let curves = comparison["curves"].as_array().unwrap();
    assert!(curves.len() > 10 && curves.iter().all(|curve| curve["same"] == true));
    assert_eq!(comparison["same_verdicts"], 1);
    let text = String::from_utf8(place.succeeds(&["compare", "one", "two"]).stdout).unwrap();
    assert!(
        text.contains("spec: the same") && text.contains("verdicts: the same"),
        "{text}"
    );
}

#[test]
fn differences_of_two_runs_are_listed_and_drawn() {
    let place = Workplace::tiny();
    place.succeeds(&["run", "tiny.toml", "--out", "one", "--seeds", "6"]);
    let faster = ["-s", "training.lr=0.2", "-s", "claims=[]"];
    let mut arguments = vec!["run", "tiny.toml", "--out", "two", "--seeds", "6"];
    arguments.extend(faster);
    place.succeeds(&arguments);
    let compare = ["--json", "compare", "one", "two", "--out", "pictures"];
    let found = place.json(&compare);
    let comparison = &found["comparison"];
    let keys = comparison["spec"].as_array().unwrap();
    let lr = keys.iter().find(|key| key["key"] == "training.lr").unwrap();
    assert_eq!(
        (&lr["first"], &lr["second"]),
        (&"0.1".into(), &"0.2".into())
    );
    assert!(
        keys.iter()
            .any(|key| key["key"] == "claims[0].id" && key["second"].is_null())
    );
    let curves = comparison["curves"].as_array().unwrap();
    let twin = curves.iter().find(|curve| {
        curve["model"] == "twin"
            && curve["metric"] == "skill_strength"
            && curve["variant"] == "base"
    });
    let twin = twin.unwrap();
    // Twice the learning rate learns more with every seed.
    assert!(
        twin["paired"] == true && twin["apart"].as_u64() > Some(10),
        "{twin}"
    );
    assert!(twin["last"]["low"].as_f64() > Some(0.0), "{twin}");
    let claim = &comparison["verdicts"][0];
    assert_eq!(
        (&claim["claim"], &claim["second"]),
        (&"T1".into(), &serde_json::Value::Null)
    );
    let pictures = found["pictures"].as_array().unwrap();
    assert!(pictures.len() >= 2, "{pictures:?}");
    for picture in pictures {
        assert!(
            fs::metadata(place.path(picture.as_str().unwrap()))
                .unwrap()
                .len()
                > 1000
        );
    }
    let text = String::from_utf8(place.succeeds(&["compare", "one", "two"]).stdout).unwrap();
    assert!(
        text.contains("training.lr: 0.1 → 0.2") && text.contains("no such claim"),
        "{text}"
    );
    place.refuses(&["compare", "one", "nowhere"], &["nowhere"]);
}

#[test]
fn observations_are_exported_whole_or_in_part() {
    let place = Workplace::tiny();
    place.succeeds(&["run", "tiny.toml", "--out", "run", "--seeds", "2"]);
    let csv = fs::read(place.path("run/observations.csv")).unwrap();
    let found = place.json(&["--json", "export", "observations", "run"]);
    assert_eq!(found["file"], "run/export/observations.csv");
    assert_eq!(
        fs::read(place.path("run/export/observations.csv")).unwrap(),
        csv
    );
    let part = [
        "--json",
        "export",
        "observations",
        "run",
        "--format",
        "jsonl",
        "--model",
        "net",
        "--metric",
        "test_loss",
        "--out",
        "loss.jsonl",
    ];
    assert_eq!(
        place.json(&part)["rows"],
        8,
        "two variants, two seeds, both ends"
    );
    let text = fs::read_to_string(place.path("loss.jsonl")).unwrap();
    for line in text.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(
            (&row["run"], &row["model"], &row["metric"]),
            (&"tiny".into(), &"net".into(), &"test_loss".into())
        );
        assert!(row["value"].as_f64().unwrap() > 0.0 && row.as_object().unwrap().len() == 9);
    }
    place.refuses(
        &["export", "observations", "run", "--metric", "loss"],
        &["--metric loss", "test_loss"],
    );
    #[cfg(not(feature = "parquet"))]
    place.refuses(
        &["export", "observations", "run", "--format", "parquet"],
        &["--features parquet"],
    );
    #[cfg(feature = "parquet")]
    {
        // The writer's own test reads the columns back.
        let arguments = ["export", "observations", "run", "--format", "parquet"];
        let found = place.json(&[&["--json"], &arguments[..]].concat());
        assert_eq!(found["file"], "run/export/observations.parquet");
        assert_eq!(found["rows"], csv.split(|&byte| byte == b'\n').count() - 2);
        let bytes = fs::read(place.path("run/export/observations.parquet")).unwrap();
        assert!(bytes.starts_with(b"PAR1") && bytes.ends_with(b"PAR1"));
    }
}
