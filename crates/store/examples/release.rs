//! Keeps what later versions have to know of this one, under `crates/store/releases`: run once, for each release.

use std::{fs, io, path::Path};

fn main() -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("releases").join(env!("CARGO_PKG_VERSION"));
    fs::create_dir_all(&folder)?;
    for (driver, text) in kaika_store::release() {
        fs::write(folder.join(driver).with_extension("sql"), text)?;
    }
    println!("{}", folder.display());
    Ok(())
}
