//! One run of a scene: from the dials to figures and verdicts, event by event.

use std::{
    num::NonZeroUsize,
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};

use judge::Run;
use plan::{Options, Plan, load_source};
use record::RunFolder;
use report::live::symbol;
use train::{Kinds, Provenance, Settings, Storing};

use crate::{
    bench::Limits,
    cancel::Cancel,
    error::PlayError,
    event::{ClaimNow, Drawn, Event, FigureNow},
    runs::Place,
    scene::Scene,
    tell::Shown,
    underway::{MOST_ROWS, Underway, begun},
    values::Values,
};

/// Most numbers of the curves of a figure while the run goes on, and at its end.
const ROOM: [usize; 2] = [6_000, 26_000];
/// Shortest time between two drawings. A browser shows no more, and training has most of the cores.
const PERIOD: Duration = Duration::from_millis(80);
/// Training has this many times as long as drawing.
const SHARE: u32 = 3;

/// The plan of a scene under its dials.
///
/// # Errors
/// The dials make no plan.
pub(crate) fn plan(scene: &Scene, values: &Values, kinds: &Kinds) -> Result<Plan, PlayError> {
    let mut overrides = values.overrides(&scene.dials);
    overrides.extend((scene.links)(values));
    let options = Options {
        overrides,
        quick: scene.quick,
        ..Options::default()
    };
    Ok(load_source(&scene.spec, &scene.origin, &options, kinds)?)
}

/// A run that is to be made.
pub(crate) struct Job<'a> {
    pub(crate) scene: &'a Scene,
    pub(crate) values: &'a Values,
    pub(crate) kinds: &'a Kinds,
    pub(crate) provenance: &'a Provenance,
    pub(crate) limits: &'a Limits,
}

impl Job<'_> {
    /// Runs it to its end, and sends what happens. Nothing is sent to a reader who has left.
    pub(crate) fn run(&self, place: &Place, sender: &SyncSender<String>) {
        place.wait();
        if place.cancel.is_cancelled() {
            return;
        }
        if let Err(error) = self.train(place, sender) {
            let problem = error.to_string();
            send(sender, &place.cancel, &Event::Problem { problem });
        }
    }

    fn train(&self, place: &Place, sender: &SyncSender<String>) -> Result<(), PlayError> {
        let started = Instant::now();
        let cancel = &*place.cancel;
        let plan = plan(self.scene, self.values, self.kinds)?;
        self.check_size(&plan)?;
        let settings = Settings {
            threads: self.threads(),
            quick: self.scene.quick,
            storing: Storing {
                // A run that ends early is thrown away.
                checkpoint_every: Duration::MAX,
                ..Storing::default()
            },
            ..Settings::default()
        };
        let cells = plan.cells(&settings.device, &settings.engine).len() as u64;
        let steps = plan.variants.iter().map(|v| v.training.steps).sum::<u64>();
        let steps = steps * plan.spec.training.seeds;
        let sent = Event::Begun {
            run: place.id,
            steps,
            cells: format!("{cells} {}", if cells == 1 { "cell" } else { "cells" }),
        };
        send(sender, cancel, &sent);
        let path = place.folder();
        let identity = plan.identity(&settings.device, &settings.engine);
        let spec = &plan.spec;
        let folder = RunFolder::open(&path, &spec.name, &spec.to_toml(), &identity)?;
        let engines = &self.kinds.engines;
        let underway = Underway::new(&plan, cancel);
        let trained = thread::scope(|scope| {
            let drawing = scope.spawn(|| {
                let run = begun(&path, &plan, &settings);
                self.draw_meanwhile(&underway, run, started, |event| send(sender, cancel, event));
            });
            let trained = train::train(
                &plan,
                &settings,
                self.provenance,
                engines,
                &folder,
                &underway,
            );
            underway.end();
            // A drawing that panicked has said nothing; the end is drawn anew.
            let _ = drawing.join();
            trained
        })?;
        if cancel.is_cancelled() {
            return Ok(());
        }
        train::conclude(
            &plan,
            &settings,
            self.provenance,
            folder,
            trained,
            &underway,
        )?;
        let run = Run::read(&path)?;
        let mut drawn = self.drawn(&run, ROOM[1], true);
        drawn.steps = underway.steps();
        drawn.seconds = started.elapsed().as_secs_f64();
        send(sender, cancel, &Event::Drawn(drawn));
        let kept = !(cancel.is_late() || cancel.is_full());
        if kept {
            place.keep();
        }
        let said = self.end(&run, cancel, started.elapsed());
        send(sender, cancel, &Event::Done { said, kept });
        Ok(())
    }

    fn threads(&self) -> usize {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        self.limits.threads.unwrap_or(cores)
    }

    fn check_size(&self, plan: &Plan) -> Result<(), PlayError> {
        let cells = plan.variants.len() as u64 * plan.spec.training.seeds;
        if cells > self.limits.cells {
            return Err(PlayError::TooLarge {
                what: format!("{cells} cells"),
                most: self.limits.cells.to_string(),
                cure: "the number of seeds",
            });
        }
        Ok(())
    }

    /// Draws whenever something was recorded, until training ends or the reader has left.
    fn draw_meanwhile(
        &self,
        underway: &Underway<'_>,
        mut run: Run,
        started: Instant,
        send: impl Fn(&Event) -> bool,
    ) {
        while underway.wait() {
            let begin = Instant::now();
            underway.fill(&mut run);
            let mut drawn = self.drawn(&run, ROOM[0], false);
            drawn.steps = underway.steps();
            drawn.seconds = started.elapsed().as_secs_f64();
            if !send(&Event::Drawn(drawn)) {
                return;
            }
            let pause = (SHARE * begin.elapsed()).max(PERIOD);
            if !underway.pause(pause) {
                return;
            }
        }
    }

    /// Figures, text and claims of a run.
    fn drawn(&self, run: &Run, room: usize, is_over: bool) -> Drawn {
        let shown = Shown {
            run,
            values: self.values,
            is_over,
        };
        Drawn {
            figures: figures(run, room),
            text: (self.scene.tells)(&shown),
            claims: claims(run),
            ..Drawn::default()
        }
    }

    /// How the run ended, in one sentence.
    fn end(&self, run: &Run, cancel: &Cancel, elapsed: Duration) -> String {
        if cancel.is_full() {
            return format!("Stopped: the run recorded more than {MOST_ROWS} rows.");
        }
        if cancel.is_late() {
            let seconds = self.limits.time.as_secs();
            return format!("Stopped after {seconds} s, the longest that a run may take here.");
        }
        let mut cells = run.manifest.cells.iter();
        let seconds = elapsed.as_secs_f64();
        match cells.find(|cell| cell.stopped.is_failure()) {
            Some(cell) => format!(
                "Seed {} stopped at step {}: {}. Turn the learning rate or the scale down.",
                cell.seed,
                cell.steps,
                reason(&cell.stopped)
            ),
            None => format!("Done in {seconds:.1} s."),
        }
    }
}

