//! Reading the documents of roles, permissions, API tokens and users from their services.
use super::config::Config;
use super::rights::Documents;
use super::state::State;
use crate::broker::Node;
use crate::service::{App, Params, ServiceError};
use crate::store::Id;
use crate::types::ReplyError;
use futures_util::StreamExt;
use serde_json::Value;
use smol_str::SmolStr;
use std::sync::Arc;

/// Documents of one service that are heeded.
const MOST: usize = 10_000;
/// Users that are read at a time.
const AT_ONCE: usize = 16;

/// What has been read.
pub struct Reading {
    /// All roles, permissions and API tokens; none where they were not asked for.
    pub rights: Option<Result<Documents, ServiceError>>,
    /// Some users; one that is gone has no document.
    pub users: Vec<(SmolStr, Result<Option<Value>, ReplyError>)>,
}

/// Reads all roles, permissions and API tokens. Fails where one of the services does, where one answers with a part of its documents,
/// and where there are more than 10,000.
pub async fn rights(app: &App, config: &Config) -> Result<Documents, ServiceError> {
    let (roles, permissions, tokens) = futures_util::join!(
        all(app, config.roles.as_deref()),
        all(app, config.permissions.as_deref()),
        all(app, config.tokens.as_deref())
    );
    Ok(Documents { roles: roles?, permissions: permissions?, tokens: tokens? })
}

async fn all(app: &App, path: Option<&str>) -> Result<Vec<Value>, ServiceError> {
    let Some(path) = path else { return Ok(vec![]) };
    let mut params = Params::default();
    params.paginate = Some(false);
    let documents = match app.service(path)?.find(params).await? {
        Value::Array(documents) => documents,
        mut page => {
            let total = page["total"].as_u64();
            let Value::Array(documents) = page["data"].take() else {
                return Err(ServiceError::general_error(format!("'{path}' does not find documents")));
            };
            // With a part of them, somebody might keep what was taken away, or get what is another's.
            if total != Some(documents.len() as u64) {
                let message = format!("'{path}' finds a page of its documents where all are asked for");
                return Err(ServiceError::general_error(message));
            }
            documents
        }
    };
    match documents.len() > MOST {
        true => Err(ServiceError::general_error(format!("'{path}' has more than {MOST} documents"))),
        false => Ok(documents),
    }
}

/// Reads these users.
pub async fn users(
    state: &Arc<State>,
    node: &Node,
    ids: Vec<SmolStr>,
) -> Vec<(SmolStr, Result<Option<Value>, ReplyError>)> {
    let read = ids.into_iter().map(async |id| {
        let user = state.user_document(node, Id::from(id.as_str())).await;
        (id, user)
    });
    futures_util::stream::iter(read).buffer_unordered(AT_ONCE).collect().await
}
