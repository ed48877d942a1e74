//! Claims, controls and the values per seed, as text.

use judge::{Calibration, ClaimCalibration, ClaimVerdict, ComponentJudgement, Judgement, Run};
use serde::Serialize;

use super::{
    claims::{measured, threshold},
    pictures::figure_anchor,
    topic::{claim_anchor, decisive, number},
    verdict::Verdict,
};
use crate::{feeds::picture_of, number::significant};

/// Significant digits of an effect, and of a value per seed.
const DIGITS: usize = 3;
const RAW_DIGITS: usize = 5;

#[derive(Serialize)]
pub(super) struct ClaimView {
    anchor: String,
    /// Position among the claims of the run, and the id of the figure with the curve that decided it.
    position: usize,
    figure: Option<String>,
    id: String,
    /// The number that decides.
    number: String,
    /// What that number is.
    what: String,
    /// What weakens the verdict: controls that were missed, models that pass as well.
    caveats: Vec<String>,
    statement: String,
    source: String,
    threshold: String,
    threshold_at_run: Option<String>,
    verdict: Verdict,
    reason: String,
    measured: JudgementView,
    controls: Vec<ControlView>,
    compared: Vec<JudgementView>,
    shared_with: Vec<String>,
    verification: bool,
    /// In how many seeds it holds.
    seeds: String,
    /// How it fares on null data, other laws and other numbers of seeds; empty without a calibration.
    calibrated: String,
}

#[derive(Serialize)]
struct ControlView {
    name: String,
    must: Verdict,
    met: bool,
    judgement: JudgementView,
}

/// What one model gave in a test.
#[derive(Serialize)]
struct JudgementView {
    model: String,
    variant: String,
    verdict: Verdict,
    parts: Vec<PartView>,
    notes: Vec<String>,
}

impl JudgementView {
    /// What all parts have to note is noted once.
    fn noted_once(mut self) -> Self {
        if let [first, second, ..] = self.parts.as_slice()
            && first.note == second.note
            && self.parts.iter().all(|part| part.note == first.note)
        {
            self.notes.insert(0, format!("each: {}", first.note));
            for part in &mut self.parts {
                part.note.clear();
            }
        }
        self
    }
}

#[derive(Serialize)]
struct PartView {
    label: String,
    centre: String,
    interval: String,
    note: String,
    verdict: Verdict,
}

impl ClaimView {
    /// The claim of `run` whose place on the page and whose position in the run are given.
    pub(super) fn new(run: &Run, claim: &ClaimVerdict, (place, position): (usize, usize)) -> Self {
        let calibration = Calibration::of_run(run);
        let calibration = calibration.as_ref();
        let calibration = calibration.and_then(|known| known.claim(&claim.id));
        let controls = claim.controls.iter().map(|control| ControlView {
            name: control.name.clone(),
            must: control.must.into(),
            met: control.met,
            judgement: JudgementView::new(&control.judgement),
        });
        Self {
            anchor: claim_anchor(place, position),
            position,
            figure: picture_of(run, claim).map(|picture| figure_anchor(place, picture)),
            number: decisive(&claim.measured).map_or_else(String::new, number),
            what: measured(run, &claim.id, &claim.measured.statistic),
            caveats: caveats(claim),
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            source: claim.source.clone(),
            threshold: threshold(&claim.threshold),
            threshold_at_run: claim.threshold_at_run.as_ref().map(threshold),
            verdict: claim.into(),
            reason: claim.reason.clone(),
            measured: JudgementView::new(&claim.measured),
            controls: controls.collect(),
            compared: claim.compared.iter().map(JudgementView::new).collect(),
            shared_with: claim.shared_with.clone(),
            verification: claim.verification,
            seeds: seeds(&claim.measured),
            calibrated: calibration.map_or_else(String::new, calibrated),
        }
    }
}

/// What weakens the verdict of a claim, a few words each.
fn caveats(claim: &ClaimVerdict) -> Vec<String> {
    let missed = claim.controls.iter().filter(|control| !control.met);
    let missed = missed.map(|control| format!("missed control: {}", control.name));
    let shared = claim.shared_with.iter();
    let shared = shared.map(|model| format!("shared with {model}"));
    missed.chain(shared).collect()
}

/// In how many seeds all parts lie on the claimed side.
fn seeds(measured: &Judgement) -> String {
    let Some(share) = measured.seed_share else {
        return String::new();
    };
    format!(
        "{} of {} on the claimed side: {} % to {} % of all seeds (Clopper–Pearson, 95 %)",
        share.passing,
        share.seeds,
        significant(100.0 * share.low, DIGITS),
        significant(100.0 * share.high, DIGITS)
    )
}

