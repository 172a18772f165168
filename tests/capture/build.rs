//! Capture files built by hand, byte for byte and in either byte order, after the drafts and not after our writer.

/// Byte order of what is built.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Order {
    Little,
    Big,
}

pub(crate) use Order::{Big, Little};

impl Order {
    pub(crate) fn u16(self, number: u16) -> [u8; 2] {
        if self == Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(crate) fn u32(self, number: u32) -> [u8; 4] {
        if self == Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(crate) fn u64(self, number: u64) -> [u8; 8] {
        if self == Big { number.to_be_bytes() } else { number.to_le_bytes() }
    }

    pub(crate) fn block(self, kind: u32, body: &[u8]) -> Vec<u8> {
        let mut padded = body.to_vec();
        padded.resize(body.len().next_multiple_of(4), 0);
        let length = self.u32(u32::try_from(padded.len()).unwrap() + 12);
        [&self.u32(kind)[..], &length, &padded, &length].concat()
    }

    /// Options with an end, as the draft recommends.
    pub(crate) fn options(self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (code, value) in options.iter().chain([(0, &[][..])].iter()) {
            bytes.extend(self.u16(*code));
            bytes.extend(self.u16(u16::try_from(value.len()).unwrap()));
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    pub(crate) fn section(self, options: &[(u16, &[u8])]) -> Vec<u8> {
        let body = [&self.u32(0x1a2b_3c4d)[..], &self.u16(1), &self.u16(0), &self.u64(u64::MAX), &self.options(options)].concat();
        self.block(0x0a0d_0d0a, &body)
    }

    pub(crate) fn interface(self, link_type: u16, snap_length: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
        self.block(1, &[&self.u16(link_type)[..], &[0, 0], &self.u32(snap_length), &self.options(options)].concat())
    }

    /// An Enhanced Packet Block.
    pub(crate) fn packet(self, interface: u32, ticks: u64, wire_length: u32, bytes: &[u8], options: &[(u16, &[u8])]) -> Vec<u8> {
        let head = [interface, halves(ticks).0, halves(ticks).1, u32::try_from(bytes.len()).unwrap(), wire_length];
        let mut body: Vec<u8> = head.into_iter().flat_map(|field| self.u32(field)).collect();
        body.extend(bytes);
        body.resize(body.len().next_multiple_of(4), 0);
        body.extend(self.options(options));
        self.block(6, &body)
    }

    /// A pcap file's header.
    pub(crate) fn pcap(self, magic: u32, snap_length: u32, link_type: u32) -> Vec<u8> {
        let mut bytes = self.u32(magic).to_vec();
        bytes.extend([self.u16(2), self.u16(4)].concat());
        bytes.extend([0, 0, snap_length, link_type].into_iter().flat_map(|field| self.u32(field)));
        bytes
    }

    /// A packet of a pcap file.
    pub(crate) fn record(self, seconds: u32, fraction: u32, wire_length: u32, bytes: &[u8]) -> Vec<u8> {
        let head = [seconds, fraction, u32::try_from(bytes.len()).unwrap(), wire_length];
        let mut record: Vec<u8> = head.into_iter().flat_map(|field| self.u32(field)).collect();
        record.extend(bytes);
        record
    }
}

pub(crate) fn halves(ticks: u64) -> (u32, u32) {
    (u32::try_from(ticks >> 32).unwrap(), u32::try_from(ticks & 0xffff_ffff).unwrap())
}
