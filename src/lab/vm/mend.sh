#!/bin/sh
# Mends this guest as its operator would: prints what v6check calls for, runs it as root, and boots again. Once, after the first report is out.
rm -f /etc/systemd/system/v6check-report.service.wants/mend.service

# What the guest is set up by, without what clients write there as they run.
settings() {
    find /etc /boot -type f ! -name resolv.conf ! -name '*.lock' -exec sha256sum {} + | sort -k 2
}

run() {
    sh /root/mend.sh >/root/mend.log 2>&1
    echo "mend: $1 exit $?"
    cat /root/mend.log
}

{
    v6check remedy --format shell >/root/mend.sh
    echo "mend: remedy exit $?"
    cat /root/mend.sh
    run first
    settings >/root/settings.first
    run second
    settings >/root/settings.second
    if cmp -s /root/settings.first /root/settings.second; then
        echo "mend: twice is as once"
    else
        echo "mend: run twice it changed more"
        diff /root/settings.first /root/settings.second
    fi
} >/dev/ttyS0 2>&1
systemctl reboot
