//! Metrics, predictions and statistics that do not fit their spec: the error names the key.

use crate::{
    cases::cases,
    linear::{MAP, MODES, NET, ONE_MODE, SAMPLES, TWIN, measure, spec},
    support::{ADDITION, FREE, IRIS, SMALL, assert_holds, load, refusal, refusal_with},
};

/// The spec must be refused with an error at `key` whose problem holds `problem`.
fn assert_refused(text: &str, key: &str, problem: &str) {
    let found = refusal(text);
    assert_holds(&found, &format!(": {key} = "));
    assert_holds(&found, problem);
    assert!(found.ends_with('.'), "no remedy: {found}");
}

const PARITY: &str = "kind = 'multitask-parity'\nskills = 2\nbits = 4\nbits_per_skill = 2\n\
    alpha = 0.6\ndata = { mode = 'fresh', batch = 6 }\ntest = { per_skill = 4 }";

const SHORT: &str = "steps = 10\nlr = 0.05";

#[test]
fn metrics_that_do_not_fit_are_refused_by_their_kind() {
    let of = |task: &str, models: &str, kind: &str| {
        spec(task, models, SHORT, &measure(&["loss", kind], 5))
    };
    let key = "measure[1].kind";
    for (task, models, kind, needs) in [
        (MAP, NET, "skills", "\"skills\": needs a task of skills"),
        (SAMPLES, NET, "skills", "needs a task of skills"),
        (
            MODES,
            TWIN,
            "kernel",
            "\"kernel\": needs multilayer perceptrons",
        ),
        (
            MODES,
            TWIN,
            "curvature",
            "\"curvature\": needs multilayer perceptrons",
        ),
        (
            MODES,
            TWIN,
            "gradients",
            "\"gradients\": needs multilayer perceptrons",
        ),
        (
            MODES,
            NET,
            "amplification",
            "\"amplification\": needs two-layer nets",
        ),
        (MAP, NET, "amplification", "needs two-layer nets"),
        (
            SAMPLES,
            NET,
            "modes",
            "\"modes\": needs a linear task with whitened inputs",
        ),
        (
            MODES,
            TWIN,
            "modes",
            "needs a linear task with whitened inputs",
        ),
        (MAP, NET, "compute", "\"compute\": needs a population"),
        (SAMPLES, NET, "compute", "needs a population"),
    ] {
        assert_refused(&of(task, models, kind), key, needs);
    }
    for widths in ["[]", "[3, 3]", "[]\nbias = true"] {
        let net = NET.replace("[4]", widths);
        assert_refused(&of(ONE_MODE, &net, "amplification"), key, "two-layer");
    }
    // Too large to write down, or to multiply.
    let map = |inputs: u32, outputs: u32| {
        format!("kind = \"linear-map\"\ninputs = {inputs}\noutputs = {outputs}\n")
    };
    assert_refused(
        &of(&map(70, 60), NET, "outputs"),
        key,
        "at most 4096 outputs",
    );
    let rows = "measure[1].rows";
    assert_refused(
        &of(&map(100, 60), NET, "kernel"),
        rows,
        "more than 5000 × 5000",
    );
    load(&of(&map(64, 64), NET, "outputs"));
    load(&of(&map(100, 50), NET, "kernel"));
}

#[test]
fn a_metric_is_checked_on_the_models_and_in_the_variants_that_it_is_read_on() {
    let of = |more: &str| spec(MODES, &format!("{NET}{TWIN}"), SHORT, more);
    let [kernel, skills, modes] = ["kernel", "skills", "modes"].map(|kind| measure(&[kind], 5));
    assert_refused(&of(&kernel), "measure[0].kind", "name them in models");
    load(&of(&format!("{kernel}models = [\"net\"]\n")));
    assert_refused(
        &of(&format!("{kernel}models = [\"twin\"]\n")),
        "measure[0].kind",
        "needs",
    );
    let variant = "[[sweep.variants]]\nname = \"map\"\nunset = [\"models.twin\", \"task.input_powers\", \
                   \"task.targets\"]\nset = { \"task.kind\" = \"linear-map\", \"task.target\" = [[1, 2]] }\n";
    load(&of(&format!(
        "{skills}variants = [\"base\"]\n{modes}variants = [\"map\"]\n{variant}"
    )));
    let everywhere = of(&format!("{skills}{variant}"));
    assert_refused(&everywhere, "measure[0].kind", "needs a task of skills");
}

