use std::path::PathBuf;

/// What keeps the bench from being served, or a request from being answered.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// The address cannot be used.
    #[error(
        "--port {port}: cannot be listened on: {source}. Choose another port, or leave --port out"
    )]
    Port {
        /// The port.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system gives no random numbers for the token of the address.
    #[error("the system gives no random numbers: {0}")]
    Random(getrandom::Error),
    /// A folder cannot be written.
    #[error("{}: cannot be written: {source}. Choose another folder with --out", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// There is no scene of this name.
    #[error("scene={name:?}: there is no such scene. Choose one of {known}")]
    Scene {
        /// The name that was asked for.
        name: String,
        /// The names that there are.
        known: String,
    },
    /// A dial does not exist or cannot stand there.
    #[error("{dial}={value:?}: {problem}")]
    Dial {
        /// The dial.
        dial: String,
        /// The value that was asked for.
        value: String,
        /// What is wrong, and what would be right.
        problem: String,
    },
    /// The spec of a scene and its dials do not make a plan.
    #[error(transparent)]
    Spec(#[from] plan::SpecError),
    /// A run is larger than the bench allows.
    #[error(
        "{what} is more than the bench trains at once ({most}). Turn {cure} down, or use `layerwise run`"
    )]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit.
        most: String,
        /// The dial that makes it smaller.
        cure: &'static str,
    },
    /// Too many pages run something.
    #[error("{most} runs are in progress in other tabs. Stop one of them")]
    Busy {
        /// The limit.
        most: usize,
    },
    /// A run to be saved is not there any more.
    #[error("run={id:?}: this run is not kept any more. Run it again, then save it")]
    Gone {
        /// Its number, as asked for.
        id: String,
    },
    /// A run folder cannot be written or read.
    #[error(transparent)]
    Record(#[from] record::RunFolderError),
    /// A cell could not be trained.
    #[error(transparent)]
    Train(#[from] train::TrainError),
    /// A page cannot be drawn.
    #[error(transparent)]
    Report(#[from] report::ReportError),
}
