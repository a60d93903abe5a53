//! A forward proxy that makes a portal on this computer look, to Chromium, like one on the internet.
//!
//! Chromium lets pages from public addresses ask a server on 127.0.0.1 only with a permission. It counts a page as public
//! whose `Content-Security-Policy` has the directive `treat-as-public-address`, which is there for tests.

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

use crate::http::{Head, Listening, close_afterwards};

/// A proxy on a free port of 127.0.0.1. Dropped, it is gone.
pub struct PublicProxy {
    listening: Listening,
}

impl PublicProxy {
    /// Passes on everything, and adds the directive to the answers of `origin`, for example `http://localhost:8080`, in a
    /// line of its own: a policy that is there already stays in force.
    ///
    /// # Panics
    /// Where there is no free port.
    #[track_caller]
    pub fn start(origin: &str) -> PublicProxy {
        let origin = origin.to_owned();
        let listening = Listening::start(move |browser| relay(browser, &origin));
        PublicProxy { listening: listening.unwrap_or_else(|error| panic!("a proxy cannot be started: {error}")) }
    }

    /// What Chromium must be told: everything goes through this proxy but what `directly` lists, for example
    /// `127.0.0.1:61161`.
    pub fn arguments(&self, directly: &[&str]) -> Vec<String> {
        // Without <-loopback>, Chromium takes no proxy for localhost.
        let directly = [&["<-loopback>"], directly].concat().join(";");
        vec![
            format!("--proxy-server=http://127.0.0.1:{}", self.listening.port()),
            format!("--proxy-bypass-list={directly}"),
        ]
    }
}

fn relay(mut browser: TcpStream, public: &str) -> io::Result<()> {
    let mut from_browser = BufReader::new(browser.try_clone()?);
    let Some(mut head) = Head::read(&mut from_browser)? else { return Ok(()) };
    // To a proxy, `GET http://HOST:PORT/PATH HTTP/1.1` (RFC 9112 §3.2.2). CONNECT, for https, has no use here.
    let mut words = head.first.split(' ');
    let (Some(method), Some(target), Some(version)) = (words.next(), words.next(), words.next()) else {
        return refuse(&mut browser, "400 Bad Request");
    };
    let Some((host, path)) =
        target.strip_prefix("http://").map(|rest| rest.split_at(rest.find('/').unwrap_or(rest.len())))
    else {
        return refuse(&mut browser, "501 Not Implemented");
    };
    let origin = format!("http://{host}");
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    head.first = format!("{method} {} {version}", if path.is_empty() { "/" } else { path });
    close_afterwards(&mut head);
    let body = head.read_body(&mut from_browser)?;

    let Ok(mut server) = TcpStream::connect(&address) else {
        return refuse(&mut browser, "502 Bad Gateway");
    };
    head.write(&mut server)?;
    server.write_all(&body)?;

    // A browser that gives up a long answer must not leave the server waiting.
    thread::spawn({
        let server = server.try_clone()?;
        move || {
            drop(io::copy(&mut from_browser, &mut io::sink()));
            drop(server.shutdown(Shutdown::Both));
        }
    });
    let mut from_server = BufReader::new(server);
    let Some(mut head) = Head::read(&mut from_server)? else {
        return refuse(&mut browser, "502 Bad Gateway");
    };
    close_afterwards(&mut head);
    if origin == public {
        head.add("Content-Security-Policy", "treat-as-public-address");
    }
    head.write(&mut browser)?;
    io::copy(&mut from_server, &mut browser)?;
    browser.shutdown(Shutdown::Both)
}

