//! Runs every program under `tests/` and `examples/` with the `gol` that was just built: one test a file.

fn main() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    gol_test::main(env!("CARGO_BIN_EXE_gol"), &root)
}
