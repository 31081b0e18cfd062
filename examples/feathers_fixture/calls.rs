//! Services whose calls and errors the suites look at.
use callboard::server::BrokerBuilder;
use callboard::service::{
    ErrorClass, Method, Methods, Params, Publication, Registration, Service, ServiceError, ServiceListener,
    ServiceResult, Stored,
};
use callboard::store::{Id, MemoryStore, Multi, Paginate, StoreOptions};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

pub fn register(builder: BrokerBuilder) -> BrokerBuilder {
    let pages = StoreOptions {
        paginate: Some(Paginate { default: 10, max: Some(50) }),
        multi: Multi::ALL,
        ..StoreOptions::default()
    };
    // The suites keep documents of many megabytes there.
    let large = StoreOptions { max_document_bytes: 20_000_000, ..StoreOptions::default() };
    let unheard = Stored::new(MemoryStore::new(large));
    builder
        .service("messages", everyone(Stored::new(MemoryStore::new(pages))))
        .service("notes", everyone(Stored::new(MemoryStore::new(StoreOptions::default()))))
        .service("unheard", Registration::of(unheard).publish(|_, _| Publication::NOBODY))
        .service("echo", everyone(Echo))
        .service("users/:userId/items", everyone(Echo))
        .service("payments", everyone(payments()))
        .service("faults", everyone(faults()))
        .service("never", everyone(Methods::new().get(async |_, _| std::future::pending().await)))
        .service("heard", everyone(Heard::default()))
}

/// A service whose events all connections may have.
fn everyone(service: impl Service) -> Registration {
    Registration::of(service).for_everyone()
}

/// Returns what it was called with.
struct Echo;

fn echoed(id: Option<Id>, data: Value, params: Params) -> ServiceResult {
    Ok(json!({
        "id": id.map(Value::from), "data": data, "query": params.query, "route": params.route, "user": params["user"],
        "provider": params.provider.map(|provider| provider.name()), "agent": params.headers.get("user-agent"),
    }))
}

impl Service for Echo {
    fn methods(&self) -> Vec<Method> {
        [&Method::STANDARD[..], &[Method::named("archive")]].concat()
    }

    async fn find(&self, params: Params) -> ServiceResult {
        echoed(None, Value::Null, params)
    }

    async fn get(&self, id: Id, params: Params) -> ServiceResult {
        echoed(Some(id), Value::Null, params)
    }

    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        echoed(None, data, params)
    }

    async fn update(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        echoed(id, data, params)
    }

    async fn patch(&self, id: Option<Id>, data: Value, params: Params) -> ServiceResult {
        echoed(id, data, params)
    }

    async fn remove(&self, id: Option<Id>, params: Params) -> ServiceResult {
        echoed(id, Value::Null, params)
    }

    async fn custom(&self, _: &str, data: Value, params: Params) -> ServiceResult {
        echoed(None, data, params)
    }
}

/// Lists the event `status`, and not the event `audit`.
fn payments() -> Methods {
    Methods::new()
        .event("status")
        .create(async |data, params| {
            params.emit("status", json!({"run": data["run"], "status": "created"}))?;
            params.emit("audit", json!({"run": data["run"], "status": "audited"}))?;
            params.emit("status", json!({"run": data["run"], "status": "completed"}))?;
            Ok(json!({"run": data["run"], "paid": data["amount"]}))
        })
        .custom("refund", async |data, _| Ok(json!({"run": data["run"], "refunded": data["amount"]})))
}

/// Fails as it is told.
fn faults() -> Methods {
    Methods::new()
        .create(async |data, _| {
            let name = data["name"].as_str();
            let class = ErrorClass::ALL.iter().find(|class| Some(class.name()) == name);
            let class = class.ok_or_else(|| ServiceError::bad_request("There is no such class"))?;
            let error = ServiceError::new(*class, data["message"].as_str().unwrap_or_default().to_owned());
            Err(if data["data"].is_null() { error } else { error.with_data(data["data"].clone()) })
        })
        .get(async |_, _| panic!("this service breaks"))
}

/// Listens inside the process, as it is told, and tells what it has heard.
#[derive(Default)]
struct Heard {
    heard: Arc<Mutex<HashMap<String, Vec<Value>>>>,
    listeners: RefCell<HashMap<String, Vec<(String, ServiceListener)>>>,
}

impl Service for Heard {
    /// Listens to an `event` of a `service`, for what belongs to one `run` of a test.
    async fn create(&self, data: Value, params: Params) -> ServiceResult {
        let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        let (run, service) = (text("run"), text("service"));
        let (all, mine) = (self.heard.clone(), run.clone());
        let listener = move |event: &Value, call: Option<&callboard::service::HookContext>| {
            if event["run"].as_str() == Some(&mine) {
                let method = call.map(|call| call.method.name());
                let heard = json!({"text": event["text"], "method": method, "path": call.map(|call| &call.path)});
                // Whoever panicked with it has left it whole.
                all.lock().unwrap_or_else(PoisonError::into_inner).entry(mine.clone()).or_default().push(heard);
            }
        };
        let handle = params.app()?.service(&service)?;
        let listener = match data["once"].as_bool() {
            Some(true) => handle.once(&text("event"), listener)?,
            _ => handle.on(&text("event"), listener)?,
        };
        self.listeners.borrow_mut().entry(run).or_default().push((service, listener));
        Ok(json!({}))
    }

    async fn get(&self, run: Id, _: Params) -> ServiceResult {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(heard.get(run.key().as_str()).cloned().unwrap_or_default().into())
    }

    /// Removes the listener that was added last.
    async fn remove(&self, run: Option<Id>, params: Params) -> ServiceResult {
        let run = run.ok_or_else(|| ServiceError::bad_request("Whose?"))?;
        let last = self.listeners.borrow_mut().get_mut(run.key().as_str()).and_then(Vec::pop);
        let (service, listener) = last.ok_or_else(|| ServiceError::not_found("Nobody listens"))?;
        Ok(json!({"removed": params.app()?.service(&service)?.remove_listener(listener)}))
    }
}
