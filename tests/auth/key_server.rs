//! A real server of key sets, whose keys change.
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::Jwk;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

/// A server of key sets on a free port of the loopback address. Where nothing is said, what it tells is told at `/keys`.
pub struct KeyServer {
    /// Where it is, without a path.
    pub address: String,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    answers: HashMap<String, (u16, String)>,
    asked: HashMap<String, usize>,
}

impl KeyServer {
    pub fn start(keys: &[Value]) -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let data = web::Data::from(state.clone());
        let server = HttpServer::new(move || App::new().app_data(data.clone()).default_service(web::to(serve)));
        let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let address = format!("http://{}", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        let server = KeyServer { address, state };
        server.publish(keys);
        server
    }

    /// The address of `/keys`.
    pub fn url(&self) -> String {
        format!("{}/keys", self.address)
    }

    pub fn publish(&self, keys: &[Value]) {
        self.publish_at("/keys", keys);
    }

    pub fn publish_at(&self, path: &str, keys: &[Value]) {
        self.answer_at(path, 200, &json!({"keys": keys}).to_string());
    }

    pub fn answer(&self, status: u16, body: &str) {
        self.answer_at("/keys", status, body);
    }

    pub fn answer_at(&self, path: &str, status: u16, body: &str) {
        self.state.lock().unwrap().answers.insert(path.into(), (status, body.into()));
    }

    /// How often it was asked for `/keys`.
    pub fn asked(&self) -> usize {
        self.state.lock().unwrap().asked.get("/keys").copied().unwrap_or_default()
    }

    /// The paths that it was asked for, in order.
    pub fn asked_for(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.state.lock().unwrap().asked.keys().cloned().collect();
        paths.sort();
        paths
    }
}

async fn serve(request: HttpRequest, state: web::Data<Mutex<State>>) -> HttpResponse {
    let (status, body) = {
        let mut state = state.lock().unwrap();
        *state.asked.entry(request.path().into()).or_default() += 1;
        state.answers.get(request.path()).cloned().unwrap_or((404, String::new()))
    };
    HttpResponse::build(StatusCode::from_u16(status).unwrap()).content_type("application/json").body(body)
}

/// A public key as it stands in a set.
pub fn jwk(id: &str, key: &DecodingKey) -> Value {
    let mut jwk = Jwk::from_decoding_key(key, None).unwrap();
    jwk.common.key_id = Some(id.into());
    serde_json::to_value(jwk).unwrap()
}

/// An RSA key as it stands in a set.
pub fn rsa(id: &str, pem: &str) -> Value {
    jwk(id, &DecodingKey::from_rsa_pem(pem.as_bytes()).unwrap())
}

/// An ECDSA key as it stands in a set.
pub fn ec(id: &str, pem: &str) -> Value {
    jwk(id, &DecodingKey::from_ec_pem(pem.as_bytes()).unwrap())
}
