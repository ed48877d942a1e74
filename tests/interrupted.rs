//! Runs that are killed, stopped, damaged, or on a disk that fills up.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::support::{
    Workplace, stderr, streamed,
    sweep::{LONGER, plan, status, tables},
};

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
        let often = ["--threads", "2", "--checkpoint-seconds", "0.005"];
        let mut child = (place.command(&[&["sweep", "run", &folder], &often[..]].concat()))
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
                usize::from(detail.starts_with("will continue") && !detail.ends_with("step 0"));
        }
        let complete = place.path(&folder).join("DONE").exists();
        assert!(!complete || counts["done"] == 8, "{found}");
        let output = place.succeeds(&["sweep", "run", &folder]);
        assert!(!stderr(&output).contains("warning"), "{}", stderr(&output));
        assert_eq!(tables(&place.path(&folder)), expected, "kill {kill}");
        // No file of the killed process is left.
        let mut left = Vec::new();
        for cell in fs::read_dir(place.path(&folder).join("cells")).unwrap() {
            let entries = fs::read_dir(cell.unwrap().path()).unwrap();
            left.extend(entries.map(|e| e.unwrap().file_name().into_string().unwrap()));
        }
        let done = [
            "lock",
            "observations.jsonl",
            "result.json",
            "derived.json",
            "derived.jsonl",
        ];
        left.retain(|name| !done.contains(&&**name));
        assert!(left.is_empty(), "{left:?}");
    }
    assert!(
        with_checkpoint > 0,
        "no kill left a checkpoint to go on from"
    );
}

#[cfg(unix)]
#[test]
fn the_same_command_continues_a_run_after_ctrl_c() {
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
        place.command(&arguments)
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
    // Unfinished results can be read.
    place.succeeds(&["report", "run"]);
    let output = run("run", &[]).output().unwrap();
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
        // One bit is flipped at places all over the file; then the file is truncated.
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
    // A new verdict does not hide the damage of the other files.
    let (sums, csv) = (
        place.read("run/CHECKSUMS"),
        place.read("run/observations.csv"),
    );
    place.write("run/observations.csv", &csv[..csv.len() / 2]);
    place.succeeds(&["verdict", "run"]);
    assert_eq!(place.read("run/CHECKSUMS"), sums);
    place.write("run/observations.csv", &csv);
    // The content of a lock file has no meaning.
    for lock in [place.path("run/lock"), locks(&place.path("run"))[0].clone()] {
        fs::write(&lock, [0xff, 0x00, b'{']).unwrap();
    }
    place.succeeds(&["run", "tiny.toml", "--out", "run", "--seeds", "2"]);
    // The command of the run restores the damaged files.
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
    // Cells that count as done are complete.
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
    // With more space the run continues to the same result.
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
