//! Bringing along what an entry is related to.
use super::content::{ContentType, ContentTypes};
use crate::service::{App, Params};
use crate::store::Id;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

/// Entries that one event may bring along, on all its levels together: what is beyond them is left out.
const MOST_RELATED: usize = 100;

/// Entries that an event may still bring along.
pub struct Allowance(usize);

impl Allowance {
    /// That of a new event.
    pub fn new() -> Self {
        Allowance(MOST_RELATED)
    }

    fn spend(&mut self) -> bool {
        let is_left = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        is_left
    }
}

/// Puts whole entries in the place of the ids in an entry's relations, so many levels of them; relations further down are left out,
/// so that a cycle of them has an end. One that is gone, or that its service does not give, is null; in a list it is left out.
pub async fn populated(
    app: &App,
    types: &ContentTypes,
    of: &ContentType,
    mut entry: Map<String, Value>,
    (levels, allowance): (usize, &mut Allowance),
) -> Map<String, Value> {
    for (field, uid) in &of.relations {
        let Some(value) = entry.shift_remove(field) else { continue };
        let (Some(target), Some(below)) = (types.of(uid), levels.checked_sub(1)) else { continue };
        let value = match value {
            Value::Array(all) => {
                let mut found = vec![];
                for one in all {
                    found.extend(related(app, types, target, one, (below, &mut *allowance)).await);
                }
                Value::Array(found)
            }
            one => related(app, types, target, one, (below, &mut *allowance)).await.unwrap_or_default(),
        };
        entry.insert(field.clone(), value);
    }
    entry
}

fn related<'a>(
    app: &'a App,
    types: &'a ContentTypes,
    target: &'a ContentType,
    value: Value,
    (levels, allowance): (usize, &'a mut Allowance),
) -> BoxFuture<'a, Option<Value>> {
    async move {
        let entry = match value {
            // Its service has brought it along itself.
            Value::Object(entry) => allowance.spend().then_some(entry)?,
            value => {
                let id = Id::read(&value).ok().flatten().filter(|_| allowance.spend())?;
                found(app, target, id).await?
            }
        };
        Some(Value::Object(populated(app, types, target, entry, (levels, allowance)).await))
    }
    .boxed()
}

async fn found(app: &App, target: &ContentType, id: Id) -> Option<Map<String, Value>> {
    match app.service(&target.service).ok()?.get(id, Params::default()).await {
        Ok(Value::Object(entry)) => Some(entry),
        Ok(_) => None,
        Err(error) => {
            log::debug!("an entry of {} cannot be brought along: {error}", target.uid);
            None
        }
    }
}
