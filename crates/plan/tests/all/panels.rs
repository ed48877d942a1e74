//! Keys of panels of pictures: what is read, and what is refused with the key that is wrong.

use plan::spec::PanelKind;

use crate::{
    cases::cases,
    support::{SMALL, assert_holds, load, refusal},
};

const SWEEP: &str = r#"
[sweep.grid]
"training.lr" = [0.2, 0.05]
"models.net.widths" = [[4], [16], [8]]

[[sweep.variants]]
name = "many"
grid = { "training.lr" = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] }

[[pictures]]
name = "panels"
title = "Panels"
"#;

const SEVERAL: &str = r#"
[[pictures.panels]]
kind = "curves"
metrics = ["skill_strength", "off_skill_energy"]
metric_labels = ["on", "off"]
at = { "training.lr" = 0.2, "models.net.widths" = 16 }
x_label = "step"
y_label = "strength"
marks = [
    { metric = "skill_strength", level = 0.95, label = "learned" },
    { metric = "off_skill_energy", level = 0.5, label = "astray" },
]
layers = [{ model = "net", label = "net" }]
"#;

const COLOURS: &str = r#"
[[pictures.panels]]
kind = "curves"
metric = "skill_strength"
at = { "training.lr" = 0.2 }
colour_knob = "models.net.widths"
knob_label = "n"
x_label = "step"
y_label = "strength"
layers = [{ model = "net", label = "net" }]
"#;

const MEASURED: &str = r#"
[[pictures.panels]]
kind = "knob"
metric = "half_time"
x_metric = "skill_strength"
variants = ["base", "many"]
variant_labels = ["grid", "many rates"]
x_label = "strength"
y_label = "half-time"
layers = [{ model = "net", label = "net" }]
"#;

const MOMENTS: &str = r#"
[[pictures.panels]]
kind = "moments"
metric = "skill_strength"
at = { "training.lr" = 0.05, "models.net.widths" = [8] }
moments = ["start", "half_time", "end"]
moment_labels = ["at first", "half-way", "at last"]
x_label = "skill"
y_label = "strength"
layers = [{ model = "net", label = "net" }]
"#;

const OWN: &str = r#"
[[pictures.panels]]
kind = "knob"
knob = "training.lr"
at = { "models.net.widths" = 4 }
x_label = "rate"
y_label = "strength"
layers = [
    { model = "twin", label = "twin", metric = "off_skill_energy" },
    { model = "net", label = "net", metric = "skill_strength" },
]
"#;

const SCATTER: &str = r#"
[[pictures.panels]]
kind = "scatter"
metric = "skill_strength"
x_metric = "off_skill_energy"
colour_metric = "half_time"
moment = "half_time"
class_names = ["0", "1", "2"]
rays = 3
seeds = [0]
at = { "training.lr" = 0.05, "models.net.widths" = [8] }
x_label = "first"
y_label = "second"
x_range = [-1.0, 1.0]
layers = [{ model = "net", label = "net" }]
"#;

fn spec(panel: &str) -> String {
    format!("{SMALL}{SWEEP}{panel}")
}

/// `panel` with one piece of text replaced is refused with a message: a table of [`cases`].
fn refused(panel: &str, table: &str) {
    load(&spec(panel));
    for [old, new, message] in cases(table) {
        assert!(panel.contains(&old), "{old}");
        let found = refusal(&spec(&panel.replacen(&old, &new, 1)));
        assert_holds(&found, &format!(": pictures[0].panels[0].{message}"));
    }
}