fn refuse(browser: &mut TcpStream, status: &str) -> io::Result<()> {
    let fields = vec![("Content-Length".to_owned(), "0".to_owned()), ("Connection".to_owned(), "close".to_owned())];
    Head { first: format!("HTTP/1.1 {status}"), fields }.write(browser)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use serde_json::json;

    use super::*;
    use crate::browser::{Browser, By, Options};
    use crate::site::{Answer, Site};

    /// What a portal does: it asks the agent, and opens the agent's window on a click.
    const PORTAL: &str = "<!doctype html><html lang=en><title>Portal</title><button>Open</button><p id=heard></p><script>
        addEventListener('message', message => {
            document.getElementById('heard').textContent = message.data + ' from ' + message.origin;
            message.source.postMessage('job', message.origin);
        });
        document.querySelector('button').onclick = () => open(location.hash.slice(1), 'w', 'popup,width=300,height=300');
    </script>";
    const WINDOW: &str = "<!doctype html><html lang=en><title>Window</title><p id=heard></p><script>
        addEventListener('message', message => {
            document.getElementById('heard').textContent = message.data + ' from ' + message.origin;
        });
        opener.postMessage('hello', '*');
    </script>";

    fn portal() -> Site {
        Site::start(|_| Answer::html(PORTAL).with("Content-Security-Policy", "connect-src *"))
    }

    fn agent() -> Site {
        Site::start(|request| match request.path.as_str() {
            "/card" => Answer::html(WINDOW),
            _ => Answer::html("hello").with("Access-Control-Allow-Origin", "*"),
        })
    }

    /// The text of the answer, or the error.
    fn fetch(browser: &Browser, url: &str) -> String {
        let script = "return fetch(arguments[0]).then(answer => answer.text()).catch(error => error.name)";
        browser.run(script, &[json!(url)]).as_str().unwrap().to_owned()
    }

    #[test]
    fn a_public_page_may_open_a_window_of_this_computer_but_not_ask_it() {
        let (portal, agent) = (portal(), agent());
        let (origin, agent) = (portal.origin("localhost"), agent.origin("127.0.0.1"));
        let proxy = PublicProxy::start(&origin);
        let arguments = proxy.arguments(&[agent.strip_prefix("http://").unwrap()]);
        let browser = Browser::start("en", &Options { arguments, ..Options::default() });

        browser.open(&format!("{origin}/#{agent}/card"));
        assert_eq!(fetch(&browser, &format!("{origin}/")).trim(), PORTAL.trim());
        assert_eq!(fetch(&browser, &agent), "TypeError");
        let refused = browser.console_errors();
        assert!(refused.iter().any(|line| line.contains("loopback")), "{refused:?}");

        browser.click(By::Button("Open"));
        browser.wait_for_text(&format!("hello from {agent}"));
        browser.switch_to_popup();
        browser.wait_for_text(&format!("job from {origin}"));
    }

    #[test]
    fn a_page_of_this_computer_may_ask_it() {
        let (portal, agent) = (portal(), agent());
        let browser = Browser::start("en", &Options::default());
        browser.open(&portal.origin("localhost"));
        assert_eq!(fetch(&browser, &agent.origin("127.0.0.1")), "hello");
    }

    #[test]
    fn what_it_cannot_pass_on_is_refused() {
        let portal = portal();
        let proxy = PublicProxy::start(&portal.origin("localhost"));
        let ask = |line: &str| {
            let mut connection = TcpStream::connect(("127.0.0.1", proxy.listening.port())).unwrap();
            connection.write_all(format!("{line} HTTP/1.1\r\n\r\n").as_bytes()).unwrap();
            let mut answer = String::new();
            connection.read_to_string(&mut answer).unwrap();
            answer
        };
        assert!(ask("CONNECT localhost:443").starts_with("HTTP/1.1 501 "));
        assert!(ask("GET http://127.0.0.1:1/").starts_with("HTTP/1.1 502 "));
        let public = ask(&format!("GET {}/", portal.origin("localhost")));
        assert!(public.contains("connect-src *") && public.contains("treat-as-public-address"), "{public}");
        let other = ask(&format!("GET {}/", portal.origin("127.0.0.1")));
        assert!(other.starts_with("HTTP/1.1 200 ") && !other.contains("treat-as-public-address"), "{other}");
    }
}
