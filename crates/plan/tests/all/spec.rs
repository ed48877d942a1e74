//! Specs: what is refused and where, overrides, variants, and that a resolved spec reads back.

use std::{fs, path::Path};

use plan::{Kinds, Options, Plan, SpecError, load as load_file, load_source, spec::Loss};

use crate::{
    cases::cases,
    support::{
        IRIS, SMALL, assert_holds, hash, load, load_with, refusal, refusal_with, small_with,
    },
};

/// Line of the first occurrence of `piece`, from 1.
fn line_of(text: &str, piece: &str) -> usize {
    let position = text.find(piece).unwrap_or_else(|| panic!("{piece}"));
    text[..position].matches('\n').count() + 1
}

/// Replaces `old` by `new` in [`SMALL`]; the error must point to the line of `at` and begin with
/// `message`.
fn assert_refused(old: &str, new: &str, at: &str, message: &str) {
    let text = small_with(old, new);
    let found = refusal(&text);
    let expected = format!("small.toml:{}: {message}", line_of(&text, at));
    assert!(found.starts_with(&expected), "{found}\nand not\n{expected}");
    assert!(found.ends_with('.'), "no remedy: {found}");
}

#[test]
fn an_error_names_file_line_key_and_value() {
    for [old, new, at, message] in cases(
        r#"
lr = 0.05 => lr = 0.05\nlrr = 1 => lrr => training.lrr = 1: is not a key
minutes = 0.1 => minutes = 0.1\nhours = 2 => hours => hours = 2: is not a key
steps = 60 => steps = "many" => steps => training.steps = "many":
steps = 60 => steps = 1.5 => steps => training.steps = 1.5:
steps = 60 => steps = 0 => steps => training.steps = 0: must be 1 or more
seeds = 3 => seeds = 0 => seeds => training.seeds = 0: must be 1 or more
seeds = 3 => seeds = -3 => seeds => training.seeds = -3:
lr = 0.05 => lr = -0.05 => lr => training.lr = -0.05: must be a finite number
lr = 0.05 => lr = nan => lr => training.lr = NaN: must be a finite number
[16] => [16, -3] => widths => models.net.widths[1] = -3:
[16] => [0] => widths => models.net.widths[0] = 0: must be 1 or more
[16] => 16 => widths => models.net.widths = 16:
[16] => [16]\nlayer_scales = [1.0] => layer_scales => models.net.layer_scales = [1.0]:
[16] => [16]\nactivation = "relo" => activation => models.net.activation = "relo":
initial = 0.01 => initial = 0.0 => initial => models.twin.initial = 0:
"mlp" => "mpl" => kind = "mpl" => models.net.kind = "mpl": is not a model kind
kind = "mlp"\n =>  => [models.net] => models.net.kind = (missing): is required
bits_per_skill = 2 => bits_per_skill = 7 => bits_per_skill => task.bits_per_skill = 7:
skills = 3 => skills = 4 => bits => task.bits = 6: is too few for 4 disjoint subsets
alpha = 0.6 => alpha = 0.0 => alpha => task.alpha = 0: must be finite and above 0
alpha = 0.6 => alpha = -0.6 => alpha => task.alpha = -0.6: must be finite and above 0
batch = 20 => batch = 0 => data => task.data.batch = 0:
batch = 20 => batsch = 20 => data => task.data.batsch = 20: is not a key
every = 10 => every = 0 => schedule => measure[0].schedule.every = 0: must be 1
{ kind = "linear", every = 10 } => { kind = "log", points = 0 } => schedule => measure[0].schedule.points = 0: must be 1
minutes = 0.1 => minutes = nan => minutes => minutes = NaN: must be a finite number
minutes = 0.1 => minutes = -1 => minutes => minutes = -1: must be a finite number
"skills" => "skils" => kind = "skils" => measure[0].kind = "skils": is not a
"#,
    ) {
        assert_refused(&old, &new, &at, &message);
    }
}

