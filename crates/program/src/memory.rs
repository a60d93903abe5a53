//! Whose memory it is.

/// No picture of this process's memory gets to a disk, or to whoever collects such pictures, and on Linux no other process
/// of the same user reads or traces it. Programs that it starts are not concerned.
pub fn keep_to_itself() {
    #[cfg(unix)]
    {
        use nix::sys::resource::{Resource, setrlimit};
        if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
            eprintln!("core dumps cannot be forbidden: {error}");
        }
    }
    // The limit does not hold where a program takes core dumps (`|` in /proc/sys/kernel/core_pattern, `man 5 core`).
    #[cfg(target_os = "linux")]
    if let Err(error) = nix::sys::prctl::set_dumpable(false) {
        eprintln!("core dumps cannot be forbidden: {error}");
    }
}
