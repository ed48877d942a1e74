use lab::{record::RunFolderError, run::RunError, spec::SpecError};
use nets::DeviceError;
use tasks::dataset::DataError;

/// A run failed.
pub(crate) const FAILED: u8 = 1;
/// Bad usage or a bad spec.
pub(crate) const USAGE: u8 = 2;
/// `--require supported`, and a claim was not.
pub(crate) const NOT_SUPPORTED: u8 = 3;
/// Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// Why the program ends, and with which code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn usage(message: impl std::fmt::Display) -> Self {
        Self {
            code: USAGE,
            message: message.to_string(),
        }
    }

    pub(crate) fn run(message: impl std::fmt::Display) -> Self {
        Self {
            code: FAILED,
            message: message.to_string(),
        }
    }
}

impl From<SpecError> for Failure {
    fn from(error: SpecError) -> Self {
        Self::usage(error)
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::usage(error)
    }
}

impl From<RunFolderError> for Failure {
    fn from(error: RunFolderError) -> Self {
        Self::usage(error)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Spec(_) | RunError::Device(_) => Self::usage(error),
            _ => Self::run(error),
        }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::usage(error)
    }
}

impl From<report::ReportError> for Failure {
    fn from(error: report::ReportError) -> Self {
        Self::run(error)
    }
}
