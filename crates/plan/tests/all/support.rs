//! Specs as text, their plans and their errors, for the tests of plans and of training.

use plan::{Kinds, Options, Plan, SpecError, load_source};

/// The smallest complete spec: two models on a population, a few steps.
pub(crate) const SMALL: &str = include_str!("../specs/small.toml");

/// Addition modulo 7 by a small quadratic net, which fits and generalises within a few hundred
/// steps, and by its twins.
pub(crate) const ADDITION: &str = include_str!("../specs/addition.toml");

/// Free features of four classes of nine rows, from an aligned start.
pub(crate) const FREE: &str = include_str!("../specs/free.toml");

/// A small net on iris.
pub(crate) const IRIS: &str = include_str!("../specs/iris.toml");

/// A spec with one of everything, on two cells of a grid and two seeds.
pub(crate) const WHOLE: &str = include_str!("../specs/whole.toml");

/// The plan of `text`.
pub(crate) fn load(text: &str) -> Plan {
    load_with(text, &[]).unwrap_or_else(|error| panic!("{error}"))
}

/// The plan of `text` with `-s` overrides.
pub(crate) fn load_with(text: &str, overrides: &[&str]) -> Result<Plan, SpecError> {
    let options = Options {
        overrides: overrides.iter().map(|&text| text.to_owned()).collect(),
        ..Options::default()
    };
    load_source(text, "small.toml", &options, &Kinds::default())
}

/// The error of a spec that must be refused.
pub(crate) fn refusal(text: &str) -> String {
    refusal_with(text, &[])
}

/// The error of a spec that must be refused with these overrides.
pub(crate) fn refusal_with(text: &str, overrides: &[&str]) -> String {
    match load_with(text, overrides) {
        Ok(_) => panic!("accepted: {text}\nwith {overrides:?}"),
        Err(error) => error.to_string(),
    }
}

/// [`SMALL`] with one piece of text replaced by another.
pub(crate) fn small_with(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old}");
    SMALL.replace(old, new)
}

/// Asserts that one text holds another.
pub(crate) fn assert_holds(text: &str, piece: &str) {
    assert!(text.contains(piece), "{text}\nwithout\n{piece}");
}

/// The identity of a run of a plan, without seeds.
pub(crate) fn hash(plan: &Plan) -> String {
    plan.identity("flex", "autodiff").spec_hash
}
