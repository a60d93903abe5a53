//! CPU time of processes and threads, to the nanosecond and with that of threads that have ended.

use anyhow::{Context, Result};
use nix::time::{ClockId, clock_gettime};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// A clock that runs while somebody works.
#[derive(Clone, Copy)]
pub(crate) struct Cpu(ClockId);

impl Cpu {
    /// All threads of this process.
    pub(crate) const OWN: Self = Self(ClockId::CLOCK_PROCESS_CPUTIME_ID);
    pub(crate) const THREAD: Self = Self(ClockId::CLOCK_THREAD_CPUTIME_ID);

    /// All threads of another process.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn of(process: u32) -> Result<Self> {
        let pid = Pid::from_raw(i32::try_from(process)?);
        Ok(Self(ClockId::pid_cpu_clock_id(pid).with_context(|| format!("process {process}"))?))
    }

    pub(crate) fn now(self) -> Result<Duration> {
        Ok(clock_gettime(self.0).context("a process has ended while it was measured")?.into())
    }

    /// What `work` gives, and what it took.
    pub(crate) fn spent<T>(self, work: impl FnOnce() -> Result<T>) -> Result<(T, Spent)> {
        let (begun, before) = (Instant::now(), self.now()?);
        let value = work()?;
        Ok((value, Spent { cpu: self.now()? - before, wall: begun.elapsed() }))
    }
}

/// What a server with a process for each connection has spent by now, those that have ended included.
pub(crate) struct Family(Duration);

impl Family {
    /// Of no process.
    pub(crate) const NONE: Self = Self(Duration::ZERO);

    /// Of this process and its children, all that there are.
    ///
    /// # Errors
    /// It has ended.
    pub(crate) fn now(server: u32, children: &[u32]) -> Result<Self> {
        // One that ends meanwhile is among those that have ended, or is missed.
        let living = children.iter().filter_map(|&child| Cpu::of(child).ok()?.now().ok());
        Ok(Self(living.sum::<Duration>() + Cpu::of(server)?.now()? + of_ended_children(server)?))
    }

    pub(crate) fn since(&self, before: &Family) -> Duration {
        self.0.saturating_sub(before.0)
    }
}

/// To the hundredth of a second: cutime and cstime of proc(5).
fn of_ended_children(process: u32) -> Result<Duration> {
    const TICKS: u64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name in front may have spaces in it.
    let (_, fields) = stat.rsplit_once(')').context("/proc/PID/stat has a name")?;
    let ticks = fields.split_whitespace().skip(13).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS))
}

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spent {
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

impl Spent {
    /// How many a second of CPU.
    pub(crate) fn rate(&self, count: u64) -> f64 {
        count as f64 / self.cpu.as_secs_f64()
    }

    /// How many a second on the wall.
    pub(crate) fn wall_rate(&self, count: u64) -> f64 {
        count as f64 / self.wall.as_secs_f64()
    }
}

/// The one in the middle.
pub(crate) fn median<T: PartialOrd + Copy>(values: impl IntoIterator<Item = T>) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_by(|a, b| a.partial_cmp(b).expect("figures can be compared"));
    values[values.len() / 2]
}
