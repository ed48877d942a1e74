//! Specs of the parity tasks and the registry: defaults, round trips, and errors that name a key.

use layerwise_tasks::{Batch, KeyError, Task, kinds};
use proptest::prelude::*;

const MULTITASK: &str = "kind = 'multitask-parity'\nskills = 5\nbits = 16\nbits_per_skill = 3\n";
const SPARSE: &str = "kind = 'sparse-parity'\nbits = 10\nparity = 3\n";

fn build(spec: &str) -> Result<Box<dyn Task>, KeyError> {
    let table = spec
        .parse()
        .unwrap_or_else(|error| panic!("{spec}: {error}"));
    kinds().build(table)
}

#[test]
fn every_default_is_written_out() {
    let cases = [
        (
            format!("{MULTITASK}alpha = 0.6"),
            format!(
                "{MULTITASK}alpha = 0.6\ntarget = 1.0\nencoding = 'zero-one'\n\
                 subsets = 'disjoint'\ndata = {{ mode = 'fresh', batch = 500 }}\n\
                 test = {{ per_skill = 400 }}"
            ),
        ),
        (
            SPARSE.to_owned(),
            format!(
                "{SPARSE}target = 1.0\nencoding = 'plus-minus'\nsubset = 'first'\n\
                 data = {{ mode = 'fresh', batch = 500 }}\ntest = {{ per_skill = 400 }}"
            ),
        ),
        (
            format!("{SPARSE}data = {{ mode = 'population', over = 'skills' }}"),
            format!(
                "{SPARSE}target = 1.0\nencoding = 'plus-minus'\nsubset = 'first'\n\
                 data = {{ mode = 'population', over = 'skills' }}"
            ),
        ),
        (
            "kind = 'skill-spectrum'\nskills = 1000\nalpha = 1".to_owned(),
            "kind = 'skill-spectrum'\nskills = 1000\nalpha = 1.0\ntarget = 1.0\nexact = 300\n\
             group_ratio = 1.05"
                .to_owned(),
        ),
        (
            "kind = 'modes'\ninput_powers = [1, 0.5]\ntargets = [2, 3]".to_owned(),
            "kind = 'modes'\ninput_powers = [1.0, 0.5]\ntargets = [2.0, 3.0]".to_owned(),
        ),
    ];
    for (spec, resolved) in cases {
        let expected: toml::Table = resolved.parse().unwrap();
        assert_eq!(build(&spec).unwrap().resolved(), expected);
    }
}

