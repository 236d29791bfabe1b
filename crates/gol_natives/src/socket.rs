//! `net`: sockets of the system, and names of hosts by way of its resolver. What the functions mean stands in `net/natives.gol`.
//!
//! Sockets are handles like files (`os/handles.rs`); they never block, and who would have to wait is parked on the poller. Addresses go in and out
//! as bytes ([`Address`]).

use crate::os::{self, Attempt, Open, Sys, attempt, get, insert_pollable, number, retry};
use gol_vm::{Flow, Native, NativeFn, NativeResult, PollSide};
use rustix::io::Errno;
use rustix::net::{
    self, AddressFamily, Protocol, RecvFlags, SendFlags, Shutdown, SocketAddrAny, SocketAddrUnix, SocketFlags,
    SocketType, sockopt,
};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const TABLE: &[(&str, NativeFn)] = &[
    ("sysOpen", open),
    ("sysBind", bind),
    ("sysListen", listen),
    ("sysAccept", accept),
    ("sysConnect", connect),
    ("sysLocalAddr", |n| name(n, |open| net::getsockname(open).map(Some))),
    ("sysPeerAddr", |n| name(n, |open| net::getpeername(open))),
    ("sysRecvFrom", recv_from),
    ("sysSendTo", send_to),
    ("sysShutdown", shutdown),
    ("sysOption", option),
    ("sysSetOption", set_option),
    ("sysLookupHost", lookup_host),
    ("sysLookupAddr", lookup_addr),
    ("sysInterfaceIndex", interface_index),
    ("sysInterfaceName", interface_name),
    ("sysMulticast", multicast),
    ("sysAdopt", adopt),
    ("sysRead", os::read),
    ("sysWrite", os::write),
    ("sysClose", os::close),
    ("sysExpire", os::expire),
    ("sysWait", os::wait),
    ("sysDescriptor", os::fd),
];

/// An address: a byte for its kind and what belongs to it.
///
/// - 4: the port, two bytes, high first; four bytes.
/// - 6: the port; the zone's number, four bytes, high first; sixteen bytes.
/// - 1: the path of a Unix socket, empty for none; with `@` first, an abstract name.
enum Address {
    Ip(SocketAddr),
    Unix(SocketAddrUnix),
}

impl Address {
    fn decode(bytes: &[u8]) -> Sys<Address> {
        match bytes {
            [4, p0, p1, a, b, c, d] => {
                let port = u16::from_be_bytes([*p0, *p1]);
                Ok(Address::Ip(SocketAddrV4::new(Ipv4Addr::new(*a, *b, *c, *d), port).into()))
            }
            [6, p0, p1, s0, s1, s2, s3, ip @ ..] => {
                let ip: [u8; 16] = ip.try_into().map_err(|_| Errno::INVAL)?;
                let (port, scope) = (u16::from_be_bytes([*p0, *p1]), u32::from_be_bytes([*s0, *s1, *s2, *s3]));
                Ok(Address::Ip(SocketAddrV6::new(ip.into(), port, 0, scope).into()))
            }
            [1] => Ok(Address::Unix(SocketAddrUnix::new_unnamed())),
            [1, b'@', name @ ..] => Ok(Address::Unix(SocketAddrUnix::new_abstract_name(name)?)),
            // A path must be shorter than the system has room for, its end included.
            [1, path @ ..] => Ok(Address::Unix(SocketAddrUnix::new(path).map_err(|_| Errno::INVAL)?)),
            _ => Err(Errno::INVAL),
        }
    }

    fn encode(any: Option<SocketAddrAny>) -> Vec<u8> {
        let Some(any) = any else { return Vec::new() };
        match any.address_family() {
            AddressFamily::INET | AddressFamily::INET6 => match SocketAddr::try_from(any) {
                Ok(SocketAddr::V4(a)) => [&[4][..], &a.port().to_be_bytes(), &a.ip().octets()].concat(),
                Ok(SocketAddr::V6(a)) => {
                    [&[6][..], &a.port().to_be_bytes(), &a.scope_id().to_be_bytes(), &a.ip().octets()].concat()
                }
                Err(_) => Vec::new(),
            },
            AddressFamily::UNIX => match SocketAddrUnix::try_from(any) {
                Ok(a) => match (a.path_bytes(), a.abstract_name()) {
                    (Some(path), _) => [&[1], path].concat(),
                    (_, Some(name)) => [&b"\x01@"[..], name].concat(),
                    _ => vec![1],
                },
                Err(_) => vec![1],
            },
            _ => Vec::new(),
        }
    }
}

fn give_errno<T>(n: &mut Native<'_>, r: &Sys<T>) -> NativeResult {
    n.give_int(number(r));
    Ok(Flow::Done)
}

