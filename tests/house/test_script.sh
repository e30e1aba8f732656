#!/bin/sh
# test_script.sh ROOT: scripts/test.sh builds and tests each preset, and fails when one of them
# does. The programs that build and test are scripts here, which write down what they are asked.
set -eu

root=$1
rm -rf tree
mkdir -p tree/bin
cp -r "$root/scripts" tree
cd tree
echo 'packages_need() { :; }' >>scripts/packages.sh
for script in browser npm wine fuzz; do
    echo "echo $script \"\$@\" >>calls" >scripts/$script.sh
done
cat >bin/cmake <<'END'
#!/bin/sh
echo "cmake $*" >>calls
[ "$1" = --preset ] && exit
for slow in $SLOW; do
    if [ "$2" = "build/$slow" ]; then
        cut -d ' ' -f 5 /proc/$$/stat >group
        sleep 60
    fi
done
case " $BREAKS " in
*" $2 "*) echo "error: $2"; exit 1 ;;
esac
END
# Fails the tests in FAILS whose preset is asked for; those that are run again pass.
cat >bin/ctest <<'END'
#!/bin/sh
echo "ctest $*" >>calls
out=build/all/Testing/Temporary
mkdir -p $out
: >$out/LastTest.log
case $* in
*until-fail*) exit ;;
esac
result=0
for name in $FAILS; do
    case $* in
    *"^${name%%/*}\$"*)
        echo "1:$name" >>$out/LastTestsFailed.log
        printf '1/1 Testing: %s\n%s\nTest Failed.\n' "$name" "$PRINTS" >>$out/LastTest.log
        result=8
        ;;
    esac
done
exit $result
END
printf '#!/bin/sh\nexit 1\n' >bin/wineserver
chmod +x bin/*
PATH=$PWD/bin:$PATH

# run CODE [ARGUMENT...]: fails unless test.sh ends with that exit code.
BREAKS= FAILS= PRINTS= SLOW=
export BREAKS FAILS PRINTS SLOW
run() {
    expected=$1
    shift
    rm -rf calls build
    code=0
    sh scripts/test.sh "$@" >output 2>&1 || code=$?
    [ "$code" = "$expected" ] || fail "test.sh ended with $code instead of $expected"
}
fail() {
    echo "$*"
    cat output calls
    exit 1
}
called() {
    grep -q -e "$1" calls || fail "this was not called: $1"
}

run 0
for preset in linux windows asan tsan; do
    called "^cmake --build build/$preset --target all"
    called "^ctest .*-L ^$preset\\$"
done
called '^cmake --build build/windows-clang --target portico_serve'
called '^cmake --build build/fuzz --target portico_fuzz'
called '^cmake --preset linux -DPORTICO_CHECKS=ON'
called '^fuzz all 30'
run 0 asan
! grep -E '^ctest.*linux|^fuzz' calls || fail "more than asan was tested"

for preset in linux tsan windows-clang fuzz; do
    BREAKS=build/$preset
    run 1
    grep -q "The build of $preset failed" output || fail "the failed build of $preset is not named"
done
BREAKS=

# Five may pass when they are run again, six may not, nor what a sanitizer found.
FAILS='linux/unit.a linux/unit.b windows/unit.a asan/unit.a tsan/unit.c++'
run 0
grep -qF 'R ^(linux/unit\.a|linux/unit\.b|windows/unit\.a|asan/unit\.a|tsan/unit\.c\+\+)$' calls ||
    fail "the failed tests are not run again"
FAILS="$FAILS tsan/unit.d"
run 1
FAILS=asan/unit.a PRINTS='WARNING: ThreadSanitizer: data race'
run 1
FAILS='' PRINTS=''
echo 'exit 1' >scripts/fuzz.sh
run 1
echo 'exit 0' >scripts/fuzz.sh

# What builds in the background ends with the script.
SLOW=asan
rm -rf calls build
env --default-signal=TERM sh scripts/test.sh >output 2>&1 &
script=$!
tries=0
while [ ! -s group ]; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "asan is not built"
    sleep 0.1
done
group=$(cat group)
kill "$script"
wait "$script" || true
tries=0
while kill -s 0 -- "-$group" 2>/dev/null; do
    tries=$((tries + 1))
    [ $tries -lt 300 ] || fail "the build in the background runs on"
    sleep 0.1
done
