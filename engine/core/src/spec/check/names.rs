//! What expressions read: every name must be one that something can define.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::diagnostics::code;
use crate::expr::{ON_COMPLETION, PathStep, RETRY_NAMES, Read, Root};
use crate::spec::compile::{Moment, Site};
use crate::spec::context::{At, Context};
use crate::spec::file::Resolved;
use crate::spec::foreign;
use crate::spec::suggest::nearest;

/// Fields of `system`.
const SYSTEM: &[&str] = &[
    "execution_id",
    "workflow_execution_id",
    "timestamp",
    "now",
    "workflow_start",
    "identity",
    "status",
    "errors",
];
/// Fields of `batch`.
const BATCH: &[&str] = &["index", "size", "start"];
/// Where names come from.
const SCOPES: &[&str] = &[
    "parameters",
    "vars",
    "workflow",
    "task",
    "pack",
    "system",
    "kv",
    "item",
    "batch",
];

/// Names that the file defines.
pub(super) struct Names<'f> {
    /// Initial variables with their place in the list.
    initial: BTreeMap<&'f str, usize>,
    /// Variables with the tasks that set them.
    published: BTreeMap<&'f str, Vec<usize>>,
    /// `None` if the schema leaves open which parameters there are.
    parameters: Option<BTreeSet<&'f str>>,
}

impl<'f> Names<'f> {
    fn new(file: &'f Resolved<'_>) -> Self {
        let mut published: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (task, draft) in file.drafts.iter().enumerate() {
            let of_arrows = draft.arrows.iter().flat_map(|arrow| &arrow.written);
            for written in draft.written.iter().chain(of_arrows) {
                published.entry(&*written.name).or_default().push(task);
            }
        }
        let parameters = file.parameters.closed_properties();
        Self {
            initial: file
                .vars
                .iter()
                .enumerate()
                .map(|(index, (name, _))| (&**name, index))
                .collect(),
            published,
            parameters: parameters.map(|map| map.keys().map(|name| &**name).collect()),
        }
    }

    fn is_initial(&self, name: &str) -> bool {
        self.initial.contains_key(name)
    }

    fn is_variable(&self, name: &str) -> bool {
        self.is_initial(name) || self.published.contains_key(name)
    }

    fn variables(&self) -> impl Iterator<Item = &str> {
        self.initial.keys().chain(self.published.keys()).copied()
    }

    fn parameters(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().flatten().copied()
    }
}

/// Checks all expressions.
pub(super) fn check<'a>(ctx: &Context<'a>, file: &Resolved<'a>) {
    let names = Names::new(file);
    let mut checker = Checker {
        ctx,
        file,
        names: &names,
        before: BTreeMap::new(),
    };
    for site in &file.sites {
        for read in &site.references().reads {
            checker.read(site, read);
        }
        checker.calls(site);
        for ternary in &site.references().ternaries {
            let at = site.place(ctx, ternary.offset, 1);
            let message = "`a ? b : c` is written `b if a else c` here";
            let fix = Some(format!("write `{}`", ternary.rewrite));
            ctx.report_with(code::W_TERNARY, at, message, fix);
        }
    }
}

struct Checker<'c, 'a> {
    ctx: &'c Context<'a>,
    file: &'c Resolved<'a>,
    names: &'c Names<'c>,
    /// For a task: which tasks may have run before it.
    before: BTreeMap<usize, Vec<bool>>,
}

