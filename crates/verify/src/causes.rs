//! Causes: what is known to be wrong already, and what follows from it and is not told again.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use cstspec_contract::{Catalog, Finding, Origin, Relation};
use cstspec_runtime::names::table_reference;
use datafusion::common::tree_node::{TreeNode as _, TreeNodeRecursion};
use datafusion::logical_expr::Expr;
use datafusion::prelude::SessionContext;

use super::functions;
use crate::rules;

/// Why a finding is withheld: it follows from what has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A function that the session lacks or has otherwise.
    Function(Origin),
    /// A relation that is not registered, cannot be read, or is described otherwise.
    Relation(String),
    /// A relation with NULLs where there may be none.
    Nulls(String),
}

impl Cause {
    /// Whether `finding` is about it.
    fn has(&self, finding: &Finding) -> bool {
        match self {
            Self::Function(origin) => finding.spec.as_ref().is_some_and(|place| {
                place.file == origin.file
                    && place.key.strip_prefix(&origin.key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }),
            Self::Relation(name) => finding.relation.as_ref() == Some(name),
            Self::Nulls(name) => {
                finding.relation.as_ref() == Some(name) && finding.code == rules::NULL_IN_NOT_NULL.code
            }
        }
    }

    /// Whether `finding` names it among what follows from another cause.
    fn is_followed(&self, finding: &Finding) -> bool {
        match self {
            Self::Relation(name) | Self::Nulls(name) => finding.follows.contains(name),
            Self::Function(_) => false,
        }
    }
}

/// Findings of a relation that follow from a cause which has one.
struct Withheld {
    cause: Cause,
    relation: String,
    findings: Vec<Finding>,
}

/// Known causes, so that their consequences are not reported again.
pub(super) struct Causes {
    /// Functions that the session lacks, and where they are declared.
    functions: BTreeMap<String, Origin>,
    /// Functions of a host that is not there, and where they are declared: they are among the missing.
    unhosted: BTreeSet<Origin>,
    /// Relations that were not looked at, since they call one of those or read a relation that does.
    unchecked: BTreeSet<String>,
    /// Functions that are otherwise than a signature says, and where they are declared.
    differing: BTreeMap<String, Origin>,
    /// Relations that call one of those, or read a relation that does, with where it is declared.
    tainted: BTreeMap<String, Origin>,
    /// Relations whose names stand for something else than the catalog's.
    pub replaced: BTreeSet<String>,
    /// Relations that are not registered.
    pub absent: BTreeSet<String>,
    /// Relations that are not described as declared.
    pub redescribed: BTreeSet<String>,
    /// Relations that failed, with the engine's innermost words, their own or those of what they read.
    pub failed: BTreeMap<String, BTreeSet<String>>,
    /// Relations of which a file was left out while it was read, and those that read them.
    pub short: BTreeSet<String>,
    /// Findings that were withheld for one of these causes.
    withheld: Vec<Withheld>,
}

impl Causes {
    pub fn new(catalog: &Catalog, functions: &functions::Checked, replaced: BTreeSet<String>) -> Self {
        let declared = |names: &[String]| -> BTreeMap<String, Origin> {
            let of = |name: &String| {
                let function = catalog.functions.iter().find(|function| function.name == *name)?;
                Some((name.clone(), function.origin.clone()))
            };
            names.iter().filter_map(of).collect()
        };
        Self {
            replaced,
            functions: declared(&functions.missing),
            unhosted: declared(&functions.unhosted).into_values().collect(),
            unchecked: BTreeSet::new(),
            differing: declared(&functions.differing),
            tainted: BTreeMap::new(),
            absent: BTreeSet::new(),
            redescribed: BTreeSet::new(),
            failed: BTreeMap::new(),
            short: BTreeSet::new(),
            withheld: Vec::new(),
        }
    }

    /// The cause of an error with this text.
    pub fn behind(&self, text: &str, reads: &[String]) -> Option<Cause> {
        let quoted = |(name, _): &(&String, &Origin)| text.contains(&format!("'{name}'"));
        let called = |(name, _): &(&String, &Origin)| text.contains(&format!("{name}("));
        let function = self.functions.iter().chain(&self.differing).find(quoted);
        let function = function.or_else(|| self.differing.iter().find(called));
        if let Some((_, origin)) = function {
            return Some(Cause::Function(origin.clone()));
        }
        let named = |name: &&String| text.contains(&format!(".{name}'")) || text.contains(&format!("'{name}'"));
        let failed = |read: &&String| self.failed.get(*read).is_some_and(|causes| causes.contains(text));
        let relation = self.absent.iter().find(named).or_else(|| reads.iter().find(failed))?;
        Some(Cause::Relation(relation.clone()))
    }

    /// Whether `relation` is known to fail, or to be short of a file, so that nothing more is told of it.
    pub fn cover(&self, relation: &str) -> bool {
        self.absent.contains(relation) || self.failed.contains_key(relation) || self.short.contains(relation)
    }

    /// Whether nothing was held against `relation`, for want of a host's function.
    pub fn leaves_unchecked(&self, relation: &str) -> bool {
        self.unchecked.contains(relation)
    }

    /// The function with a finding from which the types of `relation` may follow.
    pub async fn taints(&mut self, ctx: &SessionContext, relation: Relation<'_>) -> Option<Cause> {
        let name = relation.name();
        let inherited = relation.depends_on().iter().find_map(|read| self.tainted.get(read)).cloned();
        let origin = match inherited {
            Some(origin) => Some(origin),
            None if self.differing.is_empty() => None,
            None => calls(ctx, name, &self.differing).await,
        }?;
        self.tainted.insert(name.to_owned(), origin.clone());
        Some(Cause::Function(origin))
    }

    pub fn withhold(&mut self, cause: Cause, relation: &str, findings: Vec<Finding>) {
        let is_unchecked = match &cause {
            Cause::Function(origin) => self.unhosted.contains(origin),
            Cause::Relation(read) | Cause::Nulls(read) => self.unchecked.contains(read),
        };
        if is_unchecked {
            self.unchecked.insert(relation.to_owned());
        }
        self.withheld.push(Withheld { cause, relation: relation.to_owned(), findings });
    }

    /// Names each relation of which something was withheld in the finding of its cause. Where that has none after all, what was withheld
    /// is told.
    pub fn settle(self, findings: &mut Vec<Finding>) {
        for Withheld { cause, relation, findings: withheld } in self.withheld {
            let worst = |found: &&mut Finding| Reverse(found.severity);
            let about = findings.iter_mut().filter(|finding| cause.has(finding)).min_by_key(worst);
            let about = match about {
                Some(about) => Some(about),
                None => findings.iter_mut().find(|finding| cause.is_followed(finding)),
            };
            match about {
                Some(about) => about.followed_by(relation),
                None => findings.extend(withheld),
            }
        }
    }
}

/// Where the first of `functions` that the plan of a view calls is declared.
async fn calls(ctx: &SessionContext, view: &str, functions: &BTreeMap<String, Origin>) -> Option<Origin> {
    let provider = ctx.table_provider(table_reference(view)).await.ok()?;
    let plan = provider.get_logical_plan()?;
    let mut found = None;
    let walked = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                let name = match expr {
                    Expr::ScalarFunction(call) => Some(call.name()),
                    Expr::AggregateFunction(call) => Some(call.func.name()),
                    Expr::WindowFunction(call) => Some(call.fun.name()),
                    _ => None,
                };
                found = found.take().or_else(|| name.and_then(|name| functions.get(name)).cloned());
                Ok(TreeNodeRecursion::Continue)
            })
        })
    });
    walked.ok().and(found)
}
