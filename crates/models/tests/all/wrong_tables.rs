//! Tables of models that do not fit together, and numbers that make no sense: the error names the key.

use models::Model;
use tasks::{KeyError, TaskShape};

use crate::start::{flat, initial, model, relative_gap};

const SHAPE: TaskShape = TaskShape {
    inputs: 5,
    basis: 0,
    outputs: 4,
};

fn build(table: &str) -> Result<Box<dyn Model>, KeyError> {
    models::kinds().build(table.parse().unwrap())
}

/// Asserts that the table itself is refused with an error at `key`.
fn assert_refused(table: &str, key: &str) -> KeyError {
    let error = build(table).err();
    let error = error.unwrap_or_else(|| panic!("nothing is wrong with {table}"));
    assert_eq!(error.key, key, "{table}: {error}");
    assert!(error.hint.ends_with('.'), "{error}");
    error
}

/// Asserts that the model cannot be trained on rows of this shape, with an error at `key`.
fn assert_misfit(table: &str, shape: TaskShape, key: &str) -> KeyError {
    let error = build(table).unwrap().check(shape).unwrap_err();
    assert_eq!(error.key, key, "{table}: {error}");
    assert!(error.hint.ends_with('.'), "{error}");
    error
}

fn balanced(rest: &str) -> String {
    format!("kind = 'deep-linear'\ninit = {{ kind = 'balanced', alignment = 'task', {rest} }}\n")
}

#[test]
fn balanced_layers_of_the_wrong_shape_are_refused_with_the_side_that_is_too_small() {
    let positive = balanced("strength = 0.1, lambda = 0.5");
    let negative = balanced("strength = 0.1, lambda = -0.5");
    for (table, fits, too_many, side) in [(&positive, 4, 5, "outputs"), (&negative, 5, 6, "inputs")]
    {
        let widths = |hidden: usize| format!("{table}widths = [{hidden}]");
        build(&widths(fits)).unwrap().check(SHAPE).unwrap();
        let error = assert_misfit(&widths(too_many), SHAPE, "init.lambda");
        assert!(error.problem.contains(side), "{error}");
        assert!(
            error.problem.contains(&format!("{too_many} hidden")),
            "{error}"
        );
        assert!(error.hint.contains("fewer hidden neurons"), "{error}");
        let deep = assert_misfit(&format!("{table}widths = [3, 3]"), SHAPE, "init.lambda");
        assert!(deep.problem.contains("two layers, not 3"), "{deep}");
        assert!(deep.hint.contains("lambda = 0"), "{deep}");
    }
    // λ = 0 exists for every shape.
    for widths in ["[1]", "[50]", "[3, 3]", "[50, 1, 7]"] {
        let table = format!("{}widths = {widths}", balanced("strength = 0.1"));
        build(&table).unwrap().check(SHAPE).unwrap();
    }
}

#[test]
fn joint_starts_are_for_the_nets_that_they_describe() {
    let balanced = "{ kind = 'balanced', strength = 0.1, alignment = 'task' }";
    let toy = "{ kind = 'toy', sigma = 1.0 }";
    let mirrored = "{ kind = 'mirrored', scale = 1.0 }";
    let opposed = "{ kind = 'opposed', std = 1.0 }";
    let refused = |kind: &str, init: &str, rest: &str| {
        let table = format!("kind = '{kind}'\ninit = {init}\n{rest}");
        assert_refused(&table, "init.kind")
    };
    for init in [balanced, toy] {
        let error = refused("mlp", init, "widths = [4]\nbias = false");
        assert!(error.hint.contains("deep-linear"), "{error}");
        let identity = "widths = [4]\nbias = false\nactivation = 'identity'";
        refused("mlp", init, identity);
    }
    for init in [balanced, toy, mirrored, opposed] {
        let error = refused("deep-linear", init, "widths = [4]\nbias = true");
        assert!(error.hint.contains("bias = false"), "{error}");
        let error = refused("deep-linear", init, "widths = []");
        assert!(error.problem.contains("hidden layer"), "{error}");
    }
    refused("mlp", mirrored, "widths = [4]");
}

