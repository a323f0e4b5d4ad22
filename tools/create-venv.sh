#!/usr/bin/env bash
# Creates .venv with the first Python that fits; PYTHON=... names another. Keeps one that works.
set -euo pipefail

fits='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))'
if [ -z "${PYTHON:-}" ] && .venv/bin/python -c "$fits" 2>/dev/null; then exit 0; fi

for python in ${PYTHON:-python3.11 python3.12 python3}; do
    "$python" -c "$fits" 2>/dev/null || continue
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        echo "$python has no venv module: apt install python3-venv" >&2
        exit 1
    fi
    rm -rf .venv
    exec "$python" -m venv .venv
done
echo "no Python from 3.11 to 3.12 among: ${PYTHON:-python3.11 python3.12 python3}" >&2
exit 1