#[test]
fn muon_is_refused_where_weights_are_no_matrices() {
    let muon = format!("{SHORT}\noptimizer = {{ kind = 'muon' }}");
    let of = |models: &str| spec(MODES, models, &muon, &measure(&["loss"], 5));
    let key = "training.optimizer.kind";
    assert_refused(
        &of(&format!("{NET}{TWIN}")),
        key,
        "the model \"twin\" has none",
    );
    assert_refused(
        &of("[models.plain]\nkind = 'linear-skills'\n"),
        key,
        "\"plain\"",
    );
    load(&of(NET));
    load(&of("[models.plain]\nkind = 'linear-basis'\n"));
    load(&of(&format!("{NET}{TWIN}")).replace("'muon'", "'sign'"));
}

/// A spec with one prediction.
fn predicting(task: &str, models: &str, form: &str) -> String {
    let more = format!("{}[predictions.p]\n{form}\n", measure(&["loss"], 5));
    spec(task, models, SHORT, &more)
}

#[test]
fn predictions_that_do_not_fit_are_refused_by_their_key() {
    let of = predicting;
    let (kind, from) = ("predictions.p.kind", "predictions.p.from");
    for network in ["aligned-network", "balanced-network"] {
        let form = format!("kind = \"{network}\"\nfrom = \"net\"");
        for task in [SAMPLES, MODES, PARITY] {
            assert_refused(&of(task, NET, &form), kind, "is for whitened inputs");
        }
        load(&of(&format!("{SAMPLES}whiten = true"), NET, &form));
        load(&of(MAP, NET, &form));
        // The solution of another net than the one that it starts from.
        for [old, new] in cases(
            r#"
[4] => [4, 4]
[4] => []
[4] => [4]\nbias = true
[4] => [4]\ncentre_output = true
deep-linear => mlp
"#,
        ) {
            let net = NET.replace(&old, &new);
            assert_refused(&of(MAP, &net, &form), from, "linear net of two layers");
        }
        let scaled = NET.replace("[4]", "[4]\noutput_scale = 2.0");
        let problem = "output_scale 2, and this form is for 1";
        assert_refused(&of(MAP, &scaled, &form), from, problem);
    }
    let toy = "kind = \"scalar-toy\"\nfrom = \"net\"";
    for task in [
        MODES,
        MAP,
        SAMPLES,
        PARITY,
        "kind = \"linear-map\"\ntarget = [[1, 2]]",
    ] {
        assert_refused(&of(task, NET, toy), kind, "one input and one output");
    }
    load(&of(ONE_MODE, NET, toy));
    load(&of("kind = \"linear-map\"\ntarget = [[2]]", NET, toy));
    let tenth = NET.replace("[4]", "[4]\noutput_scale = 0.1");
    load(&of(ONE_MODE, &tenth, &format!("{toy}\nnormalisation = 10")));
    let problem = "output_scale 0.1, and this form is for 1";
    assert_refused(&of(ONE_MODE, &tenth, toy), from, problem);
    let curved = NET
        .replace("deep-linear", "mlp")
        .replace("[4]", "[4]\nbias = false");
    assert_refused(
        &of(ONE_MODE, &curved, toy),
        from,
        "linear net of two layers",
    );
    // Whitened rows are what random starts need, too.
    let random = "kind = \"random-start\"\nfrom = \"net\"";
    assert_refused(&of(SAMPLES, NET, random), kind, "whitened");
}

