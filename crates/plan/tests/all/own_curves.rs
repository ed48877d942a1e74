//! Curves of the user: which rows go with which part of a spec, and what is refused.

use std::fs;

use plan::{
    Crossing, Curves, Derived, ExternalContent, ModelCurves, Plan, SpecError, attach_curves,
    derive_times, half_time,
};
use record::{EarlyEnd, ExternalSource, Observation, Observations};

use crate::support::{ADDITION, SMALL, load_with};

/// Puts files in the place of the net of a plan.
fn attached(plan: &mut Plan, files: &[(&str, &str)], said: Option<&str>) -> Result<(), SpecError> {
    let folder = tempfile::tempdir().unwrap();
    let read = files.iter().map(|(name, text)| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        let said = said.map(|said| said.parse().unwrap());
        Curves::read(&path, "net", said.as_ref())
    });
    let curves = Curves::join(read.collect::<Result<_, _>>()?)?;
    let source = ExternalSource {
        model: "net".to_owned(),
        kind: "curves".to_owned(),
        name: "net.csv".to_owned(),
        sha256: String::new(),
    };
    attach_curves(plan, &curves, &source)
}

/// A plan of a spec with so many seeds.
fn planned(spec: &str, seeds: u64) -> Plan {
    let seeds = format!("training.seeds={seeds}");
    load_with(spec, &[&seeds]).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(spec: &str, files: &[(&str, &str)], said: Option<&str>) -> String {
    let refused = attached(&mut planned(spec, 1), files, said);
    refused.expect_err("it is refused").to_string()
}

/// Metric, index, seed, step and value of all rows of the net, and the notes.
type Read = (Vec<(String, u64, u64, u64, f64)>, Vec<String>);

fn read(spec: &str, seeds: u64, files: &[(&str, &str)], said: Option<&str>) -> Read {
    let mut plan = planned(spec, seeds);
    attached(&mut plan, files, said).unwrap_or_else(|error| panic!("{error}"));
    let external = &plan.variants[0].external["net"];
    let ExternalContent::Curves(rows) = &external.content else {
        panic!("no curves");
    };
    let rows = rows.iter();
    let rows = rows.map(|row| {
        (
            row.metric.to_string(),
            row.index,
            row.seed,
            row.step,
            row.value,
        )
    });
    (rows.collect(), external.notes.clone())
}

#[test]
fn indices_that_a_metric_does_not_have_are_refused_with_those_that_it_has() {
    let row =
        |metric: &str, index: &str| format!("metric,index,step,value\n{metric},{index},0,1\n");
    let measured = |kind: &str| {
        format!(
            "{ADDITION}\n[[measure]]\nkind = \"{kind}\"\nmodels = [\"net\"]\nschedule = {{ kind = \"ends\" }}\n"
        )
    };
    // The nets of addition modulo 7 have two layers, and 7 classes.
    for (spec, metric, good, bad, range) in [
        (
            SMALL.to_owned(),
            "skill_strength",
            ["1", "3"],
            ["0", "4"],
            "they are 1 to 3",
        ),
        (
            SMALL.to_owned(),
            "off_skill_energy",
            ["1", "3"],
            ["0", "7"],
            "they are 1 to 3",
        ),
        (
            measured("loss"),
            "test_loss",
            ["0", ""],
            ["1", "9"],
            "has no index",
        ),
        (
            measured("ranks"),
            "weight_stable_rank",
            ["1", "2"],
            ["0", "3"],
            "they are 1 to 2",
        ),
        (
            measured("ranks"),
            "feature_effective_rank",
            ["1", "1"],
            ["0", "2"],
            "only one is 1",
        ),
        (
            measured("balance"),
            "balance",
            ["1", "1"],
            ["0", "2"],
            "only one is 1",
        ),
        (
            measured("weights"),
            "weight_norm",
            ["0", "2"],
            ["3", "99"],
            "they are 0 to 2",
        ),
        (
            measured("collapse-layers"),
            "layer_nc1",
            ["1", "1"],
            ["0", "2"],
            "only one is 1",
        ),
        (
            measured("collapse"),
            "feature_singular",
            ["1", "8"],
            ["0", "9"],
            "they are 1 to 8",
        ),
        (
            measured("class-norms"),
            "class_mean_norm",
            ["1", "7"],
            ["0", "8"],
            "they are 1 to 7",
        ),
        (
            measured("fourier-spectrum"),
            "fourier_power",
            ["1", "3"],
            ["0", "4"],
            "they are 1 to 3",
        ),
    ] {
        for index in good {
            let file = row(metric, index);
            let found = attached(&mut planned(&spec, 1), &[("net.csv", &file)], None);
            found.unwrap_or_else(|error| panic!("{metric} {index}: {error}"));
        }
        for index in bad {
            let problem = refusal(&spec, &[("net.csv", &row(metric, index))], None);
            for part in ["net.csv:2: index", index, metric, range] {
                assert!(problem.contains(part), "{part} is not in {problem}");
            }
        }
    }
    let missing = refusal(
        SMALL,
        &[("net.csv", "metric,step,value\nskill_strength,0,1\n")],
        None,
    );
    assert!(missing.contains("1 to 3"), "{missing}");
}

#[test]
fn one_message_names_the_largest_step_and_what_covers_it() {
    let file = "metric,index,step,value\nskill_strength,1,500,0\nskill_strength,1,7000,1\nskill_strength,1,70,1\n";
    let problem = refusal(SMALL, &[("net.csv", file)], None);
    for part in [
        "net.csv:3: step",
        "7000",
        "3 rows",
        "last step 60",
        "-s training.steps=7000",
    ] {
        assert!(problem.contains(part), "{part} is not in {problem}");
    }
}

#[test]
fn exports_of_tensorboard_are_one_file_per_run_and_tag() {
    let file =
        |value: f64| format!("Wall time,Step,Value\n1700000000.1,0,0.0\n1700000000.2,60,{value}\n");
    let files = [
        ("run-seed-0-tag-eval_skill_strength_1.csv", file(0.1)),
        ("run-seed-1-tag-eval_skill_strength_1.csv", file(0.2)),
        ("run-seed-1-tag-skill_strength_3 (1).csv", file(0.3)),
        ("run-seed-0-tag-train_lr.csv", file(0.4)),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, &**text)).collect();
    let (rows, notes) = read(SMALL, 2, &files, None);
    let ends: Vec<(u64, u64, f64)> = (rows.iter())
        .filter(|(.., step, _)| *step == 60)
        .map(|&(_, index, seed, _, value)| (index, seed, value))
        .collect();
    assert_eq!(ends, [(1, 0, 0.1), (1, 1, 0.2), (3, 1, 0.3)]);
    assert!(rows.iter().all(|row| row.0 == "skill_strength"));
    let notes = notes.join("\n");
    for part in [
        "\"eval_skill_strength_1\" as skill_strength/1, \"skill_strength_3\" as skill_strength/3",
        "\"seed-0\" as 0, \"seed-1\" as 1",
        "left out, because this spec measures no metric of this name: \"train_lr\"",
    ] {
        assert!(notes.contains(part), "{part} is not in {notes}");
    }
}

