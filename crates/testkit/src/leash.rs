//! A program that ends with the test that started it, even if that test is killed.
//!
//! A shell stands between: it starts the program, then reads from a pipe that this process alone holds open. However
//! this process ends, the pipe is closed, and the shell kills the program and removes its folder.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub(crate) struct Leash {
    shell: Child,
}

impl Leash {
    /// Starts `program`, shell text for one command in which `$DIR` is `folder`. It finds `handed_over` as descriptor 3,
    /// nothing on stdin, and writes to `log`. At the end it gets `signal`, and then `folder` is removed.
    pub(crate) fn start(
        program: &str,
        folder: &Path,
        handed_over: Stdio,
        log: File,
        signal: &str,
    ) -> io::Result<Leash> {
        Leash::attach(program, &format!("kill -s {signal} $!"), folder, handed_over, log)
    }

    /// The same for a program whose children would outlive it: all of them are killed.
    pub(crate) fn start_family(program: &str, folder: &Path, log: File) -> io::Result<Leash> {
        // A process group of its own is one that can be killed as a whole; its number is the program's pid, since setsid
        // replaces itself. Before it does, there is no such group.
        let end = "kill -s KILL -- -$! || kill -s KILL $!";
        Leash::attach(&format!("setsid {program}"), end, folder, Stdio::null(), log)
    }

    fn attach(program: &str, end: &str, folder: &Path, handed_over: Stdio, log: File) -> io::Result<Leash> {
        // Stdout carries the descriptor across, since a Command passes on no others. The program's pid cannot come to
        // mean another process before the kill, because the shell waits for it only afterwards. What it leaves dying
        // may still write into the folder while that is removed.
        let script = format!(
            "exec 3>&1 1>&2\n\
             {program} </dev/null &\n\
             exec 3>&-\n\
             read -r _\n\
             {end}\n\
             wait\n\
             for _ in 1 2 3 4 5 6 7 8 9; do rm -rf -- \"$DIR\" && break; sleep 0.1; done\n"
        );
        let shell = Command::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .env("DIR", folder)
            .stdin(Stdio::piped())
            .stdout(handed_over)
            .stderr(log)
            // Ctrl-C at the terminal must not reach the shell before the pipe does.
            .process_group(0)
            .spawn()?;
        Ok(Leash { shell })
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        drop(self.shell.stdin.take());
        drop(self.shell.wait());
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;

    /// Set in the process that the test below starts and kills.
    const KILLED: &str = "KAIKA_TEST_TO_BE_KILLED";

    #[test]
    fn it_ends_even_with_a_killed_process() {
        if std::env::var_os(KILLED).is_some() {
            let folder = tempfile::tempdir().unwrap().keep();
            let log = File::create(folder.join("log")).unwrap();
            let _leash = Leash::start("sleep 600", &folder, Stdio::null(), log, "KILL").unwrap();
            println!("\nfolder={}", folder.display());
            loop {
                thread::park();
            }
        }

        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "leash::tests::it_ends_even_with_a_killed_process", "--nocapture"])
            .env(KILLED, "yes")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let folder = lines.map(Result::unwrap).find_map(|line| Some(line.strip_prefix("folder=")?.to_owned()));
        let folder = folder.unwrap();
        assert!(Path::new(&folder).is_dir());

        process.kill().unwrap();
        process.wait().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while Path::new(&folder).exists() {
            assert!(Instant::now() < deadline, "{folder} is still there");
            thread::sleep(Duration::from_millis(10));
        }
    }
}
