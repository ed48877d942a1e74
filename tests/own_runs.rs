//! Black-box tests of `run --curves` and `run --checkpoints`.

use std::{collections::BTreeMap, fs};

use mlp::{Activation, Layer, Mlp};
use serde_json::Value;

use crate::support::{TINY, Workplace};

/// A net trains in f32 here, and the host computes in f64.
const SINGLE_PRECISION: f64 = 1e-5;

/// `run` of the tiny spec with these arguments, which must succeed.
fn runs(place: &Workplace, arguments: &[&str]) {
    place.succeeds(&[&["run", "tiny.toml"], arguments].concat());
}

/// The same, which must be refused.
fn refused(place: &Workplace, arguments: &[&str], parts: &[&str]) {
    place.refuses(
        &[&["run", "tiny.toml", "--out", "refused"], arguments].concat(),
        parts,
    );
}

/// The lines of a table without their order.
fn sorted(table: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = table.lines().collect();
    lines.sort_unstable();
    lines
}

#[test]
fn a_run_with_its_own_curves_in_place_of_the_net_records_and_judges_the_same() {
    let place = Workplace::tiny();
    runs(&place, &["--out", "trained"]);
    let table = place.read("trained/observations.csv");
    let of_net = |line: &&str| line.starts_with("run,") || line.contains(",net,");
    let net: Vec<&str> = table.lines().filter(of_net).collect();
    assert!(net.len() > 100);
    place.write("net.csv", &net.join("\n"));
    runs(&place, &["--curves", "net=net.csv", "--out", "read"]);
    assert_eq!(sorted(&place.read("read/observations.csv")), sorted(&table));
    assert_eq!(
        place.read("read/verdict.json"),
        place.read("trained/verdict.json")
    );
    let manifest: Value = serde_json::from_str(&place.read("read/manifest.json")).unwrap();
    assert_eq!(manifest["external"][0]["name"], "net.csv");
    assert_eq!(manifest["engines"]["net"], "curves");
    let trained: Value = serde_json::from_str(&place.read("trained/manifest.json")).unwrap();
    assert_ne!(manifest["spec_hash"], trained["spec_hash"]);
    // Its page and verdicts do not need the file.
    fs::remove_file(place.path("net.csv")).unwrap();
    for verb in ["verdict", "report"] {
        place.succeeds(&[verb, "read"]);
    }
    assert!(place.read("read/report.html").contains("curves of net.csv"));
}

#[test]
fn the_shortest_file_of_curves_has_three_columns_and_one_seed() {
    let place = Workplace::tiny();
    place.write(
        "net.csv",
        "step,metric,value,index\n0,skill_strength,0.0,1\n40,skill_strength,1.0,1\n",
    );
    runs(&place, &["--curves", "net=net.csv", "--out", "read"]);
    let table = place.read("read/observations.csv");
    // The half-time follows from the curve; the seeds are those of the file.
    assert!(
        table.contains("tiny,0,base,net,half_time,1,40,,20\n"),
        "{table}"
    );
    assert!(!table.contains("tiny,1,"));
}

#[test]
fn curves_that_do_not_fit_are_refused_with_file_line_column_and_value() {
    let place = Workplace::tiny();
    let cases: [(&str, &[&str]); 14] = [
        ("", &["net.csv", "is empty"]),
        ("metric,step\nskill_strength,0\n", &["no column \"value\""]),
        ("metric,step,value\n", &["no rows for \"net\""]),
        (
            "metric,step,value\nskill_strength,0.5,1\n",
            &["net.csv:2: step", "\"0.5\""],
        ),
        (
            "metric,step,value\nskill_strength,0,one\n",
            &["net.csv:2: value", "\"one\""],
        ),
        (
            "metric,step,value\nskill_strength,0,inf\n",
            &["net.csv:2: value", "finite"],
        ),
        (
            "metric,step,value\nskill_strenght,0,1\n",
            &["net.csv:2: metric", "skill_strength"],
        ),
        (
            "metric,step,value,index\nskill_strength,900,1,1\n",
            &["net.csv:2: step", "last step 60", "-s training.steps=900"],
        ),
        (
            "metric,step,value,variant\nskill_strength,0,1,bsae\n",
            &["net.csv:2: variant", "\"bsae\"", "base"],
        ),
        (
            "metric,step,value,sead\nskill_strength,0,1,3\n",
            &["net.csv", "column \"sead\"", "seed"],
        ),
        (
            "metric,step,value,step\nskill_strength,0,1,3\n",
            &["net.csv", "column \"step\" twice"],
        ),
        (
            "metric,step,value\nskill_strength,0,1\nskill_strength,5,\"1\nskill_strength,9,1\n",
            &["net.csv:3", "not closed"],
        ),
        (
            "metric,step,value,index\nskill_strength,0,1,2\nskill_strength,0,2,2\n",
            &["net.csv:3: skill_strength", "line 2"],
        ),
        (
            "metric,step,value,seed\nskill_strength,0,1,0\nskill_strength,0,1,2\n",
            &["[0, 2]", "gaps"],
        ),
    ];
    for (text, parts) in cases {
        place.write("net.csv", text);
        refused(&place, &["--curves", "net=net.csv"], parts);
    }
    place.write("net.csv", "metric,step,value,index\nskill_strength,0,1,1\n");
    refused(
        &place,
        &["--curves", "other=net.csv"],
        &["\"other\"", "net, twin, linear"],
    );
    refused(&place, &["--curves", "net"], &["MODEL=FILE.csv"]);
    refused(
        &place,
        &["--curves", "net=nowhere.csv"],
        &["nowhere.csv", "cannot be read"],
    );
    refused(
        &place,
        &["--curves", "net=net.csv", "--seeds", "3"],
        &["no row of seed 1"],
    );
    refused(
        &place,
        &["--curves", "net=net.csv", "--curves", "net=net.csv"],
        &["net is given twice"],
    );
}

