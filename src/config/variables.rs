//! Variables that look as if they were meant for the broker, but set nothing.
use super::problem::{Place, Problem};
use super::schema::Schema;

/// What to say of a variable that sets no key: `name` without `CALLBOARD_`, in lower case. None where Kubernetes has set it for a
/// service of that name.
pub(super) fn unknown(schema: &Schema, variable: &str, name: &str, text: &str) -> Option<Problem> {
    if is_of_a_service(name, text) {
        return None;
    }
    let message = match schema.near_variable(name) {
        Some(meant) => format!("sets nothing; did you mean {meant}?"),
        None => {
            "sets nothing: two underscores stand between a section and its key, as in CALLBOARD_SERVER__PORT".into()
        }
    };
    Some(Problem { place: Place::Variable(variable.to_owned()), key: String::new(), message })
}

/// Whether Kubernetes and Docker's links name variables so: `callboard` is the name of a service, or begins it.
///
/// Source: Kubernetes, "Service", environment variables: `{SVC}_SERVICE_HOST`, `{SVC}_SERVICE_PORT`, `{SVC}_SERVICE_PORT_{NAME}`,
/// `{SVC}_PORT` with an address such as `tcp://10.0.0.11:6379`, and `{SVC}_PORT_6379_TCP` with `_PROTO`, `_PORT` and `_ADDR`.
fn is_of_a_service(name: &str, text: &str) -> bool {
    let is_host = name.ends_with("service_host");
    let is_port = name.rsplit_once("service_port").is_some_and(|(_, rest)| rest.is_empty() || rest.starts_with('_'));
    let is_address = (name == "port" || name.ends_with("_port")) && text.contains("://");
    let is_part = name.split('_').collect::<Vec<_>>().windows(3).any(|parts| {
        let [port, number, protocol] = parts else { return false };
        *port == "port" && number.parse::<u16>().is_ok() && ["tcp", "udp", "sctp"].contains(protocol)
    });
    is_host || is_port || is_address || is_part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_kubernetes_sets_for_a_service_is_told_from_what_somebody_meant_for_the_broker() {
        for (name, text) in [
            ("service_host", "10.0.0.1"),
            ("service_port", "8000"),
            ("service_port_http", "8000"),
            ("port", "tcp://10.0.0.1:8000"),
            ("port_8000_tcp", "tcp://10.0.0.1:8000"),
            ("port_8000_tcp_proto", "tcp"),
            ("port_8000_tcp_addr", "10.0.0.1"),
            ("redis_service_host", "10.0.0.1"),
            ("redis_port_6379_tcp_port", "6379"),
        ] {
            assert!(is_of_a_service(name, text), "{name}");
        }
        for (name, text) in [("port", "9000"), ("api_key", "k"), ("server_port", "9000"), ("servce_host", "::1")] {
            assert!(!is_of_a_service(name, text), "{name}");
        }
    }
}
