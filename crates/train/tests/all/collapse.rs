//! Neural collapse: unconstrained features on their closed form, and what is measured on nets while
//! they train.

use judge::Run;

use crate::{
    runs::{curve, last, recorded},
    specs::{FREE, IRIS},
};

/// Largest relative distance of a metric to its closed form over all records.
fn gap(rows: &Run, metric: &str, index: u64) -> f64 {
    let free = curve(rows, "free", metric, index);
    let theory = curve(rows, "theory", metric, index);
    assert!(free.len() > 5 && free.len() == theory.len(), "{metric}");
    let relative = free.iter().zip(&theory).map(|((at, f), (to, t))| {
        assert_eq!(at, to);
        (f / t - 1.0).abs()
    });
    relative.fold(0.0, f64::max)
}

#[test]
fn free_features_follow_their_closed_form_at_first_order_in_the_learning_rate() {
    let gaps = [(0.01, 200, 20), (0.005, 400, 40), (0.0025, 800, 80)].map(|(lr, steps, every)| {
        let rows = recorded(
            FREE,
            &[
                &format!("training.lr={lr}"),
                &format!("training.steps={steps}"),
                &format!("measure=[{{kind='collapse',schedule={{kind='linear',every={every}}}}}]"),
            ],
        );
        let metrics = [
            ("feature_singular", 1),
            ("feature_singular", 3),
            ("nc1", 0),
            ("within_inside", 0),
        ];
        metrics.map(|(metric, index)| gap(&rows, metric, index))
    });
    for (coarse, fine) in gaps.iter().zip(&gaps[1..]) {
        for (coarse, fine) in coarse.iter().zip(fine) {
            // A half, up to the next order.
            let ratio = coarse / fine;
            assert!((1.7..2.3).contains(&ratio), "{gaps:?}");
        }
    }
    assert!(gaps[2][0] < 0.02, "{gaps:?}");
}

#[test]
fn features_that_the_classifier_does_not_read_are_frozen() {
    /// Of second order in what differs within a class, 1e-4.
    const SECOND_ORDER: f64 = 1e-6;
    let rows = recorded(FREE, &[]);
    assert!(gap(&rows, "within_outside", 0) < SECOND_ORDER);
    // The fourth and fifth singular values: there are three modes.
    for index in [4, 5] {
        assert!(gap(&rows, "feature_singular", index) < SECOND_ORDER);
    }
    let inside = curve(&rows, "free", "within_inside", 0);
    assert!(inside.last().unwrap().1 < 1e-3 * inside[0].1);
    // Balanced classes become a simplex, and the classifier the means.
    for metric in ["nc2_etf_means", "nc2_etf_weights", "nc3", "mean_norm_ratio"] {
        let end = last(&rows, "free", metric, 0);
        let expected = if metric == "mean_norm_ratio" {
            1.0
        } else {
            0.0
        };
        assert!((end - expected).abs() < 1e-4, "{metric}: {end}");
    }
    assert_eq!(last(&rows, "free", "nc4", 0), 0.0);
}

#[test]
fn unequal_classes_have_means_and_weights_of_unequal_length() {
    /// Start, learning rate and the differences within a class all cause an error.
    const CLOSE: f64 = 0.02;
    let overrides = [
        "task.per_class=[16, 16, 16, 16]",
        "task.imbalance=16",
        "task.centred=false",
        "training.steps=1500",
    ];
    let rows = recorded(FREE, &overrides);
    // The fourth root of 16, and its inverse.
    assert!((last(&rows, "free", "mean_norm_ratio", 0) / 2.0 - 1.0).abs() < CLOSE);
    assert!((last(&rows, "free", "weight_norm_ratio", 0) / 0.5 - 1.0).abs() < CLOSE);
    // Rare means are 2 long, common ones 1, all at right angles; the mean over the four is away from
    // each, and all angles are known.
    let centred =
        |squared: f64| (squared * (1.0 - 2.0 / 4.0) + (2.0 * 4.0 + 2.0) / 16.0_f64).sqrt();
    let expected = centred(4.0) / centred(1.0);
    let found = last(&rows, "free", "centred_mean_norm_ratio", 0);
    assert!(
        (found / expected - 1.0).abs() < CLOSE,
        "{found} but {expected}"
    );
    for metric in [
        "mean_norm_ratio",
        "centred_mean_norm_ratio",
        "weight_norm_ratio",
    ] {
        assert!(gap(&rows, metric, 0) < CLOSE, "{metric}");
    }
    // Every class keeps its own direction.
    assert!((last(&rows, "free", "class_mean_norm", 4) - 1.0).abs() < CLOSE);
    assert!((last(&rows, "free", "class_weight_norm", 1) - 2.0).abs() < CLOSE);
    // The closed form of equal classes does not apply.
    assert!(curve(&rows, "theory", "nc1", 0).is_empty());
}

