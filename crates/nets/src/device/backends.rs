//! The only file that names the backends of burn.

use burn::tensor::{Device, DeviceType};

/// Whether the backend is in this build.
pub(super) fn is_built(backend: &str) -> bool {
    device_type(backend).is_some()
}

/// The devices of a backend on this machine. May panic if a driver is missing.
pub(super) fn enumerate(backend: &str) -> Vec<Device> {
    device_type(backend).map_or(Vec::new(), |kind| Device::enumerate(kind).into_vec())
}

/// The default device of the backend; `None` if that is the first device.
pub(super) fn preferred(backend: &str) -> Option<Device> {
    match backend {
        // The first adapter may be an integrated one, or the CPU.
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "vulkan")]
        "vulkan" => Some(Device::vulkan(burn::tensor::DeviceKind::DefaultDevice)),
        #[cfg(feature = "metal")]
        "metal" => Some(Device::metal(burn::tensor::DeviceKind::DefaultDevice)),
        _ => None,
    }
}

/// Name of the adapter, if the backend reports it. Opens the device, and may panic.
#[cfg(any(feature = "wgpu", feature = "cuda", feature = "rocm"))]
pub(super) fn adapter(device: &Device) -> Option<String> {
    device.identity().map(|identity| identity.name)
}

/// Name of the adapter; CPU backends have none.
#[cfg(not(any(feature = "wgpu", feature = "cuda", feature = "rocm")))]
pub(super) fn adapter(_: &Device) -> Option<String> {
    None
}

fn device_type(backend: &str) -> Option<DeviceType> {
    match backend {
        "flex" => Some(DeviceType::Flex),
        #[cfg(feature = "ndarray")]
        "ndarray" => Some(DeviceType::NdArray),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(DeviceType::Wgpu),
        #[cfg(feature = "vulkan")]
        "vulkan" => Some(DeviceType::Vulkan),
        #[cfg(feature = "metal")]
        "metal" => Some(DeviceType::Metal),
        #[cfg(feature = "cuda")]
        "cuda" => Some(DeviceType::Cuda),
        #[cfg(feature = "rocm")]
        "rocm" => Some(DeviceType::Rocm),
        _ => None,
    }
}
