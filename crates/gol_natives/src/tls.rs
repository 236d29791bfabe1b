//! `crypto/tls`: connections of rustls, as state machines without any input or output of their own.
//!
//! A connection is bytes in, bytes out: the script reads from its `net.Conn`, gives what came to [`feed`], and writes what
//! [`output`] has to say. So whoever waits is a parked goroutine, deadlines are those of the connection below, and no native
//! here ever waits. Certificates of the other end are not judged here either: rustls checks that the peer has the key of the
//! certificate it shows ([`Shown`]), and the script, which has `crypto/x509`, judges the certificate before it lets any
//! answer out. If it refuses, [`refuse`] makes the alert that Go would send.
//!
//! Connections are handles that count up and are never used twice; a call on one that was freed finds nothing.

mod alert;
mod keys;
mod setup;

use crate::Table;
use gol_vm::{Flow, Native, NativeResult};
use keys::Secrets;
use rustls::{AlertDescription, Connection, Error, InvalidMessage, PeerIncompatible};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

pub(crate) const TABLE: Table = &[
    ("newClient", setup::client),
    ("newServer", setup::server),
    ("feed", feed),
    ("output", output),
    ("plain", plain),
    ("seal", seal),
    ("state", state),
    ("peers", peers),
    ("closeNotify", close_notify),
    ("refuse", refuse),
    ("export", export),
    ("keyLines", key_lines),
    ("free", free),
];

/// A connection and what it keeps for the script.
struct Session {
    connection: Connection,
    secrets: Arc<Secrets>,
    /// Bytes from the peer that the script has not taken yet.
    plain: Vec<u8>,
    /// The peer has said that no more will come.
    ended: bool,
}

/// What handles stand for.
#[derive(Default)]
struct Sessions {
    last: i64,
    open: BTreeMap<i64, Arc<Mutex<Session>>>,
}

static SESSIONS: LazyLock<Mutex<Sessions>> = LazyLock::new(Mutex::default);

fn sessions() -> MutexGuard<'static, Sessions> {
    SESSIONS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Keeps a new connection and gives its handle.
fn insert(mut connection: Connection, secrets: Arc<Secrets>) -> i64 {
    connection.set_buffer_limit(None);
    let mut all = sessions();
    all.last += 1;
    let handle = all.last;
    all.open.insert(handle, Arc::new(Mutex::new(Session { connection, secrets, plain: Vec::new(), ended: false })));
    handle
}

/// What `f` makes of the session of the next argument, if that is still there.
fn with<T>(n: &mut Native<'_>, f: impl FnOnce(&mut Native<'_>, &mut Session) -> T) -> Option<T> {
    let handle = n.int();
    let session = sessions().open.get(&handle).cloned()?;
    let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
    Some(f(n, &mut session))
}

/// How a call ended, for the script.
enum Outcome {
    Fine,
    /// The peer has sent a fatal alert.
    Remote(AlertDescription),
    /// Something is wrong on this end or with what came, in Go's words where it has some.
    Local(String),
    /// The handle was freed.
    Gone,
}

impl Outcome {
    /// `(kind, number int, text string)`.
    fn give(self, n: &mut Native<'_>) -> NativeResult {
        let (kind, number, text) = match self {
            Outcome::Fine => (0, 0, String::new()),
            Outcome::Remote(alert) => (1, u8::from(alert), String::new()),
            Outcome::Local(text) => (2, 0, text),
            Outcome::Gone => (3, 0, String::new()),
        };
        n.give_int(kind);
        n.give_int(i64::from(number));
        n.give_str(text)?;
        Ok(Flow::Done)
    }
}

/// `feed(handle int, in []byte) (kind, number int, text string)`: bytes that came from the peer.
fn feed(n: &mut Native<'_>) -> NativeResult {
    let outcome = with(n, |n, session| {
        let input = n.bytes().to_vec();
        session.take_in(&input)
    });
    outcome.unwrap_or(Outcome::Gone).give(n)
}

impl Session {
    fn take_in(&mut self, mut input: &[u8]) -> Outcome {
        while !input.is_empty() && !self.ended {
            // It takes a few thousand bytes at a time, and no more before they are processed.
            match self.connection.read_tls(&mut input) {
                Ok(0) => break,
                Ok(_) => {}
                Err(e) => return Outcome::Local(format!("tls: {e}")),
            }
            let state = match self.connection.process_new_packets() {
                Ok(state) => state,
                Err(Error::AlertReceived(alert)) => return Outcome::Remote(alert),
                Err(e) => return Outcome::Local(words(&e)),
            };
            let at = self.plain.len();
            self.plain.resize(at + state.plaintext_bytes_to_read(), 0);
            if self.connection.reader().read_exact(&mut self.plain[at..]).is_err() {
                self.plain.truncate(at);
            }
            self.ended = state.peer_has_closed();
        }
        Outcome::Fine
    }
}

/// An error in Go's words.
fn words(e: &Error) -> String {
    let known = match e {
        Error::DecryptError => "local error: tls: bad record MAC",
        Error::NoApplicationProtocol => "tls: no application protocol",
        Error::PeerSentOversizedRecord => "tls: oversized record received",
        Error::InvalidMessage(InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion) => {
            "tls: received record with unknown type or version"
        }
        Error::InvalidMessage(_) => "local error: tls: error decoding message",
        Error::InappropriateMessage { .. } | Error::InappropriateHandshakeMessage { .. } => {
            "local error: tls: unexpected message"
        }
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            "tls: no cipher suite supported by both client and server"
        }
        Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon) => {
            "tls: no key exchanges supported by both client and server"
        }
        Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon) => {
            "tls: peer doesn't support any of the certificate's signature algorithms"
        }
        Error::InvalidCertificate(_) => "tls: invalid signature by the peer's certificate",
        other => return format!("tls: {other}"),
    };
    known.to_string()
}

