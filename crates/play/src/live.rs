use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use judge::{Run, derive};
use plan::Plan;
use record::{CellState, CellStore, Observation, Observations, RunFolder};
use train::Settings;

use crate::{
    cancel::Cancel,
    event::{Drawn, Event},
    page::Page,
    run::{claims, figures},
    site::{Answer, Asked, Events, Site},
    underway::begun,
};

/// Time between two looks at the folder.
const PERIOD: Duration = Duration::from_secs(2);
/// The run has this many times as long as drawing.
const SHARE: u32 = 10;
/// Most numbers of the curves of a figure.
const ROOM: usize = 12_000;
/// Most tabs that watch.
const WATCHING: usize = 4;
/// Longest time that a tab is told anything: a month.
const LONG: Duration = Duration::from_secs(30 * 24 * 3600);

/// The site of `layerwise run --open`: the figures of a run folder while this process or others fill it, and
/// its page once the run is done. It reads the folder and writes nothing.
pub struct Live {
    shared: Arc<Watched>,
    page: Page,
}

struct Watched {
    plan: Plan,
    settings: Settings,
    folder: PathBuf,
    watching: AtomicUsize,
    /// Tabs that were told that the run is done, and pages of the finished run that were given.
    told: AtomicUsize,
    given: AtomicUsize,
    stopped: Mutex<bool>,
    woken: Condvar,
}

impl Live {
    /// Watches the cells of `plan` in `folder`.
    pub fn new(plan: Plan, settings: Settings, folder: &Path) -> Self {
        Self {
            page: Page::watching(&plan.spec.title),
            shared: Arc::new(Watched {
                plan,
                settings,
                folder: folder.to_owned(),
                watching: AtomicUsize::new(0),
                told: AtomicUsize::new(0),
                given: AtomicUsize::new(0),
                stopped: Mutex::new(false),
                woken: Condvar::new(),
            }),
        }
    }

    /// Says whether a tab still waits for the page of the finished run.
    pub fn awaited(&self) -> impl Fn() -> bool + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
            count(&shared.watching) > 0 || count(&shared.given) < count(&shared.told)
        }
    }

    fn watch(&self) -> Answer {
        let shared = Arc::clone(&self.shared);
        if shared.watching.fetch_add(1, Ordering::Relaxed) >= WATCHING {
            shared.watching.fetch_sub(1, Ordering::Relaxed);
            return Answer::Refused(format!("{WATCHING} tabs watch already. Close one of them"));
        }
        let cancel = Arc::new(Cancel::after(LONG));
        let left = Arc::clone(&cancel);
        let (sender, receiver) = sync_channel(1);
        let watched = Arc::clone(&shared);
        let started = thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || {
                watched.tell(&sender, &cancel);
                watched.watching.fetch_sub(1, Ordering::Relaxed);
            });
        if started.is_err() {
            shared.watching.fetch_sub(1, Ordering::Relaxed);
            return Answer::Refused("the system starts no thread".to_owned());
        }
        Answer::Events(Events {
            receiver,
            left: Some(Box::new(move || left.cancel())),
        })
    }

    /// The page of the run once it is done, and the page that watches it before.
    fn report(&self) -> Answer {
        let run = RunFolder::is_done(&self.shared.folder).then(|| Run::read(&self.shared.folder));
        match run {
            Some(Ok(run)) => match Page::report(&run) {
                Ok(page) => {
                    self.shared.given.fetch_add(1, Ordering::SeqCst);
                    page.answer()
                }
                Err(error) => Answer::Refused(error.to_string()),
            },
            Some(Err(error)) => Answer::Refused(error.to_string()),
            None => self.page.answer(),
        }
    }
}

impl Site for Live {
    fn answer(&self, asked: &Asked) -> Answer {
        match (asked.writes, asked.path.as_str()) {
            (false, "") => self.report(),
            (false, "run") => self.watch(),
            _ => Answer::Missing,
        }
    }

    fn stop(&self) {
        *self
            .shared
            .stopped
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.shared.woken.notify_all();
    }
}

impl Watched {
    /// Tells one tab how far the run is, until it is done or the tab is closed.
    fn tell(&self, sender: &SyncSender<String>, cancel: &Cancel) {
        let store = CellStore::of(&self.folder);
        let cells = self
            .plan
            .cells(&self.settings.device, &self.settings.engine);
        let mut run = begun(&self.folder, &self.plan, &self.settings);
        let total: u64 = cells.iter().map(|cell| cell.variant.training.steps).sum();
        let send = |event: &Event| !cancel.is_cancelled() && sender.send(event.text()).is_ok();
        let first = Event::Begun {
            run: 0,
            steps: total,
            cells: format!("{} cells", cells.len()),
        };
        if !send(&first) {
            return;
        }
        let started = Instant::now();
        // Rows of cells that are done do not change.
        let mut done: HashMap<String, Vec<Observation>> = HashMap::new();
        loop {
            if RunFolder::is_done(&self.folder) {
                let said = "Done. The page of the run follows.".to_owned();
                if send(&Event::Done { said, kept: false }) {
                    self.told.fetch_add(1, Ordering::SeqCst);
                }
                return;
            }
            let begin = Instant::now();
            let mut all = Observations::default();
            let (mut steps, mut finished, mut running) = (0, 0, 0);
            for cell in &cells {
                if let Some(rows) = done.get(&cell.id) {
                    steps += cell.variant.training.steps;
                    finished += 1;
                    all.extend(rows.iter().cloned());
                    continue;
                }
                let state = store.state(&cell.id);
                let mut rows = store.rows(&cell.id).unwrap_or_default();
                if rows.is_empty() {
                    continue;
                }
                let last = rows.iter().map(|row| row.step).max().unwrap_or(0);
                rows.extend(derive(cell.variant, cell.seed, &rows));
                all.extend(rows.iter().cloned());
                match state {
                    CellState::Done(_) => {
                        steps += cell.variant.training.steps;
                        finished += 1;
                        done.insert(cell.id.clone(), rows);
                    }
                    state => {
                        running += usize::from(matches!(state, CellState::Running { .. }));
                        steps += last;
                    }
                }
            }
            run.observations = all;
            let drawn = Drawn {
                steps,
                seconds: started.elapsed().as_secs_f64(),
                figures: figures(&run, ROOM),
                text: vec![format!(
                    "{finished} of {} cells are done, {running} are being trained.",
                    cells.len()
                )],
                claims: claims(&run),
            };
            if !send(&Event::Drawn(drawn)) {
                return;
            }
            let pause = (SHARE * begin.elapsed()).max(PERIOD);
            if !self.pause(pause, cancel) {
                return;
            }
        }
    }

    /// Waits, but not once the run is done; false once the server stops or the tab is closed.
    fn pause(&self, time: Duration, cancel: &Cancel) -> bool {
        /// How soon a closed tab is noticed.
        const SOON: Duration = Duration::from_millis(200);
        let until = Instant::now() + time;
        let mut stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        while !*stopped && !cancel.is_cancelled() {
            if RunFolder::is_done(&self.folder) {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            let waited = self.woken.wait_timeout(stopped, left.min(SOON));
            stopped = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }
}