#[test]
fn wrong_input_is_answered_with_the_key() {
    let multitask = [
        ("alpha = 0.6\nbitz = 3", "bitz"),
        ("alpha = 0", "alpha"),
        ("alpha = -0.6", "alpha"),
        ("alpha = inf", "alpha"),
        ("alpha = 'steep'", "alpha"),
        ("alpha = 500", "alpha"),
        ("", "alpha"),
        (
            "alpha = 0.6\nprobabilities = [0.2, 0.2, 0.2, 0.2, 0.2]",
            "probabilities",
        ),
        ("probabilities = [0.5, 0.5]", "probabilities"),
        ("probabilities = [0.2, 0.2, 0.2, 0.2, 0.3]", "probabilities"),
        (
            "probabilities = [0.2, 0.2, 0.4, 0.2, 0.0]",
            "probabilities[4]",
        ),
        (
            "probabilities = [0.2, 0.2, 0.4, '0.2', 0.0]",
            "probabilities[3]",
        ),
        ("alpha = 0.6\ntarget = 0", "target"),
        ("alpha = 0.6\ntarget = nan", "target"),
        ("alpha = 0.6\ntarget = inf", "target"),
        ("alpha = 0.6\nencoding = 'one-two'", "encoding"),
        ("alpha = 0.6\nsubsets = 'same'", "subsets"),
        ("alpha = 0.6\ntest = { per_skill = 0 }", "test.per_skill"),
        ("alpha = 0.6\ntest = { per_skill = -4 }", "test.per_skill"),
        (
            "alpha = 0.6\ntest = { per_skill = 4_000_000_000 }",
            "test.per_skill",
        ),
        ("alpha = 0.6\ntest = { rows = 4 }", "test.rows"),
        ("alpha = 0.6\ntest = 400", "test"),
        ("alpha = 0.6\ndata = { batch = 500 }", "data.mode"),
        ("alpha = 0.6\ndata = { mode = 'stale' }", "data.mode"),
        (
            "alpha = 0.6\ndata = { mode = 'fresh', batch = 0 }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fresh', batch = 1.5 }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fresh', batch = 100_000_000 }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fresh', size = 10 }",
            "data.size",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fresh', rows = 10 }",
            "data.rows",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', order = 'epochs', batch = 1 }",
            "data.size",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 10, batch = 1 }",
            "data.order",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 10, order = 'random' }",
            "data.order",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 0, order = 'full-batch' }",
            "data.size",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 10, order = 'full-batch', batch = 10 }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 10, order = 'epochs' }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 10, order = 'epochs', batch = 11 }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 4_000_000_000, order = 'epochs', \
             batch = 11 }",
            "data.size",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'fixed', size = 9, order = 'full-batch', \
             over = 'inputs' }",
            "data.over",
        ),
        ("alpha = 0.6\ndata = { mode = 'population' }", "data.over"),
        (
            "alpha = 0.6\ndata = { mode = 'population', over = 'inputs' }",
            "data.over",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'population', over = 'skills', batch = 3 }",
            "data.batch",
        ),
        (
            "alpha = 0.6\ndata = { mode = 'population', over = 'skills' }\n\
             test = { per_skill = 3 }",
            "test.per_skill",
        ),
    ];
    let kind = "kind = 'multitask-parity'\nalpha = 0.6\n";
    let whole = [
        (
            format!("{kind}skills = 5\nbits = 16\nbits_per_skill = 17"),
            "bits_per_skill",
        ),
        (
            format!("{kind}skills = 5\nbits = 16\nbits_per_skill = 0"),
            "bits_per_skill",
        ),
        (
            format!("{kind}skills = 5\nbits = 16\nbits_per_skill = 'three'"),
            "bits_per_skill",
        ),
        (
            format!("{kind}skills = 3\nbits = 16\nbits_per_skill = [1, 2]"),
            "bits_per_skill",
        ),
        (
            format!("{kind}skills = 3\nbits = 16\nbits_per_skill = [1, 2, 17]"),
            "bits_per_skill[2]",
        ),
        (
            format!("{kind}skills = 3\nbits = 16\nbits_per_skill = [1, 0, 3]"),
            "bits_per_skill[1]",
        ),
        (
            format!("{kind}skills = 3\nbits = 5\nbits_per_skill = [1, 2, 3]"),
            "bits",
        ),
        (
            format!("{kind}skills = 5\nbits = 65\nbits_per_skill = 3"),
            "bits",
        ),
        (
            format!("{kind}skills = 5\nbits = 14\nbits_per_skill = 3"),
            "bits",
        ),
        (
            format!("{kind}skills = 0\nbits = 16\nbits_per_skill = 3"),
            "skills",
        ),
        (
            format!("{kind}skills = -5\nbits = 16\nbits_per_skill = 3"),
            "skills",
        ),
        (
            format!("{kind}skills = '5'\nbits = 16\nbits_per_skill = 3"),
            "skills",
        ),
        (format!("{kind}bits = 16\nbits_per_skill = 3"), "skills"),
        (
            "kind = 'sparse-parity'\nbits = 5\nparity = 6".to_owned(),
            "parity",
        ),
        (
            "kind = 'sparse-parity'\nbits = 5\nparity = 0".to_owned(),
            "parity",
        ),
        ("kind = 'sparse-parity'\nbits = 5".to_owned(), "parity"),
        (format!("{SPARSE}alpha = 0.5"), "alpha"),
        (format!("{SPARSE}subset = 'last'"), "subset"),
        (
            format!("{SPARSE}data = {{ mode = 'fresh', batch = -1 }}"),
            "data.batch",
        ),
        ("kind = 'parity'".to_owned(), "kind"),
        ("kind = 3".to_owned(), "kind"),
        ("bits = 3".to_owned(), "kind"),
    ];
    let multitask = multitask.map(|(rest, key)| (format!("{MULTITASK}{rest}"), key));
    for (spec, key) in multitask.into_iter().chain(whole) {
        match build(&spec) {
            Ok(_) => panic!("accepted: {spec}"),
            Err(error) => {
                assert_eq!(error.key, key, "{spec}: {error}");
                assert!(
                    error.hint.ends_with('.') && !error.problem.ends_with('.'),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn errors_read_as_sentences() {
    let message = |spec: &str| build(spec).err().unwrap().to_string();
    let cases = [
        (
            format!("{MULTITASK}alpha = 0"),
            "alpha = 0: must be finite and above 0. Write a positive number.",
        ),
        (
            format!("{MULTITASK}alpha = 1\ndata = {{ mode = 'fresh', over = 'skills' }}"),
            "data.over = \"skills\": has no effect with mode = \"fresh\". Remove it.",
        ),
        (
            MULTITASK.replace("bits = 16", "bits = 12") + "alpha = 1",
            "bits = 12: is too few for 5 disjoint subsets of 3. \
             Write 15 or more, or subsets = \"random\".",
        ),
        (
            "kind = 'parity'".to_owned(),
            "kind = \"parity\": is not a task kind. \
             Choose one of: class-labels, dataset, gaussian-mixture, linear-map, modes, \
             modular-arithmetic, multitask-parity, random-regression, skill-spectrum, \
             sparse-parity, teacher-student, tensors.",
        ),
    ];
    for (spec, expected) in cases {
        assert_eq!(message(&spec), expected);
    }
}

#[test]
fn a_crate_outside_can_add_a_kind() {
    let mut registry = kinds();
    registry.register("nothing", |_| {
        Err(KeyError::new("kind", "nothing", "is a test", "Stop."))
    });
    assert!(registry.names().contains(&"nothing"));
    let error = registry
        .build("kind = 'nothing'".parse().unwrap())
        .err()
        .unwrap();
    assert_eq!(error.problem, "is a test");
}

fn data() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        (1..50_u32).prop_map(|batch| format!("data = {{ mode = 'fresh', batch = {batch} }}\n")),
        (1..50_u32).prop_map(|size| format!(
            "data = {{ mode = 'fixed', size = {size}, order = 'full-batch' }}\n"
        )),
        (
            1..50_u32,
            0..20_u32,
            prop::sample::select(vec!["epochs", "replacement"])
        )
            .prop_map(|(batch, more, order)| format!(
                "data = {{ mode = 'fixed', size = {}, order = '{order}', batch = {batch} }}\n",
                batch + more
            )),
        prop::sample::select(vec!["skills", "inputs"])
            .prop_map(|over| format!("data = {{ mode = 'population', over = '{over}' }}\n")),
    ]
}

fn parity_spec() -> impl Strategy<Value = String> {
    let shared = (
        1..8_u32,
        1..=8_u32,
        0.01..9.0_f64,
        prop::sample::select(vec![
            "",
            "encoding = 'zero-one'\n",
            "encoding = 'plus-minus'\n",
        ]),
        data(),
    );
    let multitask = (1..6_u32, 0.01..3.0_f64);
    (shared, prop::option::of(multitask)).prop_map(
        |((bits, size, target, encoding, data), many)| {
            let size = size.min(bits);
            let rest = format!("bits = {bits}\ntarget = {target}\n{encoding}{data}");
            match many {
                Some((skills, alpha)) => format!(
                    "kind = 'multitask-parity'\nskills = {skills}\nbits_per_skill = {size}\n\
                 alpha = {alpha}\nsubsets = 'random'\n{rest}"
                ),
                None => {
                    format!("kind = 'sparse-parity'\nparity = {size}\nsubset = 'random'\n{rest}")
                }
            }
        },
    )
}

proptest! {
    #[test]
    fn a_resolved_spec_is_the_same_task(spec in parity_spec(), seed in any::<u64>()) {
        let task = build(&spec).unwrap();
        // Through text, as a run directory keeps it.
        let text = toml::to_string(&task.resolved()).unwrap();
        let again = build(&text).unwrap();
        prop_assert_eq!(again.resolved(), task.resolved());
        let shape = task.shape();
        prop_assert_eq!(again.shape(), shape);
        let (one, other) = (task.instance(seed), again.instance(seed));
        prop_assert_eq!(one.groups(), other.groups());
        prop_assert_eq!(one.test(), other.test());
        let (mut left, mut right) = (Batch::zeros(shape, 0), Batch::zeros(shape, 0));
        one.training().fill(3, &mut left);
        other.training().fill(3, &mut right);
        prop_assert_eq!(left.rows, task.batch_rows());
        prop_assert_eq!(left, right);
    }
}
