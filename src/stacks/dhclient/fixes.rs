//! The fix for ISC dhclient before 4.4, which gives its script a length of 64: a line of the script that sets 128.

use super::{SCRIPT, VARIABLE};
use crate::facts::FileLine;
use crate::image::Image;
use crate::stacks::fixes::{Step, insert_after};

/// `new_ip6_prefixlen=128` behind the first line of dhclient-script, which names its interpreter.
pub(crate) fn fix(image: &Image) -> Option<Step> {
    let at = FileLine { path: SCRIPT.to_owned(), line: 1 };
    Some(insert_after(image, &at, [format!("{VARIABLE}=128")])?.into())
}
