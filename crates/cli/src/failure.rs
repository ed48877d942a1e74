use nets::DeviceError;
use plan::SpecError;
use record::RunFolderError;
use tasks::dataset::DataError;
use train::TrainError;

use crate::invocation;

/// A run failed.
pub(crate) const FAILED: u8 = 1;
/// Bad usage or a bad spec.
pub(crate) const USAGE: u8 = 2;
/// A claim did not have the verdict of `--require`.
pub(crate) const NOT_SUPPORTED: u8 = 3;
/// Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// The error message and exit code with which the program ends.
#[derive(Debug)]
pub struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    /// What went wrong, in words for the user.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Whether the input was wrong, so that a run did not even begin.
    pub fn is_usage(&self) -> bool {
        self.code == USAGE
    }

    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self {
            code: USAGE,
            message: message.to_string(),
        }
    }

    /// The device in `flag` cannot be used.
    pub(crate) fn device(flag: &str, error: &DeviceError) -> Self {
        Self::usage(match error {
            DeviceError::NotBuilt { name, features } => format!(
                "{flag} {name}: is not in this build. Build with `{}`, or choose flex",
                same_command(features)
            ),
            error => format!("{flag} {error}"),
        })
    }

    pub(crate) fn run(message: impl std::fmt::Display) -> Self {
        Self {
            code: FAILED,
            message: message.to_string(),
        }
    }
}

/// The command line of this process, through a build with these cargo features.
fn same_command(features: &str) -> String {
    let features = with_own_features(features);
    let arguments = invocation::arguments().into_iter();
    let arguments = arguments.map(|argument| quoted(&argument.to_string_lossy()));
    let arguments: Vec<String> = arguments.collect();
    format!(
        "cargo run --release --features {features} -- {}",
        arguments.join(" ")
    )
}

/// Cargo features for these backends, and the other features of this build.
pub(crate) fn with_own_features(backends: &str) -> String {
    let own = if cfg!(feature = "parquet") {
        "parquet"
    } else {
        ""
    };
    let features = [backends, own].into_iter().filter(|part| !part.is_empty());
    features.collect::<Vec<_>>().join(",")
}

/// An argument quoted for the shell.
fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_=./:,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("'{}'", argument.replace('\'', "'\\''"))
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Self {
        Self::usage(error)
    }
}

impl From<RunFolderError> for Failure {
    fn from(error: RunFolderError) -> Self {
        Self::usage(error)
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Device(_) => Self::usage(error),
            _ => Self::run(error),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::usage(error)
    }
}

#[cfg(feature = "play")]
impl From<play::PlayError> for Failure {
    fn from(error: play::PlayError) -> Self {
        match error {
            play::PlayError::Train(error) => error.into(),
            play::PlayError::Report(error) => error.into(),
            error => Self::usage(error),
        }
    }
}

impl From<report::ReportError> for Failure {
    fn from(error: report::ReportError) -> Self {
        Self::run(error)
    }
}