impl<'a> Checker<'_, 'a> {
    fn read(&mut self, site: &Site<'a>, read: &Read) {
        match &read.root {
            Root::Vars => self.variable(site, read),
            Root::Parameters => self.parameter(site, read),
            Root::Task => {
                if let Some((message, fix)) = super::task_fields::unknown(self.file, read) {
                    self.unknown(site, read, message, fix);
                }
            }
            Root::Pack => self.member(site, read, "pack", &["config"]),
            Root::System => self.member(site, read, "system", SYSTEM),
            Root::Item | Root::Index | Root::Batch => self.iteration(site, read),
            Root::Bare(name) => self.bare(site, read, name),
        }
    }

    fn variable(&mut self, site: &Site<'a>, read: &Read) {
        let ctx = self.ctx;
        if site.text_at(read.offset).starts_with("workflow") {
            let message = "`workflow` is the old name of `vars`";
            let fix = Some("write `vars`".to_owned());
            ctx.report_with(code::W_ALIAS, self.at(site, read), message, fix);
        }
        let Some(PathStep::Name(name)) = read.path.first() else {
            return;
        };
        if read.guarded {
            return;
        }
        if !self.names.is_variable(name) {
            let message = format!("nothing in the file sets the variable `{name}`");
            let fix = self.variable_fix(name);
            return self.unknown(site, read, message, fix);
        }
        match site.owner.moment {
            Moment::Variable(index) => {
                let place = self.names.initial.get(&**name);
                if place.is_none_or(|place| *place >= index) {
                    let message = format!("`{name}` is set later than this variable");
                    self.unknown(site, read, message, None);
                }
            }
            Moment::Start if !self.names.is_initial(name) => {
                let message = format!("`{name}` is set only after the run has started");
                self.unknown(site, read, message, None);
            }
            Moment::Start
            | Moment::Ready
            | Moment::Execution
            | Moment::Policy
            | Moment::Retry
            | Moment::Completion
            | Moment::End => self.too_early(site, read, name),
        }
    }

    /// Reports a variable that only tasks below this one set.
    fn too_early(&mut self, site: &Site<'a>, read: &Read, name: &Arc<str>) {
        let (Some(task), false) = (site.owner.task, self.names.is_initial(name)) else {
            return;
        };
        if self.file.network.in_cycle[task] || self.in_cyclic_block(task) {
            return;
        }
        let file = self.file;
        let before = self
            .before
            .entry(task)
            .or_insert_with(|| reached_without(file, task));
        let ended = site.owner.moment == Moment::Completion;
        let inside = |writer: usize| ended && (writer == task || is_inside(file, writer, task));
        let writers = &self.names.published[&**name];
        if !writers
            .iter()
            .any(|writer| before[*writer] || inside(*writer))
        {
            let message = format!("`{name}` is set only by tasks that come after this");
            let fix = Some(format!("give it a first value: `vars: {{{name}: null}}`"));
            self.unknown(site, read, message, fix);
        }
    }

    fn in_cyclic_block(&self, task: usize) -> bool {
        let mut task = task;
        while let Some(block) = self.file.drafts[task].parent() {
            if self.file.network.in_cycle[block] {
                return true;
            }
            task = block;
        }
        false
    }

    fn variable_fix(&self, name: &str) -> Option<String> {
        if let Some(near) = nearest(name, self.names.variables()) {
            return Some(format!("did you mean `vars.{near}`?"));
        }
        if self.names.parameters().any(|known| known == name) {
            return Some(format!("did you mean `parameters.{name}`?"));
        }
        None
    }

    fn parameter(&self, site: &Site<'a>, read: &Read) {
        let (Some(known), Some(PathStep::Name(name))) = (&self.names.parameters, read.path.first())
        else {
            return;
        };
        if read.guarded || known.contains(&**name) {
            return;
        }
        let message = format!("the workflow has no parameter `{name}`");
        let fix = nearest(name, known.iter().copied())
            .map(|near| format!("did you mean `parameters.{near}`?"))
            .or_else(|| {
                self.names
                    .is_variable(name)
                    .then(|| format!("did you mean `vars.{name}`?"))
            });
        self.unknown(site, read, message, fix);
    }

    fn member(&self, site: &Site<'a>, read: &Read, root: &str, known: &[&str]) {
        let Some(PathStep::Name(name)) = read.path.first() else {
            return;
        };
        let near = nearest(name, known.iter().copied());
        // `default()` does not make good what is merely misspelt.
        if known.contains(&&**name) || (read.guarded && near.is_none()) {
            return;
        }
        let message = format!("`{root}` has no member `{name}`");
        let fix = near.map(|near| format!("did you mean `{root}.{near}`?"));
        self.unknown(site, read, message, fix);
    }

    fn iteration(&self, site: &Site<'a>, read: &Read) {
        let owner = site.owner.task.map(|task| &self.file.drafts[task]);
        let Some(draft) = owner else {
            // `defaults` apply to tasks of either kind.
            if matches!(
                site.owner.moment,
                Moment::Start | Moment::Variable(_) | Moment::End
            ) {
                self.no_iteration(site, read);
            }
            return;
        };
        let per_item = matches!(
            site.owner.moment,
            Moment::Execution | Moment::Policy | Moment::Retry
        );
        match &draft.task.items {
            Some(_) if !per_item => self.outside_iteration(site, read),
            None => self.no_iteration(site, read),
            Some(items) => super::batch::check(self.ctx, site, read, items),
        }
        if read.root == Root::Batch {
            self.member(site, read, "batch", BATCH);
        }
    }

    fn no_iteration(&self, site: &Site<'a>, read: &Read) {
        if !read.guarded {
            let word = iteration_word(read);
            let message = format!("there is no `{word}` here: it exists only with `with_items`");
            self.unknown(site, read, message, None);
        }
    }

    /// The task iterates, but this field belongs to the task as a whole.
    fn outside_iteration(&self, site: &Site<'a>, read: &Read) {
        if !read.guarded {
            let word = iteration_word(read);
            let message =
                format!("there is no `{word}` here: this is evaluated per task, never per item");
            self.unknown(site, read, message, None);
        }
    }

    fn bare(&self, site: &Site<'a>, read: &Read, name: &Arc<str>) {
        let iterates = |task: usize| self.file.drafts[task].task.items.is_some();
        let special = (site.owner.moment == Moment::Retry && RETRY_NAMES.contains(&&**name))
            || (&**name == "items" && site.owner.task.is_some_and(iterates));
        if special {
            return;
        }
        let scope = if self.names.is_variable(name) {
            "vars"
        } else if self.names.parameters().any(|known| known == &**name) {
            "parameters"
        } else if (read.guarded && !is_misspelt_scope(read, name))
            || self.names.parameters.is_none()
        {
            return;
        } else {
            if site.owner.moment == Moment::Policy && RETRY_NAMES.contains(&&**name) {
                return self.no_attempt_yet(site, read, name);
            }
            let message = format!("nothing defines `{name}`");
            return self.unknown(site, read, message, self.bare_fix(name));
        };
        let message = format!("`{name}` is read without its scope");
        let fix = Some(format!("write `{scope}.{name}`"));
        self.ctx
            .report_with(code::W_BARE_NAME, self.at(site, read), message, fix);
    }

    /// `count` and `max_elapsed` hold for all attempts.
    fn no_attempt_yet(&self, site: &Site<'a>, read: &Read, name: &str) {
        let message =
            format!("there is no `{name}` here: this is rendered once, before the first attempt");
        let fix = "decide in `on_error` or `when`; `delay` and `max_delay` may read it";
        self.unknown(site, read, message, Some(fix.to_owned()));
    }

    fn bare_fix(&self, name: &str) -> Option<String> {
        if self.file.by_name.contains_key(name) {
            return Some(format!("did you mean `task.{name}.result`?"));
        }
        if ON_COMPLETION.contains(&name) {
            return Some(format!("did you mean `{name}()`?"));
        }
        let near = nearest(name, SCOPES.iter().copied());
        near.map(|near| format!("did you mean `{near}`?"))
            .or_else(|| foreign::scope(name))
            .or_else(|| self.variable_fix(name))
            .or_else(|| {
                let near = nearest(name, self.names.parameters())?;
                Some(format!("did you mean `parameters.{near}`?"))
            })
    }

    /// Functions on completion have no answer before there is one.
    fn calls(&self, site: &Site<'a>) {
        if matches!(site.owner.moment, Moment::Retry | Moment::Completion) {
            return;
        }
        for call in &site.references().calls {
            let name = &*call.name;
            let is_function = site.text_at(call.offset).starts_with(name);
            if is_function && ON_COMPLETION.contains(&name) {
                let message = format!("`{name}()` has an answer only when the task has ended");
                let fix = Some("read `task.NAME.…` of the task you mean".to_owned());
                let at = site.place(self.ctx, call.offset, name.len());
                self.ctx.report_with(code::E_EXPRESSION, at, message, fix);
            }
        }
    }

    fn at(&self, site: &Site<'a>, read: &Read) -> At {
        site.place(self.ctx, read.offset, read.len)
    }

    fn unknown(&self, site: &Site<'a>, read: &Read, message: String, fix: Option<String>) {
        let at = self.at(site, read);
        self.ctx
            .report_with(code::E_UNKNOWN_VARIABLE, at, message, fix);
    }
}