#[test]
fn what_no_machine_could_hold_is_refused_at_once() {
    for [old, new, at, message] in cases(
        r#"
seeds = 3 => seeds = 1000000000 => seeds => training.seeds = 1000000000: makes 1000000000 cells (seeds times variants), more than 100000
[16] => [1000000000] => widths => models.net.widths = [1000000000]: makes
[16] => [100000, 100000] => widths => models.net.widths = [100000, 100000]: makes 1.0e10 parameters, more than 2^31
"multilinear" => "multilinear"\ndepth = 1000000000 => depth => models.twin.depth = 1000000000: makes 3.0e9 parameters
"#,
    ) {
        assert_refused(&old, &new, &at, &message);
    }
    let variant = "[[sweep.variants]]\nname = \"more\"\nset = { \"training.seeds\" = 1000000000 }";
    assert_holds(
        &refusal(&format!("{SMALL}\n{variant}\n")),
        "belongs to the whole run",
    );
}

#[test]
fn names_are_plain_and_not_used_twice() {
    for name in ["../up", "a/b", "a b", "", "netz für"] {
        for (text, key) in [
            (
                small_with("[models.net]", &format!("[models.{name:?}]")),
                "models",
            ),
            (
                format!("{SMALL}\n[predictions.{name:?}]\nkind = \"sigmoid\"\n"),
                "predictions",
            ),
            (
                format!("{SMALL}\n[[sweep.variants]]\nname = {name:?}\n"),
                "sweep.variants[0].name",
            ),
        ] {
            let expected = format!("{key} = {name:?}: becomes part of file names");
            assert_holds(&refusal(&text), &expected);
        }
    }
    let claim = |id: &str| {
        format!(
            "[[claims]]\nid = {id:?}\nstatement = \"A statement\"\nsource = \"A source\"\n\
             metric = \"skill_strength\"\nmodel = \"net\"\nthreshold = {{ below = 1 }}\n\
             statistic = {{ kind = \"final-value\" }}\n\
             controls = [{{ name = \"twin\", model = \"twin\", must = \"undecided\" }}]\n"
        )
    };
    let number = |id: &str| {
        format!(
            "[[numbers]]\nid = {id:?}\nstatement = \"A number\"\nmetric = \"skill_strength\"\n\
             model = \"net\"\nstatistic = {{ kind = \"final-value\" }}\n"
        )
    };
    let picture = |name: &str| {
        format!(
            "[[pictures]]\nname = {name:?}\ntitle = \"A title\"\n[[pictures.panels]]\n\
             kind = \"curves\"\nmetric = \"skill_strength\"\nx_label = \"step\"\n\
             y_label = \"strength\"\nlayers = [{{ model = \"net\", label = \"net\" }}]\n"
        )
    };
    let with = |one: String, other: String| format!("{SMALL}\n{one}{other}");
    load(&with(claim("E6N'"), claim("N½")));
    load(&with(number("N1"), number("B²")));
    load(&with(picture("one"), picture("two")));
    for (text, message) in [
        (
            with(claim("C"), claim("C")),
            r#"claims = id = "C": is used twice"#,
        ),
        (
            with(claim("C"), claim("a/b")),
            r#"claims[1].id = "a/b": may contain only"#,
        ),
        (
            with(number("N"), number("N")),
            r#"numbers = id = "N": is used twice"#,
        ),
        (
            with(number("N"), number("")),
            r#"numbers[1].id = "": may contain only"#,
        ),
        (
            with(picture("one"), picture("one")),
            r#"pictures[1].name = "one": is also the name"#,
        ),
        (
            with(picture("one"), picture("a/b")),
            r#"pictures[1].name = "a/b": becomes part"#,
        ),
    ] {
        assert_holds(&refusal(&text), message);
    }
}

#[test]
fn a_missing_key_is_named_with_the_file_and_the_line_of_the_table_that_lacks_it() {
    let found = refusal("[models.net]\nkind = \"mlp\"\nwidths = [4]\n");
    assert_holds(&found, "small.toml: task = (missing): is required. Add it.");
    assert_holds(
        &found,
        "small.toml: training = (missing): is required. Add it.",
    );
    assert_refused(
        "lr = 0.05",
        "",
        "[training]",
        "training.lr = (missing): is required",
    );
}

