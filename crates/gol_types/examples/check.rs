//! `cargo run -p gol_types --example check -- file...`: checks files as one package and prints what is wrong.
//! With `--std path...` it checks packages of the standard library, bodies included; with `--codes file...` it prints
//! `line:col: [Code] message`.

#[path = "../tests/support/mod.rs"]
mod support;

use gol_types::Options;
use support::World;

fn main() {
    let work = || {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let mut world = World::new();
        if args.first().is_some_and(|a| a == "--std") {
            for path in &args[1..] {
                let id = world.load(path).unwrap_or_else(|| panic!("no package {path}"));
                let found = world.prog.check_everything(&world.ast, &world.map, id);
                print!("{}", world.show(&found, true));
            }
            return;
        }
        let codes = args.first().is_some_and(|a| a == "--codes");
        let texts: Vec<(String, String)> = args[codes as usize..]
            .iter()
            .map(|a| (a.clone(), std::fs::read_to_string(a).expect("a readable file")))
            .collect();
        let sources: Vec<(&str, &str)> = texts.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
        let (_, found) = world.check("main", &sources, Options::default());
        if codes {
            for d in &found {
                let place = world.map.position(d.span.lo).map_or((0, 0), |p| (p.line, p.column));
                println!("{}:{}: [{}] {}", place.0, place.1, d.code.name(), d.message);
                for label in &d.labels {
                    println!("\t({}: {})", world.map.describe(label.span), label.text);
                }
            }
            return;
        }
        print!("{}", world.show(&found, true));
    };
    std::thread::Builder::new().stack_size(256 << 20).spawn(work).expect("a thread").join().expect("no panic");
}
