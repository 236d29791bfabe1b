//! The command line: what can be said, and what it means.

use crate::quantity;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use gol_driver::Format;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// Runs Go-like concurrent programs at once.
#[derive(Parser)]
#[command(
    name = "gol",
    version,
    about,
    disable_help_subcommand = true,
    override_usage = "gol [FLAGS] FILE [ARGS]...\n       gol [FLAGS] -e CODE [ARGS]...\n       gol COMMAND ..."
)]
struct Cli {
    #[command(flatten)]
    flags: RunFlags,
    /// Run statements or declarations, or print the values of an expression; packages are imported by use
    #[arg(short, value_name = "CODE", allow_hyphen_values = true)]
    e: Option<String>,
    #[command(subcommand)]
    command: Option<Sub>,
}

/// How a program is run.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RunFlags {
    /// Run deterministically: the same seed gives the same run, and sleeping costs no time
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// Show each collection of the heap on standard error, and a summary at the end
    #[arg(long)]
    pub(crate) gcstats: bool,
    /// End the program with a report when it has run for so long, such as 500ms or 1m30s
    #[arg(long, value_name = "DURATION", value_parser = quantity::duration)]
    pub(crate) timeout: Option<Duration>,
    /// End the program with a report when it uses more memory, such as 64MiB
    #[arg(long, value_name = "SIZE", value_parser = quantity::bytes)]
    pub(crate) max_mem: Option<u64>,
    /// End the program with a report when it has more goroutines at a time
    #[arg(long, value_name = "N")]
    pub(crate) max_goroutines: Option<usize>,
    /// End the program with a report after so many calls and turns of loops
    #[arg(long, value_name = "N")]
    pub(crate) fuel: Option<u64>,
}