#[test]
fn toys_and_mirrored_pairs_of_the_wrong_shape_are_refused() {
    let shape = |inputs, outputs| TaskShape {
        inputs,
        basis: 0,
        outputs,
    };
    let toy = "kind = 'deep-linear'\ninit = { kind = 'toy', sigma = 1.0 }\nwidths = ";
    let fits = format!("{toy}[2]");
    build(&fits).unwrap().check(shape(1, 1)).unwrap();
    assert_misfit(&fits, shape(2, 1), "init.kind");
    assert_misfit(&fits, shape(1, 2), "init.kind");
    assert_misfit(&format!("{toy}[1]"), shape(1, 1), "init.kind");
    assert_misfit(&format!("{toy}[2, 2]"), shape(1, 1), "init.kind");
    for pairs in [
        "kind = 'mirrored', scale = 1.0",
        "kind = 'opposed', std = 1.0",
    ] {
        let pairs = format!("kind = 'mlp'\nbias = false\ninit = {{ {pairs} }}\nwidths = ");
        build(&format!("{pairs}[2]")).unwrap().check(SHAPE).unwrap();
        assert_misfit(&format!("{pairs}[3]"), SHAPE, "init.kind");
        let error = assert_misfit(&format!("{pairs}[2, 2]"), SHAPE, "init.kind");
        assert!(error.hint.contains("one even hidden width"), "{error}");
    }
}

#[test]
fn numbers_of_linear_starts_that_make_no_sense_name_their_key() {
    for strength in ["nan", "inf", "-0.1", "0.0"] {
        assert_refused(
            &(balanced(&format!("strength = {strength}")) + "widths = [4]"),
            "init.strength",
        );
    }
    for lambda in ["nan", "inf", "-inf"] {
        let table = balanced(&format!("strength = 0.1, lambda = {lambda}")) + "widths = [4]";
        assert_refused(&table, "init.lambda");
    }
    let init = |init: &str| format!("kind = 'deep-linear'\nwidths = [4]\ninit = {{ {init} }}");
    for (table, key) in [
        ("kind = 'toy', sigma = 0.0", "init.sigma"),
        ("kind = 'toy', sigma = nan", "init.sigma"),
        (
            "kind = 'toy', sigma = 1.0, correlation = 1.5",
            "init.correlation",
        ),
        (
            "kind = 'toy', sigma = 1.0, correlation = -1.01",
            "init.correlation",
        ),
        (
            "kind = 'toy', sigma = 1.0, correlation = nan",
            "init.correlation",
        ),
        ("kind = 'mirrored', scale = -1.0", "init.scale"),
        ("kind = 'mirrored', scale = nan", "init.scale"),
        ("kind = 'opposed', std = 0.0", "init.std"),
        ("kind = 'opposed', std = inf", "init.std"),
        (
            "kind = 'mirrored', scale = 1.0, imbalance = inf",
            "init.imbalance",
        ),
    ] {
        assert_refused(&init(table), key);
    }
    let scaled =
        |scales: &str| format!("kind = 'deep-linear'\nwidths = [4]\nlayer_scales = {scales}");
    assert_refused(&scaled("[1.0]"), "layer_scales");
    assert_refused(&scaled("[1.0, nan]"), "layer_scales[1]");
    assert_refused(&scaled("[inf, 1.0]"), "layer_scales[0]");
    let small = |rest: &str| format!("kind = 'deep-linear'\nwidths = [4]\nsmall = {{ {rest} }}");
    assert_refused(&small("layers = 3, scale = 0.1"), "small.layers");
    for scale in ["0.0", "-0.1", "nan", "inf"] {
        let table = small(&format!("layers = 2, scale = {scale}"));
        assert_refused(&table, "small.scale");
    }
    assert_refused(&small("scale = 0.1"), "small.layers");
}

