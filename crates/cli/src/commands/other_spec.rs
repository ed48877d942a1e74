//! `--spec`: judges or draws a finished run by another spec that trains and measures the same.

use std::path::Path;

use judge::{Run, spec_differences};
use plan::{Options, Spec};
use record::changed_files;
use train::Kinds;

use crate::{failure::Failure, shipped};

/// Derives and judges a run with the predictions, claims and pictures of the spec `file`, without
/// training.
///
/// # Errors
/// The spec trains or measures something else than the run.
pub(super) fn derive_by(run: &mut Run, file: &Path, kinds: &Kinds) -> Result<(), Failure> {
    let options = Options {
        quick: run.manifest.quick,
        overrides: vec![
            format!("training.seeds={}", run.manifest.seeds.len()),
            format!("training.first_seed={}", run.spec.training.first_seed),
        ],
        ..Options::default()
    };
    let plan = shipped::find(&file.to_string_lossy(), &options, kinds)?;
    let identity = plan.identity(&run.manifest.device, &run.manifest.engine);
    if identity.spec_hash != run.manifest.spec_hash {
        let table = |spec: &Spec| spec.to_toml().parse().unwrap_or_default();
        let changed = changed_files(&table(&run.spec), &table(&plan.spec));
        if let Some(changed) = changed.first() {
            return Err(Failure::usage(format!(
                "{}: {changed}. Restore the file to judge this run again, or train {} on the \
                 changed file",
                run.path.display(),
                file.display()
            )));
        }
        return Err(Failure::usage(format!(
            "{}: trains or measures differently from the run in {}{}. Give a spec that differs in \
             predictions, claims and pictures only, or run this spec",
            file.display(),
            run.path.display(),
            differences(&run.spec, &plan.spec)
        )));
    }
    run.derive_again(&plan)?;
    Ok(())
}

/// The first training or measuring keys that differ, as in ` (training.lr: 0.1 → 0.3)`.
fn differences(of_run: &Spec, other: &Spec) -> String {
    /// Parts of a spec that affect neither training nor measuring.
    const FREE: [&str; 11] = [
        "title",
        "summary",
        "source",
        "phenomenon",
        "minutes",
        "long",
        "predictions",
        "claims",
        "numbers",
        "leaderboards",
        "pictures",
    ];
    const SHOWN: usize = 3;
    let decides = |key: &str| {
        let first = key.split(['.', '[']).next().unwrap_or_default();
        !FREE.contains(&first)
    };
    let value = |value: Option<String>| value.unwrap_or_else(|| "absent".to_owned());
    let keys = spec_differences(of_run, other).into_iter();
    let keys = keys.filter(|difference| decides(&difference.key));
    let mut shown: Vec<String> = keys
        .map(|key| format!("{}: {} → {}", key.key, value(key.first), value(key.second)))
        .collect();
    if shown.len() > SHOWN {
        shown.truncate(SHOWN);
        shown.push("…".to_owned());
    }
    if shown.is_empty() {
        return String::new();
    }
    format!(" ({})", shown.join(", "))
}
