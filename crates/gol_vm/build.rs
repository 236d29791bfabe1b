//! Tells the interpreter whether this build turns calls in tail position into jumps; see `src/threaded.rs`.

use std::env;

fn main() {
    println!("cargo::rustc-check-cfg=cfg(jumps)");
    let is = |name: &str, values: &[&str]| env::var(name).is_ok_and(|v| values.contains(&v.as_str()));
    let optimised = is("OPT_LEVEL", &["2", "3"]);
    // Four arguments and a pair of results stay in registers there, as a jump needs.
    if optimised && is("CARGO_CFG_TARGET_ARCH", &["x86_64", "aarch64"]) {
        println!("cargo::rustc-cfg=jumps");
    }
}