/// `output(handle int) []byte`: what is to be written to the peer.
fn output(n: &mut Native<'_>) -> NativeResult {
    let bytes = with(n, |_, session| session.pending()).unwrap_or_default();
    n.give_bytes(&bytes)?;
    Ok(Flow::Done)
}

impl Session {
    fn pending(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        while self.connection.wants_write() {
            if !matches!(self.connection.write_tls(&mut bytes), Ok(1..)) {
                break;
            }
        }
        bytes
    }
}

/// `plain(handle int, into []byte) (count int, ended bool)`: what the peer has said; ended if that was all there will be.
fn plain(n: &mut Native<'_>) -> NativeResult {
    let answer = with(n, |n, session| {
        let into = n.bytes();
        let count = into.len().min(session.plain.len());
        into.write(&session.plain[..count]);
        session.plain.drain(..count);
        (count, session.ended && session.plain.is_empty())
    });
    let (count, ended) = answer.unwrap_or((0, false));
    n.give_int(count as i64);
    n.give_bool(ended);
    Ok(Flow::Done)
}

/// `seal(handle int, data []byte) (out []byte, ok bool)`: the bytes that carry data to the peer.
fn seal(n: &mut Native<'_>) -> NativeResult {
    let sealed = with(n, |n, session| {
        let data = n.bytes().to_vec();
        session.connection.writer().write_all(&data).ok()?;
        Some(session.pending())
    });
    let sealed = sealed.flatten();
    n.give_bytes(sealed.as_deref().unwrap_or_default())?;
    n.give_bool(sealed.is_some());
    Ok(Flow::Done)
}

/// `state(handle int) (handshaking bool, version, suite, group int, protocol, name string)`.
fn state(n: &mut Native<'_>) -> NativeResult {
    let answer = with(n, |_, session| {
        let c = &session.connection;
        let version = c.protocol_version().map_or(0, u16::from);
        let suite = c.negotiated_cipher_suite().map_or(0, |s| u16::from(s.suite()));
        let group = c.negotiated_key_exchange_group().map_or(0, |g| u16::from(g.name()));
        let protocol = c.alpn_protocol().unwrap_or_default().to_vec();
        let name = match c {
            Connection::Server(s) => s.server_name().unwrap_or_default().to_string(),
            Connection::Client(_) => String::new(),
        };
        (c.is_handshaking(), [version, suite, group], protocol, name)
    });
    let (handshaking, numbers, protocol, name) = answer.unwrap_or_default();
    n.give_bool(handshaking);
    for number in numbers {
        n.give_int(i64::from(number));
    }
    n.give_str(protocol)?;
    n.give_str(name)?;
    Ok(Flow::Done)
}

/// `peers(handle int) []string`: the certificates that the peer has shown, and proved to have the first one's key.
fn peers(n: &mut Native<'_>) -> NativeResult {
    let shown = with(n, |_, session| {
        let shown = session.connection.peer_certificates().unwrap_or_default();
        shown.iter().map(|c| c.to_vec()).collect::<Vec<_>>()
    });
    n.give_strings(&shown.unwrap_or_default())?;
    Ok(Flow::Done)
}

/// `closeNotify(handle int) []byte`: what tells the peer that this end will say no more.
fn close_notify(n: &mut Native<'_>) -> NativeResult {
    let bytes = with(n, |_, session| {
        session.connection.send_close_notify();
        session.pending()
    });
    n.give_bytes(&bytes.unwrap_or_default())?;
    Ok(Flow::Done)
}

/// `refuse(handle, alert int) []byte`: a fatal alert in place of what would come next in the handshake.
fn refuse(n: &mut Native<'_>) -> NativeResult {
    let bytes = with(n, |n, session| {
        let number = n.int() as u8;
        session.pending();
        alert::fatal(&session.connection, &session.secrets, number)
    });
    n.give_bytes(&bytes.unwrap_or_default())?;
    Ok(Flow::Done)
}

/// `export(handle int, label string, context []byte, hasContext bool, length int) (out []byte, ok bool)`: RFC 5705.
fn export(n: &mut Native<'_>) -> NativeResult {
    let made = with(n, |n, session| {
        let (label, context) = (n.str().to_vec(), n.bytes().to_vec());
        let (has_context, length) = (n.bool(), n.int());
        let room = vec![0; usize::try_from(length).ok().filter(|&l| l <= 1 << 16)?];
        session.connection.export_keying_material(room, &label, has_context.then_some(&context)).ok()
    });
    let made = made.flatten();
    n.give_bytes(made.as_deref().unwrap_or_default())?;
    n.give_bool(made.is_some());
    Ok(Flow::Done)
}

/// `keyLines(handle int) []string`: secrets that are new, as lines of the format that other tools read.
fn key_lines(n: &mut Native<'_>) -> NativeResult {
    let lines = with(n, |_, session| session.secrets.take_lines()).unwrap_or_default();
    n.give_strings(&lines)?;
    Ok(Flow::Done)
}

/// `free(handle int)`: forgets a connection.
fn free(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    let freed = sessions().open.remove(&handle);
    drop(freed);
    Ok(Flow::Done)
}
