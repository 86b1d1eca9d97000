#!/bin/sh
# Runs the CDK's kernel on one thread, and its WebAssembly as Node compiles it first. A
# synth validates for a second. Threads that optimize the validation's code and that share
# in collecting its garbage take as much time again.
exec node --single-threaded --liftoff-only "$@"
