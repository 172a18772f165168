//! A stream read through one buffer: pieces of it are borrowed, long ones only their beginning.

use std::io::{self, Read};
use std::ops::Range;

/// Bytes of the buffer: the longest packet that libpcap captures (262144 bytes) fits, with what stands around it.
const BUFFER: usize = 320 * 1024;

/// The stream and the part of it that is in memory.
pub(super) struct Input<'f> {
    stream: Box<dyn Read + 'f>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Where `start` is in the stream.
    offset: u64,
    /// What remains to be skipped of a long piece.
    skip: u64,
}

impl<'f> Input<'f> {
    pub(super) fn new(stream: impl Read + 'f) -> Self {
        Self { stream: Box::new(stream), buffer: vec![0; BUFFER], start: 0, end: 0, offset: 0, skip: 0 }
    }

    /// Where the next piece begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The next bytes without going past them: `length` of them (of a small piece), or fewer at the stream's end.
    pub(super) fn peek(&mut self, length: usize) -> io::Result<&[u8]> {
        self.fill(length)?;
        Ok(&self.buffer[self.start..self.end.min(self.start + length)])
    }

    /// Goes past a piece; where its beginning is in the buffer, until the next call. `None`, and going nowhere, where the stream ends within.
    pub(super) fn take(&mut self, length: u64) -> io::Result<Option<Range<usize>>> {
        let kept = usize::try_from(length).unwrap_or(BUFFER).min(BUFFER);
        self.fill(kept)?;
        if self.end - self.start < kept {
            return Ok(None);
        }
        let range = self.start..self.start + kept;
        self.start += kept;
        self.offset += kept as u64;
        self.skip = length - kept as u64;
        Ok(Some(range))
    }

    /// Skips what remains of a long piece. Whether it was there.
    pub(super) fn finish(&mut self) -> io::Result<bool> {
        while self.skip > 0 {
            if self.start == self.end {
                self.fill(1)?;
            }
            let here = (self.end - self.start).min(usize::try_from(self.skip).unwrap_or(BUFFER));
            if here == 0 {
                return Ok(false);
            }
            self.start += here;
            self.offset += here as u64;
            self.skip -= here as u64;
        }
        Ok(true)
    }

    /// Whether nothing but zeros follows to the end, as in a file whose blocks were allocated and not written when the power went.
    pub(super) fn only_zeros(&mut self) -> io::Result<bool> {
        loop {
            if self.peek(1)?.is_empty() {
                return Ok(true);
            }
            if self.buffer[self.start..self.end].iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            self.start = self.end;
        }
    }

    /// A piece that [`Input::take`] found.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        self.buffer.get(range).unwrap_or_default()
    }

    fn fill(&mut self, length: usize) -> io::Result<()> {
        if self.end - self.start >= length {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < length {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => break,
                Ok(more) => self.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
