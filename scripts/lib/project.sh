# The scripts that build or test source this file. It goes to the project's folder and tells Swift where hiredis is.
# shellcheck shell=bash
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit

export PKG_CONFIG_PATH=$PWD/.deps/hiredis/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}

# Package.swift reads this variable: a warning in this project's code is then an error, a warning in a dependency is
# not.
[ "${CI:-}" != true ] || export REACTIVEBEAT_WARNINGS_AS_ERRORS=1
