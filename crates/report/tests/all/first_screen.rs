//! The answer that a page over several experiments begins with, composed from verdicts.

use judge::{ClaimVerdict, Run};
use layerwise_report::page;
use plan::spec::Outcome::{self, Contradicted, Supported, Undecided};

use crate::synthetic;

/// A claim about `model` with this outcome, and what came of the same test on others.
fn claim(id: &str, model: &str, outcome: Outcome, others: &[(&str, Outcome)]) -> ClaimVerdict {
    let mut claim = synthetic::emergence().verdict.claims.remove(0);
    id.clone_into(&mut claim.id);
    claim.statement = format!("Statement of {id}");
    model.clone_into(&mut claim.measured.model);
    claim.outcome = outcome;
    let other = &claim.compared[0];
    let others = others.iter().map(|(model, outcome)| {
        let mut judgement = other.clone();
        (*model).clone_into(&mut judgement.model);
        judgement.outcome = *outcome;
        judgement
    });
    claim.alongside = others.collect();
    claim.compared.clear();
    claim.shared_with.clear();
    claim
}

/// Two runs, the first of which has these claims and the second none.
fn runs(claims: Vec<ClaimVerdict>) -> [Run; 2] {
    let (mut first, mut second) = (synthetic::emergence(), synthetic::scaling());
    first.verdict.claims = claims;
    second.verdict.claims.clear();
    [first, second]
}

/// The first screen, without tags and with single spaces.
fn answer(runs: &[Run]) -> String {
    section(runs, "answer")
}

/// A section of the page, without tags and with single spaces.
fn section(runs: &[Run], class: &str) -> String {
    let html = page(runs).unwrap();
    let (_, rest) = html
        .split_once(&format!("<section class=\"{class}\""))
        .unwrap();
    let (_, rest) = rest.split_once('>').unwrap();
    let screen = rest.split("</section>").next().unwrap();
    let text: String = screen
        .split('<')
        .map(|piece| piece.split_once('>').map_or(piece, |(_, text)| text))
        .collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_answer_counts_what_each_claim_is_evidence_of() {
    let screen = answer(&runs(vec![
        claim(
            "A",
            "net",
            Supported,
            &[("twin", Supported), ("linear", Contradicted)],
        ),
        claim("B", "net", Supported, &[]),
        claim(
            "C",
            "net",
            Supported,
            &[("twin", Supported), ("linear", Supported)],
        ),
        claim(
            "D",
            "net",
            Supported,
            &[("twin", Contradicted), ("linear", Contradicted)],
        ),
        claim("E", "net", Contradicted, &[("twin", Supported)]),
        claim("F", "net", Undecided, &[]),
        claim("G", "twin", Supported, &[]),
        claim("H", "theory", Contradicted, &[]),
    ]));
    let lead = "Of 6 tests of real nets, 2 came out as layered models predict; in 1 of these a twin or \
                a closed form passes the same test beside the net. Of the others, 1 came out otherwise, 1 \
                holds in the net but not in the layered models beside it, 1 holds in a plain linear model, \
                too, and needs no layers and 1 is undecided.";
    assert!(screen.contains(lead), "{screen}");
    for part in [
        "were checked 2 times, and 1 of these checks came out as claimed.",
        "2 of 6 tests of real nets came out as layered models predict.",
        "A Statement of A",
        "The net does otherwise: E Statement of E",
        "and the layered models beside it do not: D Statement of D",
        "so that no layers are needed: C Statement of C",
        "A solvable model itself does otherwise: H Statement of H",
        "Undecided: F Statement of F",
        "interval over 8 seeds. 8 of 8 controls did what they must.",
        "1 of 2 checks of solvable models came out as claimed.",
    ] {
        assert!(screen.contains(part), "{part:?} is not in: {screen}");
    }
}

#[test]
fn a_control_that_missed_its_verdict_lessens_the_certainty() {
    let mut runs = runs(vec![claim("A", "net", Supported, &[])]);
    runs[0].verdict.claims[0].controls[0].met = false;
    assert!(answer(&runs).contains("0 of 1 control did what it must."));
}

#[test]
fn experiments_on_solvable_models_alone_are_no_tests_of_nets() {
    let screen = answer(&runs(vec![claim("G", "twin", Supported, &[])]));
    assert!(screen.contains("No test of a net"), "{screen}");
    assert!(!screen.contains("tests of real nets came out"), "{screen}");
}

#[test]
fn the_map_tells_checks_of_models_from_what_was_seen_and_what_was_changed() {
    let mut runs = runs(vec![
        claim("BF2", "net", Contradicted, &[]),
        claim("BF3", "net", Supported, &[]),
        claim("E1", "net", Supported, &[]),
        claim("S9", "twin", Supported, &[]),
    ]);
    runs[0].spec.name = "break-feedback".to_owned();
    runs[0].spec.phenomenon = "Emergence".to_owned();
    let text = section(&runs, "map");
    for part in [
        "Solved checks of the model itself 1 of 1 claim holds ✓ S9",
        "Seen net and theory side by side 1 of 1 claim holds ✓ E1",
        "the condition was varied on purpose 1 of 2 claims holds ✗ BF2 ✓ BF3",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains("Grokking"), "{text}");
    let lead = "Of 2 tests that change the condition on purpose, 1 holds: 1 of 2 on emergence.";
    assert!(answer(&runs).contains(lead));
}

#[test]
fn many_claims_are_folded() {
    let ids = ["A", "B", "C", "D", "E", "F"];
    let claims = ids.map(|id| claim(id, "net", Supported, &[]));
    let screen = answer(&runs(claims.to_vec()));
    assert!(screen.contains("4 more"), "{screen}");
}

#[test]
fn one_experiment_needs_no_answer_over_all() {
    let html = page(&[synthetic::emergence()]).unwrap();
    assert!(!html.contains("class=\"answer\""));
}
