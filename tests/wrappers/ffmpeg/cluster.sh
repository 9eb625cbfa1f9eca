#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# scripts/s2v-batch: long songs in parts, GNU parallel, Slurm.
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=lib.sh
. "$here/lib.sh"
script=$here/../../../scripts/s2v-batch
export FFMPEG

# batch ARGUMENTS...: what it says is in `said`, how it ends in `status`.
batch() {
    said=$("$script" --model tiny.bin --ext mkv "$@" 2>&1 </dev/null)
    status=$?
}
# pictures FILE: one line for all of its frames.
pictures() { run -i "file:$1" -map 0:v -f framemd5 - | sed '/^#/d; s/.*, //' | md5sum; }
song() { run -f lavfi -i "$(sound "$1" "$2" stereo)" -c:a pcm_s16le "file:$3"; }
last() { tail -n 1 <<<"$said"; }
# whole FOLDER: nothing but videos and the list has a name that a user sees.
whole() { find "$1" -type f ! -name '.*' ! -path '*/.s2v-batch.*' ! -name '*.mkv' | wc -l; }
lossless=(-- -c:v ffv1)

# --- parts
mkdir songs
song 44100 220500 songs/long.wav # 5 s
batch -o whole songs "${lossless[@]}"
batch -o split --split 0.034 songs "${lossless[@]}"
is "in parts of two seconds" "$status $(last)" "0 1 converted, 0 up to date, 0 failed"
is "the frames are those of one run" "$(pictures split/long.mkv)" "$(pictures whole/long.mkv)"
is "and the sound" "$(run -i split/long.mkv -map 0:a -c copy -f md5 -)" "$(run -i whole/long.mkv -map 0:a -c copy -f md5 -)"
is "the parts are gone" "$(find split -mindepth 1 ! -name long.mkv ! -name .s2v-batch)" ""
# Quiet at 1, 4 and 6 seconds. Parts of three may end at 2 to 4 seconds, then at 6 to 8.
run -f lavfi -i "aevalsrc='sin(2000*t)*(1-0.99*(between(t,0.8,1.2)+between(t,3.8,4.2)+between(t,5.8,6.2)))':s=44100:d=8.3" \
    -c:a pcm_s16le soft.wav
batch -o soft-whole soft.wav "${lossless[@]}"
cat >noting <<'NOTING'
#!/bin/sh
for word; do
    case $before in -frames:v) echo "$word" >>lengths ;; esac
    before=$word
done
exec "$REAL" "$@"
NOTING
chmod +x noting
real=$FFMPEG
said=$(REAL=$real FFMPEG=$PWD/noting "$script" -m tiny.bin -e mkv -o soft --split 0.05 --at-silence soft.wav "${lossless[@]}" 2>&1)
is "parts that end where it is quiet" "$(last) $(paste -sd' ' lengths)" "1 converted, 0 up to date, 0 failed 80 40"
is "have the frames of one run" "$(pictures soft/soft.mkv)" "$(pictures soft-whole/soft.mkv)"
like "--at-silence by itself is refused" "$("$script" -m tiny.bin --at-silence songs 2>&1)" '--at-silence is for --split'
like "--split of a second is refused" "$("$script" -m tiny.bin --split 0.01 songs 2>&1)" '--split: expected 0.04'
like "an option that would apply to each part, too" "$("$script" -m tiny.bin --split 1 songs -- -t 3 2>&1)" '--split: -t cannot be given after --'

