# Sourced by scripts/build and scripts/test: goes to the project's folder and tells Swift where hiredis is.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

export PKG_CONFIG_PATH=$PWD/.deps/hiredis/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

# Package.swift reads it: a warning in our own code is then an error, one in a dependency is not.
[ "${CI:-}" != true ] || export REACTIVEBEAT_WARNINGS_AS_ERRORS=1
