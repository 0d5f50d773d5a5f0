//! Outlook's `winmail.dat` (MS-OXTNEF): the words and files of a mail in a wrapping that only Outlook opens.
//!
//! Read in one pass, nothing is unpacked that is packed in it: words in compressed rich text stay closed, as the mail
//! itself carries them beside, and a mail inside is a file. What breaks off is read as far as it goes.

use std::ops::Range;

use super::limits::Limits;
use super::mapi::{self, Reader};
use super::{decode, words};

/// How the file begins (MS-OXTNEF §2.1.3.1).
const SIGNATURE: u32 = 0x223e_9f78;

/// Attributes of the mail and of a file (MS-OXTNEF §2.1.3.2 and §2.1.3.4).
mod attribute {
    pub(super) const MESSAGE_CLASS: u32 = 0x0007_8008;
    pub(super) const BODY: u32 = 0x0002_800c;
    pub(super) const OEM_CODE_PAGE: u32 = 0x0006_9007;
    pub(super) const PROPERTIES: u32 = 0x0006_9003;
    pub(super) const FILE_BEGINS: u32 = 0x0006_9002;
    pub(super) const FILE_TITLE: u32 = 0x0001_8010;
    pub(super) const FILE_DATA: u32 = 0x0006_800f;
    pub(super) const FILE_PROPERTIES: u32 = 0x0006_9005;
}

/// Properties (MS-OXPROPS), by their numbers.
mod property {
    pub(super) const BODY: u16 = 0x1000;
    pub(super) const RTF_COMPRESSED: u16 = 0x1009;
    pub(super) const HTML: u16 = 0x1013;
    pub(super) const INTERNET_CODE_PAGE: u16 = 0x3fde;
    pub(super) const ATTACH_DATA: u16 = 0x3701;
    pub(super) const ATTACH_FILE_NAME: u16 = 0x3704;
    pub(super) const ATTACH_LONG_FILE_NAME: u16 = 0x3707;
    pub(super) const ATTACH_MIME_TAG: u16 = 0x370e;
}

/// A file in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct File {
    /// As it is called there; not fit to be shown.
    pub(super) name: String,
    /// The media type it is given there; empty: none.
    pub(super) kind: String,
    /// Where its bytes stand in the `winmail.dat`.
    pub(super) bytes: Range<usize>,
}

/// What is in a `winmail.dat`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tnef {
    pub(super) text: String,
    pub(super) html: String,
    /// Words are in it that only Outlook reads.
    pub(super) rich_text: bool,
    pub(super) files: Vec<File>,
    /// What kind of item it is, in lower case: `ipm.note`, `ipm.schedule.meeting.request`.
    pub(super) class: String,
}

impl Tnef {
    /// Whether nothing of it is left for Outlook alone.
    pub(super) fn is_open(&self) -> bool {
        !self.rich_text || !self.text.is_empty() || !self.html.is_empty() || !self.files.is_empty()
    }

    /// An invitation or its answer, as old programs name them too (MS-OXTNEF §2.1.3.6).
    pub(super) fn is_calendar(&self) -> bool {
        ["ipm.schedule.meeting.", "ipm.microsoft schedule.mtg"]
            .iter()
            .any(|start| self.class.starts_with(start))
    }

    /// A note that a mail was read or not.
    pub(super) fn is_receipt(&self) -> bool {
        [".ipnrn", ".ipnnrn"].iter().any(|end| self.class.starts_with("report.") && self.class.ends_with(end))
            || self.class.starts_with("ipm.microsoft mail.read receipt")
    }
}

/// Reads the file; `None`: it is not one.
pub(super) fn read(bytes: &[u8], limits: &Limits) -> Option<Tnef> {
    let mut reader = Reader::new(bytes);
    if reader.u32()? != SIGNATURE {
        return None;
    }
    let _key = reader.u16()?;
    let mut reading = Reading { limits, tnef: Tnef::default(), code_page: None };
    let mut attributes = 0_usize;
    while let Some((id, data)) = attribute(&mut reader) {
        reading.take(id, data, bytes);
        attributes += 1;
    }
    reading.tnef.files.retain(|file| !file.bytes.is_empty());
    (attributes > 0).then_some(reading.tnef)
}

/// One attribute: its number, and where its data stand. The checksum behind them tells nothing that matters here.
fn attribute(reader: &mut Reader) -> Option<(u32, Range<usize>)> {
    let level = reader.u8()?;
    if !matches!(level, 1 | 2) {
        return None;
    }
    let id = reader.u32()?;
    let length = usize::try_from(reader.u32()?).ok()?;
    let data = reader.range(length)?;
    let _checksum = reader.u16();
    Some((id, data))
}