#[test]
fn numbers_of_twins_that_make_no_sense_name_their_key() {
    let twin = |rest: &str| format!("kind = 'multilinear'\n{rest}");
    for (rest, key) in [
        ("initial = nan", "initial"),
        ("initial = -0.1", "initial"),
        ("initial = 0.1\ndepth = 0", "depth"),
        ("initial = 0.1\ndepth = 1", "depth"),
        ("initial = 0.1\ndepth = 3\nlambda = 0.5", "depth"),
        ("initial = 0.1\ndepth = 3\nimbalance = 2.0", "depth"),
        ("initial = 0.1\nlambda = nan", "lambda"),
        ("initial = 0.1\nlambda = inf", "lambda"),
        ("initial = 0.1\nlambda = 0.5\nimbalance = 2.0", "imbalance"),
        ("initial = 0.1\nimbalance = 0.0", "imbalance"),
        ("initial = 0.1\nspread = -1.0", "spread"),
        ("initial = 0.1\nlr_scale = 0.0", "lr_scale"),
        (
            "initial = 0.1\ninitial_factors = [1.0, 0.0]",
            "initial_factors[1]",
        ),
        (
            "initial = 0.1\ninitial_factors = [nan]",
            "initial_factors[0]",
        ),
    ] {
        assert_refused(&twin(rest), key);
    }
    let shape = TaskShape {
        inputs: 3,
        basis: 3,
        outputs: 1,
    };
    let factors = |list: &str| twin(&format!("initial = 0.1\ninitial_factors = {list}"));
    build(&factors("[1.0, 2.0, 3.0]"))
        .unwrap()
        .check(shape)
        .unwrap();
    let error = assert_misfit(&factors("[1.0, 2.0]"), shape, "initial_factors");
    assert!(error.problem.contains("2 entries for 3 skills"), "{error}");
    assert_misfit(&factors("[1.0, 2.0, 3.0, 4.0]"), shape, "initial_factors");
}

#[test]
fn lambda_zero_is_the_balanced_twin_of_every_depth() {
    let shape = TaskShape {
        inputs: 1,
        basis: 1,
        outputs: 1,
    };
    for depth in [2, 3, 5] {
        let table = format!("kind = 'multilinear'\ninitial = 0.1\ndepth = {depth}");
        let expected = initial(&*model(&table), shape, 0);
        let table = format!("{table}\nlambda = 0.0");
        let found = initial(&*model(&table), shape, 0);
        assert_eq!(found.len(), depth);
        let gap = relative_gap(&flat(&found), &flat(&expected));
        // One takes a square root of a quotient, the other of the strength.
        assert!(gap < 1e-15, "{depth}: {gap:e}");
    }
}

#[test]
fn scales_that_mean_nothing_are_refused() {
    for (table, key) in [
        ("kind = 'mlp'\nwidths = []\nimbalance = 2.0", "imbalance"),
        ("kind = 'mlp'\nwidths = [4]\nimbalance = 0.0", "imbalance"),
        (
            "kind = 'mlp'\nwidths = [4]\nweight_scale = -1.0",
            "weight_scale",
        ),
        (
            "kind = 'deep-linear'\nwidths = [4]\nimbalance = 2.0\n\
             init = { kind = 'balanced', lambda = 1.0, strength = 1.0, alignment = 'random' }",
            "init.kind",
        ),
        ("kind = 'diagonal-linear'", "initial"),
        ("kind = 'diagonal-linear'\ninitial = 0", "initial"),
        (
            "kind = 'diagonal-linear'\ninitial = 0.1\ndepth = 1",
            "depth",
        ),
        (
            "kind = 'diagonal-linear'\ninitial = 0.1\ndepth = 4",
            "depth",
        ),
        (
            "kind = 'diagonal-linear'\ninitial = 0.1\noutputs = 'rows'",
            "outputs",
        ),
    ] {
        assert_refused(table, key);
    }
}

#[test]
fn tasks_without_basis_functions_are_refused() {
    for table in [
        "kind = 'linear-basis'",
        "kind = 'diagonal-linear'\ninitial = 0.1",
    ] {
        let error = assert_misfit(table, SHAPE, "kind");
        assert!(error.hint.contains("features = \"characters\""), "{error}");
    }
    // Twins of skills have one output.
    let basis = 6;
    for table in [
        "kind = 'linear-skills'",
        "kind = 'multilinear'\ninitial = 0.1",
    ] {
        assert_misfit(table, TaskShape { basis, ..SHAPE }, "kind");
    }
}

