//! A balancer in front of servers that share a database: each request goes to the next of them in turn.
//!
//! A server that is not there, or hangs up without an answer, is passed over, and the next one is asked.

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::http::{Head, Listening, close_afterwards};

/// A request, and the server that answered it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    pub path: String,
    pub server: u16,
}

/// A balancer on a free port of 127.0.0.1. Dropped, it is gone.
pub struct Balancer {
    listening: Listening,
    passed: Arc<Mutex<Vec<Passed>>>,
}

impl Balancer {
    /// Between these ports of 127.0.0.1, whether somebody listens there yet or not.
    ///
    /// # Panics
    /// Where there is no free port.
    #[track_caller]
    pub fn start(servers: &[u16]) -> Balancer {
        let passed = Arc::new(Mutex::new(Vec::new()));
        let listening = Listening::start({
            let (servers, turn, passed) = (servers.to_owned(), AtomicUsize::new(0), Arc::clone(&passed));
            move |client| {
                let first = turn.fetch_add(1, Ordering::SeqCst) % servers.len();
                let (before, after) = servers.split_at(first);
                relay(client, after.iter().chain(before).copied(), &passed)
            }
        });
        Balancer {
            listening: listening.unwrap_or_else(|error| panic!("a balancer cannot be started: {error}")),
            passed,
        }
    }

    pub fn port(&self) -> u16 {
        self.listening.port()
    }

    /// What was answered so far.
    pub fn passed(&self) -> Vec<Passed> {
        self.passed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn relay(mut client: TcpStream, servers: impl Iterator<Item = u16>, passed: &Mutex<Vec<Passed>>) -> io::Result<()> {
    let mut from_client = BufReader::new(client.try_clone()?);
    let Some(mut head) = Head::read(&mut from_client)? else { return Ok(()) };
    close_afterwards(&mut head);
    head.add("X-Forwarded-For", &client.peer_addr()?.ip().to_string());
    let body = head.read_body(&mut from_client)?;
    let path = head.first.split(' ').nth(1).unwrap_or_default().to_owned();
    for server in servers {
        let Ok((mut head, body)) = ask(server, &head, &body) else { continue };
        passed.lock().unwrap_or_else(PoisonError::into_inner).push(Passed { path, server });
        close_afterwards(&mut head);
        head.write(&mut client)?;
        client.write_all(&body)?;
        break;
    }
    client.shutdown(Shutdown::Both)
}

/// The whole answer.
fn ask(server: u16, head: &Head, body: &[u8]) -> io::Result<(Head, Vec<u8>)> {
    let mut connection = TcpStream::connect((Ipv4Addr::LOCALHOST, server))?;
    head.write(&mut connection)?;
    connection.write_all(body)?;
    let mut answer = BufReader::new(connection);
    let head = Head::read(&mut answer)?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let mut body = Vec::new();
    answer.read_to_end(&mut body)?;
    Ok((head, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::PortPair;
    use crate::site::{Answer, Site};

    #[test]
    fn requests_go_round_and_past_those_who_are_not_there() {
        let sites = ["one", "two"].map(|name| Site::start(move |_| Answer::html(name)));
        let closed = PortPair::claim().unwrap();
        let balancer = Balancer::start(&[sites[0].port(), closed.first, sites[1].port()]);
        let answers: Vec<String> = (0..6)
            .map(|number| {
                let url = format!("http://127.0.0.1:{}/{number}", balancer.port());
                ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()
            })
            .collect();
        assert_eq!(answers, ["one", "two", "two", "one", "two", "two"]);
        let passed = balancer.passed();
        assert_eq!((passed.len(), &passed[5]), (6, &Passed { path: "/5".into(), server: sites[1].port() }));
    }

    #[test]
    fn nobody_there_is_no_answer() {
        let closed = PortPair::claim().unwrap();
        let balancer = Balancer::start(&[closed.first, closed.first + 1]);
        assert!(ureq::get(format!("http://127.0.0.1:{}/", balancer.port())).call().is_err());
        assert_eq!(balancer.passed(), []);
    }
}