#[test]
fn wrong_keys_of_predictions_are_named() {
    for (task, models, form, table) in [
        (
            MODES,
            TWIN,
            "kind = 'multilinear-skills'\ninitial = 0.1",
            r#"
depth = 1 => depth => must be 2 or more
depth = 3\nlambda = 0.1 => lambda => 0 for more than two layers
lambda = nan => lambda => must be finite
lambda = 0.5\ncalibrate_on = "twin" => calibrate_on => two balanced layers only
depth = 3\ncalibrate_on = "twin" => calibrate_on => two balanced layers only
depth = 2.5 => depth =>
"#,
        ),
        (
            MODES,
            TWIN,
            "kind = 'feedback-skills'",
            r#"
feedback = "intact" => first =>
feedback = "intact"\nfirst = 0.1 => second =>
feedback = "readout-frozen"\nfirst = 0.1 => second =>
feedback = "first-layer-frozen"\nsecond = 0.1 => first =>
feedback = "fixed" => backward => is needed
feedback = "fixed"\nbackward = 0.0 => backward =>
feedback = "fixed"\nbackward = 0.1\nfirst = -0.1 => first => 0 or more
feedback = "fixed"\nbackward = 0.1\nslowdown = 2.0\ncalibrate_on = "twin" => slowdown => no effect
feedback = "readout-frozen"\nsecond = 0.1\nbackward = 0.1 => backward => no effect
feedback = "readout-frozen"\nsecond = 0.1\nacross = 0.1 => across => no effect
feedback = "readout-clamped"\nsecond = 0.1\nacross = 0.6 => across => from 0 to 5 times
feedback = "none" => feedback =>
"#,
        ),
        (
            MAP,
            NET,
            "kind = 'balanced-network'\nfrom = 'net'",
            r#"
metrics = ["outputs"] => metrics[0] =>
clock = 0.0 => clock =>
lambda = 1.0 => lambda =>
"#,
        ),
        (
            ONE_MODE,
            NET,
            "kind = 'scalar-toy'\nfrom = 'net'",
            r#"
normalisation = 0.0 => normalisation =>
squared = 1 => squared =>
"#,
        ),
    ] {
        for [more, key, problem] in cases(table) {
            let text = predicting(task, models, &format!("{form}\n{more}"));
            assert_refused(&text, &format!("predictions.p.{key}"), &problem);
        }
    }
}

#[test]
fn a_gap_to_a_model_that_is_not_there_is_refused() {
    let gap = measure(&["linearised-gap"], 5) + "to = \"other\"\n";
    assert_refused(&spec(MAP, NET, SHORT, &gap), "measure[0]", "\"other\"");
}

#[test]
fn a_condition_on_what_is_not_measured_is_refused() {
    let stop = "stop_when = { model = \"net\", metric = \"kernel_distance\", above = 0.1 }";
    let text = spec(
        ONE_MODE,
        NET,
        &format!("{SHORT}\n{stop}"),
        &measure(&["outputs"], 5),
    );
    assert_refused(&text, "training.stop_when.metric", "is not measured");
}

