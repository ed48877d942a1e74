//! The rows of the parity tasks against what their definitions say, through the public interface.

use layerwise_tasks::{Basis, Batch, Task, TaskInstance, TrainingStream, kinds};

/// Chance of a false alarm of one 5-sigma check is below 1e-6; the seeds are fixed anyway.
const SIGMAS: f64 = 5.0;

/// Rounding of a weighted sum of a few thousand terms of order one.
const ROUNDING: f64 = 1e-12;

const MULTITASK: &str = "kind = 'multitask-parity'\nskills = 5\nbits = 16\nbits_per_skill = 3\n\
                         alpha = 0.6\ntarget = 5.0\n";
const SPARSE: &str = "kind = 'sparse-parity'\nbits = 10\nparity = 4\ntarget = 2.0\n";

fn task(spec: &str) -> Box<dyn Task> {
    kinds().build(spec.parse().unwrap()).unwrap()
}

fn instance(spec: &str, seed: u64) -> Box<dyn TaskInstance> {
    task(spec).instance(seed)
}

fn fill(stream: &mut dyn TrainingStream, step: u64) -> Batch {
    let mut batch = Batch::zeros(
        layerwise_tasks::TaskShape {
            inputs: 0,
            basis: 0,
            outputs: 0,
        },
        0,
    );
    stream.fill(step, &mut batch);
    batch
}

fn inputs_of(batch: &Batch, row: usize) -> &[f64] {
    &batch.inputs[row * batch.shape.inputs..(row + 1) * batch.shape.inputs]
}

/// Checks every row against a parity that is counted bit by bit.
fn assert_rows_are_parities(batch: &Batch, instance: &dyn TaskInstance, keys: usize, one: f64) {
    assert_eq!(batch.inputs.len(), batch.rows * batch.shape.inputs);
    assert_eq!(batch.targets.len(), batch.rows);
    assert_eq!(batch.group.len(), batch.rows);
    for row in 0..batch.rows {
        let skill = batch.group[row] as usize;
        let group = &instance.groups()[skill];
        let (key, bits) = inputs_of(batch, row).split_at(keys);
        for (column, &value) in key.iter().enumerate() {
            assert_eq!(value, if column == skill { 1.0 } else { 0.0 });
        }
        let odd = group.subset.iter().filter(|&&bit| bits[bit] == one).count() % 2 == 1;
        let parity = if odd { -1.0 } else { 1.0 };
        for (column, value) in batch.basis_row(row).into_iter().enumerate() {
            assert_eq!(value, if column == skill { parity } else { 0.0 });
        }
        assert_eq!(batch.targets[row], group.target * parity);
    }
}

#[test]
fn every_kind_of_row_holds_the_parity_of_its_skill() {
    let data = [
        "data = { mode = 'fresh', batch = 70 }",
        "data = { mode = 'fixed', size = 60, order = 'full-batch' }",
        "data = { mode = 'fixed', size = 60, order = 'epochs', batch = 21 }",
        "data = { mode = 'fixed', size = 60, order = 'replacement', batch = 90 }",
    ];
    for data in data {
        for subsets in ["disjoint", "random"] {
            let spec = format!("{MULTITASK}subsets = '{subsets}'\n{data}");
            let instance = instance(&spec, 3);
            let batch = fill(instance.training().as_mut(), 2);
            assert_eq!(batch.rows, task(&spec).batch_rows());
            assert_eq!(batch.shape, task(&spec).shape());
            assert_rows_are_parities(&batch, instance.as_ref(), 5, 1.0);
            assert_rows_are_parities(&instance.test(), instance.as_ref(), 5, 1.0);
        }
        let instance = instance(&format!("{SPARSE}subset = 'random'\n{data}"), 3);
        let batch = fill(instance.training().as_mut(), 2);
        assert_rows_are_parities(&batch, instance.as_ref(), 0, -1.0);
    }
}

#[test]
fn the_first_fresh_samples_are_pinned() {
    let batch = fill(instance(MULTITASK, 0).training().as_mut(), 0);
    let words: Vec<u32> = (0..4)
        .map(|row| {
            let bits = inputs_of(&batch, row)[5..].iter().enumerate();
            bits.map(|(j, &bit)| (bit as u32) << j).sum()
        })
        .collect();
    assert_eq!(
        (&batch.group[..4], words),
        (&[2, 0, 3, 4][..], vec![40407, 30059, 42995, 20678])
    );
}

