//! Examples as they are written in a spec.

/// The example of a task.
pub(super) fn task(table: &str) -> String {
    format!("[task]\n{table}")
}

/// The example of a model.
pub(super) fn model(table: &str) -> String {
    format!("[models.net]\n{table}")
}

/// The example of a prediction.
pub(super) fn prediction(table: &str) -> String {
    format!("[predictions.theory]\n{table}")
}

/// The example of a metric kind.
pub(super) fn metric(table: &str) -> String {
    let table = table.trim_end();
    format!("[[measure]]\n{table}\nschedule = {{ kind = \"log\", points = 60 }}")
}

/// The example of a statistic.
pub(super) fn statistic(table: &str) -> String {
    let table: toml::Table = table.parse().unwrap_or_default();
    let inline = toml::Value::Table(table);
    format!(
        "[[numbers]]\nid = \"N1\"\nstatement = \"what the number is, with its unit\"\n\
         metric = \"skill_strength\"\nmodel = \"net\"\nstatistic = {inline}"
    )
}

/// Examples of the kinds of initial weights, by their name: a line in the table of a model.
pub(super) const INIT: [(&str, &str); 8] = [
    ("normal", "init = { kind = \"normal\", std = 0.01 }"),
    ("he", "init = { kind = \"he\", scale = 0.5 }"),
    ("fan-in", "init = { kind = \"fan-in\" }"),
    (
        "balanced",
        "init = { kind = \"balanced\", strength = 0.01, alignment = \"task\" }",
    ),
    (
        "toy",
        "init = { kind = \"toy\", sigma = 0.1, correlation = 0.0 }",
    ),
    ("mirrored", "init = { kind = \"mirrored\", scale = 0.1 }"),
    ("opposed", "init = { kind = \"opposed\", std = 0.01 }"),
    (
        "file",
        "init = { kind = \"file\", file = \"weights.safetensors\" }",
    ),
];

/// Examples of optimizers: a line in `[training]`.
pub(super) const OPTIMIZER: [(&str, &str); 4] = [
    ("sgd", "optimizer = { kind = \"sgd\", momentum = 0.9 }"),
    (
        "adam",
        "optimizer = { kind = \"adam\", weight_decay = 0.1, decay = \"decoupled\" }",
    ),
    ("sign", "optimizer = { kind = \"sign\", momentum = 0.9 }"),
    ("muon", "optimizer = { kind = \"muon\", momentum = 0.9 }"),
];

/// Examples of losses: a line in `[training]`.
pub(super) const LOSS: [(&str, &str); 3] = [
    (
        "mse",
        "loss = { kind = \"mse\", half = true, outputs = \"sum\" }",
    ),
    ("cross-entropy", "loss = \"cross-entropy\""),
    ("hinge", "loss = \"hinge\""),
];

/// Examples of measuring schedules: a line in `[[measure]]`.
pub(super) const MEASURING: [(&str, &str); 4] = [
    ("linear", "schedule = { kind = \"linear\", every = 100 }"),
    ("log", "schedule = { kind = \"log\", points = 60 }"),
    ("ends", "schedule = \"ends\""),
    ("last", "schedule = \"last\""),
];

/// Examples of schedules of the learning rate: a line in `[training]`.
pub(super) const RATE: [(&str, &str); 3] = [
    ("constant", "schedule = \"constant\""),
    (
        "steps",
        "schedule = { kind = \"steps\", every = 1000, factor = 0.5 }",
    ),
    (
        "cosine",
        "schedule = { kind = \"cosine\", final_factor = 0.1 }",
    ),
];

