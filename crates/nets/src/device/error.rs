use thiserror::Error;

/// Why a device cannot be used. The message begins with the name of the device. The caller puts the
/// flag or key before it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error(
        "{name}: is unknown. Choose one of: {}, with :INDEX if a machine has several",
        known.join(", ")
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A CPU backend has no index.
    #[error("{name}: there is only one {backend} device. Write {backend}")]
    NotIndexed {
        /// What was asked for.
        name: String,
        /// The backend.
        backend: &'static str,
    },
    /// The index is not a number.
    #[error(
        "{name}: the index must be a number from 0. Write {backend}:0; `layerwise devices` lists \
         all devices"
    )]
    BadIndex {
        /// What was asked for.
        name: String,
        /// The backend.
        backend: &'static str,
    },
    /// The machine has fewer devices.
    #[error(
        "{name}: this machine has {count} {backend} device(s), counted from 0. Write {backend}:{}; \
         `layerwise devices` lists them",
        count - 1
    )]
    NoSuchIndex {
        /// What was asked for.
        name: String,
        /// The backend.
        backend: &'static str,
        /// How many there are.
        count: usize,
    },
    /// The device is not in this build.
    #[error("{name}: is not in this build. Build with --features {features}, or choose flex")]
    NotBuilt {
        /// What was asked for.
        name: String,
        /// Comma-separated cargo features of this build, and the missing one.
        features: String,
    },
    /// The device cannot compute in this precision.
    #[error("{name}: does not support f64. Choose --precision f32, or flex")]
    NoF64 {
        /// What was asked for.
        name: String,
    },
    /// This machine lacks the device.
    #[error("{name}: {problem} on this machine. It needs {needs}; or choose flex")]
    Absent {
        /// What was asked for.
        name: String,
        /// What is wrong.
        problem: String,
        /// What to install.
        needs: &'static str,
    },
}