#[test]
fn skills_come_as_often_as_their_probability_says() {
    let laws = [
        "alpha = 0.6".to_owned(),
        "probabilities = [0.05, 0.5, 0.2, 0.15, 0.1]".to_owned(),
    ];
    for law in laws {
        let spec = MULTITASK.replace("alpha = 0.6", &law);
        let instance = instance(&spec, 11);
        let mut stream = instance.training();
        let mut counts = [0_u32; 5];
        let steps = 200;
        for step in 0..steps {
            fill(stream.as_mut(), step)
                .group
                .iter()
                .for_each(|&k| counts[k as usize] += 1);
        }
        let n = 500.0 * steps as f64;
        for (group, count) in instance.groups().iter().zip(counts) {
            let p = group.probability;
            let deviation = f64::from(count) - n * p;
            assert!(
                deviation.abs() < SIGMAS * (n * p * (1.0 - p)).sqrt(),
                "{p}: {count}"
            );
        }
    }
}

#[test]
fn fresh_bits_are_balanced_and_independent_of_their_neighbours() {
    let n = 20_000.0_f64;
    let spec = MULTITASK.replace("bits = 16", "bits = 64");
    let spec = format!("{spec}data = {{ mode = 'fresh', batch = {n} }}");
    let batch = fill(instance(&spec, 5).training().as_mut(), 0);
    let sign = |row: usize, bit: usize| 1.0 - 2.0 * inputs_of(&batch, row)[5 + bit];
    for bit in 0..64 {
        let mean = (0..batch.rows).map(|row| sign(row, bit)).sum::<f64>() / n;
        let pair = (0..batch.rows)
            .map(|row| sign(row, bit) * sign(row, (bit + 1) % 64))
            .sum::<f64>()
            / n;
        assert!(mean.abs() < SIGMAS / n.sqrt(), "bit {bit}: {mean}");
        assert!(
            pair.abs() < SIGMAS / n.sqrt(),
            "bits {bit} and next: {pair}"
        );
    }
}

#[test]
fn skills_have_parities_of_their_own_order() {
    let of = |orders: &str, rest: &str| {
        let spec = format!(
            "kind = 'multitask-parity'\nskills = 3\nbits = 7\nbits_per_skill = {orders}\nalpha = 0.6\n\
             data = {{ mode = 'population', over = 'inputs' }}\n{rest}"
        );
        instance(&spec, 2)
    };
    let subsets = |instance: &dyn TaskInstance| -> Vec<Vec<usize>> {
        instance
            .groups()
            .iter()
            .map(|group| group.subset.clone())
            .collect()
    };
    let mixed = of("[1, 2, 3]", "");
    assert_eq!(
        subsets(mixed.as_ref()),
        [vec![0], vec![1, 2], vec![3, 4, 5]]
    );
    let batch = mixed.test();
    assert_rows_are_parities(&batch, mixed.as_ref(), 3, 1.0);
    let random = of("[1, 2, 3]", "subsets = 'random'");
    let sizes: Vec<usize> = subsets(random.as_ref()).iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 2, 3]);
    // One number stands for a list of it.
    let [one, list] = ["2", "[2, 2, 2]"].map(|orders| of(orders, ""));
    assert_eq!(one.groups(), list.groups());
    assert_eq!(one.test(), list.test());
}

#[test]
fn the_population_over_inputs_is_the_mean_over_all_samples() {
    let spec = "kind = 'multitask-parity'\nskills = 3\nbits = 6\nbits_per_skill = 2\nalpha = 0.6\n\
                target = 5.0\ndata = { mode = 'population', over = 'inputs' }";
    let instance = instance(spec, 0);
    let batch = fill(instance.training().as_mut(), 9);
    assert_eq!(batch, instance.test());
    assert!(instance.training().is_constant());
    assert_eq!(batch.rows, 3 * 64);
    assert_rows_are_parities(&batch, instance.as_ref(), 3, 1.0);

    let weights = batch.weights.as_ref().unwrap();
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < ROUNDING);
    let mean = |value: &dyn Fn(usize) -> f64| {
        (0..batch.rows)
            .map(|row| weights[row] * value(row))
            .sum::<f64>()
    };
    for (k, group) in instance.groups().iter().enumerate() {
        let square = mean(&|row| batch.basis_row(row)[k].powi(2));
        assert!((square - group.probability).abs() < ROUNDING);
        assert!(mean(&|row| batch.basis_row(row)[k]).abs() < ROUNDING);
        let overlap = mean(&|row| batch.targets[row] * batch.basis_row(row)[k]);
        assert!((overlap - 5.0 * group.probability).abs() < ROUNDING);
    }
    // A function of the inputs alone, averaged by counting through skills and words.
    let function =
        |skill: usize, bits: &[f64]| (skill + 1) as f64 * (bits[0] + 2.0 * bits[5]).sin();
    let mut expected = 0.0;
    for (skill, group) in instance.groups().iter().enumerate() {
        for word in 0..64_u32 {
            let bits: Vec<f64> = (0..6).map(|j| f64::from(word >> j & 1)).collect();
            expected += group.probability / 64.0 * function(skill, &bits);
        }
    }
    let actual = mean(&|row| function(batch.group[row] as usize, &inputs_of(&batch, row)[3..]));
    assert!((actual - expected).abs() < ROUNDING);
}

