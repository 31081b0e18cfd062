//! The services that the config declares: their stores are opened before the broker listens, and they are registered beside those of
//! Rust.
use super::{BrokerBuilder, Error};
use crate::service::ServiceConfig;
use crate::store::{OpenError, Store, Stores, UndeclaredIndex};
use std::sync::Arc;
use std::time::Duration;

/// How long all stores together may take to open.
const PATIENCE: Duration = Duration::from_secs(30);

impl BrokerBuilder {
    /// Opens the stores of the services that the config declares, and registers these. Fails where one cannot be opened, and where a
    /// service of Rust is at the same path.
    pub(super) fn declare_services(&mut self) -> Result<(), Error> {
        let declared = std::mem::take(&mut self.config.services);
        for (index, service) in declared.iter().enumerate() {
            if let Some((path, _)) = self.setup.services.iter().find(|(path, _)| service.is_at(path)) {
                return Err(Error::ServiceTwice { index, path: path.clone() });
            }
        }
        if declared.is_empty() {
            return Ok(());
        }
        let to_open = declared.clone();
        // On a thread of the handlers, since connections to a database live as long as the thread that they were made on.
        let opened = self.threads.complete(|| async move { tokio::time::timeout(PATIENCE, open(&to_open)).await });
        let (opened, thread) = opened.ok_or(Error::NoSystem)?;
        let stores = opened.map_err(|_| Error::SlowStores(PATIENCE.as_secs()))??;
        self.setup.threads.push(thread);
        let users = self.config.authentication.service.as_deref();
        let users = users.and_then(|path| declared.iter().find(|service| service.is_at(path)));
        for (service, store) in declared.iter().zip(stores) {
            let registration = service.registration(store);
            // Whatever way leads to the users' documents, none leads to their passwords.
            let registration = match users.is_some_and(|users| users.may_share_documents(service)) {
                true => registration.password(&self.config.authentication.password),
                false => registration,
            };
            self.setup.services.push((service.path.clone(), registration));
        }
        self.config.services = declared;
        Ok(())
    }
}

/// One store for each service, in their order.
async fn open(services: &[ServiceConfig]) -> Result<Vec<Arc<dyn Store>>, Error> {
    let mut stores = Stores::new();
    let mut opened = vec![];
    for (index, service) in services.iter().enumerate() {
        let options = service.store_options();
        let store = stores.open(&service.store, service.table(), options, &service.indexes).await;
        let failed = |source: OpenError| Error::Store { index, address: service.store.to_string(), source };
        opened.push(store.map_err(failed)?);
    }
    tell_of_indexes(&stores).await;
    Ok(opened)
}

/// Warns of indexes that cost time and that no service declares.
async fn tell_of_indexes(stores: &Stores) {
    match stores.undeclared_indexes().await {
        Ok(indexes) => indexes.iter().for_each(|UndeclaredIndex { table, field, removal }| {
            log::warn!(
                "the table {table:?} has an index on {field:?} that no service here declares, and that each write keeps up to date: declare \
                 it in `indexes`, or, if nobody else who shares the table declares it, remove it with {removal}"
            );
        }),
        Err(error) => log::warn!("whether all indexes are declared cannot be told: {error}"),
    }
}
