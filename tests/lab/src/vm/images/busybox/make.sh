# Makes the initramfs: BusyBox, its script, and the modules of a virtual machine's disk, file system and NICs.
kernel=$(ls /usr/lib/modules)
modules=/usr/lib/modules/$kernel
depmod "$kernel"
top=/root/tree
mkdir -p $top/bin $top/sbin $top/dev $top/proc $top/new "$top/lib/modules/$kernel"
cp /bin/busybox $top/bin
for name in sh mount umount cat sleep switch_root modprobe; do
	ln -s busybox $top/bin/$name
done
ln -s ../bin/busybox $top/sbin/modprobe
mv /root/initramfs $top/init
for module in virtio_pci virtio_blk virtio_net virtio_rng crc32c_generic ext4; do
	# One that is built in has no file.
	line=$(tr '-' '_' <"$modules/modules.dep" | grep -n "/$module\.ko[.a-z]*:" | cut -d : -f 1)
	[ -n "$line" ] || continue
	for file in $(sed -n "${line}p" "$modules/modules.dep" | tr -d :); do
		mkdir -p "$top/lib/modules/$kernel/${file%/*}"
		cp "$modules/$file" "$top/lib/modules/$kernel/$file"
	done
	echo $module >>$top/modules
done
depmod -b $top "$kernel"
(cd $top && find . | cpio -o -H newc | gzip) >/boot/initrd.img-"$kernel"
rm -r $top
# What ifup expects to be there.
mkdir -p /etc/network/if-pre-up.d /etc/network/if-up.d /etc/network/if-down.d /etc/network/if-post-down.d
ln -s ../run /var/run