#[test]
fn exports_of_wandb_have_a_column_per_run() {
    let file = "\"Step\",\"quiet-sun-3 - skill_strength/2\",\"quiet-sun-3 - skill_strength/2__MIN\",\
                \"quiet-sun-3 - skill_strength/2__MAX\",\"quiet-sun-4 - skill_strength/2\",\"quiet-sun-4 - _step\"\n\
                \"0\",\"0.25\",\"9\",\"9\",\"\",\"\"\n\"60.0\",\"0.5\",\"9\",\"9\",\"0.75\",\"60\"\n";
    let mut plan = load_with(SMALL, &["training.first_seed=3", "training.seeds=2"]).unwrap();
    attached(&mut plan, &[("wandb.csv", file)], None).unwrap();
    let ExternalContent::Curves(rows) = &plan.variants[0].external["net"].content else {
        panic!("no curves");
    };
    let found: Vec<_> = (rows.iter())
        .map(|o| (o.seed, o.index, o.step, o.value))
        .collect();
    assert_eq!(found, [(3, 2, 0, 0.25), (3, 2, 60, 0.5), (4, 2, 60, 0.75)]);
}

#[test]
fn a_global_step_counts_the_steps_where_there_is_one() {
    let of_table = "global_step,Step,a - skill_strength_1\n0,0,0.0\n60,1,0.5\n";
    let of_run = "Step,a - skill_strength_1,a - trainer/global_step\n0,0.0,0\n1,0.5,60\n";
    for file in [of_table, of_run] {
        let (rows, _) = read(SMALL, 1, &[("wandb.csv", file)], None);
        let steps: Vec<u64> = rows.iter().map(|row| row.3).collect();
        assert_eq!(steps, [0, 60], "{file}");
    }
}

