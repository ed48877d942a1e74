//! Rows beside their mirror images.

use layerwise_tasks::{Batch, Task, kinds};

/// Whitened rows that are the same at every step; fresh rows with basis functions; an exact population
/// with weights, whose basis is the identity.
const TASKS: [&str; 3] = [
    "kind = 'random-regression'\ninputs = 4\noutputs = 3\nsamples = 12",
    "kind = 'multitask-parity'\nskills = 3\nbits = 8\nbits_per_skill = 2\nalpha = 0.6\n\
     data = { mode = 'fresh', batch = 9 }\ntest = { per_skill = 5 }",
    "kind = 'modes'\ninput_powers = [1.5, 0.5]\ntargets = [2.0, 1.0]",
];

fn task(text: &str, symmetrise: bool) -> Box<dyn Task> {
    let mut table: toml::Table = text.parse().unwrap();
    if symmetrise {
        table.insert("symmetrise".to_owned(), true.into());
    }
    kinds().task(table).unwrap()
}

fn at_step(task: &dyn Task, step: u64) -> Batch {
    let mut rows = Batch::zeros(task.shape(), task.batch_rows());
    task.instance(3).training().fill(step, &mut rows);
    rows
}

fn basis(rows: &Batch) -> Vec<f64> {
    (0..rows.rows).flat_map(|row| rows.basis_row(row)).collect()
}

/// Asserts that `both` are the rows of `one` and behind them their images.
fn assert_mirrored(one: &Batch, both: &Batch, place: &str) {
    assert_eq!(both.rows, 2 * one.rows, "{place}");
    for (one, both) in [
        (&one.inputs, &both.inputs),
        (&one.targets, &both.targets),
        (&basis(one), &basis(both)),
    ] {
        let images: Vec<f64> = one.iter().map(|value| -value).collect();
        assert_eq!(both, &[&one[..], &images].concat(), "{place}");
    }
    assert_eq!(both.group, [&one.group[..], &one.group].concat(), "{place}");
    let weights = |rows: &Batch| match &rows.weights {
        Some(weights) => weights.clone(),
        None => vec![1.0 / rows.rows as f64; rows.rows],
    };
    let (one, both) = (weights(one), weights(both));
    for (row, weight) in one.iter().enumerate() {
        let pair = [both[row], both[row + one.len()]];
        assert_eq!(pair, [0.5 * weight; 2], "{place}");
    }
}

#[test]
fn every_row_has_its_mirror_image_beside_it() {
    for text in TASKS {
        let (plain, both) = (task(text, false), task(text, true));
        assert_eq!(both.shape(), plain.shape());
        for step in [0, 5] {
            assert_mirrored(&at_step(&*plain, step), &at_step(&*both, step), text);
        }
        let (one, two) = (plain.instance(3), both.instance(3));
        assert_mirrored(&one.test(), &two.test(), text);
        assert_eq!(one.training_set().is_some(), two.training_set().is_some());
        if let (Some(one), Some(two)) = (one.training_set(), two.training_set()) {
            assert_mirrored(&one, &two, text);
            // A parameter for each row: images have their own.
            let mut indices = two.index.clone();
            indices.sort_unstable();
            indices.dedup();
            assert_eq!(indices.len(), two.index.len(), "{text}");
        }
        assert_eq!(one.training().is_constant(), two.training().is_constant());
        assert_eq!(one.groups(), two.groups());
    }
}

#[test]
fn the_key_is_written_only_where_it_is_given() {
    for text in TASKS {
        let (plain, both) = (task(text, false), task(text, true));
        assert!(!plain.resolved().contains_key("symmetrise"));
        let again = kinds().task(both.resolved()).unwrap();
        assert_eq!(again.resolved(), both.resolved());
        assert_eq!(again.batch_rows(), 2 * plain.batch_rows());
        let mut off: toml::Table = text.parse().unwrap();
        off.insert("symmetrise".to_owned(), false.into());
        assert_eq!(kinds().task(off).unwrap().resolved(), plain.resolved());
    }
    let mut wrong: toml::Table = TASKS[0].parse().unwrap();
    wrong.insert("symmetrise".to_owned(), "yes".into());
    let error = kinds().task(wrong).err().unwrap();
    assert_eq!(error.key, "symmetrise");
}
