//! The names that one Rust source declares, imports and mentions.
//!
//! Everything is read from the syntax: `use` trees at any depth, paths in code, attributes (their string literals too, which serde reads
//! as paths) and the tokens of macros. Doc comments are left out with the imports that `cfg(doc)` makes for them, and so is all that `cfg(test)`
//! guards: tests may import anything.

use std::collections::{BTreeMap, BTreeSet};

use syn::buffer::Cursor;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, Lit, Meta, UseTree};

/// Segments of a path, as it is written.
pub type Segments = Vec<String>;

/// One module: a file, or a module with a body inside one.
#[derive(Debug, Default)]
pub struct Scope {
    /// Modules with a body.
    pub inline: BTreeMap<String, Scope>,
    /// Modules declared without a body: each is a file.
    pub declared: BTreeSet<String>,
    /// Modules declared without a body and for tests alone.
    pub tests: BTreeSet<String>,
    /// Names of items.
    pub items: BTreeSet<String>,
    /// Names that `use` brings into the module, with the paths they stand for.
    pub imports: BTreeMap<String, Segments>,
    /// Names that `use` brings into a body inside the module.
    pub local_imports: BTreeMap<String, Segments>,
    /// Paths that end in `::*`.
    pub globs: Vec<Segments>,
    /// Every other path in the module.
    pub paths: BTreeSet<Segments>,
}

/// Reads one source.
pub fn read(text: &str) -> syn::Result<Scope> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader { scopes: vec![Scope::default()], depth: 0 };
    reader.visit_file(&file);
    Ok(reader.scopes.pop().expect("the file's own scope is the first"))
}

struct Reader {
    /// The modules around the current item, from the file inwards.
    scopes: Vec<Scope>,
    /// Number of bodies of functions and blocks around it, inside the innermost module.
    depth: usize,
}

impl Reader {
    fn scope(&mut self) -> &mut Scope {
        self.scopes.last_mut().expect("a module is open while its items are visited")
    }