fn calibrated(claim: &ClaimCalibration) -> String {
    let percent = |share: f64| format!("{} %", significant(100.0 * share, 2));
    let mut sentences = Vec::new();
    if let Some(null) = claim.worst() {
        sentences.push(format!(
            "{} of null data support it ({})",
            percent(null.supported),
            null.null.words()
        ));
    }
    let laws: Vec<String> = (claim.not_told_apart())
        .map(|law| format!("{} ({})", law.generator, percent(law.supported)))
        .collect();
    if !laws.is_empty() {
        sentences.push(format!("other laws pass as well: {}", laws.join(", ")));
    } else if !claim.generators.is_empty() {
        sentences.push("no other law passes".to_owned());
    }
    let power = claim.power.iter();
    let power: Vec<String> = power
        .map(|point| format!("{} with {}", percent(point.supported), point.seeds))
        .collect();
    if !power.is_empty() {
        sentences.push(format!("power by seeds: {}", power.join(", ")));
    }
    sentences.join("; ")
}

impl JudgementView {
    fn new(judgement: &Judgement) -> Self {
        Self {
            model: judgement.model.clone(),
            variant: judgement.variant.clone(),
            verdict: judgement.outcome.into(),
            parts: judgement.components.iter().map(PartView::new).collect(),
            notes: judgement.notes.clone(),
        }
        .noted_once()
    }
}

impl PartView {
    fn new(part: &ComponentJudgement) -> Self {
        let number = |value| significant(value, DIGITS);
        let interval = match part.coverage {
            None => "no interval".to_owned(),
            Some(_) => {
                let low = part
                    .low
                    .map_or("(−∞".to_owned(), |v| format!("[{}", number(v)));
                let high = part
                    .high
                    .map_or("∞)".to_owned(), |v| format!("{}]", number(v)));
                format!("{low}, {high}")
            }
        };
        let mut notes = vec![match (part.seeds, part.values.len()) {
            (seeds, all) if seeds < all => format!("{seeds} of {all} seeds"),
            (1, _) => "1 seed".to_owned(),
            (seeds, _) => format!("{seeds} seeds"),
        }];
        match part.coverage {
            Some(coverage) => notes.insert(0, format!("{} %", significant(100.0 * coverage, 3))),
            None => notes.push("too few for an interval".to_owned()),
        }
        if let Some(effect) = part.effect {
            let effect = significant(effect, 2);
            notes.push(format!("{effect} standard deviations from the threshold"));
        }
        if part.censored > 0 {
            let above = match part.at_most {
                0 => String::new(),
                count => format!(", {count} from above"),
            };
            notes.push(format!("{} of them only bounds{above}", part.censored));
        }
        Self {
            label: part.label.clone(),
            centre: part.centre.map_or("censored".to_owned(), number),
            interval,
            note: notes.join(", "),
            verdict: part.outcome.into(),
        }
    }
}

/// The table of values per seed.
#[derive(Serialize)]
pub(super) struct Raw {
    seeds: Vec<String>,
    rows: Vec<RawRow>,
}

#[derive(Serialize)]
struct RawRow {
    of: String,
    model: String,
    variant: String,
    part: String,
    values: Vec<String>,
}

impl Raw {
    pub(super) fn new(run: &Run) -> Self {
        let mut rows = Vec::new();
        let mut add = |of: String, model: &str, variant: &str, parts: &[ComponentJudgement]| {
            rows.extend(parts.iter().map(|part| {
                RawRow {
                    of: of.clone(),
                    model: model.to_owned(),
                    variant: variant.to_owned(),
                    part: part.label.clone(),
                    values: part
                        .values
                        .iter()
                        .map(|v| v.map_or("–".to_owned(), |v| significant(v, RAW_DIGITS)))
                        .collect(),
                }
            }));
        };
        for claim in &run.verdict.claims {
            let mut judged =
                |of: String, j: &Judgement| add(of, &j.model, &j.variant, &j.components);
            judged(claim.id.clone(), &claim.measured);
            for control in &claim.controls {
                judged(
                    format!("{}, control {}", claim.id, control.name),
                    &control.judgement,
                );
            }
            for other in &claim.compared {
                judged(format!("{}, same test", claim.id), other);
            }
        }
        for number in &run.verdict.numbers {
            add(number.id.clone(), &number.model, "", &number.components);
        }
        rows.retain(|row| !row.values.is_empty());
        let widest = rows.iter().map(|row| row.values.len()).max().unwrap_or(0);
        let seeds = &run.manifest.seeds;
        let seeds = (0..widest).map(|position| match seeds.get(position) {
            Some(seed) if seeds.len() == widest => format!("seed {seed}"),
            _ => format!("value {}", position + 1),
        });
        Self {
            seeds: seeds.collect(),
            rows,
        }
    }
}
