//! One table at many paths, one for each way to open a store that the suite of Feathers' adapters asks for. The suite sets the
//! options on the service, which no client can: it calls the path that has them.
use callboard::server::BrokerBuilder;
use callboard::service::{Registration, Stored};
use callboard::store::{MemoryStore, Multi, Paginate, StoreOptions, Table, Write};

/// `<table>/<which writes may be of many>/<default and bound of a page>`.
pub fn register(mut builder: BrokerBuilder) -> BrokerBuilder {
    let multi = [
        ("none", Multi::NONE),
        ("all", Multi::ALL),
        ("create", Multi::from_iter([Write::Create])),
        ("create+patch", Multi::from_iter([Write::Create, Write::Patch])),
        ("patch", Multi::from_iter([Write::Patch])),
        ("remove", Multi::from_iter([Write::Remove])),
    ];
    let pages = [
        ("none", None),
        ("1-2", Some(Paginate { default: 1, max: Some(2) })),
        ("3", Some(Paginate { default: 3, max: None })),
        ("10-100", Some(Paginate { default: 10, max: Some(100) })),
    ];
    for (name, id) in [("people", "id"), ("people-customid", "customid")] {
        let table = Table::default();
        for (writes, multi) in multi {
            for (page, paginate) in pages {
                let options = StoreOptions { id: id.into(), paginate, multi, ..StoreOptions::default() };
                let store = Stored::new(MemoryStore::over(table.clone(), options));
                builder = builder.service(&format!("{name}/{writes}/{page}"), Registration::of(store).for_everyone());
            }
        }
    }
    builder
}