/// Tells whether what looks like a name with members is rather a scope that is misspelt, which no
/// `default()` makes good.
fn is_misspelt_scope(read: &Read, name: &str) -> bool {
    !read.path.is_empty() && nearest(name, SCOPES.iter().copied()).is_some()
}

fn iteration_word(read: &Read) -> &'static str {
    match read.root {
        Root::Index => "index",
        Root::Batch => "batch",
        Root::Item
        | Root::Parameters
        | Root::Vars
        | Root::Task
        | Root::Pack
        | Root::System
        | Root::Bare(_) => "item",
    }
}

fn is_inside(file: &Resolved<'_>, task: usize, block: usize) -> bool {
    let mut task = task;
    while let Some(parent) = file.drafts[task].parent() {
        if parent == block {
            return true;
        }
        task = parent;
    }
    false
}

/// Marks the tasks that may run although `task` has not: all ways that do not go through it.
fn reached_without(file: &Resolved<'_>, task: usize) -> Vec<bool> {
    let mut seen = vec![false; file.drafts.len()];
    let mut stack: Vec<usize> = file
        .network
        .entry
        .iter()
        .chain(&file.lists.on_failure)
        .chain(&file.lists.finally)
        .copied()
        .collect();
    while let Some(found) = stack.pop() {
        if found != task && !std::mem::replace(&mut seen[found], true) {
            stack.extend(file.network.targets(found));
            stack.extend(&file.network.block_entry[found]);
        }
    }
    seen
}
