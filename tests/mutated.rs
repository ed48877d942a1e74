//! Broken input of every kind that people give: no panic, no abort, no file outside of the folder.
//!
//! Every case is a file of `tests/cases` with a few bytes or fields changed, given to the binary as a
//! user gives it. `LAYERWISE_MUTATIONS` sets the number of cases of each verb.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tempfile::TempDir;

use crate::support::Workplace;

/// Number of cases of each verb unless the environment sets another; they take a few seconds.
const MUTATIONS: u64 = 60;
/// A process that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(60);

/// Spec of the runs: a net without anything beside it.
const SPEC: &str = r#"
name = "mutated"
title = "A net from files"
summary = "For tests."
source = "none"
minutes = 0.01
[task]
kind = "sparse-parity"
bits = 6
parity = 2
data = { mode = "fresh", batch = 8 }
test = { per_skill = 8 }
[models.net]
kind = "mlp"
widths = [32]
activation = "relu"
[training]
seeds = 1
steps = 200
lr = 0.1
[[measure]]
kind = "skills"
schedule = { kind = "linear", every = 20 }
"#;

/// Fields that are known to break readers.
const HOSTILE: [&str; 40] = [
    "",
    " ",
    "0",
    "-1",
    "1",
    "2",
    "65535",
    "4294967296",
    "18446744073709551615",
    "99999999999999999999",
    "-9223372036854775808",
    "1e308",
    "1e999",
    "-0.0",
    "1e-320",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "0x10",
    "1_000",
    "1,5",
    "1;5",
    "true",
    "null",
    "None",
    "\"",
    "\"\"",
    "'",
    "\\",
    "../../outside",
    "/tmp/../outside",
    "a/b",
    "\0",
    "\u{feff}",
    "é",
    "模型",
    "=cmd()",
    "[]",
    "{}",
];

/// A reproducible stream of numbers (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % end.max(1) as u64) as usize
    }
}

/// One to four changes of bytes, or of a field.
fn mutated(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=numbers.below(4) {
        match numbers.below(8) {
            0..=2 => change_field(&mut bytes, numbers),
            3 => {
                let at = numbers.below(bytes.len());
                if let Some(byte) = bytes.get_mut(at) {
                    *byte ^= 1 << numbers.below(8);
                }
            }
            4 => bytes.truncate(numbers.below(bytes.len() + 1)),
            5 => {
                let from = numbers.below(bytes.len());
                let to = (from + 1 + numbers.below(40)).min(bytes.len());
                bytes.drain(from..to);
            }
            6 => {
                let from = numbers.below(bytes.len());
                let to = (from + 1 + numbers.below(200)).min(bytes.len());
                let part = bytes[from..to].to_vec();
                let at = numbers.below(bytes.len() + 1);
                bytes.splice(at..at, part);
            }
            _ => {
                let part: Vec<u8> = (0..numbers.below(9))
                    .map(|_| numbers.below(256) as u8)
                    .collect();
                let at = numbers.below(bytes.len() + 1);
                bytes.splice(at..at, part);
            }
        }
    }
    bytes
}

/// Replaces the text between two separators by a hostile one.
fn change_field(bytes: &mut Vec<u8>, numbers: &mut Numbers) {
    let separates = |byte: &u8| b",;\t\n\":=[]{} ".contains(byte);
    // The header of a safetensors file says how long it is.
    let header = (bytes.get(..8))
        .map(|length| u64::from_le_bytes(length.try_into().unwrap()) as usize)
        .filter(|&length| bytes.get(8) == Some(&b'{') && length < bytes.len() - 8);
    let (start, end) = header.map_or((0, bytes.len()), |length| (8, 8 + length));
    let at = start + numbers.below(end - start);
    let from =
        (bytes[start..at].iter().rposition(separates)).map_or(start, |place| start + place + 1);
    let to = (bytes[at..end].iter().position(separates)).map_or(end, |place| at + place);
    let field = HOSTILE[numbers.below(HOSTILE.len())].as_bytes();
    let grown = field.len() as i64 - (to.max(from) - from) as i64;
    bytes.splice(from..to.max(from), field.iter().copied());
    if let Some(length) = header {
        let length = (length as i64 + grown) as u64;
        bytes[..8].copy_from_slice(&length.to_le_bytes());
    }
}