#[test]
fn what_does_not_fit_modular_arithmetic_is_refused_with_key_and_remedy() {
    for [old, new, key, problem] in cases(
        r#"
operation = "add" => operation = "a^2 + a*b + b^2" => measure[1].kind = "fourier" => another operation: a^2 + a*b + b^2
operation = "add" => operation = "a*b^2" => measure[1].kind = "fourier" => the exponent 2 of b and 6
modulus = 7\noperation = "add" => modulus = 8\noperation = "multiply" => measure[1].kind = "fourier" => only modulo a prime
modulus = 7\noperation = "add" => modulus = 8\noperation = "divide" => task.operation => prime
modulus = 7\noperation = "add" => modulus = 8\noperation = "divide" => task.operation => 7 or 11
fraction = 0.8 => fraction = 1.0 => task.fraction = 1 =>
fraction = 0.8 => fraction = 0.0 => task.fraction = 0 =>
modulus = 7 => modulus = 1 => task.modulus = 1 =>
fraction = 0.8 => fraction = 0.1 => task.fraction = 0.1 => without a training row at seed
fit = 0.9 => fit = 1.5 => measure[0].fit = 1.5 =>
every = 100 }\nmodels = ["net"] => every = 100 } => measure[1].kind => multilayer perceptrons
"key-frequencies" => "key-frequencies"\nkeys = [1, 4] => measure[3].keys[1] = 4 => Write 1 to 3
rows = 10 => rows = 1 => measure[5].rows = 1 =>
rows = 6 => rows = 1000 => measure[6].rows = 1000 => Write 714 or less
from = "net" => from = "diagonal" => predictions.toy.from => weight-to-target
"toy-amplification" => "toy-amplification"\ncorrelation = -1.0 => predictions.toy.correlation =>
"#,
    ) {
        assert!(ADDITION.contains(&old), "{old}");
        let found = refusal(&ADDITION.replacen(&old, &new, 1));
        assert_holds(&found, &key);
        assert_holds(&found, &problem);
        assert!(found.ends_with('.'), "{found}");
    }
    let (start, end) = (
        ADDITION.find("[task]").unwrap(),
        ADDITION.find("[models.net]").unwrap(),
    );
    let task = "[task]\nkind = 'random-regression'\nsamples = 5\ninputs = 3\noutputs = 2\n";
    let found = refusal(&ADDITION.replace(&ADDITION[start..end], task));
    assert_holds(&found, "models.diagonal");
    assert_holds(&found, "needs a task with basis functions");
    let cross = ADDITION.replace(
        "loss = { kind = \"mse\" }",
        "loss = { kind = \"cross-entropy\" }",
    );
    load(&cross);
    let found = refusal_with(&cross, &["task.target=3.0"]);
    assert_holds(
        &found,
        "training.loss = cross-entropy: does not suit the training rows",
    );
    assert_holds(&found, "task modular-arithmetic");
    assert_holds(&found, "with target 1");
}