#[test]
fn parametrisations_that_do_not_fit_the_net_are_refused() {
    for (rest, key) in [
        ("base_width = 4", "base_width"),
        ("parametrisation = 'ntk'\nbase_width = 0", "base_width"),
        (
            "bias = false\nparametrisation = 'ntk'\ninit = { kind = 'mirrored', scale = 0.1 }",
            "parametrisation",
        ),
    ] {
        assert_refused(&format!("kind = 'mlp'\nwidths = [4]\n{rest}"), key);
    }
}

#[test]
fn interventions_on_layers_that_a_model_does_not_have_are_refused() {
    let net = |rest: &str| format!("kind = 'mlp'\nwidths = [4]\n{rest}");
    let twin = |rest: &str| format!("kind = 'multilinear'\ninitial = 0.1\n{rest}");
    let cases = [
        ("freeze = ['layer 0']", "freeze[0].layer"),
        ("freeze = ['layer 1', 'layer 3']", "freeze[1].layer"),
        ("freeze = [{ layer = 3, from = 10 }]", "freeze[0].layer"),
        (
            "freeze = ['layer 1', { layer = 1, from = 10 }]",
            "freeze[1].layer",
        ),
        (
            "freeze = ['layer 1']\nclamp = ['layer 1']",
            "clamp[0].layer",
        ),
        (
            "freeze = [{ layer = 1, when = { metric = 'test_loss' } }]",
            "freeze[0].when",
        ),
        (
            "freeze = [{ layer = 1, when = { metric = 'test_loss', below = nan } }]",
            "freeze[0].when.below",
        ),
        (
            "freeze = [{ layer = 1, from = 5, when = { metric = 'test_loss', below = 1.0 } }]",
            "freeze[0].from",
        ),
        (
            "freeze = ['layer 2', { layer = 3, when = { metric = 'test_loss', below = 1.0 } }]",
            "freeze[1].layer",
        ),
        ("clamp = [{ layer = 1, norm = 0.0 }]", "clamp[0].norm"),
        ("feedback = { kind = 'fixed' }", "feedback"),
        (
            "feedback = { kind = 'fixed', std = 0.1, value = 0.1 }",
            "feedback",
        ),
        ("feedback = { kind = 'fixed', std = 0.0 }", "feedback.std"),
        (
            "feedback = { kind = 'fixed', value = 0.0 }",
            "feedback.value",
        ),
    ];
    for (rest, key) in cases {
        assert_refused(&net(rest), key);
        assert_refused(&twin(rest), key);
    }
    let single = "kind = 'mlp'\nwidths = []\nfeedback = { kind = 'fixed', std = 0.1 }";
    assert_refused(single, "feedback");
    assert_refused(
        &net("linearised = true\nfeedback = { kind = 'fixed', std = 0.1 }"),
        "feedback",
    );
    // What is no layer at all is told with how to write one.
    for rest in [
        "freeze = ['first']",
        "clamp = [2]",
        "freeze = ['layer one']",
    ] {
        let text = build(&net(rest)).err().unwrap().to_string();
        assert!(
            text.contains("\"layer 1\" or { layer = 1 }"),
            "{rest}: {text}"
        );
    }
    assert_refused(&net("freeze = [{ layer = 1, at = 3 }]"), "freeze[0].at");
    for (rest, key) in [
        ("balance = { every = 0 }", "balance.every"),
        ("balance = { every = 5 }\nfreeze = ['layer 1']", "balance"),
        ("balance = { every = 5 }\nclamp = ['layer 1']", "balance"),
        ("balance = { every = 5 }\nactivation = 'tanh'", "balance"),
        ("balance = { every = 5 }\nlinearised = true", "balance"),
        ("dropout = 1.0", "dropout"),
        ("dropout = -0.1", "dropout"),
        ("dropout = nan", "dropout"),
        ("dropout = 0.5\nlinearised = true", "dropout"),
        ("dropout = 0.5\ngates = 'start'", "dropout"),
        ("gates = 'end'", "gates"),
        ("gates = 'start'\nactivation = 'tanh'", "gates"),
        ("gates = 'start'\nactivation = 'quadratic'", "gates"),
        ("gates = 'start'\nlinearised = true", "gates"),
        (
            "gates = 'start'\nfeedback = { kind = 'fixed', std = 0.1 }",
            "gates",
        ),
    ] {
        assert_refused(&net(rest), key);
    }
    assert_refused(
        "kind = 'mlp'\nwidths = []\nbalance = { every = 5 }",
        "balance",
    );
    assert_refused("kind = 'mlp'\nwidths = []\ndropout = 0.5", "dropout");
    assert_refused(
        &net("freeze = [{ layer = 1, when = { metric = 'test_loss', at = 1.0 } }]"),
        "freeze[0].at",
    );
}

