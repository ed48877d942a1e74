//! The program `layerwise`: the command line with the kinds of this workspace.

/// Every tensor operation allocates its result; with the system allocator page faults would eat
/// most of a training step.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    layerwise::main(layerwise::Kinds::default())
}