#[test]
fn runs_whose_numbers_do_not_count_up_are_numbered_in_order() {
    let file = "Step,b-12 - skill_strength_1,b-7 - skill_strength_1\n0,0.25,0.5\n60,0.25,0.5\n";
    let (rows, notes) = read(SMALL, 2, &[("wandb.csv", file)], None);
    assert_eq!((rows[0].2, rows[0].4), (0, 0.25));
    assert!(
        notes[1].contains("\"b-12\" as 0, \"b-7\" as 1"),
        "{notes:?}"
    );
}

#[test]
fn names_that_do_not_tell_are_refused_until_the_user_says_what_they_are() {
    let single = "Wall time,Step,Value\n1.0,0,0.0\n2.0,60,0.5\n";
    let problem = refusal(SMALL, &[("export.csv", single)], None);
    for part in ["export.csv", "does not name a metric", "skill_strength"] {
        assert!(problem.contains(part), "{part} is not in {problem}");
    }
    let (rows, _) = read(
        SMALL,
        1,
        &[("export.csv", single)],
        Some("skill_strength/2"),
    );
    assert_eq!(rows[1], ("skill_strength".to_owned(), 2, 0, 60, 0.5));
    let wide = "Step,r - acc,r - loss\n0,0.25,9\n60,0.5,9\n";
    let problem = refusal(SMALL, &[("w.csv", wide)], Some("skill_strength/2"));
    assert!(problem.contains("\"acc\", \"loss\""), "{problem}");
    let (rows, _) = read(SMALL, 1, &[("w.csv", wide)], Some("skill_strength/2=acc"));
    assert_eq!((rows[1].1, rows[1].4), (2, 0.5));
    for (said, part) in [
        ("skill_strength/2=lr", "names no column"),
        ("skill_strength/4=acc", "they are 1 to 3"),
        ("strength/1=acc", "is not a metric"),
        ("skill_strength=acc", "one value for each skill"),
    ] {
        let problem = refusal(SMALL, &[("w.csv", wide)], Some(said));
        assert!(problem.contains(part), "{part} is not in {problem}");
    }
    let long = "metric,index,step,value\nskill_strength,1,0,1\n";
    let problem = refusal(SMALL, &[("long.csv", long)], Some("skill_strength/1"));
    assert!(problem.contains("names its metrics"), "{problem}");
}

#[test]
fn cells_of_exports_that_are_no_numbers_are_refused_with_file_line_and_column() {
    for (file, parts) in [
        ("Step,Value\n0,NaN\n", ["e.csv:2: Value", "\"NaN\""]),
        ("Step,Value\n-1,0\n", ["e.csv:2: Step", "\"-1\""]),
        ("Step,Value\n0.5,0\n", ["e.csv:2: Step", "\"0.5\""]),
        ("Step,Value\n0,\n", ["e.csv", "has no value"]),
        ("Step,Value\n0,1\n0,2\n", ["e.csv:3", "line 2"]),
    ] {
        let problem = refusal(SMALL, &[("e.csv", file)], Some("skill_strength/1"));
        for part in parts {
            assert!(problem.contains(part), "{part} is not in {problem}");
        }
    }
}

#[test]
fn what_ends_before_the_run_is_told_curve_by_curve() {
    let file = "seed,metric,index,step,value\n\
                0,skill_strength,1,0,0\n0,skill_strength,1,60,1\n\
                0,skill_strength,2,0,0\n0,skill_strength,2,40,1\n\
                1,skill_strength,1,0,0\n1,skill_strength,1,20,1\n";
    let mut plan = planned(SMALL, 2);
    attached(&mut plan, &[("net.csv", file)], None).unwrap();
    let base = &plan.variants[0];
    let end = |index: u64, step: u64| EarlyEnd {
        model: "net".to_owned(),
        metric: Some("skill_strength".to_owned()),
        indices: vec![index],
        step,
    };
    assert_eq!(base.early_ends(0, 60), [end(2, 40)]);
    assert_eq!(base.early_ends(1, 60), [end(1, 20)]);
    assert!(base.early_ends(1, 20).is_empty());
    let notes = plan.notes();
    assert!(
        notes
            .iter()
            .any(|note| note.contains("skill_strength 1 of seed 1 ends at step 20")),
        "{notes:?}"
    );
    // The curve ends where the stop condition of the spec holds.
    let stop =
        "lr = 0.05\nstop_when = { model = \"net\", metric = \"skill_strength\", above = 0.5 }";
    let mut plan = planned(&SMALL.replace("lr = 0.05", stop), 2);
    attached(&mut plan, &[("net.csv", file)], None).unwrap();
    assert!(plan.variants[0].early_ends(1, 60).is_empty());
}

