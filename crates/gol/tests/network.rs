//! The examples with a network, as people use them: servers and clients in processes of their own, found by the address that the server
//! prints, and signals from outside.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// No program here takes a tenth of this.
const LIMIT: Duration = Duration::from_secs(60);

/// An example that runs. It is killed if the test forgets it.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    /// Starts `examples/NAME.gol` with so many workers.
    fn start(name: &str, workers: u32, args: &[&str]) -> Running {
        Running::logging(name, workers, args, Stdio::inherit())
    }

    /// The same; this is its standard error.
    fn logging(name: &str, workers: u32, args: &[&str], log: Stdio) -> Running {
        let program = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("../../examples/{name}.gol"));
        let mut command = Command::new(env!("CARGO_BIN_EXE_gol"));
        command.arg(program).args(args).env("GOMAXPROCS", workers.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line.trim_end().to_string()
    }

    /// The address that a server prints first.
    fn address(&mut self) -> String {
        let line = self.line();
        line.strip_prefix("listening on ").unwrap_or_else(|| panic!("{line:?} has no address")).to_string()
    }

    fn type_in(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn interrupt(&self) {
        let status = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The status and what is printed up to the end, which comes with that of the input.
    fn end(mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < LIMIT, "it does not end");
            std::thread::sleep(Duration::from_millis(5));
        };
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (status, rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A client over a bare connection.
struct Client {
    lines: BufReader<TcpStream>,
}

impl Client {
    fn new(address: &str) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        Client { lines: BufReader::new(stream) }
    }

    fn say(&mut self, line: &str) {
        writeln!(self.lines.get_mut(), "{line}").unwrap();
    }

    /// The next line; empty at the end.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        line.trim_end().to_string()
    }
}

const WORKERS: [u32; 3] = [1, 2, 8];

#[test]
fn chat_with_two_guests() {
    for workers in WORKERS {
        let mut server = Running::start("chat", workers, &["-listen", "127.0.0.1:0"]);
        let address = server.address();
        let (mut ann, mut bob) = (Client::new(&address), Client::new(&address));
        ann.say("ann");
        assert_eq!(ann.hear(), "* ann comes in");
        bob.say("bob");
        assert_eq!((ann.hear(), bob.hear()), ("* bob comes in".into(), "* bob comes in".into()));
        bob.say("hello");
        assert_eq!((ann.hear(), bob.hear()), ("bob: hello".into(), "bob: hello".into()));
        drop(bob);
        assert_eq!(ann.hear(), "* bob goes away");
    }
}

/// Two subscribers and a broker are three processes: one publishes what it reads, the other answers it by itself.
#[test]
fn news_go_through_a_broker() {
    for workers in WORKERS {
        let mut broker = Running::start("broker", workers, &["-listen", "127.0.0.1:0"]);
        let address = broker.address();
        let args = ["-broker", &address, "-linger", "0s", "-answer", "fire=PUB alarm everybody out", "SUB fire"];
        let mut guard = Running::start("subscriber", workers, &args);
        assert_eq!(guard.line(), "OK");
        let mut worker = Running::start("subscriber", workers, &["-broker", &address, "-linger", "0s", "SUB alarm"]);
        assert_eq!(worker.line(), "OK");
        worker.type_in("PUB fire in the kitchen\n");
        let mut heard = [worker.line(), worker.line()]; // the answer to its own instruction, and the guard's message
        heard.sort();
        assert_eq!(heard, ["OK 1", "alarm: everybody out"]);
        assert_eq!((guard.line(), guard.line()), ("fire: in the kitchen".into(), "OK 1".into()));
        for subscriber in [guard, worker] {
            let (status, rest) = subscriber.end();
            assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
        }
    }
}

/// One interrupt lets a client have its answer; two end the server as an interrupt does.
#[test]
fn an_interrupt_is_graceful() {
    for workers in WORKERS {
        let mut server = Running::start("graceful_shutdown", workers, &["-listen", "127.0.0.1:0"]);
        let address = server.address();
        let (mut idle, mut busy) = (Client::new(&address), Client::new(&address));
        idle.say("soon");
        assert_eq!(idle.hear(), "time: invalid duration \"soon\"");
        busy.say("300ms");
        assert_eq!(busy.hear(), "sleeping for 300ms");
        server.interrupt();
        assert_eq!(idle.hear(), "");
        assert_eq!((busy.hear(), busy.hear()), ("awake again".into(), String::new()));
        let (status, rest) = server.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), "nobody is left, good-bye\n"));

        let mut server = Running::start("graceful_shutdown", workers, &["-listen", "127.0.0.1:0"]);
        let (mut idle, mut busy) = {
            let address = server.address();
            (Client::new(&address), Client::new(&address))
        };
        idle.say("0s");
        assert_eq!((idle.hear(), idle.hear()), ("sleeping for 0s".into(), "awake again".into()));
        busy.say("1h");
        assert_eq!(busy.hear(), "sleeping for 1h0m0s");
        server.interrupt();
        assert_eq!(idle.hear(), ""); // the first one has been taken
        while server.child.try_wait().unwrap().is_none() {
            server.interrupt(); // one that comes while the first is still being handled may be one with it
            std::thread::sleep(Duration::from_millis(20));
        }
        let (status, rest) = server.end();
        assert!(!status.success());
        assert_eq!(rest, "");
    }
}