/// Examples of panels, by their kind.
pub(super) const PANEL: [(&str, &str); 8] = [
    (
        "curves",
        r#"[[pictures.panels]]
kind = "curves"
metrics = ["train_accuracy", "test_accuracy"]
metric_labels = ["train", "test"]
x_scale = "log"
x_label = "training step"
y_label = "accuracy"
marks = [
    { metric = "train_accuracy", level = 0.99, label = "fit" },
    { metric = "test_accuracy", level = 0.95, label = "generalised" },
]
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "heat-map",
        r#"[[pictures.panels]]
kind = "heat-map"
title = "ReLU net"
metric = "weight_change"
knob = "models.net.widths"
knob_y = "training.lr"
x_scale = "log"
y_scale = "log"
x_label = "width"
y_label = "learning rate"
transform = "log10"
floor = 1e-6
contour = [-1.0]
colour_label = "relative change of the weights"
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "phases",
        r#"[[pictures.panels]]
kind = "phases"
title = "ReLU net"
metrics = ["t_fit", "t_gen"]
delay = 10.0
knob = "training.lr"
knob_y = "models.net.weight_scale"
x_scale = "log"
y_scale = "log"
x_label = "learning rate"
y_label = "scale of the initial weights"
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "knob",
        r#"[[pictures.panels]]
kind = "knob"
metric = "t_gen"
knob = "models.net.weight_scale"
x_scale = "log"
y_scale = "log"
x_label = "scale of the initial weights"
y_label = "steps to generalise"
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "moments",
        r#"[[pictures.panels]]
kind = "moments"
metric = "fourier_power"
moments = ["start", "t_fit", "t_gen", "end"]
moment_labels = ["start", "fit", "generalised", "end"]
x_label = "frequency"
y_label = "power"
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "power-law",
        r#"[[pictures.panels]]
kind = "power-law"
metric = "test_loss"
x = "flow-time"
x_label = "flow time"
y_label = "test loss"
layers = [{ model = "theory", label = "closed form" }, { model = "twin", label = "twin" }]"#,
    ),
    (
        "scatter",
        r#"[[pictures.panels]]
kind = "scatter"
metric = "plane_y"
x_metric = "plane_x"
colour_metric = "plane_class"
class_names = ["0", "1", "2"]
moment = "t_gen"
rays = 3
seeds = [0]
x_label = "first direction"
y_label = "second direction"
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "leaderboard",
        r#"[[pictures.panels]]
kind = "leaderboard"
leaderboard = "EL"
x_label = "explained share"
y_label = """#,
    ),
];

/// Examples of the tables of a spec.
pub(super) const TABLES: [(&str, &str); 10] = [
    (
        "top",
        r#"title = "A net on one parity"
phenomenon = "Emergence"

[task]
kind = "sparse-parity"
bits = 10
parity = 3

[models.net]
kind = "mlp"
widths = [64]

[training]
steps = 2000
lr = 0.1"#,
    ),
    (
        "training",
        r#"[training]
seeds = 4
steps = 5000
lr = 0.1
loss = "mse"
stop_when = { model = "net", metric = "test_accuracy", above = 0.99 }"#,
    ),
    (
        "measure",
        r#"[[measure]]
kind = "accuracy"
schedule = { kind = "log", points = 60 }
models = ["net"]"#,
    ),
    (
        "sweep",
        r#"[sweep.grid]
"models.net.weight_scale" = { from = 0.1, to = 10, points = 5, log = true }

[[sweep.variants]]
name = "decay"
set = { "training.optimizer.weight_decay" = 0.01 }"#,
    ),
    (
        "claims",
        r#"[[claims]]
id = "E1"
statement = "The net learns the parity: its strength ends above 0.9"
source = "[Nam2025, Sec. 4]"
metric = "skill_strength"
model = "net"
statistic = { kind = "final-value" }
threshold = { above = 0.9 }
controls = [{ name = "a linear model", model = "linear", must = "contradicted" }]"#,
    ),
    (
        "numbers",
        r#"[[numbers]]
id = "N1"
statement = "Test accuracy at the end"
metric = "test_accuracy"
model = "net"
statistic = { kind = "final-value" }"#,
    ),
    (
        "leaderboards",
        r#"[[leaderboards]]
id = "EL"
statement = "What explains the rise of later skills, given the first one?"
metric = "skill_strength"
model = "net"
explanation = { model = "theory", label = "layerwise closed form" }
baseline = { model = "exponential", label = "plain linear model" }
rivals = [{ model = "delayed", label = "delayed exponential" }]
controls = [{ model = "equal-times", label = "wrong law: equal times" }]"#,
    ),
    (
        "pictures",
        r#"[[pictures]]
name = "accuracy"
title = "The net fits long before it generalises"
caption = "Median and band over {seeds} seeds."

[[pictures.panels]]
kind = "curves"
metric = "test_accuracy"
x_scale = "log"
x_label = "training step"
y_label = "test accuracy"
layers = [{ model = "net", label = "ReLU net" }]"#,
    ),
    (
        "panels",
        r#"[[pictures.panels]]
kind = "curves"
metric = "skill_strength"
x_scale = "log"
x_label = "training step"
y_label = "strength over target"
mark_half_times = true
layers = [
    { model = "theory", label = "closed form" },
    { model = "net", label = "ReLU net" },
]"#,
    ),
    (
        "quick",
        r#"[quick]
"training.seeds" = 2
"training.steps" = 200"#,
    ),
];
