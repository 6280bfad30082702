//! Which columns and nested fields are looked at: the others are not decoded.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, AsArray as _, GenericListArray, OffsetSizeTrait, RecordBatch, RecordBatchOptions,
    StructArray, new_null_array,
};
use arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use arrow::error::ArrowError;
use cstspec_contract::{Catalog, Column, ColumnSource, Dataset, ExtraPolicy, Path, View, ViewBody};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

/// The columns and nested fields of a dataset that are looked at, each with everything below it.
#[derive(Debug, Default)]
pub struct Needs(BTreeSet<Path>);

impl Needs {
    /// The field at `path` is looked at.
    pub fn path(&mut self, path: Path) {
        self.0.insert(path);
    }

    /// The counted column `name` is looked at.
    pub fn column(&mut self, name: &str) {
        self.path(Path::top(name));
    }

    /// `columns` of `relation`, each of whose rows is made from one row of `dataset`, are evaluated.
    pub fn relation(&mut self, catalog: &Catalog, dataset: &Dataset, relation: &str, columns: &[String]) {
        if relation == dataset.name {
            for name in columns {
                self.column(name);
            }
            return;
        }
        let Some(view) = catalog.view(relation) else { return };
        match &view.body {
            ViewBody::Rows { of, unnest, condition, sources } if *of == dataset.name => {
                let condition = condition.as_deref().unwrap_or_default();
                RowView { dataset, view, unnest, condition, sources, done: BTreeSet::new() }.add(columns, self);
            }
            // A view over a view: whatever that has.
            _ => {
                for read in &view.depends_on {
                    let columns: Vec<String> = match catalog.relation(read) {
                        Some(read) => read.columns().iter().map(|column| column.name().to_owned()).collect(),
                        None => Vec::new(),
                    };
                    self.relation(catalog, dataset, read, &columns);
                }
            }
        }
    }

    /// `dataset` with these columns and fields alone. Other columns of a file are ignored.
    pub fn narrowed(&self, dataset: &Dataset) -> Dataset {
        let mut narrowed = dataset.clone();
        narrowed.columns = dataset
            .columns
            .iter()
            .filter_map(|column| {
                // A folder's values are found by the place of their column among all that folders carry.
                if dataset.partitions.iter().any(|partition| partition == column.name()) {
                    return Some(column.clone());
                }
                let field = self.field(&column.field, &Path::top(column.name()))?;
                Some(Column { field, ..column.clone() })
            })
            .collect();
        narrowed.evolution.extra = ExtraPolicy::Ignore;
        narrowed.evolution.paths.values_mut().for_each(|policy| policy.extra = None);
        narrowed
    }

    /// The clipped `field`; `None` if that is nothing.
    fn field(&self, field: &FieldRef, path: &Path) -> Option<FieldRef> {
        if self.0.contains(path) {
            return Some(Arc::clone(field));
        }
        if !self.0.iter().any(|needed| needed.starts_with(path)) {
            return None;
        }
        let data_type = self.data_type(field.data_type(), path);
        Some(Arc::new(Field::clone(field).with_data_type(data_type)))
    }

    /// The clipped type of a field below which something is needed. Only structs and lists that are read as they are lose fields.
    fn data_type(&self, data_type: &DataType, path: &Path) -> DataType {
        let item = |item: &FieldRef| -> FieldRef {
            Arc::new(Field::clone(item).with_data_type(self.data_type(item.data_type(), path)))
        };
        match data_type {
            DataType::Struct(fields) => DataType::Struct(
                fields.iter().filter_map(|field| self.field(field, &path.join(field.name()))).collect(),
            ),
            DataType::List(inner) => DataType::List(item(inner)),
            DataType::LargeList(inner) => DataType::LargeList(item(inner)),
            other => other.clone(),
        }
    }
}

