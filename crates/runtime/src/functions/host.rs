//! Functions that a program registers before the catalog, seen from a program that does not have them.

use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::prelude::SessionContext;

/// Marks the session of a program that is no host.
#[derive(Debug)]
struct WithoutHost;

/// Says that the functions whose provider is the host cannot be in `ctx`: `cstspec_verify` then counts what calls them as not checked,
/// with a warning, where a session of the host's that lacks them has an error.
pub fn without_host(ctx: &SessionContext) {
    ctx.state_ref().write().config_mut().set_extension(Arc::new(WithoutHost));
}

/// Whether the functions of a host cannot be there.
pub fn is_absent(state: &SessionState) -> bool {
    state.config().get_extension::<WithoutHost>().is_some()
}
