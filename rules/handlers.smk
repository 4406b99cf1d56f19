# What happens before the first job of a start and after its last, whoever uses this workflow.
from butfor.records import awaited_anew
from butfor.terminal import start_view
from butfor.workflow import inheritance, unfinished_jobs


# Whether the user has asked for the training of a folder of records, whatever there is.
def is_forced(runs):
    return finished_trainings.is_forced(workflow, runs)


# Never in a dry run, nor where there is nothing to do, nor for the plan alone. Imported here, because it imports NumPy, and every
# job of a cluster run parses this file.
def begin():
    if targets.is_dry_run:
        return
    from butfor.workflow import beginning

    # First, since they are waited for, and the follower is to know of them.
    if workflow.local_exec:
        fork_servers.start(
            processes_to_run(workflow.dag.needrun_jobs()),
            engine,
            study["threads"],
            first_after_trainings(targets.searched(), targets.costs()),
        )
    beginning.begin(
        study,
        plan,
        mirrored,
        alone=workflow.execution_settings.lock,
        own_code=targets.own_code(),
    )
    if workflow.execution_settings.lock:
        made = (file for job in workflow.dag.needrun_jobs() for file in job.output)
        results = Path(study["results"])
        old = inheritance.outdated(results, targets.planned())
        old |= unfinished_jobs.outdated_jobs(results, targets.planned())
        awaited_anew.await_anew(results, [*made, *old])
    targets.protect(is_forced)
    start_view.begin(study["results"], view, language)


# By the rules of jobs; a job of several processes is named as often.
def processes_to_run(jobs):
    return [job.rule.name for job in jobs for _ in range(processes_of(job))]


def processes_of(job):
    return spare_cores.processes(*job.wildcards) if job.rule.name == "train" else 1


# In the terminal, while the study runs.
def view():
    from butfor.terminal.time_left import time_left_of_start
    from butfor.terminal.open_view import OpenView

    cores = workflow.resource_settings.cores or workflow.nodes or 1
    of_start = time_left_of_start(study, plan, targets, cores)
    return OpenView(study["study"], study["question"], Path(study["results"]), of_start)


# Not beside another start, whose jobs may be at work.
def settle():
    if workflow.execution_settings.lock and not targets.is_dry_run:
        targets.settle()


# Whether the user has asked for less than what the targets are made of, so that a report may be of an earlier start.
def is_cut_short():
    return bool(workflow.dag_settings.until or workflow.dag_settings.omit_from)


# The last words of a start. Jobs of a cluster have none.
def end():
    ending.cancel_rounds()
    start_view.end()
    settle()
    asked = workflow.dag_settings.targets
    is_whole = (not asked or "all" in asked) and not is_cut_short()
    if workflow.execution_settings.lock and is_whole:
        awaited_anew.await_nothing(Path(study["results"]))
    ending.succeeded(study, asked, is_cut_short())


def fail():
    ending.cancel_rounds()
    start_view.end()
    settle()
    # A plan that is refused has said why, and leaves nothing to go on with.
    if not targets.is_dry_run:
        ending.failed(study)


if outer_workflow.is_outermost(workflow):

    if workflow.is_main_process:
        start_view.replace_messages(
            study["results"], workflow.output_settings, language
        )

    onstart:
        begin()

    onsuccess:
        end()

    onerror:
        fail()


# No `else`, which snakefmt cannot read here.
if not outer_workflow.is_outermost(workflow):
    outer_workflow.handle(
        workflow, study["results"], onstart=begin, onsuccess=end, onerror=fail
    )

if workflow.is_main_process:
    ending.watch(
        study,
        lambda: None if workflow.dryrun else workflow.dag_settings.targets,
        is_cut_short,
    )