#[test]
fn a_small_random_start_grows_at_the_predicted_time() {
    /// A few percent, the error of the half-time of a random start.
    const CLOSE: f64 = 0.1;
    let overrides = [
        "models.free.init={kind='normal',std=1e-3}",
        "training.steps=600",
        "measure=[{kind='collapse',schedule={kind='linear',every=4}}]",
    ];
    let rows = recorded(FREE, &overrides);
    // √9 = 3 is the target of each mode, so that its singular value ends at √3.
    let half = |model: &str| {
        let curve = curve(&rows, model, "feature_singular", 3);
        let half = 0.5_f64.sqrt() * 3.0_f64.sqrt();
        let reached = curve.iter().find(|(_, value)| *value > half);
        reached.unwrap().0 as f64
    };
    assert!((half("free") / half("theory") - 1.0).abs() < CLOSE);
    // The closed form does not cover the other metrics.
    assert!(curve(&rows, "theory", "within_outside", 0).is_empty());
    assert!(curve(&rows, "theory", "feature_singular", 4).is_empty());
}

#[test]
fn a_net_is_measured_layer_by_layer_and_on_its_training_labels() {
    let rows = recorded(IRIS, &[]);
    for step in [0, 1] {
        let at = |metric: &str, index| curve(&rows, "net", metric, index)[step].1;
        // The second hidden layer is the last.
        for (last, layer) in [
            ("nc1", "layer_nc1"),
            ("nc1_quotient", "layer_nc1_quotient"),
            ("effective_rank", "layer_effective_rank"),
            ("stable_rank", "layer_stable_rank"),
            ("nearest_mean_accuracy", "layer_nearest_mean_accuracy"),
        ] {
            assert_eq!(at(last, 0), at(layer, 2), "{last}");
            assert_ne!(at(last, 0), at(layer, 1), "{last}");
        }
        // Three classes; the eigenvalue is one of those that S_b has.
        assert_eq!(at("nc1_rank", 0), 2.0);
        assert!(at("nc1_eigenvalue", 0) > 0.0);
        let within = at("within_inside", 0) + at("within_outside", 0);
        assert!(within > 0.0 && at("nc1_permuted", 0) > 10.0 * at("nc1", 0));
        // Thirty rows of 90, ten of each class, and the first class named is at the top.
        let points: Vec<[f64; 3]> = (1..=30)
            .map(|i| [at("plane_x", i), at("plane_y", i), at("plane_class", i)])
            .collect();
        assert!(curve(&rows, "net", "plane_x", 31).is_empty());
        let mean = |class: f64, axis: usize| {
            let own = points.iter().filter(|p| p[2] == class);
            own.clone().map(|p| p[axis]).sum::<f64>() / own.count() as f64
        };
        assert!(
            [0.0, 1.0, 2.0]
                .map(|c| points.iter().filter(|p| p[2] == c).count())
                .iter()
                .all(|n| *n > 5)
        );
        assert!(mean(2.0, 1) > mean(0.0, 1) && mean(2.0, 1) > mean(1.0, 1));
        assert!(mean(0.0, 0) > mean(1.0, 0));
    }
    let trained = |metric: &str| {
        let curve = curve(&rows, "net", metric, 0);
        (curve[0].1, curve[1].1)
    };
    let (start, end) = trained("nc1");
    assert!(end < start / 3.0, "{start} {end}");
    // Random labels: the net's own collapse is measured on what it was trained on.
    let random = recorded(IRIS, &["task.label_noise=1.0", "training.steps=2000"]);
    let curve = curve(&random, "net", "nc1", 0);
    assert!(
        curve[0].1 > 5.0 && curve[1].1 < 0.2 * curve[0].1,
        "{curve:?}"
    );
}

/// A lazy net fits without a neuron that changes sides; a rich one turns its neurons.
#[test]
fn patterns_stay_in_a_lazy_net_and_change_in_a_rich_one() {
    let measure = "measure=[{kind='patterns',schedule={kind='ends'}}]";
    let distance = |more: &[&str]| {
        let rows = recorded(IRIS, &[&[measure], more].concat());
        assert_eq!(curve(&rows, "net", "pattern_distance", 1)[0].1, 0.0);
        assert!(curve(&rows, "net", "pattern_distance", 3).is_empty());
        [1, 2].map(|layer| last(&rows, "net", "pattern_distance", layer))
    };
    let rich = distance(&["models.net.weight_scale=0.3"]);
    let lazy = distance(&[
        "models.net.output_scale=100.0",
        "models.net.centre_output=true",
        "training.lr=1e-5",
        "training.optimizer={kind='sgd'}",
    ]);
    assert!(rich.iter().all(|share| *share > 0.05), "{rich:?}");
    assert!(lazy.iter().all(|share| *share < 0.01), "{lazy:?}");
}
