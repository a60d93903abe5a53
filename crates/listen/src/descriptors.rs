//! Each connection takes a descriptor, of which a process has so many.

/// What is not for connections: files, the database's connections, mails that leave.
const KEPT: usize = 256;

/// Takes all descriptors that the system lets this process have, and tells how many.
#[cfg(unix)]
pub fn raise_descriptors() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    // Where it says “without bound”.
    const MOST: u64 = 1 << 20;
    let Ok((now, most)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    let wanted = most.min(MOST).max(now);
    let got = match setrlimit(Resource::RLIMIT_NOFILE, wanted, most) {
        Ok(()) => wanted,
        Err(_) => now,
    };
    usize::try_from(got.min(MOST)).unwrap_or(1024)
}

/// Sockets are counted elsewhere.
#[cfg(not(unix))]
pub fn raise_descriptors() -> usize {
    1 << 16
}

/// How many connections each may have that would have `wanted`: all they want, or in proportion where there are not so many
/// descriptors. None takes another's.
pub fn share<const N: usize>(wanted: [usize; N], descriptors: usize) -> [usize; N] {
    // Of very few, half.
    let free = descriptors.saturating_sub(KEPT).max(descriptors / 2);
    let all: usize = wanted.iter().sum();
    wanted.map(|one| if all <= free { one } else { (one * free / all).max(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_listener_has_its_own() {
        assert_eq!(share([8192, 8192, 64], 20_000), [8192, 8192, 64]);
        let few = share([8192, 8192, 64], 1024);
        assert!(few.iter().sum::<usize>() <= 1024 - KEPT, "{few:?}");
        assert!(few.iter().all(|one| *one > 0), "{few:?}");
        assert!(share([8192], 100)[0] <= 50);
    }

    #[test]
    #[cfg(unix)]
    fn all_that_the_system_gives_are_taken() {
        use nix::sys::resource::{Resource, getrlimit};
        let taken = raise_descriptors();
        let (now, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
        assert_eq!(now, most.min(1 << 20).max(now));
        assert_eq!(taken, usize::try_from(now).unwrap());
    }
}
