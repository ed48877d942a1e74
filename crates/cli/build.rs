//! Records the compiler and the commit, for the manifest of every run.

use std::{env, path::Path, process::Command};

fn main() {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = output(&rustc, &["--version"]);
    let commit = output("git", &["rev-parse", "HEAD"]);
    println!("cargo::rustc-env=LAYERWISE_RUSTC={version}");
    println!("cargo::rustc-env=LAYERWISE_COMMIT={commit}");
    println!("cargo::rerun-if-changed=build.rs");
    // Every commit changes the log of HEAD. In a worktree that log is in another place, and outside
    // a checkout it does not exist.
    let log = output("git", &["rev-parse", "--git-path", "logs/HEAD"]);
    let log = Path::new(&log);
    if log.exists() {
        println!("cargo::rerun-if-changed={}", log.display());
    }
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .and_then(|output| String::from_utf8(output.stdout).ok())
        .map_or_else(|| "unknown".to_owned(), |text| text.trim().to_owned())
}
