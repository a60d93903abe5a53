//! A screen that nobody sees, for what browsers show outside of pages: where chromedriver cannot reach, xdotool can.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::leash::Leash;
use crate::tools::{self, Output, Tool};

/// How long a window may take to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Xvfb. Dropped, it is gone.
pub struct Screen {
    display: String,
    _leash: Leash,
}

impl Screen {
    /// # Panics
    /// Where Xvfb is missing or fails.
    #[track_caller]
    pub fn start() -> Screen {
        Screen::launch().unwrap_or_else(|error| panic!("Xvfb cannot be started: {error}"))
    }

    fn launch() -> std::io::Result<Screen> {
        let program = tools::find("Xvfb");
        let folder = tempfile::Builder::new().prefix("kaika-screen-").tempdir()?;
        let log = File::create(folder.path().join("log"))?;
        let (reader, writer) = std::io::pipe()?;
        // It looks for a free number itself, and tells it as soon as it can be used.
        let start = format!("'{}' -displayfd 3 -screen 0 1400x1000x24 -nolisten tcp", program.display());
        // The leash removes the folder from here on.
        let folder = folder.keep();
        let leash = Leash::start(&start, &folder, Stdio::from(writer), log, "TERM")?;
        let mut number = String::new();
        BufReader::new(reader).read_line(&mut number)?;
        if number.trim().is_empty() {
            let log = std::fs::read_to_string(folder.join("log"))?;
            return Err(std::io::Error::other(format!("it ended:\n{log}")));
        }
        Ok(Screen { display: format!(":{}", number.trim()), _leash: leash })
    }

    /// The value of `DISPLAY`, such as `:1`.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// Whether a window can be seen whose title matches this regular expression.
    pub fn has(&self, title: &str) -> bool {
        self.find(title).is_some()
    }

    /// Waits for a window, types this text into it, and confirms; until the window goes.
    ///
    /// # Panics
    /// Where there is no such window after 30 seconds, or it does not go. The text is not told.
    #[track_caller]
    pub fn answer(&self, title: &str, text: &str) {
        self.until(&format!("a window {title:?}"), || self.has(title));
        // Typed once only: it may be a PIN, and each try counts.
        self.focus(title);
        // Not as an argument, which anybody could see.
        self.xdotool(&["type", "--clearmodifiers", "--delay", "20", "--file", "-"]).input(text).run().expect_success();
        self.confirm_until(title, &format!("the window {title:?} to go"), || !self.has(title));
    }

    /// Presses Enter in a window, again and again until it is done: dialogs leave out of account what comes too early.
    #[track_caller]
    pub fn confirm_until(&self, title: &str, what: &str, is_done: impl Fn() -> bool) {
        self.until(what, || {
            if is_done() {
                return true;
            }
            self.focus(title);
            self.xdotool(&["key", "--clearmodifiers", "Return"]).run().expect_success();
            // Time to act on it before the next.
            let deadline = Instant::now() + Duration::from_secs(1);
            while !is_done() && Instant::now() < deadline {
                thread::sleep(Duration::from_millis(50));
            }
            is_done()
        });
    }

    /// The titles of all windows.
    pub fn titles(&self) -> Vec<String> {
        let windows = self.xdotool(&["search", "--onlyvisible", "--name", "."]).run().stdout();
        windows
            .lines()
            .map(|window| self.xdotool(&["getwindowname", window]).run().stdout().trim().to_owned())
            .collect()
    }

    fn find(&self, title: &str) -> Option<String> {
        let found: Output = self.xdotool(&["search", "--onlyvisible", "--name", title]).run();
        found.stdout().lines().next().map(str::to_owned)
    }

    /// There is no window manager that would give the focus. A window may go just now.
    fn focus(&self, title: &str) {
        if let Some(window) = self.find(title) {
            drop(self.xdotool(&["windowfocus", &window]).run());
        }
    }

    fn xdotool(&self, arguments: &[&str]) -> Tool {
        Tool::new("xdotool").args(arguments).env("DISPLAY", &self.display)
    }

    #[track_caller]
    fn until(&self, what: &str, is_so: impl Fn() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so() {
            if Instant::now() > deadline {
                panic!("waited {PATIENCE:?} in vain for {what}; windows: {:?}", self.titles());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn screens_stand_side_by_side() {
        let (one, two) = (Screen::start(), Screen::start());
        assert_ne!(one.display(), two.display());
        assert!(one.titles().is_empty() && !one.has("."));
        assert!(one.xdotool(&["getdisplaygeometry"]).run().expect_success().stdout().contains("1400 1000"));
    }
}
