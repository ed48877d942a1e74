use burn::tensor::DType;
pub use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Devices by name: what they are, and the cargo feature that compiles them in (empty: always).
pub const DEVICES: [(&str, &str, &str); 3] = [
    ("flex", "pure-Rust CPU backend, recommended", ""),
    (
        "ndarray",
        "older CPU backend, last released with burn 0.22",
        "ndarray",
    ),
    (
        "wgpu",
        "GPU through Vulkan, Metal, DX12 or WebGPU; f32 only",
        "wgpu",
    ),
];

/// Floating-point precision of training. Results are always computed in f64 on the host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 32 bits.
    #[default]
    F32,
    /// 64 bits.
    F64,
}

/// Why a device cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// No device has this name.
    #[error("device {name:?} is unknown. Choose one of: {}", known.join(", "))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The device is not in this build.
    #[error(
        "device {name:?} is not in this build. Build it in with \
         `cargo run --release --features {feature} -- …`, or use --device flex"
    )]
    NotBuilt {
        /// What was asked for.
        name: String,
        /// The cargo feature that brings it.
        feature: &'static str,
    },
    /// The device cannot compute in this precision.
    #[error("device {name:?} has no f64. Use --precision f32, or --device flex")]
    NoF64 {
        /// What was asked for.
        name: String,
    },
    /// This machine lacks the device.
    #[error("device {name:?} cannot be opened on this machine: {problem}. Use --device flex")]
    Absent {
        /// What was asked for.
        name: String,
        /// What the backend says.
        problem: String,
    },
}

/// A device and the precision to train in.
#[derive(Debug, Clone)]
pub struct Target {
    /// The device, without autodiff.
    pub device: Device,
    /// The floating-point type of every tensor.
    pub dtype: DType,
}

impl Target {
    /// The precision of training.
    pub fn precision(&self) -> Precision {
        match self.dtype {
            DType::F64 => Precision::F64,
            _ => Precision::F32,
        }
    }

    /// Opens a device by name.
    ///
    /// # Errors
    /// See [`DeviceError`].
    pub fn open(name: &str, precision: Precision) -> Result<Self, DeviceError> {
        let Some(&(_, _, feature)) = DEVICES.iter().find(|(known, ..)| *known == name) else {
            let known = DEVICES.iter().map(|&(known, ..)| known).collect();
            return Err(DeviceError::Unknown {
                name: name.to_owned(),
                known,
            });
        };
        let device = build(name).ok_or_else(|| DeviceError::NotBuilt {
            name: name.to_owned(),
            feature,
        })?;
        let dtype = match precision {
            Precision::F32 => DType::F32,
            Precision::F64 => DType::F64,
        };
        // A missing adapter shows itself as a panic inside the backend, not as an error.
        let supported =
            std::panic::catch_unwind(|| device.supports_dtype(dtype)).map_err(|_| {
                DeviceError::Absent {
                    name: name.to_owned(),
                    problem: "no adapter found".to_owned(),
                }
            })?;
        if !supported {
            return Err(DeviceError::NoF64 {
                name: name.to_owned(),
            });
        }
        Ok(Self { device, dtype })
    }
}

fn build(name: &str) -> Option<Device> {
    match name {
        "flex" => Some(Device::flex()),
        #[cfg(feature = "ndarray")]
        #[allow(
            deprecated,
            reason = "the last burn release with this backend is the one we pin"
        )]
        "ndarray" => Some(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        _ => None,
    }
}
