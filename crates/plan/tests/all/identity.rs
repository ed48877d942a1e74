//! Identities: what a cell and a run are called, and what they depend on.

use plan::Plan;

use crate::{
    cases::cases,
    support::{WHOLE, load, load_with},
};

/// Identities of the cells of [`WHOLE`] on flex by autodiff, and of its run.
///
/// Whoever has runs of an earlier build keeps them as long as these constants hold. A change that is on
/// purpose gets the next `record::FORMAT`, and these are replaced by what the test then finds; a change
/// by accident (of a default, of how a table is written, of the order of keys) is to be undone.
const CELLS: [&str; 4] = [
    "f6186854cbd5f35c0ea7b8c656a36ac2",
    "f59b8e4a45b76e095609360bac6afe66",
    "a9aad149a0a3af23db87b74b93c1b026",
    "4f15f3874c42fad9d32e233994108cce",
];
const RUN: [&str; 2] = [
    "2bca9757e3fa4c577f0a1e0dd98cb1d0",
    "d69dbe45998f91ae61124a23a7fbdeec",
];

fn cells(plan: &Plan, device: &str, engine: &str) -> Vec<String> {
    plan.cells(device, engine)
        .into_iter()
        .map(|cell| cell.id)
        .collect()
}

#[test]
fn identities_are_those_of_earlier_builds() {
    let plan = load(WHOLE);
    let identity = plan.identity("flex", "autodiff");
    assert_eq!(cells(&plan, "flex", "autodiff"), CELLS);
    assert_eq!([identity.spec_hash, identity.base_hash], RUN);
}

#[test]
fn what_is_not_trained_leaves_identities_alone() {
    for [old, new] in cases(
        r#"
above = 0.5 => above = 0.7
id = "C" => id = "D"
fit = 0.8 => fit = 0.9
generalised = 0.8 => generalised = 1.0
initial = 0.01\n\n[training] => initial = 0.02\n\n[training]
[training] => [predictions.more]\nkind = "multilinear-skills"\ninitial = 0.5\n\n[training]
name = "accuracies" => name = "others"
label = "net" => label = "a net"
title = "A title" => title = "Another title"
[training] => [training]\nkeep_weights = true
seeds = 2 => seeds = 2\nfirst_seed = 0
"#,
    ) {
        assert!(WHOLE.contains(&old), "{old}");
        let plan = load(&WHOLE.replace(&old, &new));
        assert_eq!(cells(&plan, "flex", "autodiff"), CELLS, "{new}");
        let identity = plan.identity("flex", "autodiff");
        assert_eq!([identity.spec_hash, identity.base_hash], RUN, "{new}");
    }
}

#[test]
fn what_is_trained_or_measured_changes_every_identity() {
    let base = load(WHOLE);
    let (known, run) = (
        cells(&base, "flex", "autodiff"),
        base.identity("flex", "autodiff"),
    );
    let changed = |plan: &Plan, device: &str, engine: &str, what: &str| {
        for id in cells(plan, device, engine) {
            assert!(!known.contains(&id), "{what}");
        }
        let identity = plan.identity(device, engine);
        assert_ne!(identity.spec_hash, run.spec_hash, "{what}");
        assert_ne!(identity.base_hash, run.base_hash, "{what}");
    };
    for change in [
        "training.lr=0.2",
        "training.steps=110",
        "training.schedule={ kind = \"cosine\" }",
        "training.optimizer={ kind = \"adam\" }",
        "training.loss={ kind = \"mse\", half = true }",
        "training.precision=f64",
        "models.net.widths=[17]",
        "models.net.activation=tanh",
        "models.net.lr_scale=0.5",
        "models.net.freeze=[\"layer 1\"]",
        "models.net.clamp=[{ layer = 1, norm = 2.0 }]",
        "models.net.feedback={ kind = \"fixed\", std = 0.1 }",
        "models.linear.bias=false",
        "task.train=91",
        "measure=[{ kind = \"loss\", schedule = { kind = \"linear\", every = 20 } }, \
         { kind = \"accuracy\", schedule = { kind = \"linear\", every = 5 } }]",
    ] {
        let plan = load_with(WHOLE, &[change]).unwrap_or_else(|error| panic!("{error}"));
        changed(&plan, "flex", "autodiff", change);
    }
    changed(&load(WHOLE), "wgpu", "autodiff", "device");
    changed(&load(WHOLE), "flex", "auto", "engine");
}