#[test]
fn keys_of_panels_are_read_and_written_back() {
    let plan = load(&spec(
        &[SEVERAL, COLOURS, MEASURED, MOMENTS, OWN, SCATTER].concat(),
    ));
    let panels = &plan.spec.pictures[0].panels;
    assert_eq!(panels[0].metrics, ["skill_strength", "off_skill_energy"]);
    assert_eq!(panels[0].metric, None);
    assert_eq!(panels[0].marks[1].level, 0.5);
    assert_eq!(panels[1].knob_label, "n");
    assert_eq!(panels[2].x_metric.as_deref(), Some("skill_strength"));
    assert_eq!(panels[3].kind, PanelKind::Moments);
    assert_eq!(panels[3].moments.len(), 3);
    let shown = |layer: usize| panels[4].metric_of(&panels[4].layers[layer]);
    assert_eq!(shown(0), Some("off_skill_energy"));
    assert_eq!(panels[0].metric_of(&panels[0].layers[0]), None);
    assert_eq!(panels[5].kind, PanelKind::Scatter);
    assert_eq!(panels[5].shown_moment(), "half_time");
    assert_eq!(panels[5].colour_metric.as_deref(), Some("half_time"));
    assert_eq!(panels[5].class_names, ["0", "1", "2"]);
    assert_eq!(panels[5].rays, Some(3));
    let again = load(&plan.spec.to_toml());
    assert_eq!(again.spec, plan.spec);
}

#[test]
fn several_metrics_are_measured_and_of_one_cell() {
    refused(
        SEVERAL,
        r#"
["skill_strength", "off => ["skil_strength", "off => metrics[0] = "skil_strength": is not a metric that this spec measures or predicts. Did you mean skill_strength? Choose one of:
"off_skill_energy"]\n => "skill_strength"]\n => metrics = "skill_strength": occurs twice
metrics = ["skill_strength", => metric = "skill_strength"\nmetrics = [ => metrics = ["off_skill_energy"]: cannot be combined with `metric`. Remove one
metrics = ["skill_strength", "off_skill_energy"] => => metric = (missing): is needed unless `metrics` is given or every layer
["on", "off"] => ["on"] => metric_labels = ["on"]: has 1 labels for 2 metrics
label = "net" } => label = "net", metric = "skill_strength" } => layers[0].metric = "skill_strength": cannot be combined with `metrics`
at = { "training.lr" = 0.2, "models.net.widths" = 16 }\n => => at = (missing): matches 6 cells of the sweep, but several metrics can show only one. Fix its knobs with at = { "training.lr" = VALUE }.
, "models.net.widths" = 16 }\n => }\nvariants = ["base", "many"]\n => variants = ["base", "many"]: matches 4 cells
, "models.net.widths" = 16 }\n => }\n => at = { "training.lr" = 0.2 }: matches 3 cells
x_label => indices = [1, 2]\nx_label => indices = [1, 2]: are several, but the colours already show several metrics
x_label => colour_knob = "training.lr"\nx_label => colour_knob = (given): cannot be combined with `metrics`
kind = "curves" => kind = "power-law" => metrics = (given): has an effect in curves and phase diagrams only. Remove it, or write kind = "curves" or kind = "phases".
"#,
    );
}

#[test]
fn at_names_knobs_and_values_of_the_grid() {
    refused(
        COLOURS,
        r#"
at = { "training.lr" = 0.2 } => at = { "training.steps" = 60 } => at = "training.steps": is not a knob of the grid of base. Choose one of: training.lr, models.net.widths.
at = { "training.lr" = 0.2 } => at = { "training.lr" = 0.3 } => at = { "training.lr" = 0.3 }: matches no cell of the grid of base
at = { "training.lr" = 0.2 } => at = { "training.lr" = 0.05 }\nvariants = ["base", "many"] => at = { "training.lr" = 0.05 }: matches no cell of the grid of many
"#,
    );
    // A heat map, too, may leave cells out.
    let map = COLOURS
        .replace("\"curves\"", "\"heat-map\"\nknob = \"training.lr\"")
        .replace("colour_knob", "knob_y")
        .replace("knob_label = \"n\"\n", "");
    refused(
        &map.replace("at = { \"training.lr\" = 0.2 }\n", ""),
        r#"kind => at = { "training.lr" = 0.2 }\nkind => knob = "training.lr": has a single value"#,
    );
}

