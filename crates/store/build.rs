//! The migrations, in their order: those in `migrations/` are for both databases, those in `migrations/sqlite/` and
//! `migrations/postgres/` for one of them. `0019_jobs_by_age.sql` is migration 19, "jobs by age".

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("Cargo says where the crate is")).join("migrations");
    let both = scripts(&folder);
    let mut code = String::new();
    for driver in ["sqlite", "postgres"] {
        let own = scripts(&folder.join(driver));
        let twice = own.keys().find(|number| both.contains_key(number));
        assert!(twice.is_none(), "migration {twice:?} is there for both databases, and for {driver} once more");
        let all: BTreeMap<i64, PathBuf> =
            both.iter().chain(&own).map(|(number, path)| (*number, path.clone())).collect();
        let expected = (1..).zip(all.keys()).find(|(expected, number)| expected != *number);
        assert!(expected.is_none(), "of the migrations for {driver}, one is missing before {expected:?}");
        code += &format!("pub(crate) const {}: &[Script] = &[\n", driver.to_uppercase());
        for (number, path) in all {
            code += &format!("    ({number}, {:?}, include_str!({path:?})),\n", name(&path));
        }
        code += "];\n";
    }
    let out = env::var("OUT_DIR").expect("Cargo says where built files go");
    fs::write(Path::new(&out).join("migrations.rs"), code).expect("the folder for built files can be written");
}

/// By their numbers.
fn scripts(folder: &Path) -> BTreeMap<i64, PathBuf> {
    let files = fs::read_dir(folder).expect("the folder of migrations can be read");
    let paths = files.map(|file| file.expect("the folder of migrations can be read").path());
    let scripts = paths.filter(|path| path.extension().is_some_and(|extension| extension == "sql"));
    let numbered = scripts.map(|path| {
        let number = stem(&path).split_once('_').and_then(|(number, _)| number.parse().ok());
        (number.unwrap_or_else(|| panic!("{}: a migration begins with its number", path.display())), path)
    });
    let mut found = BTreeMap::new();
    for (number, path) in numbered {
        let twice = found.insert(number, path);
        assert!(twice.is_none(), "{}: two migrations have number {number}", folder.display());
    }
    found
}

fn name(path: &Path) -> String {
    stem(path).split_once('_').map_or_else(String::new, |(_, name)| name.replace('_', " "))
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("the name of a migration is UTF-8")
}
