//! Loops of imports.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::imports::{Import, Imports};

/// An import between two nodes of a graph: files, or the modules at the top of a crate.
type Edges = BTreeMap<String, BTreeMap<String, Import>>;

/// The loops between files below a folder, one description each.
pub fn between_files(imports: &Imports, folder: &str) -> Vec<String> {
    let name = |file: &str| Some(file.strip_prefix(folder)?.strip_prefix('/')?.to_owned());
    loops(&edges(imports, name))
}

/// The loops between the modules at the top of a crate. The crate's root is one of them: an import of what it defines closes a loop.
pub fn between_top_modules(imports: &Imports, krate: &str) -> Vec<String> {
    let source = format!("crates/{krate}/src/");
    loops(&edges(imports, |file| {
        let inside = file.strip_prefix(&source)?;
        Some(inside.split('/').next().unwrap_or(inside).trim_end_matches(".rs").to_owned())
    }))
}

fn edges(imports: &Imports, name: impl Fn(&str) -> Option<String>) -> Edges {
    let mut edges = Edges::new();
    for import in &imports.all {
        if let (Some(from), Some(to)) = (name(&import.from), name(&import.to))
            && from != to
        {
            edges.entry(from).or_default().entry(to).or_insert_with(|| import.clone());
        }
    }
    edges
}

/// One shortest loop for each group of nodes that reach one another.
fn loops(edges: &Edges) -> Vec<String> {
    let mut described = Vec::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for start in edges.keys() {
        if done.contains(start.as_str()) {
            continue;
        }
        if let Some(path) = shortest(edges, start) {
            let group: BTreeSet<&str> = edges
                .keys()
                .map(String::as_str)
                .filter(|node| reaches(edges, start, node) && reaches(edges, node, start))
                .collect();
            let steps: Vec<String> = path
                .iter()
                .map(|import| format!("{} imports `{}` of {}", import.from, import.path, import.to))
                .collect();
            described.push(format!("{} in one loop ({}): {}", group.len(), joined(&group), steps.join(", ")));
            done.extend(group);
        }
    }
    described
}

fn joined(names: &BTreeSet<&str>) -> String {
    names.iter().copied().collect::<Vec<_>>().join(", ")
}

/// The shortest way from a node back to itself.
fn shortest<'a>(edges: &'a Edges, start: &str) -> Option<Vec<&'a Import>> {
    let mut queue: VecDeque<(&str, Vec<&Import>)> = VecDeque::from([(start, Vec::new())]);
    let mut reached = BTreeSet::new();
    while let Some((node, path)) = queue.pop_front() {
        for (next, import) in edges.get(node).into_iter().flatten() {
            let longer = [path.as_slice(), &[import]].concat();
            if next == start {
                return Some(longer);
            }
            if reached.insert(next) {
                queue.push_back((next, longer));
            }
        }
    }
    None
}

fn reaches(edges: &Edges, from: &str, to: &str) -> bool {
    let mut open = vec![from];
    let mut reached = BTreeSet::new();
    while let Some(node) = open.pop() {
        for next in edges.get(node).into_iter().flat_map(BTreeMap::keys) {
            if next == to {
                return true;
            }
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    false
}
