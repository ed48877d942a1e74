use std::{sync::Barrier, thread, time::Instant};

/// Wall time in seconds of each of `repeats` repeats. In a repeat `threads` workers run at once,
/// each made by `worker` in its own thread; the time is that of the slowest.
pub(crate) fn at_once<W: FnMut()>(
    threads: usize,
    repeats: usize,
    worker: impl Fn(u64) -> W + Sync,
) -> Vec<f64> {
    let barrier = Barrier::new(threads);
    let run = |thread: u64| {
        let mut work = worker(thread);
        let repeat = |_| {
            barrier.wait();
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        };
        (0..repeats).map(repeat).collect::<Vec<f64>>()
    };
    let run = &run;
    let walls: Vec<Vec<f64>> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads as u64)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        (running.into_iter())
            .map(|thread| thread.join().expect("a worker does not panic"))
            .collect()
    });
    (0..repeats)
        .map(|repeat| walls.iter().map(|own| own[repeat]).fold(0.0, f64::max))
        .collect()
}

/// The median; of an even number the mean of the two in the middle.
///
/// # Panics
/// If there are no values.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (low, high) = ((values.len() - 1) / 2, values.len() / 2);
    f64::midpoint(values[low], values[high])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn the_slowest_worker_counts() {
        let sleep = |thread: u64| move || thread::sleep(Duration::from_millis(1 + 20 * thread));
        let walls = at_once(2, 3, sleep);
        assert_eq!(walls.len(), 3);
        assert!(walls.iter().all(|&wall| wall >= 0.02), "{walls:?}");
    }
}
