//! The promises about what arrives and what became of ours, for adapters whose provider posts to us or keeps a list.

use crate::{
    inbound::{Event, KeptText, read_text},
    receipt::{Callback, Forgery, NotBelieved, Progress},
};

use super::{
    Broken, Post, Proof, Rig, Verdict, hold,
    promises::{a_moment_ago, accepted, send, within},
    samples::Sample,
};

const FROM: &str = "+447700900123";
const WORDS: &[&str] = &["Żółw & naïve + % = \"x\" 😀\n\nend ", "CANCEL", " "];

/// A post that is proved gives the whole text, with bytes that give the same text when they are read again; and posted
/// again it is the same text.
pub async fn a_posted_text_is_kept_whole(rig: &dyn Rig) -> Verdict {
    let Some(callback) = rig.sender().callback() else { return Ok(()) };
    for words in WORDS {
        let Some(post) = rig.arrives(FROM, words).await else { return Ok(()) };
        let kept = text(callback, &post)?;
        let again = text(callback, &post)?;

        let sender = kept.text.sender();
        hold(sender.is_some_and(|number| number.expose() == FROM), || {
            "a text is said to be from somebody else".to_owned()
        })?;
        hold(kept.text.body.expose() == words, || "the words of a posted text changed".to_owned())?;
        hold(!kept.text.reference.0.is_empty(), || "a posted text has no reference".to_owned())?;
        hold(kept == again, || "the repeat of a post is another text".to_owned())?;
        reads_again(&kept)?;
    }
    Ok(())
}

/// A post whose proof was changed on the way, or that nothing proves, is called forged. What the proof is, the rig tells.
pub async fn a_forged_post_is_not_believed(rig: &dyn Rig) -> Verdict {
    let Some(callback) = rig.sender().callback() else { return Ok(()) };
    let Some(post) = rig.arrives(FROM, "true words").await else { return Ok(()) };
    let forgeries = match rig.proof() {
        Proof::Signature => in_body(&post),
        Proof::Header(name) => in_header(&post, name),
        Proof::Path => in_path(&post),
    };
    hold(!forgeries.is_empty(), || "the rig's posts have nothing of what it says proves them".to_owned())?;
    for changed in forgeries {
        hold(is_forged(callback, &changed), || {
            "a post is believed although what proves it was changed".to_owned()
        })?;
    }
    let bare = rig.unproved(&post);
    let empty = Post { body: Vec::new(), ..post };
    // A secret path needs no header, and only a signature shows that a body was taken away.
    let missing = Err(NotBelieved::Forged(Forgery::Missing));
    hold(rig.proof() == Proof::Path || callback.events(&bare.posted()) == missing, || {
        "a post without its proof is believed, or is counted among those whose proof is wrong".to_owned()
    })?;
    hold(callback.events(&empty.posted()).is_err(), || "a post is believed without its body".to_owned())?;
    hold(rig.proof() != Proof::Signature || is_forged(callback, &empty), || {
        "a signed post without its body is not called forged".to_owned()
    })
}

fn in_body(post: &Post) -> Vec<Post> {
    let changed = |index: usize| {
        let mut changed = post.clone();
        let byte = changed.body.get_mut(index)?;
        *byte = if *byte == b'0' { b'1' } else { b'0' };
        Some(changed)
    };
    (0..post.body.len()).filter_map(changed).collect()
}

fn in_header(post: &Post, name: &str) -> Vec<Post> {
    let Some(at) = post.headers.iter().position(|(found, _)| found == name) else { return Vec::new() };
    let value = post.headers.get(at).map(|(_, value)| value.clone()).unwrap_or_default();
    let mut forgeries: Vec<_> = garbled(&value)
        .map(|value| {
            let mut changed = post.clone();
            if let Some(header) = changed.headers.get_mut(at) {
                header.1 = value;
            }
            changed
        })
        .collect();
    let mut twice = post.clone();
    twice.headers.push((name.to_owned(), value));
    forgeries.push(twice);
    forgeries
}

