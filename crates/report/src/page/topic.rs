//! The claims of all runs, by phenomenon, and what each is evidence of.

use judge::{ClaimVerdict, ComponentJudgement, Judgement, Run};
use models::Role;
use plan::spec::Outcome;

use crate::number::significant;

/// Rate of Holm's correction.
const RATE: f64 = 0.05;
const DIGITS: usize = 3;
/// Where specs stand that name no phenomenon: last.
const UNNAMED: &str = "Other";

/// The claims about one phenomenon.
pub(super) struct Topic<'a> {
    pub(super) name: &'a str,
    pub(super) claims: Vec<Judged<'a>>,
}

/// A claim of a run.
pub(super) struct Judged<'a> {
    pub(super) run: &'a Run,
    pub(super) claim: &'a ClaimVerdict,
    /// Position of the run on the page.
    pub(super) place: usize,
    /// Whether its verdict survives the number of claims of its experiment.
    pub(super) survives: bool,
}

/// What a claim is evidence of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Evidence {
    /// A net does what layered models predict.
    Explained {
        /// A layered model passes the same test.
        layered_passes: bool,
        /// A plain linear model was put to the same test and failed it.
        linear_fails: bool,
    },
    /// A net does what is claimed, and so does the plain linear model.
    NeedsNoLayers,
    /// A net does what is claimed, and the layered models that were put to the same test do not.
    NetAlone,
    /// A net does otherwise than claimed.
    Contradicted,
    /// Nothing is decided about a net.
    Open,
    /// A solvable model does what is claimed, or does not, or that is not decided.
    Solvable(Outcome),
}

/// The topics in the order of their first run: those with tests of nets before the others, runs without a
/// phenomenon last.
pub(super) fn topics(runs: &[Run]) -> Vec<Topic<'_>> {
    let mut topics: Vec<Topic<'_>> = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let name = run.spec.phenomenon.as_str();
        let claims = run.verdict.claims.iter().map(|claim| Judged {
            run,
            claim,
            place,
            survives: claim.holm_p.is_some_and(|p| p <= RATE),
        });
        match topics.iter_mut().find(|topic| topic.name == name) {
            Some(topic) => topic.claims.extend(claims),
            None => topics.push(Topic {
                name,
                claims: claims.collect(),
            }),
        }
    }
    topics.retain(|topic| !topic.claims.is_empty());
    topics.sort_by_key(|topic| {
        let of_net = topic.claims.iter().any(Judged::is_of_net);
        (topic.name == UNNAMED, !of_net)
    });
    topics
}

impl<'a> Judged<'a> {
    /// The id of the claim on the page.
    pub(super) fn anchor(&self) -> String {
        claim_anchor(self.place, self.position())
    }

    /// Its position among the claims of its run.
    pub(super) fn position(&self) -> usize {
        let mut claims = self.run.verdict.claims.iter();
        let position = claims.position(|claim| std::ptr::eq(claim, self.claim));
        position.unwrap_or(0)
    }

    /// Whether the claim speaks of a real net, not of a model that can be solved.
    pub(super) fn is_of_net(&self) -> bool {
        self.role(&self.claim.measured) == Role::Net
    }

    /// Whether it has a verdict that could survive the number of claims, or not.
    pub(super) fn counts(&self) -> bool {
        self.claim.outcome != Outcome::Undecided && self.claim.p_value.is_some()
    }

    pub(super) fn role(&self, judgement: &Judgement) -> Role {
        self.run.manifest.role(&judgement.model)
    }

    /// The claim's own measurement, and the same statistic on the other models.
    pub(super) fn judgements(&self) -> impl Iterator<Item = &'a Judgement> + use<'a> {
        let claim = self.claim;
        std::iter::once(&claim.measured)
            .chain(&claim.compared)
            .chain(&claim.alongside)
    }

    /// What the claim is evidence of. "The same test" is the statistic and the threshold of the claim on
    /// the other models of the same variant.
    pub(super) fn evidence(&self) -> Evidence {
        let outcome = self.claim.outcome;
        if !self.is_of_net() {
            return Evidence::Solvable(outcome);
        }
        let some = |wanted: &[Role], outcome: Outcome| {
            let mut others = self.judgements().skip(1);
            others.any(|other| wanted.contains(&self.role(other)) && other.outcome == outcome)
        };
        let layered = |outcome| some(&[Role::Twin, Role::Theory], outcome);
        let linear = |outcome| some(&[Role::Linear], outcome);
        match outcome {
            Outcome::Contradicted => Evidence::Contradicted,
            Outcome::Undecided => Evidence::Open,
            Outcome::Supported if linear(Outcome::Supported) => Evidence::NeedsNoLayers,
            Outcome::Supported
                if layered(Outcome::Contradicted) && !layered(Outcome::Supported) =>
            {
                Evidence::NetAlone
            }
            Outcome::Supported => Evidence::Explained {
                layered_passes: layered(Outcome::Supported),
                linear_fails: linear(Outcome::Contradicted),
            },
        }
    }
}

/// The id of the claim at `position` of the run at `place`.
pub(super) fn claim_anchor(place: usize, position: usize) -> String {
    format!("claim-{}-{}", place + 1, position + 1)
}

/// The id of the run at `place`.
pub(super) fn run_anchor(place: usize) -> String {
    format!("run-{}", place + 1)
}

/// The first part that contradicts, or is undecided, or the first.
pub(crate) fn decisive(judgement: &Judgement) -> Option<&ComponentJudgement> {
    let first = |outcome| {
        let mut parts = judgement.components.iter();
        parts.find(|part| part.outcome == outcome)
    };
    first(Outcome::Contradicted)
        .or_else(|| first(Outcome::Undecided))
        .or_else(|| judgement.components.first())
}

/// Label, centre and interval of one part.
pub(crate) fn number(part: &ComponentJudgement) -> String {
    let label = if part.label.is_empty() {
        String::new()
    } else {
        format!("{}: ", part.label)
    };
    format!("{label}{}", value(part))
}

/// Centre and interval of one part.
pub(crate) fn value(part: &ComponentJudgement) -> String {
    let text = |value: Option<f64>, none: &str| {
        value.map_or_else(|| none.to_owned(), |value| significant(value, DIGITS))
    };
    // Where censoring hides the centre, the bound says all that is known.
    let centre = match (part.centre, part.low) {
        (Some(centre), _) => significant(centre, DIGITS),
        (None, Some(low)) => format!("≥ {}", significant(low, DIGITS)),
        (None, None) => "–".to_owned(),
    };
    match part.coverage {
        None => centre,
        Some(_) => format!(
            "{centre} [{}, {}]",
            text(part.low, "−∞"),
            text(part.high, "∞")
        ),
    }
}
