//! A database's file, as somebody who has the disk gets at it.

use crate::tools::Tool;
use std::path::Path;

/// Runs these statements, separated by semicolons; gives the rows, their columns separated by `|`.
#[track_caller]
pub fn sqlite(file: &Path, statements: &str) -> String {
    const SCRIPT: &str = "import sqlite3, sys\n\
        database = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
        for statement in sys.stdin.read().split(';'):\n\
        \x20   for row in database.execute(statement):\n\
        \x20       print(*row, sep='|')\n";
    Tool::new("python3").args(["-c", SCRIPT]).arg(file).input(statements).run().expect_success().stdout()
}
