//! The command line: what can be said, and what it means.

use clap::{Parser, Subcommand, ValueEnum};
use gol_driver::Format;

/// Runs Go-like concurrent programs at once.
#[derive(Parser)]
#[command(name = "gol", version, about, override_usage = "gol FILE [ARGS]...\n       gol COMMAND ...")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Sub,
}

#[derive(Subcommand)]
enum Sub {
    /// Check and run a program: a file, a folder that is one package, or - for standard input
    Run {
        /// A .gol or .go file, a folder, or -
        path: String,
        /// The program's own arguments
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Check programs without running them; status 1 if anything is wrong
    Check {
        /// How findings are written
        #[arg(long, value_enum, default_value = "pretty")]
        format: FormatArg,
        /// Files or folders
        #[arg(required = true)]
        paths: Vec<String>,
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
    Run { path: String, args: Vec<String> },
    /// Check programs.
    Check { format: Format, paths: Vec<String> },
}

impl Cli {
    /// Reads the process's arguments; a wrong command line ends the process with a message and status 2.
    pub(crate) fn from_args() -> Command {
        match Cli::parse().command {
            Sub::Run { path, args } => Command::Run { path, args },
            Sub::Check { format, paths } => {
                let format = match format {
                    FormatArg::Pretty => Format::Pretty,
                    FormatArg::Short => Format::Short,
                    FormatArg::Json => Format::Json,
                };
                Command::Check { format, paths }
            }
            Sub::File(words) => {
                let mut words = words.into_iter();
                let path = words.next().expect("clap gives the word that is no command");
                Command::Run { path, args: words.collect() }
            }
        }
    }
}
