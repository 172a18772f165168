# Builds the disk image $1 with Debian $2 and its packages $3 (names with commas), the files of the directory $4 laid over it and the script $5 run
# in it; its kernel's command line is $6. A boot loader of the BIOS kind starts it from its only partition. $WORK is a directory to work in.
# $7 says how the packages come into it: `installed` by dpkg, or `busybox`, which takes the kernel and BusyBox out of them and nothing else.
set -eu
image=$1 suite=$2 packages=$3 layer=$4 script=$5 command_line=$6 making=$7
tree=$WORK/tree

# debian_source and debian_access are those of tests/mirror.sh.
source=$(debian_source "$suite" "$WORK")
debian_access >"$WORK/access"
# "$@" is told where to build by its own options.
bootstrap() {
    mmdebstrap --quiet --format=directory --include="$packages" --aptopt='Apt::Install-Recommends "false"' --aptopt="$WORK/access" \
        --skip=cleanup/apt/lists "$@" "$source" >"$WORK/mmdebstrap.log" 2>&1 || { tail -n 40 "$WORK/mmdebstrap.log" >&2; exit 1; }
}

installed() {
    # A package's script that would start a service is told no by policy-rc.d(8), which mmdebstrap provides.
    bootstrap --variant=apt \
        --customize-hook="cp -R --no-preserve=ownership '$layer/.' \"\$1/\"" \
        --customize-hook="chroot \"\$1\" /bin/sh -e -s <'$script'" \
        "$suite" "$tree"
    rm -rf "$tree"/var/lib/apt/lists/* "$tree"/var/cache/apt/*.bin
}

busybox() {
    unpacked=$WORK/unpacked
    bootstrap --variant=extract "$suite" "$unpacked"
    for directory in boot dev etc/default proc root run sys tmp usr/bin usr/sbin usr/lib var/log; do
        mkdir -p "$tree/$directory"
    done
    ln -s usr/bin usr/sbin usr/lib "$tree"
    cp "$unpacked"/boot/vmlinuz-* "$tree/boot"
    cp "$unpacked/usr/bin/busybox" "$tree/usr/bin"
    cp -R "$unpacked/usr/lib/modules" "$tree/usr/lib"
    rm -rf "$unpacked"
    chroot "$tree" /bin/busybox --install -s
    cp -R --no-preserve=ownership "$layer/." "$tree/"
    chroot "$tree" /bin/sh -e -s <"$script"
}

"$making"

kernel=$(cd "$tree/boot" && ls vmlinuz-* | sort -V | tail -n 1)
mkdir -p "$tree/boot/grub"
printf 'GRUB_DEFAULT=0\nGRUB_TIMEOUT=0\nGRUB_CMDLINE_LINUX_DEFAULT=""\nGRUB_CMDLINE_LINUX="%s"\n' "$command_line" >"$tree/etc/default/grub"
cat >"$tree/boot/grub/grub.cfg" <<EOF
set timeout=0
set default=0
menuentry 'Debian GNU/Linux' {
	linux	/boot/$kernel root=/dev/vda1 ro $command_line
	initrd	/boot/initrd.img-${kernel#vmlinuz-}
}
EOF
echo '/dev/vda1 / ext4 errors=remount-ro 0 1' >"$tree/etc/fstab"

# One partition at the usual place. The gap before it holds GRUB: boot.img expects its core behind itself.
first=2048 size=$((3 * 1024 * 1024))
truncate -s "${size}k" "$image"
printf 'label: dos\nstart=%s, type=83, bootable\n' $first | sfdisk --quiet "$image"
mkfs.ext4 -q -F -d "$tree" -E "offset=$((first * 512))" "$image" "$((size - first / 2))k"
grub-mkimage -O i386-pc -o "$WORK/core.img" -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2 normal linux configfile
dd if=/usr/lib/grub/i386-pc/boot.img of="$image" bs=440 count=1 conv=notrunc status=none
dd if="$WORK/core.img" of="$image" bs=512 seek=1 conv=notrunc status=none
