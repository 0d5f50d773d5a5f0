//! What holds of every page: it is whole, it can be read aloud and used by keyboard, and nothing on it runs.

use std::collections::BTreeSet;

use liaison::web::Who;

use crate::support::{
    html::{Tag, Token, VOID, doors, tokens},
    walk::served_by,
};

/// The elements our pages are made of. One that is not here was brought in by somebody's words, or is to be added here
/// knowingly.
const ELEMENTS: &[&str] = &[
    "html",
    "head",
    "meta",
    "title",
    "link",
    "body",
    "header",
    "nav",
    "main",
    "footer",
    "aside",
    "section",
    "article",
    "div",
    "p",
    "span",
    "h1",
    "h2",
    "h3",
    "h4",
    "ul",
    "ol",
    "li",
    "dl",
    "dt",
    "dd",
    "a",
    "strong",
    "mark",
    "path",
    "em",
    "bdi",
    "code",
    "time",
    "br",
    "hr",
    "abbr",
    "address",
    "blockquote",
    "form",
    "fieldset",
    "legend",
    "label",
    "input",
    "button",
    "select",
    "optgroup",
    "option",
    "textarea",
    "details",
    "summary",
    "table",
    "caption",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "th",
    "td",
    "progress",
    "meter",
    "figure",
    "figcaption",
    "svg",
    "path",
    "rect",
    "g",
];

/// Where an address may lead: into the site, to a place on the page, or to the telephone.
fn is_ours(address: &str) -> bool {
    (address.starts_with('/') && !address.starts_with("//"))
        || address.starts_with('#')
        || address.starts_with("tel:")
}

/// Everything that is wrong with a page, in words.
pub(crate) fn faults(html: &str, signed_in: bool) -> Vec<String> {
    let tokens = match tokens(html) {
        Ok(tokens) => tokens,
        Err(why) => return vec![why],
    };
    let mut faults = nesting(&tokens);
    let tags: Vec<&Tag> = tokens.iter().filter_map(tag).collect();
    faults.extend(tags.iter().flat_map(|tag| alone(tag)));
    faults.extend(head(&tags));
    faults.extend(names(&tags));
    faults.extend(headings(&tags));
    faults.extend(forms(&tokens, signed_in));
    faults
}

fn tag(token: &Token) -> Option<&Tag> {
    match token {
        Token::Open(tag) => Some(tag),
        Token::Close(_) | Token::Text(_) => None,
    }
}

/// All that is open now holds words.
fn say(open: &mut [(&str, bool)]) {
    for (_, words) in open {
        *words = true;
    }
}

/// Every tag closes, in order; labels, links, buttons and headings hold words.
fn nesting(tokens: &[Token]) -> Vec<String> {
    let (mut faults, mut open) = (Vec::new(), Vec::<(&str, bool)>::new());
    for token in tokens {
        match token {
            Token::Text(text) => {
                if !text.trim().is_empty() {
                    say(&mut open);
                }
            }
            Token::Open(tag) => {
                let twice = ["form", "a", "button", "label", "p"].contains(&tag.name.as_str());
                if twice && open.iter().any(|(name, _)| *name == tag.name) {
                    faults.push(format!("<{0}> inside <{0}>", tag.name));
                }
                if tag.get("aria-label").is_some() {
                    say(&mut open);
                }
                if !VOID.contains(&tag.name.as_str()) {
                    open.push((&tag.name, tag.get("aria-label").is_some()));
                }
            }
            Token::Close(name) => match open.pop() {
                Some((opened, words)) if opened == name => {
                    let wordy = [
                        "a", "button", "label", "legend", "summary", "h1", "h2", "h3", "h4", "title",
                        "caption",
                    ];
                    if !words && wordy.contains(&name.as_str()) {
                        faults.push(format!("an empty <{name}>"));
                    }
                }
                other => faults.push(format!("</{name}> closes {other:?}")),
            },
        }
    }
    faults.extend(open.into_iter().map(|(name, _)| format!("<{name}> is never closed")));
    faults
}

/// What a tag may not be or have, wherever it stands.
fn alone(tag: &Tag) -> Vec<String> {
    let mut faults = Vec::new();
    if !ELEMENTS.contains(&tag.name.as_str()) {
        faults.push(format!("<{}> is no element of our pages", tag.name));
    }
    for (name, value) in &tag.attributes {
        if name.starts_with("on")
            || ["style", "srcdoc", "http-equiv", "autofocus", "target"].contains(&name.as_str())
        {
            faults.push(format!("<{} {name}=\"{value}\">", tag.name));
        }
        if ["href", "action", "formaction", "src"].contains(&name.as_str()) && !is_ours(value) {
            faults.push(format!("<{} {name}=\"{value}\"> leads elsewhere", tag.name));
        }
    }
    if tag.name == "th" && tag.get("scope").is_none() {
        faults.push("a <th> without a scope".to_owned());
    }
    faults
}

fn head(tags: &[&Tag]) -> Vec<String> {
    let mut faults = Vec::new();
    let count = |name: &str| tags.iter().filter(|tag| tag.name == name).count();
    for once in ["html", "head", "title", "body", "main", "h1"] {
        if count(once) != 1 {
            faults.push(format!("{} <{once}>", count(once)));
        }
    }
    if !tags.iter().any(|tag| tag.name == "html" && tag.get("lang") == Some("en-GB")) {
        faults.push("the page does not say its language".to_owned());
    }
    if count("caption") != count("table") {
        faults.push("a table without a caption".to_owned());
    }
    if count("legend") != count("fieldset") {
        faults.push("a fieldset without a legend".to_owned());
    }
    faults
}