/// The numbers of Linux for families and kinds are those of package syscall.
fn open(n: &mut Native<'_>) -> NativeResult {
    let (family, kind, protocol) = (n.int(), n.int(), n.uint());
    let family = AddressFamily::from_raw(family as u16);
    let kind = SocketType::from_raw(kind as u32);
    let protocol = std::num::NonZeroU32::new(protocol as u32).map(Protocol::from_raw);
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let r = net::socket_with(family, kind, flags, protocol).and_then(|fd| insert_pollable(n, fd));
    n.give_int(*r.as_ref().unwrap_or(&-1));
    give_errno(n, &r)
}

/// `adopt(fd int) (handle, errno int)`: a second descriptor of an open file of package os, as a socket.
fn adopt(n: &mut Native<'_>) -> NativeResult {
    let fd = n.int();
    let dup = || {
        let fd = os::duplicate(fd)?;
        sockopt::socket_type(&fd)?;
        let flags = rustix::fs::fcntl_getfl(&fd)?;
        rustix::fs::fcntl_setfl(&fd, flags | rustix::fs::OFlags::NONBLOCK)?;
        Ok(fd)
    };
    let r = dup().and_then(|fd| insert_pollable(n, fd));
    n.give_int(*r.as_ref().unwrap_or(&-1));
    give_errno(n, &r)
}

fn bind(n: &mut Native<'_>) -> NativeResult {
    let (handle, address) = (n.int(), n.str());
    let r = get(handle).and_then(|open| match Address::decode(address)? {
        Address::Ip(a) => net::bind(&*open, &a),
        Address::Unix(a) => net::bind(&*open, &a),
    });
    give_errno(n, &r)
}

fn listen(n: &mut Native<'_>) -> NativeResult {
    let (handle, backlog) = (n.int(), n.int());
    let r = get(handle).and_then(|open| net::listen(&*open, backlog as i32));
    give_errno(n, &r)
}

/// The open socket of a handle; a closed one gives the error number of a wait.
fn socket(handle: i64) -> Result<Arc<Open>, i64> {
    get(handle).map_err(|_| os::wait_number(gol_vm::IoWait::Evicted))
}

fn accept(n: &mut Native<'_>) -> NativeResult {
    let handle = n.int();
    let give = |n: &mut Native<'_>, handle: i64, address: Vec<u8>, errno: i64| {
        n.give_int(handle);
        n.give_str(address)?;
        n.give_int(errno);
        Ok(Flow::Done)
    };
    let open = match socket(handle) {
        Ok(open) => open,
        Err(number) => return give(n, -1, Vec::new(), number),
    };
    let Some(desc) = open.pollable() else { return give(n, -1, Vec::new(), i64::from(Errno::INVAL.raw_os_error())) };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let accepted = attempt(n, desc, PollSide::Read, accept, || {
        loop {
            match net::acceptfrom_with(&*open, flags) {
                // The peer has gone before we came to it: the next.
                Err(Errno::CONNABORTED) => continue,
                r => return r,
            }
        }
    });
    match accepted {
        Attempt::Parked => Ok(Flow::Parked),
        Attempt::Refused(number) => give(n, -1, Vec::new(), number),
        Attempt::Made(r) => {
            let r = r.and_then(|(fd, address)| Ok((insert_pollable(n, fd)?, Address::encode(address))));
            let errno = number(&r);
            let (handle, address) = r.unwrap_or((-1, Vec::new()));
            give(n, handle, address, errno)
        }
    }
}

/// Begins to connect; the end of that makes the socket writable.
fn connect(n: &mut Native<'_>) -> NativeResult {
    let (handle, address) = (n.int(), n.str());
    let r = get(handle).and_then(|open| match Address::decode(address)? {
        Address::Ip(a) => net::connect(&*open, &a),
        Address::Unix(a) => net::connect(&*open, &a),
    });
    give_errno(n, &r)
}

fn name(n: &mut Native<'_>, ask: fn(&Open) -> Sys<Option<SocketAddrAny>>) -> NativeResult {
    let handle = n.int();
    let r = get(handle).and_then(|open| ask(&open));
    let errno = number(&r);
    n.give_str(Address::encode(r.unwrap_or_default()))?;
    n.give_int(errno);
    Ok(Flow::Done)
}

