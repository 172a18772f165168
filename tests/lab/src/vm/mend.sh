#!/bin/sh
# Does once, after the first report is out, what this guest's operator would do; $1 says what:
#   shell       print what v6check calls for as a script, run it as root, twice, and boot again
#   cloud-init  print it as user data
#   reboot      boot again
rm -f /etc/systemd/system/v6check-report.service.wants/mend.service
# The console is for this alone: no messages of the kernel, and none of systemd's.
dmesg -n 1
kill -s RTMIN+21 1

# Each line as it is behind this mark, in one write, which no other comes between.
show() {
    sed 's/^/mend| /' | dd bs=1M iflag=fullblock of=/dev/ttyS0 status=none
}

# What the guest is set up by, without what clients write there as they run.
settings() {
    find /etc /boot -type f ! -name resolv.conf ! -name '*.lock' -exec sha256sum {} + | sort -k 2
}

run() {
    sh /root/mend.sh >/root/mend.log 2>&1
    echo "$1 run: exit $?"
    cat /root/mend.log
}

case $1 in
shell)
    {
        v6check remedy --format shell >/root/mend.sh
        echo "remedy: exit $?"
        cat /root/mend.sh
        run first
        settings >/root/settings.first
        run second
        settings >/root/settings.second
        diff /root/settings.first /root/settings.second && echo 'second run: nothing changed'
    } 2>&1 | show
    ;;
cloud-init)
    v6check remedy --format cloud-init >/root/user-data
    { cat /root/user-data; echo end of user data; } | show
    exit
    ;;
esac
systemctl reboot