/// Names of places are unique, whatever refers to one finds it, and every field has a label.
fn names(tags: &[&Tag]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut ids = BTreeSet::new();
    for id in tags.iter().filter_map(|tag| tag.get("id")) {
        if id.is_empty() || id.contains(char::is_whitespace) || !ids.insert(id) {
            faults.push(format!("the id '{id}' stands twice or is none"));
        }
    }
    for tag in tags {
        for by in ["for", "aria-describedby", "aria-labelledby", "aria-controls", "list"] {
            for id in tag.get(by).unwrap_or_default().split_whitespace().filter(|id| !ids.contains(id)) {
                faults.push(format!("{by}=\"{id}\" finds nothing"));
            }
        }
        if let Some(id) = tag.get("href").and_then(|href| href.strip_prefix('#'))
            && !ids.contains(id)
        {
            faults.push(format!("the link to #{id} finds nothing"));
        }
    }
    let labelled: BTreeSet<_> = tags.iter().filter_map(|tag| tag.get("for")).collect();
    for field in tags.iter().filter(|tag| ["input", "select", "textarea"].contains(&tag.name.as_str())) {
        let named = field.get("aria-label").is_some()
            || field.get("aria-labelledby").is_some()
            || field.get("id").is_some_and(|id| labelled.contains(id));
        if !named && field.get("type") != Some("hidden") {
            faults.push(format!("the field '{}' has no label", field.get("name").unwrap_or_default()));
        }
    }
    faults
}

/// From the page's own heading on none skips a level. The box that tells of a problem stands before it.
fn headings(tags: &[&Tag]) -> Vec<String> {
    let level = |tag: &&Tag| tag.name.strip_prefix('h').and_then(|level| level.parse::<u8>().ok());
    let levels: Vec<u8> = tags.iter().filter_map(level).skip_while(|level| *level != 1).collect();
    let jumps = levels.windows(2).filter(|pair| pair[1] > pair[0] + 1);
    jumps.map(|pair| format!("<h{}> after <h{}>", pair[1], pair[0])).collect()
}

/// What a form that only narrows a list may hold: nothing that anybody types, for it stands in the address afterwards.
const NARROWING: [&str; 6] = ["select", "date", "hidden", "button", "checkbox", "radio"];

/// Every form posts, and proves whose page it is from; one that only narrows a list need not.
fn forms(tokens: &[Token], signed_in: bool) -> Vec<String> {
    let mut faults = Vec::new();
    for form in doors(tokens).forms {
        if form.method != "post" {
            if form.fields.is_empty()
                || !form.fields.iter().all(|field| NARROWING.contains(&field.kind.as_str()))
            {
                faults.push(format!("the form of {} does not post", form.action));
            }
            continue;
        }
        if !form.fields.iter().any(|field| field.kind == "button") {
            faults.push(format!("the form of {} has no button", form.action));
        }
        // On a page for anybody nobody need be signed in, so that there is no key the form could carry.
        let marked =
            signed_in && served_by("POST", &form.action).is_none_or(|(route, _)| route.who != Who::Anyone);
        for mark in ["form_key", "once"] {
            let marks = form.fields.iter().filter(|field| field.name == mark && field.kind == "hidden");
            let marks: Vec<_> = marks.map(|field| field.value.as_str()).collect();
            if marked && (marks.len() != 1 || marks[0].is_empty()) {
                faults.push(format!("the form of {} has no {mark}", form.action));
            }
        }
    }
    faults
}

const WHOLE: &str = "<!doctype html>\n<html lang=\"en-GB\"><head><title>T</title></head><body><main><h1>H</h1>\
                     </main></body></html>";

#[test]
fn the_rules_see_what_is_broken() {
    let with = |inside: &str| faults(&WHOLE.replace("</main>", &format!("{inside}</main>")), true);

    assert_eq!(with("<p>well &#38; good</p>"), Vec::<String>::new());
    for broken in [
        "<script>alert(1)</script>",
        "<p onclick=\"x\">a</p>",
        "<p style=\"x\">a</p>",
        "<p>a & b</p>",
        "<p>a < b</p>",
        "<p class=\"a\"b\">c</p>",
        "<p class='a'>b</p>",
        "<p>never closed",
        "<a href=\"javascript:x\">a</a>",
        "<a href=\"//evil.example\">a</a>",
        "<a href=\"/x\"></a>",
        "<a href=\"#nowhere\">a</a>",
        "<h3>too deep</h3>",
        "<h1>again</h1>",
        "<p id=\"a\">a</p><p id=\"a\">b</p>",
        "<input name=\"a\">",
        "<form method=\"post\" action=\"/x\"><button>b</button></form>",
        "<form method=\"get\" action=\"/x\"></form>",
        "<table><tbody><tr><td>a</td></tr></tbody></table>",
        "<!-- a comment -->",
    ] {
        assert!(!with(broken).is_empty(), "{broken} was let through");
    }
}