#[test]
fn a_time_before_a_first_record_after_the_start_is_recorded_as_a_bound() {
    let rows = |points: &[(u64, f64)]| -> Observations {
        let row = |&(step, value): &(u64, f64)| Observation {
            variant: "base".into(),
            seed: 0,
            model: "net".into(),
            metric: "skill_strength".into(),
            index: 1,
            step,
            flow_time: None,
            value,
        };
        points.iter().map(row).collect()
    };
    let times = |points: &[(u64, f64)]| -> Vec<Derived> {
        derive_times(ModelCurves {
            observations: &rows(points),
            variant: "base",
            seed: 0,
            model: "net",
        })
    };
    let found = |points: &[(u64, f64)], metric: &str| {
        let times = times(points);
        let row = times.iter().find(|row| row.metric == metric);
        row.map(|row| (row.value, row.step))
    };
    let late = [(100, 0.6), (200, 0.8)];
    assert_eq!(found(&late, "half_time"), Some((f64::NEG_INFINITY, 100)));
    assert_eq!(found(&late, "t90"), Some((f64::INFINITY, 200)));
    assert_eq!(found(&late, "t90_over_t10"), None);
    // One record is a bound.
    let alone = [(200, 0.8)];
    assert_eq!(found(&alone, "half_time"), Some((f64::NEG_INFINITY, 200)));
    assert_eq!(found(&alone, "t90"), Some((f64::INFINITY, 200)));
    let from_start = [(0, 0.6), (200, 0.8)];
    assert_eq!(found(&from_start, "half_time"), Some((0.0, 200)));
    // A curve that is at its level from the start has no shape.
    assert_eq!(found(&[(0, 0.6), (200, 1.0)], "t90_over_t10"), None);
    assert_eq!(
        half_time(&[1.0, 2.0], &[0.5, 1.0]),
        Ok(Crossing::Before(1.0))
    );
    assert_eq!(half_time(&[1.0, 3.0], &[0.0, 1.0]), Ok(Crossing::At(2.0)));
}

#[test]
fn runs_that_may_differ_in_more_than_the_seed_are_refused_until_their_seeds_are_said() {
    let wide = |runs: &[&str]| {
        let headings = runs.iter().map(|run| format!(",{run} - skill_strength_1"));
        let values = |value: &str| value.repeat(runs.len());
        let (first, last) = (values(",0.25"), values(",0.5"));
        format!("Step{}\n0{first}\n60{last}\n", headings.collect::<String>())
    };
    for runs in [
        ["run-width-32", "run-width-64"],
        ["lr0.1", "lr0.2"],
        ["Group: adam", "Group: sgd"],
        ["adam-1", "adam-2"],
        ["lively-sun-12", "sage-lake-13"],
        ["lr0.1-seed-0", "lr0.2-seed-1"],
        ["seed-0", "other"],
    ] {
        let problem = refusal(SMALL, &[("w.csv", &wide(&runs))], None);
        for part in ["w.csv", runs[0], runs[1], "@SEED"] {
            assert!(problem.contains(part), "{part} is not in {problem}");
        }
    }
    for (runs, seeds) in [
        (["lr0.1-seed-0", "lr0.1-seed-1"], [0, 1]),
        (["may-01 seed=0", "may-02 seed=1"], [0, 1]),
        (["mlp_s0", "mlp_s1"], [0, 1]),
        (["version_0", "version_1"], [0, 1]),
    ] {
        let (rows, _) = read(SMALL, 2, &[("w.csv", &wide(&runs))], None);
        assert_eq!([rows[0].2, rows[2].2], seeds, "{runs:?}");
    }
    let said = "skill_strength/1@0=Group: adam - skill_strength_1";
    let file = wide(&["Group: adam", "Group: sgd"]);
    let (rows, _) = read(SMALL, 1, &[("w.csv", &file)], Some(said));
    assert_eq!(rows.len(), 2);
    // One file for each run, as TensorBoard writes them.
    let file = "Wall time,Step,Value\n1.0,0,0.0\n2.0,60,0.5\n";
    let files = [32, 64, 128].map(|width| format!("run-width-{width}-tag-skill_strength_1.csv"));
    let files: Vec<(&str, &str)> = files.iter().map(|name| (&**name, file)).collect();
    let problem = refusal(SMALL, &files, None);
    assert!(problem.contains("width-128"), "{problem}");
}

