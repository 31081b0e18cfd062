//! Finding a server, connecting to it, and learning its version and role.
use super::config::{Host, Login};
use super::scripts;
use redis::aio::{AsyncPushSender, ConnectionLike, MultiplexedConnection};
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo, ProtocolVersion,
    RedisConnectionInfo, RedisError, Value,
};
use std::sync::Arc;
use std::time::Duration;

/// The oldest server that has all that is needed.
const OLDEST: (u32, u32) = (6, 2);

/// Where a link's server is found.
#[derive(Clone)]
pub(super) enum Source {
    /// Always there.
    Fixed(ConnectionInfo),
    /// Wherever one of the sentinels says.
    Sentinel { sentinels: Vec<Host>, master: String, login: Login },
}

/// Why a server cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub(super) enum Unusable {
    #[error("no answer from {0} ({1})")]
    Silent(String, String),
    #[error("{0} refuses the user or password ({1})")]
    Refused(String, String),
    #[error("{0} is version {1}; 6.2 or later is required")]
    TooOld(String, String),
    #[error("{0} is a read-only replica; name its master, or the sentinels: redis+sentinel://HOST:PORT/MASTER")]
    Replica(String),
    #[error("{0} is in cluster mode, where each server has only some of the keys; write redis+cluster://{0}")]
    OneOfMany(String),
    #[error("{0} accepts connections, but events do not get through ({1})")]
    Deaf(String, String),
    #[error("no sentinel knows a master named `{0}` ({1})")]
    NoMaster(String, String),
    #[error("{0}: {1}")]
    Other(String, String),
}

/// Two connections to one server: one for commands, one for what it pushes.
pub(super) struct Pair {
    pub commands: MultiplexedConnection,
    pub pushes: MultiplexedConnection,
    /// The server's replication id: new after each restart and each change of the master.
    pub replid: String,
    pub address: String,
}

/// How a server is spoken to.
pub(super) fn info_of((host, port): &Host, login: &Login) -> Result<ConnectionInfo, RedisError> {
    let mut settings = RedisConnectionInfo::default().set_db(login.database);
    if let Some(user) = &login.user {
        settings = settings.set_username(user);
    }
    if let Some(password) = &login.password {
        settings = settings.set_password(password);
    }
    let info = (host.as_str(), *port).into_connection_info()?.set_redis_settings(settings);
    Ok(match login.tls {
        false => info,
        true => {
            info.set_addr(ConnectionAddr::TcpTls { host: host.clone(), port: *port, insecure: false, tls_params: None })
        }
    })
}

impl Source {
    /// The server as it is to be reached now.
    pub async fn find(&self, patience: Duration) -> Result<ConnectionInfo, Unusable> {
        let (sentinels, master, login) = match self {
            Source::Fixed(info) => return Ok(info.clone()),
            Source::Sentinel { sentinels, master, login } => (sentinels, master, login),
        };
        let mut last = "none answers".to_owned();
        for sentinel in sentinels {
            match ask(sentinel, master, login.tls, patience).await {
                Ok(Some(host)) => return info_of(&host, login).map_err(|e| other(&host.0, &e)),
                Ok(None) => last = format!("{}:{} knows none", sentinel.0, sentinel.1),
                Err(error) => last = format!("{}:{}: {error}", sentinel.0, sentinel.1),
            }
        }
        Err(Unusable::NoMaster(master.clone(), last))
    }
}

/// Asks a sentinel for the master. Sentinels are not asked for their password: they know no secret.
async fn ask(sentinel: &Host, master: &str, tls: bool, patience: Duration) -> Result<Option<Host>, RedisError> {
    let client = Client::open(info_of(sentinel, &Login { tls, ..Login::default() })?)?;
    let mut connection = client.get_multiplexed_async_connection_with_config(&config(patience)).await?;
    let mut question = redis::cmd("SENTINEL");
    let found: Option<(String, u16)> =
        question.arg("get-master-addr-by-name").arg(master).query_async(&mut connection).await?;
    Ok(found)
}

fn config(patience: Duration) -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_connection_timeout(Some(patience)).set_response_timeout(Some(patience))
}

