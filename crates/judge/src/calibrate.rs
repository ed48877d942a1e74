//! Would we have noticed? How the claims of a run fare on data in which they are not true.
//!
//! For each claim, from what was recorded and without training:
//!
//! - **Null data.** The share of *supported* where the identity of knob values or of indices is permuted
//!   (the same permutation for all seeds, and one per seed), or where the values lie at the threshold with
//!   the deviations that the seeds have. A claim that is supported by more than 5 % of null data shows
//!   nothing.
//! - **Wrong generators.** Curves of another law, with the seed noise of the recorded ones. A claim that
//!   they pass as well does not tell that law from its own.
//! - **Power.** The share of *supported* with other numbers of seeds, drawn from those recorded.
//!
//! Each of them builds other observations, or other samples of them, and hands these to the rule that
//! judges the claim itself: what is calibrated is the judge. Controls are left out; they can only turn a
//! *supported* into *undecided*.
//!
//! In comes a recorded run with its claims ([`calibrate()`]), out goes a [`Calibration`], which
//! `calibration.json` in the run folder holds.

mod at_threshold;
mod generated;
mod generator;
mod power;
mod result;
mod shuffled_indices;
mod shuffled_places;
mod subject;

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use models::Role;
use plan::{Claims, PlannedClaim, RecordedRun};

pub use result::{Calibration, ClaimCalibration, GeneratorRate, Null, NullRate, PowerPoint};

use self::subject::Subject;

/// The share of false supports that a claim may have.
pub const TOLERATED: f64 = 0.05;

/// How much is drawn.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// Draws of each share that cannot be enumerated.
    pub draws: u64,
    /// Worker threads.
    pub threads: usize,
}

/// Calibrates all claims. The result depends on the run and on the number of draws alone.
pub fn calibrate(claims: &Claims, run: &RecordedRun<'_>, effort: Effort) -> Calibration {
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Option<ClaimCalibration>>> = Mutex::new(vec![None; claims.claims.len()]);
    let work = || {
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(planned) = claims.claims.get(place) else {
                return;
            };
            let calibration = of_claim(planned, run, effort.draws);
            found.lock().expect("no worker panics")[place] = Some(calibration);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..effort.threads.max(1) {
            scope.spawn(work);
        }
        work();
    });
    let found = found.into_inner().expect("no worker panics");
    Calibration {
        name: run.manifest.name.clone(),
        spec_hash: run.manifest.spec_hash.clone(),
        seeds: run.manifest.seeds.clone(),
        draws: effort.draws,
        claims: found.into_iter().flatten().collect(),
    }
}

fn of_claim(planned: &PlannedClaim, run: &RecordedRun<'_>, draws: u64) -> ClaimCalibration {
    let subject = Subject {
        claim: &planned.claim,
        statistic: &*planned.statistic,
        run,
        draws,
    };
    let mut nulls = shuffled_places::nulls(&subject);
    if nulls.is_empty() {
        nulls = shuffled_indices::nulls(&subject);
    }
    if !nulls.iter().any(|null| null.counts) {
        nulls.extend(at_threshold::null(&subject));
    }
    let parts = subject.recorded();
    let outcome = subject.outcome(&parts);
    ClaimCalibration {
        id: planned.claim.id.clone(),
        statement: planned.claim.statement.clone(),
        threshold: planned.claim.threshold,
        verification: run.manifest.role(&planned.claim.model) != Role::Net,
        outcome,
        nulls,
        generators: generated::rates(&subject),
        power: power::points(&subject, &parts),
    }
}
