//! Devices by name, opened at run time.

mod backends;
mod error;
pub(crate) mod quiet;

use burn::tensor::DType;
pub use burn::tensor::Device;
use models::Precision;

pub use error::DeviceError;

/// A backend, which is the first part of a device name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backend {
    /// Its name, as in `--device NAME` or `--device NAME:INDEX`.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// The cargo feature that builds it in; empty if it is always built in.
    pub feature: &'static str,
    /// Whether the backend computes on the CPU, with one cell per thread; otherwise cells are
    /// stacked to fill the GPU.
    pub host: bool,
    /// Whether f64 is reliable. Graphics drivers may report f64 support although their shaders fail
    /// to compile (as with an NVIDIA H200 through Vulkan).
    pub f64: bool,
    /// What to install on a machine without it.
    pub needs: &'static str,
}

/// All backends, the recommended one first.
pub const BACKENDS: [Backend; 7] = [
    Backend {
        name: "flex",
        about: "pure-Rust CPU backend",
        feature: "",
        host: true,
        f64: true,
        needs: "nothing",
    },
    Backend {
        name: "ndarray",
        about: "older CPU backend, last released with burn 0.22",
        feature: "ndarray",
        host: true,
        f64: true,
        needs: "nothing",
    },
    Backend {
        name: "wgpu",
        about: "GPU through Vulkan, Metal or DX12",
        feature: "wgpu",
        host: false,
        f64: false,
        needs: "a graphics driver with Vulkan (on Debian, mesa-vulkan-drivers computes on the CPU)",
    },
    Backend {
        name: "vulkan",
        about: "GPU through Vulkan and SPIR-V",
        feature: "vulkan",
        host: false,
        f64: false,
        needs: "a graphics driver with Vulkan (on Debian, mesa-vulkan-drivers computes on the CPU)",
    },
    Backend {
        name: "metal",
        about: "Apple GPU",
        feature: "metal",
        host: false,
        f64: false,
        needs: "a Mac",
    },
    Backend {
        name: "cuda",
        about: "NVIDIA GPU",
        feature: "cuda",
        host: false,
        f64: true,
        needs: "NVIDIA's driver and the CUDA toolkit (libnvrtc)",
    },
    Backend {
        name: "rocm",
        about: "AMD GPU",
        feature: "rocm",
        host: false,
        f64: true,
        needs: "AMD's driver and ROCm",
    },
];

impl Backend {
    /// The backend of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        BACKENDS.iter().find(|backend| backend.name == name)
    }

    /// Whether the backend is in this build.
    pub fn is_built(&self) -> bool {
        backends::is_built(self.name)
    }

    /// Comma-separated cargo features of a build that has this backend and all backends of this
    /// build.
    pub fn features(&self) -> String {
        let built = |backend: &&Self| backend.is_built() || *backend == self;
        let features = BACKENDS.iter().filter(built).map(|backend| backend.feature);
        let features = features.filter(|feature| !feature.is_empty());
        features.collect::<Vec<_>>().join(",")
    }

    /// The devices of this backend on this machine, in the order of their indices.
    pub fn found(&self) -> Vec<FoundDevice> {
        let found = quiet::quietly(|| backends::enumerate(self.name)).unwrap_or_default();
        let found = found.into_iter().map(|device| {
            let has = |dtype| quiet::quietly(|| device.supports_dtype(dtype)).unwrap_or(false);
            FoundDevice {
                adapter: quiet::quietly(|| backends::adapter(&device)).flatten(),
                f32: has(DType::F32),
                f64: self.f64 && has(DType::F64),
            }
        });
        found.collect()
    }
}

/// A device that this machine has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundDevice {
    /// Name of the adapter, if the backend reports it.
    pub adapter: Option<String>,
    /// Whether it computes in f32.
    pub f32: bool,
    /// Whether it computes in f64.
    pub f64: bool,
}

/// A device and the precision to train in.
#[derive(Debug, Clone)]
pub struct Target {
    /// The device, without autodiff.
    pub device: Device,
    /// The floating-point type of every tensor.
    pub dtype: DType,
    /// The backend of the device.
    pub backend: &'static Backend,
}