#[test]
fn a_seed_whose_curves_end_early_or_begin_late_has_bounds_and_no_end() {
    let place = Workplace::tiny();
    let file = "seed,metric,index,step,value\n\
                0,skill_strength,1,20,0.75\n0,skill_strength,1,60,1\n\
                1,skill_strength,1,0,0\n1,skill_strength,1,40,0.25\n";
    place.write("net.csv", file);
    let number = "[[numbers]]\nid = \"N\"\nstatement = \"end\"\nmetric = \"skill_strength\"\n\
                  model = \"net\"\nstatistic = { kind = \"final-value\" }\n\n[[claims]]";
    let marks = "mark_half_times = true\nx_label = \"training step\"";
    let spec = TINY.replacen("[[claims]]", number, 1);
    let spec = spec.replacen("x_label = \"training step\"", marks, 1);
    place.write("tiny.toml", &spec);
    let output = place.succeeds(&[
        "run",
        "tiny.toml",
        "--curves",
        "net=net.csv",
        "--out",
        "read",
    ]);
    let notes = String::from_utf8(output.stderr).unwrap();
    assert!(
        notes.contains("skill_strength 1 of seed 1 ends at step 40"),
        "{notes}"
    );
    assert!(notes.contains("begins at step 20"), "{notes}");
    let table = place.read("read/observations.csv");
    for row in [
        "0,base,net,half_time,1,20,,-inf",
        "1,base,net,half_time,1,40,,inf",
    ] {
        assert!(table.contains(row), "{row} is not in {table}");
    }
    let manifest: Value = serde_json::from_str(&place.read("read/manifest.json")).unwrap();
    let cells = manifest["cells"].as_array().unwrap();
    assert_eq!(cells[0]["stopped"]["reason"], "finished");
    assert_eq!(cells[1]["stopped"]["reason"], "ends-early");
    assert_eq!(cells[1]["stopped"]["curves"][0]["step"], 40);
    let verdict: Value = serde_json::from_str(&place.read("read/verdict.json")).unwrap();
    let part = &verdict["numbers"][0]["components"][0];
    assert_eq!(part["values"], serde_json::json!([1.0, null]));
    let page = place.read("read/report.html");
    for text in ["ends at step 40", "before the first record", "1 of 2 seeds"] {
        assert!(page.contains(text), "{text} is not on the page");
    }
    let export = [
        "export",
        "observations",
        "read",
        "--format",
        "jsonl",
        "--out",
        "rows",
    ];
    place.succeeds(&export);
    let rows = place.read("rows");
    let time = |seed: u64| {
        let rows = rows
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let mut own = rows.filter(|row| row["model"] == "net" && row["seed"] == seed);
        own.find(|row| row["metric"] == "half_time").unwrap()["value"].clone()
    };
    assert_eq!((time(0), time(1)), (Value::from("-inf"), Value::Null));
}

