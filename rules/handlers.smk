# What happens before the first job of a start and after its last, whoever uses this workflow.


# Whether the user has asked for the training of a folder of records, whatever there is.
def is_forced(runs):
    dag = workflow.dag
    return rules.train.rule in dag.forcerules or str(runs) in dag.forcefiles


# Never in a dry run, nor where there is nothing to do. Imported here, because it imports NumPy, and every job of a cluster run
# parses this file.
def begin():
    from butfor.workflow import beginning

    beginning.begin(study, plan, mirrored, alone=workflow.execution_settings.lock)
    targets.protect(is_forced)


# Not beside another start, whose jobs may be at work.
def settle():
    if workflow.execution_settings.lock:
        targets.settle()


# The last words of a start. Jobs of a cluster have none.
def end():
    settle()
    ending.succeeded(study, workflow.dag_settings.targets)


def fail():
    settle()
    ending.failed(study)


if outer_workflow.is_outermost(workflow):

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
        study, lambda: None if workflow.dryrun else workflow.dag_settings.targets
    )
