//! Specs with heat maps: what is read, and what is refused with the key that is wrong.

use plan::spec::{PanelKind, Transform};

use crate::{
    cases::cases,
    support::{SMALL, assert_holds, load, refusal},
};

const GRID: &str =
    "[sweep.grid]\n\"training.lr\" = [0.2, 0.05]\n\"models.net.widths\" = [[4], [16], [8]]\n";

const PANEL: &str = r#"
[[pictures.panels]]
kind = "heat-map"
metric = "skill_strength"
knob = "training.lr"
knob_y = "models.net.widths"
x_scale = "log"
x_label = "learning rate"
y_label = "width"
transform = "log10"
floor = 1e-6
colour_range = [-4.0, 0.5]
contour = [-1.0, 0.0]
colour_label = "skill strength"
layers = [{ model = "net", label = "net" }]
"#;

fn spec(panels: &str) -> String {
    format!("{SMALL}\n{GRID}\n[[pictures]]\nname = \"plane\"\ntitle = \"A plane\"\n{panels}")
}

#[test]
fn keys_of_heat_maps_are_read_and_written_back() {
    let plan = load(&spec(&PANEL.repeat(2)));
    let panel = &plan.spec.pictures[0].panels[1];
    assert_eq!(panel.kind, PanelKind::HeatMap);
    assert_eq!(panel.transform, Transform::Log10);
    assert_eq!(panel.knob_y.as_deref(), Some("models.net.widths"));
    assert_eq!(panel.floor, Some(1e-6));
    assert_eq!(panel.colour_range, Some([-4.0, 0.5]));
    assert_eq!(panel.contour, [-1.0, 0.0]);
    let again = load(&plan.spec.to_toml());
    assert_eq!(again.spec, plan.spec);
}

#[test]
fn a_heat_map_that_makes_no_sense_is_refused() {
    for [old, new, message] in cases(
        r#"
knob = "training.lr"\n => => knob = (missing): is needed
knob_y = "models.net.widths"\n => => knob_y = (missing): is needed in a heat map. Name a key of [sweep.grid].
knob_y = "models.net.widths" => knob_y = "models.net.width" => knob_y = "models.net.width": is not a key of [sweep.grid]. Choose one of: training.lr, models.net.widths.
knob_y = "models.net.widths" => knob_y = "training.lr" => knob_y = "training.lr": is also on the other axis
label = "net" } => label = "net" }, { model = "twin", label = "twin" } => layers = (2 entries): a heat map shows exactly one
layers = [{ model = "net", label = "net" }] => layers = [] => layers = (0 entries)
floor => variants = ["base", "base"]\nfloor => variants = (2 entries)
floor => indices = [1, 2]\nfloor => indices = (2 entries)
floor => x = "index"\nfloor => x = (given): is not a key of heat maps
floor => x_range = [0, 1]\nfloor => x_range = (given):
floor => y_range = [0, 1]\nfloor => y_range = (given):
floor => mark_half_times = true\nfloor => mark_half_times = (given):
floor => times_probability = true\nfloor => times_probability = (given):
floor => variant_labels = ["a"]\nfloor => variant_labels = (given):
floor = 1e-6 => floor = 0.0 => floor = 0: must be finite and above 0
floor = 1e-6 => floor = nan => floor = NaN: must be finite
floor = 1e-6 => floor = inf => floor = inf: must be finite
[-4.0, 0.5] => [0.5, -4.0] => colour_range = [0.5, -4]: must be two
[-4.0, 0.5] => [0.5, 0.5] => colour_range = [0.5, 0.5]: must be two
[-4.0, 0.5] => [-inf, 0.5] => colour_range = [-inf, 0.5]: must be two
[-1.0, 0.0] => [-1.0, 0.6] => contour = 0.6: must be finite and within colour_range
"log10" => "log2" => transform
"heat-map" => "knob" => knob_y = (given): has an effect in heat maps and phase diagrams only
"#,
    ) {
        assert!(PANEL.contains(&old), "{old}");
        let found = refusal(&spec(&PANEL.replacen(&old, &new, 1)));
        let expected = format!(": pictures[0].panels[0].{message}");
        assert_holds(&found, &expected);
    }
}

#[test]
fn every_key_of_heat_maps_is_refused_in_other_panels() {
    for line in [
        r#"transform = "log10""#,
        "floor = 1.0",
        "colour_range = [0.0, 1.0]",
        "contour = [1.0]",
        r#"colour_label = "a""#,
    ] {
        let panel = format!(
            "[[pictures.panels]]\nkind = \"curves\"\nmetric = \"skill_strength\"\nx_label = \"\"\n\
             y_label = \"\"\nlayers = []\n{line}\n"
        );
        let key = line.split(' ').next().unwrap();
        let found = refusal(&spec(&panel));
        let expected = format!("panels[0].{key} = (given): has an effect in heat maps only");
        assert_holds(&found, &expected);
    }
}