/// Default number of cells that are trained together on a GPU. One cell of the shipped experiments
/// needs less than a hundredth of a large GPU, and little memory.
const CELLS_TOGETHER: usize = 64;

impl Target {
    /// The precision of training.
    pub fn precision(&self) -> Precision {
        match self.dtype {
            DType::F64 => Precision::F64,
            _ => Precision::F32,
        }
    }

    /// Whether the device is the CPU.
    pub fn is_host(&self) -> bool {
        self.backend.host
    }

    /// Default number of cells that are trained together.
    pub fn cells_together(&self) -> usize {
        if self.is_host() { 1 } else { CELLS_TOGETHER }
    }

    /// Name of the adapter, if the backend reports it.
    pub fn adapter(&self) -> Option<String> {
        quiet::quietly(|| backends::adapter(&self.device)).flatten()
    }

    /// Opens a device by name, `BACKEND` or `BACKEND:INDEX`.
    ///
    /// # Errors
    /// See [`DeviceError`].
    pub fn open(name: &str, precision: Precision) -> Result<Self, DeviceError> {
        let (backend_name, index) = match name.split_once(':') {
            None => (name, None),
            Some((backend, index)) => (backend, Some(index)),
        };
        let Some(backend) = Backend::named(backend_name) else {
            return Err(DeviceError::Unknown {
                name: name.to_owned(),
                known: BACKENDS.map(|backend| backend.name).to_vec(),
            });
        };
        let index = match index {
            None => None,
            Some(_) if backend.host => {
                return Err(DeviceError::NotIndexed {
                    name: name.to_owned(),
                    backend: backend.name,
                });
            }
            // Each device has only one spelling, because the name is part of the identity of a run.
            Some(text) => match text.parse::<usize>() {
                Ok(index) if index.to_string() == text => Some(index),
                _ => {
                    return Err(DeviceError::BadIndex {
                        name: name.to_owned(),
                        backend: backend.name,
                    });
                }
            },
        };
        if !backend.is_built() {
            return Err(DeviceError::NotBuilt {
                name: name.to_owned(),
                features: backend.features(),
            });
        }
        let device = Self::device(name, backend, index)?;
        let dtype = match precision {
            Precision::F32 => DType::F32,
            Precision::F64 => DType::F64,
        };
        let absent = |problem: String| DeviceError::Absent {
            name: name.to_owned(),
            problem,
            needs: backend.needs,
        };
        // If the adapter is missing, the backend panics instead of returning an error.
        let supported = quiet::quietly(|| device.supports_dtype(dtype))
            .ok_or_else(|| absent("it cannot be opened".to_owned()))?;
        match precision {
            Precision::F32 if !supported => {
                return Err(absent("it does not compute in f32".to_owned()));
            }
            Precision::F64 if !supported || !backend.f64 => {
                return Err(DeviceError::NoF64 {
                    name: name.to_owned(),
                });
            }
            _ => {}
        }
        Ok(Self {
            device,
            dtype,
            backend,
        })
    }

    fn device(
        name: &str,
        backend: &'static Backend,
        index: Option<usize>,
    ) -> Result<Device, DeviceError> {
        if backend.host {
            return backends::enumerate(backend.name)
                .into_iter()
                .next()
                .ok_or_else(|| DeviceError::Absent {
                    name: name.to_owned(),
                    problem: "it cannot be opened".to_owned(),
                    needs: backend.needs,
                });
        }
        let found = quiet::quietly(|| backends::enumerate(backend.name)).unwrap_or_default();
        let count = found.len();
        if count == 0 {
            return Err(DeviceError::Absent {
                name: name.to_owned(),
                problem: "no adapter was found".to_owned(),
                needs: backend.needs,
            });
        }
        let chosen = match index {
            None => quiet::quietly(|| backends::preferred(backend.name))
                .flatten()
                .or_else(|| found.into_iter().next()),
            Some(index) => found.into_iter().nth(index),
        };
        chosen.ok_or_else(|| DeviceError::NoSuchIndex {
            name: name.to_owned(),
            backend: backend.name,
            count,
        })
    }
}
