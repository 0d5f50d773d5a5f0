//! Outlook's properties as `winmail.dat` writes them (MS-OXTNEF §2.1.3.4): numbers, words and bytes, one behind another.

use std::ops::Range;

/// Bytes read from the front; whatever would go beyond the end is `None`.
#[derive(Debug, Clone)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Where the next so many bytes stand.
    pub(super) fn range(&mut self, length: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        let range = self.at..end;
        self.at = end;
        Some(range)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = self.bytes.get(self.at..)?.first_chunk::<N>().copied()?;
        self.at += N;
        Some(array)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        self.u32().and_then(|length| usize::try_from(length).ok())
    }

    /// Values begin at multiples of four bytes.
    fn pad(&mut self) {
        self.at = self.at.next_multiple_of(4);
    }
}

/// A property and where its value stands, the first of several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Property {
    pub(super) id: u16,
    kind: u16,
    pub(super) value: Range<usize>,
}

impl Property {
    /// Whether it is words of two bytes a letter.
    pub(super) const fn is_wide(&self) -> bool {
        self.kind & !SEVERAL == WIDE
    }
}

/// The mark of a property with several values, and kinds whose values tell their length (MS-OXCDATA §2.11.1).
const SEVERAL: u16 = 0x1000;
const OBJECT: u16 = 0x000d;
const NARROW: u16 = 0x001e;
const WIDE: u16 = 0x001f;
const BINARY: u16 = 0x0102;

/// Bytes of the interface's name before an object's own.
const INTERFACE: usize = 16;

/// The properties, up to the first that cannot be read.
pub(super) fn properties(bytes: &[u8]) -> impl Iterator<Item = Property> {
    let mut reader = Reader::new(bytes);
    let count = reader.length().unwrap_or_default();
    std::iter::from_fn(move || property(&mut reader)).take(count)
}

fn property(reader: &mut Reader) -> Option<Property> {
    let kind = reader.u16()?;
    let id = reader.u16()?;
    if id >= 0x8000 {
        skip_name(reader)?;
    }
    let single = kind & !SEVERAL;
    let told = matches!(single, OBJECT | NARROW | WIDE | BINARY);
    let count = if told || kind & SEVERAL != 0 { reader.length()? } else { 1 };
    let mut value = None;
    for _ in 0..count {
        let length = if told { reader.length()? } else { fixed(single)? };
        let mut range = reader.range(length)?;
        reader.pad();
        if single == OBJECT {
            range.start = (range.start + INTERFACE).min(range.end);
        }
        value.get_or_insert(range);
    }
    Some(Property { id, kind, value: value.unwrap_or_default() })
}

/// A property of some program's own carries its name.
fn skip_name(reader: &mut Reader) -> Option<()> {
    reader.range(16)?;
    if reader.u32()? == 0 {
        reader.u32()?;
        return Some(());
    }
    let length = reader.length()?;
    reader.range(length)?;
    reader.pad();
    Some(())
}

/// Bytes of a number, filled up to four.
const fn fixed(kind: u16) -> Option<usize> {
    match kind {
        0x0002 | 0x0003 | 0x0004 | 0x000a | 0x000b => Some(4),
        0x0005 | 0x0006 | 0x0007 | 0x0014 | 0x0040 => Some(8),
        0x0048 => Some(16),
        _ => None,
    }
}
