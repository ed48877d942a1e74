//! `--spec`: a finished run seen through another spec that trains the same.

use std::path::Path;

use judge::Run;
use plan::{Options, load};
use train::Kinds;

use crate::failure::Failure;

/// Derives and judges a run by the predictions, claims and pictures of the spec `file`. Nothing is
/// trained.
///
/// # Errors
/// A spec that trains differently.
pub(super) fn derive_by(run: &mut Run, file: &Path, kinds: &Kinds) -> Result<(), Failure> {
    let options = Options {
        quick: run.manifest.quick,
        overrides: vec![
            format!("training.seeds={}", run.manifest.seeds.len()),
            format!("training.first_seed={}", run.spec.training.first_seed),
        ],
        ..Options::default()
    };
    let plan = load(file, &options, kinds)?;
    let identity = plan.identity(&run.manifest.device, &run.manifest.engine);
    if identity.spec_hash != run.manifest.spec_hash {
        return Err(Failure::usage(format!(
            "{}: trains differently from the run in {}. Judge with the spec of that run, or run \
             this one",
            file.display(),
            run.path.display()
        )));
    }
    run.derive_again(&plan)?;
    Ok(())
}