/// A view of one row per element of a list in the dataset.
struct RowView<'a> {
    dataset: &'a Dataset,
    view: &'a View,
    unnest: &'a Path,
    condition: &'a str,
    sources: &'a [ColumnSource],
    done: BTreeSet<&'a str>,
}

impl RowView<'_> {
    fn add(&mut self, columns: &[String], needs: &mut Needs) {
        for column in columns {
            self.word(column, needs);
        }
        for word in words(self.condition) {
            self.word(&word, needs);
        }
        // There must be elements, whatever is taken of them.
        if !needs.0.iter().any(|path| path.starts_with(self.unnest)) {
            needs.path(self.unnest.clone());
        }
    }

    /// Everything that `word` may mean in an expression of the view: an output column, a field of the element, a column of the row.
    fn word(&mut self, word: &str, needs: &mut Needs) {
        let same = |name: &str| name == word;
        let (view, sources) = (self.view, self.sources);
        for (column, source) in view.columns.iter().zip(sources).filter(|(column, _)| same(column.name())) {
            let first = self.done.insert(column.name());
            match source {
                ColumnSource::Row(path) | ColumnSource::Context(path) => needs.path(path.clone()),
                ColumnSource::Element(path) => needs.path(self.unnest.join_path(path)),
                ColumnSource::Expr(text) if first => {
                    for word in words(text) {
                        self.word(&word, needs);
                    }
                }
                // A list has positions whatever is taken of its elements.
                ColumnSource::Position(_) | ColumnSource::Expr(_) => {}
            }
        }
        let fields: Vec<FieldRef> = self.dataset.columns.iter().map(|column| Arc::clone(&column.field)).collect();
        let element = self.unnest.join(word);
        if element.find(&fields).is_some() {
            needs.path(element);
        }
        for column in self.dataset.columns.iter().filter(|column| same(column.name())) {
            needs.column(column.name());
        }
    }
}

/// The names in an expression as the engine reads them, and its keywords and functions.
fn words(text: &str) -> Vec<String> {
    let tokens = Tokenizer::new(&GenericDialect {}, text).tokenize().unwrap_or_default();
    let word = |token| match token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_ascii_lowercase()),
        Token::Word(word) => Some(word.value),
        _ => None,
    };
    tokens.into_iter().filter_map(word).collect()
}

/// `rows` with all columns and fields of `schema`: what was not read is NULL, and not looked at.
///
/// # Errors
///
/// The rows read have another type.
pub fn widened(rows: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ArrowError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for field in schema.fields() {
        columns.push(match rows.column_by_name(field.name()) {
            Some(column) => wide(column, field.data_type())?,
            None => new_null_array(field.data_type(), rows.num_rows()),
        });
    }
    let options = RecordBatchOptions::new().with_row_count(Some(rows.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn wide(array: &ArrayRef, data_type: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == data_type {
        return Ok(Arc::clone(array));
    }
    match data_type {
        DataType::Struct(fields) => {
            let structure = array.as_struct();
            let mut columns = Vec::with_capacity(fields.len());
            for field in fields {
                columns.push(match structure.column_by_name(field.name()) {
                    Some(column) => wide(column, field.data_type())?,
                    None => new_null_array(field.data_type(), structure.len()),
                });
            }
            let nulls = structure.nulls().cloned();
            Ok(Arc::new(StructArray::try_new_with_length(fields.clone(), columns, nulls, structure.len())?))
        }
        DataType::List(item) => wide_list::<i32>(array, item),
        DataType::LargeList(item) => wide_list::<i64>(array, item),
        _ => Ok(Arc::clone(array)),
    }
}

fn wide_list<O: OffsetSizeTrait>(array: &ArrayRef, item: &FieldRef) -> Result<ArrayRef, ArrowError> {
    let list = array.as_list::<O>();
    let values = wide(list.values(), item.data_type())?;
    let (offsets, nulls) = (list.offsets().clone(), list.nulls().cloned());
    Ok(Arc::new(GenericListArray::<O>::try_new(Arc::clone(item), offsets, values, nulls)?))
}
