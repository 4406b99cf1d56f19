# What happens before the first job of a start and after its last, whoever uses this workflow.


# Never in a dry run, nor where there is nothing to do. Imported here, because it imports NumPy, and every job of a cluster run
# parses this file.
def begin():
    from butfor.workflow import beginning

    beginning.begin(study, mirrored, alone=workflow.execution_settings.lock)


# The last words of a start. Jobs of a cluster have none.
def end():
    ending.succeeded(study, workflow.dag_settings.targets)


def fail():
    ending.failed(study)


if outer_workflow.is_outermost(workflow):

    onstart:
        begin()

    onsuccess:
        end()

    onerror:
        fail()

else:
    outer_workflow.handle(
        workflow, study["results"], onstart=begin, onsuccess=end, onerror=fail
    )

if workflow.is_main_process:
    ending.watch(
        study, lambda: None if workflow.dryrun else workflow.dag_settings.targets
    )
