//! The secrets of a connection: for logs of keys, and for the alert that refuses a certificate.

use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What rustls tells of a connection's secrets. Its own and the newest of each label is kept, all are lines for the log.
#[derive(Debug, Default)]
pub(super) struct Secrets(Mutex<Told>);

#[derive(Debug, Default)]
struct Told {
    by_label: Vec<(String, Vec<u8>)>,
    lines: Vec<String>,
}

impl Secrets {
    fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The secret of a label.
    pub(super) fn get(&self, label: &str) -> Option<Vec<u8>> {
        self.told().by_label.iter().find(|s| s.0 == label).map(|s| s.1.clone())
    }

    /// The lines since the last call.
    pub(super) fn take_lines(&self) -> Vec<String> {
        std::mem::take(&mut self.told().lines)
    }
}

impl rustls::KeyLog for Secrets {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let mut told = self.told();
        told.by_label.retain(|s| s.0 != label);
        told.by_label.push((label.to_string(), secret.to_vec()));
        told.lines.push(format!("{label} {} {}\n", hex(client_random), hex(secret)));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}
