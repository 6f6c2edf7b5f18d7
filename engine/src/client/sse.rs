//! Server-sent events, as the WHATWG HTML standard defines the stream.

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, stream};

use crate::output::error::{CliError, Result};

/// Longest message accepted, in bytes: a run's event with its largest result fits.
const MAX_MESSAGE: usize = 64 << 20;

/// One message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) event: String,
    /// Its data.
    pub(crate) data: String,
}

struct Reader {
    body: BoxStream<'static, Result<Bytes>>,
    buffer: Vec<u8>,
    message: Message,
}

/// Reads messages from a body; comments and messages without data are left out.
pub(crate) fn messages(
    body: BoxStream<'static, Result<Bytes>>,
) -> impl Stream<Item = Result<Message>> + Send {
    let reader = Reader {
        body,
        buffer: Vec::new(),
        message: Message::default(),
    };
    stream::try_unfold(reader, |mut reader| async move {
        loop {
            if let Some(message) = reader.next_message() {
                return Ok(Some((message, reader)));
            }
            if reader.buffer.len() + reader.message.data.len() > MAX_MESSAGE {
                return Err(CliError::failed("the server sent too large an event"));
            }
            match reader.body.next().await {
                Some(chunk) => reader.buffer.extend_from_slice(&chunk?),
                None => return Ok(None),
            }
        }
    })
}

impl Reader {
    /// Takes complete lines from the buffer until a message is complete.
    fn next_message(&mut self) -> Option<Message> {
        let mut start = 0;
        let mut complete = None;
        while let Some(length) = self.buffer[start..].iter().position(|byte| *byte == b'\n') {
            let line = String::from_utf8_lossy(&self.buffer[start..start + length]).into_owned();
            start += length + 1;
            complete = self.take_line(line.trim_end_matches('\r'));
            if complete.is_some() {
                break;
            }
        }
        self.buffer.drain(..start);
        complete
    }

    fn take_line(&mut self, line: &str) -> Option<Message> {
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            return (!message.data.is_empty()).then_some(message);
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => value.clone_into(&mut self.message.id),
            "event" => value.clone_into(&mut self.message.event),
            "data" => {
                if !self.message.data.is_empty() {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn messages_are_read_across_chunks() {
        let chunks = [
            ": hello\n\nid: 1\neve",
            "nt: change\ndata: {\"a\":\ndata: 1}\n\nid: 2\n\n",
        ];
        let body = stream::iter(chunks.map(|chunk| Ok(Bytes::from(chunk)))).boxed();
        let read: Vec<Message> = messages(body)
            .map(|message| message.unwrap())
            .collect()
            .await;
        let expected = Message {
            id: "1".into(),
            event: "change".into(),
            data: "{\"a\":\n1}".into(),
        };
        assert_eq!(read, [expected]);
    }
}
