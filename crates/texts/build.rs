//! The texts are compiled in by a macro, which Cargo cannot see into: a new file has to compile this crate again too.

fn main() {
    println!("cargo::rerun-if-changed=locales");
}
