//! Sweeps on clusters: job arrays of Slurm, task arrays of HyperQueue, and scripts.

use std::{
    fs,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{
    Workplace, stderr,
    sweep::{status, tables},
};

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
        let output = place
            .command(arguments)
            .env("PATH", &path)
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
    // A script without a scheduler does the same work.
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
    assert!(hq.contains("no cell is left"), "{hq}");
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
    let output = place
        .command(&["sweep", "submit", "tiny.toml", "--scheduler", "slurm"])
        .env("PATH", place.folder())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("sbatch cannot be started"),
        "{}",
        stderr(&output)
    );
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
