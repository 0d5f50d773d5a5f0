//! Every page a colleague can come to, as they come to it: by links and forms from their own pages.
//!
//! What stands in an address is learnt from the links themselves, so that a new page is walked without being named here.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::LazyLock,
};

use liaison::{
    domain::staff::Role,
    web::{self, Route, Who},
};

use super::{
    html::{Form, doors, tokens},
    staffed::{Browser, Staffed},
};

/// Every route, read once.
static ROUTES: LazyLock<Vec<Route>> = LazyLock::new(web::routes);

/// How many pages of one route each role looks at.
const ENOUGH: usize = 12;

/// A page that was opened.
#[derive(Debug, Clone)]
pub(crate) struct Visit {
    /// Whose; `None`: nobody is signed in.
    pub(crate) role: Option<Role>,
    /// Its route.
    pub(crate) route: &'static str,
    pub(crate) path: String,
    pub(crate) body: String,
}

impl Visit {
    /// `teacher`, or `nobody`.
    pub(crate) fn who(&self) -> &'static str {
        self.role.map_or("nobody", Role::as_str)
    }
}

/// What a walk found.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The pages that were opened.
    pub(crate) visits: Vec<Visit>,
    /// Links and routes that led nowhere, each with who followed it.
    pub(crate) dead: Vec<String>,
    /// Routes that sent the colleague on to another.
    pub(crate) sent_on: BTreeSet<&'static str>,
    /// What stood in addresses: by role and place, such as `{pupil}`.
    pub(crate) places: BTreeMap<(Option<Role>, &'static str), BTreeSet<String>>,
    /// Forms by role, with the page they stand on.
    pub(crate) forms: Vec<(Option<Role>, String, Form)>,
}

/// Whether this role is let in.
pub(crate) fn may(route: &Route, role: Option<Role>) -> bool {
    match (route.who, role) {
        (Who::Anyone, _) | (Who::Colleagues, Some(_)) => true,
        (Who::Holders(roles), Some(role)) => roles.contains(&role),
        (_, None) => false,
    }
}

/// The route that serves a path, with what stands in its places.
pub(crate) fn served_by(method: &str, path: &str) -> Option<(Route, Vec<(&'static str, String)>)> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let matched = ROUTES.iter().filter(|route| route.method == method).filter_map(|route| {
        let (wanted, given): (Vec<_>, Vec<_>) = (route.path.split('/').collect(), path.split('/').collect());
        let mut places = Vec::new();
        for (wanted, given) in wanted.iter().zip(&given) {
            if wanted.starts_with('{') {
                places.push((*wanted, (*given).to_owned()));
            } else if wanted != given {
                return None;
            }
        }
        (wanted.len() == given.len()).then_some((*route, places))
    });
    // A word of ours goes before a place.
    matched.min_by_key(|(_, places)| places.len())
}

/// The path with these values in its places, each combination once; the first so many.
pub(crate) fn filled(path: &str, of: &dyn Fn(&str) -> Vec<String>, most: usize) -> Vec<String> {
    let mut paths = vec![String::new()];
    for piece in path.split('/').skip(1) {
        let values = if piece.starts_with('{') { of(piece) } else { vec![piece.to_owned()] };
        paths = paths
            .iter()
            .flat_map(|begun| values.iter().map(move |value| format!("{begun}/{value}")))
            .take(most)
            .collect();
    }
    paths
}

/// Walks the school in every role, and as nobody.
pub(crate) async fn walk(school: &Staffed) -> Walk {
    let mut walk = Walk::default();
    walk.as_one(None, school.browser()).await;
    for role in Role::ALL {
        walk.as_one(Some(*role), school.as_role(*role).await).await;
    }
    walk
}

impl Walk {
    /// Walks as one colleague.
    pub(crate) async fn as_one(&mut self, role: Option<Role>, mut browser: Browser) {
        let own: Vec<Route> =
            ROUTES.iter().filter(|route| route.method == "GET" && may(route, role)).copied().collect();
        let plain = own.iter().filter(|route| !route.path.contains('{')).map(|route| route.path.to_owned());
        let mut next: VecDeque<String> = plain.collect();
        let (mut seen, mut looked) = (BTreeSet::new(), BTreeMap::<String, usize>::new());
        while let Some(path) = next.pop_front() {
            if seen.insert(path.clone()) {
                next.extend(self.open(role, &mut browser, &path, &mut looked).await);
            }
        }
        // Pages that no link leads to, only the answer to a form.
        for route in own {
            if self.visits.iter().any(|visit| visit.role == role && visit.route == route.path) {
                continue;
            }
            let known = |place: &str| {
                let known = self.places.iter().find(|((who, name), _)| *who == role && *name == place);
                known.map(|(_, values)| values.iter().cloned().collect()).unwrap_or_default()
            };
            for path in filled(route.path, &known, 40) {
                if seen.insert(path.clone()) {
                    let answer = browser.get(&path).await;
                    if answer.status == 200 {
                        self.keep(role, route.path, path, answer.body);
                    }
                }
            }
        }
    }

    /// Opens a page. Returns where its links lead.
    async fn open(
        &mut self,
        role: Option<Role>,
        browser: &mut Browser,
        path: &str,
        looked: &mut BTreeMap<String, usize>,
    ) -> Vec<String> {
        let Some((route, places)) = served_by("GET", path) else {
            self.dead.push(format!("{role:?}: no page is served at {path}"));
            return Vec::new();
        };
        for (place, value) in places {
            self.places.entry((role, place)).or_default().insert(value);
        }
        let kind = path.split_once('?').map_or("", |(_, asked)| asked.split('=').next().unwrap_or_default());
        let times = looked.entry(format!("{} {kind}", route.path)).or_default();
        *times += 1;
        if *times > ENOUGH {
            return Vec::new();
        }
        let answer = browser.get(path).await;
        match answer.status {
            200 => self.keep(role, route.path, path.to_owned(), answer.body),
            303 => {
                self.sent_on.insert(route.path);
                vec![answer.to().to_owned()]
            }
            // What only the demo has.
            404 if !path.contains('?') && ROUTES.iter().any(|route| route.path == path) => Vec::new(),
            status => {
                self.dead.push(format!("{role:?}: {path} gave {status}"));
                Vec::new()
            }
        }
    }

    fn keep(&mut self, role: Option<Role>, route: &'static str, path: String, body: String) -> Vec<String> {
        let doors = tokens(&body).map(|tokens| doors(&tokens)).unwrap_or_default();
        for form in doors.forms {
            if let Some((_, places)) = served_by("POST", &form.action) {
                for (place, value) in places {
                    self.places.entry((role, place)).or_default().insert(value);
                }
            }
            self.forms.push((role, path.clone(), form));
        }
        self.visits.push(Visit { role, route, path, body });
        doors.links
    }
}
