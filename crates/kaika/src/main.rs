//! The command `kaika`.

use mimalloc::MiMalloc;
use zeroizing_alloc::ZeroAlloc;

/// Deriving keys from passphrases and user codes takes 16 to 19 MiB for a moment; this allocator gives them back to
/// the system, where glibc's kept over 100 MiB after a first start.
/// User codes, PUKs and tokens pass through buffers of libraries, so what is given back is wiped.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

fn main() -> std::process::ExitCode {
    kaika::cli::main(std::env::args_os().collect())
}
