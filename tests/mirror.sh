# Where this machine gets Debian's packages from. Other scripts include this one.

# Prints the source of apt for the suite $1: on the mirror of Debian that this machine's apt is set up with. $2 is a directory to work in.
debian_source() {
    mirror=$(debian_mirror)
    if [ -z "$mirror" ]; then
        # Which source is Debian's stands in what apt downloads; many containers have thrown that away.
        mkdir -p "$2/apt/partial"
        apt-get -q -o Dir::State::lists="$2/apt" -o APT::Sandbox::User=root update >&2 || return
        mirror=$(debian_mirror -o Dir::State::lists="$2/apt")
        rm -rf "$2/apt"
    fi
    if [ -z "$mirror" ]; then
        echo "apt has no source of Debian's: add one to /etc/apt/sources.list.d (sources.list(5))" >&2
        return 1
    fi
    # As images in clouds have it: the mirror stands in a file.
    case $mirror in
        mirror+file:*)
            list=${mirror#mirror+file:}
            mirror=$(sed -n -e 's/^[ \t]*\([^# \t][^ \t]*\).*/\1/p' "${list%/}" | sed -n 1p)
            ;;
    esac
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main"
}

# The URI, or nothing. The arguments are options of apt-get.
debian_mirror() {
    # shellcheck disable=SC2016 # apt-get's own
    apt-get "$@" indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' 'Component: main' | sed -n 1p
}

# Prints how apt gets at its sources here, by a proxy for example, as lines of apt.conf.
debian_access() {
    apt-config dump | sed -n '/^Acquire::https\{0,1\}::/p'
}