# Killed before its third part: what is there is kept, and used.
cat >until-third <<'UNTIL'
#!/bin/sh
case "$*" in *-copyts*) [ ! -e kept/.s2v-batch.parts/long.mkv/00001.nut ] || { kill -KILL $PPID; exit 1; } ;; esac
exec "$REAL" "$@"
UNTIL
chmod +x until-third
REAL=$real FFMPEG=$PWD/until-third "$script" -m tiny.bin -e mkv -o kept --split 0.034 songs "${lossless[@]}" >/dev/null 2>&1
is "a run that was killed leaves its parts, and no video" "$(find kept -name '*.nut' | wc -l) $(ls kept)" "2 "
inode=$(stat -c %i kept/.s2v-batch.parts/long.mkv/00000.nut)
cat >counting <<'COUNTING'
#!/bin/sh
case "$*" in *-copyts*) echo part >>made; stat -c %i kept/.s2v-batch.parts/long.mkv/00000.nut >inode ;; esac
exec "$REAL" "$@"
COUNTING
chmod +x counting
said=$(REAL=$real FFMPEG=$PWD/counting "$script" -m tiny.bin -e mkv -o kept --split 0.034 songs "${lossless[@]}" 2>&1)
is "the next run makes the third part only" "$(wc -l <made) $(cat inode) $(last)" "1 $inode 1 converted, 0 up to date, 0 failed"
is "with the same frames" "$(pictures kept/long.mkv)" "$(pictures whole/long.mkv)"
mkdir -p busy/.s2v-batch.parts
flock busy/.s2v-batch.parts/long.mkv.lock sleep 100 &
sleep 1
batch -o busy --split 0.034 songs
like "a song that another run converts" "$status $said" '^1 .*another run is converting this song'
kill %1

# --- GNU parallel
song 16000 16000 "songs/two words, and 'more'.wav"
head -c 2000 tiny.bin >songs/broken.mp3
if parallel --version 2>/dev/null | grep -q GNU; then
    batch -o many --parallel -j 2 songs "${lossless[@]}"
    is "parallel: one song of three fails" "$status $(grep -c '^converted' <<<"$said") $(grep -c '^failed.*broken' <<<"$said")" "1 2 1"
    like "parallel: the table's end" "$said" '2 converted, 0 up to date, 1 failed'
    is "parallel: the same frames, and no half files" "$(pictures many/long.mkv) $(whole many)" "$(pictures whole/long.mkv) 0"
    folder=$(echo many/.s2v-batch.run.*)
    like "--report prints the table again" "$("$script" --report "$folder")" '2 converted, 0 up to date, 1 failed'
    rm -r "$folder" songs/broken.mp3
    batch -o many --parallel songs "${lossless[@]}"
    is "parallel: again, nothing is made" "$status $(last)" "0 0 converted, 2 up to date, 0 failed"
    # Two computers, which are this one.
    cat >ssh <<'SSH'
#!/bin/sh
while case "$1" in -*) true ;; *) false ;; esac; do shift; done
echo "$1" >>hosts
shift
[ "$1" != -- ] || shift
exec sh -c "$*"
SSH
    chmod +x ssh
    said=$(PARALLEL_SSH=$PWD/ssh "$script" -m tiny.bin -e mkv -o far --parallel --sshlogin 1/one,1/two songs "${lossless[@]}" 2>&1)
    is "parallel: on two computers" "$(last) $(grep -Ec '^(one|two)$' hosts | sed 's/^[1-9].*/some/')" "2 converted, 0 up to date, 0 failed some"
    is "parallel: there, the same frames" "$(pictures far/long.mkv)" "$(pictures whole/long.mkv)"
    cat >bare <<'BARE'
#!/bin/sh
while case "$1" in -*) true ;; *) false ;; esac; do shift; done
shift
[ "$1" != -- ] || shift
mv -f hidden.bin away.bin
sh -c "$*"
status=$?
mv -f away.bin hidden.bin
exit $status
BARE
    chmod +x bare
    cp tiny.bin hidden.bin
    said=$(PARALLEL_SSH=$PWD/bare "$script" -m "$PWD/hidden.bin" -e mkv -o none --parallel --sshlogin 1/one songs/long.wav 2>&1)
    like "parallel: a computer without the model" "$said" 'failed .*the model cannot be used: .*hidden\.bin'
else
    skip "GNU parallel" "there is no GNU parallel: the package parallel"
fi
rm -f songs/broken.mp3

# --- Slurm, of one node, on this computer
like "--slurm=wrong" "$("$script" -m tiny.bin --slurm=wrong songs 2>&1)" "--slurm: expected nothing or =print, found '=wrong'"
said=$("$script" -m tiny.bin -e mkv -o later --threads 2 -j 3 --slurm=print songs 2>/dev/null)
like "--slurm=print" "$said" '--array=0-1%3.*--cpus-per-task=2.*--requeue'
like "the script is the one that is kept" "$(bash -n <<<"$said" && cat later/.s2v-batch.run.*/job)" '^#!/bin/bash'