/// A folder in a folder, so that what is written outside is seen.
struct Place {
    outer: TempDir,
    inner: PathBuf,
}

impl Place {
    fn new() -> Self {
        let outer = TempDir::new().unwrap();
        let inner = outer.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("spec.toml"), SPEC).unwrap();
        Self { outer, inner }
    }

    /// Runs the verb and says what is wrong with how it ended.
    fn problem(&self, arguments: &[&str]) -> Option<String> {
        let workplace = Workplace::empty();
        let mut command = workplace.command(arguments);
        let log = self.inner.join("stderr");
        let started = Instant::now();
        let mut child = command
            .current_dir(&self.inner)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > LONGEST {
                child.kill().unwrap();
                child.wait().unwrap();
                return Some("hangs".to_owned());
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let said = String::from_utf8_lossy(&fs::read(&log).unwrap()).into_owned();
        let errors = said
            .lines()
            .filter(|line| line.starts_with("error:"))
            .count();
        let ended = match status.code() {
            _ if said.contains("panicked") => Err("panics"),
            Some(0) if errors == 0 => Ok(()),
            Some(2) if errors == 1 => Ok(()),
            Some(0 | 2) => Err("has another number of errors than its exit code says"),
            _ => Err("ends with another code than 0 or 2"),
        };
        if let Err(problem) = ended {
            return Some(format!("{problem} ({status}): {said}"));
        }
        let outside = names(self.outer.path());
        if outside != ["a"] || names(&self.outer.path().join("a")) != ["b"] {
            return Some(format!("writes outside of its folder: {outside:?}"));
        }
        None
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn case(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cases");
    fs::read(folder.join(name)).unwrap()
}

/// Tries mutations of files: `attempt` puts one in its place and says how the verb ends. What fails is
/// kept, so that it can be looked at.
fn survives(
    files: &[&str],
    mut attempt: impl FnMut(&Place, &str, &[u8], &mut Numbers) -> Option<String>,
) {
    let count = std::env::var("LAYERWISE_MUTATIONS");
    let count = count.map_or(MUTATIONS, |count| count.parse().unwrap());
    let contents: Vec<Vec<u8>> = files.iter().map(|name| case(name)).collect();
    let mut place = Place::new();
    let mut failed = Vec::new();
    for number in 0..count {
        let mut numbers = Numbers(number);
        let which = numbers.below(files.len());
        let bytes = mutated(&contents[which], &mut numbers);
        if let Some(problem) = attempt(&place, files[which], &bytes, &mut numbers) {
            failed.push(format!("mutation {number} of {}: {problem}", files[which]));
            place = Place::new();
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {count}:\n{}",
        failed.len(),
        failed[..failed.len().min(20)].join("\n")
    );
}

/// The ending of a file's name.
fn ending(name: &str) -> &str {
    name.split_once('.').unwrap().1
}

#[test]
fn data_show_survives_broken_tables() {
    let files = [
        "IRIS.CSV",
        "appended.csv.gz",
        "constant_column.csv",
        "float_classes.csv",
        "pandas_index.csv",
        "semicolons.csv",
        "from_1-images.idx",
        "from_1-labels.idx",
    ];
    survives(&files, |place, name, bytes, numbers| {
        let file = format!("file.{}", ending(name));
        fs::write(place.inner.join(&file), bytes).unwrap();
        let label = ["species", "y"][numbers.below(2)];
        match name {
            "from_1-images.idx" | "from_1-labels.idx" => {
                let other = match name {
                    "from_1-images.idx" => "from_1-labels.idx",
                    _ => "from_1-images.idx",
                };
                fs::write(place.inner.join("other.idx"), case(other)).unwrap();
                let pair = match name {
                    "from_1-images.idx" => ["file.idx", "other.idx"],
                    _ => ["other.idx", "file.idx"],
                };
                place.problem(&["data", "show", pair[0], "--label-file", pair[1]])
            }
            _ => place.problem(&["data", "show", &file, "--label", label]),
        }
    });
}

#[test]
fn measure_survives_broken_weights_and_features() {
    let files = [
        "class_1_has_no_row.safetensors",
        "constant_features.safetensors",
        "two_equal_means_f32.safetensors",
        "names_fc_out.safetensors",
        "names_head.safetensors",
        "names_plain.safetensors",
        "identity3.safetensors",
        "classes12.safetensors",
        "net.pt",
    ];
    let tables = [("iris", "iris"), ("constant_column.csv", "y")];
    survives(&files, |place, name, bytes, numbers| {
        let file = format!("file.{}", ending(name));
        fs::write(place.inner.join(&file), bytes).unwrap();
        let table = "constant_column.csv";
        fs::write(place.inner.join(table), case(table)).unwrap();
        let mut arguments = vec!["measure", file.as_str()];
        match numbers.below(4) {
            0 => arguments.extend(["--data", tables[0].0, "--activation", "relu"]),
            1 => arguments.extend(["--data", table, "--label", "y", "--activation", "identity"]),
            2 => arguments.extend(["--metrics", "spectrum,norms"]),
            _ => {}
        }
        place.problem(&arguments)
    });
}

#[test]
fn curves_survive_being_broken() {
    let files = [
        "beyond_the_steps.csv",
        "index_from_0.csv",
        "seed_7_ends_at_60.csv",
        "starts_above_half.csv",
        "tensorboard_export.csv",
    ];
    survives(&files, |place, _, bytes, _| {
        fs::write(place.inner.join("curves.csv"), bytes).unwrap();
        let out = place.inner.join("out");
        let _ = fs::remove_dir_all(&out);
        let problem = place.problem(&[
            "run",
            "spec.toml",
            "--curves",
            "net=curves.csv",
            "--out",
            "out",
        ]);
        // A refused command leaves no files.
        let said = fs::read_to_string(place.inner.join("stderr")).unwrap_or_default();
        match problem {
            None if said.contains("error:") && out.exists() => {
                Some(format!("is refused with a run folder left behind: {said}"))
            }
            problem => problem,
        }
    });
}

#[test]
fn checkpoints_survive_being_broken() {
    let files = [
        "names_plain.safetensors",
        "names_head.safetensors",
        "net.pt",
    ];
    survives(&files, |place, name, bytes, numbers| {
        let folder = place.inner.join("steps");
        let _ = fs::remove_dir_all(&folder);
        let _ = fs::remove_dir_all(place.inner.join("out"));
        fs::create_dir(&folder).unwrap();
        let names = [
            "step-0",
            "step=7-v2",
            "net_40_h33",
            "epoch=1-step=40-val_loss=0.5",
            "a",
            "99999999999999999999",
            "step-00000000000000000000",
            "checkpoint-5",
        ];
        let broken = format!("{}.{}", names[numbers.below(names.len())], ending(name));
        fs::write(folder.join(broken), bytes).unwrap();
        fs::write(
            folder.join("step-200.safetensors"),
            case("names_plain.safetensors"),
        )
        .unwrap();
        place.problem(&[
            "run",
            "spec.toml",
            "--checkpoints",
            "net=steps",
            "--out",
            "out",
            "-s",
            "models.net.widths=[8]",
        ])
    });
}

#[test]
fn export_survives_a_broken_run_folder() {
    let whole = Workplace::tiny();
    whole.succeeds(&[
        "run",
        "tiny.toml",
        "--out",
        "out",
        "--seeds",
        "2",
        "--keep-weights",
    ]);
    let files = ["spec.toml", "manifest.json", "observations.jsonl"].map(|name| {
        (
            name.to_owned(),
            fs::read(whole.path("out").join(name)).unwrap(),
        )
    });
    let weights = fs::read_dir(whole.path("out/weights")).unwrap();
    let weights = weights.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (format!("weights/{name}"), fs::read(path).unwrap())
    });
    let files: Vec<(String, Vec<u8>)> = files.into_iter().chain(weights).collect();
    survives(&["IRIS.CSV"], |place, _, _, numbers| {
        let run = place.inner.join("run");
        let _ = fs::remove_dir_all(&run);
        fs::create_dir_all(run.join("weights")).unwrap();
        let broken = numbers.below(files.len());
        for (place, (name, bytes)) in files.iter().enumerate() {
            let bytes = match place == broken {
                true => mutated(bytes, numbers),
                false => bytes.clone(),
            };
            fs::write(run.join(name), bytes).unwrap();
        }
        let verb = [
            &["export", "observations", "run"][..],
            &["export", "weights", "run"],
            &["export", "weights", "run", "--initial"],
            &["report", "run"],
            &["verdict", "run"],
        ][numbers.below(5)];
        place.problem(verb)
    });
}