/// Connects both ways and gives the server the scripts. What the server pushes goes to `pushed`.
pub(super) async fn connect(
    source: &Source,
    is_cluster: bool,
    patience: Duration,
    pushed: Arc<dyn AsyncPushSender>,
) -> Result<Pair, Unusable> {
    let info = source.find(patience).await?;
    let address = info.addr().to_string();
    let unusable = |error: RedisError| explain(&address, &error);
    let client = Client::open(info.clone()).map_err(unusable)?;
    let mut commands =
        client.get_multiplexed_async_connection_with_config(&config(patience)).await.map_err(unusable)?;
    let told: (String, String) = redis::pipe()
        .cmd("INFO")
        .arg("server")
        .cmd("INFO")
        .arg("replication")
        .query_async(&mut commands)
        .await
        .map_err(unusable)?;
    let version = version(&told.0).ok_or_else(|| Unusable::Other(address.clone(), "it tells no version".into()))?;
    if version < OLDEST {
        return Err(Unusable::TooOld(address, format!("{}.{}", version.0, version.1)));
    }
    if !is_cluster && is_one_of_many(&told.0) {
        return Err(Unusable::OneOfMany(address));
    }
    let replid = master_id(&told.1).ok_or_else(|| Unusable::Replica(address.clone()))?;
    scripts::load(&mut commands).await.map_err(unusable)?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let client = Client::open(info.set_redis_settings(settings)).map_err(unusable)?;
    let config = config(patience).set_push_sender(move |push| pushed.send(push));
    let pushes = client.get_multiplexed_async_connection_with_config(&config).await.map_err(unusable)?;
    Ok(Pair { commands, pushes, replid, address })
}

/// Asks one question on a connection of its own.
pub(super) async fn ask_once(source: &Source, patience: Duration, question: &redis::Cmd) -> Result<Value, Unusable> {
    let info = source.find(patience).await?;
    let address = info.addr().to_string();
    let unusable = |error: RedisError| explain(&address, &error);
    let client = Client::open(info).map_err(unusable)?;
    let mut connection =
        client.get_multiplexed_async_connection_with_config(&config(patience)).await.map_err(unusable)?;
    connection.req_packed_command(question).await.map_err(unusable)
}

fn explain(address: &str, error: &RedisError) -> Unusable {
    let text = error.to_string();
    match error.kind() {
        ErrorKind::AuthenticationFailed => Unusable::Refused(address.to_owned(), text),
        _ if ["NOAUTH", "WRONGPASS", "NOPERM"].iter().any(|code| text.contains(code)) => {
            Unusable::Refused(address.to_owned(), text)
        }
        _ if error.is_io_error() || error.is_timeout() => Unusable::Silent(address.to_owned(), text),
        _ => other(address, error),
    }
}

fn other(address: &str, error: &RedisError) -> Unusable {
    Unusable::Other(address.to_owned(), error.to_string())
}

/// A line's value in what INFO tells.
pub(super) fn line<'a>(told: &'a str, key: &str) -> Option<&'a str> {
    told.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':')).map(str::trim)
}

fn version(told: &str) -> Option<(u32, u32)> {
    let mut parts = line(told, "redis_version")?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// Whether it is a server of a cluster: it would answer MOVED to most commands.
fn is_one_of_many(told: &str) -> bool {
    // Valkey has a name of its own for it.
    ["redis_mode", "server_mode"].iter().any(|key| line(told, key) == Some("cluster"))
}

/// The replication id, of a master alone.
pub(super) fn master_id(told: &str) -> Option<String> {
    (line(told, "role") == Some("master")).then(|| line(told, "master_replid").map(str::to_owned))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_tells_of_itself_is_read() {
        assert_eq!(version("# Server\r\nredis_version:7.0.15\r\nredis_git_sha1:0\r\n"), Some((7, 0)));
        assert!(is_one_of_many("redis_mode:cluster\r\n") && is_one_of_many("server_mode:cluster\r\n"));
        assert!(!is_one_of_many("redis_mode:standalone\r\ncluster_enabled:1\r\n"));
        let master = "# Replication\r\nrole:master\r\nmaster_replid:abc\r\n";
        assert_eq!(master_id(master).as_deref(), Some("abc"));
        assert_eq!(master_id(&master.replace("role:master", "role:slave")), None);
    }
}
