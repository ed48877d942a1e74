//! Sweeps as a user runs them: planned, in parts, killed, damaged, on a full disk, on a cluster.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use support::{Workplace, stderr, streamed};

/// Cells that take long enough to be killed in.
const LONGER: [&str; 6] = [
    "-s",
    "training.steps=1500",
    "--seeds",
    "2",
    "--vary",
    "training.lr=0.02,0.05",
];

fn plan(place: &Workplace, folder: &str, more: &[&str]) -> Value {
    let mut arguments = vec!["--json", "sweep", "plan", "tiny.toml", "--out", folder];
    arguments.extend(more);
    place.json(&arguments)
}

fn status(place: &Workplace, folder: &str) -> Value {
    place.json(&["--json", "sweep", "status", folder])
}

/// What a sweep leaves, without times.
fn tables(run: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec!["observations.jsonl".into(), "observations.csv".into()];
    for cell in fs::read_dir(run.join("cells")).unwrap() {
        let cell = cell.unwrap().file_name().into_string().unwrap();
        names.push(format!("cells/{cell}/observations.jsonl"));
    }
    let read = |name: String| {
        let bytes = fs::read(run.join(&name)).unwrap();
        (name, bytes)
    };
    names.into_iter().map(read).collect()
}

#[test]
fn a_sweep_is_planned_run_in_parts_and_gathered() {
    let place = Workplace::tiny();
    let vary = ["--vary", "training.lr=0.05,0.1", "--seeds", "3"];
    let planned = plan(&place, "sweep", &vary);
    // Two groups, two rates, three seeds.
    assert_eq!(
        (&planned["planned"], &planned["counts"]["open"]),
        (&12.into(), &12.into())
    );
    let first = &planned["cells"][0];
    assert_eq!(
        (&first["variant"], &first["seed"]),
        (&"base,training.lr=0.05".into(), &0.into())
    );
    for (part, left) in [("1/3", 8), ("2/3", 4)] {
        let output = place.json(&["--json", "sweep", "run", "sweep", "--shard", part]);
        assert_eq!(
            (&output["left"], &output["complete"]),
            (&left.into(), &false.into())
        );
        assert!(!place.path("sweep/DONE").exists());
    }
    let text = place.succeeds(&["sweep", "status", "sweep"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("8 done") && text.contains("4 open"), "{text}");
    assert!(
        text.contains("go on with: layerwise sweep run sweep"),
        "{text}"
    );
    let last = place.json(&["--json", "sweep", "run", "sweep", "--shard", "3/3"]);
    assert_eq!(
        (&last["left"], &last["counts"]["done"]),
        (&0.into(), &12.into())
    );
    assert_eq!(last["verdict"]["claims"][0]["id"], "T1");
    assert!(place.path("sweep/DONE").exists());
    assert_eq!(status(&place, "sweep")["complete"], true);
    // The same as in one piece.
    let mut whole = vec!["sweep", "run", "tiny.toml", "--out", "whole"];
    whole.extend(vary);
    place.succeeds(&whole);
    assert_eq!(tables(&place.path("sweep")), tables(&place.path("whole")));
    // `run` takes the same cells for done.
    let text = place.succeeds(&["sweep", "plan", "sweep"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("12 cells (4 variants × 3 seeds)") && text.contains("12 done"),
        "{text}"
    );
}

#[test]
fn what_does_not_fit_is_said() {
    let place = Workplace::tiny();
    place.refuses(
        &["sweep", "status", "nowhere"],
        &["nowhere", "holds no sweep"],
    );
    place.refuses(
        &["sweep", "run", "tiny.toml", "--shard", "4/3"],
        &["4/3", "I from 1 to N"],
    );
    place.refuses(
        &["sweep", "plan", "tiny.toml", "--vary", "training.lr"],
        &["--vary", "KEY=VALUE"],
    );
    place.refuses(
        &[
            "sweep",
            "plan",
            "tiny.toml",
            "--vary",
            "models.net.activation=relu",
        ],
        &["--vary", "Put text in quotes"],
    );
    place.refuses(
        &[
            "sweep",
            "plan",
            "tiny.toml",
            "--vary",
            "training.lrr=0.1,0.2",
        ],
        &["lrr"],
    );
    place.refuses(
        &["sweep", "submit", "tiny.toml", "--scheduler", "hyperqueue"],
        &["--print"],
    );
    place.refuses(
        &["run", "tiny.toml", "--resume"],
        &["runs/tiny", "no run to go on with"],
    );
    place.refuses(
        &["run", "tiny.toml", "--checkpoint-seconds=-1"],
        &["--checkpoint-seconds", "0 to 1e9"],
    );
    plan(&place, "sweep", &[]);
    place.refuses(
        &["sweep", "run", "sweep", "-s", "training.lr=0.2"],
        &["-s", "sweep", "already"],
    );
    place.refuses(
        &[
            "sweep",
            "run",
            "tiny.toml",
            "--out",
            "sweep",
            "-s",
            "training.steps=70",
        ],
        &["sweep", "other training settings"],
    );
    // The plan is damaged.
    let path = place.path("sweep/plan.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("flex", "fleX")).unwrap();
    place.refuses(&["sweep", "status", "sweep"], &["plan.json", "is damaged"]);
}

#[test]
fn one_failing_cell_does_not_stop_the_others_and_can_be_tried_again() {
    let place = Workplace::tiny();
    // The engine host trains no linearised nets.
    let variant =
        "sweep.variants=[{ name = \"linearised\", set = { \"models.net.linearised\" = true } }]";
    let arguments = [
        "sweep",
        "run",
        "tiny.toml",
        "--out",
        "sweep",
        "--engine",
        "host",
        "--seeds",
        "2",
        "-s",
        variant,
    ];
    let output = place.layerwise(&arguments);
    let problem = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{problem}");
    assert!(
        problem.contains("linearised, seed 0") && problem.contains("the other cells go on"),
        "{problem}"
    );
    let found = status(&place, "sweep");
    assert_eq!(
        (&found["counts"]["done"], &found["counts"]["failed"]),
        (&2.into(), &2.into())
    );
    let text = place.succeeds(&["sweep", "status", "sweep"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(
        text.contains("linearised, seed 1: ") && text.contains("sweep retry sweep"),
        "{text}"
    );
    // Running again leaves them failed; retrying tries them.
    let again = place.layerwise(&["sweep", "run", "sweep"]);
    assert!(
        stderr(&again).contains("failed before"),
        "{}",
        stderr(&again)
    );
    let retried = place.layerwise(&["sweep", "retry", "sweep"]);
    assert_eq!(retried.status.code(), Some(1));
    assert!(
        stderr(&retried).contains("2 cells that failed"),
        "{}",
        stderr(&retried)
    );
    assert!(
        !stderr(&retried).contains("failed before"),
        "{}",
        stderr(&retried)
    );
}

#[test]
fn a_sweep_that_is_killed_anywhere_ends_in_the_same_bytes() {
    /// Moments at which the process is killed.
    const KILLS: u32 = 25;
    let place = Workplace::tiny();
    let mut arguments = vec!["sweep", "run", "tiny.toml", "--out", "whole"];
    arguments.extend(LONGER);
    let begin = Instant::now();
    place.succeeds(&arguments);
    let whole = begin.elapsed();
    let expected = tables(&place.path("whole"));
    let mut with_checkpoint = 0;
    for kill in 0..KILLS {
        let folder = format!("killed-{kill}");
        plan(&place, &folder, &LONGER);
        let mut child = Command::new(env!("CARGO_BIN_EXE_layerwise"))
            .args([
                "sweep",
                "run",
                &folder,
                "--threads",
                "2",
                "--checkpoint-seconds",
                "0.005",
            ])
            .current_dir(place.folder())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Spread over the whole run, in an order without a pattern.
        let moment = f64::from((kill * 7) % KILLS) / f64::from(KILLS);
        thread::sleep(whole.mul_f64(moment * 1.2));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = status(&place, &folder);
        let counts = &found["counts"];
        assert_eq!(
            counts["running"], 0,
            "a dead process holds nothing: {found}"
        );
        assert_eq!(
            (&counts["damaged"], &counts["failed"]),
            (&0.into(), &0.into()),
            "{found}"
        );
        for cell in found["cells"].as_array().unwrap() {
            let id = cell["cell"].as_str().unwrap();
            let done = place
                .path(&folder)
                .join("cells")
                .join(id)
                .join("result.json")
                .exists();
            assert_eq!(cell["state"] == "done", done, "{cell}");
            let detail = cell["detail"].as_str().unwrap_or_default();
            with_checkpoint +=
                usize::from(detail.starts_with("goes on") && !detail.ends_with("step 0"));
        }
        let complete = place.path(&folder).join("DONE").exists();
        assert!(!complete || counts["done"] == 8, "{found}");
        let output = place.succeeds(&["sweep", "run", &folder]);
        assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
        assert_eq!(tables(&place.path(&folder)), expected, "kill {kill}");
        // Nothing of the dead process is left.
        let mut left = Vec::new();
        for cell in fs::read_dir(place.path(&folder).join("cells")).unwrap() {
            let entries = fs::read_dir(cell.unwrap().path()).unwrap();
            left.extend(entries.map(|e| e.unwrap().file_name().into_string().unwrap()));
        }
        left.retain(|name| !["lock", "observations.jsonl", "result.json"].contains(&&**name));
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(
        with_checkpoint > 0,
        "no kill left a checkpoint to go on from"
    );
}

#[cfg(unix)]
#[test]
fn a_run_that_ctrl_c_stopped_goes_on_with_the_same_command() {
    let place = Workplace::tiny();
    let run = |out: &str, more: &[&str]| {
        let mut arguments = vec!["run", "tiny.toml", "--out", out, "--seeds", "2"];
        arguments.extend([
            "--threads",
            "1",
            "-s",
            "training.steps=6000",
            "--keep-weights",
        ]);
        arguments.extend(more);
        let mut command = Command::new(env!("CARGO_BIN_EXE_layerwise"));
        command.args(arguments).current_dir(place.folder());
        command
    };
    assert!(run("whole", &[]).output().unwrap().status.success());
    let child = run("run", &[])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // In the middle of the first cell.
    let begin = Instant::now();
    while streamed(&place.path("run")) < 20_000 {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "it did not begin"
        );
        thread::sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &id])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(
        stderr(&output).contains("interrupted after step"),
        "{}",
        stderr(&output)
    );
    assert!(!place.path("run/DONE").exists());
    // What there is can be looked at.
    place.succeeds(&["report", "run"]);
    let output = run("run", &["--resume"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(tables(&place.path("run")), tables(&place.path("whole")));
    let weights = |run: &str| -> BTreeMap<String, Vec<u8>> {
        let files = fs::read_dir(place.path(run).join("weights")).unwrap();
        let files = files.map(|file| file.unwrap().path());
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files
            .map(|path| (name(&path), fs::read(&path).unwrap()))
            .collect()
    };
    assert_eq!(weights("run"), weights("whole"));
}

#[test]
fn two_processes_finish_one_sweep_together() {
    let place = Workplace::tiny();
    plan(&place, "sweep", &LONGER);
    let start = || {
        Command::new(env!("CARGO_BIN_EXE_layerwise"))
            .args([
                "--json",
                "sweep",
                "run",
                "sweep",
                "--threads",
                "1",
                "--wait",
            ])
            .current_dir(place.folder())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (one, two) = (start(), start());
    for output in [one, two].map(|child| child.wait_with_output().unwrap()) {
        assert!(output.status.success(), "{}", stderr(&output));
        let document: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(
            (&document["left"], &document["counts"]["done"]),
            (&0.into(), &8.into())
        );
    }
    let mut whole = vec!["sweep", "run", "tiny.toml", "--out", "whole"];
    whole.extend(LONGER);
    place.succeeds(&whole);
    assert_eq!(tables(&place.path("sweep")), tables(&place.path("whole")));
}

#[test]
fn damage_in_a_finished_run_is_named() {
    let place = Workplace::tiny();
    place.succeeds(&["run", "tiny.toml", "--out", "run", "--seeds", "2"]);
    for name in [
        "manifest.json",
        "observations.jsonl",
        "verdict.json",
        "spec.toml",
    ] {
        let path = place.path("run").join(name);
        let whole = fs::read(&path).unwrap();
        // All over the file, each time another bit; and cut short.
        let bits = (0..40).map(|part| (part * (whole.len() - 1) / 39, part % 8));
        let flipped = bits.map(|(byte, bit)| {
            let mut bytes = whole.clone();
            bytes[byte] ^= 1 << bit;
            bytes
        });
        let cuts = (0..4).map(|part| whole[..part * whole.len() / 4].to_vec());
        for bytes in flipped.chain(cuts) {
            fs::write(&path, &bytes).unwrap();
            let output = place.layerwise(&["report", "run"]);
            let problem = stderr(&output);
            assert_eq!(output.status.code(), Some(2), "{name}: {problem}");
            assert!(
                problem.contains(name) && problem.contains("is damaged"),
                "{problem}"
            );
            assert_eq!(problem.matches("error:").count(), 1, "{problem}");
        }
        fs::write(&path, &whole).unwrap();
    }
    place.succeeds(&["report", "run"]);
    // A lock says nothing by what it holds.
    for lock in [place.path("run/lock"), locks(&place.path("run"))[0].clone()] {
        fs::write(&lock, [0xff, 0x00, b'{']).unwrap();
    }
    place.succeeds(&["run", "tiny.toml", "--out", "run", "--seeds", "2"]);
    // The command of the run mends what is damaged.
    fs::write(place.path("run/manifest.json"), "{}").unwrap();
    place.succeeds(&["run", "tiny.toml", "--out", "run", "--seeds", "2"]);
    place.succeeds(&["report", "run"]);
}

fn locks(run: &Path) -> Vec<PathBuf> {
    let cells = fs::read_dir(run.join("cells")).unwrap();
    cells
        .map(|cell| cell.unwrap().path().join("lock"))
        .collect()
}

/// Kilobytes of a folder's files on a disk whose pages have four.
#[cfg(target_os = "linux")]
fn pages(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let sizes = entries.map(|path| match path.is_dir() {
        true => pages(&path),
        false => 4 * fs::metadata(path).unwrap().len().div_ceil(4096),
    });
    sizes.sum()
}

/// A folder on a disk of so many bytes; `None` where this user may not mount one.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&at).unwrap();
        let size = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(&at)
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then_some(Self(at))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_loses_nothing_that_was_recorded() {
    let place = Workplace::tiny();
    let run = |out: &str| {
        let mut arguments = vec!["sweep", "run", "tiny.toml", "--out", out, "--threads", "1"];
        arguments.extend(["--checkpoint-seconds", "0.005"]);
        arguments.extend(LONGER);
        place.layerwise(&arguments)
    };
    assert!(run("whole").status.success());
    let expected = tables(&place.path("whole"));
    // Room for a few of the cells.
    let half = pages(&place.path("whole/cells")) / 2;
    let Some(disk) = SmallDisk::mount(place.path("disk"), &format!("{half}k")) else {
        #[allow(clippy::print_stderr, reason = "a test that was left out must say so")]
        {
            eprintln!("left out: this user may not mount a disk");
        }
        return;
    };
    let output = run("disk/sweep");
    let problem = stderr(&output);
    assert_eq!(output.status.code(), Some(1), "{problem}");
    assert!(
        problem.contains("disk/sweep") && problem.contains("Free some space"),
        "{problem}"
    );
    assert!(!place.path("disk/sweep/DONE").exists());
    // What is called done is whole.
    let found = status(&place, "disk/sweep");
    let done = found["counts"]["done"].as_u64().unwrap();
    assert!((1..8).contains(&done), "{found}");
    assert_eq!(found["counts"]["damaged"], 0, "{found}");
    for cell in found["cells"].as_array().unwrap() {
        let name = format!(
            "cells/{}/observations.jsonl",
            cell["cell"].as_str().unwrap()
        );
        if cell["state"] == "done" {
            let rows = fs::read(place.path("disk/sweep").join(&name)).unwrap();
            assert!(rows == expected[&name], "{cell}");
        }
    }
    // With more space it goes on to the same end.
    let larger = Command::new("mount")
        .args(["-o", "remount,size=20m"])
        .arg(&disk.0)
        .status();
    assert!(larger.unwrap().success());
    let output = run("disk/sweep");
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(tables(&place.path("disk/sweep")), expected);
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_cannot_be_written_is_named_before_anything_is_trained() {
    let place = Workplace::tiny();
    let Some(disk) = SmallDisk::mount(place.path("disk"), "1m") else {
        return;
    };
    let mut remount = Command::new("mount");
    remount.args(["-o", "remount,ro"]).arg(&disk.0);
    assert!(remount.status().unwrap().success());
    for verb in [&["run"][..], &["sweep", "plan"], &["sweep", "run"]] {
        let arguments = [verb, &["tiny.toml", "--out", "disk/run"]].concat();
        place.refuses(&arguments, &["disk/run", "cannot be written", "--out"]);
    }
}

/// A stand-in for Slurm's commands, to see what they are asked.
fn fake_slurm(place: &Workplace) -> String {
    let folder = place.path("bin");
    fs::create_dir_all(&folder).unwrap();
    let scripts = [
        (
            "sbatch",
            "#!/bin/sh\ncat \"$2\" > submitted.sh\necho \"17;here\"\n",
        ),
        ("squeue", "#!/bin/sh\nprintf 'RUNNING\\nPENDING\\n'\n"),
        (
            "sacct",
            "#!/bin/sh\nprintf 'TIMEOUT\\nRUNNING\\nPENDING\\n'\n",
        ),
    ];
    for (name, text) in scripts {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    format!("{}:{}", folder.display(), std::env::var("PATH").unwrap())
}

#[test]
fn a_job_array_is_submitted_and_its_state_is_read() {
    let place = Workplace::tiny();
    let path = fake_slurm(&place);
    let layerwise = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_layerwise"))
            .args(arguments)
            .env("PATH", &path)
            .current_dir(place.folder())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let job = [
        "--tasks",
        "3",
        "--cpus",
        "2",
        "--time",
        "00:10:00",
        "--partition",
        "short",
    ];
    let mut submit = vec![
        "sweep",
        "submit",
        "tiny.toml",
        "--scheduler",
        "slurm",
        "--out",
        "my sweep",
    ];
    submit.extend(job);
    let text = layerwise(&submit);
    assert!(
        text.contains("Slurm job 17: 3 tasks for 16 cells"),
        "{text}"
    );
    let script = fs::read_to_string(place.path("submitted.sh")).unwrap();
    for line in [
        "#SBATCH --array=1-3",
        "#SBATCH --cpus-per-task=2",
        "#SBATCH --time=00:10:00",
        "#SBATCH --partition=short",
        "sweep run '",
        "my sweep' --shard \"${SLURM_ARRAY_TASK_ID}/3\" --threads 2",
    ] {
        assert!(script.contains(line), "{line} is not in {script}");
    }
    let text = layerwise(&["sweep", "status", "my sweep"]);
    let states = "Slurm job 17, 3 tasks: 1 pending, 1 running, 1 timeout";
    assert!(text.contains(states) && text.contains("16 open"), "{text}");
    let document: Value =
        serde_json::from_str(&layerwise(&["--json", "sweep", "status", "my sweep"])).unwrap();
    assert_eq!(document["jobs"][0]["states"]["RUNNING"], 1);
    // A script of its own does the same work.
    let mut print = vec![
        "sweep",
        "submit",
        "my sweep",
        "--print",
        "--scheduler",
        "script",
    ];
    print.extend(["--tasks", "2"]);
    let script = layerwise(&print);
    fs::write(place.path("all.sh"), &script).unwrap();
    let output = Command::new("bash")
        .arg("all.sh")
        .current_dir(place.folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(place.path("my sweep/DONE").exists());
    let hq = layerwise(&[
        "sweep",
        "submit",
        "my sweep",
        "--print",
        "--scheduler",
        "hyperqueue",
    ]);
    assert!(hq.contains("nothing is left"), "{hq}");
}

#[test]
fn a_task_array_of_hyperqueue_is_printed() {
    let place = Workplace::tiny();
    let arguments = [
        "sweep",
        "submit",
        "tiny.toml",
        "--scheduler",
        "hyperqueue",
        "--print",
    ];
    let output = place.succeeds(&arguments);
    let text = String::from_utf8(output.stdout).unwrap();
    let parts = [
        "hq submit --name layerwise-tiny --array 1-16 --cpus 1 -- bash -c 'exec ",
        "--shard ${HQ_TASK_ID}/16",
    ];
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

#[test]
fn without_slurm_the_error_says_so() {
    let place = Workplace::tiny();
    let output = Command::new(env!("CARGO_BIN_EXE_layerwise"))
        .args(["sweep", "submit", "tiny.toml", "--scheduler", "slurm"])
        .env("PATH", place.folder())
        .current_dir(place.folder())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("sbatch cannot be started"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn a_thousand_cells_are_planned_and_reported_at_once() {
    let place = Workplace::tiny();
    let many = ["--seeds", "500"];
    let found = plan(&place, "sweep", &many);
    assert_eq!(found["planned"], 1000);
    let found = status(&place, "sweep");
    assert_eq!(found["cells"].as_array().unwrap().len(), 1000);
}

/// A sweep on a real Slurm, the one that the environment names.
#[test]
#[ignore = "needs a Slurm; .ci/slurm starts one"]
fn a_sweep_goes_over_a_real_cluster() {
    /// Longer than a small machine needs for a few small tasks.
    const PATIENCE: Duration = Duration::from_secs(120);
    let place = Workplace::tiny();
    let submit = [
        "--json",
        "sweep",
        "submit",
        "tiny.toml",
        "--scheduler",
        "slurm",
        "--out",
        "sweep",
        "--tasks",
        "3",
        "--time",
        "5",
        "--seeds",
        "4",
    ];
    let job = place.json(&submit)["job"].clone();
    let begin = Instant::now();
    let found = loop {
        let found = status(&place, "sweep");
        assert_eq!(found["jobs"][0]["job"], job);
        let alive = found["jobs"][0]["states"].as_object().unwrap();
        if !alive.contains_key("PENDING")
            && !alive.contains_key("RUNNING")
            && !alive.contains_key("COMPLETING")
        {
            break found;
        }
        assert!(begin.elapsed() < PATIENCE, "{found}");
        thread::sleep(Duration::from_millis(300));
    };
    assert_eq!(
        (&found["counts"]["done"], &found["complete"]),
        (&8.into(), &true.into()),
        "{found}"
    );
    let here = ["sweep", "run", "tiny.toml", "--out", "here", "--seeds", "4"];
    place.succeeds(&here);
    assert_eq!(tables(&place.path("sweep")), tables(&place.path("here")));
}
