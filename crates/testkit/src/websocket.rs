//! As much of WebSocket (RFC 6455) as Chromium's debugger needs: text, one message per frame, over a plain connection.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::http::Head;

/// The key of the handshake; it keeps caches from answering, and there are none.
const KEY: &str = "a2Fpa2EtdGVzdGtpdC1rZQ==";

/// A connection. Dropped, it is closed.
pub(crate) struct WebSocket {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl WebSocket {
    /// Connects to `ws://AUTHORITY/PATH`. Nothing is waited for longer than `patience`.
    pub(crate) fn connect(url: &str, patience: Duration) -> io::Result<WebSocket> {
        let broken = |what: &str| io::Error::other(format!("{url}: {what}"));
        let rest = url.strip_prefix("ws://").ok_or_else(|| broken("no address of a WebSocket"))?;
        let (authority, path) = rest.split_once('/').ok_or_else(|| broken("without a path"))?;
        let mut writer = TcpStream::connect(authority)?;
        writer.set_read_timeout(Some(patience))?;
        writer.set_nodelay(true)?;
        let mut reader = BufReader::new(writer.try_clone()?);
        write!(
            writer,
            "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )?;
        let head = Head::read(&mut reader)?.ok_or_else(|| broken("closed"))?;
        if !head.first.starts_with("HTTP/1.1 101 ") {
            return Err(broken(&head.first));
        }
        Ok(WebSocket { reader, writer })
    }

    pub(crate) fn send(&mut self, text: &str) -> io::Result<()> {
        // A whole message of text (§5.2), masked as clients have to, by zeros: there is nobody between.
        let mut frame = vec![0x81];
        match text.len() {
            length @ 0..=125 => frame.push(0x80 | length as u8),
            length @ 126..=0xFFFF => {
                frame.push(0x80 | 126);
                frame.extend((length as u16).to_be_bytes());
            }
            length => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        self.writer.write_all(&frame)
    }

    pub(crate) fn receive(&mut self) -> io::Result<String> {
        let [kind, length] = self.read()?;
        let length = match length {
            126 => u64::from(u16::from_be_bytes(self.read()?)),
            127 => u64::from_be_bytes(self.read()?),
            length => u64::from(length),
        };
        let mut text = String::new();
        self.reader.by_ref().take(length).read_to_string(&mut text)?;
        if kind != 0x81 || text.len() as u64 != length {
            return Err(io::Error::other(format!("no whole message of text, but {kind:#x} and {length} bytes")));
        }
        Ok(text)
    }

    fn read<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