#[test]
fn the_population_over_skills_has_one_row_per_skill() {
    let spec = format!("{MULTITASK}data = {{ mode = 'population', over = 'skills' }}");
    let instance = instance(&spec, 0);
    let mut stream = instance.training();
    let batch = fill(stream.as_mut(), 1);
    assert!(stream.is_constant());
    assert_eq!(batch, instance.test());
    assert_eq!((batch.rows, batch.shape), (5, task(&spec).shape()));
    assert_eq!(batch.shape.inputs, 0);
    assert_eq!(batch.basis, Basis::Identity);
    assert_eq!(batch.targets, [5.0; 5]);
    let weights = batch.weights.unwrap();
    assert!((weights.iter().sum::<f64>() - 1.0).abs() < ROUNDING);
    for (k, weight) in weights.iter().enumerate() {
        let expected = weights[0] * ((k + 1) as f64).powf(-1.6);
        assert!((weight - expected).abs() < ROUNDING);
    }
    assert!(instance.cube(0).is_none());
}

#[test]
fn test_sets_have_an_exact_count_per_skill_in_order_and_no_weights() {
    let instance = instance(&format!("{MULTITASK}test = {{ per_skill = 30 }}"), 0);
    let test = instance.test();
    let expected: Vec<u32> = (0..5).flat_map(|skill| [skill; 30]).collect();
    assert_eq!(test.group, expected);
    assert_eq!(test.weights, None);
    assert!(test.index.is_empty());
    let distinct: std::collections::BTreeSet<String> = (0..test.rows)
        .map(|row| format!("{:?}", &inputs_of(&test, row)[5..]))
        .collect();
    assert!(
        distinct.len() > 140,
        "words repeat: {} of 150 are distinct",
        distinct.len()
    );
}

#[test]
fn an_epoch_visits_every_sample_once_even_across_batches() {
    for (size, batch) in [(12, 4), (7, 3), (5, 5), (9, 8), (1, 1)] {
        let spec = format!(
            "{MULTITASK}data = {{ mode = 'fixed', size = {size}, order = 'epochs', batch = {batch} }}"
        );
        let instance = instance(&spec, 2);
        let mut stream = instance.training();
        let epochs = 6;
        let visited: Vec<u32> = (0..epochs * size)
            .flat_map(|s| fill(stream.as_mut(), s).index)
            .collect();
        let mut orders = Vec::new();
        for epoch in visited.chunks_exact(size as usize).take(epochs as usize) {
            let mut sorted = epoch.to_vec();
            sorted.sort_unstable();
            assert_eq!(
                sorted,
                (0..size as u32).collect::<Vec<_>>(),
                "size {size}, batch {batch}"
            );
            orders.push(epoch.to_vec());
        }
        orders.sort_unstable();
        orders.dedup();
        // A repeated order of 7 samples has a chance of 1 in 5040.
        assert!(
            size < 7 || orders.len() == epochs as usize,
            "epochs share an order"
        );
    }
}

#[test]
fn epochs_stay_whole_where_the_count_of_samples_exceeds_64_bits() {
    let data = "data = { mode = 'fixed', size = 7, order = 'epochs', batch = 3 }";
    let mut stream = instance(&format!("{SPARSE}{data}"), 2).training();
    // Seven batches of three are three epochs, and 2^64 - 9 is a multiple of seven.
    let first = u64::MAX - 8;
    let mut visited: Vec<u32> = (first..first + 7)
        .flat_map(|step| fill(stream.as_mut(), step).index)
        .collect();
    for epoch in visited.chunks_exact_mut(7) {
        epoch.sort_unstable();
        assert_eq!(epoch, [0, 1, 2, 3, 4, 5, 6]);
    }
}