/// `recvFrom(handle int, p []byte) (n int, addr string, errno int)`
fn recv_from(n: &mut Native<'_>) -> NativeResult {
    let (handle, to) = (n.int(), n.bytes());
    let give = |n: &mut Native<'_>, count: usize, address: Vec<u8>, errno: i64| {
        n.give_int(count as i64);
        n.give_str(address)?;
        n.give_int(errno);
        Ok(Flow::Done)
    };
    let open = match socket(handle) {
        Ok(open) => open,
        Err(number) => return give(n, 0, Vec::new(), number),
    };
    let Some(desc) = open.pollable() else { return give(n, 0, Vec::new(), i64::from(Errno::INVAL.raw_os_error())) };
    let mut buf = vec![0; to.len()];
    let received = attempt(n, desc, PollSide::Read, recv_from, || {
        let (_, count, address) = net::recvfrom(&*open, &mut buf[..], RecvFlags::empty())?;
        Ok((count, address))
    });
    match received {
        Attempt::Parked => Ok(Flow::Parked),
        Attempt::Refused(number) => give(n, 0, Vec::new(), number),
        Attempt::Made(Ok((count, address))) => {
            let count = count.min(buf.len());
            to.write(&buf[..count]);
            give(n, count, Address::encode(address), 0)
        }
        Attempt::Made(Err(e)) => give(n, 0, Vec::new(), i64::from(e.raw_os_error())),
    }
}

/// `sendTo(handle int, p []byte, addr string) (n, errno int)`
fn send_to(n: &mut Native<'_>) -> NativeResult {
    let (handle, from, address) = (n.int(), n.bytes(), n.str());
    let give = |n: &mut Native<'_>, count: usize, errno: i64| {
        n.give_int(count as i64);
        n.give_int(errno);
        Ok(Flow::Done)
    };
    let open = match socket(handle) {
        Ok(open) => open,
        Err(number) => return give(n, 0, number),
    };
    let Some(desc) = open.pollable() else { return give(n, 0, i64::from(Errno::INVAL.raw_os_error())) };
    let address = match Address::decode(address) {
        Ok(address) => address,
        Err(e) => return give(n, 0, i64::from(e.raw_os_error())),
    };
    let part = from.view();
    let sent = attempt(n, desc, PollSide::Write, send_to, || match &address {
        Address::Ip(a) => net::sendto(&*open, part, SendFlags::NOSIGNAL, a),
        Address::Unix(a) => net::sendto(&*open, part, SendFlags::NOSIGNAL, a),
    });
    match sent {
        Attempt::Parked => Ok(Flow::Parked),
        Attempt::Refused(number) => give(n, 0, number),
        Attempt::Made(r) => give(n, *r.as_ref().unwrap_or(&0), number(&r)),
    }
}

fn shutdown(n: &mut Native<'_>) -> NativeResult {
    let (handle, how) = (n.int(), n.int());
    let how = if how == 0 { Shutdown::Read } else { Shutdown::Write };
    let r = get(handle).and_then(|open| net::shutdown(&*open, how));
    give_errno(n, &r)
}

/// `option(handle, which int) (value, errno int)`, by the numbers in `net/natives.gol`.
fn option(n: &mut Native<'_>) -> NativeResult {
    let (handle, which) = (n.int(), n.int());
    let r = get(handle).and_then(|open| match which {
        0 => Ok(sockopt::socket_error(&*open)?.err().map_or(0, |e| i64::from(e.raw_os_error()))),
        1 => Ok(i64::from(sockopt::socket_type(&*open)?.as_raw())),
        2 => Ok(i64::from(net::getsockname(&*open)?.address_family().as_raw())),
        _ => Err(Errno::INVAL),
    });
    n.give_int(*r.as_ref().unwrap_or(&0));
    give_errno(n, &r)
}

/// `setOption(handle, which, value int) (errno int)`, by the numbers in `net/natives.gol`.
fn set_option(n: &mut Native<'_>) -> NativeResult {
    let (handle, which, value) = (n.int(), n.int(), n.int());
    let seconds = || Duration::from_secs(value.max(0) as u64);
    let r = get(handle).and_then(|open| match which {
        10 => sockopt::set_socket_reuseaddr(&*open, value != 0),
        11 => sockopt::set_ipv6_v6only(&*open, value != 0),
        12 => sockopt::set_socket_broadcast(&*open, value != 0),
        13 => sockopt::set_tcp_nodelay(&*open, value != 0),
        14 => sockopt::set_socket_keepalive(&*open, value != 0),
        15 => sockopt::set_tcp_keepidle(&*open, seconds()),
        16 => sockopt::set_tcp_keepintvl(&*open, seconds()),
        17 => sockopt::set_tcp_keepcnt(&*open, value as u32),
        18 => sockopt::set_socket_linger(&*open, (value >= 0).then(seconds)),
        19 => sockopt::set_socket_recv_buffer_size(&*open, value as usize),
        20 => sockopt::set_socket_send_buffer_size(&*open, value as usize),
        21 => sockopt::set_ip_multicast_loop(&*open, value != 0),
        22 => sockopt::set_ipv6_multicast_loop(&*open, value != 0),
        23 => sockopt::set_ip_multicast_if_with_ifindex(
            &*open,
            &Ipv4Addr::UNSPECIFIED,
            &Ipv4Addr::UNSPECIFIED,
            value as u32,
        ),
        24 => sockopt::set_ipv6_multicast_if(&*open, value as u32),
        _ => Err(Errno::INVAL),
    });
    give_errno(n, &r)
}

