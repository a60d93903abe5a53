//! `cargo xtask tidy`: the architecture's invariants, most of them about what must be absent, and which packages may
//! come in.
//!
//! Each rule returns its complaints, one line each: where, what, and what to do.

mod contexts;
mod docs;
mod features;
mod graph;
mod layout;
mod packages;
mod purity;
mod rust;
mod sql;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell::root;

pub(crate) fn run() -> Result<()> {
    kaika_say::complain!("▶ tidy");
    let rules = packages::Rules::read()?;
    let metadata = graph::metadata(&rules.graph.targets)?;
    let crates = sources(&root())?;
    let mut complaints = graph::check(&metadata)?;
    complaints.extend(features::check()?);
    complaints.extend(packages::check(&rules, &metadata)?);
    complaints.extend(purity::check(&crates));
    complaints.extend(sql::check(&crates));
    complaints.extend(contexts::check(&crates));
    complaints.extend(docs::check(&root(), &crates)?);
    complaints.extend(layout::check(&crates));
    if complaints.is_empty() {
        return Ok(());
    }
    for complaint in &complaints {
        kaika_say::complain!("{complaint}");
    }
    bail!("tidy: {} complaint(s), see above", complaints.len());
}

/// One folder of Cargo.toml and what is in it.
struct Crate {
    /// The folder's name: `store`, not `kaika-store`.
    name: String,
    manifest: File,
    /// Everything else but what git does not keep.
    files: Vec<File>,
}

struct File {
    /// From the workspace's folder.
    path: PathBuf,
    /// `None` for what is not text.
    text: Option<String>,
}

impl File {
    fn read(root: &Path, path: PathBuf) -> Result<File> {
        let bytes = fs::read(root.join(&path)).with_context(|| path.display().to_string())?;
        Ok(File { path, text: String::from_utf8(bytes).ok() })
    }

    fn is_rust(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "rs")
    }

    /// `PATH:LINE`, as editors and terminals understand it.
    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

impl Crate {
    /// The Rust of the crate itself, without its integration tests, benches and examples.
    fn own_sources(&self) -> impl Iterator<Item = (&File, &str)> {
        let src = self.manifest.path.with_file_name("src");
        self.rust_files().filter(move |(file, _)| file.path.starts_with(&src))
    }

    fn rust_files(&self) -> impl Iterator<Item = (&File, &str)> {
        self.files.iter().filter(|file| file.is_rust()).filter_map(|file| Some((file, file.text.as_deref()?)))
    }
}

/// The crates of `crates/` in the order of their names, the fuzz targets, and xtask itself.
fn sources(root: &Path) -> Result<Vec<Crate>> {
    let mut folders = children(root, Path::new("crates"))?;
    folders.extend(["fuzz".into(), "xtask".into()]);
    folders.retain(|folder| root.join(folder).join("Cargo.toml").is_file());
    folders
        .into_iter()
        .map(|folder| {
            let name = folder.file_name().expect("a folder in crates has a name");
            let mut files = Vec::new();
            walk(root, &folder, &mut files)?;
            files.retain(|file| file.path != folder.join("Cargo.toml"));
            Ok(Crate {
                name: name.to_string_lossy().into_owned(),
                manifest: File::read(root, folder.join("Cargo.toml"))?,
                files,
            })
        })
        .collect()
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<File>) -> Result<()> {
    for path in children(root, folder)? {
        let name = path.file_name().expect("a child has a name").to_string_lossy();
        if root.join(&path).is_dir() {
            if name != "target" && !name.starts_with('.') {
                walk(root, &path, files)?;
            }
        } else {
            files.push(File::read(root, path)?);
        }
    }
    Ok(())
}

/// What is in a folder, in the order of the names, each path from `root`.
fn children(root: &Path, folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(root.join(folder)).with_context(|| folder.display().to_string())?;
    let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names.into_iter().map(|name| folder.join(name)).collect())
}
