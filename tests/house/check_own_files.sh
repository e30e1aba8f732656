#!/bin/sh
# check_own_files.sh ROOT: scripts/check.sh checks Portico's files in plugins/ and leaves a user's
# alone.
set -eu

root=$1
rm -rf tree
mkdir -p tree/host/os/windows tree/sdk tree/tests tree/plugins/game tree/build/linux
cd tree
cp -r "$root/scripts" "$root/.clang-format" "$root/.clang-tidy" .
cp "$root/plugins/CMakeLists.txt" plugins
for file in host/host.c host/os/windows/windows.c tests/test.c; do
    echo "extern int x;" >$file
done

separator=[
for file in plugins/echo.c plugins/first.c plugins/game/game.c tests/test.c; do
    printf '%s\n{"directory": "%s", "command": "gcc -c %s",\n"file": "%s"\n}' \
        "$separator" "$PWD" "$PWD/$file" "$PWD/$file"
    separator=,
done >build/linux/compile_commands.json
echo "]" >>build/linux/compile_commands.json

bad='int bad( void );  int bad(void) { int *p = 0; return *p; }'
good='extern int x;'

# Runs each check; fails unless they all end as `$1` says, yes or no.
expect() {
    for check in format cppcheck tidy; do
        passed=yes
        sh scripts/check.sh $check >output 2>&1 || passed=no
        if [ $passed != "$1" ]; then
            echo "check.sh $check: passed: $passed, expected: $1"
            cat output
            exit 1
        fi
    done
}

echo "$good" >plugins/echo.c
echo "$bad" | tee plugins/first.c plugins/first.h >plugins/game/game.c
expect yes
echo "$bad" >plugins/echo.c
expect no
echo "$good" >plugins/echo.c
echo "$bad" >tests/test.c
expect no
