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

/// Good, failing, slow, flaky and absent pages, a hundred more, and what the poller logs of them.
#[test]
fn pages_are_polled() {
    for workers in WORKERS {
        let mut server = Running::start("odd_server", workers, &["-listen", "127.0.0.1:0"]);
        let site = format!("http://{}", server.address());
        let page = |path: &str| format!("{site}{path}");
        let absent = "http://127.0.0.1:1/".to_string();
        let (failing, slow) = (page("/status/503"), page("/slow/1h"));
        let mut urls = vec![absent.clone(), failing.clone(), slow.clone(), page("/flaky/2")];
        urls.extend((0..100).map(|i| page(&format!("/page/{i}"))));
        let flags = ["-pollers=8", "-every=10ms", "-penalty=100ms", "-timeout=2s", "-status=300ms"];
        let args: Vec<&str> = flags.into_iter().chain(urls.iter().map(String::as_str)).collect();
        let start = Instant::now();
        let mut poller = Running::logging("codewalk/urlpoll", workers, &args, Stdio::piped());
        let refused = format!("Head \"{absent}\": dial tcp 127.0.0.1:1: connect: connection refused");
        let late =
            format!("Head \"{slow}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)");
        // What stands after date and time.
        let mut log = BufReader::new(poller.child.stderr.take().unwrap()).lines().map(|l| l.unwrap()[20..].to_string());

        let mut errors = 0;
        let mut seen = std::collections::HashMap::new(); // page and status, in the last log of all
        let mut flaky = std::collections::HashSet::new();
        loop {
            assert!(start.elapsed() < LIMIT, "{errors} errors, {flaky:?}, {seen:?}");
            let line = log.next().unwrap();
            if let Some(rest) = line.strip_prefix("error ") {
                // One page does not answer and one is not there: there are no other errors.
                let (n, rest) = rest.split_once(" of ").unwrap();
                let (url, error) = rest.split_once(": ").unwrap();
                assert!(url == absent && error == refused || url == slow && error == late, "{line}");
                if url == absent {
                    errors += 1;
                    assert_eq!(n, errors.to_string());
                    // Each error makes the rest longer: 10, 110, 210, 310 ms and so on.
                    let rests = (1..errors).map(|k| 10 + 100 * k).sum();
                    assert!(
                        start.elapsed() >= Duration::from_millis(rests),
                        "error {errors} after {:?}",
                        start.elapsed()
                    );
                }
            } else if let Some(entry) = line.strip_prefix("  ") {
                let (url, status) = entry.split_once(' ').unwrap();
                if url.contains("/flaky/") {
                    flaky.insert(status.to_string());
                }
                assert!(seen.insert(url.to_string(), status.to_string()).is_none(), "{url} twice");
            } else {
                assert!(line.ends_with(" polls; as of now:"), "{line}");
                if errors >= 4 && flaky.len() == 2 && seen.len() == urls.len() {
                    break;
                }
                seen.clear();
            }
        }
        let status = |url: &str| seen[url].as_str();
        assert_eq!((status(&absent), status(&slow), status(&failing)), (&*refused, &*late, "503 Service Unavailable"));
        assert!(urls[4..].iter().all(|url| status(url) == "200 OK"), "{seen:?}");
        flaky.remove("200 OK");
        assert!(flaky.remove("503 Service Unavailable") && flaky.is_empty());
    }
}

#[test]
fn pages_are_fetched_and_servers_checked() {
    for workers in WORKERS {
        let mut server = Running::start("odd_server", workers, &["-listen", "127.0.0.1:0"]);
        let site = format!("http://{}", server.address());
        let urls = ["/", "/status/404", "/slow/100ms"].map(|path| format!("{site}{path}"));
        let args = [urls[0].as_str(), &urls[1], &urls[2], "http://127.0.0.1:1/"];
        let (status, out) = Running::start("fetch_urls", workers, &args).end();
        assert_eq!(status.code(), Some(0));
        let line =
            |bytes: u32, rest: &str| out.lines().filter(|l| l.ends_with(&format!(" {bytes} bytes  {rest}"))).count();
        assert_eq!(line(5, &format!("200 OK  {}", urls[0])), 2, "{out}");
        assert_eq!(line(10, &format!("404 Not Found  {}", urls[1])), 2, "{out}");
        assert_eq!(line(8, &format!("200 OK  {}", urls[2])), 2, "{out}");
        assert_eq!(out.matches("connect: connection refused\n").count(), 2, "{out}");

        let args = ["-checks=3", "-every=10ms", "-timeout=10s", &urls[0], &urls[1]];
        let (status, out) = Running::logging("health_check", workers, &args, Stdio::null()).end();
        let table: Vec<Vec<&str>> = out.lines().map(|l| l.split_whitespace().collect()).collect();
        assert_eq!(status.code(), Some(0));
        assert_eq!(table[1], [&urls[0], "3/3", "well"]);
        assert_eq!(table[2], [&urls[1], "0/3", "404", "Not", "Found", "404", "Not", "Found"]);
    }
}

/// Files over a connection that stays open, and an interrupt that does not wait for it.
#[test]
fn files_are_served() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("files_are_served");
    std::fs::create_dir_all(&folder).unwrap();
    let content: String = (0..20_000).map(|i| format!("line {i}\n")).collect();
    std::fs::write(folder.join("lines.txt"), &content).unwrap();
    for workers in WORKERS {
        let args = ["-quiet", "-listen", "127.0.0.1:0", folder.to_str().unwrap()];
        let mut server = Running::start("file_server", workers, &args);
        let mut client = Client::new(&server.address());
        for _ in 0..3 {
            client.say("GET /lines.txt HTTP/1.1\r\nHost: x\r\n\r");
            assert_eq!(client.hear(), "HTTP/1.1 200 OK");
            let head: Vec<String> = std::iter::from_fn(|| Some(client.hear()).filter(|l| !l.is_empty())).collect();
            assert!(head.contains(&format!("Content-Length: {}", content.len())), "{head:?}");
            let mut body = vec![0; content.len()];
            client.lines.read_exact(&mut body).unwrap();
            assert!(body == content.as_bytes());
        }
        server.interrupt();
        assert_eq!(client.hear(), "");
        let (status, rest) = server.end();
        assert_eq!((status.code(), rest.as_str()), (Some(0), ""));
    }
}

/// As with Go, the soft limit on open files is for other programs: it is raised, and a process that is started has it again.
#[test]
fn more_connections_than_the_soft_limit() {
    let limited = |words: &[&str]| {
        let gol = env!("CARGO_BIN_EXE_gol");
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -Sn 64; exec \"$@\"", "sh", gol]).args(words);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let chat = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/chat.gol");
    let out = limited(&[chat.to_str().unwrap(), "-crowd=100", "-lines=1"]);
    assert!(out.starts_with("100 guests said 1 lines each, and 0 lines were missed\n"), "{out}");
    if cfg!(target_os = "linux") {
        let child =
            r#"out, err := exec.Command("sh", "-c", "sleep 0.2; ulimit -Sn").Output(); fmt.Print(string(out), err)"#;
        assert_eq!(limited(&["-e", child]), "64\n<nil>");
    }
}
