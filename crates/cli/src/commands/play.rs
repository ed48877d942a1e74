//! The bench in the browser, and runs that are watched there. Both are the cargo feature `play`.

#[cfg(feature = "play")]
pub(super) use enabled::{play, watch};

#[cfg(not(feature = "play"))]
pub(super) use left_out::{play, watch};

#[cfg(feature = "play")]
mod enabled {
    use std::{
        fs,
        path::{Path, PathBuf},
        process::ExitCode,
        sync::atomic::Ordering,
        thread,
        time::{Duration, Instant},
    };

    use plan::{Options, Plan};
    use play::{Bench, Limits, Live, Scene, Server, open_browser, own_scene, scenes};
    use serde_json::json;
    use train::{Kinds, Settings};

    use crate::{
        args,
        commands::{
            print_json,
            run::{interrupt_flag_saying, provenance},
        },
        failure::Failure,
        shipped,
    };

    /// Time between two looks at whether the user wants to stop.
    const LOOK: Duration = Duration::from_millis(50);

    /// Serves the bench until Ctrl-C.
    pub(in crate::commands) fn play(
        arguments: &args::Play,
        kinds: &Kinds,
        json: bool,
    ) -> Result<ExitCode, Failure> {
        let mut scenes = scenes();
        let mut first = String::new();
        if let Some(asked) = &arguments.scene {
            if !scenes.iter().any(|scene| scene.name == *asked) {
                scenes.push(own(asked, arguments.quick, kinds)?);
            }
            let own = scenes.iter().find(|scene| scene.name == *asked);
            let shown = own.or(scenes.last());
            first = shown
                .map(|scene| format!("#{}", scene.name))
                .unwrap_or_default();
        }
        let limits = Limits {
            time: Duration::from_secs_f64(arguments.seconds),
            threads: arguments.threads,
            ..Limits::default()
        };
        let interrupted = interrupt_flag_saying("stopping")?;
        let bench = Bench::new(scenes, kinds.clone(), provenance(), &arguments.out, limits)?;
        let server = Server::start(arguments.port, bench)?;
        let address = format!("{}{first}", server.address());
        if json {
            print_json(&json!({ "address": address }));
        } else {
            say!("{address}");
            tell!("Only this machine can open the address. Ctrl-C ends the server.");
        }
        if !arguments.no_open && !open_browser(&address) {
            tell!("no browser was found; open the address yourself");
        }
        while !interrupted.load(Ordering::Relaxed) {
            thread::sleep(LOOK);
        }
        server.stop();
        Ok(ExitCode::SUCCESS)
    }

    /// A shipped experiment or a spec file as a scene.
    fn own(asked: &str, quick: bool, kinds: &Kinds) -> Result<Scene, Failure> {
        let options = Options {
            quick,
            ..Options::default()
        };
        let plan = shipped::find(asked, &options, kinds)?;
        let shipped = shipped::SPECS.iter().find(|(name, _)| *name == asked);
        let (spec, origin) = match shipped {
            Some((name, text)) => ((*text).to_owned(), format!("experiments/{name}.toml")),
            None => {
                let text = fs::read_to_string(asked);
                let text = text.map_err(|error| Failure::usage(format!("{asked}: {error}")))?;
                (text, asked.to_owned())
            }
        };
        Ok(own_scene(&spec, &origin, quick, &plan))
    }

    /// A run that is shown while it is in progress.
    pub(in crate::commands) struct Shown {
        server: Server,
        folder: PathBuf,
        awaited: Box<dyn Fn() -> bool>,
    }

    /// Opens the browser on a run whose cells are trained into `folder`.
    pub(in crate::commands) fn watch(
        plan: &Plan,
        settings: &Settings,
        folder: &Path,
    ) -> Result<Shown, Failure> {
        let live = Live::new(plan.clone(), settings.clone(), folder);
        let awaited = Box::new(live.awaited());
        let server = Server::start(0, live)?;
        let address = server.address();
        tell!("{address} shows the run");
        if !open_browser(address) {
            tell!("no browser was found; open the address yourself");
        }
        Ok(Shown {
            server,
            folder: folder.to_owned(),
            awaited,
        })
    }

    impl Shown {
        /// Gives the page of the finished run time to be loaded, then stops.
        pub(in crate::commands) fn end(self) {
            /// Longest time that a tab is waited for.
            const LAST: Duration = Duration::from_secs(30);
            /// Time for a page that was given to arrive.
            const ARRIVAL: Duration = Duration::from_secs(1);
            let until = Instant::now() + LAST;
            if record::RunFolder::is_done(&self.folder) && (self.awaited)() {
                while (self.awaited)() && Instant::now() < until {
                    thread::sleep(LOOK);
                }
                thread::sleep(ARRIVAL);
            }
            self.server.stop();
        }
    }
}

#[cfg(not(feature = "play"))]
mod left_out {
    use std::{path::Path, process::ExitCode};

    use plan::Plan;
    use train::{Kinds, Settings};

    use crate::{args, failure::Failure};

    /// A run that is shown while it is in progress.
    pub(in crate::commands) enum Shown {}

    impl Shown {
        pub(in crate::commands) fn end(self) {
            match self {}
        }
    }

    pub(in crate::commands) fn play(
        _: &args::Play,
        _: &Kinds,
        _: bool,
    ) -> Result<ExitCode, Failure> {
        Err(missing("play"))
    }

    pub(in crate::commands) fn watch(_: &Plan, _: &Settings, _: &Path) -> Result<Shown, Failure> {
        Err(missing("--open"))
    }

    fn missing(what: &str) -> Failure {
        Failure::usage(format!(
            "{what}: is not in this build. Use the program of `cargo install --locked --path crates/cli`"
        ))
    }
}
