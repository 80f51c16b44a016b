#!/bin/sh
# Installs the linters into target/tools, where tests/outside/lint/run.sh looks for them first.
set -eu
cd "$(dirname "$0")/../../.."

wanted=tests/outside/lint/requirements.txt
cmp -s $wanted target/tools/requirements.txt && exit
python3 -m venv target/tools
target/tools/bin/pip install --quiet --disable-pip-version-check -r $wanted
cp $wanted target/tools/requirements.txt