/// The figures of a run, whose curves have about `room` numbers at most. One whose data is not there yet is
/// empty.
pub(crate) fn figures(run: &Run, room: usize) -> Vec<FigureNow> {
    let figures = run.spec.pictures.iter().map(|picture| {
        let drawn = report::figure(run, picture, room).ok();
        let (svg, numbers) = drawn
            .map(|figure| (figure.svg, figure.numbers))
            .unwrap_or_default();
        FigureNow {
            name: picture.name.clone(),
            svg,
            numbers,
        }
    });
    figures.collect()
}

/// The claims of a run, with their verdicts once it is judged.
pub(crate) fn claims(run: &Run) -> Vec<ClaimNow> {
    let claims = run.spec.claims.iter().map(|claim| {
        let mut verdicts = run.verdict.claims.iter();
        let judged = verdicts.find(|judged| judged.id == claim.id);
        let [word, sign, reason] = judged.map_or([const { String::new() }; 3], |judged| {
            let sign = symbol(judged.outcome).to_owned();
            [judged.word().to_owned(), sign, judged.reason.clone()]
        });
        ClaimNow {
            id: claim.id.clone(),
            statement: claim.statement.clone(),
            word,
            symbol: sign,
            reason,
        }
    });
    claims.collect()
}

/// Why a cell failed, in words.
fn reason(stopped: &record::StopReason) -> String {
    match stopped {
        record::StopReason::Diverged { model, .. } => {
            format!("the loss of {model} grows without bound")
        }
        record::StopReason::NotFinite { model, .. } => format!("{model} is not finite any more"),
        _ => "it did not come to its end".to_owned(),
    }
}

/// Sends an event. A reader who has left ends the run: then the answer is false.
fn send(sender: &SyncSender<String>, cancel: &Cancel, event: &Event) -> bool {
    let sent = !cancel.is_cancelled() && sender.send(event.text()).is_ok();
    if !sent {
        cancel.cancel();
    }
    sent
}
