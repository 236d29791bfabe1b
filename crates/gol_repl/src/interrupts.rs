//! Ctrl-C while an entry runs: the signal, on a thread of its own.

use crate::session::Interrupter;
use signal_hook::consts::SIGINT;
use signal_hook::iterator::{Handle, Signals};

/// Watches for as long as it lives.
pub(crate) struct Watch(Option<Handle>);

/// Has SIGINT stop the running entry; with `fatal` it ends the process when none is running, as it would without.
pub(crate) fn watch(interrupter: Interrupter, fatal: bool) -> Watch {
    let Ok(mut signals) = Signals::new([SIGINT]) else { return Watch(None) };
    let handle = signals.handle();
    let started = std::thread::Builder::new().name("interrupts".into()).spawn(move || {
        for signal in signals.forever() {
            if !interrupter.interrupt() && fatal {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
        }
    });
    Watch(started.is_ok().then_some(handle))
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.close();
        }
    }
}