#[derive(Subcommand)]
enum Sub {
    /// Check and run a program: files, a folder that is one package, or - for standard input
    Run {
        #[command(flatten)]
        flags: RunFlags,
        /// .gol or .go files, a folder, or -
        path: String,
        /// The program's own arguments, from the first word on that is no such file
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Evaluate entries as they are typed; the same as gol alone on a terminal
    Repl {
        #[command(flatten)]
        flags: RunFlags,
    },
    /// Check programs without running them; status 1 if anything is wrong
    Check {
        /// How findings are written
        #[arg(long, value_enum, default_value = "pretty")]
        format: FormatArg,
        /// Files, folders, or patterns such as ./... for all packages below a folder
        #[arg(required = true)]
        paths: Vec<String>,
    },
    /// Run the tests, benchmarks and examples of packages, as go test does: gol test -run Name -v ./...
    #[command(disable_help_flag = true, override_usage = "gol test [FLAGS] [FILE... | FOLDER | ./...]... [-args ARGS]")]
    Test {
        /// Flags of go test, packages or files, and after -args what the tests themselves are given
        #[arg(allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Run one test program: gol test starts these
    #[command(hide = true, disable_help_flag = true)]
    TestProgram {
        /// A number of files or a folder, then the program's name and arguments
        #[arg(allow_hyphen_values = true)]
        words: Vec<String>,
    },
    /// Explain an error code: what it means, a wrong program, a right one; without a code, list all of them
    Explain {
        /// A code, such as UnusedVar
        code: Option<String>,
    },
    /// Show what the library says about a package, a name in it, a method or field; without words, the packages
    Doc {
        /// Such as strings, strings.Fields, json.Decoder.Decode, append
        words: Vec<String>,
    },
    /// Show a codewalk: a program explained step by step beside its lines; without a name, list them
    Walk {
        /// The walk
        name: Option<String>,
        /// Write it as one HTML page that needs nothing else: gol walk --html pig > pig.html
        #[arg(long)]
        html: bool,
        /// Run its program
        #[arg(long, conflicts_with = "html")]
        run: bool,
        /// What the program is given instead of what the walk gives it: gol walk --run markov -- -words=9
        #[arg(last = true, requires = "run")]
        args: Vec<String>,
    },
    /// Show the bytecode of a program's functions beside their source lines
    Dis {
        /// Show the library's functions too
        #[arg(long)]
        all: bool,
        /// A file, a folder, or -
        path: String,
        /// Only functions whose name, such as main.f or main.(*T).M, contains this
        name: Option<String>,
    },
    /// Show the tree of a file
    Ast {
        /// A file, or -
        path: String,
    },
    /// Show the tokens of a file
    Tokens {
        /// A file, or -
        path: String,
    },
    /// Write the completions for a shell: gol completions bash > /etc/bash_completion.d/gol
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Write the man page: gol man | man -l -
    Man,
    /// Show the version
    Version,
    /// Show help for gol or for one of its commands
    Help {
        /// The command
        command: Option<String>,
    },
    /// A file and its arguments: the same as run
    #[command(external_subcommand)]
    File(Vec<String>),
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    /// Drawn with the source
    Pretty,
    /// file:line:col: message
    Short,
    /// A JSON object a line
    Json,
}

/// What to do.
pub(crate) enum Command {
    /// Run a program.
    Run { flags: RunFlags, path: String, args: Vec<String> },
    /// Evaluate entries.
    Repl { flags: RunFlags },
    /// Run a text from the command line.
    Evaluate { flags: RunFlags, code: String, args: Vec<String> },
    /// Check programs.
    Check { format: Format, paths: Vec<String> },
    /// Run tests.
    Test { words: Vec<String> },
    /// Run one test program.
    TestProgram { words: Vec<String> },
    /// Explain an error code, or list them.
    Explain { code: Option<String> },
    /// Show documentation.
    Doc { query: String },
    /// Show a codewalk.
    Walk { name: Option<String>, html: bool, run: bool, args: Vec<String> },
    /// Show bytecode.
    Dis { all: bool, path: String, name: Option<String> },
    /// Show a tree.
    Ast { path: String },
    /// Show tokens.
    Tokens { path: String },
    /// Write completions.
    Completions { shell: Shell },
    /// Write the man page.
    Man,
    /// Show the version.
    Version,
}

/// Reads the process's arguments. A wrong command line ends the process with a message and status 2; so does a question for
/// help, with status 0.
pub(crate) fn from_args() -> Command {
    plain().unwrap_or_else(parsed)
}

/// `gol FILE ARGS...`, which needs no parser. No command has a dot or a slash in its name, and no flag begins otherwise than
/// with a dash; what is not clear from that, or is no UTF-8, is left to clap.
fn plain() -> Option<Command> {
    let mut words = std::env::args_os().skip(1).map(|word| word.into_string().ok());
    let path = words.next()??;
    if path.starts_with('-') || !path.contains(['.', '/']) {
        return None;
    }
    Some(Command::Run { flags: RunFlags::default(), path, args: words.collect::<Option<_>>()? })
}

fn parsed() -> Command {
    let mut clap = definition();
    let matches = clap.try_get_matches_from_mut(std::env::args_os()).unwrap_or_else(|e| told(e));
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|e| told(e));
    let top = cli.flags;
    if let Some(code) = cli.e {
        let args = match cli.command {
            None => Vec::new(),
            Some(Sub::File(args)) => args,
            Some(_) => clap.error(clap::error::ErrorKind::ArgumentConflict, "-e goes with no command").exit(),
        };
        return Command::Evaluate { flags: top, code, args };
    }
    let Some(command) = cli.command else {
        // Alone: a session for people; a program from a pipe.
        if std::io::stdin().is_terminal() {
            return Command::Repl { flags: top };
        }
        return Command::Run { flags: top, path: "-".into(), args: Vec::new() };
    };
    if top != RunFlags::default() && !matches!(command, Sub::Run { .. } | Sub::File(_) | Sub::Repl { .. }) {
        let text = "flags before a command say how a program is run; this command runs none";
        clap.error(clap::error::ErrorKind::ArgumentConflict, text).exit();
    }
    match command {
        Sub::Run { flags, path, args } => Command::Run { flags: flags.or(top), path, args },
        Sub::File(words) => {
            let mut words = words.into_iter();
            let path = words.next().expect("clap gives the word that is no command");
            Command::Run { flags: top, path, args: words.collect() }
        }
        Sub::Repl { flags } => Command::Repl { flags: flags.or(top) },
        Sub::Check { format, paths } => {
            let format = match format {
                FormatArg::Pretty => Format::Pretty,
                FormatArg::Short => Format::Short,
                FormatArg::Json => Format::Json,
            };
            Command::Check { format, paths }
        }
        Sub::Test { words } => Command::Test { words },
        Sub::TestProgram { words } => Command::TestProgram { words },
        Sub::Explain { code } => Command::Explain { code },
        Sub::Doc { words } => Command::Doc { query: words.join(".") },
        Sub::Walk { name, html, run, args } => Command::Walk { name, html, run, args },
        Sub::Dis { all, path, name } => Command::Dis { all, path, name },
        Sub::Ast { path } => Command::Ast { path },
        Sub::Tokens { path } => Command::Tokens { path },
        Sub::Completions { shell } => Command::Completions { shell },
        Sub::Man => Command::Man,
        Sub::Version => Command::Version,
        Sub::Help { command } => help(&mut clap, command.as_deref()),
    }
}

impl RunFlags {
    /// These, and what they leave open from `other`.
    fn or(self, other: RunFlags) -> RunFlags {
        RunFlags {
            seed: self.seed.or(other.seed),
            gcstats: self.gcstats || other.gcstats,
            timeout: self.timeout.or(other.timeout),
            max_mem: self.max_mem.or(other.max_mem),
            max_goroutines: self.max_goroutines.or(other.max_goroutines),
            fuel: self.fuel.or(other.fuel),
        }
    }
}

/// The whole command line as clap sees it.
pub(crate) fn definition() -> clap::Command {
    Cli::command()
}

/// Prints help for gol or for one command, and ends the process.
fn help(clap: &mut clap::Command, command: Option<&str>) -> ! {
    let asked = match command {
        None => Some(clap),
        Some(name) => {
            clap.build();
            clap.find_subcommand_mut(name)
        }
    };
    let Some(asked) = asked else {
        let text = format!("there is no command {:?}", command.unwrap_or_default());
        definition().error(clap::error::ErrorKind::InvalidSubcommand, text).exit();
    };
    ended(asked.print_long_help(), 0)
}

/// Prints what clap has to say, help or a mistake, and ends the process.
fn told(what: clap::Error) -> ! {
    ended(what.print(), what.exit_code())
}

/// Ends the process after a text was printed: with status 1 if the disk is full.
fn ended(printed: std::io::Result<()>, status: i32) -> ! {
    let printed = printed.and_then(|()| std::io::stdout().flush());
    match printed {
        Err(e) if status == 0 && e.kind() != std::io::ErrorKind::BrokenPipe => {
            let _ = writeln!(std::io::stderr(), "gol: standard output: {e}");
            std::process::exit(1)
        }
        _ => std::process::exit(status),
    }
}

/// The command that a mistyped word was meant to be.
pub(crate) fn meant(word: &str) -> Option<String> {
    let clap = definition();
    gol_source::nearest(word, clap.get_subcommands().map(|c| c.get_name())).map(str::to_string)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_command_and_flag_is_documented() {
        let page = include_str!("../../../docs/commands.md");
        let mut all = Vec::new();
        let mut gather = |command: &clap::Command| {
            for a in command.get_arguments() {
                let long = a.get_long().map(|l| format!("--{l}"));
                all.push(long.or(a.get_short().map(|s| format!("-{s}"))).unwrap_or_default());
            }
        };
        let definition = super::definition();
        gather(&definition);
        definition.get_subcommands().for_each(&mut gather);
        all.extend(definition.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| format!("`gol {}", c.get_name())));
        let missing: Vec<_> = all.iter().filter(|w| !page.contains(w.as_str())).collect();
        assert!(missing.is_empty() && all.len() > 25, "docs/commands.md lacks {missing:?}");
    }
}
