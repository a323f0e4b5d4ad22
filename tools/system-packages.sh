#!/usr/bin/env bash
# Finds, and where it may installs, the servers that the tests run against.
#
# Installs with apt-get as root or through sudo that asks no password; starts and enables no service.
# GIGATWIN_SYSTEM_PACKAGES=no only looks. Never fails: what stays missing is said, one line each,
# with the marker of the tests that will be skipped for want of it.
set -uo pipefail

# program : Debian package : marker of the tests that need it
readonly WANTED="
redis-server:redis-server:needs_redis_server
mosquitto:mosquitto:needs_mosquitto
postgres:postgresql:needs_postgresql
chromium:chromium:needs_chromium
"
# Debian keeps servers where an ordinary PATH does not look.
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

have() {
    command -v "$1" >/dev/null && return
    [ "$1" = postgres ] && compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null
}

missing() {
    local entry
    for entry in $WANTED; do have "${entry%%:*}" || echo "$entry"; done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

may_install() {
    [ "${GIGATWIN_SYSTEM_PACKAGES:-yes}" != no ] || return 1
    command -v apt-get >/dev/null || return 1
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

# No service starts while this runs: Debian's maintainer scripts ask policy-rc.d first.
forbid_services() {
    [ -e /usr/sbin/policy-rc.d ] && return
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
    trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

# A fresh PostgreSQL would make a database cluster of its own; the tests make theirs.
forbid_main_cluster() {
    local settings=/etc/postgresql-common/createcluster.conf
    [ -e "$settings" ] && return
    as_root mkdir -p "${settings%/*}"
    echo "create_main_cluster = false" | as_root tee "$settings" >/dev/null
}

apt() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
        -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# Nor does a server that only the tests need start at the next boot.
disable_services() {
    command -v systemctl >/dev/null || return 0
    local package
    for package in "$@"; do
        [ "$package" = chromium ] || as_root systemctl disable --quiet "$package" 2>/dev/null
    done
}

install() {
    local packages package log
    packages=$(missing | cut -d: -f2)
    log=$(mktemp)
    echo "system packages: installing" $packages
    forbid_services
    case "$packages" in *postgresql*) forbid_main_cluster ;; esac
    apt update >"$log" 2>&1 || tail -n 5 "$log"
    # One by one: a distribution may lack one of them (Ubuntu has no chromium package).
    for package in $packages; do
        if apt install -y --no-install-recommends "$package" >"$log" 2>&1; then
            disable_services "$package"
        else
            tail -n 5 "$log"
        fi
    done
    rm -f "$log"
}

if [ -n "$(missing)" ] && may_install; then install; fi

for entry in $(missing); do
    IFS=: read -r program package marker <<<"$entry"
    echo "system packages: NO $program: tests marked $marker WILL BE SKIPPED (apt install $package)"
done
exit 0
