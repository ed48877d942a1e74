//! The same experiments on seeds that no pilot used.

use report::{Confirmation, Confirmed};

use crate::{args, destination, failure::Failure, registered::Registration};

use super::Pages;

/// The first of the seeds that no pilot and no experiment uses.
const FIRST_SEED: u64 = 100;

/// The arguments of the confirming pass: fresh seeds, in a folder of its own.
pub(super) fn arguments(explored: &args::Reproduce) -> args::Reproduce {
    let mut confirming = explored.clone();
    let seed = format!("training.first_seed={FIRST_SEED}");
    confirming.settings.training.set.push(seed);
    confirming.out = explored.out.join("confirm");
    confirming.update_docs = None;
    confirming
}

/// Lays the two passes side by side and writes the table beside the page.
pub(super) fn write(
    explored: &Pages,
    confirmed: &Pages,
    out: &args::Reproduce,
    json: bool,
) -> Result<Confirmation, Failure> {
    let registration = Registration::shipped();
    let confirmation = Confirmation::new(&explored.runs, &confirmed.runs, |experiment, claim| {
        registration.holds(experiment, claim)
    });
    let suffix = if out.settings.training.quick {
        "-quick"
    } else {
        ""
    };
    let path = out.out.join(format!("confirm{suffix}.md"));
    let text = format!(
        "# Verdicts on fresh seeds\n\nFresh seeds begin at {FIRST_SEED}. Claims were registered on {}.\n\n{}",
        registration.date,
        confirmation.markdown()
    );
    destination::write("--confirm", &path, text.as_bytes())?;
    if json {
        return Ok(confirmation);
    }
    say!("\n{}", confirmation.summary());
    for row in confirmation.rows.iter().filter(|row| !row.agrees()) {
        say!("  {}", difference(row));
    }
    say!("verdicts side by side: {}", path.display());
    Ok(confirmation)
}

fn difference(row: &Confirmed) -> String {
    let Confirmed {
        experiment,
        id,
        explored: [before, was],
        confirmed: [after, is],
        ..
    } = row;
    format!("{experiment} {id}: {before} ({was}), on fresh seeds {after} ({is})")
}
