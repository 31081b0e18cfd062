//! Services as content types of Strapi: who is let in, who is told of an entry, and what each is shown of it.
mod calls;
mod changes;
mod connect;
mod declared;
mod emitting;
mod events;
mod house;
mod nodes;
mod recovery;
mod setup;
