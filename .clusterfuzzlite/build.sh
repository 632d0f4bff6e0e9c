#!/bin/bash -eu
# Builds every target of fuzz/targets for libFuzzer by way of Jazzer.js, with its seeds and the dictionary.
cd "$SRC/doorsync"
packageManager=$(node --print 'require("./package.json").packageManager')
npx --yes "$packageManager" install --frozen-lockfile
node fuzz/build.mjs

# Beside the repository's own packages, which pnpm links: the wrapper of compile_javascript_fuzzer expects it in node_modules.
npx --yes "$packageManager" add --workspace-root --save-dev @jazzer.js/core@4.0.0

for target in $(node fuzz/fuzz.mjs list); do
  compile_javascript_fuzzer doorsync "fuzz/dist/$target.js" --sync
  cp fuzz/doorsync.dict "$OUT/$target.dict"
  seeds=$(mktemp -d)
  for folder in "fuzz/corpus/$target" "fuzz/regressions/$target"; do
    if [ -d "$folder" ]; then find "$folder" -type f -exec cp {} "$seeds" \;; fi
  done
  zip -q -j -r "$OUT/${target}_seed_corpus.zip" "$seeds"
done