#[test]
fn a_time_without_its_curve_is_refused_and_no_net_is_trained_for_it() {
    let long = |rows: &str| format!("seed,metric,index,step,value\n{rows}");
    for (rows, parts) in [
        (
            "0,half_time,1,60,0.9\n",
            ["net.csv:2: metric", "half_time", "skill_strength"],
        ),
        (
            "0,t90,,60,50\n",
            ["net.csv:2: metric", "t90", "skill_strength"],
        ),
        (
            "0,skill_strength,1,0,0\n0,half_time,2,60,50\n",
            ["net.csv:3: metric", "half_time", "skill_strength 2"],
        ),
        (
            "1,skill_strength,1,0,0\n0,half_time,1,60,50\n",
            ["net.csv:3: metric", "half_time", "for seed 0"],
        ),
    ] {
        let mut plan = planned(SMALL, 2);
        let refused = attached(&mut plan, &[("net.csv", &long(rows))], None);
        let problem = refused.expect_err(rows).to_string();
        for part in parts {
            assert!(problem.contains(part), "{part} is not in {problem}");
        }
    }
    // If the curve is also given, the end value is computed from it.
    let file = long("0,skill_strength,1,0,0\n0,skill_strength,1,60,1\n0,half_time,1,60,77\n");
    let (rows, _) = read(SMALL, 1, &[("net.csv", &file)], None);
    assert_eq!(rows.len(), 2);
}

#[test]
fn a_grid_of_which_one_cell_is_read_is_refused() {
    let grid = format!("{SMALL}\n[sweep.grid]\n\"training.lr\" = [0.05, 0.1]\n");
    let mut plan = load_with(&grid, &["training.seeds=1"]).unwrap();
    assert!(plan.variants.len() > 1);
    let name = plan.variants[0].name.clone();
    let file = format!("metric,index,step,value,variant\nskill_strength,1,0,0,\"{name}\"\n");
    let refused = attached(&mut plan, &[("net.csv", &file)], None);
    let problem = refused.expect_err("it is refused").to_string();
    for part in ["would be trained", &format!("{name:?}")] {
        assert!(problem.contains(part), "{part} is not in {problem}");
    }
}

#[test]
fn tables_of_spreadsheets_and_other_programs_are_read_as_their_plain_form() {
    let plain =
        "seed,metric,index,step,value\n0,skill_strength,1,0,0.25\n0,skill_strength,1,60,0.5\n";
    let (expected, _) = read(SMALL, 1, &[("net.csv", plain)], None);
    for file in [
        plain.replace(',', ";").replace("0.", "0,"),
        plain.replace(',', "\t"),
        plain.replace(
            "seed,metric,index,step,value",
            "Seed,Metric,Index,Step,Value",
        ),
        plain.replace(",60,", ",60.0,").replace(",1,", ",1.0,"),
        format!("\u{feff}sep=,\n{plain}"),
        ",seed,metric,index,step,value\n0,0,skill_strength,1,0,0.25\n1,0,skill_strength,1,60,0.5\n"
            .to_owned(),
    ] {
        assert_eq!(
            read(SMALL, 1, &[("net.csv", &file)], None).0,
            expected,
            "{file}"
        );
    }
    let problem = refusal(
        SMALL,
        &[(
            "net.csv",
            "metric;index;step;value\nskill_strength;1;0;0,5\nskill_strength;1;0,5;1,5\n",
        )],
        None,
    );
    assert!(problem.contains("net.csv:3: step"), "{problem}");
}

#[test]
fn exports_against_time_or_epochs_are_refused_with_what_they_lack() {
    for axis in ["epoch", "_runtime", "Relative Time (Process)", "Wall Time"] {
        let file = format!("{axis},seed-0 - skill_strength_1\n0,0.25\n1,0.5\n");
        for said in [None, Some("skill_strength/1")] {
            let problem = match said {
                None => refusal(SMALL, &[("w.csv", &file)], None),
                said => refusal(SMALL, &[("w.csv", &file)], said),
            };
            for part in [axis, "no column of training steps", "against Step"] {
                assert!(problem.contains(part), "{part} is not in {problem}");
            }
        }
    }
    // With a step they are not curves.
    let file = "epoch,step,skill_strength_1\n0,0,0.25\n1,60,0.5\n";
    assert_eq!(read(SMALL, 1, &[("w.csv", file)], None).0.len(), 2);
}