    fn import(&mut self, prefix: &[String], tree: &UseTree) {
        let with = |name: &str| [prefix, &[name.to_owned()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&with(&path.ident.unraw().to_string()), &path.tree),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(prefix, tree)),
            UseTree::Glob(_) => self.scope().globs.push(prefix.to_vec()),
            UseTree::Name(name) => {
                let name = name.ident.unraw().to_string();
                let path = if name == "self" { prefix.to_vec() } else { with(&name) };
                let bound = path.last().cloned().unwrap_or_default();
                self.bind(bound, path);
            }
            UseTree::Rename(rename) => {
                let name = rename.ident.unraw().to_string();
                let path = if name == "self" { prefix.to_vec() } else { with(&name) };
                self.bind(rename.rename.unraw().to_string(), path);
            }
        }
    }

    fn bind(&mut self, name: String, path: Segments) {
        let local = self.depth > 0;
        let scope = self.scope();
        let names = if local { &mut scope.local_imports } else { &mut scope.imports };
        names.insert(name, path);
    }

    fn tokens(&mut self, cursor: Cursor, strings: Strings) {
        let mut paths = Vec::new();
        scan(cursor, strings, &mut paths);
        self.scope().paths.extend(paths);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let (name, attributes) = declaration(item);
        if attributes.iter().any(is_left_out) {
            if let Item::Mod(module) = item {
                self.scope().tests.insert(module.ident.unraw().to_string());
            }
            return;
        }
        if self.depth == 0 {
            self.scope().items.extend(name);
        }
        if let Item::Use(import) = item {
            self.import(&[], &import.tree);
        } else if let Item::Mod(module) = item {
            let name = module.ident.unraw().to_string();
            module.attrs.iter().for_each(|attribute| {
                assert!(!attribute.path().is_ident("path"), "`#[path]` on `mod {name}` is not followed");
                self.visit_attribute(attribute);
            });
            let Some((_, items)) = &module.content else {
                self.scope().declared.insert(name);
                return;
            };
            let depth = std::mem::take(&mut self.depth);
            self.scopes.push(Scope::default());
            for item in items {
                self.visit_item(item);
            }
            let scope = self.scopes.pop().expect("the scope of this module was opened above");
            self.depth = depth;
            self.scope().inline.insert(name, scope);
        } else {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        let attributes = match item {
            syn::ImplItem::Const(item) => &item.attrs,
            syn::ImplItem::Fn(item) => &item.attrs,
            syn::ImplItem::Type(item) => &item.attrs,
            syn::ImplItem::Macro(item) => &item.attrs,
            _ => return visit::visit_impl_item(self, item),
        };
        if !attributes.iter().any(is_left_out) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_field(&mut self, field: &'ast syn::Field) {
        if !field.attrs.iter().any(is_left_out) {
            visit::visit_field(self, field);
        }
    }

    fn visit_variant(&mut self, variant: &'ast syn::Variant) {
        if !variant.attrs.iter().any(is_left_out) {
            visit::visit_variant(self, variant);
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if !local.attrs.iter().any(is_left_out) {
            visit::visit_local(self, local);
        }
    }

    fn visit_block(&mut self, block: &'ast syn::Block) {
        self.depth += 1;
        visit::visit_block(self, block);
        self.depth -= 1;
    }

    /// The path of `pub(in ...)` limits who imports and imports nothing.
    fn visit_vis_restricted(&mut self, _: &'ast syn::VisRestricted) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter().map(|segment| segment.ident.unraw().to_string()).collect();
        self.scope().paths.insert(segments);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        let buffer = syn::buffer::TokenBuffer::new2(call.tokens.clone());
        self.tokens(buffer.begin(), Strings::AreText);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        match &attribute.meta {
            Meta::Path(_) => {}
            Meta::List(list) => {
                let buffer = syn::buffer::TokenBuffer::new2(list.tokens.clone());
                self.tokens(buffer.begin(), Strings::MayBePaths);
            }
            Meta::NameValue(value) => self.visit_expr(&value.value),
        }
    }
}

/// The name under which an item is found in its module, if it has one, and its attributes.
fn declaration(item: &Item) -> (Option<String>, &[Attribute]) {
    let name = |ident: &syn::Ident| Some(ident.unraw().to_string());
    match item {
        Item::Const(item) => (name(&item.ident), &item.attrs),
        Item::Enum(item) => (name(&item.ident), &item.attrs),
        Item::Fn(item) => (name(&item.sig.ident), &item.attrs),
        Item::Macro(item) => (item.ident.as_ref().and_then(name), &item.attrs),
        Item::Static(item) => (name(&item.ident), &item.attrs),
        Item::Struct(item) => (name(&item.ident), &item.attrs),
        Item::Trait(item) => (name(&item.ident), &item.attrs),
        Item::TraitAlias(item) => (name(&item.ident), &item.attrs),
        Item::Type(item) => (name(&item.ident), &item.attrs),
        Item::Union(item) => (name(&item.ident), &item.attrs),
        Item::Mod(item) => (None, &item.attrs),
        Item::Use(item) => (None, &item.attrs),
        Item::Impl(item) => (None, &item.attrs),
        Item::ForeignMod(item) => (None, &item.attrs),
        Item::ExternCrate(item) => (None, &item.attrs),
        _ => (None, &[]),
    }
}

/// Whether an attribute keeps its item out of every build but those of tests and of documentation: `cfg(test)`, `cfg(doc)`, or one of them
/// in `cfg(all(...))`.
fn is_left_out(attribute: &Attribute) -> bool {
    let Meta::List(list) = &attribute.meta else { return false };
    if !list.path.is_ident("cfg") {
        return false;
    }
    let is_apart = |path: &syn::Path| path.is_ident("test") || path.is_ident("doc");
    let mut needed = false;
    // An `any` that names `test` holds in other builds too, and a `not` in all others: neither is looked into.
    let parsed = attribute.parse_nested_meta(|meta| {
        if is_apart(&meta.path) {
            needed = true;
        } else if meta.path.is_ident("all") {
            meta.parse_nested_meta(|inner| {
                needed |= is_apart(&inner.path);
                inner.input.parse::<Rest>().map(drop)
            })?;
        } else {
            meta.input.parse::<Rest>()?;
        }
        Ok(())
    });
    parsed.is_ok() && needed
}

/// The text after a name up to the next comma.
struct Rest;

impl Parse for Rest {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        input.step(|cursor| {
            let mut rest = *cursor;
            while let Some((_, next)) = rest.token_tree() {
                if rest.punct().is_some_and(|(punct, _)| punct.as_char() == ',') {
                    break;
                }
                rest = next;
            }
            Ok((Rest, rest))
        })
    }
}

/// How string literals among tokens are read.
#[derive(Clone, Copy)]
enum Strings {
    /// As text.
    AreText,
    /// As code where they parse as such: `#[serde(with = "crate::module")]`.
    MayBePaths,
}

/// Tokens of a string literal.
struct Quoted(Vec<Segments>);

impl Parse for Quoted {
    fn parse(input: ParseStream) -> syn::Result<Self> {
        input.step(|cursor| {
            let mut paths = Vec::new();
            scan(*cursor, Strings::AreText, &mut paths);
            let mut rest = *cursor;
            while let Some((_, next)) = rest.token_tree() {
                rest = next;
            }
            Ok((Quoted(paths), rest))
        })
    }
}

/// Finds the paths of at least two segments among tokens, groups of `use` included.
fn scan(mut cursor: Cursor, strings: Strings, paths: &mut Vec<Segments>) {
    while !cursor.eof() {
        if let Some((ident, next)) = cursor.ident() {
            cursor = follow(vec![ident.unraw().to_string()], next, paths);
        } else if let Some((inside, _, _, next)) = cursor.any_group() {
            scan(inside, strings, paths);
            cursor = next;
        } else if let Some((literal, next)) = cursor.literal() {
            if let (Strings::MayBePaths, Lit::Str(text)) = (strings, Lit::new(literal)) {
                paths.extend(text.parse::<Quoted>().map(|quoted| quoted.0).unwrap_or_default());
            }
            cursor = next;
        } else {
            cursor = cursor.token_tree().map_or(cursor, |(_, next)| next);
        }
    }
}

/// Reads on after the first segments of a path, and gives the place behind it.
fn follow<'a>(mut segments: Segments, mut cursor: Cursor<'a>, paths: &mut Vec<Segments>) -> Cursor<'a> {
    let colon = |cursor: Cursor<'a>| cursor.punct().filter(|(punct, _)| punct.as_char() == ':').map(|(_, next)| next);
    while let Some(next) = colon(cursor).and_then(colon) {
        if let Some((ident, next)) = next.ident() {
            segments.push(ident.unraw().to_string());
            cursor = next;
        } else if let Some((mut inside, _, _, next)) = next.any_group() {
            while !inside.eof() {
                inside = match inside.ident() {
                    Some((ident, next)) if ident == "self" => next,
                    Some((ident, next)) => {
                        let longer = [segments.as_slice(), &[ident.unraw().to_string()]].concat();
                        follow(longer, next, paths)
                    }
                    None => inside.token_tree().map_or(inside, |(_, next)| next),
                };
            }
            cursor = next;
            break;
        } else {
            break;
        }
    }
    if segments.len() > 1 {
        paths.push(segments);
    }
    cursor
}