#[test]
fn the_knob_of_colours_gives_each_cell_its_own() {
    refused(
        COLOURS,
        r#"
colour_knob = "models.net.widths" => colour_knob = "models.net.width" => colour_knob = "models.net.width": is not a key of [sweep.grid]. Choose one of: training.lr, models.net.widths.
at = { "training.lr" = 0.2 }\n => => colour_knob = "models.net.widths": is the only colour, but [sweep.grid] also varies "training.lr". Fix it with at = { "training.lr" = VALUE }.
at = { "training.lr" = 0.2 }\n => at = { "training.lr" = 0.2 }\nindices = [1, 2]\n => indices = [1, 2]: are several, but the colours already show the values of a knob
colour_knob = "models.net.widths"\n => => knob_label = "n": has no effect without `colour_knob`
kind = "curves" => kind = "curves"\nx = "knob"\nknob = "training.lr" => colour_knob = (given): cannot be combined with x = "knob"
kind = "curves" => kind = "knob"\nknob = "training.lr" => colour_knob = (given): has an effect in curves only
"#,
    );
    let many = COLOURS
        .replace("at = { \"training.lr\" = 0.2 }", "variants = [\"many\"]")
        .replace("models.net.widths", "training.lr");
    let problem = "colour_knob = \"training.lr\": takes 9 values, but only 8 colours";
    assert_holds(&refusal(&spec(&many)), problem);
    let named = "variants = [\"many,training.lr=0.1\", \"many,training.lr=0.9\"]";
    load(&spec(&many.replace("variants = [\"many\"]", named)));
}