#[test]
fn knobs_of_a_heat_map_are_numbers_that_its_axes_can_show() {
    for [old, new, message] in cases(
        r#"
[0.2, 0.05] => [0.2] => knob = "training.lr": has a single value
[[4], [16], [8]] => [[4, 4], [8]] => knob_y = "models.net.widths": has the value [4, 4], which is not a number
[[4], [16], [8]]\n => [[4], [16], [8]]\n"models.twin.initial" = [0.01, 0.02]\n => knob_y = "models.net.widths": leaves no axis for "models.twin.initial"
"#,
    ) {
        let text = spec(PANEL);
        assert!(text.contains(&old), "{old}");
        let found = refusal(&text.replacen(&old, &new, 1));
        assert_holds(&found, &message);
    }
    // A third knob with one value needs no axis.
    load(&spec(PANEL).replace(
        "[[4], [16], [8]]\n",
        "[[4], [16], [8]]\n\"models.twin.initial\" = [0.02]\n",
    ));
    // Zero is a knob value, but not on a log axis.
    let with_zero = spec(PANEL)
        .replace("\"training.lr\"", "\"training.optimizer.weight_decay\"")
        .replace("[0.2, 0.05]", "[0.0, 0.05]");
    let with_zero = with_zero.replace("lr = 0.05\n", "lr = 0.05\noptimizer = { kind = \"sgd\" }\n");
    assert!(refusal(&with_zero).contains("has the value 0.0, which is not above 0"));
    load(&with_zero.replace("x_scale = \"log\"\n", ""));
}

#[test]
fn heat_maps_of_a_picture_agree_on_their_scale() {
    for [old, new, key] in cases(
        r#"
transform = "log10"\n => => transform
floor = 1e-6\n => => floor
[-4.0, 0.5] => [-4.0, 1.0] => colour_range
"skill strength" => "strength" => colour_label
"#,
    ) {
        assert!(PANEL.contains(&old), "{old}");
        let found = refusal(&spec(&format!("{PANEL}{}", PANEL.replacen(&old, &new, 1))));
        let expected = format!("pictures[0].panels[1].{key} = (another value): differs");
        assert_holds(&found, &expected);
    }
    let nameless = PANEL.replace("colour_label = \"skill strength\"\n", "");
    let other = nameless.replace("\"skill_strength\"", "\"half_time\"");
    load(&spec(&nameless.repeat(2)));
    let found = refusal(&spec(&format!("{nameless}{other}")));
    assert_holds(&found, "panels[1].colour_label = (missing): is needed");
}

const PHASES: &str = r#"
[[pictures.panels]]
kind = "phases"
metrics = ["half_time", "skill_strength"]
delay = 5.0
knob = "training.lr"
knob_y = "models.net.widths"
x_label = "learning rate"
y_label = "width"
layers = [{ model = "net", label = "net" }]
"#;

#[test]
fn a_phase_diagram_has_two_metrics_two_knobs_and_a_delay() {
    let plan = load(&spec(PHASES));
    let panel = &plan.spec.pictures[0].panels[0];
    assert_eq!((panel.kind, panel.least_delay()), (PanelKind::Phases, 5.0));
    let without = load(&spec(&PHASES.replace("delay = 5.0\n", "")));
    assert_eq!(without.spec.pictures[0].panels[0].least_delay(), 10.0);
    for (old, new, message) in [
        (
            ", \"skill_strength\"",
            "",
            "metrics = [\"half_time\"]: must be two in a phase diagram",
        ),
        (
            "delay = 5.0",
            "delay = 0.5",
            "delay = 0.5: must be a finite number, 1 or more",
        ),
        (
            "knob_y = \"models.net.widths\"\n",
            "",
            "knob_y = (missing): is needed in a phase diagram",
        ),
        (
            "delay",
            "transform = \"log10\"\ndelay",
            "transform = (given): has an effect in heat maps only",
        ),
        (
            "\"phases\"",
            "\"heat-map\"",
            "metrics = (given): has an effect in curves and phase diagrams only",
        ),
    ] {
        assert!(PHASES.contains(old), "{old}");
        let found = refusal(&spec(&PHASES.replacen(old, new, 1)));
        assert_holds(&found, &format!(": pictures[0].panels[0].{message}"));
    }
}
