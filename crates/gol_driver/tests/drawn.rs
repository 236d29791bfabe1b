//! What people see of a mistake: snapshots of drawn diagnostics; the words alone are tested by programs.

use gol_driver::{Format, Input, Library, check};

/// What `gol check` draws for a text.
fn drawn(text: &str) -> String {
    let built = check(&Input::Text("main.gol".into(), text.as_bytes().to_vec()), &Library::Embedded)
        .expect("the text is readable");
    let mut out = Vec::new();
    built.draw(Format::Pretty, false, &mut out).expect("memory takes all");
    // Blanks at the ends of lines do not survive editors.
    String::from_utf8(out).expect("text").lines().map(|l| format!("{}\n", l.trim_end())).collect()
}

/// Snapshots hold what is drawn and not the text once more.
fn settings() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.set_omit_expression(true);
    settings.bind_to_scope()
}

#[test]
fn a_one_way_channel_shows_where_it_was_declared() {
    let _settings = settings();
    insta::assert_snapshot!(drawn(
        "package main

type Box struct{ in <-chan int }

func feed(in <-chan int, box Box) {
	in <- 1
	box.in <- 2
	copied := in
	close(copied)
}

func main() {
	both := make(chan int)
	var out chan<- int = both
	<-out
	for v := range out {
		println(v)
	}
	feed(out, Box{})
	both = out
}
"
    ));
}

#[test]
fn the_direction_may_stand_on_the_same_line() {
    let _settings = settings();
    insta::assert_snapshot!(drawn("package main\n\nfunc f(in <-chan int) { in <- 1 }\n\nfunc main() { f(nil) }\n"));
}

#[test]
fn a_call_shows_what_it_has_and_what_is_wanted() {
    let _settings = settings();
    insta::assert_snapshot!(drawn(
        "package main\n\nfunc f(a int, rest ...string) {}\n\nfunc main() {\n\tf()\n\tf(1, \"a\", 2)\n}\n"
    ));
}

#[test]
fn a_second_declaration_shows_the_first() {
    let _settings = settings();
    insta::assert_snapshot!(drawn("package main\n\nvar x int\n\nfunc x() {}\n\nfunc main() {}\n"));
}

#[test]
fn a_syntax_error_shows_its_token() {
    let _settings = settings();
    insta::assert_snapshot!(drawn("package main\n\nfunc main() {\n\tx := 1 +\n}\n"));
}
