# shellcheck shell=bash
# Sourced by the scripts: what they need from the system, and how to get it.
#
#   need postgresql postfix dovecot     installs what is missing of these; does nothing when all is there
#   need exim                           unpacks Exim into $LIAISON_EXIM, or beside what cargo builds, and installs nothing
#   need_cargo                          stops with a sentence when there is no Rust
#   postgres_bin                        prints the folder that holds initdb and postgres

# Servers such as smtp-sink live where an ordinary user's PATH does not look; cargo where rustup puts it.
PATH="$PATH:/usr/sbin:/sbin:${CARGO_HOME:-${HOME:-/root}/.cargo}/bin"

stop() {
    printf '%s\n' "$@" >&2
    exit 1
}

# The folder with both programs: what pg_config says, else Debian's newest.
postgres_bin() {
    local dir
    while IFS= read -r dir; do
        if [[ -x $dir/initdb && -x $dir/postgres ]]; then
            printf '%s\n' "$dir"
            return 0
        fi
    done < <(
        pg_config --bindir 2>/dev/null || true
        find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -rV
    )
    return 1
}

# Debian's packages for one need, when it is not met.
missing_for() {
    case $1 in
        postgresql) postgres_bin >/dev/null || echo postgresql ;;
        postfix) command -v smtp-sink >/dev/null || echo postfix ;;
        dovecot) command -v dovecot >/dev/null || echo dovecot-imapd ;;
        browser) command -v chromedriver >/dev/null && command -v chromium >/dev/null || echo chromium chromium-driver fonts-dejavu-core ;;
        npm) command -v npm >/dev/null || echo npm ;;
        compiler) command -v cc >/dev/null || echo gcc libc6-dev ;;
        *) stop "packages.sh knows no '$1'" ;;
    esac
}

need() {
    local missing=() found what
    for what in "$@"; do
        if [[ $what == exim ]]; then
            unpack_exim "${LIAISON_EXIM:-${CARGO_TARGET_DIR:-target}/exim}"
            continue
        fi
        read -ra found <<<"$(missing_for "$what" | tr '\n' ' ')"
        missing+=("${found[@]}")
    done
    ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# Debian's Exim cannot be installed beside Postfix. So its program, and the libraries that this machine lacks for it, are
# unpacked into a folder. Where that cannot be done the tests that want it say so.
unpack_exim() {
    local dir=$1 packages
    [[ -x $dir/usr/sbin/exim4 ]] && return 0
    command -v apt-get >/dev/null && command -v dpkg >/dev/null || return 0
    echo "    unpacking exim"
    mkdir -p "$dir"
    packages=$(apt-get install --simulate --no-install-recommends exim4-daemon-light 2>/dev/null |
        awk '$1 == "Inst" && ($2 ~ /^lib/ || $2 == "exim4-daemon-light") { print $2 }')
    (
        cd "$dir"
        # shellcheck disable=SC2086 # several names
        quietly apt-get download -qq $packages || exit 0
        for package in ./*.deb; do
            dpkg -x "$package" .
        done
        rm -f ./*.deb
        # A program that makes its caller root ignores libraries that do not lie where the system keeps them.
        chmod u-s usr/sbin/exim4
    )
}

install_packages() {
    command -v apt-get >/dev/null ||
        stop "Please install with this system's package manager what Debian calls: $*"
    local as_root=()
    if ((EUID != 0)); then
        as_root=(sudo)
        # Without a terminal nobody could type the password.
        if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && ! [[ -t 0 && -t 2 ]]; }; then
            stop "Some system packages are missing. Please run, then start again:" \
                "  sudo apt-get update && sudo apt-get install $*"
        fi
    fi
    echo "    installing $*"
    "${as_root[@]}" bash -c "$(declare -f apt_install quietly); apt_install \"\$@\"" apt_install "$@"
}

# Runs as root. We want the programs, not the services that come with them: Debian would start a database on port
# 5432 and mail servers on ports 25 and 143. Both switches are set only where the administrator has set none.
apt_install() {
    set -euo pipefail
    export DEBIAN_FRONTEND=noninteractive
    local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.conf
    if [[ " $* " == *" postgresql "* && ! -e $cluster ]]; then
        mkdir -p "${cluster%/*}"
        echo "create_main_cluster = false" >"$cluster"
    fi
    if [[ " $* " == *" postfix "* ]]; then
        echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
    fi
    if [[ " $* " == *" postfix "* || " $* " == *" dovecot-imapd "* ]]; then
        if [[ ! -e $policy ]]; then
            # shellcheck disable=SC2064 # the name as it is now
            trap "rm -f '$policy'" EXIT
            printf '#!/bin/sh\nexit 101\n' >"$policy"
            chmod 755 "$policy"
        fi
    fi
    # An outdated list is better than none: the packages may still be fetched.
    quietly apt-get update -qq || true
    quietly apt-get install -y -qq --no-install-recommends "$@"
}

# Shows what a command said only when it failed.
quietly() {
    local said
    said=$("$@" 2>&1 </dev/null) || {
        printf '%s\n' "$said" >&2
        return 1
    }
}

need_cargo() {
    command -v cargo >/dev/null ||
        stop "Rust is missing. Install it from https://rustup.rs (an ordinary user can), then start again."
}
