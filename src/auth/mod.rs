//! Who a client is: tokens, keys, origins, proxies.
