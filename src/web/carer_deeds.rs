//! What is changed on a carer's page: how they want to be told, and their addresses.

use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    Served, Web, Who,
    carers::{PLACES, show_refused},
    frame::Wrong,
    guard::Signed,
    people::READERS,
    post,
    restrictions::KEEPERS,
    sent::{Did, Sent, once},
};
use crate::{
    domain::{
        ids::{AddressId, CarerId},
        people::{AddressKind, Purpose, Route},
    },
    flows::{FlowError, newsletters as newsletter_wish, people},
    store::{StoreError, carers},
};

pub(super) fn served() -> Vec<Served> {
    let keepers = Who::Holders(KEEPERS);
    vec![
        // A teacher hears at the gate how a carer of the class wants to be told.
        post("/carers/{carer}/preference", Who::Holders(READERS), preference),
        post("/carers/{carer}/newsletters", keepers, newsletters),
        post("/carers/{carer}/still-right", keepers, still_right),
        post("/carers/{carer}/addresses", keepers, add),
        post("/carers/{carer}/addresses/{address}/remove", keepers, remove),
        post("/carers/{carer}/addresses/{address}/good", keepers, good),
    ]
}

/// The carer, where there is one for this colleague; proved before anything is done.
async fn seen(web: &Web, signed: &Signed, carer: &str) -> Result<CarerId, Wrong> {
    let carer: CarerId = carer.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let known = carers::find(&mut tx, carer).await?;
    tx.commit().await.map_err(StoreError::from)?;
    known.map(|known| known.id).ok_or(Wrong::Absent)
}

/// The address, where it is or was this carer's and the colleague may see it.
async fn seen_address(
    web: &Web,
    signed: &Signed,
    carer: &str,
    address: &str,
) -> Result<(CarerId, AddressId), Wrong> {
    let carer = seen(web, signed, carer).await?;
    let address: AddressId = address.parse().map_err(|_| Wrong::Absent)?;
    let mut tx = web.gateway.store.as_colleague(signed.staff()).await?;
    let all = carers::addresses(&mut tx, carer).await?;
    tx.commit().await.map_err(StoreError::from)?;
    let known = all.iter().any(|row| row.id == address);
    if known { Ok((carer, address)) } else { Err(Wrong::Absent) }
}

async fn finish(
    web: &Web,
    signed: &Signed,
    carer: CarerId,
    sent: &Sent,
    work: impl Future<Output = Result<String, FlowError>> + Send,
) -> Result<Response, Wrong> {
    match once(web, signed, sent, work).await? {
        Did::Done(response) => Ok(response),
        Did::Refused(sentence) => show_refused(web, signed, carer, &sentence, sent.fields.clone()).await,
    }
}

async fn preference(
    State(web): State<Web>,
    signed: Signed,
    Path(carer): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let carer = seen(&web, &signed, &carer).await?;
    let work = async {
        let purpose = Purpose::parse(sent.fields.text("purpose"))
            .map_err(|_| FlowError::Refused("choose what for".to_owned()))?;
        let chosen = PLACES.iter().map(|(field, _)| sent.fields.text(field)).filter(|word| !word.is_empty());
        let routes: Result<Vec<_>, _> = chosen.map(Route::parse).collect();
        let routes = routes.map_err(|_| FlowError::Refused("choose the routes from the lists".to_owned()))?;
        let word = sent.fields.text("word");
        people::set_preference(&web.gateway, carer, purpose, &routes, word, &signed.by()).await?;
        Ok(format!("/carers/{carer}?done=wish"))
    };
    Box::pin(finish(&web, &signed, carer, &sent, work)).await
}

async fn still_right(
    State(web): State<Web>,
    signed: Signed,
    Path(carer): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let carer = seen(&web, &signed, &carer).await?;
    let work = async {
        people::still_right(&web.gateway, carer, sent.fields.text("heard"), &signed.by()).await?;
        Ok(format!("/carers/{carer}?done=still-right"))
    };
    Box::pin(finish(&web, &signed, carer, &sent, work)).await
}

async fn newsletters(
    State(web): State<Web>,
    signed: Signed,
    Path(carer): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let carer = seen(&web, &signed, &carer).await?;
    let work = async {
        let (wanted, word) =
            (sent.fields.text("newsletters") == "again", sent.fields.text("newsletters-word"));
        newsletter_wish::record(&web.gateway, carer, wanted, word, &signed.by()).await?;
        Ok(format!("/carers/{carer}?done=wish"))
    };
    Box::pin(finish(&web, &signed, carer, &sent, work)).await
}

async fn add(
    State(web): State<Web>,
    signed: Signed,
    Path(carer): Path<String>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let carer = seen(&web, &signed, &carer).await?;
    let work = async {
        let kind = AddressKind::parse(sent.fields.text("kind"))
            .map_err(|_| FlowError::Refused("choose what kind of address it is".to_owned()))?;
        let (value, first) = (sent.fields.text("value"), sent.fields.ticked("first"));
        people::add_address(&web.gateway, carer, kind, value, first, people::Proven::ByWord, &signed.by())
            .await?;
        Ok(format!("/carers/{carer}?done=address"))
    };
    Box::pin(finish(&web, &signed, carer, &sent, work)).await
}

async fn remove(
    State(web): State<Web>,
    signed: Signed,
    Path((carer, address)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (carer, address) = seen_address(&web, &signed, &carer, &address).await?;
    let work = async {
        people::remove_address(&web.gateway, carer, address, &signed.by()).await?;
        Ok(format!("/carers/{carer}?done=address-gone"))
    };
    Box::pin(finish(&web, &signed, carer, &sent, work)).await
}

async fn good(
    State(web): State<Web>,
    signed: Signed,
    Path((carer, address)): Path<(String, String)>,
    sent: Sent,
) -> Result<Response, Wrong> {
    let (carer, address) = seen_address(&web, &signed, &carer, &address).await?;
    let work = async {
        people::mark_good(&web.gateway, carer, address, &signed.by()).await?;
        Ok(format!("/carers/{carer}?done=address-good"))
    };
    Box::pin(finish(&web, &signed, carer, &sent, work)).await
}
