//! The command `kaika`.

/// Deriving keys from passphrases and user codes takes 16 to 19 MiB for a moment; this allocator gives them back to
/// the system, where glibc's kept over 100 MiB after a first start.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    kaika::cli::main(std::env::args_os().collect())
}