#[test]
fn batches_of_a_fixed_set_are_rows_of_the_full_batch() {
    let fixed = |rest: &str| format!("{MULTITASK}data = {{ mode = 'fixed', size = 40, {rest} }}");
    let all = fill(
        instance(&fixed("order = 'full-batch'"), 6)
            .training()
            .as_mut(),
        0,
    );
    assert_eq!(all.index, (0..40).collect::<Vec<_>>());
    for order in ["epochs", "replacement"] {
        let instance = instance(&fixed(&format!("order = '{order}', batch = 17")), 6);
        let mut stream = instance.training();
        assert!(!stream.is_constant());
        for step in 0..10 {
            let batch = fill(stream.as_mut(), step);
            assert_eq!(batch.index.len(), 17);
            for (row, &index) in batch.index.iter().enumerate() {
                let index = index as usize;
                assert_eq!(inputs_of(&batch, row), inputs_of(&all, index));
                assert_eq!(batch.basis_row(row), all.basis_row(index));
                assert_eq!(batch.targets[row], all.targets[index]);
                assert_eq!(batch.group[row], all.group[index]);
            }
        }
    }
}

#[test]
fn the_training_set_is_the_full_batch_wherever_rows_are_fixed() {
    let fixed = |rest: &str| format!("{MULTITASK}data = {{ mode = 'fixed', size = 40, {rest} }}");
    let all = fill(
        instance(&fixed("order = 'full-batch'"), 6)
            .training()
            .as_mut(),
        0,
    );
    for order in [
        "order = 'full-batch'",
        "order = 'epochs', batch = 17",
        "order = 'replacement', batch = 90",
    ] {
        assert_eq!(
            instance(&fixed(order), 6).training_set().as_ref(),
            Some(&all)
        );
    }
    for constant in [
        format!("{SPARSE}data = {{ mode = 'population', over = 'inputs' }}"),
        format!("{MULTITASK}data = {{ mode = 'population', over = 'skills' }}"),
        "kind = 'modes'\ninput_powers = [1.0, 2.0]\ntargets = [1.0, 0.5]".to_owned(),
        "kind = 'linear-map'\ninputs = 3\noutputs = 2".to_owned(),
        "kind = 'random-regression'\nsamples = 9\ninputs = 3\noutputs = 2".to_owned(),
        "kind = 'skill-spectrum'\nskills = 1000\nalpha = 0.6".to_owned(),
    ] {
        let instance = instance(&constant, 6);
        let rows = fill(instance.training().as_mut(), 0);
        assert_eq!(instance.training_set(), Some(rows), "{constant}");
    }
    assert_eq!(instance(MULTITASK, 6).training_set(), None);
    // 30 million samples are stored in 512 MiB, their rows are not.
    let large = "data = { mode = 'fixed', size = 30_000_000, order = 'epochs', batch = 9 }";
    assert_eq!(
        instance(&format!("{SPARSE}{large}"), 6).training_set(),
        None
    );
}

#[test]
fn replacement_takes_every_sample_equally_often() {
    let data = "data = { mode = 'fixed', size = 20, order = 'replacement', batch = 1000 }";
    let mut stream = instance(&format!("{SPARSE}{data}"), 1).training();
    let mut counts = [0_u32; 20];
    (0..20).for_each(|step| {
        fill(stream.as_mut(), step)
            .index
            .iter()
            .for_each(|&i| counts[i as usize] += 1);
    });
    let sigma = (20_000.0_f64 * 0.05 * 0.95).sqrt();
    for count in counts {
        assert!(
            (f64::from(count) - 1000.0).abs() < SIGMAS * sigma,
            "{counts:?}"
        );
    }
}

#[test]
fn steps_give_the_same_rows_in_any_order_and_in_any_buffer() {
    let data = [
        "mode = 'fresh', batch = 13",
        "mode = 'fixed', size = 29, order = 'full-batch'",
        "mode = 'fixed', size = 29, order = 'epochs', batch = 13",
        "mode = 'fixed', size = 29, order = 'replacement', batch = 13",
        "mode = 'population', over = 'skills'",
    ];
    for data in data {
        let spec = format!("{MULTITASK}subsets = 'random'\ndata = {{ {data} }}");
        let mut forward = instance(&spec, 8).training();
        let expected: Vec<Batch> = (0..12).map(|step| fill(forward.as_mut(), step)).collect();
        let mut other = instance(&spec, 8).training();
        // A buffer that a different task has used.
        let mut batch = instance(
            &format!("{SPARSE}data = {{ mode = 'population', over = 'inputs' }}"),
            0,
        )
        .test();
        for step in [11, 3, 4, 3, 0, 10, 5, 1, 11, 2] {
            other.fill(step as u64, &mut batch);
            assert_eq!(batch, expected[step], "step {step} of {data}");
        }
        if !other.is_constant() {
            assert_ne!(expected[0], expected[1]);
        }
        if !data.contains("population") {
            assert_ne!(fill(instance(&spec, 9).training().as_mut(), 0), expected[0]);
        }
    }
}

