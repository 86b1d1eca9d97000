import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** sizeLimit prints the compressed size of all built files, and fails the build if it is over the limit in bytes. */
export function sizeLimit(limit: number): Plugin {
  let folder = ''
  return {
    name: 'size-limit',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir
    },
    closeBundle() {
      let sum = 0
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) sum += gzipSync(readFileSync(join(entry.parentPath, entry.name))).length
      }
      if (sum > limit) {
        throw new Error(`web/dist: ${kilobytes(sum)} compressed; want at most ${kilobytes(limit)}`)
      }
      console.log(`web/dist: ${kilobytes(sum)} compressed; the limit is ${kilobytes(limit)}`)
    },
  }
}

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} KB`
