# Changes the image behind the overlay $1: lays $2 over its root file system, runs the script $3 in it, and has "$@" put v6check in.
# Runs in a mount namespace of its own, so that nothing of it is seen or left outside. $WORK is a directory to work in.
# Exit code 3: no partition holds a root file system that this machine can mount; its standard error says what was tried.
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
tries=100
while [ ! -s "$image" ]; do
    tries=$((tries - 1))
    if [ $tries = 0 ] || ! kill -0 $exporter 2>/dev/null; then
        cat "$WORK/exporter.log" >&2
        exit 1
    fi
    sleep 0.05
done

is_root() {
    [ -d "$top/etc" ] && { [ -e "$top/sbin/init" ] || [ -L "$top/sbin/init" ] || [ -e "$top/usr/lib/systemd/systemd" ] || [ -e "$top/etc/inittab" ]; }
}

# Each partition by where it begins and how long it is, in sectors; a disk without partitions is one file system.
partitions=$(sfdisk --dump "$image" 2>/dev/null | sed -n 's/.*start= *\([0-9]*\), *size= *\([0-9]*\).*/\1 \2/p')
[ -n "$partitions" ] || partitions="0 $(($(stat -c %s "$image") / 512))"
found=
while read -r start size; do
    loop=$(losetup --find --show --offset $((start * 512)) --sizelimit $((size * 512)) "$image")
    kind=$(blkid -o value -s TYPE "$loop" 2>/dev/null || echo unknown)
    if mount "$loop" "$top" 2>"$WORK/mount.log"; then
        if is_root; then
            found=1
            break
        fi
        umount "$top"
        echo "sector $start: $kind: no root file system" >&2
    else
        echo "sector $start: $kind: cannot be mounted here" >&2
    fi
    losetup -d "$loop"
    loop=
done <<EOF
$partitions
EOF
[ -n "$found" ] || exit 3

# As root's, whoever made the layer; what is there keeps its owner.
(cd "$layer" && find . -type d -exec mkdir -p "$top/{}" \; -o -exec cp --no-preserve=ownership --preserve=mode --remove-destination {} "$top/{}" \;)
if [ -s "$script" ]; then
    mount --bind /dev "$top/dev"
    mount -t proc proc "$top/proc"
    unshare --net chroot "$top" /bin/sh -e -s <"$script"
    umount "$top/proc" "$top/dev"
fi
if [ $# -gt 0 ]; then
    "$@" --root "$top"
fi
