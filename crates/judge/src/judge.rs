use models::Role;
use plan::{
    Arranged, Claims, Component, PlannedClaim, RecordedRun, Selection, Statistic,
    spec::{Claim, Outcome, Spec},
};

use crate::{
    holm::holm,
    leaderboard,
    order_test::{self, OrderTest},
    parts::{Rule, all_of, reported},
    reason::reason,
    verdict::{ClaimVerdict, ControlVerdict, Judgement, ReportedNumber, VerdictFile},
};

/// Judges claims from what a run recorded. A threshold that was changed since the claim was first judged
/// in the run's folder is shown; `at_run` is the spec as it was when the run was made, if that is
/// another, for claims that the manifest does not know.
pub fn judge(claims: &Claims, at_run: Option<&Spec>, run: &RecordedRun<'_>) -> VerdictFile {
    let judge = Judge { run };
    let verdict = |planned: &PlannedClaim| {
        let claim = &planned.claim;
        let at_run = || {
            let mut claims = at_run?.claims.iter();
            Some(claims.find(|other| other.id == claim.id)?.threshold)
        };
        let first = run.manifest.first_thresholds.get(&claim.id).copied();
        ClaimVerdict {
            threshold_at_run: first
                .or_else(at_run)
                .filter(|threshold| *threshold != claim.threshold),
            ..judge.claim(planned)
        }
    };
    let numbers = claims.numbers.iter().map(|planned| {
        let number = &planned.number;
        let place = Place {
            variant: &number.variant,
            model: &number.model,
            metric: &number.metric,
            at: &number.at,
        };
        let statistic = &*planned.statistic;
        let parts = statistic.measure(&judge.selection(place)).components;
        let part = |part: &Component| reported(part, number.interval, statistic.range());
        ReportedNumber {
            id: number.id.clone(),
            statement: number.statement.clone(),
            model: number.model.clone(),
            components: parts.iter().map(part).collect(),
        }
    });
    let mut judged: Vec<ClaimVerdict> = claims.claims.iter().map(verdict).collect();
    // What is undecided was tested, too.
    let p: Vec<f64> = judged.iter().map(|c| c.p_value.unwrap_or(1.0)).collect();
    for (claim, adjusted) in judged.iter_mut().zip(holm(&p)) {
        claim.holm_p = claim.p_value.map(|_| adjusted);
    }
    VerdictFile {
        name: run.manifest.name.clone(),
        claims: judged,
        numbers: numbers.collect(),
        leaderboards: {
            let boards = claims.leaderboards.iter();
            boards.map(|board| leaderboard::rank(board, run)).collect()
        },
    }
}

/// The measurement of a claim alone, with the samples of its parts.
pub(crate) struct Judge<'a> {
    pub(crate) run: &'a RecordedRun<'a>,
}

/// Which rows a statistic sees.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) variant: &'a str,
    pub(crate) model: &'a str,
    pub(crate) metric: &'a str,
    pub(crate) at: &'a toml::Table,
}

impl<'a> Place<'a> {
    /// What a claim is about.
    pub(crate) fn of(claim: &'a Claim) -> Self {
        Self {
            variant: &claim.variant,
            model: &claim.model,
            metric: &claim.metric,
            at: &claim.at,
        }
    }
}

/// The rule of a claim for a statistic.
pub(crate) fn rule<'r>(
    claim: &Claim,
    statistic: &dyn Statistic,
    order: Option<&'r OrderTest<'r>>,
) -> Rule<'r> {
    Rule {
        interval: claim.interval,
        range: statistic.range(),
        threshold: claim.threshold,
        order,
    }
}

impl<'a> Judge<'a> {
    pub(crate) fn selection<'s>(&'s self, place: Place<'s>) -> Selection<'s>
    where
        'a: 's,
    {
        let Place {
            variant,
            model,
            metric,
            at,
        } = place;
        Selection::select(self.run, variant, model, metric, at)
    }

