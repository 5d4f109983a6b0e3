#!/usr/bin/env bash
# A Slurm of two nodes on this machine, for tests: slurm.sh ACTION FOLDER, with an action at the end
# of this file. To be run as root. Debian: apt-get install slurm-wlm munge.
set -euo pipefail
action=$1 folder=$2 conf=/etc/slurm/slurm.conf
mark="# of tests/workflow/slurm.sh"

configure() {
    if [ -e $conf ] && ! grep -qxF "$mark" $conf; then
        echo "error: $conf belongs to a Slurm that is already here" >&2
        exit 1
    fi
    local cpus=$(($(nproc) / 2)) memory
    memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    cat >$conf <<END
$mark
ClusterName=tests
SlurmctldHost=$(hostname)(127.0.0.1)
SlurmUser=root
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/%n
SlurmctldLogFile=$folder/slurmctld.log
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdLogFile=$folder/%n.log
SlurmdPidFile=$folder/%n.pid
NodeName=n[1-2] NodeHostname=$(hostname) NodeAddr=127.0.0.1 Port=[6818-6819] CPUs=$((cpus ? cpus : 1)) RealMemory=$memory
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

case $action in
start)
    configure
    mkdir -p "$folder/state" "$folder/n1" "$folder/n2"
    if ! munge -n </dev/null >/dev/null 2>&1; then
        install -d -o munge -g munge /run/munge /var/log/munge /var/lib/munge
        runuser -u munge -- munged
    fi
    slurmctld
    slurmd -N n1
    slurmd -N n2
    for _ in $(seq 30); do
        [ "$(sinfo --noheader --format=%T)" = idle ] && exit
        sleep 1
    done
    echo "error: the nodes of Slurm are not up:" "$(sinfo --noheader --Node --long)" >&2
    exit 1
    ;;
start-controller)
    slurmctld
    ;;
stop-controller)
    kill "$(cat "$folder/slurmctld.pid")"
    ;;
stop)
    for pid in "$folder"/*.pid; do
        [ -e "$pid" ] && kill "$(cat "$pid")"
    done
    rm -f $conf
    ;;
esac