#[test]
fn exports_of_tensorboard_in_a_folder_are_read_by_their_names() {
    let place = Workplace::tiny();
    fs::create_dir(place.path("exports")).unwrap();
    for (seed, index) in [(0, 1), (0, 2), (1, 1), (1, 2)] {
        place.write(
            &format!("exports/run-seed-{seed}-tag-skill_strength_{index}.csv"),
            &format!("Wall time,Step,Value\n1.5,0,0.0\n2.5,60,0.{seed}{index}\n"),
        );
    }
    runs(&place, &["--curves", "net=exports", "--out", "read"]);
    let table = place.read("read/observations.csv");
    for row in [
        "0,base,net,skill_strength,2,60,,0.02",
        "1,base,net,skill_strength,1,60,,0.11",
    ] {
        assert!(table.contains(row), "{row} is not in {table}");
    }
    let one = "exports/run-seed-0-tag-skill_strength_1.csv";
    let said = |index: u64| format!("net={one}:skill_strength/{index}");
    runs(
        &place,
        &["--curves", &said(1), "--curves", &said(2), "--out", "twice"],
    );
    refused(&place, &["--curves", &said(3)], &["they are 1 to 2"]);
    refused(
        &place,
        &["--curves", &format!("net={one}:/1")],
        &["FILE.csv:METRIC"],
    );
}

/// Weights of a net of 16 units for the tiny spec, the same for a step.
fn net(step: u32, inputs: usize) -> Mlp {
    let numbers = |count: usize, phase: f64| -> Vec<f64> {
        // Representable in f32, as a file of weights is.
        (0..count)
            .map(|i| f64::from((0.4 * (i as f64 * 1.7 + phase + f64::from(step)).sin()) as f32))
            .collect()
    };
    let layer = |inputs: usize, outputs: usize, phase: f64| Layer {
        inputs,
        outputs,
        weight: numbers(inputs * outputs, phase),
        bias: Some(numbers(outputs, phase + 0.5)),
    };
    Mlp {
        layers: vec![layer(inputs, 16, 0.0), layer(16, 1, 2.0)],
        activation: Activation::Relu,
    }
}

/// A state_dict as PyTorch writes it.
fn state_dict(net: &Mlp) -> Vec<u8> {
    let mut tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)> = BTreeMap::new();
    let bytes = |values: Vec<f64>| -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| (*value as f32).to_le_bytes())
            .collect()
    };
    for (index, layer) in net.layers.iter().enumerate() {
        let weight = (0..layer.outputs)
            .flat_map(|o| layer.weight[o..].iter().step_by(layer.outputs).copied())
            .collect();
        let shape = vec![layer.outputs, layer.inputs];
        tensors.insert(format!("{}.weight", 2 * index), (shape, bytes(weight)));
        let bias = layer.bias.clone().unwrap();
        tensors.insert(
            format!("{}.bias", 2 * index),
            (vec![layer.outputs], bytes(bias)),
        );
    }
    let views = tensors.iter().map(|(name, (shape, data))| {
        let view =
            safetensors::tensor::TensorView::new(safetensors::Dtype::F32, shape.clone(), data);
        (name.clone(), view.unwrap())
    });
    safetensors::serialize(views, None).unwrap()
}

/// Two skills with a key each, six bits.
const INPUTS: usize = 8;

fn with_checkpoints(steps: &[u32]) -> Workplace {
    let place = Workplace::tiny();
    fs::create_dir(place.path("steps")).unwrap();
    for &step in steps {
        let path = place.path(&format!("steps/net-{step:05}.safetensors"));
        fs::write(path, state_dict(&net(step, INPUTS))).unwrap();
    }
    place
}

#[test]
fn checkpoints_are_measured_at_their_own_steps() {
    let place = with_checkpoints(&[0, 7, 60]);
    let measure = "[[measure]]\nkind = \"weights\"\nschedule = { kind = \"ends\" }\n\n[[claims]]";
    place.write("tiny.toml", &TINY.replacen("[[claims]]", measure, 1));
    runs(&place, &["--checkpoints", "net=steps", "--out", "read"]);
    let table = place.read("read/observations.csv");
    let value = |metric: &str, step: u32| -> f64 {
        let start = format!("tiny,0,base,net,{metric},0,{step},");
        let line = table.lines().find(|line| line.starts_with(&start)).unwrap();
        line.rsplit(',').next().unwrap().parse().unwrap()
    };
    let size = |parameters: &[f64]| parameters.iter().map(|p| p * p).sum::<f64>().sqrt();
    let start = net(0, INPUTS).parameters();
    for step in [0, 7, 60] {
        let now = net(step, INPUTS).parameters();
        let norm = value("weight_norm", step);
        assert!((norm / size(&now) - 1.0).abs() < SINGLE_PRECISION, "{norm}");
        let moved: Vec<f64> = now.iter().zip(&start).map(|(a, b)| a - b).collect();
        let change = value("weight_change", step);
        assert!(
            (change - size(&moved) / size(&start)).abs() < SINGLE_PRECISION,
            "{change}"
        );
    }
    // At no other step, while the models that are trained keep their schedule.
    let steps = |model: &str| {
        let rows = table
            .lines()
            .filter(|line| line.starts_with(&format!("tiny,0,base,{model},skill_strength,1,")));
        rows.count()
    };
    assert_eq!(steps("net"), 3);
    assert!(steps("twin") > 3);
}