port=$((20000 + RANDOM % 10000))
start_slurm() {
    local node i
    for i in munged slurmctld slurmd sbatch sinfo; do
        command -v $i >/dev/null || PATH=$PATH:/usr/sbin command -v $i >/dev/null || { why="there is no $i: the packages slurmctld, slurmd, slurm-client and munge"; return 1; }
    done
    [ "$(id -u)" -eq 0 ] || { why="slurmd starts jobs as root only"; return 1; }
    PATH=$PATH:/usr/sbin
    node=$(hostname -s)
    mkdir slurm slurm/state slurm/spool
    head -c 1024 /dev/urandom >slurm/key
    chmod 400 slurm/key
    munged --force --num-threads=1 --key-file="$tmp/slurm/key" --socket="$tmp/slurm/munge" \
        --pid-file="$tmp/slurm/munged.pid" --log-file="$tmp/slurm/munged.log" --seed-file="$tmp/slurm/seed" 2>/dev/null ||
        { why="munged does not start: $(tail -n 1 slurm/munged.log)"; return 1; }
    cat >slurm/conf <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$tmp/slurm/munge
StateSaveLocation=$tmp/slurm/state
SlurmdSpoolDir=$tmp/slurm/spool
SlurmctldPidFile=$tmp/slurm/slurmctld.pid
SlurmdPidFile=$tmp/slurm/slurmd.pid
SlurmctldLogFile=$tmp/slurm/slurmctld.log
SlurmdLogFile=$tmp/slurm/slurmd.log
SlurmctldPort=$port
SlurmdPort=$((port + 1))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SlurmdParameters=config_overrides
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=2 RealMemory=100 State=UNKNOWN
PartitionName=main Nodes=$node Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF=$tmp/slurm/conf
    { slurmctld && slurmd; } 2>/dev/null ||
        { why="slurmctld or slurmd does not start: $(tail -qn 1 slurm/slurm*.log)"; return 1; }
    for i in $(seq 30); do
        [ "$(sinfo -h -o %T 2>/dev/null)" != idle ] || return 0
        sleep 1
    done
    why="the node is not ready after 30 s: $(tail -n 1 slurm/slurmd.log)"
    return 1
}
# shellcheck disable=SC2317 # the trap calls it
stop_slurm() {
    local name
    for name in slurmd slurmctld munged; do
        [ ! -f "slurm/$name.pid" ] || kill "$(cat "slurm/$name.pid")" 2>/dev/null
    done
    sleep 1
}
trap 'cd "$tmp" && stop_slurm; rm -rf "$tmp"' EXIT

if start_slurm; then
    head -c 2000 tiny.bin >songs/broken.mp3
    batch -o node --slurm --split 0.034 songs "${lossless[@]}"
    is "slurm: one song of three fails" "$status $(grep -c '^converted' <<<"$said") $(grep -c '^failed.*broken' <<<"$said")" "1 2 1"
    like "slurm: the table's end" "$said" '2 converted, 0 up to date, 1 failed'
    is "slurm: the same frames, and no half files" "$(pictures node/long.mkv) $(whole node)" "$(pictures whole/long.mkv) 0"
    rm songs/broken.mp3
    # A task whose computer is lost in the middle is queued again, and goes on.
    cat >lost <<'LOST'
#!/bin/sh
case "$*" in *-copyts*) echo part >>made-on-node
    [ "$(wc -l <made-on-node)" -ne 2 ] || { scontrol requeue "$SLURM_JOB_ID"; sleep 60; } ;;
esac
exec "$REAL" "$@"
LOST
    chmod +x lost
    export REAL=$real
    said=$(FFMPEG=$PWD/lost timeout 300 "$script" -m tiny.bin -e mkv -o again --slurm --split 0.034 songs/long.wav "${lossless[@]}" 2>&1)
    is "slurm: a task that was queued again goes on with its second part" "$(last) $(wc -l <made-on-node)" "1 converted, 0 up to date, 0 failed 4"
    is "slurm: with the same frames" "$(pictures again/long.mkv)" "$(pictures whole/long.mkv)"
else
    skip "Slurm" "$why"
fi
finish