    /// One statistic at one place, with how surprising it is.
    pub(crate) fn judgement(
        &self,
        claim: &Claim,
        place: Place<'_>,
        statistic: &dyn Statistic,
    ) -> (Judgement, Option<f64>) {
        let selection = self.selection(place);
        let measured = statistic.measure(&selection);
        let arranged = statistic.arranged(&selection);
        let arranged: Option<&Arranged<'_>> = arranged.as_ref();
        let order = arranged.and_then(|arranged| OrderTest::new(arranged, claim.threshold));
        let rule = rule(claim, statistic, order.as_ref());
        let components = rule.judge(&measured.components);
        let outcome = all_of(&components);
        let p = rule.p_value(&measured.components, &components, outcome);
        let table = statistic.resolved();
        let kind = table.get("kind").and_then(toml::Value::as_str);
        let mut notes = measured.notes;
        notes.extend(selection.cut_short());
        let judgement = Judgement {
            model: place.model.to_owned(),
            variant: place.variant.to_owned(),
            statistic: kind.unwrap_or_default().to_owned(),
            outcome,
            order: arranged.filter(|_| order.is_some()).map(order_test::info),
            seed_share: rule.seed_share(&measured.components),
            components,
            notes,
        };
        (judgement, p)
    }

    fn claim(&self, planned: &PlannedClaim) -> ClaimVerdict {
        let (claim, statistic) = (&planned.claim, &*planned.statistic);
        let own = Place::of(claim);
        let (measured, p_value) = self.judgement(claim, own, statistic);
        let controls = claim.controls.iter().zip(&planned.controls);
        let controls: Vec<ControlVerdict> = controls
            .map(|(control, statistic)| {
                let place = Place {
                    variant: control.variant.as_ref().unwrap_or(&claim.variant),
                    model: control.model.as_ref().unwrap_or(&claim.model),
                    metric: control.metric.as_ref().unwrap_or(&claim.metric),
                    at: control.at.as_ref().unwrap_or(&claim.at),
                };
                let (judgement, _) = self.judgement(claim, place, &**statistic);
                ControlVerdict {
                    name: control.name.clone(),
                    must: control.must,
                    met: judgement.outcome == control.must,
                    judgement,
                }
            })
            .collect();
        let with = |model: &str| self.judgement(claim, Place { model, ..own }, statistic).0;
        let compared: Vec<Judgement> = claim.compare.iter().map(|model| with(model)).collect();
        let shared_with: Vec<String> = compared
            .iter()
            .filter(|j| j.outcome == Outcome::Supported)
            .map(|j| j.model.clone())
            .collect();
        let known = |model: &str| model == claim.model || claim.compare.iter().any(|c| c == model);
        let table = statistic.resolved();
        let gap_to = table.get("to").and_then(toml::Value::as_str);
        let others = self.run.observations.models(&claim.metric).into_iter();
        let has_values = |judgement: &Judgement| {
            let mut parts = judgement.components.iter();
            parts.any(|part| part.values.iter().any(Option::is_some))
        };
        let alongside = others
            .filter(|model| !known(model) && gap_to != Some(*model))
            .map(with)
            .filter(has_values);
        let alongside = alongside.collect();
        let missed: Vec<&ControlVerdict> = controls.iter().filter(|c| !c.met).collect();
        let outcome = if missed.is_empty() {
            measured.outcome
        } else {
            Outcome::Undecided
        };
        let reason = reason(claim, &measured, &missed, &shared_with);
        let seeds = self.run.manifest.seeds.len();
        ClaimVerdict {
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            source: claim.source.clone(),
            threshold: claim.threshold,
            origin: claim.origin,
            threshold_at_run: None,
            outcome,
            reason,
            p_value: p_value.filter(|_| outcome != Outcome::Undecided),
            holm_p: None,
            false_support: Some(rule(claim, statistic, None).false_support(seeds)),
            verification: self.run.manifest.role(&claim.model) != Role::Net,
            measured,
            controls,
            compared,
            alongside,
            shared_with,
        }
    }
}
