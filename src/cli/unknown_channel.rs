//! Help for error 102. The broker's config is not known here, because the broker may run on another machine.

/// What to do about a channel that the broker does not know, or about one of several.
pub(super) fn hint(channel: Option<&str>) -> String {
    match channel.map(|channel| (channel, channel.split_once(':'))) {
        Some((_, Some((namespace, _)))) => {
            format!("; the broker's config has no [[namespace]] with `name = \"{namespace}\"`: add one")
        }
        Some((channel, None)) => format!(
            "; a channel without a colon is in the namespace \"\", which the broker's config does not have: add a [[namespace]] \
             with `name = \"\"`, or, if you mean a channel of the namespace `{channel}`, write `{channel}:NAME`"
        ),
        None => {
            "; what stands before the colon of a channel's name is its namespace, without a colon it is \"\": add a \
                 [[namespace]] with that `name` to the broker's config"
                .to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::hint;

    #[test]
    fn a_channel_without_a_colon_is_not_in_the_namespace_of_its_name() {
        let told = hint(Some("news"));
        assert!(told.contains("`name = \"\"`") && told.contains("`news:NAME`"), "{told}");
        assert!(hint(Some("chat:lobby")).contains("`name = \"chat\"`"));
    }
}
