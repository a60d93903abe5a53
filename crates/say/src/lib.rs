//! What programs write to standard output and standard error, and how they end that did.
//!
//! Whoever reads may go at any time, as `head` does: the rest is said to nobody, the program does what it was to do, and
//! ends as it would have. What could not be written for another reason, as on a full disk, makes a program fail that
//! has not failed already.

use std::{
    io::{self, ErrorKind, StderrLock, StdoutLock, Write},
    process::ExitCode,
    sync::Mutex,
};

/// What kept standard output from being written, where that was no wish of its reader.
static FAILED: Mutex<Option<io::Error>> = Mutex::new(None);

/// A line on standard output, as `println!`.
#[macro_export]
macro_rules! say {
    () => { $crate::say!("") };
    ($($words:tt)*) => { $crate::on_output(|out| ::std::io::Write::write_fmt(out, ::std::format_args!("{}\n", ::std::format_args!($($words)*)))) };
}

/// A line on standard error, as `eprintln!`.
#[macro_export]
macro_rules! complain {
    ($($words:tt)*) => { $crate::on_error(|out| ::std::io::Write::write_fmt(out, ::std::format_args!("{}\n", ::std::format_args!($($words)*)))) };
}

/// Writes to standard output what is no line of words.
pub fn on_output(write: impl FnOnce(&mut StdoutLock<'static>) -> io::Result<()>) {
    note(write(&mut io::stdout().lock()));
}

/// Where it cannot be written there is nobody left to be told.
pub fn on_error(write: impl FnOnce(&mut StderrLock<'static>) -> io::Result<()>) {
    let _ = write(&mut io::stderr().lock());
}

/// What a program ends with that has come to `code`: as its last act.
#[must_use]
pub fn ended(code: ExitCode) -> ExitCode {
    note(io::stdout().flush());
    let failed = FAILED.lock().ok().and_then(|mut failed| failed.take());
    match failed {
        None => code,
        Some(error) => {
            complain!("standard output cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn note(written: io::Result<()>) {
    let Err(error) = written else { return };
    if error.kind() != ErrorKind::BrokenPipe
        && let Ok(mut failed) = FAILED.lock()
    {
        failed.get_or_insert(error);
    }
}
