//! The layout of generated Rust.

use crate::CodegenError;
use crate::header::header;

/// `text` formatted, under the notice that names `catalog` and `source`. The notice comes last since parsing drops comments.
pub(crate) fn format(path: &str, catalog: &str, source: &str, text: &str) -> Result<Vec<u8>, CodegenError> {
    let file = syn::parse_file(text).map_err(|source| CodegenError::Syntax { path: path.to_owned(), source })?;
    Ok(format!("// {}\n{}", header(catalog, source), layout(file)).into_bytes())
}

/// The items of a file with an empty line between them, but for neighbours of one kind and one line each.
fn layout(mut file: syn::File) -> String {
    let items = std::mem::take(&mut file.items);
    let mut text = prettyplease::unparse(&file);
    file.attrs.clear();
    let mut before = None;
    for item in items {
        let kind = std::mem::discriminant(&item);
        file.items = vec![item];
        let item = prettyplease::unparse(&file);
        let short = (item.lines().count() == 1).then_some(kind);
        if !text.is_empty() && (short.is_none() || short != before) {
            text.push('\n');
        }
        text.push_str(&item);
        before = short;
    }
    text
}