#[test]
fn marks_are_levels_of_metrics_on_an_axis_of_time() {
    refused(
        SEVERAL,
        r#"
{ metric = "off_skill_energy", level => { metric = "accuracy", level => marks[1].metric = "accuracy": is not a metric that this spec measures
0.95 => nan => marks[0].level = NaN: must be a finite number
"learned" => " " => marks[0].label = (empty): must not be empty
marks = [ => x = "index"\nmarks = [ => marks = (2 entries): need an axis of time
marks = [ => mark_half_times = true\nmarks = [ => marks = (2 entries): cannot be combined with mark_half_times
marks = [ => marks = [{ metric = "skill_strength", level = 1, label = "a" }, { metric = "skill_strength", level = 2, label = "b" }, => marks = (4 entries): are more than 3
"#,
    );
    refused(
        MEASURED,
        r#"x_label => marks = [{ metric = "half_time", level = 1, label = "a" }]\nx_label => marks = (given): has an effect in curves only"#,
    );
}

#[test]
fn a_knob_panel_has_a_knob_or_a_metric_on_its_axis() {
    refused(
        MEASURED,
        r#"
x_metric = "skill_strength" => x_metric = "strength" => x_metric = "strength": is not a metric that this spec measures
x_metric = "skill_strength" => => knob = (missing): is needed in a knob panel without `x_metric`
x_label => knob = "training.lr"\nx_label => knob = (given): cannot be combined with `x_metric`
x_label => times_probability = true\nx_label => times_probability = (given): cannot be combined with `x_metric`
kind = "knob" => kind = "curves" => x_metric = (given): has an effect in knob panels and scatter panels only. Remove it, or write kind = "knob" or kind = "scatter".
"#,
    );
    refused(
        OWN,
        r#""training.lr" => "training.rate" => knob = "training.rate": is not a key of [sweep.grid]. Choose one of:"#,
    );
}

#[test]
fn moments_are_the_ends_of_training_or_metrics() {
    refused(
        MOMENTS,
        r#"
"half_time" => "fit" => moments[1] = "fit": is not "start", "end" or a metric of this spec (one whose value is a step). Choose one of: start, end,
"half_time" => "end" => moments = "end": occurs twice
moments = ["start", "half_time", "end"] => => moments = (missing): is needed in a panel of moments
"half-way",  => => moment_labels = ["at first", "at last"]: has 2 labels for 3 moments
, "models.net.widths" = [8] => => at = { "training.lr" = 0.05 }: matches 3 cells of the sweep, but moments
x_label => knob = "training.lr"\nx_label => knob = (given): is not a key of moments
x_label => x = "flow-time"\nx_label => x = (given): is not a key of moments
kind = "moments" => kind = "curves" => moments = (given): has an effect in moments only
"#,
    );
}

#[test]
fn a_scatter_panel_shows_two_metrics_of_one_layer_at_a_moment() {
    refused(
        SCATTER,
        r#"
x_metric = "off_skill_energy"\n => => x_metric = (missing): is needed in a scatter panel
"off_skill_energy" => "plane" => x_metric = "plane": is not a metric that this spec measures
metric = "skill_strength" => metric = "plane" => metric = "plane": is not a metric that this spec measures
metric = "skill_strength"\n => => metric = (missing): is needed
colour_metric = "half_time" => colour_metric = "class" => colour_metric = "class": is not a metric that this spec measures
moment = "half_time" => moment = "fit" => moment = "fit": is not "start", "end" or a metric of this spec
label = "net" }] => label = "net" }, { model = "twin", label = "twin" }] => layers = (2 entries): a scatter panel shows exactly one model
label = "net" }] => label = "net", metric = "half_time" }] => layers[0].metric = (given): is not a key of scatter panels
colour_metric = "half_time"\n => => class_names = ["0", "1", "2"]: has no effect without `colour_metric`
"1", "2" => "1", "1" => class_names = "1": occurs twice
"1", "2" => "1", "2", "3", "4", "5", "6", "7", "8" => class_names = (9 entries): are more than 8
rays = 3 => rays = 1 => rays = 1: must be a number from 2 to 12
rays = 3 => rays = 13 => rays = 13: must be a number from 2 to 12
rays = 3 => y_scale = "log" => y_scale = "log": is not possible in a scatter panel, whose axes are linear
rays = 3 => x_scale = "log" => x_scale = "log": is not possible in a scatter panel
x_range = [-1.0, 1.0] => x_range = [0.5, 1.0] => x_range = [0.5, 1]: must be two finite, increasing numbers with 0 between
x_range = [-1.0, 1.0] => y_range = [-1.0, inf] => y_range = [-1, inf]: must be two finite
, "models.net.widths" = [8] => => at = { "training.lr" = 0.05 }: matches 3 cells of the sweep, but scatter panels
rays = 3 => knob = "training.lr" => knob = (given): is not a key of scatter panels
rays = 3 => x = "index" => x = (given): is not a key of scatter panels
rays = 3 => moments = ["start"] => moments = (given): has an effect in moments only
"#,
    );
    refused(
        MOMENTS,
        r#"
x_label => moment = "end"\nx_label => moment = (given): has an effect in scatter panels only. Remove it, or write kind = "scatter".
x_label => colour_metric = "half_time"\nx_label => colour_metric = (given): has an effect in scatter panels only.
x_label => class_names = ["a"]\nx_label => class_names = (given): has an effect in scatter panels only.
x_label => rays = 3\nx_label => rays = (given): has an effect in scatter panels only.
"#,
    );
}

#[test]
fn layers_name_metrics_that_exist_and_heat_maps_have_one() {
    refused(
        OWN,
        r#"
metric = "off_skill_energy" => metric = "amplification" => layers[0].metric = "amplification": is not a metric that this spec measures
, metric = "off_skill_energy" => => metric = (missing): is needed unless
"#,
    );
    let map = OWN
        .replace(
            "\"knob\"\n",
            "\"heat-map\"\nmetric = \"half_time\"\nknob_y = \"models.net.widths\"\n",
        )
        .replace("at = { \"models.net.widths\" = 4 }\n", "");
    let first = map.find("    { model = \"twin\"").unwrap();
    let second = map.find("    { model = \"net\"").unwrap();
    let map = format!("{}{}", &map[..first], &map[second..]);
    assert_holds(
        &refusal(&spec(&map)),
        "layers[0].metric = (given): is not a key of heat maps",
    );
}