#[test]
fn checkpoints_that_end_early_have_no_end() {
    let place = with_checkpoints(&[0, 7]);
    let output = place.succeeds(&[
        "run",
        "tiny.toml",
        "--checkpoints",
        "net=steps",
        "--out",
        "read",
    ]);
    let notes = String::from_utf8(output.stderr).unwrap();
    for part in [
        "checkpoints of all seeds",
        "at step 7",
        "-s training.steps=7",
    ] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
    let manifest: Value = serde_json::from_str(&place.read("read/manifest.json")).unwrap();
    let stopped = &manifest["cells"][0]["stopped"];
    assert_eq!(stopped["reason"], "ends-early");
    assert_eq!(
        stopped["curves"][0],
        serde_json::json!({ "model": "net", "step": 7 })
    );
}

#[test]
fn a_checkpoint_under_another_step_is_another_run() {
    let place = with_checkpoints(&[0, 7, 60]);
    let hash = |out: &str| -> Value {
        runs(&place, &["--checkpoints", "net=steps", "--out", out]);
        let manifest = place.read(&format!("{out}/manifest.json"));
        serde_json::from_str::<Value>(&manifest).unwrap()["spec_hash"].clone()
    };
    let first = hash("first");
    assert_eq!(hash("again"), first);
    fs::rename(
        place.path("steps/net-00007.safetensors"),
        place.path("steps/net-00030.safetensors"),
    )
    .unwrap();
    assert_ne!(hash("renamed"), first);
}