#[test]
fn the_hinge_loss_wants_targets_of_1_and_minus_1() {
    let hinge = "training.loss={kind='hinge'}";
    let plan = load_with(SMALL, &[hinge]).unwrap();
    assert!(matches!(plan.variants[0].training.loss, Loss::Hinge { .. }));
    let twice = refusal_with(SMALL, &[hinge, "task.target=2.0"]);
    assert_holds(
        &twice,
        "training.loss = hinge: does not suit the training rows of task multitask-parity",
    );
    let classes = refusal_with(IRIS, &[hinge]);
    assert_holds(&classes, "targets of row 0 are not signs");
}

#[test]
fn the_cross_entropy_wants_probabilities_of_two_classes_or_more() {
    let cross = "training.loss={kind='cross-entropy'}";
    load_with(IRIS, &[cross]).unwrap();
    for (spec, more, kind) in [
        // One output, targets 1 and -1.
        (SMALL, None, "multitask-parity"),
        (IRIS, Some("task.centred_targets=true"), "dataset"),
        (IRIS, Some("task.target=0.5"), "dataset"),
        (IRIS, Some("task.target_power=1.0"), "dataset"),
    ] {
        let overrides: Vec<&str> = [cross].into_iter().chain(more).collect();
        let found = refusal_with(spec, &overrides);
        let says = format!(
            "training.loss = cross-entropy: does not suit the training rows of task {kind}: targets of row"
        );
        assert_holds(&found, &says);
        assert_holds(&found, "kind = \"mse\"");
    }
}

#[test]
fn grids_of_predictions_have_two_increasing_ends() {
    for [kind, more] in cases(
        r#"
resource-limits =>
power-laws => alpha = 0.6\ntarget = 1.0\ninitial = 0.01\n
"#,
    ) {
        let with = |data: &str| {
            format!(
                "{SMALL}\n[predictions.p]\nkind = \"{kind}\"\n{more}data = {data}\nparameters = [1, 9]\n"
            )
        };
        assert_eq!(load(&with("[1, 9]")).spec.predictions.len(), 1);
        for data in ["[0, 9]", "[9, 9]", "[9, 1]"] {
            assert_holds(&refusal(&with(data)), "predictions.p.data = ");
        }
    }
}

#[test]
fn constants_of_optimizers_and_schedules_have_their_domains() {
    for [line, message] in cases(
        r#"
optimizer = { kind = "sgd", momentum = 1.0 } => optimizer.momentum = 1:
optimizer = { kind = "sgd", dampening = -0.1 } => optimizer.dampening = -0.1:
optimizer = { kind = "sgd", weight_decay = -1 } => optimizer.weight_decay = -1:
optimizer = { kind = "sgd", nesterov = true } => optimizer.momentum = 0:
optimizer = { kind = "adam", beta2 = 1.0 } => optimizer.beta2 = 1:
optimizer = { kind = "adam", epsilon = 0.0 } => optimizer.epsilon = 0:
schedule = { kind = "steps", every = 0, factor = 0.5 } => schedule.every = 0:
schedule = { kind = "steps", every = 5, factor = 0.0 } => schedule.factor = 0:
schedule = { kind = "cosine", final_factor = -1 } => schedule.final_factor = -1:
divergence = 1.0 => divergence = 1:
stop_when = { model = "net", metric = "skill_strength" } => stop_when = (no bound):
stop_when = { model = "nut", metric = "x", above = 1 } => stop_when.model = "nut":
stop_when = { model = "net", metric = "x", above = 1 } => stop_when.metric = "x":
stop_when = [{ model = "net", metric = "skill_strength", above = 1 }, { model = "nut", metric = "skill_strength", above = 1 }] => stop_when[1].model = "nut":
stop_when = { model = "net", metric = "x", beyond = 1 } => stop_when.beyond = 1:
"#,
    ) {
        let new = format!("lr = 0.05\n{line}");
        assert_refused("lr = 0.05", &new, &line, &format!("training.{message}"));
    }
}

