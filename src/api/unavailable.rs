//! Methods of Centrifugo that are not served here: error 108, which tells a library more than a 404.
use super::method::Method;
use super::target::Done;
use crate::broker::Node;
use crate::types::ReplyError;
use serde::Deserialize;
use utoipa::ToSchema;

macro_rules! unavailable {
    ($($request:ident $name:literal;)*) => {
        $(
            /// Not served here; every field is passed over.
            #[derive(Deserialize, ToSchema)]
            pub struct $request {}

            impl Method for $request {
                type Result = Done;
                const NAME: &'static str = $name;
                const SUMMARY: &'static str = "Not available: answers error 108";
                const REQUEST: &'static str = "{}";
                const RESULT: &'static str = "{}";

                async fn answer(self, _: &Node) -> Result<Done, ReplyError> {
                    Err(ReplyError::NOT_AVAILABLE)
                }
            }
        )*
    };
}

unavailable! {
    MapPublish "map_publish";
    MapRemove "map_remove";
    MapReadState "map_read_state";
    MapReadStream "map_read_stream";
    MapStats "map_stats";
    MapClear "map_clear";
    SharedPollPublish "shared_poll_publish";
}