fn in_path(post: &Post) -> Vec<Post> {
    garbled(&post.path_and_query).map(|path_and_query| Post { path_and_query, ..post.clone() }).collect()
}

/// The text with one letter changed, at each place; and cut short, and continued.
fn garbled(text: &str) -> impl Iterator<Item = String> {
    let changed = text.char_indices().map(|(at, old)| {
        let new = if old == '0' { '1' } else { '0' };
        text.char_indices().map(|(index, c)| if index == at { new } else { c }).collect()
    });
    let cut = text.char_indices().last().and_then(|(at, _)| text.get(..at)).map(str::to_owned);
    changed.chain(cut).chain([format!("{text}0")])
}

/// Where the provider keeps a list, a text is found there under the name it was posted by, oldest first, and its bytes
/// give the same text when they are read again.
pub async fn texts_that_arrived_are_listed(rig: &dyn Rig) -> Verdict {
    let since = a_moment_ago();
    let mut posts = Vec::new();
    for words in WORDS {
        posts.extend(rig.arrives(FROM, words).await);
    }

    let listed = within(rig, "received", rig.sender().received(since)).await?;

    let Some(listed) =
        listed.map_err(|error| Broken(format!("received fails although all is well: {error}")))?
    else {
        return Ok(());
    };
    listed.iter().try_for_each(reads_again)?;
    let told: Vec<_> = listed.iter().map(|kept| kept.text.body.expose().as_str()).collect();
    hold(posts.is_empty() || told == WORDS, || {
        "the list does not hold the texts that arrived, oldest first".to_owned()
    })?;
    let Some(callback) = rig.sender().callback() else { return Ok(()) };
    for (post, listed) in posts.iter().zip(&listed) {
        let same = text(callback, post)?.text.reference == listed.text.reference;
        hold(same, || "a text has one name in its post and another in the list".to_owned())?;
    }
    Ok(())
}

/// Where the provider keeps a list of our messages, one that was taken is in it under the names that both sides gave it, and has
/// not failed; one that never was taken is not.
pub async fn receipts_are_of_what_was_handed_over(rig: &dyn Rig) -> Verdict {
    let since = a_moment_ago();
    let (sent, unsent) = (Sample::new(rig, 0)?, Sample::new(rig, 0)?);
    let accepted = accepted(send(rig, &sent).await?)?;

    let listed = within(rig, "receipts", rig.sender().receipts(since)).await?;

    let listed = listed.map_err(|error| Broken(format!("receipts fails although all is well: {error}")))?;
    let Some(listed) = listed else { return Ok(()) };
    let ours = listed.iter().find(|receipt| receipt.reference == accepted.reference);
    let right = ours.is_some_and(|receipt| {
        receipt.ours.is_none_or(|ours| ours == sent.message.reference())
            && !matches!(receipt.progress, Progress::Failed(_))
    });
    hold(right, || "the provider's list does not tell how far a message has come that it took".to_owned())?;
    let unsent = listed.iter().any(|receipt| receipt.ours == Some(unsent.message.reference()));
    hold(!unsent, || "receipts tells of a message that was never sent".to_owned())
}

fn reads_again(kept: &KeptText) -> Verdict {
    let again = read_text(kept.form, kept.raw.expose());
    hold(again.as_ref() == Some(&kept.text), || {
        "kept bytes give another text when they are read again".to_owned()
    })
}

fn text(callback: &dyn Callback, post: &Post) -> Result<KeptText, Broken> {
    match callback.events(&post.posted()).as_deref() {
        Ok([Event::Text(kept)]) => Ok((**kept).clone()),
        Ok(_) => Err(Broken("the post of one text does not give one text".to_owned())),
        Err(why) => Err(Broken(format!("a post of the provider's is not believed: {why}"))),
    }
}

fn is_forged(callback: &dyn Callback, post: &Post) -> bool {
    matches!(callback.events(&post.posted()), Err(NotBelieved::Forged(_)))
}
