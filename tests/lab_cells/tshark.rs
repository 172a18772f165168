//! tshark's reading of a capture beside ours: the fields of every Router Advertisement and DHCPv6 message must be the same.

use std::fs::File;
use std::path::Path;

use v6check::capture::{self, Item, Reader};
use v6check::facts::hexadecimal;
use v6check::wire::dhcpv6::DhcpOption;
use v6check::wire::frame::Frame;
use v6check::wire::message::Message;
use v6check::wire::ndp::{NdOption, RouterAdvertisement};
use v6check_lab::needs;

/// What tshark calls the fields, in the order of [`fields`].
const FIELDS: [&str; 29] = [
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "icmpv6.nd.ra.cur_hop_limit",
    "icmpv6.nd.ra.flag",
    "icmpv6.nd.ra.router_lifetime",
    "icmpv6.nd.ra.reachable_time",
    "icmpv6.nd.ra.retrans_timer",
    "icmpv6.opt.type",
    "icmpv6.opt.prefix",
    "icmpv6.opt.prefix.length",
    "icmpv6.opt.prefix.flag",
    "icmpv6.opt.prefix.valid_lifetime",
    "icmpv6.opt.prefix.preferred_lifetime",
    "icmpv6.opt.mtu",
    "dhcpv6.msgtype",
    "dhcpv6.xid",
    "dhcpv6.option.type",
    "dhcpv6.duid.bytes",
    "dhcpv6.iaid",
    "dhcpv6.iaid.t1",
    "dhcpv6.iaid.t2",
    "dhcpv6.iaaddr.ip",
    "dhcpv6.iaaddr.pref_lifetime",
    "dhcpv6.iaaddr.valid_lifetime",
    "dhcpv6.requested_option_code",
    "dhcpv6.elapsed_time",
    "dhcpv6.status_code",
    "dhcpv6.status_msg",
];
/// Where the fields of a Router Advertisement and those of a DHCPv6 message begin.
const OF_ADVERTISEMENT: usize = 3;
const OF_DHCPV6: usize = 15;

/// Where tshark and we read `capture` differently; a line for each message, and one if there is none at all.
pub(crate) fn differences(capture: &Path) -> Result<Vec<String>, String> {
    let ours = ours(capture)?;
    let theirs = theirs(capture)?;
    let mut wrong = Vec::new();
    if ours.is_empty() || ours.len() != theirs.len() {
        wrong.push(format!("{}: we read {} messages, tshark reads {}", capture.display(), ours.len(), theirs.len()));
    }
    for (ours, theirs) in ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs) {
        wrong.push(format!("{}: we read     {ours}\n  tshark reads {theirs}", capture.display()));
    }
    Ok(wrong)
}

