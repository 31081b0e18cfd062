//! Queries in brackets.
use super::house::House;
use serde_json::json;

#[actix_web::test]
async fn brackets_become_members_and_items_and_values_stay_texts() {
    let house = House::new();
    let url = "/told?age[$gt]=10&$or[0][name]=Doug&$or%5B1%5D%5Bname%5D=A%26n%2Bn&$select[0]=name&$sort[name]=-1&$sort[age]=1";
    let query = house.request("GET", url).await.json()["query"].clone();
    assert_eq!(
        query.to_string(),
        r#"{"age":{"$gt":"10"},"$or":[{"name":"Doug"},{"name":"A&n+n"}],"$select":["name"],"$sort":{"name":"-1","age":"1"}}"#
    );
}

#[actix_web::test]
async fn each_method_gets_its_query() {
    let house = House::new();
    for (verb, url) in [
        ("GET", "/told?a=1"),
        ("GET", "/told/1?a=1"),
        ("POST", "/told?a=1"),
        ("PUT", "/told/1?a=1"),
        ("PATCH", "/told?a=1"),
        ("DELETE", "/told?a=1"),
    ] {
        assert_eq!(house.request(verb, url).await.json()["query"], json!({"a": "1"}), "{verb}");
    }
}

#[actix_web::test]
async fn a_sort_by_several_fields_keeps_their_order() {
    let house = House::new();
    house.send("POST", "/todos", r#"[{"b":1,"a":2},{"b":2,"a":1},{"b":1,"a":1}]"#).await;
    let ids = async |query: &str| {
        let found = house.request("GET", &format!("/todos?{query}")).await.json();
        found["data"].as_array().expect("documents").iter().map(|item| item["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids("$sort[b]=1&$sort[a]=1").await, [2, 0, 1]);
    assert_eq!(ids("$sort[a]=1&$sort[b]=1").await, [2, 1, 0]);
}

#[actix_web::test]
async fn a_query_that_is_too_deep_too_long_or_means_two_things_is_refused() {
    let house = House::new();
    let deep = format!("a{}=1", "[b]".repeat(10_000));
    let coded = format!("a{}=1", "%5Bb%5D".repeat(8_000));
    let many = format!("a=1{}", "&b=1".repeat(1_000));
    for query in [&deep, &coded, &many, "a[0]=1&a[b]=2&a[0]=3&a=5&a[]=1", "a=%ff", "a[]=1&a[b]=2", "[]=1"] {
        let (status, name, _) = house.request("GET", &format!("/told?{query}")).await.error();
        assert_eq!((status, name.as_str()), (400, "BadRequest"), "{}", &query[..query.len().min(40)]);
    }
}

#[actix_web::test]
async fn an_operator_that_is_none_is_refused_wherever_it_stands() {
    let house = House::new();
    house.send("POST", "/todos", r#"{"a":1}"#).await;
    for query in ["$where=1", "a[$regex]=x", "$or[0][$foo]=1", "$limit=-1&$bad=1", "a[$in][$gt]=1"] {
        let (status, ..) = house.request("GET", &format!("/todos?{query}")).await.error();
        assert_eq!(status, 400, "{query}");
    }
}