#[test]
fn interventions_are_written_only_where_they_are_given() {
    let plain = build("kind = 'mlp'\nwidths = [4]").unwrap();
    for key in ["freeze", "feedback", "clamp", "balance", "dropout"] {
        assert!(!plain.resolved().contains_key(key), "{key}");
    }
    assert!(plain.interventions().is_none());
    let rest = "freeze = ['layer 1']\nclamp = [{ layer = 2, norm = 1.5 }]\nfeedback = { kind = 'fixed', std = 0.01 }";
    let treated = build(&format!("kind = 'mlp'\nwidths = [4]\n{rest}")).unwrap();
    let again = models::kinds().build(treated.resolved()).unwrap();
    assert_eq!(again.resolved(), treated.resolved());
    assert_eq!(again.interventions(), treated.interventions());
    assert!(!treated.interventions().is_none());
    let when = "freeze = [{ layer = 1, when = { metric = 'test_loss', below = 0.1 } }]";
    let until = build(&format!("kind = 'mlp'\nwidths = [4]\n{when}")).unwrap();
    let again = models::kinds().build(until.resolved()).unwrap();
    assert_eq!(again.interventions(), until.interventions());
    assert_eq!(until.interventions().frozen_from(0), None);
    assert_eq!(until.interventions().frozen_when().count(), 1);
}

#[test]
fn a_norm_of_its_own_is_that_of_the_start_and_leaves_biases_alone() {
    let table = "kind = 'mlp'\nwidths = [6]\ninit = { kind = 'normal', std = 0.3 }";
    let plain = initial(&*model(table), SHAPE, 1);
    let clamped = model(&format!("{table}\nclamp = [{{ layer = 2, norm = 1.5 }}]"));
    let clamped = initial(&*clamped, SHAPE, 1);
    assert!((clamped[2].norm() - 1.5).abs() < 1e-14);
    let factor = 1.5 / plain[2].norm();
    let turned: Vec<f64> = plain[2].values.iter().map(|w| factor * w).collect();
    assert!(relative_gap(&clamped[2].values, &turned) < 1e-14);
    for place in [0, 1, 3] {
        assert_eq!(clamped[place], plain[place]);
    }
}

#[test]
fn backward_weights_are_drawn_from_the_seed_alone() {
    let table = "kind = 'mlp'\nwidths = [300]\nfeedback = { kind = 'fixed', std = 0.01 }";
    let drawn = |table: &str, seed| model(table).backward(SHAPE, seed).unwrap();
    let first = drawn(table, 0);
    assert_eq!((first.rows, first.columns), (300, SHAPE.outputs));
    assert_eq!(drawn(table, 0), first);
    assert_ne!(drawn(table, 1), first);
    // 1,200 numbers: their size is known to 2 %.
    let size = first.norm() / (first.values.len() as f64).sqrt();
    assert!((size / 0.01 - 1.0).abs() < 0.08, "{size}");
    let start = flat(&initial(&*model(table), SHAPE, 0));
    assert!(!start.iter().any(|weight| first.values.contains(weight)));
    let twin = "kind = 'multilinear'\ninitial = 0.1\nfeedback = { kind = 'fixed', value = 0.2 }";
    let skills = TaskShape {
        inputs: 0,
        basis: 3,
        outputs: 1,
    };
    assert_eq!(model(twin).backward(skills, 5).unwrap().values, [0.2; 3]);
    assert!(
        model("kind = 'mlp'\nwidths = [4]")
            .backward(SHAPE, 0)
            .is_none()
    );
}
