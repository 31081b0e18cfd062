//! Indexes that a store has made and nobody declares any more. They are found and never dropped: another node, or another program with
//! the same file, may declare them still, and would make them again at its next start.
use super::connection::{Argument, Backend, Cell, Connection, Failed, Statement, quoted};
use super::schema::INDEX;
use crate::store::UndeclaredIndex;
use std::collections::{BTreeMap, HashSet};

/// The indexes of these tables, each with the names of those that are declared, that are not.
pub(super) async fn find(
    backend: &dyn Backend,
    connection: &mut dyn Connection,
    declared: &BTreeMap<String, HashSet<String>>,
) -> Result<Vec<UndeclaredIndex>, Failed> {
    let mut found = vec![];
    for (table, declared) in declared {
        let named = [Argument::Text(table.clone())];
        for row in connection.rows(Statement::new(backend.indexes(), named)).await? {
            let mut texts = row.into_iter().filter_map(Cell::into_text);
            let (Some(name), Some(made_by)) = (texts.next(), texts.next()) else { continue };
            if name.starts_with(INDEX) && !declared.contains(&name) {
                let removal = format!("DROP INDEX {}", quoted(&name));
                found.push(UndeclaredIndex { table: table.clone(), field: field_of(&made_by), removal });
            }
        }
    }
    Ok(found)
}

/// The field that an index is on: its label is the last text in the statement that makes it.
fn field_of(made_by: &str) -> String {
    let label = made_by.rsplit('\'').nth(1).unwrap_or_default();
    label.trim_start_matches("$.").trim_matches('"').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_read_from_the_statement_of_either_database() {
        for made_by in [
            r#"CREATE INDEX IF NOT EXISTS "i" ON "it's" ((substr(json_extract(facets, '$."author.id"'), 1, 200)))"#,
            r#"CREATE INDEX i ON public."it's" USING btree ("left"(((facets ->> 'author.id'::text) COLLATE "C"), 200))"#,
        ] {
            assert_eq!(field_of(made_by), "author.id");
        }
    }
}
