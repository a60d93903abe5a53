//! A stand-in for the library of PC/SC, for the errors that cannot be had of a real service at will. A program loads it as
//! it does the real one.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

pub struct PcscStandIn {
    folder: TempDir,
}

impl PcscStandIn {
    /// # Panics
    /// Without a C compiler.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it is built")]
    pub fn new() -> PcscStandIn {
        let folder = tempfile::tempdir().expect("a folder");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/pcsc_stand_in.c");
        let mut compiler = Command::new("cc");
        compiler.args(["-shared", "-fPIC", "-o"]).arg(folder.path().join("libpcsclite.so.1")).arg(source);
        assert!(compiler.status().expect("cc").success(), "the stand-in is not built");
        PcscStandIn { folder }
    }

    /// What a program is started with: one reader with a card, where `function` fails with this code.
    #[must_use]
    pub fn failing(&self, function: &str, code: u32) -> [(&'static str, String); 3] {
        let library = self.folder().to_str().expect("UTF-8").to_owned();
        [("LD_LIBRARY_PATH", library), ("STAND_IN", function.to_owned()), ("STAND_IN_SAYS", format!("{code:x}"))]
    }

    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}