#[test]
fn checkpoints_of_several_seeds_are_in_one_folder_each() {
    let place = with_checkpoints(&[]);
    for seed in 0..2 {
        let folder = place.path(&format!("steps/seed-{seed}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("0.safetensors"), state_dict(&net(seed, INPUTS))).unwrap();
    }
    runs(&place, &["--checkpoints", "net=steps", "--out", "read"]);
    let table = place.read("read/observations.csv");
    for seed in [0, 1] {
        assert!(table.contains(&format!("tiny,{seed},base,net,skill_strength,1,0,")));
    }
}

#[test]
fn checkpoints_are_found_under_the_names_of_other_trainers() {
    let observed = |place: &Workplace, more: &[&str]| {
        runs(
            place,
            &[&["--checkpoints", "net=steps", "--out", "read"], more].concat(),
        );
        place.read("read/observations.csv")
    };
    let expected = observed(&with_checkpoints(&[0, 7, 60]), &[]);
    // Names of Lightning.
    let place = with_checkpoints(&[]);
    for (epoch, step) in [(0, 0), (1, 7), (10, 60)] {
        let name = format!("steps/epoch={epoch}-step={step}-val_loss=0.{epoch}5.safetensors");
        fs::write(place.path(&name), state_dict(&net(step, INPUTS))).unwrap();
    }
    assert_eq!(observed(&place, &[]), expected);
    // Folders of the Trainer of transformers, with the final model beside them, and layers without
    // numbers.
    let place = with_checkpoints(&[]);
    let renamed = |step: u32| {
        let mut bytes = state_dict(&net(step, INPUTS));
        // As long as what they replace.
        for (from, to) in [
            (&b"\"0.weight"[..], &b"\"a.weight"[..]),
            (b"\"0.bias", b"\"a.bias" as &[u8]),
        ] {
            let at = bytes
                .windows(from.len())
                .position(|part| part == from)
                .unwrap();
            bytes[at..at + to.len()].copy_from_slice(to);
        }
        bytes
    };
    for step in [0, 7, 60] {
        let folder = place.path(&format!("steps/checkpoint-{step}"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("model.safetensors"), renamed(step)).unwrap();
        fs::write(folder.join("optimizer.pt"), b"\x80\x02").unwrap();
    }
    fs::write(place.path("steps/model.safetensors"), renamed(60)).unwrap();
    assert_eq!(observed(&place, &[]), expected);
    let manifest = place.read("read/manifest.json");
    for part in [
        "model.safetensors is left out",
        "in the order of their shapes: a, 2",
    ] {
        assert!(manifest.contains(part), "{part}: {manifest}");
    }
    fs::remove_dir_all(place.path("read")).unwrap();
    assert_eq!(observed(&place, &["--layers", "a,2"]), expected);
    let flag = &["--checkpoints", "net=steps"];
    refused(
        &place,
        &[&flag[..], &["--layers", "a"]].concat(),
        &["\"2\", which is missing in the list", "--layers "],
    );
    refused(&place, &["--layers", "a,2"], &["--layers", "--checkpoints"]);
    // A step without weights is not left out.
    fs::create_dir(place.path("steps/checkpoint-9")).unwrap();
    fs::write(
        place.path("steps/checkpoint-9/pytorch_model.bin"),
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    )
    .unwrap();
    refused(
        &place,
        flag,
        &[
            "checkpoint-9",
            "holds no model.safetensors",
            "PyTorch",
            "torch.load(",
        ],
    );
    fs::remove_dir_all(place.path("steps/checkpoint-9")).unwrap();
    fs::write(place.path("steps/checkpoint_7.safetensors"), renamed(7)).unwrap();
    refused(&place, flag, &["has step 7", "Keep one file per step"]);
    fs::remove_file(place.path("steps/checkpoint_7.safetensors")).unwrap();
    for (name, parts) in [
        ("net_40_h33", ["40, 33", "step-00100.safetensors"]),
        ("epoch=5", ["\"epoch\"", "step-00100.safetensors"]),
    ] {
        let path = place.path(&format!("steps/{name}.safetensors"));
        fs::write(&path, b"").unwrap();
        refused(&place, flag, &[name, parts[0], parts[1]]);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn the_error_of_another_checkpoint_format_names_a_converter() {
    let place = with_checkpoints(&[]);
    fs::write(
        place.path("steps/step-10.pt"),
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
    )
    .unwrap();
    refused(
        &place,
        &["--checkpoints", "net=steps"],
        &[
            "holds no checkpoint",
            "\"step-10.pt\" is a PyTorch file",
            "save_file(torch.load(",
        ],
    );
}

#[test]
fn checkpoints_that_do_not_fit_are_refused() {
    let place = with_checkpoints(&[0, 900]);
    let flag = &["--checkpoints", "net=steps"];
    refused(&place, flag, &["step 900", "last step 60"]);
    fs::remove_file(place.path("steps/net-00900.safetensors")).unwrap();
    refused(
        &place,
        &["--checkpoints", "net=steps", "-s", "models.net.widths=[4]"],
        &["net-00000.safetensors", "0.weight", "[16, 8]", "[4, 8]"],
    );
    refused(
        &place,
        &["--checkpoints", "net=steps", "-s", "models.net.bias=false"],
        &["4 weights and biases", "models.net.bias"],
    );
    refused(
        &place,
        &["--checkpoints", "twin=steps"],
        &["twin", "not a multilayer perceptron"],
    );
    refused(
        &place,
        &["--checkpoints", "net=nowhere"],
        &["nowhere", "cannot be read"],
    );
    fs::write(place.path("steps/last.safetensors"), b"no").unwrap();
    refused(&place, flag, &["last.safetensors", "training step"]);
    fs::rename(
        place.path("steps/last.safetensors"),
        place.path("steps/x-5.safetensors"),
    )
    .unwrap();
    refused(&place, flag, &["x-5.safetensors", "safetensors file"]);
    fs::rename(
        place.path("steps/x-5.safetensors"),
        place.path("steps/y-0.safetensors"),
    )
    .unwrap();
    refused(&place, flag, &["has step 0"]);
    for file in ["y-0", "net-00000"] {
        fs::remove_file(place.path(&format!("steps/{file}.safetensors"))).unwrap();
    }
    refused(&place, flag, &["holds no checkpoint"]);
}

#[test]
fn a_closed_form_that_needs_initial_weights_does_not_start_from_curves() {
    let place = Workplace::tiny();
    let spec = "name = \"tiny\"\ntitle = \"\"\nsummary = \"\"\nsource = \"\"\nminutes = 0.1\n\
                [task]\nkind = \"random-regression\"\nsamples = 9\ninputs = 3\noutputs = 2\nwhiten = true\n\
                [models.net]\nkind = \"deep-linear\"\nwidths = [4]\n\
                [predictions.theory]\nkind = \"random-start\"\nfrom = \"net\"\n\
                [training]\nseeds = 1\nsteps = 5\nlr = 0.01\n\
                [[measure]]\nkind = \"modes\"\nschedule = { kind = \"ends\" }\n";
    place.write("tiny.toml", spec);
    place.write("net.csv", "metric,step,value,index\nskill_strength,0,1,1\n");
    refused(
        &place,
        &["--curves", "net=net.csv"],
        &["predictions.theory", "--checkpoints"],
    );
}