fn theirs(capture: &Path) -> Result<Vec<String>, String> {
    let mut command = needs::command("tshark");
    command.arg("-r").arg(capture).args(["-Y", "icmpv6.type == 134 || dhcpv6", "-T", "fields", "-E", "separator=|"]);
    for field in FIELDS {
        command.args(["-e", field]);
    }
    let output = command.output().map_err(|error| format!("tshark: {error}"))?;
    if !output.status.success() {
        return Err(format!("tshark: {}", String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

fn ours(capture: &Path) -> Result<Vec<String>, String> {
    let mut reader = Reader::new(File::open(capture).map_err(|error| error.to_string())?).map_err(|error| error.to_string())?;
    let mut lines = Vec::new();
    while let Some(item) = reader.next().map_err(|error| error.to_string())? {
        let Item::Packet(packet) = item else { continue };
        let Some(bytes) = capture::ethernet(packet.link_type, packet.bytes) else { continue };
        let Some((frame, _)) = Frame::parse(&bytes) else { continue };
        lines.extend(fields(&frame).map(|fields| fields.map(|values| values.join(",")).join("|")));
    }
    Ok(lines)
}

/// The fields of a Router Advertisement or DHCPv6 message, each with all of its values in order.
fn fields(frame: &Frame<'_>) -> Option<[Vec<String>; FIELDS.len()]> {
    let mut all = [const { Vec::new() }; FIELDS.len()];
    all[0].push(frame.source.to_string());
    all[1].push(frame.destination.to_string());
    all[2].push(frame.hop_limit.to_string());
    match &Message::of(frame).0 {
        Message::RouterAdvertisement(message) => advertisement(message, &mut all[OF_ADVERTISEMENT..OF_DHCPV6]),
        Message::FromClient(message) | Message::ToClient(message) => {
            let dhcpv6 = &mut all[OF_DHCPV6..];
            dhcpv6[0].push(message.kind.to_string());
            dhcpv6[1].push(format!("{:#08x}", message.transaction_id));
            options(&message.options, dhcpv6);
        }
        _ => return None,
    }
    Some(all)
}

fn advertisement(message: &RouterAdvertisement, to: &mut [Vec<String>]) {
    to[0].push(message.current_hop_limit.to_string());
    to[1].push(format!("{:#04x}", message.flags));
    to[2].push(message.lifetime_s.to_string());
    to[3].push(message.reachable_ms.to_string());
    to[4].push(message.retransmit_ms.to_string());
    for option in &message.options {
        let kind = match option {
            NdOption::SourceLinkLayerAddress(_) => 1,
            NdOption::PrefixInformation(prefix) => {
                to[6].push(prefix.prefix.to_string());
                to[7].push(prefix.length.to_string());
                to[8].push(format!("{:#04x}", prefix.flags));
                to[9].push(prefix.valid_s.to_string());
                to[10].push(prefix.preferred_s.to_string());
                3
            }
            NdOption::Mtu(_, mtu) => {
                to[11].push(mtu.to_string());
                5
            }
            NdOption::Other(kind, _) => *kind,
            NdOption::Rest(_) => continue,
        };
        to[5].push(kind.to_string());
    }
}

fn options(list: &[DhcpOption], to: &mut [Vec<String>]) {
    for option in list {
        let (code, nested): (u16, &[DhcpOption]) = match option {
            DhcpOption::ClientId(duid) => {
                to[3].push(hexadecimal(duid));
                (1, &[])
            }
            DhcpOption::ServerId(duid) => {
                to[3].push(hexadecimal(duid));
                (2, &[])
            }
            DhcpOption::IaNa { iaid, t1_s, t2_s, options } => {
                to[4].push(format!("{iaid:08x}"));
                to[5].push(t1_s.to_string());
                to[6].push(t2_s.to_string());
                (3, options)
            }
            DhcpOption::IaAddress { address, preferred_s, valid_s, options } => {
                to[7].push(address.to_string());
                to[8].push(preferred_s.to_string());
                to[9].push(valid_s.to_string());
                (5, options)
            }
            DhcpOption::OptionRequest(codes) => {
                to[10].extend(codes.iter().map(u16::to_string));
                (6, &[])
            }
            DhcpOption::Preference(_) => (7, &[]),
            DhcpOption::ElapsedTime(hundredths) => {
                // tshark 4.0 shows milliseconds.
                to[11].push((u32::from(*hundredths) * 10).to_string());
                (8, &[])
            }
            DhcpOption::StatusCode(code, text) => {
                to[12].push(code.to_string());
                if !text.is_empty() {
                    to[13].push(String::from_utf8_lossy(text).into_owned());
                }
                (13, &[])
            }
            // An IA_PD's IAID, T1 and T2 have the names of an IA_NA's.
            DhcpOption::Other(code @ 25, data) => {
                let mut numbers = data.chunks_exact(4).map(|bytes| u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
                to[4].extend(numbers.next().map(|iaid| format!("{iaid:08x}")));
                to[5].extend(numbers.next().map(|t1_s| t1_s.to_string()));
                to[6].extend(numbers.next().map(|t2_s| t2_s.to_string()));
                (*code, &[])
            }
            DhcpOption::Other(code, _) => (*code, &[]),
            DhcpOption::Rest(_) => continue,
        };
        to[2].push(code.to_string());
        options(nested, to);
    }
}