/// `multicast(handle int, group string, index int) (errno int)` joins a group on an interface; the group is an address with any port.
fn multicast(n: &mut Native<'_>) -> NativeResult {
    let (handle, group, index) = (n.int(), n.str(), n.int());
    let r = get(handle).and_then(|open| match Address::decode(group)? {
        Address::Ip(SocketAddr::V4(a)) => {
            sockopt::set_ip_add_membership_with_ifindex(&*open, a.ip(), &Ipv4Addr::UNSPECIFIED, index as u32)
        }
        Address::Ip(SocketAddr::V6(a)) => sockopt::set_ipv6_add_membership(&*open, a.ip(), index as u32),
        Address::Unix(_) => Err(Errno::INVAL),
    });
    give_errno(n, &r)
}

/// Error numbers of the resolver that mean that there is no such name: EAI_NONAME, EAI_NODATA.
const NO_NAME: [i32; 2] = [-2, -5];

/// `lookupHost(name string) (addrs []string, notFound bool, text string)`: the addresses as bytes.
fn lookup_host(n: &mut Native<'_>) -> NativeResult {
    let host = n.text();
    n.block(move || {
        let found = dns_lookup::lookup_host(&host);
        let r: Result<Vec<Vec<u8>>, _> = found.map(|all| {
            all.map(|ip| match ip {
                IpAddr::V4(a) => a.octets().to_vec(),
                IpAddr::V6(a) => a.octets().to_vec(),
            })
            .collect()
        });
        Box::new(move |n| {
            let (missing, text) = r.as_ref().err().map_or((false, String::new()), said);
            n.give_strings(&r.unwrap_or_default())?;
            n.give_bool(missing);
            n.give_str(text)?;
            Ok(Flow::Done)
        })
    })
}

/// Whether an error of the resolver says that there is no such name, and its words.
fn said(e: &dns_lookup::LookupError) -> (bool, String) {
    let text = e.to_string();
    let text = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    (NO_NAME.contains(&e.error_num()), text.to_string())
}

/// `lookupAddr(ip string) (name string, notFound bool, text string)`
fn lookup_addr(n: &mut Native<'_>) -> NativeResult {
    let ip = n.str();
    let ip: Option<IpAddr> = match ip.len() {
        4 => <[u8; 4]>::try_from(ip).ok().map(|a| Ipv4Addr::from(a).into()),
        _ => <[u8; 16]>::try_from(ip).ok().map(|a| Ipv6Addr::from(a).into()),
    };
    let Some(ip) = ip else {
        n.give_str("")?;
        n.give_bool(true);
        n.give_str("")?;
        return Ok(Flow::Done);
    };
    n.block(move || {
        let r = dns_lookup::lookup_addr(&ip).map(|name| {
            // The resolver gives the address itself when it has no name.
            if name.parse::<IpAddr>().is_ok() { String::new() } else { name }
        });
        Box::new(move |n| {
            let (missing, text) = r.as_ref().err().map_or((false, String::new()), said);
            let name = r.unwrap_or_default();
            n.give_str(&name)?;
            n.give_bool(missing || name.is_empty() && text.is_empty());
            n.give_str(text)?;
            Ok(Flow::Done)
        })
    })
}

/// Any socket will do to ask for interfaces.
fn asking() -> Sys<std::os::fd::OwnedFd> {
    net::socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)
}

/// `interfaceIndex(name string) int`, 0 for none.
fn interface_index(n: &mut Native<'_>) -> NativeResult {
    let name = n.text();
    let r = asking().and_then(|fd| retry(|| net::netdevice::name_to_index(&fd, &name)));
    n.give_int(r.map_or(0, i64::from));
    Ok(Flow::Done)
}

/// `interfaceName(index int) string`, empty for none.
fn interface_name(n: &mut Native<'_>) -> NativeResult {
    let index = n.uint();
    let r = asking().and_then(|fd| retry(|| net::netdevice::index_to_name(&fd, index as u32)));
    n.give_str(r.unwrap_or_default())?;
    Ok(Flow::Done)
}
