# shellcheck shell=bash
# Shared by run and test, which source it: installs what is missing, makes .venv, starts pcscd.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
venv=$root/.venv
pcscd=/usr/sbin/pcscd
pcscd_socket=/run/pcscd/pcscd.comm
vpcd_driver=/usr/lib/pcsc/drivers/serial/libifdvpcd.so
vpcd_port=35963

say() { printf '%s\n' "$@" >&2; }

die() {
    say "$@"
    exit 1
}

may_be_root() {
    ((EUID == 0)) && return
    command -v sudo >/dev/null || return
    [[ -t 0 && -t 2 ]] || sudo -n true 2>/dev/null
}

as_root() {
    if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

wait_for() {
    for _ in {1..60}; do
        "$@" && return
        sleep 0.05
    done
    return 1
}

# set_up run|demo|docs|quick|test: makes sure that $venv holds what that script needs; costs nothing the
# second time. demo, docs and quick install nothing outside $venv but Python itself.
set_up() {
    local wanted=$1
    if ! venv_ready "$wanted" && command -v python3 >/dev/null; then require_python; fi
    [[ $wanted == quick || $wanted == docs ]] || install_packages "$wanted"
    [[ $wanted != run ]] || venv_ready run || may_compile || install_compiler
    [[ $wanted != test ]] || venv_ready test || command -v chromium >/dev/null || install_browser
    {
        flock 8 # this may run in two terminals at once
        venv_ready "$wanted" || make_venv "$wanted"
    } 8<"$root/pyproject.toml"
}

# Changes when the checkout moves, Python changes or pyproject.toml changes.
venv_fingerprint() {
    readlink -f "$venv/bin/python"
    sha256sum <"$root/pyproject.toml"
    printf '%s\n' "$root"
}

# A venv for test is good for the others, too.
venv_ready() {
    local ready
    [[ -x $venv/bin/python ]] || return
    local also=()
    [[ $1 != demo ]] || also=("$venv/ready-for-run" "$venv/ready-for-quick")
    for ready in "$venv/ready-for-$1" "$venv/ready-for-test" "${also[@]}"; do
        [[ -f $ready && $(<"$ready") == "$(venv_fingerprint)" ]] && return
    done
    return 1
}

find_python() {
    for python in python3 python3.{14..11}; do
        "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    done
    return 1
}

require_python() {
    find_python || die "Python 3.11 or newer is needed; python3 here is $(python3 --version 2>&1)." \
        "On Ubuntu 22.04: apt-get install python3.11 python3.11-venv python3.11-dev"
}

missing_packages() {
    if [[ $1 != demo ]]; then
        [[ -x $pcscd ]] || echo pcscd
        [[ -e $vpcd_driver ]] || echo vsmartcard-vpcd
    fi
    if [[ $1 == test ]]; then
        command -v scriptor >/dev/null || echo pcsc-tools
        command -v tshark >/dev/null || echo tshark
        command -v eapol_test >/dev/null || echo eapoltest
        command -v hostapd >/dev/null || echo hostapd
        command -v wpa_supplicant >/dev/null || echo wpasupplicant
        command -v ip >/dev/null || echo iproute2
    fi
    if venv_ready "$1"; then return; fi

    if ! find_python; then
        printf '%s\n' python3 python3-venv
    elif ! "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
    fi
    [[ $1 != test ]] || missing_compiler
}

# What pyscard is compiled with, as there are no wheels of it for Linux. Serving a card needs none of
# it; the commands of this program that use a reader do.
missing_compiler() {
    command -v swig >/dev/null || echo swig
    [[ -e /usr/include/PCSC/winscard.h ]] || echo libpcsclite-dev
    command -v gcc >/dev/null || echo gcc
    [[ -e /usr/include/stdio.h ]] || echo libc6-dev
    if ! find_python; then
        echo python3-dev
        return
    fi
    "$python" - <<'END'
import pathlib, sys, sysconfig

if not pathlib.Path(sysconfig.get_path("include"), "Python.h").exists():
    print("python{}.{}-dev".format(*sys.version_info))
END
}

may_compile() { [[ -z $(missing_compiler) ]]; }

install_compiler() {
    local packages
    mapfile -t packages < <(missing_compiler)
    if command -v apt-get >/dev/null && may_be_root; then
        say "Installing what pyscard is compiled with: ${packages[*]}"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
            install -y --no-install-recommends "${packages[@]}" >/dev/null 2>&1 || true
    fi
}

# What the tests of the page need; they are skipped without it. Ubuntu's package is a snap.
install_browser() {
    if command -v apt-get >/dev/null && may_be_root && ! grep -qi ubuntu /etc/os-release; then
        say "Installing a browser for the tests of the page: chromium"
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
            install -y --no-install-recommends chromium >/dev/null 2>&1 || true
    fi
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages "$1")
    ((${#packages[@]})) || return 0

    command -v apt-get >/dev/null || die \
        "Packages are missing, and there is no apt-get to install them (Debian's names):" \
        "  ${packages[*]}"
    local by_hand="apt-get install ${packages[*]}"
    may_be_root || die \
        "Packages are missing, and only root can install them. Run this as root, then try again:" \
        "  $by_hand"

    say "Installing with apt-get (takes a few minutes the first time): ${packages[*]}"
    # A new machine is often still running its first upgrade.
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    as_root "${apt[@]}" update || say "apt-get update failed; trying with the old package lists."
    as_root "${apt[@]}" install -y --no-install-recommends "${packages[@]}" >/dev/null ||
        die "That failed. Install the packages by hand, then try again:" "  $by_hand"

    mapfile -t packages < <(missing_packages "$1")
    ((${#packages[@]} == 0)) || die \
        "Still missing for $(command -v "${python:-python3}") after the installation: ${packages[*]}"
}

make_venv() (
    require_python
    if [[ $1 == quick || $1 == docs ]] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        die "$venv is missing or out of date, and $(command -v "$python") cannot make it, because its" \
            "venv module is not installed. Run ./scripts/test once, which installs it; or as root:" \
            "  apt-get install $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
    say "Installing Python packages into $venv"
    # A .venv may be in use by a card being served: it may be added to, but not removed.
    venv_ready run || venv_ready quick || "$python" -m venv --clear "$venv"

    cd "$root" || exit
    log=$venv/pip.log
    install --upgrade "pip>=25.1" # the first to know --group
    case $1 in
        demo) install --editable ".[servers,traces]" ;;
        run)
            install --editable ".[servers,traces]"
            may_compile && try_install --editable ".[pcsc]" || say \
                "pyscard could not be compiled (swig, gcc, headers of pcsclite and Python are needed)." \
                "The card is served all the same; only commands of euicc-sim on a reader need pyscard," \
                "and work with --card DIR without it."
            ;;
        test) install --editable ".[fleet,pcsc,servers,traces,web]" --group dev --group docs ;;
        docs) install --editable ".[servers]" --group docs ;;
        # Without pyscard: compiling it takes swig and headers.
        quick) install --editable ".[servers,traces]" --group dev ;;
    esac
    venv_fingerprint >"$venv/ready-for-$1"
    if [[ $1 == test ]]; then venv_fingerprint >"$venv/ready-for-run"; fi
)

try_install() {
    "$venv/bin/python" -m pip -qq --disable-pip-version-check --retries 2 --timeout 20 \
        install "$@" 2>"$log"
}

install() {
    try_install "$@" || die \
        "Python packages could not be installed: is there a network? The last words of pip:" \
        "  $(grep -v '^WARNING: Retrying' "$log" | tail -1)"
}

# /proc/net shows this network namespace only, not the private pcscd of a test.
pcscd_listens() { [[ -S $pcscd_socket ]] && grep -q " $pcscd_socket\$" /proc/net/unix; }

vpcd_listens() { grep -q ": [0-9A-F]*:$(printf %04X "$vpcd_port") [0-9A-F:]* 0A " /proc/net/tcp; }

# Makes sure that pcscd is running with vpcd.
have_pcscd() {
    pcscd_listens || start_pcscd
    hold_pcscd
    wait_for vpcd_listens && return

    restart_pcscd
    hold_pcscd
    wait_for vpcd_listens || die \
        "pcscd is running, but its driver vpcd does not listen on port $vpcd_port." \
        "Does another program use the port? Has /etc/reader.conf.d/vpcd been changed?"
}

start_pcscd() {
    if [[ -d /run/systemd/system ]]; then
        may_be_root || die "pcscd is not running. Start it, then try again:" \
            "  sudo systemctl start pcscd.socket"
        as_root systemctl start pcscd.socket
    else
        may_be_root || die "pcscd is not running. Start it as root, then try again:" "  $pcscd"
        local options=()
        # A pcscd built with polkit refuses everybody, even root, when polkit cannot be reached.
        if [[ ! -S /run/dbus/system_bus_socket && $("$pcscd" --help) == *--disable-polkit* ]]; then
            options+=(--disable-polkit)
        fi
        as_root "$pcscd" "${options[@]}"
    fi
    wait_for pcscd_listens || die "pcscd was started but does not answer."
}

restart_pcscd() {
    if [[ -d /run/systemd/system ]]; then
        may_be_root || die "pcscd is running without vpcd. Restart it, then try again:" \
            "  sudo systemctl restart pcscd.service"
        say "pcscd is running without vpcd: restarting it."
        as_root systemctl restart pcscd.service
        return
    fi

    local pid
    pid=$(tr -dc 0-9 2>/dev/null <"${pcscd_socket%.comm}.pid") || pid=
    [[ -n $pid && $(cat "/proc/$pid/comm" 2>/dev/null) == pcscd ]] ||
        die "pcscd is running without vpcd, and its process cannot be found. Restart it, then try again."
    may_be_root || die "pcscd is running without vpcd. Restart it as root, then try again:" \
        "  kill $pid && sleep 1 && $pcscd"
    say "pcscd is running without vpcd: restarting it."
    as_root kill "$pid"
    wait_for eval "[[ ! -e /proc/$pid ]]" || die "pcscd (process $pid) does not end."
    start_pcscd
}

# systemd starts pcscd on the first connection, and it exits 60 s after the last one, taking vpcd with
# it. So keep a connection open, in a process that ends with the one this shell turns into.
hold_pcscd() {
    [[ -d /run/systemd/system ]] || return 0
    exec 9> >(exec "$venv/bin/python" -c '
import signal, socket, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(sys.argv[1])
    sys.stdin.read()' "$pcscd_socket" 2>/dev/null)
}
