use thiserror::Error;

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error(
        "--device {name}: is unknown. Choose one of: {}, with :INDEX where a machine has several",
        known.join(", ")
    )]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// A CPU backend has no index.
    #[error("--device {name}: there is only one {backend} device. Use --device {backend}")]
    NotIndexed {
        /// What was asked for.
        name: String,
        /// The backend.
        backend: &'static str,
    },
    /// The index is not a number.
    #[error(
        "--device {name}: the index must be a number from 0. Use --device {backend}:0; \
         `layerwise devices` lists what there is"
    )]
    BadIndex {
        /// What was asked for.
        name: String,
        /// The backend.
        backend: &'static str,
    },
    /// The machine has fewer devices.
    #[error(
        "--device {name}: this machine has {count} {backend} device(s), counted from 0. Use \
         --device {backend}:{}; `layerwise devices` lists them",
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
    #[error(
        "--device {name}: is not in this build. Build it in with `{command}`, or use --device flex"
    )]
    NotBuilt {
        /// What was asked for.
        name: String,
        /// The command that builds it in.
        command: String,
    },
    /// The device cannot compute in this precision.
    #[error("--device {name}: has no f64. Use --precision f32, or --device flex")]
    NoF64 {
        /// What was asked for.
        name: String,
    },
    /// This machine lacks the device.
    #[error("--device {name}: {problem} on this machine. It needs {needs}; or use --device flex")]
    Absent {
        /// What was asked for.
        name: String,
        /// What is wrong.
        problem: String,
        /// What to install.
        needs: &'static str,
    },
}