struct Reading<'a> {
    limits: &'a Limits,
    tnef: Tnef,
    code_page: Option<u32>,
}

impl Reading<'_> {
    fn take(&mut self, id: u32, range: Range<usize>, all: &[u8]) {
        let data = all.get(range.clone()).unwrap_or_default();
        match id {
            attribute::OEM_CODE_PAGE => self.code_page = Reader::new(data).u32(),
            attribute::MESSAGE_CLASS => self.tnef.class = self.words(data).to_ascii_lowercase(),
            attribute::BODY if self.tnef.text.is_empty() => self.tnef.text = self.text(data),
            attribute::PROPERTIES => self.properties(data),
            attribute::FILE_BEGINS if self.tnef.files.len() < self.limits.attachments => {
                self.tnef.files.push(File::default());
            }
            attribute::FILE_TITLE => {
                let name = self.words(data);
                self.file(|file| {
                    if file.name.is_empty() {
                        file.name = name;
                    }
                });
            }
            attribute::FILE_DATA => self.file(|file| file.bytes = range),
            attribute::FILE_PROPERTIES => self.file_properties(data, range.start),
            _ => {}
        }
    }

    fn file(&mut self, change: impl FnOnce(&mut File)) {
        if let Some(file) = self.tnef.files.last_mut() {
            change(file);
        }
    }

    fn properties(&mut self, data: &[u8]) {
        let properties: Vec<mapi::Property> = mapi::properties(data).collect();
        for one in &properties {
            if one.id == property::INTERNET_CODE_PAGE {
                self.code_page = Reader::new(data.get(one.value.clone()).unwrap_or_default()).u32();
            }
        }
        for one in properties {
            let value = data.get(one.value.clone()).unwrap_or_default();
            match one.id {
                property::BODY => self.tnef.text = self.said(&one, value, self.limits.text_bytes),
                property::HTML => self.tnef.html = self.said(&one, value, self.limits.html_bytes),
                property::RTF_COMPRESSED => self.tnef.rich_text = true,
                _ => {}
            }
        }
    }

    fn file_properties(&mut self, data: &[u8], start: usize) {
        for one in mapi::properties(data) {
            let value = data.get(one.value.clone()).unwrap_or_default();
            let said = |most| self.said(&one, value.get(..most).unwrap_or(value), most);
            match one.id {
                property::ATTACH_LONG_FILE_NAME => {
                    let name = said(2048);
                    self.file(|file| file.name = name);
                }
                property::ATTACH_FILE_NAME => {
                    let name = said(2048);
                    self.file(|file| {
                        if file.name.is_empty() {
                            file.name = name;
                        }
                    });
                }
                property::ATTACH_MIME_TAG => {
                    let kind = said(300).to_ascii_lowercase();
                    self.file(|file| file.kind = kind);
                }
                property::ATTACH_DATA => {
                    let bytes = start + one.value.start..start + one.value.end;
                    self.file(|file| {
                        if file.bytes.is_empty() {
                            file.bytes = bytes;
                        }
                    });
                }
                _ => {}
            }
        }
    }

    /// A property's words: two bytes a letter, or in the mail's own alphabet.
    fn said(&self, property: &mapi::Property, value: &[u8], most: usize) -> String {
        let value = value.get(..most.saturating_mul(2)).unwrap_or(value);
        if property.is_wide() {
            let wide = value.as_chunks::<2>().0.iter().map(|pair| u16::from_le_bytes(*pair));
            let text: String =
                char::decode_utf16(wide).map(|sign| sign.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
            return words::text(text.trim_end_matches('\0'), most);
        }
        self.text(value)
    }

    fn text(&self, bytes: &[u8]) -> String {
        words::text(&self.words(bytes), self.limits.text_bytes.max(self.limits.html_bytes))
    }

    fn words(&self, bytes: &[u8]) -> String {
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        let bytes = bytes.get(..end.min(self.limits.encoded_bytes())).unwrap_or(bytes);
        decode::characters(bytes, self.code_page.and_then(charset).as_deref()).0
    }
}

/// The name of a Windows code page (Microsoft Learn, "Code Page Identifiers").
fn charset(code_page: u32) -> Option<String> {
    let name = match code_page {
        874 => "windows-874".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        1250..=1258 => format!("windows-{code_page}"),
        20127 => "us-ascii".to_owned(),
        20866 => "koi8-r".to_owned(),
        21866 => "koi8-u".to_owned(),
        28591..=28606 => format!("iso-8859-{}", code_page - 28590),
        65001 => "utf-8".to_owned(),
        _ => return None,
    };
    Some(name)
}
