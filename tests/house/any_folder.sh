#!/bin/sh
# any_folder.sh ROOT: the tree can be configured in a folder of any name, even one that a part of
# host/ has.
set -eu

root=$1
rm -rf os
mkdir os
for part in CMakeLists.txt cmake conf host plugins sdk; do
    cp -r "$root/$part" os
done
cmake -S os -B os/build -DPORTICO_TESTS=OFF
