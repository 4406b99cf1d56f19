#!/bin/sh
# What a node runs for one job: Snakemake's script, with notes of its beginning and its end in the shared folder.
# Slurm may start a second copy of a job that only seems lost (its slurmd died, the job did not): each copy that begins
# becomes the owner of the task and gives the former owner time to notice; a copy that is no longer the owner kills itself.
# NAMES
look=5  # seconds
for _ in 1 2 3 4 5 6; do  # a network file system may show a new file late
    cd "$folder" 2>/dev/null && ls "$state" >/dev/null && [ -f "$state/$task.task" ] && break
    sleep $look
done
[ -f "$state/$task.task" ] || {
    echo "$(hostname) does not see $folder, which head node and nodes must share" >&2
    exit 98
}
job=$SLURM_JOB_ID
me=$job.${SLURM_RESTART_COUNT:-0}
owner=$state/$task.owner
if [ ! -x "$python" ]; then
    echo "it has no $python, which head node and nodes must share" >"$state/$SLURMD_NODENAME.unfit"
    exit 97
fi
rm -f "$state/$job.ended"
echo "$me on $SLURMD_NODENAME" >"$state/$job.begun"
other=$(cat "$owner" 2>/dev/null)
echo "$me" >"$owner.$me" && mv "$owner.$me" "$owner"
[ -z "$other" ] || sleep $((2 * look))
(
    while sleep $look; do
        now=$(cat "$owner" 2>/dev/null)
        [ -z "$now" ] || [ "$now" = "$me" ] || {
            echo "$(date) $me stops: $now does this task now" >&2
            kill -9 0
        }
    done
) &
watch=$!
(
# JOB
)
code=$?
kill $watch
[ "$(cat "$owner" 2>/dev/null)" = "$me" ] && rm -f "$owner"
echo $code >"$state/.$job.ended" && mv "$state/.$job.ended" "$state/$job.ended"
exit $code
