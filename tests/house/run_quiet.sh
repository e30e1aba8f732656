#!/bin/sh
# run_quiet.sh ROOT: what scripts/run.sh prints while it builds, in a small tree of its own.
#
# The first build prints one line, a later one prints one line if something has changed and
# otherwise nothing; a build that fails prints its log. Standard output belongs to portico alone.
set -eu

root=$1
rm -rf tree
mkdir -p tree/plugins tree/conf
cd tree
cp -r "$root/scripts" "$root/CMakePresets.json" .
echo 'int main(void) { return puts("portico runs") < 0; }' >main.c
cat >CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(quiet LANGUAGES C)
file(GLOB plugins CONFIGURE_DEPENDS "plugins/*.c")
add_executable(portico main.c ${plugins})
target_compile_options(portico PRIVATE -include stdio.h)
set_target_properties(portico PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
add_custom_target(portico_serve DEPENDS portico)
CMAKE

# Starts portico; fails unless that prints `$1`, and just that, to stderr.
expect() {
    out=$(sh scripts/run.sh linux 2>err) || { cat err; exit 1; }
    if [ "$(cat err)" != "$1" ] || [ "$out" != "portico runs" ]; then
        echo "expected: $1"
        echo "got: $(cat err)"
        echo "and to stdout: $out"
        exit 1
    fi
}

expect "Building Portico for linux; the first build takes a minute or two"
expect ""
echo "/* changed */" >>main.c
expect "Building what has changed"
echo "int first(void); int first(void) { return 1; }" >plugins/first.c
expect "Building what has changed"
rm plugins/first.c
expect "Building what has changed"
expect ""

echo "int main(" >main.c
if sh scripts/run.sh linux >out 2>err || [ -s out ] || ! grep -q "main.c:1:.*error" err; then
    echo "expected a failure that shows the compiler's message; got:"
    cat out err
    exit 1
fi
