#!/bin/sh
# Pins every dependency with its hashes: one file for each image, for development, for benchmarks.
# Usage: lock.sh UV. No index address is written, so the files hold on any mirror.
set -eu
uv=$1
cd "$(dirname "$0")/.."
pin() {
  out=requirements/$1.txt
  shift
  "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
    --no-emit-find-links --custom-compile-command "make lock" --output-file "$out" "$@"
}
pin dev pyproject.toml --all-extras --group dev
pin bench --group bench --constraints requirements/dev.txt
pin security --group security
for extra in runner operator server; do
  pin "$extra" pyproject.toml --extra "$extra" --constraints requirements/dev.txt
done
printf 'hatchling==1.33.0\n' | pin build --constraints requirements/dev.txt -
