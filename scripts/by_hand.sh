# by_hand.sh: runs scenarios of tests/ by hand, natively or under Wine. Read with `.` by scripts
# that have set `root` and read build.sh; not run.
#
#   by_hand_build TARGET [linux|windows|--built FOLDER ...]
#                                             builds it with the host, unless it is built, sets `build`
#                                             and `by_hand_taken`, the number of arguments that it took
#   by_hand_enter NAME                        enters a folder NAME with what tests find in theirs
#   by_hand_run RUNNER SCENARIO [ARGUMENT...]

by_hand_build() {
    by_hand_target=$1
    shift
    by_hand_taken=0
    by_hand_system=linux
    case "${1:-}" in
    linux | windows)
        by_hand_system=$1
        by_hand_taken=1
        ;;
    --built)
        build=$(CDPATH='' cd -- "$2" && pwd) || return
        by_hand_taken=2
        return
        ;;
    esac
    build=$root/build/$by_hand_system
    build_for "$by_hand_system" portico_serve "$by_hand_target"
}

by_hand_enter() {
    ulimit -S -n "$(ulimit -H -n)" 2>/dev/null || true
    by_hand_suffix=
    by_hand_drive=
    if [ -e "$build/bin/portico.exe" ]; then
        by_hand_suffix=.exe
        by_hand_drive=Z:
        WINEDLLPATH=$build/wine
        export WINEDLLPATH
        sh "$root/scripts/wine.sh" --prepare
    fi
    by_hand_folder=$build/tests/run/$1
    mkdir -p "$by_hand_folder"
    PORTICO_EXE=$by_hand_drive$build/bin/portico$by_hand_suffix
    PORTICO_MODULES_DIR=$by_hand_drive$build/modules
    PORTICO_TEST_MODULES_DIR=$by_hand_drive$build/tests/modules
    PORTICO_TEST_DIR=$by_hand_drive$by_hand_folder
    PORTICO_SOURCE_DIR=$by_hand_drive$root
    export PORTICO_EXE PORTICO_MODULES_DIR PORTICO_TEST_MODULES_DIR PORTICO_TEST_DIR
    export PORTICO_SOURCE_DIR
    cd "$by_hand_folder"
}

by_hand_run() {
    by_hand_runner=$build/tests/$1$by_hand_suffix
    shift
    if [ -n "$by_hand_suffix" ]; then
        sh "$root/scripts/wine.sh" --serve "$by_hand_runner" "$@"
    else
        "$by_hand_runner" "$@"
    fi
}
