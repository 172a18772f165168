# Changes the image behind the overlay $1: lays $2 over its root file system, runs the script $3 in it, and has "$@" put v6check in.
# Runs in a mount namespace of its own, so that nothing of it is seen or left outside. $WORK is a directory to work in.
# Exit code 3: no partition holds a root file system that this machine can mount; its standard error says what was tried.
# Whose image it is, nobody knows: nothing of it is run but for the script, and no symbolic link of it leads out of it.
set -eu
overlay=$1 layer=$2 script=$3
shift 3

image=$WORK/image top=$WORK/top loop= exporter=
mkdir -p "$top"
: >"$image"
end() {
    umount -R "$top" 2>/dev/null || true
    [ -z "$loop" ] || losetup -d "$loop" || true
    # It has written all that the overlay shall hold once it has ended.
    [ -z "$exporter" ] || { kill "$exporter"; wait "$exporter" || true; }
}
trap end EXIT
trap 'exit 1' HUP INT TERM

# A qcow2 as a plain file, which a loop device can show.
qemu-storage-daemon --blockdev driver=file,node-name=file,filename="$overlay" --blockdev driver=qcow2,node-name=disk,file=file,discard=unmap \
    --export type=fuse,id=export,node-name=disk,mountpoint="$image",writable=on >"$WORK/exporter.log" 2>&1 &
exporter=$!
# Five minutes, since on a busy machine it takes its time.
tries=6000
while [ ! -s "$image" ]; do
    if ! kill -0 $exporter 2>/dev/null; then
        cat "$WORK/exporter.log" >&2
        echo "the disk cannot be shown as a file here, which takes /dev/fuse" >&2
        exit 3
    fi
    tries=$((tries - 1))
    if [ $tries = 0 ]; then
        # That says nothing of the image, so it is not code 3.
        cat "$WORK/exporter.log" >&2
        echo "qemu-storage-daemon runs, and has not shown the disk as a file within five minutes" >&2
        exit 1
    fi
    sleep 0.05
done

# Sets $place to where the path $1 is in the image, with its symbolic links as the image has them once it is booted. Nothing else runs in it, so
# that what was found stays so.
find_place() {
    rest=$1 inside='' links=0
    while [ -n "$rest" ]; do
        part=${rest%%/*}
        case $rest in */*) rest=${rest#*/} ;; *) rest='' ;; esac
        case $part in
        '' | .) ;;
        ..) inside=${inside%/*} ;;
        *)
            if [ -L "$top$inside/$part" ]; then
                links=$((links + 1))
                # The kernel's limit (path_resolution(7)).
                [ $links -le 40 ] || { echo "$1: too many symbolic links" >&2; return 1; }
                target=$(readlink "$top$inside/$part")
                case $target in /*) inside='' ;; esac
                rest=$target/$rest
            else
                inside=$inside/$part
            fi
            ;;
        esac
    done
    place=$top$inside
}

there() {
    find_place "$1" && [ -e "$place" ]
}

is_root() {
    there etc && { [ -L "$top/sbin/init" ] || there sbin/init || there usr/lib/systemd/systemd || there etc/inittab; }
}

# Each partition by where it begins and how long it is, in sectors; a disk without partitions is one file system.
partitions=$(sfdisk --dump "$image" 2>/dev/null | sed -n 's/.*start= *\([0-9]*\), *size= *\([0-9]*\).*/\1 \2/p')
[ -n "$partitions" ] || partitions="0 $(($(stat -c %s "$image") / 512))"
found=
while read -r start size; do
    if ! loop=$(losetup --find --show --offset $((start * 512)) --sizelimit $((size * 512)) "$image" 2>"$WORK/mount.log"); then
        echo "sector $start: no loop device: $(cat "$WORK/mount.log")" >&2
        continue
    fi
    # Probed: what blkid remembers of a loop device is of the image that it showed before.
    kind=$(blkid -p -o value -s TYPE "$loop" 2>/dev/null) && [ -n "$kind" ] || kind=unknown
    options=nodev,nosuid
    # The kernel mounts no two file systems of XFS with one UUID, and all guests of an image have the image's.
    [ "$kind" != xfs ] || options=$options,nouuid
    if mount -o "$options" "$loop" "$top" 2>"$WORK/mount.log"; then
        if is_root; then
            found=1
            break
        fi
        umount "$top"
        echo "sector $start: $kind: no root file system" >&2
    else
        echo "sector $start: $kind: cannot be mounted here: $(sed 's/^ *//' "$WORK/mount.log" | paste -s -d ' ')" >&2
    fi
    losetup -d "$loop"
    loop=
done <<EOF
$partitions
EOF
[ -n "$found" ] || exit 3

# As root's, whoever made the layer; what is there keeps its owner.
(cd "$layer" && find . -mindepth 1 -type d) | while read -r directory; do
    find_place "$directory"
    mkdir -p "$place"
done
(cd "$layer" && find . ! -type d) | while read -r file; do
    find_place "${file%/*}"
    to=$place/${file##*/}
    # A link that is there is replaced, and not followed.
    rm -f "$to"
    cp --no-target-directory --no-preserve=ownership --preserve=mode "$layer/$file" "$to"
done
if [ -s "$script" ]; then
    for name in dev proc; do
        [ -d "$top/$name" ] && [ ! -L "$top/$name" ] || { echo "the image has no /$name" >&2; exit 1; }
    done
    mount --bind /dev "$top/dev"
    mount -t proc proc "$top/proc"
    unshare --net chroot "$top" /bin/sh -e -s <"$script"
    umount "$top/proc" "$top/dev"
fi
if [ $# -gt 0 ]; then
    "$@" --root "$top"
fi
