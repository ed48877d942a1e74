use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc::sync_channel},
    thread,
    time::Duration,
};

use serde_json::json;
use train::{Kinds, Provenance};

use crate::{
    error::PlayError,
    page::Page,
    run::{Job, plan},
    runs::Runs,
    saved,
    scene::Scene,
    site::{Answer, Asked, Events, Site},
    values::{Values, value_of},
};

/// Keys of a query that are no dials.
const OTHERS: [&str; 2] = ["scene", "tab"];

/// What a run may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Longest time of a run.
    pub time: Duration,
    /// Most cells of a run.
    pub cells: u64,
    /// Worker threads of a run; by default as many as there are cores.
    pub threads: Option<usize>,
}

impl Default for Limits {
    /// Two minutes, and a sweep of a thousand cells.
    fn default() -> Self {
        Self {
            time: Duration::from_secs(120),
            cells: 1024,
            threads: None,
        }
    }
}

/// The site of `layerwise play`: scenes with their dials, and the runs of its readers.
pub struct Bench {
    shared: Arc<Shared>,
    page: Page,
    runs: Arc<Runs>,
    out: PathBuf,
}

/// What runs read.
struct Shared {
    scenes: Vec<Scene>,
    kinds: Kinds,
    provenance: Provenance,
    limits: Limits,
}

impl Bench {
    /// A bench with `scenes`, the first of which is shown first. Saved runs go to `out`.
    ///
    /// # Errors
    /// A scene makes no plan where its dials start, or there is no room for temporary files.
    pub fn new(
        scenes: Vec<Scene>,
        kinds: Kinds,
        provenance: Provenance,
        out: &Path,
        limits: Limits,
    ) -> Result<Self, PlayError> {
        for scene in &scenes {
            plan(scene, &Values::read(&scene.dials, "", &[])?, &kinds)?;
        }
        Ok(Self {
            page: Page::new(&scenes),
            runs: Arc::new(Runs::new()?),
            out: out.to_owned(),
            shared: Arc::new(Shared {
                scenes,
                kinds,
                provenance,
                limits,
            }),
        })
    }

    /// Number of runs whose threads have not ended, and of folders of runs, for tests that nothing stays.
    pub fn counts(&self) -> impl Fn() -> (usize, usize) + Send + 'static {
        let runs = Arc::clone(&self.runs);
        move || runs.counts()
    }

    /// Starts a run, whose events are the answer.
    fn start(&self, query: &str) -> Result<Answer, PlayError> {
        let shared = Arc::clone(&self.shared);
        let (position, values) = shared.asked(query)?;
        let tab = value_of(query, "tab").unwrap_or_default();
        let place = self.runs.admit(tab, shared.limits.time)?;
        let cancel = Arc::clone(&place.cancel);
        // One event waits while one is sent; more would be old when they arrive.
        let (sender, receiver) = sync_channel(1);
        let job = move || {
            let job = Job {
                scene: &shared.scenes[position],
                values: &values,
                kinds: &shared.kinds,
                provenance: &shared.provenance,
                limits: &shared.limits,
            };
            job.run(&place, &sender);
        };
        let started = thread::Builder::new().name("run".to_owned()).spawn(job);
        started.map_err(|source| PlayError::Folder {
            path: PathBuf::from("a new thread"),
            source,
        })?;
        let left: Box<dyn FnOnce() + Send> = Box::new(move || cancel.cancel());
        Ok(Answer::Events(Events {
            receiver,
            left: Some(left),
        }))
    }

    /// The resolved spec of a scene under its dials, as a file.
    fn spec(&self, query: &str) -> Result<Answer, PlayError> {
        let (position, values) = self.shared.asked(query)?;
        let scene = &self.shared.scenes[position];
        let plan = plan(scene, &values, &self.shared.kinds)?;
        Ok(Answer::File {
            name: format!("{}.toml", plan.spec.name),
            text: plan.spec.to_toml(),
        })
    }

    /// Saves a finished run. Where it goes is not for the page to say.
    fn save(&self, query: &str) -> Result<Answer, PlayError> {
        let folder = self.runs.kept(value_of(query, "run").unwrap_or_default())?;
        let saved = saved::save(&folder, &self.out)?;
        let answer = json!({ "folder": saved, "report": saved.join("report.html") });
        Ok(Answer::Json(answer.to_string()))
    }
}

impl Shared {
    /// Position of the scene that a query asks for, and where its dials stand.
    fn asked(&self, query: &str) -> Result<(usize, Values), PlayError> {
        let name = value_of(query, "scene").unwrap_or_default();
        let found = self.scenes.iter().position(|scene| scene.name == name);
        let position = found.ok_or_else(|| {
            let names: Vec<&str> = self.scenes.iter().map(|s| s.name.as_str()).collect();
            PlayError::Scene {
                name: name.to_owned(),
                known: names.join(", "),
            }
        })?;
        let values = Values::read(&self.scenes[position].dials, query, &OTHERS)?;
        Ok((position, values))
    }
}

impl Site for Bench {
    fn answer(&self, asked: &Asked) -> Answer {
        let answer = match (asked.writes, asked.path.as_str()) {
            (false, "") => return self.page.answer(),
            (false, "run") => self.start(&asked.query),
            (false, "spec") => self.spec(&asked.query),
            (true, "save") => self.save(&asked.query),
            _ => return Answer::Missing,
        };
        answer.unwrap_or_else(|error| Answer::Refused(error.to_string()))
    }

    fn stop(&self) {
        self.runs.stop();
    }
}
