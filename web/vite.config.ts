import { defineConfig } from 'vite'
import { sizeLimit } from './tools/size.ts'

export default defineConfig({
  // Relative URLs: the page may be below a stage's path.
  base: './',
  logLevel: 'warn',
  build: {
    target: 'es2022',
    // A file as a data: URL would be blocked by the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  plugins: [sizeLimit(300_000)],
})
