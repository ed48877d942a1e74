//! Black-box tests of `reproduce`: run it as a user would and read its page and tables.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use crate::support::{Workplace, stderr, streamed};

const README: &str = include_str!("../experiments/README.md");

/// Experiments that take a second with `--quick`.
const FAST: [&str; 2] = ["sparse-parity", "weight-to-target"];

/// Time after which something that a test waits for will not come any more.
const PATIENCE: Duration = Duration::from_secs(120);

/// `reproduce --quick` of `names` into `out`.
fn reproduce(place: &Workplace, names: &[&str], more: &[&str]) -> Output {
    let first: &[&str] = &["reproduce", "--quick", "--out", "out"];
    place.layerwise(&[first, names, more].concat())
}

/// When the observations of an experiment were written.
fn trained(place: &Workplace, name: &str) -> SystemTime {
    let cells = fs::read_dir(place.path(&format!("out/{name}-quick/cells"))).unwrap();
    let results = cells.map(|cell| cell.unwrap().path().join("result.json"));
    let times = results.map(|result| fs::metadata(result).unwrap().modified().unwrap());
    times.max().unwrap()
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

/// The rows of the page's overview: text of each cell.
fn overview(html: &str) -> Vec<Vec<String>> {
    let tables = html.split("<table class=\"overview stacked\">").skip(1);
    let bodies = tables.map(|table| table.split("</table>").next().unwrap());
    let rows = bodies.flat_map(|body| body.split("<tr><td").skip(1));
    rows.map(|row| row.split("<td").map(text).collect())
        .collect()
}

/// The text between the tags.
fn text(html: &str) -> String {
    let after = html.split('>').skip(1);
    after
        .map(|piece| piece.split('<').next().unwrap())
        .collect::<Vec<_>>()
        .join("")
        .trim()
        .to_owned()
}

/// The cells of the rows of a Markdown table, without its two lines of heading.
fn rows(markdown: &str) -> Vec<Vec<&str>> {
    let lines = markdown.lines().skip_while(|line| !line.starts_with("|--"));
    let lines = lines.skip(1).take_while(|line| line.starts_with('|'));
    lines
        .map(|line| {
            let line = line.strip_prefix('|').unwrap().strip_suffix('|').unwrap();
            let mut cells = Vec::new();
            let mut start = 0;
            for (at, _) in line.match_indices('|') {
                if !line[..at].ends_with('\\') {
                    cells.push(line[start..at].trim());
                    start = at + 1;
                }
            }
            cells.push(line[start..].trim());
            cells
        })
        .collect()
}

#[test]
fn the_page_begins_with_every_claim_in_the_columns_of_its_models() {
    let place = Workplace::empty();
    let output = reproduce(&place, &FAST, &[]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let html = place.read("out/report-quick.html");
    let rows = overview(&html);
    assert_eq!(rows.len(), 5, "{rows:?}");
    let row = |id: &str| {
        let mut found = rows
            .iter()
            .filter(|row| row[0].starts_with(&format!("{id} ")));
        found
            .next()
            .unwrap_or_else(|| panic!("no {id} in {rows:?}"))
    };
    // Claim, net, twin, plain linear model, theory, verdict.
    let rise = row("SP1");
    assert_eq!(rise.len(), 6);
    // MODEL: CENTRE [LOW, HIGH].
    let number = |cell: &str| -> f64 { cell.split(' ').nth(1).unwrap().parse().unwrap() };
    let [net, twin, linear, theory] = [1, 2, 3, 4].map(|at| number(&rise[at]));
    assert!(net > 1.5 && net < 4.0, "{rise:?}");
    assert!(twin < net && (twin - theory).abs() < 0.1, "{rise:?}");
    assert!(linear > 20.0, "{rise:?}");
    assert!(rise[5].contains("✓") && rise[5].contains("replicated"));
    // The claim is about one of two twins, and both are named.
    let none = row("SP2");
    assert!(
        none[2].contains("deep-linear: ") && none[2].contains("twin: "),
        "{none:?}"
    );
    assert!(
        html.contains("<b>deep-linear: "),
        "the judged model is not marked"
    );
    // A toy without net or linear model.
    let toy = row("W2");
    assert!(
        toy[1].is_empty() && toy[3].is_empty() && !toy[2].is_empty(),
        "{toy:?}"
    );
    for part in [
        "Solvable models</h3>",
        "Emergence</h3>",
        "Holm 1979",
        "<svg",
        "were just not true",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert!(!html.contains("<h2>Failed</h2>"));
}

#[test]
fn quick_runs_claim_nothing_wherever_they_are_shown() {
    let place = Workplace::empty();
    let output = reproduce(&place, &FAST, &[]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let html = place.read("out/report-quick.html");
    assert!(html.contains("<title>Smoke test"));
    assert!(html.contains("Quick runs are too small to judge anything"));
    assert!(!html.contains("class=\"answer\""));
    assert!(
        place
            .read("out/report-quick.md")
            .starts_with("**Smoke test")
    );
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        printed.matches("a smoke test").count(),
        FAST.len(),
        "{printed}"
    );
    for name in FAST {
        let run = format!("out/{name}-quick");
        let page = place.read(&format!("{run}/report.html"));
        assert!(page.contains("<title>Smoke test"), "{name}");
        for figure in fs::read_dir(place.path(&format!("{run}/figures"))).unwrap() {
            let path = figure.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "svg") {
                let svg = fs::read_to_string(&path).unwrap();
                assert!(
                    svg.contains("aria-label=\"Smoke test"),
                    "{}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn only_a_full_run_may_write_the_table_of_a_document() {
    let place = Workplace::tiny();
    let marks = "<!-- experiments:begin -->\nold\n<!-- experiments:end -->\n";
    place.write("doc.md", marks);
    place.write("plain.md", "text\n");
    let cases: [(&[&str], &[&str]); 6] = [
        (&["doc.md", "--quick"], &["--update-docs", "--quick"]),
        (&["doc.md", "--seeds", "3"], &["--update-docs", "--seeds"]),
        (&["doc.md", "depth"], &["--update-docs", "saturation"]),
        (&["doc.md", "tiny.toml"], &["tiny.toml", "no shipped"]),
        (&["plain.md"], &["plain.md", "experiments:begin"]),
        (&["absent.md"], &["absent.md", "cannot be read"]),
    ];
    for (arguments, parts) in cases {
        let first: &[&str] = &["reproduce", "--out", "out", "--update-docs"];
        place.refuses(&[first, arguments].concat(), parts);
        assert!(!place.path("out").exists(), "{arguments:?}");
    }
    assert_eq!(place.read("doc.md"), marks);
}

#[test]
fn the_tables_have_a_row_per_claim() {
    let place = Workplace::empty();
    let output = reproduce(&place, &FAST, &["--json"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let markdown = place.read("out/report-quick.md");
    let table = rows(&markdown);
    let mut claims = Vec::new();
    for run in document["runs"].as_array().unwrap() {
        assert_eq!(run["status"], "trained");
        claims.extend(run["verdict"]["claims"].as_array().unwrap());
    }
    assert_eq!(table.len(), claims.len());
    for (row, claim) in table.iter().zip(claims) {
        assert_eq!(row.len(), 4, "{row:?}");
        let named = format!(
            "{} {}",
            claim["id"].as_str().unwrap(),
            claim["statement"].as_str().unwrap()
        );
        assert_eq!(row[1].replace("\\|", "|"), named);
        assert!(
            row[2].contains(claim["outcome"].as_str().unwrap()),
            "{row:?}"
        );
    }
    let file: Value = serde_json::from_str(&place.read("out/report-quick.json")).unwrap();
    assert_eq!(file["verdicts"].as_array().unwrap().len(), 2);
    assert_eq!(file["left"], Value::Array(Vec::new()));
    // The same table from the folders of the runs.
    let folders = FAST.map(|name| format!("out/{name}-quick"));
    let arguments = ["report", &folders[0], &folders[1], "--out", "page.html"];
    let output = place.layerwise(&[&arguments[..], &["--markdown", "table.md"]].concat());
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert_eq!(place.read("table.md"), markdown);
    assert_eq!(overview(&place.read("page.html")).len(), table.len());
}

#[test]
fn a_folder_of_something_else_fails_one_experiment_and_not_the_others() {
    let place = Workplace::empty();
    fs::create_dir_all(place.path("out/sparse-parity-quick")).unwrap();
    fs::write(place.path("out/sparse-parity-quick/thesis.txt"), "text").unwrap();
    let output = reproduce(&place, &FAST, &["--json", "--confirm"]);
    let text = stderr(&output);
    assert_eq!(code(&output), Some(1), "{text}");
    assert!(
        text.contains("sparse-parity: failed") && text.contains("holds no run"),
        "{text}"
    );
    assert!(text.contains("nothing was confirmed"), "{text}");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["failed"][0]["name"], "sparse-parity");
    assert_eq!(document["runs"].as_array().unwrap().len(), 1);
    let html = place.read("out/report-quick.html");
    assert!(html.contains("<h2>Failed</h2>") && html.contains("holds no run"));
    let rows = overview(&html);
    assert!(rows.len() == 3 && rows[0][0].starts_with("W1"), "{rows:?}");
    assert_eq!(
        fs::read_dir(place.path("out/sparse-parity-quick"))
            .unwrap()
            .count(),
        1
    );
    // A run with other training settings is not written over either.
    fs::remove_dir_all(place.path("out/sparse-parity-quick")).unwrap();
    let other = ["-s", "training.lr=0.07"];
    let output = reproduce(&place, &["sparse-parity"], &other);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let output = reproduce(&place, &FAST, &[]);
    assert_eq!(code(&output), Some(1));
    assert!(
        stderr(&output).contains("another spec"),
        "{}",
        stderr(&output)
    );
    assert!(place.read("out/report-quick.html").contains("another spec"));
}

#[test]
fn an_experiment_that_diverges_is_reported_and_the_next_one_runs() {
    let place = Workplace::empty();
    // A learning rate that only one of them has as a key.
    let diverge = ["-s", "training.lr=1e6"];
    let output = reproduce(&place, &FAST, &diverge);
    let text = stderr(&output);
    assert_eq!(code(&output), Some(1), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert!(text.contains("cells failed"), "{text}");
    let html = place.read("out/report-quick.html");
    assert!(html.contains("<h2>Failed</h2>"));
    assert!(html.contains("cells failed; the first: "));
    assert_eq!(overview(&html).len(), 5, "the claims of both are there");
    // It would diverge again, and stays a failure without training.
    let before = trained(&place, "sparse-parity");
    let output = reproduce(&place, &FAST, &diverge);
    assert_eq!(code(&output), Some(1));
    assert!(
        stderr(&output).contains("done before"),
        "{}",
        stderr(&output)
    );
    assert_eq!(trained(&place, "sparse-parity"), before);
    assert!(place.read("out/report-quick.html").contains("cells failed"));
}

#[test]
fn what_is_done_is_judged_again_and_trained_again_only_when_fresh() {
    let place = Workplace::empty();
    let trained = || FAST.map(|name| trained(&place, name));
    assert_eq!(code(&reproduce(&place, &FAST, &[])), Some(0));
    let first = trained();
    let page = overview(&place.read("out/report-quick.html"));
    // The record of a verdict that was lost comes back from the observations.
    let verdict = "out/sparse-parity-quick/verdict.json";
    let judged = place.read(verdict);
    let edited = judged.replace("\"supported\"", "\"undecided\"");
    fs::write(place.path(verdict), edited).unwrap();
    let output = reproduce(&place, &FAST, &[]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let text = stderr(&output);
    assert!(text.contains("weight-to-target: done before"), "{text}");
    // The cells of the other are read again, and none is trained.
    assert_eq!(trained(), first);
    assert_eq!(place.read(verdict), judged);
    assert_eq!(overview(&place.read("out/report-quick.html")), page);
    // Another number of seeds is another run.
    let output = reproduce(&place, &["sparse-parity"], &["--seeds", "7"]);
    assert!(
        !stderr(&output).contains("done before"),
        "{}",
        stderr(&output)
    );
    let second = trained();
    let output = reproduce(&place, &["weight-to-target"], &["--fresh"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(
        !stderr(&output).contains("done before"),
        "{}",
        stderr(&output)
    );
    assert!(trained()[1] > second[1]);
}

/// The commit that a run names.
fn commit(run: &Path) -> String {
    let manifest = fs::read(run.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    manifest["git_commit"].as_str().unwrap().to_owned()
}

/// Changes the build that trained the first cell of a run, and the checksum that vouches for it.
fn change_build(run: &Path, key: &str, value: &str) {
    let cell = fs::read_dir(run.join("cells"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let path = cell.path().join("result.json");
    let sealed: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let before = sealed["content"]["build"][key].as_str().unwrap().to_owned();
    let text = fs::read_to_string(&path).unwrap();
    let content = text
        .split_once("\"content\":")
        .unwrap()
        .1
        .strip_suffix("}\n")
        .unwrap();
    let content = content.replace(
        &format!("\"{key}\":\"{before}\""),
        &format!("\"{key}\":\"{value}\""),
    );
    let sum = blake3::hash(content.as_bytes()).to_hex();
    fs::write(
        &path,
        format!("{{\"blake3\":\"{sum}\",\"content\":{content}}}\n"),
    )
    .unwrap();
}

#[test]
fn what_another_build_trained_is_trained_again() {
    let place = Workplace::empty();
    let name = ["weight-to-target"];
    assert_eq!(code(&reproduce(&place, &name, &[])), Some(0));
    let run = place.path("out/weight-to-target-quick");
    let is_taken = || {
        let output = reproduce(&place, &name, &[]);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        stderr(&output).contains("done before")
    };
    // A cell that was written again with the same build is not taken for damaged.
    change_build(&run, "commit", &commit(&run));
    assert!(is_taken());
    for (key, value) in [("commit", "older"), ("version", "0.0.1")] {
        change_build(&run, key, value);
        assert!(!is_taken(), "{key}");
        assert!(is_taken());
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_page_and_the_same_command_goes_on() {
    let place = Workplace::empty();
    // The first is finished, the second cannot finish before the signal.
    let arguments = [
        "reproduce",
        "--quick",
        "--out",
        "out",
        "weight-to-target",
        "sparse-parity",
    ];
    let steps = ["-s", "training.steps=6000"];
    let mut child = place
        .command(&[&arguments[..], &steps].concat())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let second = place.path("out/sparse-parity-quick");
    let begin = Instant::now();
    while streamed(&second) < 2000 {
        assert!(
            begin.elapsed() < PATIENCE,
            "the second experiment did not begin"
        );
        assert_eq!(
            child.try_wait().unwrap(),
            None,
            "it ended before the signal"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let html = place.read("out/report-quick.html");
    assert!(
        html.contains("Not run to the end yet:</b> sparse-parity."),
        "not said to be left"
    );
    assert!(html.ends_with("</html>\n"));
    let rows = overview(&html);
    assert!(rows.len() == 3 && rows[0][0].starts_with("W1"), "{rows:?}");
    let first = trained(&place, "weight-to-target");
    let output = place.layerwise(&[&arguments[..], &steps].concat());
    let text = stderr(&output);
    assert_eq!(code(&output), Some(0), "{text}");
    assert!(text.contains("weight-to-target: done before"), "{text}");
    assert!(!text.contains("sparse-parity: done before"), "{text}");
    assert_eq!(trained(&place, "weight-to-target"), first);
    assert_eq!(overview(&place.read("out/report-quick.html")).len(), 5);
}

#[test]
fn what_cannot_be_meant_is_one_error_with_exit_code_2_before_anything_is_written() {
    let place = Workplace::empty();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["sparse-parity", "emergency"], &["emergency", "emergence"]),
        (
            &["sparse-parity", "sparse-parity"],
            &["sparse-parity", "twice"],
        ),
        (
            &["sparse-parity", "-s", "training.speed=3"],
            &["training.speed", "3"],
        ),
        (&["sparse-parity", "--device", "tpu"], &["tpu", "flex"]),
        (&["sparse-parity", "--seeds", "0"], &["training.seeds"]),
    ];
    for (arguments, parts) in cases {
        let output = reproduce(&place, arguments, &[]);
        let text = stderr(&output);
        assert_eq!(code(&output), Some(2), "{arguments:?}: {text}");
        assert_eq!(text.matches("error:").count(), 1, "{text}");
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
        assert!(!place.path("out").exists(), "something was written: {text}");
    }
    fs::write(place.path("out"), "a file").unwrap();
    let output = reproduce(&place, &["sparse-parity"], &[]);
    assert_eq!(code(&output), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("--out"), "{}", stderr(&output));
}

/// Experiments of the table in `experiments/README.md` with the ids of their claims.
fn readme() -> Vec<(String, Vec<String>)> {
    let (_, rest) = README
        .split_once("<!-- experiments:begin -->")
        .expect("experiments/README.md has no <!-- experiments:begin --> before its table");
    let (table, _) = rest
        .split_once("<!-- experiments:end -->")
        .expect("experiments/README.md has no <!-- experiments:end --> behind its table");
    let mut experiments: Vec<(String, Vec<String>)> = Vec::new();
    for row in rows(table) {
        let name = row[0].trim_matches('`');
        if !name.is_empty() {
            experiments.push((name.to_owned(), Vec::new()));
        }
        let (_, claims) = experiments
            .last_mut()
            .expect("the first row names its experiment");
        let id = row[1].split_whitespace().next();
        claims.push(id.expect("a row begins with its claim").to_owned());
    }
    experiments
}

fn shipped() -> Vec<(String, Vec<String>)> {
    let output = Workplace::empty().layerwise(&["list", "--json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let experiments = document["experiments"].as_array().unwrap().iter();
    experiments
        .map(|experiment| {
            let ids = experiment["claims"].as_array().unwrap().iter();
            let ids = ids.map(|id| id.as_str().unwrap().to_owned());
            (
                experiment["name"].as_str().unwrap().to_owned(),
                ids.collect(),
            )
        })
        .collect()
}

#[test]
fn the_readme_of_experiments_has_every_claim_of_the_experiments_in_its_table() {
    let shipped = shipped();
    let table = readme();
    assert!(table.len() >= 20, "{table:?}");
    for (name, claims) in table {
        let known = shipped.iter().find(|(shipped, _)| *shipped == name);
        let (_, ids) =
            known.unwrap_or_else(|| panic!("experiments/README.md: {name} is not shipped"));
        assert_eq!(
            claims, *ids,
            "experiments/README.md: the rows of {name} are not its claims"
        );
    }
}

#[test]
fn the_readme_of_experiments_has_every_experiment_in_its_table() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let table = readme();
    for (name, _) in shipped() {
        let there = table.iter().any(|(known, _)| *known == name);
        // A full `reproduce` leaves out what is long.
        let spec = fs::read_to_string(folder.join(format!("{name}.toml"))).unwrap();
        assert!(
            there || spec.contains("\nlong = true"),
            "experiments/README.md: the table lacks {name}"
        );
    }
}

#[test]
fn confirming_lays_the_verdicts_on_fresh_seeds_beside_those_of_the_spec() {
    let place = Workplace::empty();
    let output = reproduce(&place, &["weight-to-target"], &["--confirm"]);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    let seeds = |run: &str| {
        let manifest = place.read(&format!("{run}/manifest.json"));
        let manifest: Value = serde_json::from_str(&manifest).unwrap();
        manifest["seeds"][0].as_u64().unwrap()
    };
    assert_eq!(seeds("out/weight-to-target-quick"), 0);
    assert_eq!(seeds("out/confirm/weight-to-target-quick"), 100);
    let table = place.read("out/confirm-quick.md");
    let rows = rows(&table);
    assert_eq!(rows.len(), 3, "{table}");
    for (row, id) in rows.iter().zip(["W1", "W2", "W3"]) {
        assert_eq!((row[1], row[3]), (id, "yes"), "{row:?}");
        assert!(row[4].contains('[') && row[5].contains('['), "{row:?}");
    }
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("verdicts are the same on the fresh seeds."),
        "{text}"
    );
}

#[test]
fn the_registration_holds_every_claim_of_every_experiment() {
    let place = Workplace::empty();
    let date = "2026-11-29";
    let output = place.succeeds(&["list", "--preregister", date]);
    let output = String::from_utf8(output.stdout).unwrap();
    let shipped = include_str!("../experiments/prereg.lock");
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with("date"));
        lines.map(str::to_owned).collect()
    };
    assert_eq!(
        lines(&output),
        lines(shipped),
        "claims changed: `layerwise list --preregister DATE > experiments/prereg.lock`, and run \
         `reproduce --confirm` again"
    );
}
