//! Rebuilds when a migration is added: cargo does not notice a new file by itself.
fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
