//! Services as content types of Strapi: who is told of an entry, and what each is shown of it.
mod events;
mod house;