#[test]
fn what_cannot_be_measured_or_trained_on_classes_is_refused() {
    let ends = "schedule={kind='ends'}}]";
    for [text, over, problem] in cases(&format!(
        "
iris => measure=[{{kind='class-plane',classes=[0,1,3],{ends} => no class of this task
iris => measure=[{{kind='class-plane',classes=[0,1,1],{ends} => names a class twice
iris => measure=[{{kind='collapse',rows=1,{ends} => must be 2 or more
iris => measure=[{{kind='loss',fit=0.0,{ends} => measure[0].fit = 0
iris => measure=[{{kind='loss',generalised=-1.0,{ends} => measure[0].generalised = -1
iris => models.net.widths=[] => models with a hidden layer
iris => models.net={{kind='unconstrained-features',width=5,init={{kind='normal',std=1}}}} => class-labels
iris => task={{kind='sparse-parity',bits=6,parity=2}} => a task with classes
free => models.free.width=2 => too few for the 3 modes
free => models.free.init.strength=0 => init.strength
free => models.free.init.within=-1 => init.within
free => predictions.theory.from='net' => net
free => task.per_class=[5] => two classes
"
    )) {
        let text = if text == "iris" { IRIS } else { FREE };
        assert_holds(&refusal_with(text, &[&over]), &problem);
    }
    let patterns = "measure=[{kind='patterns',schedule={kind='ends'}}]";
    let found = refusal_with(IRIS, &[patterns, "models.net.activation='quadratic'"]);
    assert_holds(&found, "keeps the sign");
}

/// [`SMALL`] with a claim on the net's strengths.
fn claiming(statistic: &str) -> String {
    format!(
        "{SMALL}\n[[claims]]\nid = \"C\"\nstatement = \"A statement\"\nsource = \"A source\"\n\
         metric = \"skill_strength\"\nmodel = \"net\"\nstatistic = {{ {statistic} }}\n\
         threshold = {{ above = 0.0 }}\n\
         controls = [{{ name = \"nothing\", model = \"twin\", must = \"undecided\" }}]\n"
    )
}

#[test]
fn wrong_keys_of_statistics_are_refused_by_name() {
    let rank = "kind = 'rank-correlation', knob = 'task.size'";
    let ratio = "kind = 'knob-ratio', knob = 'task.size'";
    let time = "kind = 'time-ratio'";
    let gap = "kind = 'largest-gap', to = 'twin', metric = 'skill_strength'";
    for [statistic, message] in cases(&format!(
        "
kind = 'rank-correlation' => knob = (missing):
kind = 'knob-threshold-order', knob = 'task.size', slope = false => slope = false: is for the kind knob-threshold
{rank}, abs = true => abs = true: is not a key
{rank}, absolute = 1 => absolute = 1:
{rank}, resolution = 1.0 => resolution = 1: must be
{rank}, resolution = -0.1 => resolution = -0.1: must be
kind = 'knob-ratio' => knob = (missing):
kind = 'knob-slope', knob = 'task.size', values = [1.0, 2.0] => values = [1.0, 2.0]: is too few
{ratio}, absolute = true => absolute = true: is not a key
kind = 'knob-ratio', knob = 3 => knob = 3:
{time}, of = 2 => to = (missing):
{time}, of = 2, to = 2 => of = 2: is the index
{time}, of = -1, to = 2 => of = -1:
{time}, of = 1.5, to = 2 => of = 1.5:
{time}, of = 2, to = 1, level = 0.5 => level = 0.5: is not a key
kind = 'largest-gap', to = 'twin' => metric = (missing):
kind = 'largest-gap', metric = 'x' => to = (missing):
{gap}, relative = true, log10 = true => relative = true: has no effect
{gap}, floor = 1e-6 => floor = 0.000001: has no effect without log10
{gap}, log10 = true, floor = 0.0 => floor = 0: must be
{gap}, log10 = true, floor = -1.0 => floor = -1: must be
{gap}, log = true => log = true: is not a key
"
    )) {
        assert_holds(
            &refusal(&claiming(&statistic)),
            &format!(": claims[0].statistic.{message}"),
        );
    }
}

#[test]
fn what_a_statistic_needs_and_the_spec_lacks_is_refused_by_name() {
    for [statistic, problem] in cases(
        r#"
kind = "delay", of = "ratio" => t_fit
kind = "delay", of = "speed" => speed
kind = "rise", from = "start", to = "t_gen" => t_gen
kind = "rise", from = "end", to = "end" => end
kind = "collapse", of = "ratio", knobs = [{ variant = "base", knob = "k", power = 1.0 }] => fewer than two
kind = "collapse", of = "ratio", knobs = [{ variant = "base", knob = "k", power = inf }, { variant = "base", knob = "k", power = 1.0 }] => knobs[0].power
"#,
    ) {
        let found = refusal(&claiming(&statistic));
        assert_holds(&found, "statistic");
        assert_holds(&found, &problem);
    }
}

#[test]
fn defaults_of_statistics_are_written_out() {
    let resolved = |statistic: &str| {
        let grid = "[sweep.grid]\n\"training.divergence\" = [10.0, 20.0]\n[[claims]]";
        let text = claiming(statistic).replacen("[[claims]]", grid, 1);
        load(&text).spec.claims[0].statistic.clone()
    };
    let rank = resolved("kind = 'rank-correlation', knob = 'training.divergence'");
    assert_eq!(rank["absolute"].as_bool(), Some(false));
    let gap = resolved("kind = 'largest-gap', to = 'twin', metric = 'skill_strength'");
    for key in ["relative", "log10", "at_end"] {
        assert_eq!(gap[key].as_bool(), Some(false), "{key}");
    }
    assert!(!gap.contains_key("floor"));
}
