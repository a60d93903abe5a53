//! From columns to values and back.

use super::{Db, Found};
use crate::failure;
use kaika_app::StoreError;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::Row as _;
use std::{fmt::Display, str::FromStr};
use time::OffsetDateTime;

pub(super) type Row = <Db as sqlx::Database>::Row;

pub(super) fn text(row: &Row, column: &str) -> Found<String> {
    row.try_get(column).map_err(failure)
}

pub(super) fn text_or_none(row: &Row, column: &str) -> Found<Option<String>> {
    row.try_get(column).map_err(failure)
}

pub(super) fn number<T: TryFrom<i64>>(row: &Row, column: &str) -> Found<T> {
    let value: i64 = row.try_get(column).map_err(failure)?;
    value.try_into().map_err(|_| unreadable(column))
}

pub(super) fn number_or_none<T: TryFrom<i64>>(row: &Row, column: &str) -> Found<Option<T>> {
    let value: Option<i64> = row.try_get(column).map_err(failure)?;
    value.map(T::try_from).transpose().map_err(|_| unreadable(column))
}

pub(super) fn bytes(row: &Row, column: &str) -> Found<Vec<u8>> {
    row.try_get(column).map_err(failure)
}

pub(super) fn array<const N: usize>(row: &Row, column: &str) -> Found<[u8; N]> {
    bytes(row, column)?.try_into().map_err(|_| unreadable(column))
}

/// A digest that has a type of its own.
pub(super) fn digest<T: From<[u8; 32]>>(row: &Row, column: &str) -> Found<T> {
    array(row, column).map(T::from)
}

pub(super) fn array_or_none<const N: usize>(row: &Row, column: &str) -> Found<Option<[u8; N]>> {
    let bytes: Option<Vec<u8>> = row.try_get(column).map_err(failure)?;
    bytes.map(<[u8; N]>::try_from).transpose().map_err(|_| unreadable(column))
}

pub(super) fn time(row: &Row, column: &str) -> Found<OffsetDateTime> {
    let seconds: i64 = row.try_get(column).map_err(failure)?;
    OffsetDateTime::from_unix_timestamp(seconds).map_err(|_| unreadable(column))
}

pub(super) fn time_or_none(row: &Row, column: &str) -> Found<Option<OffsetDateTime>> {
    let seconds: Option<i64> = row.try_get(column).map_err(failure)?;
    seconds.map(OffsetDateTime::from_unix_timestamp).transpose().map_err(|_| unreadable(column))
}

pub(super) fn parsed<T: FromStr>(row: &Row, column: &str) -> Found<T> {
    text(row, column)?.parse().map_err(|_| unreadable(column))
}

pub(super) fn parsed_or_none<T: FromStr>(row: &Row, column: &str) -> Found<Option<T>> {
    text_or_none(row, column)?.map(|text| text.parse()).transpose().map_err(|_| unreadable(column))
}

pub(super) fn json<T: DeserializeOwned>(row: &Row, column: &str) -> Found<T> {
    from_json(column, &text(row, column)?)
}

pub(super) fn json_or_none<T: DeserializeOwned>(row: &Row, column: &str) -> Found<Option<T>> {
    text_or_none(row, column)?.map(|text| from_json(column, &text)).transpose()
}

pub(super) fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Found<T> {
    serde_json::from_str(text).map_err(|_| unreadable(column))
}

/// An enum of the glossary, by its word.
pub(super) fn word<T: DeserializeOwned>(row: &Row, column: &str) -> Found<T> {
    from_word(column, text(row, column)?)
}

pub(super) fn from_word<T: DeserializeOwned>(column: &str, word: String) -> Found<T> {
    serde_json::from_value(serde_json::Value::String(word)).map_err(|_| unreadable(column))
}

pub(super) fn to_json(value: &impl Serialize) -> Found<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Row(error.to_string()))
}

pub(super) fn to_word(value: &impl Serialize) -> Found<String> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => Ok(word),
        _ => Err(StoreError::Row("not a word".into())),
    }
}

pub(super) fn unreadable(column: impl Display) -> StoreError {
    StoreError::Row(format!("column {column}"))
}