#[test]
fn an_error_in_a_list_of_tables_points_to_its_own_table() {
    let text =
        format!("{SMALL}\n[[measure]]\nkind = \"loss\"\nschedule = {{ kind = \"never\" }}\n");
    let expected = format!(
        "small.toml:{}: measure[1].schedule.kind = ",
        line_of(&text, "kind = \"never\"")
    );
    let found = refusal(&text);
    assert!(found.starts_with(&expected), "{found}");
}

/// Keys without a default.
const SHORT: &str = r#"
[task]
kind = "dataset"
name = "iris"
train = 90

[models.net]
kind = "mlp"
widths = [8]

[models.linear]
kind = "deep-linear"
widths = [8]

[training]
steps = 300
lr = 0.05
loss = "cross-entropy"
"#;

#[test]
fn a_short_spec_measures_draws_and_reports_what_its_task_has() {
    let plan = load(SHORT);
    let spec = &plan.spec;
    assert_eq!([&spec.name, &spec.title], ["small", "small"]);
    assert_eq!(spec.training.loss, Loss::CrossEntropy);
    let kinds: Vec<&str> = (spec.measure.iter())
        .map(|entry| entry["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["loss", "accuracy", "collapse"]);
    let pictures: Vec<(&str, usize)> = (spec.pictures.iter())
        .map(|picture| (picture.name.as_str(), picture.panels.len()))
        .collect();
    assert_eq!(pictures, [("accuracy", 2), ("loss", 2), ("collapse", 2)]);
    // Five end values of two models.
    assert_eq!(spec.numbers.len(), 10);
    // The resolved spec contains every key, and reads back unchanged.
    assert_eq!(load(&spec.to_toml()).spec, *spec);
    // A key that is given, even empty, is not filled in.
    let none = load(&format!("measure = []\npictures = []\n{SHORT}")).spec;
    assert!(none.measure.is_empty() && none.pictures.is_empty() && none.numbers.is_empty());
}

#[test]
fn closed_forms_lie_over_the_nets_of_a_short_spec() {
    let cut = SMALL.find("[[measure]]").unwrap();
    let text = format!(
        "{}\n[predictions.theory]\nkind = \"multilinear-skills\"\ninitial = 0.01\n",
        &SMALL[..cut]
    );
    let spec = load(&text).spec;
    let strengths = &spec.pictures[0];
    assert_eq!(strengths.name, "strengths");
    assert!(strengths.panels[0].mark_half_times);
    assert_eq!(strengths.panels[0].layers[0].model, "theory");
    assert_eq!(strengths.panels[0].layers.len(), 1 + spec.models.len());
}

#[test]
fn all_errors_of_a_spec_are_told_at_once_with_their_lines() {
    let text = SHORT
        .replace("train = 90", "trian = 90")
        .replace("widths = [8]", "widths = [0]")
        .replace("lr = 0.05", "lr = -1.0");
    let found = refusal(&text);
    for problem in [
        "small.toml:5: task.trian = 90: is not a key of this table. Did you mean train?",
        "small.toml:9: models.net.widths",
        "small.toml:13: models.linear.widths",
        "small.toml:17: training.lr = -1",
    ] {
        assert_holds(&found, problem);
    }
    // Top-level tables are read before anything else.
    let found = refusal(&format!(
        "nmae = \"x\"\n{}",
        SHORT.replace("steps = 300", "steps = \"many\"")
    ));
    assert_holds(
        &found,
        "small.toml:1: nmae = \"x\": is not a key of this table. Did you mean name?",
    );
    assert_holds(
        &found,
        "training.steps = \"many\": is text. Write a whole number, 0 or more.",
    );
    for word in ["struct", "enum", "map", "u64", "Raw"] {
        assert!(!found.contains(word), "{word}: {found}");
    }
}

#[test]
fn what_is_not_toml_is_refused_with_its_line() {
    for (new, at) in [
        ("steps = = 60", "steps"),
        ("steps = 60\nsteps = 70", "steps = 70"),
    ] {
        let text = small_with("steps = 60", new);
        let expected = format!("small.toml:{}: not valid TOML: ", line_of(&text, at));
        assert!(refusal(&text).starts_with(&expected), "{}", refusal(&text));
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let path = Path::new("no/such/spec.toml");
    let found = load_file(path, &Options::default(), &Kinds::default())
        .err()
        .unwrap();
    assert!(matches!(found, SpecError::File { .. }));
    assert!(
        found
            .to_string()
            .starts_with("no/such/spec.toml: cannot be read"),
        "{found}"
    );
}

fn claim(more: &str) -> String {
    format!("{SMALL}\n[[claims]]\nid = \"C\"\nstatement = \"A\"\nsource = \"B\"\n{more}\n")
}

const GOOD_CLAIM: &str = "metric = \"skill_strength\"\nmodel = \"net\"\n\
                          statistic = { kind = \"half-time-law\", exponent = 1.6 }\nthreshold = { below = 0.3 }\n\
                          controls = [{ name = \"c\", statistic = { exponent = 0.0 }, must = \"contradicted\" }]";

#[test]
fn claims_speak_of_things_that_exist() {
    assert_eq!(load(&claim(GOOD_CLAIM)).spec.claims.len(), 1);
    for [old, new, message] in cases(
        r#"
metric = "skill_strength" => metric = "skil" => metric = "skil": is not a metric
model = "net" => model = "nut" => model = "nut": is not a model or prediction
model = "net" => model = "net"\nvariant = "v" => variant = "v": is not a variant
model = "net" => model = "net"\ncompare = ["x"] => compare = "x": is not a model
half-time-law => half-life => statistic.kind = "half-life": is not a statistic
exponent = 1.6 => exponent = -1.6 => statistic.exponent = -1.6: must be
exponent = 0.0 => exponents = 0.0 => controls[0].statistic.exponents = 0.0: is not a key
name = "c", => name = "c", model = "x", => controls[0].model = "x": is not a model
below = 0.3 => within = [0.3, 0.1] => threshold = in [0.3, 0.1]:
below = 0.3 => below = nan => threshold = < NaN:
"#,
    ) {
        assert!(GOOD_CLAIM.contains(&old), "{old}");
        let found = refusal(&claim(&GOOD_CLAIM.replace(&old, &new)));
        assert_holds(&found, &format!(": claims[0].{message}"));
    }
    let lonely = GOOD_CLAIM.split("controls").next().unwrap();
    let found = refusal(&claim(&format!("{lonely}controls = []")));
    assert_holds(&found, "a claim without a control cannot be trusted");
}

fn set(overrides: &[&str]) -> Plan {
    load_with(SMALL, overrides).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn overrides_are_toml_values_or_bare_words() {
    let lr = |overrides: &[&str]| set(overrides).spec.training.lr;
    assert_eq!(lr(&["training.lr=0.25"]), 0.25);
    assert_eq!(lr(&[" training.lr = 1 "]), 1.0);
    assert_eq!(lr(&["training.lr=0.5", "training.lr=0.75"]), 0.75);
    assert_eq!(set(&["title=bare-word"]).spec.title, "bare-word");
    assert_eq!(set(&["title=\"two words\""]).spec.title, "two words");
    let net = |overrides: &[&str]| set(overrides).spec.models["net"].clone();
    assert_eq!(
        net(&["models.net.activation=tanh"])["activation"].as_str(),
        Some("tanh")
    );
    assert_eq!(
        net(&["models.net.bias=false"])["bias"].as_bool(),
        Some(false)
    );
    assert_eq!(
        net(&["models.net.widths=[4, 5]"])["widths"].to_string(),
        "[4, 5]"
    );
    let init = net(&["models.net.init={kind = \"normal\", std = 0.1}"]);
    assert_eq!(init["init"]["std"].as_float(), Some(0.1));
    // Missing parent tables are created.
    let stop = [
        "training.stop_when.model=net",
        "training.stop_when.metric=skill_strength",
        "training.stop_when.above=0.5",
    ];
    assert_eq!(set(&stop).spec.training.stop_when[0].above, Some(0.5));
}

#[test]
fn an_override_that_cannot_be_used_is_named() {
    for [text, message] in cases(
        r#"
training.lr => must be key=value
title=two words => title = two words: is not a TOML value
training.lr= => is not a TOML value
training.lr=fast => training.lr = "fast":
training.speed=1 => training.speed = 1: is not a key
training.lr.start=1 => training.lr.start = 1: cannot be set
measure.0.kind=loss => cannot be set
"#,
    ) {
        assert_holds(&refusal_with(SMALL, &[&text]), &message);
    }
}

#[test]
fn quick_keys_apply_when_asked_for_and_before_overrides() {
    let text = format!("{SMALL}\n[quick]\n\"training.steps\" = 20\n\"training.lr\" = 0.1\n");
    assert_eq!(load(&text).spec.training.steps, 60);
    let options = Options {
        quick: true,
        overrides: vec!["training.lr=0.2".to_owned()],
        ..Options::default()
    };
    let load = |text: &str| load_source(text, "small.toml", &options, &Kinds::default());
    let quick = load(&text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        (quick.spec.training.steps, quick.spec.training.lr),
        (20, 0.2)
    );
    assert_eq!(quick.variants[0].training.steps, 20);
    let broken = small_with("minutes = 0.1", "minutes = 0.1\nquick = 3");
    assert_holds(
        &load(&broken).err().unwrap().to_string(),
        "quick = 3: must be a table",
    );
}

fn sweep(more: &str) -> String {
    format!("{SMALL}\n{more}\n")
}

#[test]
fn variants_set_and_unset_keys_of_their_own() {
    let plan = load(&sweep(
        "[[sweep.variants]]\nname = \"uniform\"\nunset = [\"task.alpha\"]\n\
         set = { \"task.probabilities\" = [0.5, 0.25, 0.25], \"training.lr\" = 0.1 }",
    ));
    let names: Vec<&str> = plan.variants.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["base", "uniform"]);
    let uniform = &plan.variants[1];
    assert_eq!(
        (uniform.group.as_str(), uniform.training.lr),
        ("uniform", 0.1)
    );
    assert!(!uniform.task.resolved().contains_key("alpha"));
    assert_eq!(plan.variants[0].training.lr, 0.05);
    assert!(plan.spec.task.contains_key("alpha"));
}

#[test]
fn a_grid_is_run_in_every_group_and_names_its_knobs() {
    let plan = load(&sweep(
        "[[sweep.variants]]\nname = \"small\"\nset = { \"models.net.widths\" = [4] }\n\
         [sweep.grid]\n\"training.lr\" = [0.1, 0.2]\n\"task.data.batch\" = [5, 10]",
    ));
    let names: Vec<&str> = plan.variants.iter().map(|v| v.name.as_str()).collect();
    let grid = [
        "training.lr=0.1,task.data.batch=5",
        "training.lr=0.1,task.data.batch=10",
        "training.lr=0.2,task.data.batch=5",
        "training.lr=0.2,task.data.batch=10",
    ];
    let expected: Vec<String> = ["base", "small"]
        .iter()
        .flat_map(|group| grid.iter().map(move |knobs| format!("{group},{knobs}")))
        .collect();
    assert_eq!(names, expected);
    let last = &plan.variants[7];
    assert_eq!((last.group.as_str(), last.training.lr), ("small", 0.2));
    assert_eq!(last.task.resolved()["data"]["batch"].as_integer(), Some(10));
    assert_eq!(last.knobs["task.data.batch"].as_integer(), Some(10));
    assert_eq!(last.models[0].model.resolved()["widths"].to_string(), "[4]");
}

#[test]
fn a_sweep_that_makes_no_sense_is_refused() {
    for [more, message] in cases(
        r#"
[[sweep.variants]]\nname = "base" => is used twice
[[sweep.variants]]\nname = "a"\n[[sweep.variants]]\nname = "a" => is used twice
[[sweep.variants]]\nname = "a"\nunset = ["task.beta"] => is not a key of this spec
[[sweep.variants]]\nname = "a"\nset = { title = "b" } => cannot differ between
[[sweep.variants]]\nname = "a"\nset = { "training.lr" = -1 } => training.lr = -1:
[sweep.grid]\n"training.lr" = 0.1 => must be a list of values
[sweep.grid]\n"training.lr" = [] => must be a list of values
[sweep.grid]\n"name" = ["a"] => cannot differ between variants
[sweep.grid]\n"sweep.grid" = [1] => cannot differ between variants
[sweep.grid]\n"training.lr" = [0.1, 0.1] => occurs twice in the grid
[sweep.gird]\n"training.lr" = [0.1] => sweep.gird
"#,
    ) {
        assert_holds(&refusal(&sweep(&more)), &message);
    }
}

#[test]
fn what_belongs_to_the_whole_run_cannot_be_swept() {
    for [key, value] in cases(
        r#"
training.precision => "f64"
training.seeds => 2
training.first_seed => 5
"#,
    ) {
        for more in [
            format!("[sweep.grid]\n\"{key}\" = [{value}]"),
            format!("[[sweep.variants]]\nname = \"a\"\nset = {{ \"{key}\" = {value} }}"),
        ] {
            let found = refusal(&sweep(&more));
            assert_holds(&found, &format!("{key} = "));
            assert_holds(&found, "belongs to the whole run");
        }
    }
}

/// What the variants of a plan train, and what is predicted of them.
fn variants(plan: &Plan) -> Vec<(String, Vec<String>)> {
    let predicted = |cell: &plan::PlannedCell<'_>| {
        let predictions = cell.variant.predictions.iter();
        predictions
            .map(|one| one.form.resolved().to_string())
            .collect()
    };
    let cells = plan.cells("flex", "auto");
    cells
        .iter()
        .map(|cell| (cell.id.clone(), predicted(cell)))
        .collect()
}

#[test]
fn a_resolved_spec_reads_back_to_itself() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let mut sources = vec![("small".to_owned(), SMALL.to_owned())];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            let text = fs::read_to_string(&path).unwrap();
            sources.push((path.display().to_string(), text));
        }
    }
    assert!(sources.len() > 3, "no experiments were found");
    let kinds = train::Kinds::default();
    for (origin, source) in sources {
        for quick in [false, true] {
            let load = |text: &str, quick| {
                let options = Options {
                    quick,
                    ..Options::default()
                };
                load_source(text, &origin, &options, &kinds).unwrap_or_else(|e| panic!("{e}"))
            };
            let first = load(&source, quick);
            let text = first.spec.to_toml();
            let again = load(&text, false);
            assert_eq!(again.spec, first.spec, "{origin}");
            assert_eq!(variants(&again), variants(&first), "{origin}");
            assert_eq!(again.spec.to_toml(), text, "{origin}");
            assert_eq!(hash(&again), hash(&first), "{origin}");
        }
    }
}

#[test]
fn the_hash_follows_what_is_trained_and_nothing_else() {
    let of = |text: &str| hash(&load(text));
    let base = of(SMALL);
    for [old, new] in cases(
        r#"
lr = 0.05 => lr = 0.06
[16] => [17]
alpha = 0.6 => alpha = 0.7
every = 10 => every = 20
per_skill = 100 => per_skill = 200
"#,
    ) {
        assert_ne!(of(&small_with(&old, &new)), base, "{new}");
    }
    // The last is a default written out.
    for [old, new] in cases(
        r#"
A title => Another title
seeds = 3 => seeds = 5
minutes = 0.1 => minutes = 9.0
[16] => [16]\nactivation = "relu"\nbias = true
"#,
    ) {
        assert_eq!(of(&small_with(&old, &new)), base, "{new}");
    }
    assert_eq!(of(&claim(GOOD_CLAIM)), base);
    assert_ne!(load(SMALL).identity("wgpu", "autodiff").spec_hash, base);
}