#[test]
fn buffers_stay_where_they_are_from_step_to_step() {
    for data in [
        "mode = 'fresh'",
        "mode = 'fixed', size = 700, order = 'epochs', batch = 500",
    ] {
        let mut stream = instance(&format!("{MULTITASK}data = {{ {data} }}"), 0).training();
        let mut batch = fill(stream.as_mut(), 0);
        let inputs = batch.inputs.as_ptr();
        (1..5).for_each(|step| stream.fill(step, &mut batch));
        assert_eq!(batch.inputs.as_ptr(), inputs);
    }
}

#[test]
fn cubes_count_through_all_inputs_of_a_skill() {
    let multitask = instance(MULTITASK, 0);
    let cube = multitask.cube(2).unwrap();
    assert_eq!(cube.rows, 1 << 16);
    assert!(cube.group.iter().all(|&group| group == 2));
    for row in [0, 1, 5, 40_000, (1 << 16) - 1] {
        for (j, &bit) in inputs_of(&cube, row)[5..].iter().enumerate() {
            assert_eq!(bit, f64::from(u8::from(row >> j & 1 == 1)));
        }
    }
    assert_rows_are_parities(&cube, multitask.as_ref(), 5, 1.0);
    assert!(multitask.cube(5).is_none());
    assert!(
        instance(&MULTITASK.replace("bits = 16", "bits = 17"), 0)
            .cube(0)
            .is_none()
    );
    assert_eq!(instance(SPARSE, 0).cube(0).unwrap().rows, 1 << 10);
}

#[test]
fn the_axes_of_a_cube_span_its_rows() {
    let signs = MULTITASK.replace("zero-one", "plus-minus");
    for (text, group) in [(MULTITASK, 2), (&signs, 4), (SPARSE, 0)] {
        let task = instance(text, 0);
        let (cube, axes) = (task.cube(group).unwrap(), task.cube_axes(group).unwrap());
        assert_eq!(1 << axes.axes.len(), cube.rows);
        for row in [0, 1, 6, 77, 1000, cube.rows - 1] {
            let mut expected = axes.origin.clone();
            for (bit, &(column, change)) in axes.axes.iter().enumerate() {
                expected[column] += change * f64::from(u8::from(row >> bit & 1 == 1));
            }
            assert_eq!(inputs_of(&cube, row), expected);
        }
    }
    assert!(instance(MULTITASK, 0).cube_axes(5).is_none());
    let too_many = MULTITASK.replace("bits = 16", "bits = 17");
    assert!(instance(&too_many, 0).cube_axes(0).is_none());
}

#[test]
fn subsets_are_consecutive_or_drawn_by_the_seed() {
    let disjoint = instance(MULTITASK, 0);
    for (k, group) in disjoint.groups().iter().enumerate() {
        assert_eq!(group.subset, (3 * k..3 * (k + 1)).collect::<Vec<_>>());
    }
    assert_eq!(instance(SPARSE, 0).groups()[0].subset, [0, 1, 2, 3]);

    let spec = format!("{MULTITASK}subsets = 'random'");
    let subsets = |seed| -> Vec<Vec<usize>> {
        instance(&spec, seed)
            .groups()
            .iter()
            .map(|group| group.subset.clone())
            .collect()
    };
    assert_eq!(subsets(1), subsets(1));
    assert_ne!(subsets(1), subsets(2));
    for subset in subsets(1) {
        assert!(
            subset.windows(2).all(|pair| pair[0] < pair[1]) && subset[2] < 16,
            "{subset:?}"
        );
        assert_eq!(subset.len(), 3);
    }
}

#[test]
fn a_larger_training_set_starts_with_the_smaller_one() {
    let full = |size| {
        let data = format!("data = {{ mode = 'fixed', size = {size}, order = 'full-batch' }}");
        fill(
            instance(&format!("{MULTITASK}{data}"), 1)
                .training()
                .as_mut(),
            0,
        )
    };
    let (small, large) = (full(20), full(50));
    assert_eq!(small.inputs, large.inputs[..small.inputs.len()]);
}
