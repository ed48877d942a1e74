//! Null data of claims about an indexed metric: its curves are kept, their indices permuted.

use std::collections::HashSet;

use plan::{Component, RecordedRun, Sample};
use record::Observations;

use super::{
    result::{Null, NullRate},
    subject::{Subject, Tally},
};
use crate::{
    arrangements::{Arrangements, FEW, count, random},
    judge::{Judge, Place},
};

/// Rows that are gone through for one share: a few seconds.
const ROWS: u64 = 40_000_000;

/// The fewest draws of a share.
const LEAST_DRAWS: u64 = 99;

/// Permutations that are tried to see whether indices matter.
const TRIED: u64 = 5;

/// The rates with indices permuted for all seeds alike, and per seed. Nothing where there is one index,
/// or where the claim does not depend on which is which.
pub(super) fn nulls(subject: &Subject<'_>) -> Vec<NullRate> {
    let judge = Judge { run: subject.run };
    let indices = judge.selection(Place::of(subject.claim)).indices();
    if indices.len() < 2 || !subject.statistic.relates_indices() {
        return Vec::new();
    }
    let mut shuffled = Shuffled {
        subject,
        indices,
        original: needed(subject),
        scratch: Observations::default(),
    };
    shuffled.scratch = shuffled.original.clone();
    let purpose = subject.purpose("indices");
    let places = shuffled.indices.len();
    let recorded = sorted(&subject.recorded());
    let matters = (0..TRIED).any(|draw| {
        let order = random(places, &purpose, draw);
        sorted(&shuffled.parts(|_| &order)) != recorded
    });
    if !matters {
        return Vec::new();
    }
    let draws = (ROWS / shuffled.original.rows().len().max(1) as u64)
        .clamp(LEAST_DRAWS.min(subject.draws), subject.draws);
    let all = match count(places) > draws as f64 {
        true => Arrangements::drawn(places, draws, &purpose),
        false => Arrangements::of(places, draws, &purpose),
    };
    let mut common = Tally::default();
    for order in &all.orders {
        common.add(subject.support(&shuffled.parts(|_| order), None));
    }
    let mut per_seed = Tally::default();
    let seeds = &subject.run.manifest.seeds;
    for draw in 0..draws {
        let first = draw * seeds.len() as u64;
        let orders: Vec<Vec<usize>> = (first..first + seeds.len() as u64)
            .map(|draw| random(places, &purpose, draw))
            .collect();
        let of_seed = |seed: u64| {
            let position = seeds.iter().position(|known| *known == seed);
            orders[position.unwrap_or(0)].as_slice()
        };
        per_seed.add(subject.support(&shuffled.parts(of_seed), None));
    }
    [
        (Null::CommonIndices, common, all.exact),
        (Null::IndicesPerSeed, per_seed, false),
    ]
    .into_iter()
    .map(|(null, tally, exact)| NullRate {
        null,
        supported: tally.supported(),
        by_interval: tally.by_interval(),
        of: tally.of,
        exact,
        counts: count(places) >= FEW,
    })
    .collect()
}

struct Shuffled<'s, 'a> {
    subject: &'s Subject<'a>,
    indices: Vec<u64>,
    original: Observations,
    scratch: Observations,
}

impl Shuffled<'_, '_> {
    /// The parts where the curves of a seed stand at other indices.
    fn parts<'o>(&mut self, order: impl Fn(u64) -> &'o [usize]) -> Vec<Component> {
        let claim = self.subject.claim;
        let (indices, original) = (&self.indices, self.original.rows());
        self.scratch
            .revise((&claim.model, &claim.metric), |place, row| {
                let at = indices.binary_search(&original[place].index);
                let at = at.map_or(0, |at| order(row.seed)[at]);
                (indices[at], row.value)
            });
        let manifest = self.subject.run.manifest;
        let run = RecordedRun::new(&self.scratch, manifest);
        self.subject.parts(&run)
    }
}

/// The rows that the claim reads: those of its model, and of whatever its statistic names. All, if the
/// claim then comes out in another way.
pub(super) fn needed(subject: &Subject<'_>) -> Observations {
    let claim = subject.claim;
    let mut named: HashSet<String> = subject
        .statistic
        .reads()
        .into_iter()
        .map(str::to_owned)
        .collect();
    named.extend([claim.model.clone(), claim.metric.clone()]);
    mentions(
        &toml::Value::Table(subject.statistic.resolved()),
        &mut named,
    );
    let run = subject.run;
    let variants = run.manifest.variants.iter();
    let group: HashSet<&str> = variants
        .filter(|variant| variant.group == claim.variant)
        .map(|variant| &*variant.name)
        .collect();
    let rows = run.observations.rows().iter();
    let few: Observations = rows
        .filter(|row| {
            group.contains(&*row.variant)
                && named.contains(&*row.model)
                && named.contains(&*row.metric)
        })
        .cloned()
        .collect();
    if subject.parts(&RecordedRun::new(&few, run.manifest)) == subject.recorded() {
        few
    } else {
        run.observations.clone()
    }
}

/// All texts in a table.
fn mentions(value: &toml::Value, found: &mut HashSet<String>) {
    match value {
        toml::Value::String(text) => {
            found.insert(text.clone());
        }
        toml::Value::Array(values) => values.iter().for_each(|value| mentions(value, found)),
        toml::Value::Table(table) => table.values().for_each(|value| mentions(value, found)),
        _ => {}
    }
}

/// The samples of all parts, whatever the parts are called.
fn sorted(parts: &[Component]) -> Vec<Vec<u64>> {
    let bits = |sample: &Sample| match sample {
        Sample::Exact(value) | Sample::AtLeast(value) | Sample::AtMost(value) => value.to_bits(),
        Sample::Missing => u64::MAX,
    };
    let mut parts: Vec<Vec<u64>> = (parts.iter())
        .map(|part| part.samples.iter().map(bits).collect())
        .collect();
    parts.sort_unstable();
    parts
}
